// The two texts that a preference is about, side by side.

import { h } from "./_dom.js";

export class Pair {
  constructor() {
    this.texts = { a: this.#text(), b: this.#text() };
    const side = (key) =>
      h(
        "section",
        { class: "editor-pair-side", "data-side": key, tabindex: "0", "aria-label": key.toUpperCase() },
        h("h2", { class: "editor-pair-name" }, key.toUpperCase()),
        this.texts[key],
      );
    this.element = h("div", { class: "editor-pair", hidden: true }, side("a"), side("b"));
  }

  /** Show {a, b}; null where the asset says it all. */
  set(pair) {
    this.element.hidden = !pair;
    for (const key of ["a", "b"]) {
      this.texts[key].textContent = pair?.[key] ?? "";
      this.texts[key].parentElement.scrollTop = 0;
    }
  }

  #text() {
    return h("p", { class: "editor-pair-text", dir: "auto" });
  }
}
