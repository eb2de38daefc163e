// Which of two is better, and why.

import { h } from "./_dom.js";
import { proposed } from "./_drafted.js";
import { keyOf } from "./_keys.js";

const SIDES = [["a", "A is better", "#0072b2"], ["b", "B is better", "#d55e00"], ["tie", "Both are equally good", "#8a94a3"]];
const CAPS = { a: "a", b: "b", tie: "t" };

export class PreferenceAnswer {
  constructor({ onChange }) {
    this.onChange = onChange;
    this.sides = h("div", { class: "editor-sides", role: "group", "aria-label": "Preference" });
    this.why = h("div", { class: "editor-options", role: "group", "aria-label": "Reasons" });
    this.title = h("h2", { class: "editor-objects-title" }, "Why?");
    this.reasons = h("section", { class: "editor-reasons", "aria-label": "Reasons" }, this.title, this.why);
    this.element = h("div", { class: "editor-answer" }, h("div", { class: "editor-form" }, this.sides, this.reasons));
  }

  set({ reasons = [], tie }) {
    const sides = SIDES.filter(([key]) => key !== "tie" || tie);
    this.keys = new Map(sides.map(([key]) => [CAPS[key], key]));
    this.buttons = new Map(sides.map((side) => [side[0], this.#side(side)]));
    this.sides.replaceChildren(...this.buttons.values());
    this.asked = reasons;
    this.given = new Map(reasons.map((reason, i) => [reason.key, this.#reason(reason, i)]));
    this.why.replaceChildren(...this.given.values());
    this.reasons.hidden = !reasons.length;
    this.atOnce = !reasons.length;
  }

  show({ value, current, earlier, counts, proposal }) {
    const label = value ?? current ?? earlier;
    this.preference = label?.preference ?? null;
    this.chosen = new Set(label?.reasons ?? []);
    const times = new Map();
    for (const { label: said, count } of counts ?? [])
      times.set(said.preference, (times.get(said.preference) ?? 0) + count);
    for (const [key, button] of this.buttons) {
      const badge = button.querySelector(".editor-badge");
      const drafted = proposal?.label.preference === key;
      badge.textContent = drafted ? proposed(proposal.confidence) : times.has(key) ? `${times.get(key)} ×` : "";
      badge.hidden = !badge.textContent;
    }
    this.#mark();
  }

  get value() {
    if (!this.preference && !this.chosen.size) return null;
    const reasons = this.asked.map(({ key }) => key).filter((key) => this.chosen.has(key));
    return { ...(this.preference && { preference: this.preference }), ...(reasons.length && { reasons }) };
  }

  lacking() {
    return this.preference ? null : `Choose ${this.keys.has("t") ? "A, B or both" : "A or B"} first.`;
  }

  choose(preference) {
    this.preference = preference;
    this.#mark();
    this.onChange();
  }

  press(event) {
    const { shiftKey, repeat, code = "" } = event;
    const arrow = { ArrowLeft: "a", ArrowRight: "b" }[event.key];
    const side = arrow ?? (shiftKey ? null : this.keys.get(keyOf(event, this.keys)));
    if (side) {
      if (!repeat) this.choose(side);
      return true;
    }
    const digit = /^[1-9]$/.test(event.key) ? event.key : !shiftKey && /^(?:Digit|Numpad)([1-9])$/.exec(code)?.[1];
    const reason = digit && this.asked[digit - 1];
    if (!reason) return false;
    if (!repeat) this.#toggle(reason.key);
    return true;
  }

  help() {
    const tie = this.keys.has("t") ? [[["t"], "Both are equally good"]] : [];
    const why = this.asked.length ? [[["1", "2", "…"], "The reason of that number, or not"]] : [];
    return [[["a", "←"], "A is better"], [["b", "→"], "B is better"], ...tie, ...why];
  }

  #toggle(key) {
    if (!this.chosen.delete(key)) this.chosen.add(key);
    this.#mark();
    this.onChange();
  }

  #mark() {
    for (const [key, button] of this.buttons) button.setAttribute("aria-pressed", String(key === this.preference));
    for (const [key, button] of this.given) button.setAttribute("aria-pressed", String(this.chosen.has(key)));
  }

  #side([key, words, colour]) {
    const button = h(
      "button",
      { class: "editor-class", type: "button", "aria-pressed": "false", "data-side": key, "data-enter": "submit" },
      h("kbd", { "aria-hidden": "true" }, CAPS[key]),
      h("span", { class: "editor-words" }, h("span", { class: "editor-name" }, words)),
      h("span", { class: "editor-badge", hidden: true }),
    );
    button.style.setProperty("--class-colour", colour);
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => this.choose(key));
    return button;
  }

  #reason({ key, name }, i) {
    const cap = i < 9 ? h("kbd", { "aria-hidden": "true" }, String(i + 1)) : null;
    const about = { class: "editor-option", type: "button", "aria-pressed": "false", "data-enter": "submit" };
    const button = h("button", about, cap, name);
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => this.#toggle(key));
    return button;
  }
}
