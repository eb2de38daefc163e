// The questions of an ontology (its attributes) about an asset or an object: answered by click or by keys.

import { h } from "./_dom.js";
import { keyOf } from "./_keys.js";
import { questionFor } from "./_question.js";

export class Attributes {
  /** The key that goes to the questions; Shift with it where a class owns it. */
  static KEY = "q";

  /**
   * `onChange()`: an answer changed. `onSubmit()`: Enter in the last field. `always`: digits answer
   * the question whose turn it is, wherever the focus is; otherwise only once `q` led there.
   * `owned`, where it is set, is the Map of keys that classes took.
   */
  constructor({ onChange, onSubmit, always = false }) {
    this.onChange = onChange;
    this.onSubmit = onSubmit;
    this.always = always;
    this.title = h("h2", { class: "editor-objects-title", hidden: always }, "Questions ", (this.cap = h("kbd")));
    this.list = h("div", {});
    const about = { class: `editor-questions${always ? " is-always" : ""}`, "aria-label": "Questions", hidden: true };
    this.element = h("section", about, this.title, this.list);
    this.element.addEventListener("focusin", (event) => this.#turn(this.#at(event.target)));
    this.element.addEventListener("keydown", (event) => this.#typing(event));
    this.asked = [];
    this.shown = [];
    this.given = {};
    this.active = 0;
  }

  /** The attributes of the ontology: [{key, name, kind, choices, required, of, low, high}]. */
  set(asked) {
    this.asked = asked;
    this.given = {};
    this.#place([]);
  }

  /** Nothing is asked for now: no object is chosen. */
  clear() {
    this.given = {};
    if (this.shown.length) this.#place([]);
  }

  /** Show `values` ({key: value}) of the attributes asked of `classes`: a Set of keys, or null for all. */
  show(values, classes = null) {
    this.given = { ...values };
    const fit = this.asked.filter(({ of }) => !of?.length || !classes || of.some((key) => classes.has(key)));
    const typing = this.element.contains(document.activeElement);
    if (fit.length !== this.shown.length || fit.some((one, i) => one !== this.shown[i].asked)) this.#place(fit);
    for (const one of this.shown) one.show(this.given[one.asked.key]);
    if (!typing) this.#turn(Math.max(0, this.#open(0)));
  }

  /** What is answered of what is asked: {key: value}. */
  get value() {
    const answered = this.shown.map((one) => [one.asked.key, one.value]);
    return Object.fromEntries(answered.filter(([, value]) => value !== undefined));
  }

  /** What is answered, and what was given to questions that are not asked of this class. */
  get kept() {
    const shown = new Set(this.shown.map((one) => one.asked.key));
    const rest = Object.entries(this.given).filter(([key]) => !shown.has(key));
    return { ...Object.fromEntries(rest), ...this.value };
  }

  /** Why the answers are not whole, or null. */
  lacking() {
    return this.shown.map((one) => one.lacking()).find(Boolean) ?? null;
  }

  /** Take a key press; whether it meant something here. */
  press(event) {
    if (!this.shown.length) return false;
    const inside = this.element.contains(event.target);
    if (!inside && keyOf(event).toLowerCase() === Attributes.KEY && !this.#owned(event)) return this.focus();
    if (!inside && !this.always) return false;
    // Back to the keys of the classes.
    if (inside && !this.always && event.key === "Escape") {
      document.activeElement.blur();
      return true;
    }
    const here = inside ? this.#at(event.target) : this.active;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      // A text beside the questions scrolls.
      if (!inside && event.target.matches?.(".editor-stage")) return false;
      return this.#go(here + (event.key === "ArrowDown" ? 1 : -1));
    }
    const question = this.shown[here];
    if (!question?.press(event)) return false;
    if (question.whole) this.#goOn(here);
    return true;
  }

  /** Put the focus on the first question without an answer. */
  focus() {
    return this.#go(Math.max(0, this.#open(0)));
  }

  help() {
    if (!this.asked.length) return [];
    const first = this.always ? [] : [[[this.cap.textContent], "Go to the questions; Esc leads back"]];
    return [...first, [["1", "2", "…"], "Choose that answer to the question"], [["↑", "↓"], "Question before, next"]];
  }

  // With `owned` (the keys of classes) a class may have taken the key: then Shift with it is ours.
  #owned({ shiftKey }) {
    return !shiftKey && this.owned?.has(Attributes.KEY);
  }

  #place(asked) {
    const change = () => this.onChange();
    this.shown = asked.map((one) => questionFor(one, { onChange: change }));
    this.list.replaceChildren(...this.shown.map((one) => one.element));
    this.cap.textContent = this.owned?.has(Attributes.KEY) ? `⇧${Attributes.KEY}` : Attributes.KEY;
    this.element.hidden = !asked.length;
    this.#turn(0);
  }

  #at(target) {
    return this.shown.findIndex((one) => one.element.contains(target));
  }

  #turn(i) {
    if (i < 0) return;
    this.active = i;
    this.shown.forEach((one, n) => one.element.classList.toggle("is-active", n === i));
  }

  // The first question from `i` on without an answer, or -1.
  #open(i) {
    return this.shown.findIndex((one, n) => n >= i && one.value === undefined);
  }

  #go(i) {
    const question = this.shown[i];
    if (!question) return i >= 0;
    this.#turn(i);
    question.focus();
    return true;
  }

  // Answered: the next one without an answer has its turn.
  #goOn(i) {
    const next = this.#open(i + 1);
    if (next >= 0) this.#go(next);
  }

  #typing(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !event.target.matches("input, textarea")) return;
    event.preventDefault();
    event.stopPropagation();
    const here = this.#at(event.target);
    if (event.ctrlKey || event.metaKey || here === this.shown.length - 1) return this.onSubmit?.();
    this.#go(here + 1);
  }
}
