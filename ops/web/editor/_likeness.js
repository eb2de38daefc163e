// How alike two shapes or passages are, 0 to 1: enough to find the one in another label that is meant.

import { BOX } from "./_box.js";
import { FIGURE } from "./_figure.js";
import { MASK } from "./_mask.js";
import { OUTLINE } from "./_outline.js";
import { runsOf } from "./_rle.js";

// A point as far off as a tenth of its figure's size is e^-½ like the other, as in OKS.
const POINT_SIGMA = 0.1;
// Asked of every pair; labels are never changed in place.
const SPANS = new WeakMap();
const BOUNDS = new WeakMap();

const kindOf = (one) => (one.rle ? MASK : one.polygons ? OUTLINE : one.points ? FIGURE : BOX);

/** [left, top, right, bottom] of an object, in px of the picture. */
export function boundsOf(one) {
  let bounds = BOUNDS.get(one);
  if (!bounds) BOUNDS.set(one, (bounds = kindOf(one).bounds(one)));
  return bounds;
}

/** 1 for the same, 0 for what shares nothing: characters, pixels, points, or the box around it. */
export function likeness(one, other) {
  if ("start" in one) return shared([one.start], [one.end], [other.start], [other.end]);
  const kind = kindOf(one);
  if (kind !== kindOf(other)) return 0;
  const [a, b] = [boundsOf(one), boundsOf(other)];
  const boxes = shared(a.slice(0, 2), a.slice(2), b.slice(0, 2), b.slice(2));
  if (kind === FIGURE) return figures(one, other, Math.max(size(a), size(b)));
  if (!boxes || kind === BOX) return boxes;
  return kind === MASK ? pixels(one.rle, other.rle) : boxes * ratio(kind.area(one), kind.area(other));
}

const size = ([left, top, right, bottom]) => Math.sqrt(Math.max(1, right - left) * Math.max(1, bottom - top));
const ratio = (a, b) => (a === b ? 1 : Math.min(a, b) / Math.max(a, b));
const volume = (low, high) => low.reduce((all, from, i) => all * Math.max(0, high[i] - from), 1);

// Intersection over union of intervals (one dimension) or boxes (two), given by their ends.
function shared(low, high, lower, higher) {
  const common = volume(low.map((from, i) => Math.max(from, lower[i])), high.map((to, i) => Math.min(to, higher[i])));
  return common ? common / (volume(low, high) + volume(lower, higher) - common) : 0;
}

function figures(one, other, whole) {
  let [sum, n] = [0, 0];
  one.points.forEach(([x, y, v], i) => {
    const [ox, oy, ov] = other.points[i] ?? [0, 0, 0];
    if (!v && !ov) return;
    n += 1;
    if (v && ov) sum += Math.exp(-((x - ox) ** 2 + (y - oy) ** 2) / (2 * (POINT_SIGMA * whole) ** 2));
  });
  return n ? sum / n : 0;
}

// [from, to, from, to, …] of the pixels of a mask.
function spansOf(rle) {
  if (!SPANS.has(rle)) {
    const ends = [0];
    for (const run of runsOf(rle.counts)) ends.push(ends.at(-1) + run);
    SPANS.set(rle, ends.slice(1, ends.length % 2 ? undefined : -1));
  }
  return SPANS.get(rle);
}

function pixels(one, other) {
  const [a, b] = [spansOf(one), spansOf(other)];
  const sum = (ends) => ends.reduce((all, at, i) => all + (i % 2 ? at : -at), 0);
  let common = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    common += Math.max(0, Math.min(a[i + 1], b[j + 1]) - Math.max(a[i], b[j]));
    if (a[i + 1] < b[j + 1]) i += 2;
    else j += 2;
  }
  return common ? common / (sum(a) + sum(b) - common) : 0;
}
