// Heartbeats of the task on the screen: how long the labeller worked, never what they did.

import { ActiveTime } from "./_active_time.js";
import { Refused } from "./_server.js";

const EVERY = 10_000;
const INPUTS = ["pointerdown", "pointermove", "keydown", "wheel"];
// Movements come in hundreds a second; one in this many ms is enough to know of them.
const COARSE = 250;
const STREAMS = new Set(["pointermove", "wheel"]);
const DAY = 24 * 3600 * 1000;
const OLD = 7 * DAY;

const clock = () => performance.now();

/**
 * Counts active time, idle time and inputs of one task at a time and tells the server: every 10 s while there
 * is more active time, and when the tab is left. Each tab reports its own totals, which it remembers over a
 * reload; those of other tabs are the server's to add. `onOwner(mine)` says that another tab took over, or
 * that this one did, `onBarred(reason)` that the labeller may not go on, or, with null, that they may again,
 * `onMoved()` that somebody worked on it elsewhere while this tab was left.
 */
export class Presence {
  constructor({ server, memory, tab, onOwner, onBarred, onMoved, onCounting }) {
    Object.assign(this, { server, memory, tab, onOwner, onBarred, onMoved, onCounting });
    this.time = null;
    this.paused = false;
    this.mine = true;
    this.line = Promise.resolve();
    for (const name of INPUTS)
      window.addEventListener(name, (event) => this.#input(event), { capture: true, passive: true });
    for (const name of ["focus", "blur", "pageshow"])
      window.addEventListener(name, () => this.#attention());
    document.addEventListener("visibilitychange", () => this.#attention());
    window.addEventListener("pagehide", () => this.#leave());
    for (const name of memory.names("time."))
      if (!(memory.get(name)?.at > Date.now() - OLD)) memory.remove(name);
    setInterval(() => this.#tick(), EVERY);
    setInterval(() => this.#tell(), 1000);
  }

  /** Begin to count for `token`, from what this tab reported of it before. */
  begin(token, idleSeconds) {
    const kept = this.memory.get(`time.${token}`, {});
    const { active = 0, idle = 0, inputs = 0, beat = 0 } = kept.tab === this.tab ? kept : {};
    this.token = token;
    this.beats = beat;
    this.inputs = inputs;
    this.sent = active;
    this.known = null; // the server's total as last heard, null when it may be another
    this.mine = true;
    this.barred = null;
    this.time = new ActiveTime({ cutOff: idleSeconds * 1000, active, idle, now: clock(), present: this.#here() });
    this.#tell();
  }

  /** Stop, and say how much it was in this tab, as the API takes it. */
  end() {
    const told = this.#told();
    this.time = null;
    this.#tell();
    return told;
  }

  /** Nothing more will be told of `token`. */
  forget(token) {
    this.memory.remove(`time.${token}`);
  }

  pause(paused) {
    this.paused = paused;
    this.#attention();
  }

  /** Another tab has the task now, or this one has it back: its own time begins anew. */
  own(mine) {
    this.mine = mine;
    this.#restart();
    this.#attention();
  }

  #told() {
    const { active = 0, idle = 0 } = this.time?.totals(clock()) ?? {};
    return { active_ms: Math.min(active, DAY), idle_ms: Math.min(idle, DAY), inputs: this.inputs ?? 0 };
  }

  #restart() {
    if (!this.time) return;
    this.time.restart(clock());
    this.inputs = 0;
    this.sent = 0;
    this.known = null;
  }

  #here() {
    const here = document.visibilityState === "visible" && document.hasFocus();
    return here && !this.paused;
  }

  // A key that is held down is one press; a script's events are nobody's.
  #input({ type, repeat, isTrusted }) {
    if (!this.time || !isTrusted) return;
    const now = clock();
    const coarse = STREAMS.has(type) || repeat;
    if (coarse && now - this.time.lastInput < COARSE) return;
    this.time.input(now);
    if (!repeat && this.time.present) this.inputs += 1;
  }

  #attention() {
    if (!this.time) return;
    const was = this.time.present;
    this.time.attend(this.#here() && this.mine, clock());
    if (was && !this.time.present) this.#report();
    else if (this.#here() && !was) this.#ask();
    this.#tell();
  }

  #tick() {
    if (this.time && !this.mine && this.#here()) this.#ask();
    else this.#report();
  }

  #leave() {
    const told = this.#told();
    if (!told.active_ms) return;
    this.beats += 1;
    this.#save(this.token, told);
    if (this.mine && told.active_ms !== this.sent) this.#send(told, { keepalive: true }).catch(() => {});
  }

  #save(token, { active_ms: active, idle_ms: idle, inputs }) {
    this.memory.set(`time.${token}`, { active, idle, inputs, beat: this.beats, tab: this.tab, at: Date.now() });
  }

  // Tell the whole time of this tab, if it was worked in: silence must not keep a lease alive.
  #report() {
    if (!this.time || !this.mine || this.#told().active_ms === this.sent) return;
    this.#inTurn(async (token) => {
      const told = this.#told();
      this.beats += 1;
      this.#save(token, told);
      const answer = await this.#send(told);
      if (token === this.token) this.sent = told.active_ms;
      return answer;
    });
  }

  // Back after a while: a heartbeat of no time learns whether somebody counted in between.
  #ask() {
    this.#inTurn(async (token) => {
      const { known } = this;
      this.beats += 1;
      const answer = await this.#send({ active_ms: 0 });
      const moved = this.mine && known !== null && answer.active_ms > known;
      if (token === this.token && answer.mine && moved) {
        this.#restart();
        this.onMoved();
      }
      return answer;
    });
  }

  // One heartbeat after the other, so that what the server says is said in order.
  #inTurn(send) {
    const { token } = this;
    this.line = this.line.then(async () => {
      if (!this.time || token !== this.token) return;
      try {
        const answer = await send(token);
        if (!this.time || token !== this.token) return;
        this.known = answer.mine ? answer.active_ms : null;
        if (this.barred) this.#bar(null);
        if (answer.mine !== this.mine) this.onOwner(answer.mine);
      } catch (problem) {
        // The next heartbeat, or the submission, carries the whole time again.
        this.known = null;
        const barred = problem instanceof Refused && problem.status === 403;
        if (barred && this.time && token === this.token) this.#bar(problem.message);
      }
    });
  }

  #bar(reason) {
    if (reason === this.barred) return;
    this.barred = reason;
    this.onBarred(reason);
  }

  #send(told, options) {
    return this.server.heartbeat(this.token, { tab: this.tab, beat: this.beats, ...told }, options);
  }

  #tell() {
    if (!this.time) return this.onCounting(null);
    // Asked every second, it knows when the machine slept.
    this.time.totals(clock());
    if (!this.time.present) return this.onCounting("away");
    return this.onCounting(this.time.counts(clock()) ? "counts" : "idle");
  }
}
