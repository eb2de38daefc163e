// What differs, in words: counts, and one difference after the other.

import { changes } from "./_difference.js";

const WORDS = { added: "added", removed: "removed", moved: "moved", class: "class changed", attributes: "answered otherwise" };
const CHOICES = { class: "class changed", rating: "rating changed", preference: "preference changed" };

/** {added, removed, moved, class, attributes}: how many of each; of a text, how many characters. */
export function counts(found) {
  const sums = { added: 0, removed: 0, moved: 0, class: 0, attributes: 0 };
  for (const { kind, what, mine, theirs } of changes(found))
    sums[kind] += what === "text" ? Array.from(mine ?? theirs).length : 1;
  return sums;
}

/** "2 added, 1 class changed", or "no difference"; `type` is the label type. */
export function countWords(found, type) {
  const sums = counts(found);
  const what = found.some((one) => one.what === "text") ? " characters" : "";
  const word = (kind) => (kind === "class" ? (CHOICES[type] ?? WORDS.class) : WORDS[kind]);
  const told = Object.entries(sums).filter(([, n]) => n).map(([kind, n]) => `${n.toLocaleString("en")}${kind === "added" || kind === "removed" ? what : ""} ${word(kind)}`);
  return told.join(", ") || "no difference";
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
