// Answers and skips on their way: kept in this browser until the server has accepted them.

import { Refused, SignedOut } from "./_server.js";

const LATER = [1000, 2000, 4000, 8000, 15_000, 30_000];

/**
 * Sends entries in order, one at a time, each until it is accepted or refused. Every submission
 * carries its own key, so one that is sent twice counts once. Calls
 * `onChange({waiting, sending, signedOut})`, `onAccepted(entry)`, `onRefused(entry, problem)`.
 */
export class Outbox {
  constructor({ memory, server, onChange, onAccepted, onRefused }) {
    Object.assign(this, { memory, server, onChange, onAccepted, onRefused });
    this.kept = new Map(); // what a full storage could not take still lives as long as the page
    this.failures = 0;
    this.signedOut = false;
    this.sending = null;
    window.addEventListener("online", () => this.flush());
    window.addEventListener("storage", (event) => memory.concerns(event, "out.") && this.#tell());
  }

  /** Keep an entry {token, kind: "submit"|"skip", body} and send it. */
  add(entry) {
    const name = `out.${Date.now().toString().padStart(15, "0")}.${entry.token}`;
    if (!this.memory.set(name, entry)) this.kept.set(name, entry);
    this.flush();
  }

  /** Tokens that are answered here, but whose answer has not arrived. */
  get tokens() {
    return this.#names().map((name) => this.#read(name)?.token);
  }

  get waiting() {
    return this.#names().length;
  }

  /** Send what waits; resolves when everything arrived or the attempt failed. */
  flush() {
    clearTimeout(this.timer);
    this.sending ??= this.#exclusively(() => this.#send()).finally(() => {
      this.sending = null;
      this.#tell();
    });
    this.#tell();
    return this.sending;
  }

  /** Resolves when no attempt is under way. */
  settled() {
    return this.sending ?? Promise.resolve();
  }

  async #send() {
    for (let [name] = this.#names(); name; [name] = this.#names()) {
      const entry = this.#read(name);
      try {
        if (entry) await this.server.post(`/${entry.token}/${entry.kind}`, entry.body);
      } catch (problem) {
        if (!(problem instanceof Refused)) return this.#postpone(problem);
        this.#forget(name);
        this.onRefused(entry, problem);
        continue;
      }
      this.failures = 0;
      this.signedOut = false;
      this.#forget(name);
      if (entry) this.onAccepted(entry);
      this.#tell();
    }
  }

  #postpone(problem) {
    this.signedOut = problem instanceof SignedOut;
    const wait = LATER[Math.min(this.failures++, LATER.length - 1)];
    this.timer = setTimeout(() => this.flush(), wait * (0.75 + Math.random() / 2));
  }

  // Tabs share the storage: only one of them sends.
  async #exclusively(work) {
    if (!navigator.locks) return work();
    return navigator.locks.request(`${this.memory.prefix}out`, work);
  }

  #names() {
    return [...new Set([...this.memory.names("out."), ...this.kept.keys()])].sort();
  }

  #read(name) {
    return this.kept.get(name) ?? this.memory.get(name);
  }

  #forget(name) {
    this.kept.delete(name);
    this.memory.remove(name);
  }

  #tell() {
    const { waiting, sending, failures, signedOut } = this;
    this.onChange({ waiting, sending: Boolean(sending) && failures === 0, signedOut });
  }
}
