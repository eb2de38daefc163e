// What is to be done with a model's drafts, beside the list of them: taken over one by one, or all that are sure enough.

import { h } from "./_dom.js";
import { draftsOf } from "./_drafted.js";
import { keyOf } from "./_keys.js";

/** Letters that classes without a key of their own leave to drafts; Shift with one always works. */
export const DRAFT_KEYS = { one: "y", all: "a" };

const counted = (n) => (n === 1 ? "1 draft" : `${n} drafts`);

export class ModelDraft {
  /** `onOne()`: the chosen draft is taken over, whether there was one; `onAll(above)`: all at least so sure; `onAbove(above)`: the number is another one. */
  constructor({ onOne, onAll, onAbove }) {
    Object.assign(this, { onOne, onAll, onAbove });
    this.title = h("h2", { class: "editor-objects-title" });
    this.field = h("input", {
      class: "form-control form-control-sm", type: "number", min: "0", max: "1", step: "0.05", "aria-label": "Accept drafts from this sureness on",
    });
    this.field.addEventListener("input", () => Number.isFinite(this.above) && this.onAbove(this.above));
    this.field.addEventListener("keydown", (event) => this.#typing(event));
    this.cap = h("kbd", { "aria-hidden": "true" });
    this.words = h("span", {});
    this.button = h("button", { class: "editor-proposal", type: "button" }, this.cap, this.words);
    this.button.addEventListener("mousedown", (event) => event.preventDefault());
    this.button.addEventListener("click", () => this.#all());
    const row = h("div", { class: "editor-row" }, this.button, h("label", { class: "editor-above" }, "from", this.field));
    this.element = h("section", { class: "editor-begin is-drafts", hidden: true, "aria-label": "A model's drafts" }, this.title, row);
    this.drafts = [];
  }

  /** Begin with work: whether there is a draft, and from how sure on all are taken. */
  set(proposal, above, keys) {
    this.keys = keys;
    this.known = Boolean(proposal);
    if (typeof above === "number") this.field.value = above.toFixed(2);
    this.cap.textContent = this.#capOf(DRAFT_KEYS.all);
  }

  /** Say what of `value` is undecided. */
  mark(value) {
    this.drafts = draftsOf(value);
    this.left = value;
    const { length } = this.drafts;
    this.element.hidden = !this.known || !(value?.objects || value?.spans);
    this.title.textContent = length ? `${counted(length)} of a model, undecided` : "No draft is undecided";
    const sure = this.#sure().length;
    this.words.textContent = `Accept ${sure}`;
    this.button.disabled = !sure;
  }

  get above() {
    const { value } = this.field;
    return value === "" ? Number.NaN : Number(value);
  }

  /** What a second Enter is to confirm, in words, or null: that undecided drafts are thrown away. */
  unsure() {
    const { length } = this.drafts;
    if (!length) return null;
    const [are, them] = length === 1 ? ["is", "it"] : ["are", "them"];
    const sure = this.#sure().length ? `, ${this.cap.textContent.toUpperCase()} accepts those above ${this.above.toFixed(2)}` : "";
    const rest = (this.left.objects ?? this.left.spans).length > length ? "" : " Nothing else is marked.";
    return `${counted(length)} ${are} undecided: Enter again throws ${them} away${sure}.${rest}`;
  }

  press(event) {
    if (!this.drafts.length) return false;
    const key = keyOf(event, this.keys);
    if (this.keys?.has(key)) return false;
    if (key.toLowerCase() === DRAFT_KEYS.one) return event.repeat || this.onOne();
    if (key.toLowerCase() !== DRAFT_KEYS.all) return false;
    if (!event.repeat) this.#all();
    return true;
  }

  help() {
    if (this.element.hidden) return [];
    return [
      [[this.#capOf(DRAFT_KEYS.one)], "Accept the chosen draft, and go to the next; a change accepts it too"],
      [["Del"], "Throw the chosen draft away"],
      [[this.#capOf(DRAFT_KEYS.all)], "Accept all drafts that are as sure as the number says"],
    ];
  }

  // What the model is sure enough of; where it does not say how sure it is, nobody can.
  #sure() {
    return this.drafts.filter(({ score }) => score !== null && score >= this.above);
  }

  #all() {
    if (this.#sure().length) this.onAll(this.above);
  }

  #typing(event) {
    if (event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    this.field.blur();
    this.#all();
  }

  #capOf(letter) {
    return this.keys?.has(letter) ? `⇧${letter}` : letter;
  }
}
