// A text on the screen with its spans: drawn block by block, so that a long document stays light.

import { h } from "./_dom.js";
import { NO_COLOUR } from "./_drawn.js";

const BLOCK = 800;
// Lines under a passage, one for each span that lies over another.
const MOST_LANES = 4;
const LANE = 4;

export class SpanText {
  /**
   * Draws in `view` (a Passage) the `characters`. `onRange(start, end)`: a passage was selected with the
   * mouse; `onClick(i, ids)`: a click at character i, on the spans `ids`, the shortest first.
   */
  constructor(view, characters, { onRange, onClick }) {
    Object.assign(this, { view, characters, onRange, onClick });
    this.spans = [];
    this.blocks = blocksOf(characters).map(([start, end]) => ({ start, end, seen: null, element: h("span", { class: "editor-block" }) }));
    this.blocks.forEach((block, i) => {
      block.element.dataset.block = String(i);
      block.element.textContent = characters.slice(block.start, block.end);
    });
    view.body.classList.add("has-spans");
    view.body.replaceChildren(...this.#lines());
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    view.pane.addEventListener("pointerdown", (event) => (this.down = event.button === 0), { signal });
    // Let go outside the text, a selection is one all the same.
    document.addEventListener("pointerup", (event) => this.#up(event), { signal });
  }

  destroy() {
    this.listeners.abort();
  }

  /**
   * Draw `spans`, [{id, start, end, name, colour, draft, mark}]; `chosen` holds ids that stand out, `range` is a
   * passage [start, end] that is selected, or null.
   */
  draw(spans, chosen, range) {
    this.spans = spans;
    const lanes = lanesOf(spans);
    const within = this.blocks.map(() => []);
    for (const span of spans)
      for (let i = this.#blockAt(span.start); i < this.blocks.length && this.blocks[i].start < span.end; i++)
        within[i].push(span);
    this.blocks.forEach((block, i) => {
      const over = range && range[0] < block.end && range[1] > block.start ? range : null;
      const seen = JSON.stringify([within[i].map((one) => [one, lanes.get(one), chosen.has(one.id)]), over]);
      if (block.seen === (seen === "[[],null]" ? null : seen)) return;
      block.seen = seen === "[[],null]" ? null : seen;
      block.element.replaceChildren(...this.#pieces(block, within[i], lanes, chosen, over));
    });
  }

  /** Scroll so that [start, …] is in sight. */
  reveal(start) {
    const block = this.blocks[this.#blockAt(start)]?.element;
    const piece = block?.querySelector(".is-range, .is-chosen") ?? block;
    piece?.scrollIntoView({ block: "nearest" });
  }

  /** The character a line above (-1) or below (1) the one at `i`, or null at the end of the text. */
  beside(i, lines) {
    const from = this.#box(i);
    if (!from) return null;
    const height = parseFloat(getComputedStyle(this.view.body).lineHeight) || 24;
    for (const far of [1, 2, 3]) {
      const found = this.#under(from.left + from.width / 2, from.top + from.height / 2 + lines * far * height);
      if (found !== null) return found;
    }
    return null;
  }

  /** The first character in sight. */
  get first() {
    const pane = this.view.pane.getBoundingClientRect();
    const body = this.view.body.getBoundingClientRect();
    const style = getComputedStyle(this.view.body);
    const top = Math.max(pane.top, body.top + parseFloat(style.paddingTop)) + parseFloat(style.lineHeight) / 2;
    return this.#under(body.left + parseFloat(style.paddingLeft) + 2, top) ?? 0;
  }

  // Lines are boxes of their own: a change lays out its own line anew, not the whole text.
  #lines() {
    const lines = [];
    let line = null;
    for (const { start, end, element } of this.blocks) {
      if (!line) lines.push((line = h("span", { class: "editor-lines-of-text" })));
      line.append(element);
      if (this.characters.slice(start, end).endsWith("\n")) line = null;
    }
    return lines;
  }

  #pieces({ start, end }, spans, lanes, chosen, range) {
    const cuts = new Set([start, end]);
    const inside = (place) => Math.min(end, Math.max(start, place));
    for (const span of spans) cuts.add(inside(span.start)).add(inside(span.end));
    if (range) cuts.add(inside(range[0])).add(inside(range[1]));
    const places = [...cuts].sort((a, b) => a - b);
    return places.slice(1).map((to, i) => {
      const from = places[i];
      const text = this.characters.slice(from, to);
      const over = spans.filter((span) => span.start <= from && span.end >= to);
      const selected = range && range[0] <= from && range[1] >= to;
      if (!over.length) return selected ? h("span", { class: "is-range" }, text) : document.createTextNode(text);
      return marked(text, over, from, { lanes, chosen, selected });
    });
  }

  #up(event) {
    if (!this.down) return;
    this.down = false;
    const selection = window.getSelection();
    if (selection.rangeCount && !selection.isCollapsed) {
      const range = selection.getRangeAt(0);
      const [start, end] = [this.#character(range.startContainer, range.startOffset), this.#character(range.endContainer, range.endOffset)];
      selection.removeAllRanges();
      const found = this.characters.trimmed(start ?? 0, end ?? this.characters.length);
      if ((start ?? end) !== null && found[1] > found[0]) this.onRange(...found);
      return;
    }
    if (!this.view.pane.contains(event.target)) return;
    const i = this.#under(event.clientX, event.clientY);
    const ids = i === null ? [] : this.spans.filter(({ start, end }) => start <= i && i < end);
    this.onClick(i, ids.sort((a, b) => a.end - a.start - (b.end - b.start)).map(({ id }) => id));
  }

  #blockAt(i) {
    let [low, high] = [0, this.blocks.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.blocks[middle].end > i) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The character at a place of the document; null outside the text. */
  #character(node, offset) {
    const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    const block = element.closest?.(".editor-block");
    if (!block) return this.#between(element, offset);
    const range = document.createRange();
    range.setStart(block, 0);
    range.setEnd(node, offset);
    const { start } = this.blocks[Number(block.dataset.block)];
    return this.characters.at(this.characters.unit(start) + range.toString().length);
  }

  /** The character where a child of the text, or of a line of it, begins. */
  #between(element, offset) {
    if (!this.view.body.contains(element)) return null;
    const next = element.childNodes[offset];
    if (!next) {
      const blocks = element.querySelectorAll(".editor-block");
      return blocks.length ? this.blocks[Number([...blocks].at(-1).dataset.block)].end : null;
    }
    const block = next.matches(".editor-block") ? next : next.querySelector(".editor-block");
    return block && this.blocks[Number(block.dataset.block)].start;
  }

  #under(x, y) {
    const found = document.caretPositionFromPoint?.(x, y) ?? rangeAt(x, y);
    if (!found || !this.view.body.contains(found.offsetNode)) return null;
    const i = this.#character(found.offsetNode, found.offset);
    if (i === null) return null;
    // The caret stands between two characters: the one that is under the pointer is meant.
    for (const near of [i, i - 1]) {
      const box = near >= 0 && this.#box(near);
      if (box && x >= box.left && x <= box.right && y >= box.top && y <= box.bottom) return near;
    }
    return Math.min(i, this.characters.length - 1);
  }

  #box(i) {
    const block = this.blocks[this.#blockAt(i)];
    if (!block || i >= this.characters.length) return null;
    let left = this.characters.unit(i) - this.characters.unit(block.start);
    const walker = document.createTreeWalker(block.element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (left < node.length) {
        const range = document.createRange();
        range.setStart(node, left);
        range.setEnd(node, Math.min(node.length, left + this.characters.unit(i + 1) - this.characters.unit(i)));
        return range.getClientRects()[0] ?? null;
      }
      left -= node.length;
    }
    return null;
  }
}

function rangeAt(x, y) {
  const range = document.caretRangeFromPoint?.(x, y);
  return range && { offsetNode: range.startContainer, offset: range.startOffset };
}

/** [start, end] of pieces of the text that end with a line or a word. */
function blocksOf(characters) {
  const blocks = [];
  let start = 0;
  while (start < characters.length) {
    let end = Math.min(characters.length, start + BLOCK);
    if (end < characters.length) {
      const piece = characters.slice(start, end);
      const line = piece.lastIndexOf("\n");
      const cut = line >= 0 ? line : piece.lastIndexOf(" ");
      if (cut > 0) end = characters.at(characters.unit(start) + cut + 1);
    }
    blocks.push([start, end]);
    start = end;
  }
  return blocks;
}

/** Map(span → lane): spans that overlap have different ones. */
function lanesOf(spans) {
  const ends = [];
  const lanes = new Map();
  for (const span of [...spans].sort((a, b) => a.start - b.start || b.end - a.end)) {
    let lane = ends.findIndex((end) => end <= span.start);
    if (lane < 0) lane = ends.length;
    ends[lane] = span.end;
    lanes.set(span, Math.min(lane, MOST_LANES - 1));
  }
  return lanes;
}

function marked(text, over, from, { lanes, chosen, selected }) {
  const mark = h("mark", { class: "editor-span", title: over.map(({ name }) => name).join(", ") }, text);
  const top = over.find(({ id }) => chosen.has(id)) ?? over.at(-1);
  mark.dataset.object = top.id;
  mark.style.setProperty("--class-colour", top.colour || NO_COLOUR);
  const depth = Math.max(...over.map((span) => lanes.get(span)));
  mark.style.setProperty("--depth", `${(depth + 1) * LANE}px`);
  // Lines under the text, from the lowest lane down; a gap lets the surface show between two.
  const lines = [];
  for (const span of [...over].sort((a, b) => lanes.get(a) - lanes.get(b))) {
    const y = lanes.get(span) * LANE;
    const colour = span.colour || NO_COLOUR;
    const line = span.draft ? `repeating-linear-gradient(90deg, ${colour} 0 6px, transparent 6px 10px)` : `linear-gradient(${colour}, ${colour})`;
    lines.push(`${line} 0 calc(100% - ${depth * LANE - y}px) / 100% 3px no-repeat`);
  }
  mark.style.background = [...lines, "var(--tint)"].join(", ");
  mark.classList.toggle("is-chosen", over.some(({ id }) => chosen.has(id)));
  mark.classList.toggle("is-range", Boolean(selected));
  mark.classList.toggle("is-draft", Boolean(top.draft));
  const signs = over.map((span) => span.mark).filter(Boolean);
  if (signs.length) mark.dataset.mark = signs.join(" ");
  const begun = over.filter((span) => span.start === from);
  if (begun.length) mark.dataset.name = begun.map(({ name }) => name).join(" · ");
  return mark;
}
