// One question (an attribute) and the field of its kind.

import { h } from "./_dom.js";

const MOST_KEYS = 9;
const LONGEST_TEXT = 2000;
let count = 0;

class Question {
  constructor(asked, { onChange }) {
    this.asked = asked;
    this.onChange = onChange;
    const id = `editor-question-${++count}`;
    const name = h("div", { class: "editor-question-name", id }, asked.name);
    if (asked.required) name.append(" ", h("span", { class: "editor-needed" }, "needed"));
    const about = { class: "editor-question", role: "group", "aria-labelledby": id, tabindex: "-1", "data-attribute": asked.key };
    this.element = h("div", about, name, this.field(id));
  }

  /** Whether a key press answers it wholly, so that the next one has its turn. */
  get whole() {
    return false;
  }

  lacking() {
    return this.asked.required && this.value === undefined ? `Answer “${this.asked.name}”.` : null;
  }

  focus() {
    this.element.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "nearest" });
  }
}

/** Buttons with the digits as keys. `options`: [[value, words]]. */
class Options extends Question {
  get options() {
    return this.asked.choices.map((choice) => [choice, choice]);
  }

  field() {
    this.buttons = this.options.map(([value, words], i) => {
      const cap = i < MOST_KEYS ? h("kbd", { "aria-hidden": "true" }, String(i + 1)) : null;
      const button = h("button", { class: "editor-option", type: "button", "data-enter": "submit" }, cap, words);
      // A click answers and leaves the focus where it was.
      button.addEventListener("mousedown", (event) => event.preventDefault());
      button.addEventListener("click", () => this.take(value));
      return button;
    });
    return h("div", { class: "editor-options" }, ...this.buttons);
  }

  show(value) {
    this.value = value;
    this.options.forEach(([one], i) =>
      this.buttons[i].setAttribute("aria-pressed", String(this.has(one))),
    );
  }

  has(one) {
    return this.value === one;
  }

  take(one) {
    this.show(this.value === one ? undefined : one);
    this.onChange();
  }

  get whole() {
    return this.value !== undefined;
  }

  press({ key, code = "", shiftKey, repeat }) {
    const digit = /^[1-9]$/.test(key) ? key : !shiftKey && /^(?:Digit|Numpad)([1-9])$/.exec(code)?.[1];
    const option = digit && this.options[digit - 1];
    if (!option) return false;
    if (!repeat) this.take(option[0]);
    return true;
  }
}

class Flag extends Options {
  get options() {
    return [[true, "yes"], [false, "no"]];
  }
}

class Several extends Options {
  has(one) {
    return Boolean(this.value?.includes(one));
  }

  take(one) {
    const chosen = this.asked.choices.filter((choice) => this.has(choice) !== (choice === one));
    this.show(chosen.length ? chosen : undefined);
    this.onChange();
  }

  get whole() {
    return false;
  }
}

class Typed extends Question {
  field(id) {
    this.input = this.makeInput(id);
    this.input.addEventListener("input", () => {
      this.input.classList.remove("is-invalid");
      this.onChange();
    });
    return this.input;
  }

  show(value) {
    if (value !== this.value) this.input.value = value ?? "";
  }

  press() {
    return false;
  }

  focus() {
    this.input.focus();
  }
}

class Text extends Typed {
  makeInput(id) {
    return h("textarea", {
      class: "form-control", rows: "2", dir: "auto", maxlength: String(LONGEST_TEXT), "aria-label": this.asked.name,
    });
  }

  get value() {
    return this.input.value || undefined;
  }
}

class Num extends Typed {
  makeInput(id) {
    const { low, high } = this.asked;
    const has = (bound) => bound !== null && bound !== undefined;
    const range = has(low) && has(high) ? `${low} to ${high}` : has(low) ? `from ${low}` : has(high) ? `up to ${high}` : "";
    return h("input", {
      class: "form-control", inputmode: "decimal", autocomplete: "off", placeholder: range, "aria-label": this.asked.name,
    });
  }

  get number() {
    return Number(this.input.value.trim().replace(",", "."));
  }

  get value() {
    return this.input.value.trim() && !this.#wrong() ? this.number : undefined;
  }

  lacking() {
    return this.#wrong() ?? super.lacking();
  }

  #wrong() {
    const { name, low, high } = this.asked;
    if (!this.input.value.trim()) return null;
    if (!Number.isFinite(this.number)) return `“${name}” must be a number.`;
    if (low !== null && low !== undefined && this.number < low) return `“${name}” must be at least ${low}.`;
    if (high !== null && high !== undefined && this.number > high) return `“${name}” must be at most ${high}.`;
    return null;
  }
}

const KINDS = { choice: Options, choices: Several, flag: Flag, text: Text, number: Num };

/** The question of an attribute: {asked, element, value, show(value), lacking(), press(event), focus()}. */
export const questionFor = (asked, parts) => new KINDS[asked.kind](asked, parts);
