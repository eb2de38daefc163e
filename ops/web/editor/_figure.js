// A figure of named points, in the order of the skeleton of its class. Points are [x, y, v]: 0 not labelled, 1 hidden, 2 seen.

import { boundsOf, inside, rounded, within } from "./_plane.js";

const NOWHERE = [0, 0, 0];

const labelled = ({ points }) => points.filter(([, , v]) => v > 0);
const namesOf = (entry) => entry?.skeleton?.points ?? [];
const place = ([x, y], v) => [rounded(x), rounded(y), v];
const boundsFrom = (one) => {
  const [x, y, width, height] = one.box ?? [];
  const box = one.box ? [[x, y], [x + width, y + height]] : [];
  return boundsOf([...labelled(one), ...box]);
};

function withPoint(one, i, point) {
  return { ...one, points: one.points.map((each, n) => (n === i ? point : each)) };
}

// Points and box, changed alike.
function mapped(one, change) {
  const points = one.points.map(([x, y, v]) => (v ? place(change([x, y]), v) : NOWHERE));
  if (!one.box) return { ...one, points };
  const [x, y, width, height] = one.box;
  const [[left, top], [right, bottom]] = [change([x, y]), change([x + width, y + height])];
  return { ...one, points, box: [left, top, right - left, bottom - top].map(rounded) };
}

export const FIGURE = {
  name: "figure",
  drag: false,
  hint: "click its points in their order",

  bounds: boundsFrom,

  holds(one, [x, y], reach) {
    const [left, top, right, bottom] = boundsFrom(one);
    return x >= left - reach && x <= right + reach && y >= top - reach && y <= bottom + reach;
  },

  area(one) {
    const [left, top, right, bottom] = boundsFrom(one);
    return (right - left) * (bottom - top);
  },

  about(one) {
    const [seen, hidden] = [2, 1].map((v) => one.points.filter((point) => point[2] === v).length);
    return `${seen + hidden} of ${one.points.length} points${hidden ? `, ${hidden} hidden` : ""}`;
  },

  handles: (one) => FIGURE.corners(one).filter(({ open }) => !open),

  /** The points, those that are not labelled too: they would begin in the middle. */
  corners(one, entry) {
    const [left, top, right, bottom] = boundsFrom(one);
    return one.points.map(([x, y, v], i) => ({
      name: String(i),
      words: namesOf(entry)[i],
      at: v ? [x, y] : [(left + right) / 2, (top + bottom) / 2],
      cursor: "crosshair",
      corner: true,
      open: !v,
    }));
  },

  dragged(one, name, point, size) {
    const i = Number(name);
    return withPoint(one, i, place(inside(point, size), one.points[i][2] || 2));
  },

  /** Without a point; null where none would be left. */
  without(one, name) {
    const left = withPoint(one, Number(name), NOWHERE);
    return labelled(left).length || one.box ? left : null;
  },

  /** With a point hidden that is seen, or seen that is hidden. */
  veiled(one, name) {
    const [x, y, v] = one.points[Number(name)];
    return v ? withPoint(one, Number(name), [x, y, 3 - v]) : one;
  },

  /** Whether one of a class can be one of another: their skeletons have the same points. */
  fits: (from, to) => namesOf(from).join("\n") === namesOf(to).join("\n"),

  moved(one, by, size) {
    const [dx, dy] = within(boundsFrom(one), by, size);
    return mapped(one, ([x, y]) => [x + dx, y + dy]);
  },

  /** Wider and higher by so many px, to the right and below. */
  resized(one, [dx, dy], size) {
    const [left, top, right, bottom] = boundsFrom(one);
    const [width, height] = [right - left || 1, bottom - top || 1];
    const [more, higher] = within([right, bottom, right, bottom], [dx, dy], size);
    const [across, down] = [Math.max(1, width + more) / width, Math.max(1, height + higher) / height];
    return mapped(one, ([x, y]) => [left + (x - left) * across, top + (y - top) * down]);
  },

  /** On an ellipse in the middle, the first one above. */
  placed([left, top, right, bottom], entry) {
    const names = namesOf(entry);
    const [cx, cy] = [(left + right) / 2, (top + bottom) / 2];
    const points = names.map((_, i) => {
      const turn = (2 * Math.PI * i) / names.length;
      return [Math.round(cx + ((right - left) / 8) * Math.sin(turn)), Math.round(cy - ((bottom - top) / 8) * Math.cos(turn)), 2];
    });
    return { points };
  },

  // Tracing: a trail of points, null for what was passed over, becomes a figure.

  most: (entry) => namesOf(entry).length,

  seen: (trail, entry) => ({ points: namesOf(entry).map((_, i) => (trail[i] ? place(trail[i], trail[i][2] ?? 2) : NOWHERE)) }),

  traced: (trail, entry) => (trail.some(Boolean) ? FIGURE.seen(trail, entry) : null),

  closes: () => false,

  few: "At least one point must be labelled.",

  onTheWay(trail, entry) {
    const names = namesOf(entry);
    return `Click ${names[trail.length]} (${trail.length + 1} of ${names.length}). x: it cannot be labelled; v: the last one is hidden; Enter: no more. Esc drops it.`;
  },
};
