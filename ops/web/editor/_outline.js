// An outline of several parts and with holes: traced corner by corner. Points are [x, y] in px of the picture.

import { boundsOf, inside, rounded, within } from "./_plane.js";

// With more corners, the middles of the edges are not offered.
const MOST_EDGES = 80;
const LEAST = 3;
// Asked of every outline whenever the pointer moves; labels are never changed in place.
const BOUNDS = new WeakMap();

const place = ([x, y]) => [rounded(x), rounded(y)];
const ringOf = ({ polygons }, [p, r]) => polygons[p][r];
const partsOf = (name) => name.split(".", 3).map(Number);

// The middle of the edge after a corner.
function middle(one, [p, r, i]) {
  const ring = ringOf(one, [p, r]);
  const [[ax, ay], [bx, by]] = [ring[i], ring[(i + 1) % ring.length]];
  return [(ax + bx) / 2, (ay + by) / 2];
}

// The object with another ring at [part, ring]; without `ring` the hole is gone.
function withRing(one, [p, r], ring) {
  const part = one.polygons[p].flatMap((each, i) => (i === r ? (ring ? [ring] : []) : [each]));
  return { ...one, polygons: one.polygons.map((each, i) => (i === p ? part : each)) };
}

const mapped = (one, change) => ({ ...one, polygons: one.polygons.map((part) => part.map((ring) => ring.map(change))) });

const edges = (ring) => ring.map((point, i) => [point, ring[(i + 1) % ring.length]]);

function crosses([x, y], [[ax, ay], [bx, by]]) {
  return ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax;
}

function distance([x, y], [[ax, ay], [bx, by]]) {
  const [dx, dy] = [bx - ax, by - ay];
  const along = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}

const ringArea = (ring) => edges(ring).reduce((sum, [[ax, ay], [bx, by]]) => sum + ax * by - bx * ay, 0) / 2;

export const OUTLINE = {
  name: "outline",
  drag: false,
  hint: "click the corners of each one; Enter, a double click or the first corner closes it",

  bounds({ polygons }) {
    if (!BOUNDS.has(polygons)) BOUNDS.set(polygons, boundsOf(polygons.flat(2)));
    return BOUNDS.get(polygons);
  },

  holds(one, point, reach) {
    const [left, top, right, bottom] = OUTLINE.bounds(one);
    const [x, y] = point;
    if (x < left - reach || x > right + reach || y < top - reach || y > bottom + reach) return false;
    const every = one.polygons.flat().flatMap(edges);
    return every.filter((edge) => crosses(point, edge)).length % 2 === 1 || every.some((edge) => distance(point, edge) <= reach);
  },

  area: ({ polygons }) => polygons.flatMap(([outer]) => Math.abs(ringArea(outer))).reduce((a, b) => a + b, 0),

  about({ polygons }) {
    const rings = polygons.flat();
    const corners = rings.reduce((sum, { length }) => sum + length, 0);
    return `${corners} corners${rings.length > 1 ? `, ${rings.length} rings` : ""}`;
  },

  handles(one) {
    const corners = OUTLINE.corners(one);
    if (corners.length > MOST_EDGES) return corners;
    const edge = ({ name }) => ({ name: `${name}.edge`, at: middle(one, partsOf(name)), cursor: "copy", kind: "is-edge" });
    return [...corners.map(edge), ...corners];
  },

  /** The corners, one after the other. */
  corners: ({ polygons }) =>
    polygons.flatMap((part, p) =>
      part.flatMap((ring, r) => ring.map((at, i) => ({ name: `${p}.${r}.${i}`, at, cursor: "crosshair", corner: true }))),
    ),

  /** With a corner at another place, or with a new one on an edge. */
  dragged(one, name, point, size) {
    const [p, r, i] = partsOf(name);
    const ring = [...ringOf(one, [p, r])];
    ring.splice(...(name.endsWith("edge") ? [i + 1, 0] : [i, 1]), place(inside(point, size)));
    return withRing(one, [p, r], ring);
  },

  /** {one, corner}: with a new corner after the one of that name. */
  inserted(one, name, size) {
    const [p, r, i] = partsOf(name);
    return { one: OUTLINE.dragged(one, `${name}.edge`, middle(one, [p, r, i]), size), corner: `${p}.${r}.${i + 1}` };
  },

  /** Without a corner; null where too few would be left. A hole goes with its third corner. */
  without(one, name) {
    const [p, r, i] = partsOf(name);
    const ring = ringOf(one, [p, r]);
    if (ring.length > LEAST) return withRing(one, [p, r], ring.filter((_, n) => n !== i));
    return r > 0 ? withRing(one, [p, r]) : null;
  },

  moved(one, by, size) {
    const [dx, dy] = within(OUTLINE.bounds(one), by, size);
    return mapped(one, ([x, y]) => place([x + dx, y + dy]));
  },

  /** Wider and higher by so many px, to the right and below. */
  resized(one, [dx, dy], size) {
    const [left, top, right, bottom] = OUTLINE.bounds(one);
    const [width, height] = [right - left, bottom - top];
    const [more, higher] = within([right, bottom, right, bottom], [dx, dy], size);
    const [across, down] = [Math.max(1, width + more) / width, Math.max(1, height + higher) / height];
    return mapped(one, ([x, y]) => place([left + (x - left) * across, top + (y - top) * down]));
  },

  placed([left, top, right, bottom]) {
    const [dx, dy] = [(right - left) / 8, (bottom - top) / 8].map((side) => Math.max(1, Math.round(side)));
    const [x, y] = [Math.round((left + right) / 2), Math.round((top + bottom) / 2)];
    return { polygons: [[[[x - dx, y - dy], [x + dx, y - dy], [x + dx, y + dy], [x - dx, y + dy]]]] };
  },

  // Tracing: a trail of points becomes a shape.

  most: () => Infinity,

  /** The trail as it is seen on the way. */
  seen: (trail) => ({ polygons: [[trail.map(place)]] }),

  /** The trail as a shape, or null where it is none yet. */
  traced(trail) {
    const ring = trail.map(place);
    const whole = ring.length >= LEAST && Math.abs(ringArea(ring)) > 0;
    return whole ? { polygons: [[ring]] } : null;
  },

  /** Whether a click there closes the trail. */
  closes: (trail, [x, y], reach) => trail.length >= LEAST && Math.hypot(trail[0][0] - x, trail[0][1] - y) <= reach,

  few: "An outline has at least 3 corners that are not on one line.",

  onTheWay: (trail) => `${trail.length} ${trail.length === 1 ? "corner" : "corners"}. ${trail.length < LEAST ? "Click the next one" : "Enter closes it"}; Backspace takes one back, Esc drops it.`,
};
