// One class of the whole asset, and the questions that are asked of it.

import { ClassesAsked } from "./_classes_asked.js";
import { proposed } from "./_drafted.js";

export class ClassAnswer {
  constructor({ reserved, onChange, onSubmit }) {
    this.onChange = onChange;
    this.asked = new ClassesAsked({
      reserved,
      onSubmit,
      onChoose: (key) => this.choose(key),
      onAsked: () => this.#asked(),
    });
    ({ classes: this.classes, questions: this.questions, element: this.element } = this.asked);
    this.work = {};
  }

  set(brief) {
    this.asked.set(brief);
    this.atOnce = !brief.attributes?.length;
  }

  show(work) {
    this.work = work;
    const { value, current, earlier } = work;
    this.answered = value?.attributes !== undefined;
    this.classes.choose(value?.class ?? null);
    this.classes.mark(badges(work));
    this.#ask((value ?? current ?? earlier)?.attributes ?? {});
  }

  get value() {
    const chosen = this.classes.value ?? (this.answered ? this.work.current?.class : null) ?? null;
    const known = [this.work.current, this.work.earlier].find((label) => label && label.class === chosen);
    // The same class again: the label as it is, with whatever it says beside the class.
    if (chosen && known && !this.answered) return known;
    const said = this.questions.value;
    const attributes = Object.keys(said).length && { attributes: said };
    if (chosen === null) return this.answered && attributes ? attributes : null;
    return { class: chosen, ...attributes };
  }

  lacking() {
    if (!this.value && this.work.current) return null;
    if (!this.value?.class) return "Choose a class first.";
    return this.questions.lacking();
  }

  choose(key) {
    this.classes.choose(key);
    this.#ask(this.questions.kept);
    this.onChange();
  }

  drop() {
    if (this.classes.value === null && !this.answered) return;
    this.answered = false;
    this.choose(null);
  }

  press(event) {
    return this.asked.press(event);
  }

  get keys() {
    return this.asked.keys;
  }

  help() {
    return this.asked.help("Choose the class with that key", "classes");
  }

  #ask(values) {
    const of = this.classes.value ?? this.work.current?.class;
    this.questions.show(values, of ? new Set([of]) : new Set());
  }

  #asked() {
    this.answered = true;
    this.onChange();
  }
}

function badges({ current, earlier, counts, proposal }) {
  const texts = {};
  if (proposal) texts[proposal.label.class] = proposed(proposal.confidence);
  for (const { label, count } of counts ?? []) texts[label.class] = `${count} ×`;
  if (earlier) texts[earlier.class] = "your answer";
  const now = current?.class;
  if (now) texts[now] = texts[now] ? `current, ${texts[now]}` : "current";
  return texts;
}
