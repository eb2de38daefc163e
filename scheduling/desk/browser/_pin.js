// What a question is pinned to: read from what is selected, shown and placed on the picture.

import { h } from "../../../ops/web/editor/editor.js";

const MOST_QUOTED = 1000;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FAR = 10;

const rounded = (number) => Math.round(number * 100) / 100;
const clamped = (number, high) => Math.min(high, Math.max(0, number));
const characters = (text) => [...text].length;

/**
 * What is selected at this moment, before the focus moves: {quote, passage, object}, each null where nothing
 * is. `chosen` is what the editor has selected.
 */
export function selectedNow(stage, guideline, chosen) {
  const selection = window.getSelection();
  const range = selection.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0) : null;
  const within = (element) => Boolean(element && range && element.contains(range.commonAncestorContainer));
  const text = stage.querySelector(".editor-passage");
  return {
    quote: within(guideline) ? selection.toString().trim().slice(0, MOST_QUOTED) : null,
    passage: within(text) ? passageOf(text, range) : (chosen?.passage ?? null),
    object: chosen?.object ? chosen : null,
  };
}

// In characters, as labels count them.
function passageOf(text, range) {
  const before = document.createRange();
  before.selectNodeContents(text);
  before.setEnd(range.startContainer, range.startOffset);
  const start = characters(before.toString());
  return { start, end: start + characters(range.toString()) };
}

/** What a question may be about: [{words, pin}], the likeliest first. `medium` is that of the work. */
export function choicesOf({ quote, passage, object }, medium) {
  const what = medium === "image" ? "picture" : "text";
  const found = [];
  if (quote) found.push({ words: `The guideline: “${short(quote)}”`, pin: { at: "guideline", quote } });
  if (object) {
    const pin = { at: "object", object: object.object, ...(object.box && { box: object.box.map((n) => Math.max(0, n)) }) };
    found.push({ words: `The selected object (${object.name})`, pin });
  }
  if (passage) found.push({ words: "The selected passage", pin: { at: "passage", ...passage } });
  found.push({ words: `The whole ${what}`, pin: { at: "asset" } });
  if (medium === "image") found.push({ words: "A point: click it, or move it with the arrow keys", pin: { at: "point" } });
  if (!quote) found.push({ words: "The guideline", pin: { at: "guideline" } });
  return found;
}

const short = (text) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

/** A pin on the picture of `pane`, which follows it as it is zoomed and moved. */
export class PinMark {
  constructor(pane, { onPlace } = {}) {
    this.pane = pane;
    this.onPlace = onPlace;
    this.element = null;
    this.listeners = null;
    this.observer = new MutationObserver(() => this.#place());
  }

  get img() {
    return this.pane.querySelector(".editor-picture");
  }

  /** Show a pin that is where it is: a point or a box; of any other nothing is drawn. */
  show(pin) {
    this.clear();
    if (!this.img || (pin.at !== "point" && !pin.box)) return;
    this.#begin(h("div", { class: pin.at === "point" ? "desk-pin" : "desk-pin is-box", "aria-hidden": "true" }), pin);
  }

  /** Let a point be placed by a click or the arrow keys; it begins in the middle. */
  pick() {
    this.clear();
    const { img } = this;
    if (!img) return;
    const words = "The point of your question. Arrow keys move it, with Shift further.";
    const mark = h("button", { class: "desk-pin is-placed", type: "button", "aria-label": words });
    this.#begin(mark, { at: "point", x: rounded(img.naturalWidth / 2), y: rounded(img.naturalHeight / 2) });
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    mark.addEventListener("keydown", (event) => this.#arrow(event), { signal });
    // Before the picture is dragged or drawn upon.
    for (const name of ["pointerdown", "pointerup", "click", "dblclick"])
      this.pane.addEventListener(name, (event) => this.#pressed(event), { signal, capture: true });
    this.pane.classList.add("is-pinned");
  }

  clear() {
    this.listeners?.abort();
    this.listeners = null;
    this.observer.disconnect();
    this.element?.remove();
    this.element = this.pin = null;
    this.pane.classList.remove("is-pinned");
  }

  #begin(element, pin) {
    this.element = element;
    this.pin = pin;
    this.pane.append(element);
    this.observer.observe(this.img, { attributes: true, attributeFilter: ["style"] });
    this.#place();
  }

  #pressed(event) {
    // Other buttons, and two fingers, still move the picture.
    if (event.button > 0) return;
    event.stopPropagation();
    event.preventDefault();
    if (event.type !== "pointerdown") return;
    const box = this.img.getBoundingClientRect();
    const { naturalWidth, naturalHeight } = this.img;
    this.#move(((event.clientX - box.left) / box.width) * naturalWidth, ((event.clientY - box.top) / box.height) * naturalHeight);
  }

  #arrow(event) {
    const way = ARROWS[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    const by = event.shiftKey ? FAR : 1;
    this.#move(this.pin.x + way[0] * by, this.pin.y + way[1] * by);
  }

  #move(x, y) {
    const { naturalWidth, naturalHeight } = this.img;
    this.pin = { at: "point", x: rounded(clamped(x, naturalWidth)), y: rounded(clamped(y, naturalHeight)) };
    this.#place();
    this.onPlace?.(this.pin);
  }

  #place() {
    const { element, pin, img } = this;
    if (!element || !img) return this.clear();
    const [box, pane] = [img.getBoundingClientRect(), this.pane.getBoundingClientRect()];
    const scale = box.width / img.naturalWidth;
    const [left, top] = pin.at === "point" ? [pin.x, pin.y] : pin.box;
    const { scrollLeft, scrollTop } = this.pane;
    const [x, y] = [box.left - pane.left + scrollLeft + left * scale, box.top - pane.top + scrollTop + top * scale];
    element.style.transform = `translate(${x}px, ${y}px)`;
    if (pin.at === "point") return;
    element.style.width = `${pin.box[2] * scale}px`;
    element.style.height = `${pin.box[3] * scale}px`;
  }
}
