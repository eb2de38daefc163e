// A text by its characters (code points), as labels count them; JavaScript counts UTF-16 units.

const ASTRAL = /[\ud800-\udbff][\udc00-\udfff]/;

export class Characters {
  constructor(text) {
    this.text = text;
    // Most texts have no character of two units: then both counts are one.
    this.units = ASTRAL.test(text) ? unitsOf(text) : null;
    this.length = this.units ? this.units.length - 1 : text.length;
  }

  /** The UTF-16 index at which character `i` begins. */
  unit(i) {
    return this.units ? this.units[i] : i;
  }

  /** The character that begins at, or holds, the UTF-16 index `unit`. */
  at(unit) {
    if (!this.units) return unit;
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.units[middle] <= unit) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  slice(start, end) {
    return this.text.slice(this.unit(start), this.unit(end));
  }

  /** [start, end] without the white space at its ends. */
  trimmed(start, end) {
    const piece = this.slice(start, end);
    const from = this.unit(start) + piece.length - piece.trimStart().length;
    const to = this.unit(end) - (piece.length - piece.trimEnd().length);
    return to > from ? [this.at(from), this.at(to)] : [start, start];
  }

  /** The words, as [start, end] each, in order; where there are none, whatever is no white space. */
  get words() {
    this.found ??= this.#segments((one) => one.isWordLike);
    if (!this.found.length) this.found = this.#segments((one) => one.segment.trim() !== "");
    return this.found;
  }

  /** Which word holds character `i`, or is the next one after it; the last where there is none. */
  wordAt(i) {
    const { words } = this;
    let [low, high] = [0, words.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (words[middle][1] > i) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #segments(wanted) {
    const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });
    const found = [];
    for (const one of segmenter.segment(this.text))
      if (wanted(one)) found.push([this.at(one.index), this.at(one.index + one.segment.length)]);
    return found;
  }
}

function unitsOf(text) {
  const units = [];
  let unit = 0;
  for (const character of text) {
    units.push(unit);
    unit += character.length;
  }
  return Uint32Array.from([...units, unit]);
}
