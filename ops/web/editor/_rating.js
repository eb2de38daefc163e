// A number on the scale of the ontology: digits and arrows, or a slider where it is long.

import { h } from "./_dom.js";
import { proposed } from "./_drafted.js";

// More values than fit under the digits and the eye.
const MOST_BUTTONS = 11;

/** Every value of a scale, from the lowest. */
function valuesOf({ low, high, step }) {
  const n = Math.floor((high - low) / step + 1e-9) + 1;
  return Array.from({ length: n }, (_, i) => Number((low + i * step).toFixed(9)));
}

/** Which digit gives which value: its own where values are digits, else in their order. */
function digitsOf(values) {
  const own = values.every((value) => Number.isInteger(value) && value >= 0 && value <= 10);
  const digit = (value, i) => (own ? value % 10 : (i + 1) % 10);
  // On a scale from 0 to 10 the 0 is itself; 10 is reached by the arrows.
  const taken = new Map();
  values.forEach((value, i) => {
    const key = String(digit(value, i));
    if (!taken.has(key) && (own || i < 10)) taken.set(key, value);
  });
  return taken;
}

export class RatingAnswer {
  constructor({ onChange }) {
    this.onChange = onChange;
    this.choice = h("div", { class: "editor-scale", role: "group", "aria-label": "Rating" });
    this.element = h("div", { class: "editor-answer" }, h("div", { class: "editor-form" }, this.choice));
    this.keys = new Map();
    this.atOnce = true;
  }

  set({ scale }) {
    this.scale = scale;
    this.values = valuesOf(scale);
    this.buttons = this.slider = null;
    if (this.values.length <= MOST_BUTTONS) this.#placeButtons();
    else this.#placeSlider();
  }

  show({ value, current, earlier, counts, proposal }) {
    this.current = current;
    this.#mark((value ?? current ?? earlier)?.rating ?? null);
    const times = new Map((counts ?? []).map(({ label, count }) => [label.rating, `${count} ×`]));
    if (proposal) times.set(proposal.label.rating, proposed(proposal.confidence));
    this.buttons?.forEach((button, i) => {
      const badge = button.querySelector(".editor-badge");
      badge.textContent = times.get(this.values[i]) ?? "";
      badge.hidden = !times.has(this.values[i]);
    });
  }

  get value() {
    return this.rating === null ? null : { rating: this.rating };
  }

  lacking() {
    return this.rating === null ? "Choose a rating first." : null;
  }

  choose(rating) {
    this.#mark(rating);
    this.onChange();
  }

  press(event) {
    const { key, code = "", shiftKey, repeat } = event;
    const digit = /^\d$/.test(key) ? key : !shiftKey && /^(?:Digit|Numpad)(\d)$/.exec(code)?.[1];
    if (this.buttons && this.keys.has(digit)) {
      if (!repeat) this.choose(this.keys.get(digit));
      return true;
    }
    // A text that scrolls keeps its arrows up and down.
    const scrolls = event.target.matches?.(".editor-stage");
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowUp: scrolls ? 0 : 1, ArrowDown: scrolls ? 0 : -1 }[key];
    if (!step) return false;
    // Down the list of buttons the values rise.
    this.#step(this.buttons && key.match(/Up|Down/) ? -step : step);
    return true;
  }

  help() {
    const digits = this.buttons ? [[[...this.keys.keys()].slice(0, 3).concat("…"), "Choose that rating"]] : [];
    return [...digits, [["←", "→"], "One step less, more"]];
  }

  #step(step) {
    const here = this.values.indexOf(this.rating);
    const start = step > 0 ? 0 : this.values.length - 1;
    const next = here < 0 ? start : Math.min(this.values.length - 1, Math.max(0, here + step));
    this.choose(this.values[next]);
  }

  #mark(rating) {
    this.rating = rating;
    this.buttons?.forEach((button, i) => button.setAttribute("aria-pressed", String(this.values[i] === rating)));
    if (!this.slider) return;
    this.slider.value = String(this.values.indexOf(rating));
    this.slider.classList.toggle("is-unset", rating === null);
    this.slider.setAttribute("aria-valuetext", rating === null ? "not chosen yet" : this.#words(rating));
    this.shown.textContent = rating === null ? "–" : this.#words(rating);
  }

  #words(rating) {
    return [String(rating), this.scale.labels?.[String(rating)]].filter(Boolean).join(" · ");
  }

  #placeButtons() {
    this.keys = digitsOf(this.values);
    const caps = new Map([...this.keys].map(([key, value]) => [value, key]));
    this.buttons = this.values.map((value) => {
      const words = this.scale.labels?.[String(value)];
      const button = h(
        "button",
        { class: "editor-option", type: "button", "aria-pressed": "false", "data-enter": "submit" },
        h("kbd", { class: caps.has(value) ? "" : "is-empty", "aria-hidden": "true" }, caps.get(value) ?? ""),
        h("span", { class: "editor-value" }, String(value)),
        h("span", { class: "editor-words" }, words ?? ""),
        h("span", { class: "editor-badge", hidden: true }),
      );
      button.addEventListener("mousedown", (event) => event.preventDefault());
      button.addEventListener("click", () => this.choose(value));
      return button;
    });
    this.choice.replaceChildren(...this.buttons);
  }

  #placeSlider() {
    this.keys = new Map();
    const most = String(this.values.length - 1);
    this.slider = h("input", { class: "form-range", type: "range", min: "0", max: most, "aria-label": "Rating" });
    this.slider.addEventListener("input", () => this.choose(this.values[Number(this.slider.value)]));
    this.shown = h("output", { class: "editor-value" });
    const ends = [this.scale.low, this.scale.high].map((value) => h("span", {}, this.#words(value)));
    this.choice.replaceChildren(this.shown, this.slider, h("div", { class: "editor-ends" }, ...ends));
  }
}
