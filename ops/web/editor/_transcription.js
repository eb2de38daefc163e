// What is written or said, typed beside it.

import { Attributes } from "./_attributes.js";
import { h } from "./_dom.js";
import { keyOf } from "./_keys.js";
import { same } from "./_same.js";

const LONGEST = 200_000;
const DIRECTIONS = [["auto", "Auto"], ["ltr", "Left to right"], ["rtl", "Right to left"]];

export class TranscriptionAnswer {
  constructor({ onChange, onSubmit }) {
    this.onChange = onChange;
    this.field = h("textarea", {
      class: "form-control editor-text", dir: "auto", spellcheck: "true", maxlength: String(LONGEST),
      "aria-label": "Transcription", placeholder: "Type what is written there",
    });
    this.field.addEventListener("input", () => this.#typed());
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
      event.preventDefault();
      if (!event.repeat) onSubmit();
    });
    this.direction = h("select", { class: "form-select form-select-sm", "aria-label": "Direction of writing" });
    this.direction.append(...DIRECTIONS.map(([value, words]) => h("option", { value }, words)));
    this.direction.addEventListener("change", () => {
      this.field.dir = this.direction.value;
      this.field.focus();
    });
    this.size = h("span", { class: "editor-size" });
    this.questions = new Attributes({ onChange, onSubmit });
    this.element = h(
      "div",
      { class: "editor-answer" },
      h(
        "div",
        { class: "editor-form is-wide" },
        this.field,
        h("div", { class: "editor-row" }, this.size, this.direction),
        this.questions.element,
      ),
    );
    // The field keeps what was typed and undoes it by itself.
    this.ownUndo = true;
    this.keys = new Map();
  }

  set({ attributes = [] }) {
    this.questions.set(attributes);
  }

  show({ value, current, earlier, stage, proposal }) {
    // Most labels in a review are right, and so is much of what a model proposes: there Enter accepts, and the text
    // is entered on purpose.
    this.reads = value ? same(value, proposal?.label) : stage === "review" || Boolean(proposal);
    const label = value ?? current ?? earlier;
    const text = label?.text ?? "";
    // A field turns every line break into one character; what nobody touched stays as it was.
    this.given = text;
    if (this.field.value !== text) this.field.value = text;
    this.kept = this.field.value;
    this.field.scrollTop = 0;
    this.questions.show(label?.attributes ?? {});
    this.#count();
  }

  get value() {
    const attributes = this.questions.value;
    const text = this.field.value === this.kept ? this.given : this.field.value;
    return { text, ...(Object.keys(attributes).length && { attributes }) };
  }

  lacking() {
    return this.questions.lacking();
  }

  unsure() {
    return this.field.value ? null : `Nothing is typed. ${this.submitCap} once more says that nothing is written there.`;
  }

  get submitCap() {
    return this.reads ? "Enter" : "Ctrl Enter";
  }

  focus() {
    if (this.reads) return false;
    return this.#enter();
  }

  press(event) {
    if (this.questions.press(event)) return true;
    return keyOf(event).toLowerCase() === "t" && this.#enter();
  }

  help() {
    return [
      [["Ctrl", "Enter"], "Submit, also from within the text"],
      [["Esc"], "Leave the text: then the keys below work"],
      [["t"], "Back into the text"],
      ...this.questions.help(),
    ];
  }

  #enter() {
    this.field.focus({ preventScroll: true });
    return true;
  }

  #typed() {
    this.reads = false;
    this.#count();
    this.onChange();
  }

  #count() {
    const { length } = this.field.value;
    this.size.textContent = length === 1 ? "1 character" : `${length.toLocaleString("en")} characters`;
  }
}
