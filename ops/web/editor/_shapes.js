// Shapes over a picture: drawn with the pointer or placed by a key, chosen, changed, hidden and locked.

import { Attributes } from "./_attributes.js";
import { Classes } from "./_classes.js";
import { h } from "./_dom.js";
import { draftAfter, draftsOf, isDraft, takenOver } from "./_drafted.js";
import { Light } from "./_light.js";
import { Gestures } from "./_shape_gestures.js";
import { Hand } from "./_shape_hand.js";
import { ShapeLayer } from "./_shape_layer.js";
import { ShapeList } from "./_shape_list.js";
import { LETTERS, pressed } from "./_shape_keys.js";
import { DRAFT_KEYS } from "./_model_draft.js";
import { helpOf, hintOf, rowOf, titleOf } from "./_shape_words.js";
import * as label from "./_shape_label.js";
import { open } from "./_span_label.js";

export class ShapesAnswer {
  /** `kind` says what the shapes are: `_box.js`, `_outline.js`, `_figure.js`. */
  constructor(kind, { reserved, onChange, onBegun, onSubmit, onPoint }) {
    this.kind = kind;
    this.onChange = onChange;
    this.onBegun = onBegun;
    this.classes = new Classes({
      reserved: [...reserved, Attributes.KEY, ...Object.values(LETTERS), ...Object.values(DRAFT_KEYS)],
      onChoose: (key) => this.classChosen(key),
    });
    this.hint = h("p", { class: "editor-note", role: "status" });
    this.questions = new Attributes({ onChange: () => this.#answered(), onSubmit });
    const acts = {
      choose: (id) => this.choose(id),
      hide: (id) => this.toggle(this.hidden, id),
      lock: (id) => this.toggle(this.locked, id),
      remove: (id) => this.remove(id),
      accept: (id) => this.accept(id),
      hideAll: () => this.#hideAll(),
    };
    this.list = new ShapeList({ acts, onPoint });
    this.light = new Light();
    const parts = [this.hint, this.classes, this.questions, this.list, this.light];
    this.element = h("div", { class: "editor-answer is-shapes" }, ...parts.map((part) => part.element ?? part));
    this.gestures = new Gestures(this);
    this.capOf = (name) => (this.keys.has(LETTERS[name]) ? `⇧${LETTERS[name]}` : LETTERS[name]);
    this.view = null;
    this.#forget();
  }

  set(brief) {
    this.asked = brief.attributes ?? [];
    this.known = new Map(brief.classes.map((entry) => [entry.key, entry]));
    this.classes.set(brief.classes);
    this.questions.owned = this.classes.keys;
    this.questions.set(this.asked);
    this.armed = this.usual = brief.classes.length === 1 ? brief.classes[0].key : null;
  }

  show({ value, current, earlier, proposal, begun }) {
    this.value = value ?? current ?? earlier ?? proposal?.label ?? label.NOTHING;
    // What was thrown away leaves its id behind: whatever is new has one of its own.
    this.proposed = (proposal?.label ?? current ?? earlier)?.objects ?? [];
    // The same work again, after undo for one, keeps what is chosen and hidden.
    if (!this.view) {
      this.#forget();
      // A label that is there already is looked at first; otherwise drawing goes on as before.
      this.armed = !value && (current ?? earlier)?.objects.length ? null : this.usual;
      const [draft] = draftsOf(this.value);
      if (draft) Object.assign(this, { armed: null, chosen: draft.id });
    } else if (!this.chosenOne) this.chosen = this.corner = null;
    else this.#keepCorner(this.corner);
    this.trail = this.told = this.known.has(begun?.class) ? begun.trail : null;
    if (this.trail) Object.assign(this, { armed: begun.class, chosen: null });
    this.gestures.end();
    this.draw();
  }

  attach(view) {
    this.view = view;
    this.size = [view.img.naturalWidth, view.img.naturalHeight];
    this.layer = new ShapeLayer(view, this.known);
    this.hand = new Hand(view, this.gestures);
    this.keyUp = () => this.#settle();
    document.addEventListener("keyup", this.keyUp);
    this.light.apply(view.img);
    this.draw();
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

  /** What is being drawn and not part of the label yet: a draft keeps it too. */
  get begun() {
    return this.trail && { class: this.armed, trail: this.trail };
  }

  lacking() {
    if (this.trail) return `This ${this.kind.name} is not finished: Enter finishes it, Esc drops it.`;
    const one = this.value.objects.find((each) => !isDraft(each) && open(each, this.asked));
    if (!one) return null;
    this.choose(one.id);
    return `${this.nameOf(one)}, ${this.kind.about(one)}: answer “${open(one, this.asked).name}”.`;
  }

  unsure() {
    return this.value.objects.length ? null : "Nothing is marked. Enter once more says that there is nothing to mark.";
  }

  press(event) {
    return this.questions.press(event) || pressed(this, event);
  }

  /** A key press with Ctrl or Cmd that is not undo. */
  pressCtrl(event) {
    return pressed(this, event);
  }

  /** Take back the last click of what is being drawn; whether there was one. */
  undo() {
    return this.trail ? this.back() : false;
  }

  help() {
    return [...helpOf(this), ...this.questions.help()];
  }

  /** What stands out is this object, or none. */
  select(id) {
    this.choose(id);
  }

  /** {id, name} of the chosen object, or null. */
  get chosenObject() {
    const one = this.chosenOne;
    return one ? { id: one.id, name: this.nameOf(one) } : null;
  }

  get chosenOne() {
    return this.chosen === null || !this.value ? undefined : label.objectOf(this.value, this.chosen);
  }

  /** The chosen shape: its id, [left, top, width, height], its class. */
  get selected() {
    const one = this.chosenOne;
    if (!one) return null;
    const [left, top, right, bottom] = this.kind.bounds(one);
    return { object: one.id, box: [left, top, right - left, bottom - top], name: this.nameOf(one) };
  }

  nameOf(one) {
    return this.known.get(one.class)?.name ?? one.class;
  }

  // Drawing.

  arm(key) {
    this.armed = this.usual = key;
    this.chosen = this.corner = this.trail = null;
    this.fresh = false;
    if (this.view) this.view.pane.style.cursor = key === null ? "" : "crosshair";
    if (key === null) this.layer?.crossAt(null);
    this.draw();
  }

  classChosen(key) {
    const one = this.chosenOne;
    // The keys stay with the picture, also after a click on a class.
    if (this.classes.element.contains(document.activeElement)) this.#focusPicture();
    if (this.trail && this.#fits(this.armed, key)) this.armed = key;
    else if (this.trail) return this.say(`Finish this ${this.kind.name} first, or drop it with Esc.`);
    else if (!one || this.fresh) return this.arm(this.armed === key && !one ? null : key);
    else if (!this.#fits(one.class, key)) return this.say("That class has other points.");
    else if (!this.isLocked(one)) return this.change(label.reclassed(one, key, this.asked));
    return this.draw();
  }

  #fits(from, to) {
    return this.kind.fits?.(this.known.get(from), this.known.get(to)) ?? true;
  }

  place() {
    if (!this.view) return false;
    if (this.armed === null) return this.say("Choose a class first.");
    const entry = this.known.get(this.armed);
    if (this.kind.most?.(entry) === 0) return this.say("This class has no points.");
    this.add(this.kind.placed(this.view.sight, entry, this.size));
    return true;
  }

  /** One point more of what is being drawn; null passes over one. */
  follow(point) {
    const entry = this.known.get(this.armed);
    const trail = [...(this.trail ?? []), point];
    this.chosen = this.corner = null;
    const last = trail.length >= this.kind.most(entry);
    this.trail = last && !this.kind.traced(trail, entry) ? null : trail;
    if (!this.trail) return this.say(this.kind.few);
    if (last) return this.close();
    this.draw();
    return true;
  }

  back() {
    this.trail = this.trail.length > 1 ? this.trail.slice(0, -1) : null;
    this.draw();
    return true;
  }

  /** What is being drawn is whole. */
  close() {
    const shape = this.kind.traced(this.trail, this.known.get(this.armed));
    if (!shape) return this.say(this.kind.few);
    this.trail = null;
    this.add(shape);
    return true;
  }

  /** The last point of what is being drawn, or the chosen one, is hidden, or seen after all. */
  veil() {
    const [one, last] = [this.chosenOne, this.trail?.at(-1)];
    if (this.trail) {
      if (last) this.trail = [...this.trail.slice(0, -1), [last[0], last[1], 3 - (last[2] ?? 2)]];
      this.draw();
    } else if (one && this.corner && !this.isLocked(one)) this.change(this.kind.veiled(one, this.corner));
    return true;
  }

  // Changing.

  get freshId() {
    return label.nextId(this.value, this.proposed);
  }

  add(shape) {
    const one = { ...shape, id: this.freshId, class: this.armed };
    this.fresh = true;
    this.corner = null;
    this.commit(label.add(this.value, one), one.id);
  }

  /** `changed` takes the place of the object with its id. `held`: more of it comes while a key is down. */
  change(changed, { held = false, corner = this.corner, fresh = this.fresh } = {}) {
    const same = changed === label.objectOf(this.value, changed.id);
    Object.assign(this, { corner, fresh });
    this.commit(same ? this.value : label.replace(this.value, takenOver(changed)), changed.id, held);
  }

  remove(id) {
    const one = label.objectOf(this.value, id);
    if (!one || this.isLocked(one)) return;
    if (id === this.chosen) this.corner = null;
    const next = isDraft(one) && id === this.chosen && draftAfter(this.value, id);
    this.commit(label.remove(this.value, id), id === this.chosen ? null : this.chosen);
    if (next) this.choose(next.id);
  }

  /** A draft is right as it is; then the next one is chosen. Whether it was a draft. */
  accept(id = this.chosen) {
    const one = label.objectOf(this.value, id);
    if (!one || !isDraft(one)) return false;
    const next = draftAfter(this.value, id);
    this.corner = null;
    this.commit(label.replace(this.value, takenOver(one)), id);
    if (next) this.choose(next.id);
    return true;
  }

  removeCorner() {
    const one = this.chosenOne;
    if (this.isLocked(one)) return;
    const left = this.kind.without(one, this.corner);
    if (left) this.change(left, { corner: null });
    else this.say(this.kind.few);
  }

  isLocked({ id }) {
    return this.locked.has(id) && this.say(`It is locked: ${this.capOf("lock")} unlocks it.`);
  }

  toggle(set, id) {
    if (!set.delete(id)) set.add(id);
    this.draw();
    return true;
  }

  choose(id) {
    this.chosen = id;
    this.corner = null;
    this.fresh = false;
    this.draw();
  }

  chooseCorner(name) {
    this.#keepCorner(name);
    this.fresh = false;
    this.draw();
  }

  say(words) {
    this.said = words;
    this.draw();
    return true;
  }

  #keepCorner(name) {
    this.corner = this.kind.corners?.(this.chosenOne).some((each) => each.name === name) ? name : null;
  }

  #answered() {
    const one = this.chosenOne;
    if (!one) return;
    this.change(label.answered(one, this.questions.value));
    // All is answered: the keys are the picture's again.
    const { shown, active } = this.questions;
    if (shown[active]?.whole && shown.every(({ value }) => value !== undefined)) this.#focusPicture();
  }

  #focusPicture() {
    this.view?.pane.focus({ preventScroll: true });
  }

  #hideAll() {
    const ids = this.value.objects.map(({ id }) => id);
    this.hidden = new Set(ids.every((id) => this.hidden.has(id)) ? [] : ids);
    this.draw();
  }

  #forget() {
    this.chosen = this.corner = this.trail = null;
    // Just drawn: the key of a class is meant for the next one.
    this.fresh = false;
    this.hidden = new Set();
    this.locked = new Set();
    this.said = "";
  }

  // While a key is held the changes are one: it is told when the key is let go.
  commit(value, chosen, held = false) {
    const other = value !== this.value;
    this.value = value;
    this.chosen = chosen;
    this.draw();
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

  draw() {
    const one = this.chosenOne;
    const { objects } = this.value;
    this.classes.choose((this.fresh ? this.armed : one?.class) ?? this.armed);
    this.questions.show(one?.attributes ?? {}, new Set(one ? [one.class] : []));
    this.questions.element.hidden = !one || !this.questions.shown.length;
    this.list.set(objects.map((each) => rowOf(this, each)), titleOf(objects.length));
    if (this.layer) this.drawLayer(objects, one);
    const words = this.said || hintOf(this);
    this.said = "";
    if (this.hint.textContent !== words) this.hint.textContent = words;
    if (this.told === this.trail) return;
    this.told = this.trail;
    this.onBegun?.();
  }

  drawLayer(objects, one) {
    const { armed, chosen, hidden, kind, known, layer, locked, trail } = this;
    const undecided = new Set(draftsOf(this.value).map(({ id }) => id));
    layer.draw(objects, ({ id }) =>
      [id === chosen && "is-chosen", hidden.has(id) && "is-away", locked.has(id) && "is-locked", undecided.has(id) && "is-draft"].filter(Boolean).join(" "),
    );
    const begun = trail && { id: this.freshId, class: armed, ...kind.seen(trail, known.get(armed)) };
    if (begun) layer.put(begun, "is-chosen is-drawn");
    this.grasp(begun ?? one);
  }

  grasp(one) {
    const shown = one && !this.hidden.has(one.id) && !this.locked.has(one.id);
    const handles = shown ? this.kind.handles(one).filter(({ kind }) => !this.trail || !kind) : [];
    this.layer.grasp(handles.map((each) => (each.name === this.corner ? { ...each, kind: "is-corner" } : each)));
  }
}
