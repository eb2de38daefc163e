// Differences over a picture: said by line, sign and words, so that no colour has to be told from another.

import { h } from "./_dom.js";
import { NO_COLOUR, named, rimOf, shapes, svg } from "./_drawn.js";
import { boundsOf } from "./_likeness.js";
import { unpacked } from "./_plate.js";
import { paint } from "./_rle.js";

export const SIGNS = { added: "+", removed: "−", moved: "↔", class: "≠", attributes: "?" };
const COLOURS = { added: [18, 140, 60], removed: [214, 40, 40], moved: [230, 140, 0], class: [140, 60, 200], attributes: [0, 110, 200] };
const STRONG = 190;
const PALE = 115;

/**
 * What is to be drawn of `found` (`_difference.js`): [{one, other, kind, ghost, words}]. `side`: "mine" marks
 * what stands on the screen, "theirs" what stands in the other label, "both" lays that over this.
 */
export function marksOf(found, side, nameOf) {
  const marks = [];
  for (const { kind, what, mine, theirs } of found) {
    if (kind === "same" || what !== "object") continue;
    if (mine && side !== "theirs") marks.push({ one: mine, other: theirs, kind, words: wordsOf(kind, theirs, nameOf) });
    if (theirs && side === "theirs") marks.push({ one: theirs, other: mine, kind, words: wordsOf(kind, mine, nameOf) });
    if (theirs && side === "both" && (kind === "removed" || kind === "moved"))
      marks.push({ one: theirs, other: mine, kind, ghost: true, words: mine ? "" : `${SIGNS.removed} ${nameOf(theirs.class)}` });
  }
  return marks;
}

function wordsOf(kind, other, nameOf) {
  return kind === "class" ? `${SIGNS.class} ${nameOf(other.class)}` : SIGNS[kind];
}

/**
 * An element the size of the picture, or null where nothing is to be drawn. `whole`: objects drawn as they
 * are; `marks` as above; `pins`: [{number, at: [x, y], words}]; `known`: Map(class key → class).
 */
export function differenceLayer({ size: [width, height], known, whole = [], marks = [], pins = [] }) {
  if (!whole.length && !marks.length && !pins.length) return null;
  const layer = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none" });
  // Broad lines lie below what they are about, dashes of what is no more above it.
  const drawn = (wanted) => marks.filter(({ ghost = false }) => ghost === wanted).map((mark) => marked(mark, known));
  layer.append(...drawn(false), ...whole.map((one) => plain(one, known)), ...drawn(true), ...pins.map((pin) => pinned(pin, width)));
  const masks = [...whole, ...marks.map(({ one }) => one)].some(({ rle }) => rle);
  const canvas = masks ? painted([width, height], whole, marks, known) : null;
  return h("div", { class: "editor-drawn is-difference", "aria-hidden": "true" }, canvas, layer);
}

function plain(one, known) {
  const entry = known.get(one.class);
  const seen = shapes(one, entry?.skeleton);
  const [left, top] = boundsOf(one);
  const group = svg("g", { "data-object": one.id }, ...seen.map(rimOf), ...seen, named(entry?.name ?? one.class, [left, top]));
  group.style.setProperty("--class-colour", entry?.colour || NO_COLOUR);
  return group;
}

function marked({ one, kind, ghost, words }, known) {
  const seen = shapes(one, known.get(one.class)?.skeleton);
  const [left, , , bottom] = boundsOf(one);
  const group = svg("g", { class: `is-mark is-${kind}${ghost ? " is-ghost" : ""}`, "data-mark": kind }, ...(ghost ? seen.map(rimOf) : []), ...seen);
  if (words) group.append(named(words, [left, bottom]));
  return group;
}

function pinned({ number, at: [cx, cy], words }, width) {
  const disc = svg("circle", { cx, cy });
  const inside = named(String(number), [cx, cy]);
  inside.setAttribute("class", "is-number");
  const beside = named(words.length > 60 ? `${words.slice(0, 60)}…` : words, [cx, cy]);
  // Near the right edge the words stand on the other side.
  return svg("g", { class: cx > 0.6 * width ? "is-pin is-late" : "is-pin", "data-pin": number }, disc, inside, beside);
}

// Masks pixel by pixel: what only one of both has, in the colour of what happened to it.
function painted([width, height], whole, marks, known) {
  const canvas = h("canvas", { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (const one of whole) if (one.rle) paint(image.data, one.rle, [...rgbOf(known.get(one.class)?.colour), PALE]);
  for (const { one, other, kind, ghost } of marks) {
    if (!one.rle) continue;
    if (kind !== "moved" || !other) paint(image.data, one.rle, [...COLOURS[kind], STRONG]);
    else alone(image.data, one.rle, other.rle, width, [...COLOURS[ghost ? "removed" : "added"], STRONG]);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

function alone(data, rle, other, width, colour) {
  const [has, lacks] = [unpacked(rle), unpacked(other)];
  const [height] = rle.size;
  for (let pixel = 0; pixel < has.length; pixel++)
    if (has[pixel] && !lacks[pixel]) data.set(colour, 4 * ((pixel % height) * width + Math.floor(pixel / height)));
}

function rgbOf(colour) {
  const number = Number.parseInt((colour || NO_COLOUR).slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}
