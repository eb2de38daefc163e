// A passage that is being selected word by word: {anchor, head}, the head is the end that moves.

/** [start, end] of a selection. */
export const ordered = ({ anchor, head }) => (anchor <= head ? [anchor, head] : [head, anchor]);

/** The selection up to the word [start, end]; the word it began with stays in it. */
export function extended({ anchor, head }, start, end) {
  if (head >= anchor) return start >= anchor ? { anchor, head: end } : { anchor: head, head: start };
  return end <= anchor ? { anchor, head: start } : { anchor: head, head: end };
}

/** Which word is one `step` (1 or -1) on: from the head when it is `extending`, else past the selection. */
export function wordBeside(characters, range, step, extending) {
  const [low, high] = ordered(range);
  const ahead = extending ? range.head > range.anchor : step > 0;
  const from = characters.wordAt(ahead ? high - 1 : low);
  return Math.max(0, Math.min(characters.words.length - 1, from + step));
}

/** Where a passage ends when its end moves by one word; within a word or between two that word's end is next. */
export function endByWord(characters, { end }, step) {
  const { words } = characters;
  const at = characters.wordAt(end - 1);
  const [from, to] = words[at];
  const next = to > end || from >= end ? (step > 0 ? at : at - 1) : at + step;
  return words[Math.max(0, Math.min(words.length - 1, next))][1];
}
