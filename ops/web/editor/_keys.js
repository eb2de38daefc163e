// Which key chooses which class.

const SPARE = [..."1234567890abcdefghijklmnopqrstuvwxyz"];

/**
 * Keys of classes: the ontology's own first, then whatever is free, in the order of the keyboard's
 * digits and letters. `reserved` holds keys that the surrounding page uses; only an ontology that
 * names one takes it. Classes beyond the last free key have none and are found by search.
 * Returns Map(key → class key).
 */
export function assignKeys(classes, reserved = []) {
  const keys = new Map();
  const without = [];
  for (const entry of classes) {
    const own = (entry.hotkey ?? "").toLowerCase();
    if (own.length === 1 && !keys.has(own)) keys.set(own, entry.key);
    else without.push(entry);
  }
  const spare = SPARE.filter((key) => !keys.has(key) && !reserved.includes(key));
  for (const entry of without) if (spare.length) keys.set(spare.shift(), entry.key);
  return keys;
}

/**
 * The key of an event as its cap shows it: on layouts whose digits need Shift the digit, on those
 * without Latin letters the letter that lies there on a Latin one. Shift gives a capital.
 */
export function keyOf(event, keys) {
  const { shiftKey, code = "" } = event;
  const key = event.key.length === 1 && !shiftKey ? event.key.toLowerCase() : event.key;
  if (keys?.has(key)) return key;
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  if (letter && key.length === 1 && key > "\x7f") return shiftKey ? letter : letter.toLowerCase();
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(code)?.[1];
  return !shiftKey && keys?.has(digit) ? digit : key;
}

/** Whether the event goes into a field in which keys are text. */
export function isTyping(event) {
  return Boolean(
    event.target?.closest?.("input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, [contenteditable=true]"),
  );
}
