// Differences over a text: said by sign and words at the passages they are about.

import { changes } from "./_difference.js";
import { SIGNS } from "./_difference_layer.js";

// What stands here no more.
const GONE = "#d62828";

/**
 * What is to be drawn of `found`: {marks: Map(id → {kind, sign}), ghosts}, ghosts as `spansOf` gives them. `own`:
 * the passages on the screen are one's own, and marked; `over`: what stands in the other label alone lies over
 * them; `remarks` [{object}] are numbered at what they are about.
 */
export function spanMarks({ found, own, over, remarks, nameOf }) {
  const marks = new Map();
  const ghosts = [];
  for (const { kind, what, mine, theirs } of changes(found)) {
    if (what !== "span") continue;
    if (mine && own) marks.set(mine.id, { kind, sign: kind === "class" ? `${SIGNS.class} ${nameOf(theirs.class)} →` : SIGNS[kind] });
    if (theirs && over && (kind === "removed" || kind === "moved")) ghosts.push(drawn(theirs, `${SIGNS.removed} ${nameOf(theirs.class)}`, GONE, `${kind} is-ghost`));
  }
  remarks.forEach(({ object }, i) => object && marks.set(object, { kind: "pin", sign: `(${i + 1})` }));
  return { marks, ghosts };
}

/** The passages of a label, marked where they differ: [{id, start, end, name, colour, mark}]; `side` of `found` it is. */
export function spansOf(label, found, side, known) {
  return (label.spans ?? []).map((span) => {
    const kind = found.find((one) => one[side] === span)?.kind ?? "same";
    const { name = span.class, colour } = known.get(span.class) ?? {};
    return kind === "same" ? drawn(span, name, colour, "") : drawn(span, `${SIGNS[kind]} ${name}`, colour, kind);
  });
}

function drawn({ id, start, end }, name, colour, mark) {
  return { id: `theirs ${id}`, start, end, name, colour, mark };
}
