// The flow: one task on the screen, the next one ready, answers on their way.

import { same, withoutDrafts } from "../../../ops/web/editor/editor.js";
import { Refused, SignedOut } from "./_server.js";
import * as screen from "./_screen.js";
import * as states from "./_states.js";
import { spoken, toShow } from "./_shown.js";
import { isGone } from "./_supply.js";
import { uuid } from "./_tab.js";
import { labelOf, missing } from "./_verdict.js";

const LOOK_AGAIN = [5000, 10_000, 20_000, 40_000, 60_000];
const RETRY = [2000, 4000, 8000, 15_000, 30_000];
// A single key pressed sooner, in ms, was meant for the last task: nobody has seen this one yet.
const TOO_SOON = 150;

export class Workbench {
  /** `parts`: editor, server, supply, outbox, presence, drafts, memory, progress, guideline, tab, signIn. */
  constructor(parts) {
    Object.assign(this, parts);
    this.item = null;
    this.turn = 0;
    this.attempts = 0;
    this.mine = true;
    this.back = false;
    this.waiting = 0;
    this.paused = false;
  }

  /** Put the next task on the screen: at once when it is ready, else as soon as there is one. */
  async next() {
    const turn = ++this.turn;
    clearTimeout(this.timer);
    this.item = null;
    this.presence.end();
    this.drafts.stop();
    const ready = this.supply.ready();
    if (ready) return this.show(ready);
    screen.busy(true);
    // A state that flashes by only disturbs.
    const slow = setTimeout(() => screen.state(states.LOADING), 150);
    try {
      const item = await this.supply.take();
      if (turn !== this.turn) return;
      if (item.work) this.show(item);
      else await this.showEmpty(item.empty);
    } catch (problem) {
      if (turn === this.turn) this.showProblem(problem);
    } finally {
      clearTimeout(slow);
      if (turn === this.turn) screen.busy(false);
    }
  }

  show(item) {
    const { work, brief } = item;
    const draft = this.drafts.begin(work);
    this.item = item;
    this.attempts = 0;
    this.mine = true;
    this.back = false;
    // Whether somebody has answered, before a reload too; and what a second Enter confirms.
    this.touched = Boolean(draft.value);
    this.doubt = null;
    this.shownAt = performance.now();
    screen.notice(null);
    screen.state(this.#cover());
    this.onBrief(item);
    if (!item.broken) this.editor.show(this.#toShow(item, draft));
    this.#resume(draft.value);
    screen.$("remark").value = draft.remark;
    this.presence.begin(work.token, brief.idle_seconds);
    this.#tellShown(work.token);
    this.onShown(work.token);
    this.#announce(item);
    this.supply.prefetch();
  }

  /** Another state of the work, {value, remark}, takes the place of what is on the screen. */
  put({ value, remark }) {
    this.editor.show(this.#toShow(this.item, { value }));
    screen.$("remark").value = remark;
    this.#resume(value);
    this.touched = Boolean(value);
    this.doubt = null;
    this.editor.focus();
  }

  /** Somebody went on with this work elsewhere, in another tab or on another machine. */
  async moved() {
    const { item } = this;
    // Whatever fails here is met again by the next save.
    const draft = await this.drafts.look().catch(() => null);
    if (!draft || item !== this.item) return;
    this.put(draft);
    screen.tell("What was done elsewhere is shown.");
  }

  /** What is kept as a draft changed: the answer, what is being drawn and not part of it yet, what is named wrong. */
  begun() {
    const { value, begun } = this.editor;
    const more = { ...(begun && { begun }), ...(this.back && { back: this.errors.named }) };
    this.drafts.change({ value: Object.keys(more).length ? { ...value, ...more } : value });
  }

  /** The answer changed. */
  chosen(value) {
    if (!this.item) return;
    this.#keep(value);
    this.begun();
    this.touched = Boolean(value);
    this.doubt = null;
    this.onValue(value);
    const atOnce = this.memory.get("at-once", false) && this.editor.atOnce;
    if (value && atOnce && !this.#tooSoon()) this.submit();
  }

  /** The label is to go back to its labeller, or after all not. Another answer means that not. */
  sendBack(back) {
    if (!this.item?.work.may_send_back || this.paused || this.back === back) return;
    if (back) this.editor.drop();
    this.back = back;
    this.errors.set(back);
    this.begun();
    this.onValue(this.editor.value);
  }

  submit() {
    const { item } = this;
    if (!item || this.paused) return;
    const { work } = item;
    if (!this.touched && this.#tooSoon()) return;
    const value = this.editor.value ?? work.current;
    const remark = screen.$("remark").value.trim();
    const lacking = this.#lacking(work, value, remark);
    if (lacking) return this.onLacking(lacking);
    if (!this.mine) return screen.tell("This task is open in another tab.");
    const times = this.presence.end();
    // A model's drafts that nobody decided on are thrown away: that was asked.
    const label = labelOf(work, withoutDrafts(value), remark, this.back, this.errors.value);
    const body = { label, key: uuid(), revision: 0, tab: this.tab, ...times };
    this.#send({ token: work.token, kind: "submit", body });
    this.progress.count();
  }

  /** Skip with a reason of the brief: {reason, note}. */
  skip(body) {
    const { item, tab } = this;
    if (!item || !this.mine) return;
    const times = this.presence.end();
    this.#send({ token: item.work.token, kind: "skip", body: { ...body, tab, ...times } });
  }

  pause() {
    if (this.paused) return this.resume();
    this.paused = true;
    clearTimeout(this.timer);
    // What is still being fetched comes again after the break.
    if (!this.item) this.turn += 1;
    this.presence.pause(true);
    this.supply.release();
    screen.state(this.#cover());
    screen.title("Break", this.waiting);
  }

  resume() {
    this.paused = false;
    this.presence.pause(false);
    if (!this.item) return this.next();
    screen.state(this.#cover());
    this.#announce(this.item);
    this.supply.prefetch();
    this.editor.focus();
  }

  /** This tab counts the task, or another does. */
  owner(mine) {
    if (!this.item) return;
    this.mine = mine;
    this.presence.own(mine);
    const take = { text: "Work on it here", primary: true, run: () => this.takeOver() };
    const text = "This task is open in another tab.";
    screen.notice(mine ? null : { text, actions: [take] });
  }

  /** A pause or the like began: what is on the screen may still be handed in. */
  barred(reason) {
    if (!this.item || !this.mine) return;
    const text = `${reason} What is on your screen you can still hand in.`;
    if (reason) screen.tell(text);
    screen.notice(reason ? { text } : null);
  }

  async takeOver() {
    const { token } = this.item.work;
    try {
      await this.server.shown(token, { tab: this.tab });
      if (this.item?.work.token !== token) return;
      this.owner(true);
      this.onShown(token);
      this.editor.focus();
      this.moved();
    } catch (problem) {
      if (isGone(problem)) this.next();
      else this.showProblem(problem);
    }
  }

  /** Another tab put `token` on its screen. */
  shownElsewhere(token) {
    if (this.item?.work.token === token) this.owner(false);
    this.supply.forget(token);
  }

  /** Another tab answered `token`. A tab that nobody looks at must not take the next one. */
  answeredElsewhere(token) {
    if (this.item?.work.token !== token) return;
    this.presence.end();
    this.drafts.stop();
    this.item = null;
    screen.notice(null);
    screen.state(states.elsewhere(() => this.next()));
  }

  showEmpty(empty) {
    if (empty.guideline) return this.#readFirst(empty.guideline);
    if (empty.course) return this.#learnFirst(empty);
    screen.state(states.empty(empty, () => this.lookAgain()));
    screen.title("No task", this.waiting);
    this.#later(LOOK_AGAIN);
  }

  // Done in another tab, or required no more: the desk keeps looking.
  #learnFirst(empty) {
    screen.state(states.course(empty));
    screen.title("Training", this.waiting);
    screen.$("state-actions").querySelector("a").focus({ preventScroll: true });
    this.#later(LOOK_AGAIN);
  }

  async #readFirst({ project }) {
    const { turn } = this;
    const fail = (problem) => turn === this.turn && this.showProblem(problem);
    const now = await this.server.guideline(project);
    if (turn !== this.turn) return;
    const { state, text, look } = this.guideline.ask(now, () => this.lookAgain(), fail);
    screen.state(state);
    screen.title("Guideline", this.waiting);
    if (document.activeElement === screen.$("state")) text.focus({ preventScroll: true });
    look();
  }

  lookAgain() {
    this.attempts = 0;
    this.next();
  }

  showProblem(problem) {
    const again = () => this.lookAgain();
    this.item = null;
    if (problem instanceof SignedOut)
      return screen.state(states.signedOut(this.signIn, this.waiting, again));
    if (problem instanceof Refused) return screen.state(states.refused(problem, again));
    screen.state(states.unreachable(this.waiting, again));
    screen.title("No connection", this.waiting);
    return this.#later(RETRY);
  }

  // As it was left: the label stays where it is, or was about to go back.
  #resume(value) {
    this.#keep(value);
    if (value?.back && this.item.work.may_send_back) {
      this.back = true;
      this.errors.restore(value.back);
    }
    this.onValue(value && !this.item.broken ? this.editor.value : null);
  }

  // The label stays where it is; what was changed of it tells what was wrong.
  #keep(value) {
    this.back = false;
    this.errors.set(false);
    this.errors.changed(value ?? null);
  }

  #lacking(work, value, remark) {
    if (this.back) return this.errors.lacking(remark);
    return missing(work, value, remark, this.editor.lacking()) ?? this.#unsure(value);
  }

  // An empty label may be right, and may be an Enter too many: it is asked for twice.
  #unsure(value) {
    const text = this.back || same(value, this.item.work.current) ? null : this.editor.unsure();
    if (!text || this.doubt === text) return null;
    this.doubt = text;
    return { text };
  }

  #tooSoon() {
    return performance.now() - this.shownAt < TOO_SOON;
  }

  #send(entry) {
    this.item = null;
    // The entry holds the answer from here on.
    this.drafts.forget(entry.token);
    this.presence.forget(entry.token);
    this.outbox.add(entry);
    this.onSent(entry.token);
    this.next();
  }

  #later(waits) {
    const wait = waits[Math.min(this.attempts++, waits.length - 1)] * (0.8 + Math.random() * 0.4);
    // A tab that nobody looks at asks when somebody does.
    const look = () => {
      if (document.visibilityState === "visible") return this.next();
      return document.addEventListener("visibilitychange", look, { once: true });
    };
    this.timer = setTimeout(look, wait);
  }

  async #tellShown(token) {
    const { turn } = this;
    for (const wait of RETRY) {
      try {
        await this.server.shown(token, { tab: this.tab });
        return;
      } catch (problem) {
        if (turn !== this.turn) return;
        if (isGone(problem)) return this.next();
        if (problem instanceof SignedOut || problem instanceof Refused)
          return this.showProblem(problem);
        await new Promise((resolve) => setTimeout(resolve, wait));
        if (turn !== this.turn) return;
      }
    }
  }

  // What lies over the task, if anything does.
  #cover() {
    if (this.paused) return states.paused(this.waiting, () => this.resume());
    return this.item?.broken ? this.#broken() : null;
  }

  #broken() {
    const again = async () => {
      const { turn } = this;
      const item = await this.supply.reload(this.item);
      if (turn === this.turn) this.show(item);
    };
    return states.broken(again, () => this.skip({ reason: "broken", note: "" }));
  }

  #announce(item) {
    const { title, text } = spoken(item);
    screen.announce(text);
    screen.title(title, this.waiting);
  }

  #toShow(item, { value }) {
    const { project } = item.brief;
    return toShow(item, value ?? {}, this.memory.get(`above.${project.id}`, item.work.proposal?.accept_above));
  }
}
