// The objects of a label, line by line: to choose, hide, lock and delete. Only lines that changed are made anew.

import { h } from "./_dom.js";
import { NO_COLOUR } from "./_drawn.js";

export class ShapeList {
  /** `acts`: choose(id), hide(id), lock(id), remove(id), accept(id), hideAll(); `onPoint(id | null)`. */
  constructor({ acts, onPoint }) {
    this.lines = new Map();
    this.title = h("h2", { class: "editor-objects-title" });
    this.all = h("button", { class: "editor-quiet", type: "button", tabindex: "-1" });
    this.all.addEventListener("click", () => acts.hideAll());
    this.list = h("ol", { class: "editor-lines", "aria-label": "Objects of the label" });
    this.list.addEventListener("click", ({ target }) => {
      const id = target.closest("[data-line]")?.dataset.line;
      const act = target.closest("[data-act]")?.dataset.act;
      if (id !== undefined && act) acts[act](id);
    });
    this.list.addEventListener("pointerover", ({ target }) => onPoint(target.closest("[data-line]")?.dataset.line ?? null));
    this.list.addEventListener("pointerleave", () => onPoint(null));
    const head = h("div", { class: "editor-row" }, this.title, this.all);
    this.element = h("section", { class: "editor-objects" }, head, this.list);
    // The keys stay with the picture.
    this.element.addEventListener("mousedown", (event) => event.target.closest("button") && event.preventDefault());
  }

  /** `rows`: [{id, name, colour, about, chosen, hidden, locked, draft}] in order. */
  set(rows, title) {
    if (this.title.textContent !== title) this.title.textContent = title;
    const hidden = rows.length > 0 && rows.every((row) => row.hidden);
    this.all.textContent = hidden ? "Show all" : "Hide all";
    this.all.hidden = !rows.length;
    const gone = new Set(this.lines.keys());
    rows.forEach((row, i) => {
      gone.delete(row.id);
      this.#put(row, i);
    });
    for (const id of gone) {
      this.lines.get(id).element.remove();
      this.lines.delete(id);
    }
  }

  #put(row, i) {
    const words = JSON.stringify(row);
    let line = this.lines.get(row.id);
    if (!line) {
      line = { element: h("li", { class: "editor-line", "data-line": row.id }) };
      this.lines.set(row.id, line);
    }
    if (this.list.children[i] !== line.element) this.list.insertBefore(line.element, this.list.children[i] ?? null);
    if (line.words === words) return;
    const chosenNow = row.chosen && !line.chosen;
    Object.assign(line, { words, chosen: row.chosen });
    fill(line.element, row);
    if (chosenNow) line.element.scrollIntoView({ block: "nearest" });
  }
}

function fill(element, { name, colour, about, chosen, hidden, locked, draft }) {
  const words = [h("span", { class: "editor-line-name" }, name), h("span", { class: "editor-line-about", dir: "auto" }, about)];
  const button = (act, label, text, pressed) =>
    h("button", {
      class: "editor-line-act", type: "button", tabindex: "-1", "data-act": act, title: label,
      "aria-label": `${label}: ${name}, ${about}`, "aria-pressed": pressed === undefined ? null : String(pressed),
    }, text);
  element.style.setProperty("--class-colour", colour || NO_COLOUR);
  element.classList.toggle("is-hidden", hidden);
  element.classList.toggle("is-draft", draft);
  if (chosen) element.setAttribute("aria-current", "true");
  else element.removeAttribute("aria-current");
  element.replaceChildren(
    h("button", { class: "editor-line-choose", type: "button", "data-enter": "submit", tabindex: "-1", "data-act": "choose" }, ...words),
    ...(draft ? [button("accept", "Accept", "✓")] : []),
    button("hide", hidden ? "Show" : "Hide", hidden ? "◌" : "◉", hidden),
    button("lock", locked ? "Unlock" : "Lock", locked ? "▣" : "▢", locked),
    button("remove", "Delete", "×"),
  );
}
