// Questions: asked about the work on the screen while it goes on, their answers read where they were asked.

import { h } from "../../../ops/web/editor/editor.js";
import * as panels from "./_panels.js";
import { PinMark, choicesOf, selectedNow } from "./_pin.js";
import { $, tell, write } from "./_screen.js";
import { Refused, SignedOut } from "./_server.js";
import { uuid } from "./_tab.js";
import { threadOf } from "./_thread.js";

const EVERY = 60_000;
const SENT_MS = 4000;
// Whoever judges sees what was asked by those whose answers lie there.
const DECIDING = ["review", "adjudicate"];

export class Talk {
  /** `work()` is the work on the screen or null, `back()` gives the focus back to it. */
  constructor({ server, editor, work, back }) {
    Object.assign(this, { server, editor, work, back });
    this.issues = [];
    this.others = [];
    this.opened = null;
    this.asked = null;
    this.pane = $("work").querySelector(".editor-stage");
    this.mark = new PinMark(this.pane, { onPlace: () => this.#said("") });
    this.#connect();
  }

  /** Open the panel and ask about what is selected; or close it. */
  toggle() {
    const selected = selectedNow(this.pane, $("guideline-text"), this.editor.selected);
    panels.toggle("questions", this.back);
    if ($("questions").hidden) return this.#left();
    this.#begin(selected);
    this.refresh();
    if (!$("ask").hidden) $("ask-text").focus();
  }

  /** Another piece of work is on the screen. What is being written stays about the one before. */
  show(work) {
    this.others = [];
    this.mark.clear();
    if (!$("questions").hidden) this.#begin({});
    if (DECIDING.includes(work.stage)) this.#others(work);
    else this.#draw();
  }

  /** Ask the server what is new. */
  async refresh() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#whenSeen(), EVERY);
    try {
      this.#take(await this.server.get("/issues"));
    } catch {
      // The desk says elsewhere that there is no connection; what is known stays.
    }
  }

  /** Whether the address asks for the panel, as the link of a notice does. */
  begin() {
    this.refresh();
    if (location.hash === "#questions") this.toggle();
  }

  #whenSeen() {
    if (document.visibilityState === "visible") return this.refresh();
    document.addEventListener("visibilitychange", () => this.refresh(), { once: true });
  }

  async #others(work) {
    try {
      const { issues } = await this.server.get(`/${work.token}/issues`);
      if (this.work()?.token !== work.token) return;
      this.others = issues;
    } catch {
      // A review can be made without them.
    }
    this.#draw();
  }

  #take({ issues, unread }) {
    this.issues = issues;
    this.unread = unread;
    this.#draw();
  }

  // Asking.

  #begin(selected) {
    const work = this.work();
    const writing = this.asked && $("ask-text").value.trim() !== "";
    $("ask").hidden = !work && !writing;
    if (writing && this.asked.token !== work?.token) return this.#said("This is about the task before.");
    this.mark.clear();
    if (!work) return;
    if (!writing) this.asked = { token: work.token, key: uuid() };
    this.choices = choicesOf(selected, work.medium);
    $("ask-pins").replaceChildren(...this.choices.map((choice, i) => this.#choice(choice, i)));
    this.#said("");
    this.#chosen(0);
  }

  #choice({ words }, i) {
    const input = h("input", { class: "form-check-input", type: "radio", name: "desk-pin", value: String(i) });
    input.checked = i === 0;
    input.addEventListener("change", () => this.#chosen(i));
    return h("label", { class: "form-check" }, input, h("span", { class: "form-check-label" }, words));
  }

  #chosen(i) {
    const { pin } = this.choices[i];
    this.chosen = i;
    if (pin.at === "point") this.mark.pick();
    else this.mark.show(pin);
  }

  get #pin() {
    const { pin } = this.choices[this.chosen];
    return pin.at === "point" ? this.mark.pin : pin;
  }

  async #send() {
    const field = $("ask-text");
    const body = field.value.trim();
    if (!body) return this.#said("Write your question first.");
    if (!this.asked || this.sending) return;
    const { token, key } = this.asked;
    this.sending = true;
    try {
      await this.server.post(`/${token}/issues`, { pin: this.asked.pin ?? this.#pin, body, key });
    } catch (problem) {
      return this.#said(whyNot(problem));
    } finally {
      this.sending = false;
    }
    field.value = "";
    this.asked = null;
    this.#sent();
    this.refresh();
  }

  // The work goes on.
  #sent() {
    panels.close(this.back);
    this.#left();
    write("sent", "Sent");
    $("sent").hidden = false;
    setTimeout(() => ($("sent").hidden = true), SENT_MS);
    tell("Your question is sent. Go on: submit the best answer you have.");
  }

  #left() {
    // What is half written keeps the pin that it had.
    if (this.asked && $("ask-text").value.trim() && !this.asked.pin) this.asked.pin = this.#pin;
    this.mark.clear();
  }

  #said(text) {
    write("ask-said", text);
    $("ask-said").hidden = !text;
  }

  // Reading and answering.

  #draw() {
    $("answers").hidden = !this.unread;
    if (this.unread) write("answers", this.unread === 1 ? "1 answer" : `${this.unread} answers`);
    const asked = this.others.length;
    $("others-title").hidden = !asked;
    write("others-title", asked === 1 ? "Asked about this one" : `Asked about this one: ${asked}`);
    $("asked").hidden = !asked;
    write("asked", asked === 1 ? "1 question" : `${asked} questions`);
    $("others").replaceChildren(...this.others.map((one) => threadOf(one, { open: true })));
    // Nobody's reply is taken from under their hands.
    if ([...$("questions-list").querySelectorAll("textarea")].some(({ value }) => value)) return;
    const here = this.work()?.token;
    const acts = {
      onOpen: (one) => this.#open(one),
      onReply: (one, body, key) => this.#act(one, "comments", { body, key }),
      onSettled: (one) => this.#act(one, "resolve", {}),
    };
    const lines = this.issues.map((one) => threadOf(one, { open: one.token === this.opened, here: one.work === here, ...acts }));
    $("questions-list").replaceChildren(...lines);
    $("questions-none").hidden = lines.length > 0;
  }

  async #open(one) {
    this.opened = one?.token ?? null;
    if (!one) return this.mark.clear();
    if (one.work && one.work === this.work()?.token) this.mark.show(one.pin);
    if (one.unread) await this.#act(one, "read", {});
  }

  /** Do something with a question; what goes wrong is said there. */
  async #act(one, what, body) {
    try {
      const now = await this.server.post(`/issues/${one.token}/${what}`, body);
      const issues = this.issues.map((each) => (each.token === now.token ? now : each));
      if (document.activeElement?.closest("#desk-questions-list")) $("questions").focus({ preventScroll: true });
      this.#take({ issues, unread: issues.filter(({ unread }) => unread).length });
      return "";
    } catch (problem) {
      return whyNot(problem);
    }
  }

  #connect() {
    $("ask").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    $("questions").addEventListener("keydown", (event) => this.#pressed(event));
    // A button that is pressed would take the selection away before it is read.
    for (const button of document.querySelectorAll("[data-do=ask]"))
      button.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  // In its fields and buttons keys mean what they mean anywhere; the desk's begin outside.
  #pressed(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      panels.close(this.back);
      return this.#left();
    }
    if (event.target === event.currentTarget) return;
    event.stopPropagation();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.repeat) event.target.form?.requestSubmit();
  }
}

function whyNot(problem) {
  if (problem instanceof SignedOut) return "You are signed out. Sign in again in another tab, then send it.";
  if (problem instanceof Refused) return problem.message;
  return "No connection. What you wrote is kept here: send it again in a moment.";
}
