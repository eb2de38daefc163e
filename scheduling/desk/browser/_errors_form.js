// What is wrong with a label: named by a reviewer who sends it back, told by the edits of one who mends it.

import { h, isTyping, keyOf, suggestedErrors } from "../../../ops/web/editor/editor.js";

const SEVERITIES = ["critical", "major", "minor"];

export class ErrorsForm {
  /**
   * `editor`: for what is chosen and where the pointer is; `stage`: where a place may be pointed at; `onNamed()`:
   * what is named is something else.
   */
  constructor({ root, editor, stage, announce, onNamed }) {
    Object.assign(this, { editor, announce, onNamed });
    for (const name of ["input", "click"]) root.addEventListener(name, () => this.back && this.onNamed?.());
    this.title = h("h2", { class: "desk-errors-title" });
    this.list = h("ol", { class: "desk-errors-list" });
    this.types = h("div", { class: "desk-errors-types", role: "group", "aria-label": "What is wrong" });
    root.replaceChildren(this.title, this.types, this.list);
    this.root = root;
    // A place where something is missing: before the editor takes the press for a drawing.
    stage.addEventListener("pointerdown", (event) => this.#pointed(event), { capture: true });
    this.begin({ stage: "label" }, { errors: [] });
  }

  /** Another work is on the screen; `brief.errors` are [{type, name, severity}]. */
  begin(work, brief) {
    Object.assign(this, { work, known: brief.errors ?? [], named: [], dropped: new Set(), told: [], back: false });
    this.types.replaceChildren(
      ...this.known.map(({ type, name }, i) => {
        const button = h("button", { class: "btn btn-sm", type: "button", tabindex: "-1" }, h("kbd", {}, String(i + 1)), name);
        button.addEventListener("mousedown", (event) => event.preventDefault());
        button.addEventListener("click", () => this.add(type));
        return button;
      }),
    );
    this.#draw();
  }

  /** The label goes back (errors are named), or not (errors are told by the edits). */
  set(back) {
    if (this.back === back) return;
    this.back = back;
    if (!back) this.named = [];
    this.#draw();
  }

  /** The label goes back, with what was named before. */
  restore(named) {
    this.back = true;
    this.named = named;
    this.#draw();
  }

  /** The answer is another one. */
  changed(value) {
    const { current, stage } = this.work;
    this.told = stage === "review" && current && value ? suggestedErrors(this.editor.editsOf(current)) : [];
    this.#draw();
  }

  /** The errors as the API takes them. */
  get value() {
    const errors = this.back ? this.named : this.told.filter(({ type }) => !this.dropped.has(type));
    return errors.map(({ type, severity, object, point, remark }) => ({
      type,
      ...(severity && severity !== this.#usual(type) && { severity }),
      ...(object !== undefined && { object }),
      ...(point && { point }),
      ...(remark?.trim() && { remark: remark.trim() }),
    }));
  }

  /** What is missing before the label can go back: {text, focus()}, or null. `remark`: what is said of the whole. */
  lacking(remark) {
    if (!this.back) return null;
    if (!this.named.length) return { text: "Say what is wrong: press a digit.", focus: () => this.editor.focus() };
    if (remark || this.named.some((one) => one.remark?.trim())) return null;
    return { text: "Say what is to be changed.", focus: () => this.list.querySelector("input")?.focus() };
  }

  /** Name an error, pinned to what is chosen. */
  add(type) {
    const chosen = type === "missing" ? null : this.editor.chosenObject;
    const given = [...(this.work.current?.objects ?? []), ...(this.work.current?.spans ?? [])];
    // What the reviewer drew is not in the label that goes back.
    const pinned = given.some(({ id }) => id === chosen?.id) ? chosen : null;
    const before = this.named.find((one) => one.type === type && one.object === pinned?.id && !one.point);
    if (!before) this.named.push({ type, object: pinned?.id, about: pinned?.name ?? "", remark: "" });
    this.#draw();
    this.onNamed?.();
    const at = before ? this.named.indexOf(before) : this.named.length - 1;
    this.list.querySelectorAll("input")[at]?.focus({ preventScroll: true });
    this.announce(`${this.#nameOf(type)}${pinned ? `: ${pinned.name}` : ""}. Say what is to be changed; Enter sends it back.`);
  }

  /** A digit names an error while the label goes back. */
  press(event) {
    if (!this.back || isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return false;
    const digits = new Map(this.known.map(({ type }, i) => [String(i + 1), type]));
    const type = digits.get(keyOf(event, digits));
    if (!type) return false;
    if (!event.repeat) this.add(type);
    return true;
  }

  #pointed(event) {
    const open = this.back && this.named.findLast((one) => one.type === "missing");
    const point = open && event.button === 0 ? this.editor.pointAt(event) : null;
    if (!point) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    open.point = point;
    open.about = `at ${point.join(", ")}`;
    this.#draw();
    this.onNamed?.();
    this.list.querySelectorAll("input")[this.named.indexOf(open)]?.focus({ preventScroll: true });
  }

  #draw() {
    const { back, named, told, work } = this;
    this.root.hidden = !back && !told.length;
    this.types.hidden = !back;
    this.title.textContent = back ? "What is wrong?" : "Recorded with your change:";
    this.list.classList.toggle("is-told", !back);
    this.list.replaceChildren(...(back ? named.map((one) => this.#line(one)) : this.#kinds().map(([type, n]) => this.#told(type, n))));
    // What is pinned, and once more when nothing is any more.
    if (work.stage !== "review" || !(named.length || this.pinned)) return;
    this.pinned = named.length > 0;
    this.editor.tell(back ? named.map((one) => ({ object: one.object, point: one.point, words: this.#words(one) })) : []);
  }

  #line(one) {
    const field = h("input", { class: "form-control form-control-sm", maxlength: "500", autocomplete: "off", "aria-label": `Remark: ${this.#words(one)}`, placeholder: one.type === "missing" && this.work.medium === "image" ? "what is missing? click where" : "what should be changed?" });
    field.value = one.remark;
    field.addEventListener("input", () => (one.remark = field.value));
    const usual = this.#usual(one.type);
    const grade = h("button", { class: "desk-severity", type: "button", title: "How bad: press for another" }, one.severity ?? usual);
    grade.addEventListener("click", () => {
      one.severity = SEVERITIES[(SEVERITIES.indexOf(one.severity ?? usual) + 1) % SEVERITIES.length];
      grade.textContent = one.severity;
    });
    return h("li", { "data-type": one.type }, h("span", {}, this.#words(one)), grade, this.#away(one, () => this.named.splice(this.named.indexOf(one), 1)), field);
  }

  // [type, how many] of what the edits tell of.
  #kinds() {
    const counts = new Map();
    for (const { type } of this.told) counts.set(type, (counts.get(type) ?? 0) + 1);
    return [...counts];
  }

  // Errors that the edits tell of; taken away, those of a type are not recorded.
  #told(type, n) {
    const off = this.dropped.has(type);
    const words = `${n > 1 ? `${n} × ` : ""}${this.#nameOf(type)}`;
    const turn = () => (off ? this.dropped.delete(type) : this.dropped.add(type));
    return h("li", { "data-type": type, class: off ? "is-off" : "" }, h("span", {}, words), this.#away({ type }, turn, off));
  }

  #away(one, run, off = false) {
    const label = off ? "Record it after all" : "Do not record it";
    const button = h("button", { class: "desk-error-away", type: "button", tabindex: "-1", title: label, "aria-label": `${label}: ${this.#words(one)}` }, off ? "↺" : "×");
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => {
      run();
      this.#draw();
    });
    return button;
  }

  #words({ type, about, remark }) {
    return [this.#nameOf(type), about && `: ${about}`, remark?.trim() && ` – ${remark.trim()}`].filter(Boolean).join("");
  }

  #nameOf(type) {
    return this.known.find((one) => one.type === type)?.name ?? type.replaceAll("_", " ");
  }

  #usual(type) {
    return this.known.find((one) => one.type === type)?.severity ?? "major";
  }
}
