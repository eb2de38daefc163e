// Shapes over a picture: drawn with the pointer or placed by a key, chosen, changed, hidden and locked.

import { Attributes } from "./_attributes.js";
import { Classes } from "./_classes.js";
import { h } from "./_dom.js";
import { keyOf } from "./_keys.js";
import { Light } from "./_light.js";
import { inside } from "./_plane.js";
import { Hand } from "./_shape_hand.js";
import { ShapeLayer } from "./_shape_layer.js";
import { ShapeList } from "./_shape_list.js";
import * as label from "./_shape_label.js";
import { open } from "./_span_label.js";

const LETTERS = { place: "n", next: "j", before: "k", hide: "h", lock: "l" };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
// How near the pointer must come to a handle, in px of the screen.
const REACH = 9;
const FAR = 10;
const PAN = 60;

export class ShapesAnswer {
  /** `kind` says what the shapes are: `_box.js` for one. */
  constructor(kind, { reserved, onChange, onSubmit, onPoint }) {
    this.kind = kind;
    this.onChange = onChange;
    this.classes = new Classes({
      reserved: [...reserved, Attributes.KEY, ...Object.values(LETTERS)],
      onChoose: (key) => this.#classChosen(key),
    });
    this.hint = h("p", { class: "editor-note", role: "status" });
    this.questions = new Attributes({ onChange: () => this.#answered(), onSubmit });
    const acts = {
      choose: (id) => this.#choose(id),
      hide: (id) => this.#toggle(this.hidden, id),
      lock: (id) => this.#toggle(this.locked, id),
      remove: (id) => this.#remove(id),
      hideAll: () => this.#hideAll(),
    };
    this.list = new ShapeList({ acts, onPoint });
    this.light = new Light();
    this.element = h(
      "div",
      { class: "editor-answer is-shapes" },
      this.hint,
      this.classes.element,
      this.questions.element,
      this.list.element,
      this.light.element,
    );
    this.view = null;
    this.#forget();
  }

  set(brief) {
    this.asked = brief.attributes ?? [];
    this.known = new Map(brief.classes.map((entry) => [entry.key, entry]));
    this.classes.set(brief.classes);
    this.questions.set(this.asked);
    this.questions.owned = this.classes.keys;
    this.armed = brief.classes.length === 1 ? brief.classes[0].key : null;
  }

  show({ value, current, earlier }) {
    this.value = value ?? current ?? earlier ?? label.NOTHING;
    // The same work again, after undo for one, keeps what is chosen and hidden.
    if (!this.view) this.#forget();
    else if (!this.#one) this.chosen = null;
    this.gesture = this.drawn = null;
    this.#draw();
  }

  attach(view) {
    this.view = view;
    this.size = [view.img.naturalWidth, view.img.naturalHeight];
    this.layer = new ShapeLayer(view, this.known);
    this.hand = new Hand(view, {
      down: (point, event) => this.#down(point, event),
      move: (point) => this.#move(point),
      drop: (point) => this.#drop(point),
      click: (point) => this.#click(point),
      cancel: () => this.#cancel(),
      hover: (point, event) => this.#hover(point, event),
      miss: () => this.chosen !== null && this.#choose(null),
    });
    this.keyUp = () => this.#settle();
    document.addEventListener("keyup", this.keyUp);
    this.light.apply(view.img);
    this.#draw();
  }

  detach() {
    if (!this.view) return;
    document.removeEventListener("keyup", this.keyUp);
    this.hand.destroy();
    this.view.cover(null);
    this.view.pane.style.cursor = "";
    this.view = this.layer = this.hand = null;
    this.light.apply(null);
  }

  get keys() {
    return this.classes.keys;
  }

  lacking() {
    const one = this.value.objects.find((each) => open(each, this.asked));
    if (!one) return null;
    this.#choose(one.id);
    return `${this.#nameOf(one)}, ${this.kind.about(one)}: answer “${open(one, this.asked).name}”.`;
  }

  unsure() {
    return this.value.objects.length ? null : "Nothing is marked. Enter once more says that there is nothing to mark.";
  }

  press(event) {
    if (this.questions.press(event)) return true;
    const key = this.classes.pressed(event);
    if (key !== null) {
      if (!event.repeat) this.#classChosen(key);
      return true;
    }
    return this.#tab(event) || this.#arrow(event, false) || this.#command(event);
  }

  /** A key press with Ctrl or Cmd that is not undo. */
  pressCtrl(event) {
    return this.#arrow(event, true);
  }

  help() {
    const { name } = this.kind;
    return [
      [["1", "a", "…"], `Draw with that class; change that of the chosen ${name}`],
      [[this.#cap("place")], `Place a ${name} in the middle`],
      [["Tab"], `Choose the next ${name}; ${this.#cap("next")} and ${this.#cap("before")} too`],
      [["←", "→", "↑", "↓"], "Move it by 1 px, with Shift by 10; move the picture where nothing is chosen"],
      [["Ctrl ←", "Ctrl →", "…"], "Make it narrower, wider, lower, higher"],
      [[this.#cap("hide"), this.#cap("lock")], "Hide it, lock it"],
      [["Del"], "Delete it"],
      [["Space"], "Hold and drag to move the picture; or drag with the middle button"],
      [["Esc"], "Choose nothing; then draw no more, so that dragging moves"],
      ...this.questions.help(),
    ];
  }

  #cap(name) {
    const letter = LETTERS[name];
    return this.keys.has(letter) ? `⇧${letter}` : letter;
  }

  #forget() {
    this.chosen = null;
    // Just drawn: the key of a class is meant for the next one.
    this.fresh = false;
    this.hidden = new Set();
    this.locked = new Set();
    this.said = "";
  }

  get #one() {
    return this.chosen === null || !this.value ? undefined : label.objectOf(this.value, this.chosen);
  }

  // Keys.

  #tab(event) {
    if (event.key !== "Tab" || !event.target.matches?.("body, .editor-stage")) return false;
    return this.#step(event.shiftKey ? -1 : 1, false);
  }

  #arrow(event, resize) {
    const way = ARROWS[event.key];
    if (!way || !this.view || event.target.closest?.(".editor-side")) return false;
    const by = way.map((step) => step * (event.shiftKey ? FAR : 1));
    const one = this.#one;
    if (!one) {
      if (!resize) this.view.pan(...way.map((step) => -step * PAN));
      return !resize;
    }
    if (this.#isLocked(one)) return true;
    const changed = this.kind[resize ? "resized" : "moved"](one, by, this.size);
    this.#change(changed, event.repeat);
    return true;
  }

  #command(event) {
    const { key } = event;
    if (key === "/") return this.classes.openSearch();
    if (key === "Escape") return this.#escape();
    if (key === " " && this.hand && event.target.matches?.("body, .editor-stage")) return this.hand.spaced(true) ?? true;
    if (key === "Delete" || key === "Backspace") return this.#one ? (this.#remove(this.chosen), true) : false;
    const letter = keyOf(event, this.keys).toLowerCase();
    if (letter === LETTERS.next || letter === LETTERS.before) return this.#step(letter === LETTERS.next ? 1 : -1, true);
    if (event.repeat) return false;
    if (letter === LETTERS.place) return this.#place();
    if (letter === LETTERS.hide && this.#one) return this.#toggle(this.hidden, this.chosen);
    return letter === LETTERS.lock && this.#one ? this.#toggle(this.locked, this.chosen) : false;
  }

  #step(step, round) {
    const ids = this.value.objects.map(({ id }) => id).filter((id) => !this.hidden.has(id));
    const here = ids.indexOf(this.chosen);
    const next = here < 0 ? (step > 0 ? 0 : ids.length - 1) : here + step;
    const id = ids[round ? (next + ids.length) % ids.length : next];
    // Past the last one Tab goes on to the next part of the page.
    if (id === undefined) return (this.chosen !== null && this.#choose(null), round);
    this.#choose(id);
    return true;
  }

  #escape() {
    if (this.gesture) this.hand.cancel();
    else if (this.chosen !== null) this.#choose(null);
    else if (this.armed !== null) this.#arm(null);
    else return false;
    return true;
  }

  #place() {
    if (!this.view) return false;
    if (this.armed === null) return this.#say("Choose a class first.");
    this.#add(this.kind.placed(this.view.sight, this.size));
    return true;
  }

  // The pointer.

  #down(point, event) {
    const one = this.#one;
    const handle = one && this.#handleAt(point);
    const under = this.#under(point);
    const draws = this.armed !== null && !event.ctrlKey && !event.metaKey;
    if (handle) this.gesture = { handle: handle.name, one };
    else if (draws) this.gesture = { draw: true, under };
    else if (under.length) this.gesture = { one: under.find(({ id }) => id === this.chosen) ?? under[0], under };
    else return false;
    this.gesture.from = inside(point, this.size);
    return true;
  }

  #move(point) {
    const { gesture, kind, size } = this;
    if (!gesture) return;
    const to = inside(point, size);
    if (gesture.draw) {
      const shape = kind.between(gesture.from, to);
      this.#sketch(shape && { id: label.nextId(this.value), class: this.armed, ...shape });
      this.layer.crossAt(to);
    } else if (gesture.handle) this.#sketch(kind.dragged(gesture.one, gesture.handle, point, size));
    else {
      this.chosen = gesture.one.id;
      this.#sketch(kind.moved(gesture.one, [point[0] - gesture.from[0], point[1] - gesture.from[1]], size));
    }
  }

  #drop(point) {
    const { gesture } = this;
    if (!gesture) return;
    this.#move(point);
    const { drawn } = this;
    this.gesture = this.drawn = null;
    if (!drawn) this.#draw();
    else if (gesture.draw) this.#add(drawn);
    else if (gesture.handle) this.#change(drawn);
    else {
      this.fresh = false;
      this.#change(drawn);
    }
  }

  #click() {
    const { under } = this.gesture ?? {};
    this.gesture = this.drawn = null;
    if (!under) return;
    // Where several lie over each other, a second click takes the next one.
    const here = under.findIndex(({ id }) => id === this.chosen);
    this.#choose(under.length ? under[(here + 1) % under.length].id : null);
  }

  #cancel() {
    this.gesture = this.drawn = null;
    this.#draw();
  }

  #hover(point, event) {
    const { pane } = this.view;
    const handle = point && this.#one && this.#handleAt(point);
    const draws = this.armed !== null && !event.ctrlKey && !this.hand.space && !event.buttons;
    this.layer.crossAt(point && draws && !handle ? inside(point, this.size) : null);
    if (handle) pane.style.cursor = handle.cursor;
    else if (this.hand.space || event.buttons) pane.style.cursor = "";
    else if (draws) pane.style.cursor = "crosshair";
    else pane.style.cursor = point && this.#under(point).length ? "move" : "";
  }

  #handleAt([x, y]) {
    const one = this.#one;
    if (this.hidden.has(one.id) || this.locked.has(one.id)) return null;
    const reach = REACH * this.hand.px;
    const near = this.kind.handles(one).map((handle) => [Math.hypot(handle.at[0] - x, handle.at[1] - y), handle]);
    // A corner before the edge beside it, where both are near.
    const found = near.filter(([far]) => far <= reach).sort(([a, p], [b, q]) => Boolean(q.corner) - Boolean(p.corner) || a - b);
    return found[0]?.[1] ?? null;
  }

  // What lies there, the smallest first.
  #under(point) {
    const reach = 3 * this.hand.px;
    const free = ({ id }) => !this.hidden.has(id) && !this.locked.has(id);
    return this.value.objects
      .filter((one) => free(one) && this.kind.holds(one, point, reach))
      .sort((a, b) => this.kind.area(a) - this.kind.area(b));
  }

  // Changing.

  #classChosen(key) {
    const one = this.#one;
    // The keys stay with the picture, also after a click on a class.
    if (this.view && this.classes.element.contains(document.activeElement)) this.view.pane.focus({ preventScroll: true });
    if (!one || this.fresh) return this.#arm(this.armed === key && !one ? null : key);
    if (!this.#isLocked(one)) this.#change(label.reclassed(one, key, this.asked));
  }

  #arm(key) {
    this.armed = key;
    this.chosen = null;
    this.fresh = false;
    if (this.view) {
      this.view.pane.style.cursor = key === null ? "" : "crosshair";
      if (key === null) this.layer.crossAt(null);
    }
    this.#draw();
  }

  #add(shape) {
    const one = { ...shape, id: label.nextId(this.value), class: this.armed };
    this.fresh = true;
    this.#commit(label.add(this.value, one), one.id);
  }

  #change(changed, held = false) {
    const same = changed === label.objectOf(this.value, changed.id);
    this.#commit(same ? this.value : label.replace(this.value, changed), changed.id, held);
  }

  #answered() {
    const one = this.#one;
    if (!one) return;
    this.#change(label.answered(one, this.questions.value));
    // All is answered: the keys are the picture's again.
    const { shown, active } = this.questions;
    if (shown[active]?.whole && shown.every(({ value }) => value !== undefined)) this.view?.pane.focus({ preventScroll: true });
  }

  #remove(id) {
    const one = label.objectOf(this.value, id);
    if (!one || this.#isLocked(one)) return;
    this.#commit(label.remove(this.value, id), id === this.chosen ? null : this.chosen);
  }

  #isLocked({ id }) {
    return this.locked.has(id) && this.#say(`It is locked: ${this.#cap("lock")} unlocks it.`);
  }

  #toggle(set, id) {
    if (!set.delete(id)) set.add(id);
    this.#draw();
    return true;
  }

  #hideAll() {
    const ids = this.value.objects.map(({ id }) => id);
    this.hidden = new Set(ids.every((id) => this.hidden.has(id)) ? [] : ids);
    this.#draw();
  }

  #choose(id) {
    this.chosen = id;
    this.fresh = false;
    this.#draw();
  }

  // While a key is held the changes are one: it is told when the key is let go.
  #commit(value, chosen, held = false) {
    const other = value !== this.value;
    this.value = value;
    this.chosen = chosen;
    if (chosen === null) this.fresh = false;
    this.#draw();
    if (!other) return;
    this.unsettled = held;
    if (!held) this.onChange();
  }

  #settle() {
    if (!this.unsettled) return;
    this.unsettled = false;
    this.onChange();
  }

  // Showing.

  #nameOf(one) {
    return this.known.get(one.class)?.name ?? one.class;
  }

  #stateOf({ id }) {
    const { chosen, hidden, locked } = this;
    return [id === chosen && "is-chosen", hidden.has(id) && "is-away", locked.has(id) && "is-locked"].filter(Boolean).join(" ");
  }

  // What is being drawn or dragged, before it is part of the label.
  #sketch(one) {
    const before = this.drawn;
    this.drawn = one;
    if (before && before.id !== one?.id) this.layer.take(before.id);
    if (!one) return;
    this.layer.put(one, this.gesture.draw ? "is-chosen is-drawn" : "is-chosen");
    this.#grasp(this.gesture.draw ? null : one);
  }

  #grasp(one) {
    const shown = one && !this.hidden.has(one.id) && !this.locked.has(one.id);
    this.layer.grasp(shown ? this.kind.handles(one) : []);
  }

  #draw() {
    const one = this.#one;
    const { objects } = this.value;
    this.classes.choose((this.fresh ? this.armed : one?.class) ?? this.armed);
    this.questions.show(one?.attributes ?? {}, new Set(one ? [one.class] : []));
    this.questions.element.hidden ||= !one;
    this.list.set(objects.map((each) => this.#row(each)), this.#title(objects.length));
    if (this.layer) {
      this.layer.draw(objects, (each) => this.#stateOf(each));
      this.#grasp(one);
    }
    this.#tell(this.said || this.#words(one));
    this.said = "";
  }

  #row(one) {
    const { id } = one;
    const about = [this.kind.about(one), open(one, this.asked) && "a question is open"].filter(Boolean).join(" · ");
    const colour = this.known.get(one.class)?.colour;
    return { id, name: this.#nameOf(one), colour, about, chosen: id === this.chosen, hidden: this.hidden.has(id), locked: this.locked.has(id) };
  }

  #title(n) {
    return n ? `${n} ${n === 1 ? "object" : "objects"}` : "No object yet";
  }

  #say(words) {
    this.said = words;
    this.#draw();
    return true;
  }

  #tell(words) {
    if (this.hint.textContent !== words) this.hint.textContent = words;
  }

  #words(one) {
    const { kind } = this;
    if (one && this.locked.has(one.id)) return `${this.#nameOf(one)}: locked. ${this.#cap("lock")} unlocks it.`;
    const next = this.fresh ? `Draw the next ${this.#classWords()}, or press the key of another class.` : "A class changes it.";
    if (one) return `${this.#nameOf(one)}, ${kind.about(one)}. ${next} Arrows move it, with Ctrl they resize it, Del deletes it.`;
    if (this.armed === null) return `Press the key of a class, then ${kind.hint}. Without a class: click or drag what is there.`;
    return `${this.#classWords()}: ${kind.hint}; ${this.#cap("place")} places one by key. Esc ends drawing.`;
  }

  #classWords() {
    return this.known.get(this.armed)?.name ?? "one";
  }
}

