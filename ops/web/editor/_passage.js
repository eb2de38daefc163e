// A text in a measure that reads well, its size set by the reader.

const SIZES = [0.875, 1, 1.125, 1.25, 1.5, 1.75, 2.125, 2.5];
const USUAL = 3;
// A message is larger than a page of prose.
const SHORT = 300;

export class Passage {
  /** Shows texts in `pane`, an element that scrolls. The size chosen stays for the next text. */
  constructor(pane) {
    this.pane = pane;
    this.size = USUAL;
  }

  show(text) {
    const body = document.createElement("p");
    body.className = "editor-passage";
    body.dir = "auto";
    body.textContent = text;
    body.classList.toggle("is-short", text.length <= SHORT);
    this.body = body;
    this.pane.replaceChildren(body);
    this.pane.scrollTop = 0;
    this.#place();
  }

  /** Put `nodes` in place of the text, which they say again with marks. */
  mark(nodes) {
    this.body.replaceChildren(...nodes);
  }

  zoom(steps) {
    this.size = Math.min(SIZES.length - 1, Math.max(0, this.size + Math.sign(steps)));
    this.#place();
  }

  fit() {
    this.size = USUAL;
    this.#place();
  }

  destroy() {}

  #place() {
    this.pane.style.setProperty("--passage-size", `${SIZES[this.size]}rem`);
  }
}
