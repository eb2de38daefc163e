// Where the answer may begin: the label in force, the answers given, what others said, what a model proposes.

import { h } from "./_dom.js";
import { keyOf } from "./_keys.js";
import { same } from "./_same.js";

const MOST_KEYS = 9;

export class Proposals {
  /** `onTake(label)`: the answer begins anew with that label. */
  constructor({ onTake }) {
    this.onTake = onTake;
    this.list = h("div", { class: "editor-proposals", role: "group", "aria-label": "Begin with" });
    this.element = h(
      "section",
      { class: "editor-begin", hidden: true },
      (this.title = h("h2", { class: "editor-objects-title" })),
      this.list,
    );
    this.candidates = [];
  }

  /**
   * Offer `candidates`: [{name, label, badge, letter}]; a `letter` is the key of that one, where no class of `keys`
   * has it. One alone is on the screen anyhow, unless `always`.
   */
  set(candidates, always, keys) {
    this.candidates = candidates.length > 1 || always ? candidates : [];
    this.keys = keys;
    this.element.hidden = !this.candidates.length;
    this.title.textContent = candidates.some(({ letter }) => letter) ? "A model proposes" : "Begin with";
    this.buttons = this.candidates.map((one, i) => this.#button(one, i));
    this.list.replaceChildren(...this.buttons);
  }

  /** Say which of them the answer is now. */
  mark(value) {
    this.candidates.forEach(({ label }, i) =>
      this.buttons[i].setAttribute("aria-pressed", String(Boolean(value) && same(label, value))),
    );
  }

  press(event) {
    const { code = "", shiftKey, repeat } = event;
    const digit = shiftKey && /^Digit([1-9])$/.exec(code)?.[1];
    const key = keyOf(event, this.keys);
    const lettered = !this.keys?.has(key) && this.candidates.find(({ letter }) => letter === key.toLowerCase());
    const one = lettered || (digit && this.candidates[digit - 1]);
    if (!one) return false;
    if (!repeat) this.onTake(one.label);
    return true;
  }

  help() {
    const lettered = this.candidates.find(({ letter }) => letter);
    if (lettered) return [[[this.#cap(lettered, 0)], "Answer as the model proposes"]];
    return this.candidates.length ? [[["⇧1", "⇧2", "…"], "Begin with the label of that number"]] : [];
  }

  #cap({ letter }, i) {
    if (!letter) return `⇧${i + 1}`;
    return this.keys?.has(letter) ? `⇧${letter}` : letter;
  }

  #button(one, i) {
    const { name, badge, label } = one;
    const cap = i < MOST_KEYS ? h("kbd", { "aria-hidden": "true" }, this.#cap(one, i)) : null;
    const button = h(
      "button",
      { class: "editor-proposal", type: "button", "aria-pressed": "false" },
      cap,
      h("span", { class: "editor-name" }, name),
      badge ? h("span", { class: "editor-badge" }, badge) : null,
    );
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => this.onTake(label));
    return button;
  }
}
