// The passages and relations of a label, line by line: to choose and to delete.

import { h } from "./_dom.js";
import { NO_COLOUR } from "./_drawn.js";
import * as label from "./_span_label.js";

export class SpanList {
  constructor({ onChoose, onRemove }) {
    this.onChoose = onChoose;
    this.onRemove = onRemove;
    this.title = h("h2", { class: "editor-objects-title" });
    this.list = h("ol", { class: "editor-lines", "aria-label": "Passages and relations" });
    this.element = h("section", { class: "editor-objects" }, this.title, this.list);
  }

  /** Show `items`, spans and relations, with the `chosen` one marked. `about` gives the words. */
  set(items, chosen, about) {
    const relations = items.filter((one) => "from" in one).length;
    this.title.textContent = titleOf(items.length - relations, relations);
    this.list.replaceChildren(...items.map((one) => this.#line(one, one === chosen, about)));
    this.list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }

  #line(one, chosen, { nameOf, colourOf, words, value, asked }) {
    const said =
      "from" in one
        ? `${words(label.spanOf(value, one.from))} → ${words(label.spanOf(value, one.to))}`
        : words(one);
    const more = "from" in one || !label.open(one, asked) ? "" : " · a question is open";
    const name = h("span", { class: "editor-line-name" }, nameOf(one.class));
    const choose = h("button", { class: "editor-line-choose", type: "button", "data-enter": "submit", tabindex: "-1" }, name, h("span", { class: "editor-line-about", dir: "auto" }, said, more));
    choose.addEventListener("mousedown", (event) => event.preventDefault());
    choose.addEventListener("click", () => this.onChoose(one));
    const away = h("button", { class: "editor-line-away", type: "button", tabindex: "-1", "aria-label": `Delete ${nameOf(one.class)} ${said}`, title: "Delete" }, "×");
    away.addEventListener("mousedown", (event) => event.preventDefault());
    away.addEventListener("click", () => this.onRemove(one));
    const line = h("li", { class: "editor-line", "aria-current": chosen ? "true" : null }, choose, away);
    line.style.setProperty("--class-colour", colourOf(one.class) || NO_COLOUR);
    return line;
  }
}

function titleOf(spans, relations) {
  const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;
  const passages = spans ? count(spans, "passage", "passages") : "No passage yet";
  return relations ? `${passages}, ${count(relations, "relation", "relations")}` : passages;
}
