// The list of what a label says, line by line; a line points at its object.

import { h } from "./_dom.js";
import { NO_COLOUR } from "./_drawn.js";

export class Objects {
  /** `onPoint(id | null)`: the pointer or the focus is on an object, or on none. */
  constructor({ onPoint }) {
    this.onPoint = onPoint;
    this.title = h("h2", { class: "editor-objects-title" });
    this.note = h("p", { class: "editor-note", hidden: true });
    this.list = h("ol", { class: "editor-lines", tabindex: "0", "aria-label": "What the label says" });
    this.element = h("section", { class: "editor-objects", hidden: true }, this.note, this.title, this.list);
  }

  /** Show `lines` under a title, with a note above; null hides it all. */
  set(lines, title = "", note = "") {
    this.element.hidden = !lines;
    this.note.textContent = note;
    this.note.hidden = !note;
    this.title.textContent = title;
    this.title.hidden = !title;
    this.list.hidden = !lines?.length;
    this.list.replaceChildren(...(lines ?? []).map((line) => this.#line(line)));
  }

  #line({ id, colour, name, about }) {
    const words = h("span", { class: "editor-words" }, h("span", { class: "editor-line-name" }, name));
    if (about) words.append(h("span", { class: "editor-line-about" }, about));
    const line = h("li", { class: "editor-line" }, words);
    if (id === undefined) line.classList.add("is-plain");
    else {
      line.style.setProperty("--class-colour", colour || NO_COLOUR);
      line.addEventListener("pointerenter", () => this.onPoint(id));
      line.addEventListener("pointerleave", () => this.onPoint(null));
    }
    return line;
  }
}
