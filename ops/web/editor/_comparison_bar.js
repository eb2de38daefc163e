// The line above the work in a review: how it is compared, with what, and how many differences there are.

import { legend } from "./_difference_words.js";
import { SIGNS } from "./_difference_layer.js";
import { h } from "./_dom.js";

const WAYS = { over: "Overlaid", beside: "Side by side", alone: "Only yours" };

export class ComparisonBar {
  constructor({ onWay, onOther, onStep }) {
    const button = (act, ...content) => {
      const element = h("button", { class: "editor-quiet", type: "button", tabindex: "-1" }, ...content);
      // The keys stay with the work.
      element.addEventListener("mousedown", (event) => event.preventDefault());
      element.addEventListener("click", act);
      return element;
    };
    this.ways = Object.entries(WAYS).map(([way, words]) => [way, button(() => onWay(way), words)]);
    const group = h("div", { class: "editor-ways", role: "group", "aria-label": "How to compare" }, ...this.ways.map(([, one]) => one), h("kbd", {}, "w"));
    this.otherName = h("span", {});
    this.other = button(onOther, this.otherName, " ", h("kbd", {}, "u"));
    this.next = button(onStep, "Next difference ", h("kbd", {}, "d"));
    this.legend = h("ul", { class: "editor-legend", "aria-label": "Differences" });
    this.told = h("p", { class: "editor-told", role: "status" });
    this.element = h("div", { class: "editor-bar", hidden: true }, group, this.other, this.next, this.legend, this.told);
    this.captions = h("div", { class: "editor-captions", hidden: true }, h("span", {}), h("span", {}));
  }

  /** What is compared now: {on, way, alone, found, type, asks, many, remarks, other, mine, beside}. */
  show({ on, way, alone, found, type, asks, many, remarks, other, mine, beside }) {
    this.element.hidden = !on;
    this.captions.hidden = !beside;
    if (!on) return;
    for (const [name, element] of this.ways) {
      element.setAttribute("aria-pressed", String(name === way));
      element.disabled = !other;
      if (name === "alone") element.textContent = alone;
    }
    this.otherName.textContent = other ? `Compared with: ${other}` : "";
    this.other.hidden = !other;
    this.other.disabled = !many;
    this.other.lastChild.hidden = !many;
    this.next.firstChild.textContent = remarks ? "Next remark or difference " : "Next difference ";
    const [theirs, own] = this.captions.children;
    [theirs.textContent, own.textContent] = [other ?? "", mine];
    this.#count(found, type, asks);
    this.tell("");
  }

  /** Say which difference one is at. */
  tell(words) {
    if (this.told.textContent !== words) this.told.textContent = words;
  }

  #count(found, type, asks) {
    const entry = ({ kind, n, words }) => {
      const sign = h("span", { class: "editor-sign", "aria-hidden": "true" }, SIGNS[kind]);
      return h("li", { class: `is-${kind}${n ? "" : " is-none"}` }, sign, ` ${words}`);
    };
    const kinds = legend(found, type).filter(({ kind, n }) => kind !== "attributes" || asks || n);
    this.legend.replaceChildren(...kinds.map(entry));
  }
}
