// What can be done next with passages, in words, and the list of their keys.

import { ordered } from "./_span_range.js";

const REST =
  "Select a passage with the mouse, or go by words with ← → and hold Shift to take more; then press the key of a class.";

/** One line for the state of the answer. `words` and `nameOf` give the words of a passage and a class, `cap` keys. */
export function hintOf({ chosen, link, range, armed }, { nameOf, words, cap }) {
  const key = (name) => cap(name).toUpperCase();
  if (link?.to) return `${words(link.from)} → ${words(link.to)}: press the key of a class.`;
  if (link) return `Relate ${words(link.from)} to: choose the other passage, by click or with ${key("next")}.`;
  if (range) {
    const [start, end] = ordered(range);
    return `${words({ start, end })}: press the key of a class.`;
  }
  if (chosen && "start" in chosen)
    return `${nameOf(chosen.class)} ${words(chosen)}: a class changes it, ${key("link")} relates it, Del deletes it.`;
  if (chosen) return `${nameOf(chosen.class)}, a relation: a class changes it, Del deletes it.`;
  return armed ? `Every passage you select with the mouse becomes ${nameOf(armed)}. Esc ends that.` : REST;
}

/** Rows of [[caps], words]. */
export const keysOf = (cap) => [
  [["←", "→"], "Go to the word before, after"],
  [["⇧ ←", "⇧ →"], "Take one word less, more; of the chosen passage too"],
  [["1", "a", "…"], "Give what is selected that class; change that of the chosen passage; or use it for what comes next"],
  [[",", "."], "Move the end by a character; with Shift the beginning"],
  [[cap("next"), cap("before")], "Choose the passage or relation after, before"],
  [[cap("link")], "Relate the chosen passage to another: choose it, then press the key of a class"],
  [["Del"], "Delete what is chosen"],
];
