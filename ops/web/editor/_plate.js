// The pixels of a mask, one byte each, column by column as COCO counts them.

import { countsOf, runsOf } from "./_rle.js";

/** Bytes, 1 for the mask, of {size: [height, width], counts}. */
export function unpacked({ size: [height, width], counts }) {
  const plate = new Uint8Array(height * width);
  let at = 0;
  runsOf(counts).forEach((run, i) => {
    if (i % 2) plate.fill(1, at, at + run);
    at += run;
  });
  return plate;
}

/** {size, counts} of the bytes. */
export function packed(plate, [width, height]) {
  const runs = [];
  let [value, from] = [0, 0];
  for (let at = 0; at < plate.length; at++) {
    if (plate[at] === value) continue;
    runs.push(at - from);
    [value, from] = [plate[at], at];
  }
  runs.push(plate.length - from);
  return { size: [height, width], counts: countsOf(runs) };
}

export const isEmpty = (plate) => !plate.includes(1);

/** Set the pixels whose middle is within `radius` of the line from `a` to `b`; returns [left, top, right, bottom]. */
export function stroke(plate, [width, height], [ax, ay], [bx, by], radius, value) {
  const left = Math.max(0, Math.floor(Math.min(ax, bx) - radius));
  const right = Math.min(width, Math.ceil(Math.max(ax, bx) + radius));
  const top = Math.max(0, Math.floor(Math.min(ay, by) - radius));
  const bottom = Math.min(height, Math.ceil(Math.max(ay, by) + radius));
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy || 1;
  for (let x = left; x < right; x++)
    for (let y = top; y < bottom; y++) {
      const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
      const along = Math.max(0, Math.min(1, (px * dx + py * dy) / length));
      if ((px - along * dx) ** 2 + (py - along * dy) ** 2 <= radius * radius) plate[x * height + y] = value;
    }
  return [left, top, right, bottom];
}
