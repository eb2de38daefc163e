// Unfinished work: kept in this browser at every change, on the server soon after.

import { Refused } from "./_server.js";

// In ms: after the last change, and while changes go on.
const QUIET = 1500;
const LONGEST = 10_000;
const LATER = [3000, 6000, 15_000, 30_000];
// What a page that is being left may still send, in bytes, its other farewells included.
const FAREWELL = 50_000;
const OLD = 7 * 24 * 3600 * 1000;

const textOf = (draft) => JSON.stringify([draft?.value ?? null, draft?.remark ?? ""]);

/**
 * The draft of the work on the screen: {value, remark}. `onState(state)` says where it is: null (nothing
 * to say), "saved" (on the server), "here" (in this browser alone), "conflict". `onConflict(theirs)` gives
 * the draft {value, remark, saved_at} that another machine saved meanwhile: nothing is sent until one of
 * `keepMine` and `takeTheirs` is chosen; null: there is none any more.
 */
export class Drafts {
  constructor({ memory, server, tab, onState, onConflict }) {
    Object.assign(this, { memory, server, tab, onState, onConflict });
    this.now = null;
    this.line = Promise.resolve();
    window.addEventListener("blur", () => this.#save());
    window.addEventListener("online", () => this.#save().then(() => this.sendLeft()));
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.#save());
    window.addEventListener("pagehide", () => this.#leave());
  }

  /** Begin with `work` {token, draft}; returns the draft to go on with: the later one of here and there. */
  begin({ token, draft: there }) {
    this.stop();
    const here = this.memory.get(`draft.${token}`);
    // What was fetched long ago may be older than what this browser saved since.
    const later = Boolean(here) && (here.unsaved || !there || here.revision > there.revision);
    const mine = later && textOf(here) !== textOf(there);
    const from = mine ? here : there;
    this.now = {
      token,
      revision: Math.max(there?.revision ?? 0, here?.revision ?? 0),
      value: from?.value ?? null,
      remark: from?.remark ?? "",
      saved: textOf(there),
      theirs: null,
      failures: 0,
    };
    this.onState(there && !mine ? "saved" : null);
    // Saved by whoever wrote what is here, it is only an earlier state of the same work.
    if (mine && there?.revision > here.revision && there.tab !== here.tab) this.#conflict(there);
    else if (mine) this.#soon();
    return this.now;
  }

  /** The work changed: {value} or {remark}. */
  change(more) {
    const { now } = this;
    if (!now) return;
    Object.assign(now, more);
    this.#keep();
    if (now.theirs) return;
    if (this.#unsaved) this.#soon();
    else this.#settled();
  }

  /** What is on the screen stays, and what was saved elsewhere is forgotten by the next save. */
  keepMine() {
    const { now } = this;
    if (!now?.theirs) return;
    now.revision = now.theirs.revision;
    this.#conflict(null);
    this.#save();
  }

  /** What was saved elsewhere, to be shown; {mine} is what was on the screen. */
  takeTheirs() {
    const { now } = this;
    const { value, remark, revision } = now.theirs;
    const mine = { value: now.value, remark: now.remark };
    Object.assign(now, { value, remark, revision, saved: textOf(now.theirs) });
    this.#conflict(null);
    this.#keep();
    this.#settled();
    return { value, remark, mine };
  }

  /**
   * Somebody went on with this work elsewhere: ask for what they saved. Returns it, to be shown, or null where
   * it is what is on the screen. A conflict where something was done here too.
   */
  async look() {
    const { now } = this;
    const { draft } = await this.server.draft(now.token);
    if (now !== this.now || !draft || draft.revision === now.revision || now.theirs) return null;
    if (textOf(draft) === textOf(now)) now.revision = draft.revision;
    else if (this.#unsaved) this.#conflict(draft);
    else {
      now.theirs = draft;
      return this.takeTheirs();
    }
    return null;
  }

  /** The work is off the screen, and its draft is kept. */
  stop() {
    if (!this.now) return;
    clearTimeout(this.now.timer);
    this.now = null;
    this.onConflict(null);
    this.onState(null);
  }

  /** The work was handed in: its draft never comes back. */
  forget(token) {
    if (this.now?.token === token) this.stop();
    this.memory.remove(`draft.${token}`);
  }

  /** Send what was left unsaved of other work, by a crash or without a connection; forget what is old. */
  async sendLeft() {
    for (const name of this.memory.names("draft.")) {
      const token = name.slice("draft.".length);
      const here = this.memory.get(name);
      if (!here || here.at < Date.now() - OLD) this.memory.remove(name);
      else if (here.unsaved && token !== this.now?.token) await this.#sendOne(token, here);
    }
  }

  async #sendOne(token, here) {
    const { value = null, remark = "", revision = 0, tab = this.tab } = here;
    try {
      const kept = await this.server.saveDraft(token, { value, remark, revision, tab });
      this.memory.set(`draft.${token}`, { ...here, revision: kept.revision, unsaved: false });
    } catch (problem) {
      // Handed in, or somebody else's; of a conflict is told when the work is on the screen.
      if (problem instanceof Refused && problem.status === 404) this.memory.remove(`draft.${token}`);
    }
  }

  get #unsaved() {
    return textOf(this.now) !== this.now.saved;
  }

  // In this browser, at once.
  #keep() {
    const { token, value, remark, revision } = this.now;
    const unsaved = this.#unsaved;
    this.memory.set(`draft.${token}`, { value, remark, revision, unsaved, tab: this.tab, at: Date.now() });
  }

  #soon(wait = QUIET) {
    const { now } = this;
    this.onState(now.failures ? "here" : null);
    now.since ??= performance.now();
    clearTimeout(now.timer);
    now.timer = setTimeout(() => this.#save(), Math.max(0, Math.min(wait, now.since + LONGEST - performance.now())));
  }

  #settled() {
    const { now } = this;
    clearTimeout(now.timer);
    now.since = null;
    now.failures = 0;
    this.onState(now.saved === textOf(null) ? null : "saved");
  }

  // One after the other: each is based on the one before.
  #save() {
    const { now } = this;
    this.line = this.line.catch(() => {}).then(() => now && now === this.now && this.#sendable && this.#send(now));
    return this.line;
  }

  get #sendable() {
    return this.#unsaved && !this.now.theirs && !this.now.gone;
  }

  async #send(now) {
    clearTimeout(now.timer);
    now.since = null;
    const text = textOf(now);
    try {
      const { revision } = await this.server.saveDraft(now.token, this.#body(now));
      Object.assign(now, { revision, saved: text });
    } catch (problem) {
      return now === this.now ? this.#refused(now, problem) : undefined;
    }
    return now === this.now ? this.#kept() : undefined;
  }

  #kept() {
    this.#keep();
    return this.#unsaved ? this.#soon() : this.#settled();
  }

  #refused(now, problem) {
    const { status, body } = problem;
    if (status === 409 && textOf(body.draft) === textOf(now)) {
      Object.assign(now, { revision: body.draft.revision, saved: textOf(now) });
      this.#keep();
      return this.#settled();
    }
    if (status === 409 && body.draft) return this.#conflict(body.draft);
    // It was handed in elsewhere, or left the desk.
    now.gone = status === 404;
    now.failures += 1;
    this.onState(now.gone ? null : "here");
    // Too large: the same again would be refused again.
    if (problem instanceof Refused) return undefined;
    now.timer = setTimeout(() => this.#save(), LATER[Math.min(now.failures, LATER.length) - 1]);
    return undefined;
  }

  #conflict(theirs) {
    this.now.theirs = theirs;
    clearTimeout(this.now.timer);
    this.onState(theirs ? "conflict" : null);
    this.onConflict(theirs);
  }

  // The page may be gone before an answer comes: what is here stays unsaved, and is compared when it is back.
  #leave() {
    const { now } = this;
    if (!now || !this.#sendable) return;
    const body = this.#body(now);
    if (new Blob([JSON.stringify(body)]).size > FAREWELL) return void this.#save();
    const { saved } = now;
    now.saved = textOf(now);
    this.server.saveDraft(now.token, body, { keepalive: true }).then(
      ({ revision }) => now === this.now && this.#kept(Object.assign(now, { revision })),
      () => Object.assign(now, { saved }),
    );
  }

  #body({ value, remark, revision }) {
    return { value, remark, revision, tab: this.tab };
  }
}
