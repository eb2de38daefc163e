// Labels of a type without an editor: the one in force, the answers given, one's own; one is chosen.

import { Classes } from "./_classes.js";
import { h } from "./_dom.js";
import { drawn } from "./_drawn.js";
import { marked } from "./_marked.js";
import { Objects } from "./_objects.js";
import { lines } from "./_said.js";
import { same } from "./_same.js";

// Not to be taken for the colour of a class.
const NEUTRAL = "#8a94a3";

export class WholeAnswer {
  constructor({ reserved, onChange, onPoint }) {
    this.onChange = onChange;
    this.choice = new Classes({ reserved, onChoose: (key) => this.choose(key) });
    this.objects = new Objects({ onPoint });
    this.element = h("div", { class: "editor-answer is-whole" }, this.choice.element, this.objects.element);
    this.view = null;
  }

  set(brief) {
    this.brief = brief;
  }

  show(work) {
    this.work = work;
    this.candidates = new Map((work.candidates ?? []).map((one, i) => [`label-${i + 1}`, one]));
    this.choice.set(
      [...this.candidates].map(([key, { name }]) => ({ key, name, colour: NEUTRAL, hotkey: "", description: "" })),
    );
    this.choice.mark(Object.fromEntries([...this.candidates].map(([key, { badge }]) => [key, badge])));
    this.choice.choose(this.#keyOf(work.value));
    this.#look();
  }

  get value() {
    return this.candidates?.get(this.choice.value)?.label ?? null;
  }

  lacking() {
    if (this.value || this.work.current) return null;
    return this.candidates.size ? "Choose a label first." : this.work.note;
  }

  choose(key) {
    this.choice.choose(key);
    this.#look();
    this.onChange();
  }

  drop() {
    if (this.choice.value !== null) this.choose(null);
  }

  press(event) {
    const chosen = this.choice.pressed(event);
    if (chosen === null) return false;
    if (!event.repeat) this.choose(chosen);
    return true;
  }

  get keys() {
    return this.choice.keys;
  }

  attach(view) {
    this.view = view;
    this.#look();
  }

  detach() {
    this.view = null;
  }

  #keyOf(label) {
    return label ? ([...this.candidates].find(([, one]) => same(one.label, label))?.[0] ?? null) : null;
  }

  // The label that is chosen, or that in force: over the picture or in the text, and as a list.
  #look() {
    const { brief, work, view } = this;
    const key = this.choice.value ?? this.#keyOf(work.current) ?? [...this.candidates.keys()][0];
    const { label = null, name = "" } = this.candidates.get(key) ?? {};
    this.objects.set(lines(label, brief, work.text), name, work.note);
    if (!view) return;
    if (work.medium === "text") return view.mark(marked(work.text ?? "", label?.spans ?? [], brief.classes));
    const { img } = view;
    if (img) view.cover(drawn(label, brief.classes, img.naturalWidth, img.naturalHeight));
  }
}
