// What differs, in words: counts, and one difference after the other.

import { changes } from "./_difference.js";

const WORDS = { added: "added", removed: "removed", moved: "moved", class: "class changed", attributes: "answered otherwise" };
const CHANGED = { rating: "rating changed", preference: "preference changed" };
// Of these label types not everything can differ.
const KINDS = {
  class: ["class", "attributes"], tags: ["added", "removed", "attributes"], attributes: ["attributes"],
  transcription: ["added", "removed", "attributes"], rating: ["class"], preference: ["class", "added", "removed"],
};

/** {added, removed, moved, class, attributes}: how many of each; of a text, how many characters. */
export function counts(found) {
  const sums = { added: 0, removed: 0, moved: 0, class: 0, attributes: 0 };
  for (const { kind, what, mine, theirs } of changes(found))
    sums[kind] += what === "text" ? Array.from(mine ?? theirs).length : 1;
  return sums;
}

/** What can differ in a label of `type`, in the order of a legend: [{kind, n, words}], words as "2 added". */
export function legend(found, type) {
  const sums = counts(found);
  const unit = type === "transcription" ? " characters" : "";
  const words = { ...WORDS, class: CHANGED[type] ?? WORDS.class };
  return Object.entries(sums)
    .filter(([kind, n]) => n || !KINDS[type] || KINDS[type].includes(kind))
    .map(([kind, n]) => ({ kind, n, words: `${n.toLocaleString("en")}${kind === "added" || kind === "removed" ? unit : ""} ${words[kind]}` }));
}

/** One difference: "Dog, was Cat", "Cat removed"; `nameOf(key)` names classes, `about` an attribute. */
export function differenceWords({ kind, what, mine, theirs, key }, nameOf, about = (name) => name) {
  if (what === "text") return kind === "added" ? `added “${shortened(mine)}”` : `removed “${shortened(theirs)}”`;
  if (what === "attribute") return `${about(key)}: ${said(mine)}, was ${said(theirs)}`;
  const name = (one) => nameOf(one?.class ?? one);
  if (kind === "class") return `${name(mine)}, was ${name(theirs)}`;
  const kindOf = what === "relation" ? " (relation)" : "";
  return `${name(mine ?? theirs)}${kindOf} ${WORDS[kind]}`;
}

const shortened = (text) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

function said(value) {
  if (value === null || value === undefined) return "no answer";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) ? value.join(", ") || "none" : String(value);
}
