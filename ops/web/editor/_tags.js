// Any number of classes of the whole asset, and the questions that are asked of them.

import { Attributes } from "./_attributes.js";
import { Classes } from "./_classes.js";
import { h } from "./_dom.js";

export class TagsAnswer {
  constructor({ reserved, onChange, onSubmit }) {
    this.onChange = onChange;
    this.classes = new Classes({
      reserved: [...reserved, Attributes.KEY],
      label: "Tags",
      steady: true,
      onChoose: (key) => this.toggle(key),
    });
    this.questions = new Attributes({ onChange, onSubmit });
    this.element = h("div", { class: "editor-answer" }, this.classes.element, this.questions.element);
    this.tags = [];
  }

  set({ classes, attributes = [] }) {
    this.classes.set(classes);
    this.questions.set(attributes);
    this.questions.owned = this.classes.keys;
  }

  show({ value, current, earlier, counts }) {
    const label = value ?? current ?? earlier;
    this.#choose(label?.tags ?? [], label?.attributes ?? {});
    this.classes.mark(timesOf(counts ?? []));
  }

  /** {"tags": [key, …]}, sorted as they are stored, and the answers to questions. */
  get value() {
    const attributes = this.questions.value;
    return { tags: this.tags, ...(Object.keys(attributes).length && { attributes }) };
  }

  lacking() {
    return this.questions.lacking();
  }

  unsure() {
    return this.tags.length ? null : "No tag is chosen. Enter once more says that none applies.";
  }

  toggle(key) {
    const had = this.tags.includes(key);
    const tags = had ? this.tags.filter((one) => one !== key) : [...this.tags, key];
    this.#choose(tags, this.questions.kept);
    this.onChange();
  }

  press(event) {
    if (this.questions.press(event)) return true;
    const chosen = this.classes.pressed(event);
    if (chosen !== null) {
      if (!event.repeat) this.toggle(chosen);
      return true;
    }
    return event.key === "/" && this.classes.openSearch();
  }

  get keys() {
    return this.classes.keys;
  }

  help() {
    return [
      [["1", "a", "…"], "Choose the tag with that key, or take it back"],
      [["/"], "Search the tags, where they are many"],
      ...this.questions.help(),
    ];
  }

  #choose(tags, attributes) {
    // By code point, as the server sorts.
    this.tags = [...tags].sort(byCodePoint);
    this.classes.press(this.tags);
    this.questions.show(attributes, new Set(this.tags));
  }
}

function byCodePoint(a, b) {
  const [one, other] = [Array.from(a), Array.from(b)];
  for (let i = 0; i < Math.min(one.length, other.length); i++)
    if (one[i] !== other[i]) return one[i].codePointAt(0) - other[i].codePointAt(0);
  return one.length - other.length;
}

function timesOf(counts) {
  const times = {};
  for (const { label, count } of counts)
    for (const key of label.tags ?? []) times[key] = (times[key] ?? 0) + count;
  return Object.fromEntries(Object.entries(times).map(([key, n]) => [key, `${n} ×`]));
}
