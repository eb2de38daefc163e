// Labels compared by what they say.

/** A text that is the same for the same label, whatever the order of its fields. */
export function wordsOf(value) {
  if (Array.isArray(value)) return `[${value.map(wordsOf).join()}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const fields = Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${wordsOf(value[name])}`);
  return `{${fields.join()}}`;
}

/** Whether two labels, or null, are the same. */
export const same = (a, b) => a === b || wordsOf(a ?? null) === wordsOf(b ?? null);
