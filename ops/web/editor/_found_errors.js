// Which errors a reviewer's own edits tell of: what was changed must have been wrong.

import { changes } from "./_difference.js";
import { likeness } from "./_likeness.js";

const TYPES = { class: "wrong_class", added: "missing", removed: "extra", moved: "low_overlap", attributes: "attribute" };
// As the server judges two of one thing.
const TWICE = 0.5;

/** [{type, object?}] of the differences between the reviewer's label and the one reviewed; each said once. */
export function suggested(found) {
  const kept = found.flatMap(({ mine, kind }) => (mine && kind !== "added" ? [mine] : []));
  const errors = changes(found).map((one) => {
    const type = one.what === "text" ? "text" : isTwice(one, kept) ? "duplicate" : TYPES[one.kind];
    const object = one.what === "object" || one.what === "span" ? (one.theirs ?? one.mine).id : undefined;
    return { type: one.what === "reason" ? "attribute" : type, ...(object !== undefined && { object }) };
  });
  const seen = new Set();
  return errors.filter((one) => {
    const key = `${one.type} ${one.object ?? ""}`;
    // Two relations, or two places of a text, are one remark; two objects are two.
    return !seen.has(key) && seen.add(key);
  });
}

// Something was taken away that is still marked, by another one of its class.
function isTwice({ kind, what, theirs }, kept) {
  if (kind !== "removed" || (what !== "object" && what !== "span")) return false;
  return kept.some((one) => one.class === theirs.class && likeness(one, theirs) >= TWICE);
}
