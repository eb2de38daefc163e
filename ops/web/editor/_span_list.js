// The passages and relations of a label, line by line: to choose and to delete.

import { h } from "./_dom.js";
import { isDraft, proposed } from "./_drafted.js";
import { NO_COLOUR } from "./_drawn.js";
import * as label from "./_span_label.js";

export class SpanList {
  constructor({ onChoose, onRemove, onAccept }) {
    Object.assign(this, { onChoose, onRemove, onAccept });
    this.title = h("h2", { class: "editor-objects-title" });
    this.list = h("ol", { class: "editor-lines", "aria-label": "Passages and relations" });
    this.element = h("section", { class: "editor-objects" }, this.title, this.list);
  }

  /** Show `items`, spans and relations, with the `chosen` one marked. `about` gives the words. */
  set(items, chosen, about) {
    const relations = items.filter((one) => "from" in one).length;
    this.title.textContent = titleOf(items.length - relations, relations);
    const before = this.lines ?? new Map();
    this.lines = new Map(items.map((one) => [one, this.#line(one, before.get(one), about)]));
    this.#put([...this.lines.values()].map(({ element }) => element));
    this.list.querySelector("[aria-current]")?.removeAttribute("aria-current");
    const current = this.lines.get(chosen)?.element;
    current?.setAttribute("aria-current", "true");
    current?.scrollIntoView({ block: "nearest" });
  }

  // A long list keeps the lines that stay.
  #put(elements) {
    const stays = new Set(elements);
    for (const line of [...this.list.children]) if (!stays.has(line)) line.remove();
    elements.forEach((line, i) => {
      const there = this.list.children[i];
      if (there !== line) this.list.insertBefore(line, there ?? null);
    });
  }

  // The line of an item; the one of `before` where it says the same.
  #line(one, before, { nameOf, colourOf, words, value, asked }) {
    const said =
      "from" in one
        ? `${words(label.spanOf(value, one.from))} → ${words(label.spanOf(value, one.to))}`
        : words(one);
    const draft = isDraft(one);
    const open = !draft && !("from" in one) && label.open(one, asked) && "a question is open";
    const about = [said, draft && proposed(one.score), open].filter(Boolean).join(" · ");
    if (before?.about === about) return before;
    const name = h("span", { class: "editor-line-name" }, nameOf(one.class));
    const choose = h(
      "button",
      { class: "editor-line-choose", type: "button", "data-enter": "submit", tabindex: "-1" },
      name,
      h("span", { class: "editor-line-about", dir: "auto" }, about),
    );
    choose.addEventListener("mousedown", (event) => event.preventDefault());
    choose.addEventListener("click", () => this.onChoose(one));
    const named = { "aria-label": `Delete ${nameOf(one.class)} ${said}`, title: "Delete" };
    const away = h("button", { class: "editor-line-away", type: "button", tabindex: "-1", ...named }, "×");
    away.addEventListener("mousedown", (event) => event.preventDefault());
    away.addEventListener("click", () => this.onRemove(one));
    const accept = draft ? this.#accept(one, `${nameOf(one.class)} ${said}`) : null;
    const element = h("li", { class: `editor-line is-choosable${draft ? " is-draft" : ""}` }, choose, accept, away);
    element.style.setProperty("--class-colour", colourOf(one.class) || NO_COLOUR);
    return { about, element };
  }

  #accept(one, words) {
    const named = { "aria-label": `Accept ${words}`, title: "Accept" };
    const button = h("button", { class: "editor-line-act", type: "button", tabindex: "-1", ...named }, "✓");
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => this.onAccept(one));
    return button;
  }
}

function titleOf(spans, relations) {
  const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;
  const passages = spans ? count(spans, "passage", "passages") : "No passage yet";
  return relations ? `${passages}, ${count(relations, "relation", "relations")}` : passages;
}
