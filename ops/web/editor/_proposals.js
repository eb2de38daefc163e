// Where the answer may begin: the label in force, the answers given, what others said of them.

import { h } from "./_dom.js";
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
      h("h2", { class: "editor-objects-title" }, "Begin with"),
      this.list,
    );
    this.candidates = [];
  }

  /** Offer `candidates`: [{name, label, badge}]. One alone is on the screen anyhow. */
  set(candidates, always) {
    this.candidates = candidates.length > 1 || always ? candidates : [];
    this.element.hidden = !this.candidates.length;
    this.buttons = this.candidates.map((one, i) => this.#button(one, i));
    this.list.replaceChildren(...this.buttons);
  }

  /** Say which of them the answer is now. */
  mark(value) {
    this.candidates.forEach(({ label }, i) =>
      this.buttons[i].setAttribute("aria-pressed", String(Boolean(value) && same(label, value))),
    );
  }

  press({ code = "", shiftKey, repeat }) {
    const digit = shiftKey && /^Digit([1-9])$/.exec(code)?.[1];
    const one = digit && this.candidates[digit - 1];
    if (!one) return false;
    if (!repeat) this.onTake(one.label);
    return true;
  }

  help() {
    return this.candidates.length ? [[["⇧1", "⇧2", "…"], "Begin with the label of that number"]] : [];
  }

  #button({ name, badge, label }, i) {
    const cap = i < MOST_KEYS ? h("kbd", { "aria-hidden": "true" }, `⇧${i + 1}`) : null;
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
