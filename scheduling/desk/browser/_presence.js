// Heartbeats of the task on the screen: how long the labeller worked, never what they did.

import { ActiveTime } from "./_active_time.js";
import { Refused } from "./_server.js";

const EVERY = 10_000;
const INPUTS = ["pointerdown", "pointermove", "keydown", "wheel"];
// Movements come in hundreds a second; one in this many ms is enough to know of them.
const COARSE = 250;
const DAY = 24 * 3600 * 1000;

const clock = () => performance.now();

/**
 * Counts active time of one task at a time and tells the server: every 10 s while there is
 * something new, and when the tab is left. Each tab reports its own total; time of other tabs is
 * the server's to add. `onOwner(mine)` says that another tab took over, or that this one did,
 * `onBarred(reason)` that the labeller may not go on, or, with null, that they may again.
 */
export class Presence {
  constructor({ server, tab, save, onOwner, onBarred, onCounting }) {
    Object.assign(this, { server, tab, save, onOwner, onBarred, onCounting });
    this.time = null;
    this.paused = false;
    this.mine = true;
    this.line = Promise.resolve();
    for (const name of INPUTS)
      window.addEventListener(name, () => this.#input(), { capture: true, passive: true });
    for (const name of ["focus", "blur", "pageshow"])
      window.addEventListener(name, () => this.#attention());
    document.addEventListener("visibilitychange", () => this.#attention());
    window.addEventListener("pagehide", () => this.#leave());
    setInterval(() => this.#tick(), EVERY);
    setInterval(() => this.#tell(), 1000);
  }

  /** Begin to count for `token`; `active` and `beat` are what this tab reported of it before. */
  begin(token, { idleSeconds, active = 0, beat = 0 }) {
    this.token = token;
    this.beats = beat;
    this.sent = active;
    this.known = null; // the server's total as last heard, null when it may be another
    this.mine = true;
    this.barred = null;
    this.time = new ActiveTime({
      idle: idleSeconds * 1000,
      total: active,
      now: clock(),
      present: this.#here(),
    });
    this.#tell();
  }

  /** Stop, and say how much it was: {active}, in ms of this tab. */
  end() {
    const active = Math.min(this.time?.total(clock()) ?? 0, DAY);
    this.time = null;
    this.#tell();
    return { active };
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

  #restart() {
    if (!this.time) return;
    this.time.total(clock());
    this.time.counted = 0;
    this.sent = 0;
    this.known = null;
  }

  #here() {
    const here = document.visibilityState === "visible" && document.hasFocus();
    return here && !this.paused;
  }

  #input() {
    const now = clock();
    if (this.time && now - this.time.lastInput >= COARSE) this.time.input(now);
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
    const active = this.time?.total(clock()) ?? 0;
    if (active === 0) return;
    this.beats += 1;
    this.save(this.token, { active, beat: this.beats });
    if (this.mine && active !== this.sent) this.#send(active, { keepalive: true }).catch(() => {});
  }

  // Tell the whole time of this tab, if it has grown.
  #report() {
    if (!this.time || !this.mine || this.time.total(clock()) === this.sent) return;
    this.#inTurn(async (token) => {
      const active = this.time.total(clock());
      this.beats += 1;
      this.save(token, { active, beat: this.beats });
      const answer = await this.#send(active);
      if (token === this.token) this.sent = active;
      return answer;
    });
  }

  // Back after a while: a heartbeat of no time learns whether somebody counted in between.
  #ask() {
    this.#inTurn(async (token) => {
      const { known } = this;
      this.beats += 1;
      const answer = await this.#send(0);
      const moved = this.mine && known !== null && answer.active_ms > known;
      if (token === this.token && answer.mine && moved) this.#restart();
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

  #send(active, options) {
    const body = { tab: this.tab, beat: this.beats, active_ms: active };
    return this.server.heartbeat(this.token, body, options);
  }

  #tell() {
    if (!this.time) return this.onCounting(null);
    if (!this.time.present) return this.onCounting("away");
    return this.onCounting(this.time.counts(clock()) ? "counts" : "idle");
  }
}
