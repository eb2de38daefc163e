// Passages of a text and how they are related: chosen with the mouse or by words, classed by a key.

import { Attributes } from "./_attributes.js";
import { Characters } from "./_characters.js";
import { Classes } from "./_classes.js";
import { h } from "./_dom.js";
import { draftAfter, draftsOf, isDraft, proposed, sureness, takenOver } from "./_drafted.js";
import { keyOf } from "./_keys.js";
import { DRAFT_KEYS } from "./_model_draft.js";
import { hintOf, keysOf } from "./_span_hint.js";
import { SpanList } from "./_span_list.js";
import { SpanText } from "./_span_text.js";
import * as label from "./_span_label.js";
import * as range from "./_span_range.js";

const LETTERS = { next: "j", before: "k", link: "l" };

export class SpansAnswer {
  constructor({ reserved, onChange, onSubmit }) {
    this.onChange = onChange;
    this.classes = new Classes({
      reserved: [...reserved, Attributes.KEY, ...Object.values(LETTERS), ...Object.values(DRAFT_KEYS)],
      onChoose: (key) => this.#classChosen(key),
      steady: true,
    });
    this.hint = h("p", { class: "editor-note", role: "status" });
    this.list = new SpanList({
      onChoose: (item) => this.#choose(item),
      onRemove: (item) => this.#remove(item),
      onAccept: (item) => this.accept(item),
    });
    this.questions = new Attributes({ onChange: () => this.#answered(), onSubmit });
    this.element = h(
      "div",
      { class: "editor-answer is-spans" },
      this.hint,
      this.classes.element,
      this.questions.element,
      this.list.element,
    );
    this.characters = new Characters("");
    this.text = null;
    this.marks = new Map();
    this.ghosts = [];
  }

  set(brief) {
    this.brief = brief;
    this.known = new Map(brief.classes.map((entry) => [entry.key, entry]));
    this.classes.set(brief.classes);
    this.questions.set(brief.attributes ?? []);
    this.questions.owned = this.classes.keys;
    this.armed = null;
  }

  show({ value, current, earlier, proposal, text }) {
    this.value = value ?? current ?? earlier ?? proposal?.label ?? label.NOTHING;
    // What was thrown away leaves its id behind: whatever is new has one of its own.
    this.proposed = (proposal?.label ?? current ?? earlier)?.spans ?? [];
    if (this.characters.text !== (text ?? "")) this.characters = new Characters(text ?? "");
    this.chosen = (!this.text && draftsOf(this.value)[0]) || null;
    if (!this.text) [this.marks, this.ghosts] = [new Map(), []];
    this.range = null;
    this.link = null;
    this.caret = null;
    this.#draw();
  }

  attach(view) {
    // The words are found while nobody waits for them.
    (window.requestIdleCallback ?? setTimeout)(() => this.characters.words);
    this.text = new SpanText(view, this.characters, {
      onRange: (start, end) => this.#selected(start, end),
      onClick: (i, ids) => this.#clicked(i, ids),
    });
    this.#draw();
  }

  detach() {
    this.text?.destroy();
    this.text = null;
  }

  /** What stands out is this passage, or none. */
  select(id) {
    this.#choose(id === null ? null : (label.spanOf(this.value, id) ?? null));
  }

  /** Bring the character at `start` into sight. */
  reveal(start) {
    this.text?.reveal(start);
  }

  /** {id, name} of the chosen passage, or null. */
  get chosenObject() {
    const { chosen } = this;
    const name = chosen && `${this.known.get(chosen.class)?.name ?? chosen.class} ${this.#words(chosen)}`;
    return chosen && "start" in chosen ? { id: chosen.id, name } : null;
  }

  /** Signs at passages, Map(id → {kind, sign}), and passages of another label to show as well. */
  compare({ marks, ghosts }) {
    this.marks = marks;
    this.ghosts = ghosts;
    this.#drawText();
  }

  /** The passage that is selected, or that of the chosen span. */
  get selected() {
    const [start, end] = this.range ? range.ordered(this.range) : [this.chosen?.start, this.chosen?.end];
    return end > start ? { passage: { start, end } } : null;
  }

  get keys() {
    return this.classes.keys;
  }

  lacking() {
    const asked = this.brief.attributes ?? [];
    const span = this.value.spans.find((one) => !isDraft(one) && label.open(one, asked));
    if (!span) return null;
    this.#choose(span);
    return `${this.#words(span)}: answer “${label.open(span, asked).name}”.`;
  }

  unsure() {
    return this.value.spans.length ? null : "Nothing is marked. Enter once more says that there is nothing to mark.";
  }

  press(event) {
    if (this.questions.press(event)) return true;
    const key = this.classes.pressed(event);
    if (key !== null) {
      if (!event.repeat) this.#classChosen(key);
      return true;
    }
    return this.#arrows(event) || this.#boundary(event) || this.#command(event);
  }

  help() {
    return [...keysOf((name) => this.#cap(name)), ...this.questions.help()];
  }

  #cap(name) {
    const letter = LETTERS[name];
    return this.keys.has(letter) ? `⇧${letter}` : letter;
  }

  #command(event) {
    const { key } = event;
    if (key === "/") return this.classes.openSearch();
    if (key === "Escape") return this.#escape();
    if (key === "Delete" || key === "Backspace") return this.#delete();
    const letter = keyOf(event, this.keys).toLowerCase();
    if (letter === LETTERS.next) return this.#step(1);
    if (letter === LETTERS.before) return this.#step(-1);
    return letter === LETTERS.link && this.#linkFrom();
  }

  // Selecting.

  #selected(start, end) {
    this.range = { anchor: start, head: end };
    this.chosen = this.link = null;
    if (this.armed) return this.#add(this.armed);
    this.#draw();
  }

  #clicked(i, every) {
    const ids = every.filter((id) => label.spanOf(this.value, id));
    const of = (id) => this.value.spans.find((one) => one.id === id);
    if (this.link && ids.length) return this.#linkTo(of(ids.find((id) => id !== this.link.from.id) ?? ids[0]));
    // Where several lie over each other, a second click takes the next one.
    const next = ids[(ids.indexOf(this.chosen?.id) + 1) % ids.length];
    this.range = null;
    if (!next && i !== null) this.caret = i;
    this.#choose(next ? of(next) : null);
  }

  #arrows(event) {
    const { key, shiftKey } = event;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[key];
    if (!step || !this.text || !this.characters.words.length) return false;
    const byLine = key === "ArrowDown" || key === "ArrowUp";
    // The list of classes has arrows of its own.
    if (event.target.closest?.(".editor-side")) return false;
    if (shiftKey && this.chosen?.class && "start" in this.chosen && !byLine) return this.#stretch(step);
    const to = byLine ? this.#lineFrom(step) : this.#wordFrom(step, shiftKey);
    if (to === null) return true;
    const [start, end] = this.characters.words[to];
    this.range = shiftKey && this.range ? range.extended(this.range, start, end) : { anchor: start, head: end };
    this.chosen = this.link = null;
    this.#draw();
    this.text.reveal(start);
    return true;
  }

  #wordFrom(step, extending) {
    if (this.range) return range.wordBeside(this.characters, this.range, step, extending);
    const from = this.chosen && "end" in this.chosen ? this.chosen.end : (this.caret ?? this.text.first);
    this.caret = null;
    return this.characters.wordAt(from);
  }

  #lineFrom(lines) {
    if (!this.range) return this.characters.wordAt(this.text.first);
    const [start, end] = range.ordered(this.range);
    const found = this.text.beside(lines > 0 ? end - 1 : start, lines);
    return found === null ? null : this.characters.wordAt(found);
  }

  // Making and changing.

  #classChosen(key) {
    if (this.link?.to) return this.#relate(key);
    if (this.range) return this.#add(key);
    if (this.chosen) return this.#change(this.chosen, { ...this.chosen, class: key });
    this.armed = this.armed === key ? null : key;
    this.#draw();
  }

  #add(key) {
    const [start, end] = range.ordered(this.range);
    const { value, span } = label.add(this.value, { class: key, start, end }, this.proposed);
    this.range = null;
    this.#changed(value, span);
  }

  #change(one, changed) {
    const own = takenOver(changed);
    this.#changed(label.replace(this.value, one, own), own);
  }

  /** A draft is right as it is; then the next one is chosen. Whether it was a draft. */
  accept(one = this.chosen) {
    if (!one || !isDraft(one)) return false;
    const own = takenOver(one);
    this.#changed(label.replace(this.value, one, own), draftAfter(this.value, one.id) ?? own);
    if (this.chosen !== own) this.text?.reveal(this.chosen.start);
    return true;
  }

  #boundary(event) {
    const step = { Comma: -1, Period: 1 }[event.code] ?? { ",": -1, ".": 1 }[event.key];
    if (!step) return false;
    const span = this.range ? { start: range.ordered(this.range)[0], end: range.ordered(this.range)[1] } : this.chosen;
    if (!span || !("start" in span)) return false;
    const moved = label.moved(span, event.shiftKey ? "start" : "end", step, this.characters.length);
    if (moved === span) return true;
    if (!this.range) this.#change(this.chosen, moved);
    else {
      this.range = { anchor: moved.start, head: moved.end };
      this.#draw();
    }
    return true;
  }

  #stretch(step) {
    const end = range.endByWord(this.characters, this.chosen, step);
    if (end > this.chosen.start && end !== this.chosen.end) this.#change(this.chosen, { ...this.chosen, end });
    return true;
  }

  #delete() {
    if (this.range) {
      this.range = null;
      this.#draw();
      return true;
    }
    if (!this.chosen) return false;
    this.#remove(this.chosen);
    return true;
  }

  #remove(one) {
    const items = label.items(this.value);
    const at = items.indexOf(one);
    const value = label.remove(this.value, one);
    const left = label.items(value);
    this.#changed(value, this.chosen === one ? (left[Math.min(at, left.length - 1)] ?? null) : this.chosen);
  }

  #linkFrom() {
    if (!this.chosen || !("start" in this.chosen)) return false;
    this.link = { from: this.chosen, to: null };
    this.range = null;
    this.#draw();
    return true;
  }

  #linkTo(span) {
    if (span.id === this.link.from.id) return;
    this.link = { ...this.link, to: span };
    this.#draw();
    this.text?.reveal(span.start);
  }

  #relate(key) {
    const { from, to } = this.link;
    const { value, relation } = label.relate(this.value, { from: from.id, to: to.id, class: key });
    this.#changed(value, relation);
  }

  #answered() {
    if (!this.chosen || !("start" in this.chosen)) return;
    const { attributes: _, ...rest } = this.chosen;
    const attributes = this.questions.value;
    this.#change(this.chosen, { ...rest, ...(Object.keys(attributes).length && { attributes }) });
  }

  #escape() {
    if (!this.link && !this.range && !this.chosen && !this.armed) return false;
    if (this.link) this.link = null;
    else if (this.range) this.range = null;
    else if (this.chosen) this.chosen = null;
    else this.armed = null;
    this.#draw();
    return true;
  }

  #step(step) {
    const items = this.link ? label.byPlace(this.value.spans).filter(({ id }) => id !== this.link.from.id) : label.items(this.value);
    if (!items.length) return true;
    const here = items.indexOf(this.link ? this.link.to : this.chosen);
    const next = here < 0 ? (step > 0 ? 0 : items.length - 1) : (here + step + items.length) % items.length;
    if (this.link) this.#linkTo(items[next]);
    else this.#choose(items[next]);
    return true;
  }

  #choose(item) {
    this.chosen = item;
    this.range = null;
    if (this.link && item && "start" in item && item.id !== this.link.from.id) return this.#linkTo(item);
    this.link = null;
    this.#draw();
    if (item && this.text) this.text.reveal(item.start ?? label.spanOf(this.value, item.from).start);
  }

  #changed(value, chosen) {
    const other = value !== this.value;
    this.value = value;
    this.chosen = chosen;
    this.link = null;
    this.#draw();
    if (other) this.onChange();
  }

  // Showing.

  #words({ start, end }) {
    const words = this.characters.slice(start, end);
    return `“${words.length > 60 ? `${words.slice(0, 60)}…` : words}”`;
  }

  #drawText() {
    const { chosen, link, value } = this;
    const ends = chosen && "from" in chosen ? [chosen.from, chosen.to] : [chosen?.id, link?.from.id, link?.to?.id];
    const drawn = value.spans.map((one) => {
      const { id, start, end, class: key } = one;
      const mark = this.marks.get(id);
      const { name: className = key, colour } = this.known.get(key) ?? {};
      const name = `${mark?.sign ?? ""} ${className} ${sureness(one.score)}`.trim();
      return { id, start, end, name, colour, draft: isDraft(one), mark: mark?.kind };
    });
    this.text?.draw([...this.ghosts, ...drawn], new Set(ends.filter((id) => id !== undefined)), this.range && range.ordered(this.range));
  }

  #draw() {
    const { chosen, link, value } = this;
    const nameOf = (key) => this.known.get(key)?.name ?? key;
    const colourOf = (key) => this.known.get(key)?.colour;
    this.#drawText();
    this.classes.choose(chosen?.class ?? this.armed ?? null);
    if (chosen && "start" in chosen) this.questions.show(chosen.attributes, new Set([chosen.class]));
    else this.questions.clear();
    const words = (span) => this.#words(span);
    this.list.set(label.items(value), chosen, { nameOf, colourOf, words, value, asked: this.brief.attributes ?? [] });
    const capOf = this.keys.has(DRAFT_KEYS.one) ? `⇧${DRAFT_KEYS.one}` : DRAFT_KEYS.one;
    const drafted = chosen && isDraft(chosen) && !link && !this.range;
    const hint = drafted
      ? `${nameOf(chosen.class)} ${words(chosen)}, ${proposed(chosen.score)}: ${capOf} accepts it, Del throws it away. A class changes it.`
      : hintOf(this, { nameOf, words, cap: (name) => this.#cap(name) });
    if (this.hint.textContent !== hint) this.hint.textContent = hint;
  }
}
