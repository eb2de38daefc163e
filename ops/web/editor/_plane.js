// Points and distances in px of the picture.

/** To a hundredth of a px: finer than any hand, and short to store. */
export const rounded = (number) => Math.round(number * 100) / 100;

export const clamped = (number, low, high) => Math.min(high, Math.max(low, number));

/** A point moved to the nearest one inside the picture, [width, height]. */
export const inside = ([x, y], [width, height]) => [clamped(x, 0, width), clamped(y, 0, height)];

/** A point turned clockwise about another one. */
export function turned([x, y], [cx, cy], degrees) {
  if (!degrees) return [x, y];
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return [cx + (x - cx) * cos - (y - cy) * sin, cy + (x - cx) * sin + (y - cy) * cos];
}

/** [left, top, right, bottom] of points. */
export function boundsOf(points) {
  const bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    bounds[0] = Math.min(bounds[0], x);
    bounds[1] = Math.min(bounds[1], y);
    bounds[2] = Math.max(bounds[2], x);
    bounds[3] = Math.max(bounds[3], y);
  }
  return bounds;
}

/** How far something with these bounds can go of [dx, dy] and stay inside the picture. */
export function within([left, top, right, bottom], [dx, dy], [width, height]) {
  // What sticks out already may come in, and never goes further.
  return [
    clamped(dx, Math.min(0, -left), Math.max(0, width - right)),
    clamped(dy, Math.min(0, -top), Math.max(0, height - bottom)),
  ];
}
