// A box: how it is drawn, grasped, moved and resized. Points are [x, y] in px of the picture.

import { boundsOf, inside, rounded, turned, within } from "./_plane.js";

const LEAST = 1;
const CURSORS = { n: "ns", s: "ns", e: "ew", w: "ew", nw: "nwse", se: "nwse", ne: "nesw", sw: "nesw" };

const centreOf = ([x, y, width, height]) => [x + width / 2, y + height / 2];

// A point as the box sees it that lies upright about its own centre.
const locally = ({ box, angle = 0 }, point) => turned(point, centreOf(box), -angle);

const corners = ([x, y, width, height]) => [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];

const bounds = ({ box, angle = 0 }) =>
  boundsOf(corners(box).map((point) => turned(point, centreOf(box), angle)));

function fromEdges(left, top, right, bottom) {
  const [x, y] = [rounded(Math.min(left, right)), rounded(Math.min(top, bottom))];
  return [x, y, rounded(Math.abs(right - left)), rounded(Math.abs(bottom - top))];
}

// The box with some of its edges at `point`, seen upright: what is opposite stays where it is.
function stretched([x, y, width, height], name, [px, py]) {
  const edges = [x, y, x + width, y + height];
  if (name.includes("w")) edges[0] = px;
  if (name.includes("n")) edges[1] = py;
  if (name.includes("e")) edges[2] = px;
  if (name.includes("s")) edges[3] = py;
  return fromEdges(...edges);
}

export const BOX = {
  name: "box",
  drag: true,
  hint: "drag a box around each one",

  bounds,

  /** Whether the point is on the box, or within `reach` of it. */
  holds(one, point, reach) {
    const [x, y, width, height] = one.box;
    const [px, py] = locally(one, point);
    return px >= x - reach && px <= x + width + reach && py >= y - reach && py <= y + height + reach;
  },

  area: ({ box: [, , width, height] }) => width * height,

  about: ({ box: [, , width, height] }) => `${Math.round(width)} × ${Math.round(height)}`,

  /** Where it is grasped: [{name, at, cursor}]. */
  handles({ box, angle = 0 }) {
    const [x, y, width, height] = box;
    const at = { n: [0.5, 0], s: [0.5, 1], e: [1, 0.5], w: [0, 0.5], nw: [0, 0], ne: [1, 0], se: [1, 1], sw: [0, 1] };
    return Object.entries(at).map(([name, [u, v]]) => ({
      name,
      at: turned([x + u * width, y + v * height], centreOf(box), angle),
      cursor: `${CURSORS[name]}-resize`,
      corner: name.length === 2,
    }));
  },

  /** The box with a handle dragged to a point; as it was where it would leave the picture. */
  dragged(one, name, point, size) {
    const { box, angle = 0 } = one;
    const wanted = stretched(box, name, locally(one, angle ? point : inside(point, size)));
    if (wanted[2] < LEAST || wanted[3] < LEAST) return one;
    const [cx, cy] = turned(centreOf(wanted), centreOf(box), angle);
    const placed = angle
      ? [rounded(cx - wanted[2] / 2), rounded(cy - wanted[3] / 2), wanted[2], wanted[3]]
      : wanted;
    const changed = { ...one, box: placed };
    const [left, top, right, bottom] = bounds(changed);
    return angle && (left < 0 || top < 0 || right > size[0] || bottom > size[1]) ? one : changed;
  },

  moved(one, by, size) {
    const [dx, dy] = within(bounds(one), by, size);
    const [x, y, ...rest] = one.box;
    return { ...one, box: [rounded(x + dx), rounded(y + dy), ...rest] };
  },

  /** Wider and higher by so many px, to the right and below. */
  resized(one, [dx, dy], size) {
    const { box, angle = 0 } = one;
    const [x, y, width, height] = box;
    const to = [x + Math.max(LEAST, width + dx), y + Math.max(LEAST, height + dy)];
    return BOX.dragged(one, "se", turned(to, centreOf(box), angle), size);
  },

  /** What is drawn from a point to another; null while it is none yet. */
  between(from, to) {
    const box = fromEdges(...from, ...to);
    return box[2] >= LEAST && box[3] >= LEAST ? { box } : null;
  },

  /** One to begin with in the middle of [left, top, right, bottom]: whole px, a quarter as wide and high. */
  placed([left, top, right, bottom]) {
    const [width, height] = [right - left, bottom - top].map((side) => Math.max(LEAST, Math.round(side / 4)));
    return { box: [Math.floor((left + right - width) / 2), Math.floor((top + bottom - height) / 2), width, height] };
  },
};
