// One's own answer held against what others said: over each other, beside each other, or alone.

import { Characters } from "./_characters.js";
import { ComparisonBar } from "./_comparison_bar.js";
import { changes, differences } from "./_difference.js";
import { differenceLayer, marksOf } from "./_difference_layer.js";
import { spanMarks, spansOf } from "./_difference_spans.js";
import { differenceWords } from "./_difference_words.js";
import { h } from "./_dom.js";
import { keyOf } from "./_keys.js";
import { boundsOf } from "./_likeness.js";
import { PictureMirror, TextMirror } from "./_mirror.js";
import * as values from "./_value_table.js";

/** Letters that classes without a key of their own leave to the comparison; Shift with one always works. */
export const LETTERS = { step: "d", ways: "w", other: "u" };
const WAYS = ["over", "beside", "alone"];
const DRAWN = ["boxes", "polygons", "masks", "keypoints"];
// As many as fit beside the work.
const MOST_COLUMNS = 4;

const isEmpty = (label) => !label || [label.objects, label.spans, label.tags].some((list) => list?.length === 0) || label.text === "";

export class Comparison {
  constructor() {
    this.pane = h("div", { class: "editor-mirror", role: "img", hidden: true });
    this.panel = h("section", { class: "editor-objects editor-compared", "aria-label": "Differences", tabindex: "0", hidden: true });
    this.bar = new ComparisonBar({
      onWay: (way) => this.go(way),
      onOther: () => this.#another(),
      onStep: () => this.step(),
    });
    // How one looks at each stage stays for the next task.
    this.ways = { review: "over", rework: "over", adjudicate: "beside" };
    this.others = [];
    this.remarks = [];
    this.found = [];
    this.brief = {};
  }

  /**
   * The work on the screen: `others` [{name, label, badge}] to hold the answer against, `origin` what it is made
   * from. `reading`: nothing is answered, the second of them is held against the first.
   */
  set({ stage, brief, others, text, remarks, reading = false }, answer) {
    this.destroy();
    Object.assign(this, { stage, brief, answer, reading, at: 0, here: -1, value: null, signed: false });
    this.others = stage in this.ways ? (others ?? []) : [];
    this.origin = stage === "adjudicate" ? null : (this.others[0]?.label ?? null);
    this.type = brief.label_type ?? "class";
    this.known = new Map((brief.classes ?? []).map((entry) => [entry.key, entry]));
    this.text = text ?? "";
    this.remarks = remarks ?? [];
    this.found = [];
  }

  /** The picture or text is on the screen. */
  attach(view) {
    this.view = view;
    this.update(this.value, true);
  }

  destroy() {
    this.#closeMirror();
    this.view?.under?.(null);
    this.view = null;
  }

  get isOn() {
    return this.others.length > 0 || this.remarks.length > 0;
  }

  nameOf = (key) => this.known.get(key)?.name ?? key;

  /** The answer is another one; `origin`: it was begun anew with that label. */
  update(value, again = false, origin = this.origin) {
    if (!again && value === this.value && origin === this.origin) return;
    Object.assign(this, { value, origin });
    this.#compare();
    this.#draw();
  }

  /** What a reviewer or the author says of single objects or places: [{object?, point?, words}]. */
  tell(remarks) {
    this.remarks = remarks;
    this.#draw();
  }

  /** over, beside or alone; without one the next of them. */
  go(way = WAYS[(WAYS.indexOf(this.way) + 1) % WAYS.length]) {
    if (!this.others.length) return;
    this.ways[this.stage] = way;
    this.#draw();
  }

  get way() {
    return this.ways[this.stage] ?? "alone";
  }

  /** On to the next remark or difference: its object is chosen and brought into sight. */
  step() {
    const all = [...this.remarks, ...changes(this.found)];
    if (!all.length) return this.bar.tell("No difference.");
    this.here = (this.here + 1) % all.length;
    const one = all[this.here];
    const words = one.words ?? differenceWords(one, this.nameOf, (key) => this.#asked(key));
    this.bar.tell(`${this.here + 1} of ${all.length}: ${words}`);
    this.#show(one);
  }

  press(event, taken) {
    if (!this.isOn || event.repeat) return false;
    const key = keyOf(event, taken);
    const name = Object.keys(LETTERS).find((each) => key === LETTERS[each].toUpperCase() || (key === LETTERS[each] && !taken.has(key)));
    if (!name) return false;
    if (name === "step") this.step();
    else if (name === "ways") this.go();
    else this.#another();
    return true;
  }

  help() {
    if (!this.isOn) return [];
    return [
      [[LETTERS.step], "The next difference, or the next remark"],
      [[LETTERS.ways], "Overlaid, side by side, only yours"],
      [[LETTERS.other], "Compare with another answer"],
    ].slice(0, this.reading ? 2 : 3);
  }

  /** The differences from `label` to the answer, which was made from it. */
  editsOf(label) {
    if (label === this.origin && label === this.other?.label && !this.base) return this.found;
    return differences(this.value ?? label, label, { edited: true });
  }

  #another() {
    if (this.others.length < 2 || this.reading) return;
    this.at = (this.at + 1) % this.others.length;
    this.#compare();
    this.#draw();
  }

  // Untouched, an adjudication shows two answers beside each other; otherwise what is on the screen is one's own.
  #compare() {
    const { at, others, stage } = this;
    const given = this.value ?? (stage === "adjudicate" ? null : this.origin);
    const next = others.length > 1 ? others[(at + 1) % others.length] : null;
    this.base = stage === "adjudicate" && isEmpty(given) && (this.reading ? next : !isEmpty(next?.label)) ? next : null;
    this.mine = this.base ? this.base.label : stage === "adjudicate" && isEmpty(given) ? null : given;
    this.other = others[at] ?? null;
    this.found = this.other && this.mine ? this.#against(this.other) : [];
    this.here = -1;
  }

  #against({ label }) {
    return differences(this.mine ?? label, label, { edited: !this.base && label === this.origin });
  }

  #draw() {
    const { base, found, other, others, way } = this;
    this.bar.show({
      on: this.isOn, way, found, alone: this.reading && base ? `Only ${base.name}` : "Only yours", type: this.type, asks: Boolean(this.brief.attributes?.length), many: others.length > 1 && !this.reading, remarks: this.remarks.length,
      other: other && titled(other), mine: base ? titled(base) : "Yours",
      beside: way === "beside" && this.#isDrawn,
    });
    if (!this.view) return;
    if (DRAWN.includes(this.type)) this.#drawShapes();
    else if (this.type === "spans") this.#drawSpans();
    this.#drawValues();
  }

  get #isDrawn() {
    return Boolean(this.other) && (DRAWN.includes(this.type) || this.type === "spans");
  }

  // Shapes over a picture.

  #drawShapes() {
    const { base, found, known, nameOf, other, view, way } = this;
    const size = [view.img.naturalWidth, view.img.naturalHeight];
    const marks = way === "alone" ? [] : marksOf(found, way === "over" ? "both" : "mine", nameOf);
    const whole = base && (this.reading || way !== "alone") ? (base.label.objects ?? []) : [];
    view.under(differenceLayer({ size, known, whole, marks, pins: this.#pins() }));
    if (!this.#opensMirror(() => new PictureMirror(this.pane, view))) return;
    this.mirror.cover(differenceLayer({ size, known, whole: other.label.objects ?? [], marks: marksOf(found, "theirs", nameOf) }));
  }

  #pins() {
    return this.remarks.flatMap(({ object, point, words }, i) => {
      const one = this.#objectOf(object);
      const [left, , , bottom] = one && !point ? boundsOf(one) : [];
      const at = point ?? (one && [left, bottom]);
      return at ? [{ number: i + 1, at, words }] : [];
    });
  }

  #objectOf(id) {
    if (id === undefined) return undefined;
    const lists = [this.mine, this.origin, this.other?.label].map((label) => label?.objects ?? label?.spans ?? []);
    return lists.flat().find((one) => one.id === id);
  }

  // Passages in a text.

  #drawSpans() {
    const { base, found, known, nameOf, other, remarks, way } = this;
    const told = way === "alone" ? [] : found;
    const { marks, ghosts } = spanMarks({ found: told, own: !base, over: way === "over", remarks, nameOf });
    if (base && (this.reading || way !== "alone")) ghosts.push(...spansOf(base.label, told, "mine", known));
    // Drawing again costs in a long text: only where there is or was something to show.
    if (marks.size || ghosts.length || this.signed) this.answer.compare?.({ marks, ghosts });
    this.signed = marks.size > 0 || ghosts.length > 0;
    const characters = () => this.answer.characters ?? new Characters(this.text);
    if (!this.#opensMirror(() => new TextMirror(this.pane, this.view, characters()))) return;
    this.mirror.draw(spansOf(other.label, found, "theirs", known));
  }

  // All other labels.

  #drawValues() {
    const content = !this.other || DRAWN.includes(this.type) || this.way === "alone" ? null : this.#values();
    this.panel.hidden = !content;
    this.panel.replaceChildren(...(content ? [content] : []));
  }

  #values() {
    const { base, found, other, others, type, way } = this;
    const words = {
      type,
      className: this.nameOf,
      asked: (key) => this.#asked(key),
      reason: (key) => this.brief.reasons?.find((one) => one.key === key)?.name ?? key,
      other: titled(other),
      mine: base && titled(base),
    };
    const mine = base ? null : this.mine;
    const shown = found.filter(({ what }) => what !== "span");
    if (type === "spans") return values.changed(shown.filter(({ what }) => what !== "relation"), words);
    if (way === "over" && type === "transcription") return changes(shown).length ? values.woven(shown) : null;
    if (way === "over") return values.changed(shown, words);
    const columns = others.slice(0, MOST_COLUMNS).map((one) => ({ name: titled(one), found: this.#against(one) }));
    return type === "transcription" ? values.texts(columns, mine && found) : values.beside(columns, mine, words);
  }

  #asked(key) {
    return (this.brief.attributes ?? []).find((one) => one.key === key)?.name ?? key;
  }

  // Going to one of them.

  #show(one) {
    const mine = one.kind ? one.mine : this.#objectOf(one.object);
    const theirs = one.kind ? one.theirs : null;
    if (one.what === "object" || one.object !== undefined || one.point) {
      if (!this.base) this.answer.select?.(mine?.id ?? null);
      const boxes = DRAWN.includes(this.type) ? [mine, theirs].filter(Boolean).map(boundsOf) : [];
      if (one.point) boxes.push([one.point[0] - 20, one.point[1] - 20, one.point[0] + 20, one.point[1] + 20]);
      if (boxes.length) this.view.look?.(around(boxes));
    }
    const span = mine ?? theirs;
    if (this.type === "spans" && span && "start" in span) {
      if (!this.base) this.answer.select?.(mine?.id ?? null);
      this.answer.reveal?.(span.start);
    }
    const rows = this.panel.querySelectorAll("[data-step]");
    rows.forEach((row, i) => row.classList.toggle("is-here", i === this.here - this.remarks.length));
    rows[this.here - this.remarks.length]?.scrollIntoView({ block: "nearest" });
  }

  // The second pane, which only lies there while it is looked at.
  #opensMirror(make) {
    const open = this.way === "beside" && this.#isDrawn;
    if (!open) {
      this.#closeMirror();
      return false;
    }
    this.pane.hidden = false;
    this.pane.setAttribute("aria-label", titled(this.other));
    this.pane.parentElement?.classList.add("is-beside");
    if (!this.mirror) {
      this.mirror = make();
      // The pane of the answer is narrower now.
      if (this.view.fitted) this.view.fit();
    }
    return true;
  }

  #closeMirror() {
    if (!this.mirror) return;
    this.mirror.destroy();
    this.mirror = null;
    this.pane.hidden = true;
    this.pane.parentElement?.classList.remove("is-beside");
    if (this.view?.fitted) this.view.fit();
  }
}

const titled = ({ name, badge }) => (badge ? `${capital(name)} (${badge})` : capital(name));
const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);

function around(boxes) {
  const [lefts, tops, rights, bottoms] = [0, 1, 2, 3].map((i) => boxes.map((box) => box[i]));
  return [Math.min(...lefts), Math.min(...tops), Math.max(...rights), Math.max(...bottoms)];
}
