// Any number of classes of the whole asset, and the questions that are asked of them.

import { ClassesAsked } from "./_classes_asked.js";
import { proposed } from "./_drafted.js";

export class TagsAnswer {
  constructor({ reserved, onChange, onSubmit }) {
    this.onChange = onChange;
    this.asked = new ClassesAsked({
      reserved,
      onSubmit,
      label: "Tags",
      steady: true,
      onChoose: (key) => this.toggle(key),
      onAsked: onChange,
    });
    ({ classes: this.classes, questions: this.questions, element: this.element } = this.asked);
    this.tags = [];
  }

  set(brief) {
    this.asked.set(brief);
  }

  show({ value, current, earlier, counts, proposal }) {
    const label = value ?? current ?? earlier;
    this.#choose(label?.tags ?? [], label?.attributes ?? {});
    const drafted = (proposal?.label.tags ?? []).map((key) => [key, proposed(proposal.confidence)]);
    this.classes.mark({ ...Object.fromEntries(drafted), ...timesOf(counts ?? []) });
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
    return this.asked.press(event);
  }

  get keys() {
    return this.asked.keys;
  }

  help() {
    return this.asked.help("Choose the tag with that key, or take it back", "tags");
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
