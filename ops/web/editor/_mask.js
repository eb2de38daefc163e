// A mask: which pixels of the picture belong to an object.

import { isEmpty, packed, stroke, unpacked } from "./_plate.js";
import { within } from "./_plane.js";
import { countsOf, runsOf } from "./_rle.js";

// What was read from the runs of a mask; labels are never changed in place.
const READ = new WeakMap();

function read({ rle }) {
  if (!READ.has(rle)) READ.set(rle, measured(rle));
  return READ.get(rle);
}

function measured({ size: [height], counts }) {
  const runs = runsOf(counts);
  const bounds = [Infinity, Infinity, -Infinity, -Infinity];
  let [at, area] = [0, 0];
  runs.forEach((run, i) => {
    if (i % 2 && run) {
      area += run;
      const [from, to] = [at, at + run - 1];
      const [first, last] = [Math.floor(from / height), Math.floor(to / height)];
      const wraps = first !== last;
      bounds[0] = Math.min(bounds[0], first);
      bounds[2] = Math.max(bounds[2], last + 1);
      bounds[1] = Math.min(bounds[1], wraps ? 0 : from % height);
      bounds[3] = Math.max(bounds[3], wraps ? height : (to % height) + 1);
    }
    at += run;
  });
  return { runs, area, bounds };
}

export const MASK = {
  name: "mask",
  paints: true,
  hint: "paint over each one",

  bounds: (one) => read(one).bounds,
  area: (one) => read(one).area,
  about: (one) => `${read(one).area.toLocaleString("en")} px`,
  handles: () => [],

  holds(one, [x, y]) {
    const { runs, bounds } = read(one);
    if (x < bounds[0] || y < bounds[1] || x >= bounds[2] || y >= bounds[3]) return false;
    const pixel = Math.floor(x) * one.rle.size[0] + Math.floor(y);
    let at = 0;
    return runs.findIndex((run) => (at += run) > pixel) % 2 === 1;
  },

  moved(one, by, size) {
    const [dx, dy] = within(read(one).bounds, by, size).map(Math.round);
    const [height, width] = one.rle.size;
    const runs = [...read(one).runs];
    if (runs.length % 2 === 0) runs.push(0);
    // It stays inside, so all its pixels move by as much.
    runs[0] += dx * height + dy;
    runs[runs.length - 1] -= dx * height + dy;
    return { ...one, rle: { size: [height, width], counts: countsOf(runs.at(-1) ? runs : runs.slice(0, -1)) } };
  },

  /** Wider and higher by so many px, to the right and below; the nearest pixel is taken. */
  resized(one, [dx, dy], size) {
    const [left, top, right, bottom] = read(one).bounds;
    const [more, higher] = within([right, bottom, right, bottom], [dx, dy], size).map(Math.round);
    const [width, height] = [Math.max(1, right - left + more), Math.max(1, bottom - top + higher)];
    const before = unpacked(one.rle);
    const plate = new Uint8Array(before.length);
    for (let x = 0; x < width; x++)
      for (let y = 0; y < height; y++) {
        const from = left + Math.floor(((x + 0.5) * (right - left)) / width);
        plate[(left + x) * size[1] + top + y] = before[from * size[1] + top + Math.floor(((y + 0.5) * (bottom - top)) / height)];
      }
    return isEmpty(plate) ? one : { ...one, rle: packed(plate, size) };
  },

  /** A disc in the middle, a quarter as wide as what is seen. */
  placed([left, top, right, bottom], _, size) {
    const plate = new Uint8Array(size[0] * size[1]);
    const middle = [Math.round((left + right) / 2), Math.round((top + bottom) / 2)];
    const radius = Math.max(1, Math.round(Math.min(right - left, bottom - top) / 8));
    stroke(plate, size, middle, middle, radius, 1);
    return { rle: packed(plate, size) };
  },
};

/** The label with no pixel twice and no class twice: the object with that id keeps what it has. */
export function exclusive(value, id, size) {
  const one = value.objects.find((each) => each.id === id);
  const plate = unpacked(one.rle);
  const others = [];
  for (const other of value.objects.filter((each) => each !== one)) {
    const theirs = unpacked(other.rle);
    if (other.class === one.class) theirs.forEach((set, i) => set && (plate[i] = 1));
    else if (theirs.some((set, i) => set && plate[i])) {
      const left = theirs.map((set, i) => (plate[i] ? 0 : set));
      if (!isEmpty(left)) others.push({ ...other, rle: packed(left, size) });
    } else others.push(other);
  }
  return { ...value, objects: [...others, { ...one, rle: packed(plate, size) }] };
}
