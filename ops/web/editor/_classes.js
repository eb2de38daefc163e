// The classes as big buttons with their key caps and colours; search where they are many.

import { assignKeys, keyOf } from "./_keys.js";
import { h } from "./_dom.js";

const SEARCH_FROM = 13;
const DENSE_FROM = 10; // rows
// Okabe–Ito, told apart with any colour vision: used where an ontology names no colours.
const PALETTE = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442"];

export class Classes {
  /** `steady`: a click leaves the focus where it was, so that Enter submits. */
  constructor({ reserved, onChoose, label = "Classes", steady = false }) {
    this.steady = steady;
    this.reserved = reserved;
    this.onChoose = onChoose;
    this.list = h("div", { class: "editor-classes", role: "group", "aria-label": label });
    this.list.addEventListener("keydown", (event) => this.#arrows(event));
    this.field = h("input", {
      class: "form-control",
      type: "search",
      placeholder: "Search classes",
      "aria-label": "Search classes",
      autocomplete: "off",
      spellcheck: "false",
    });
    this.field.addEventListener("input", () => this.#filter());
    this.field.addEventListener("keydown", (event) => this.#searchKeys(event));
    this.search = h("div", { class: "editor-search" }, this.field, h("kbd", {}, "/"));
    this.search.hidden = true; // until there are many: an empty list must not move when it fills
    this.none = h("p", { class: "editor-none", role: "status", hidden: true }, "No class matches.");
    this.element = h("div", { class: "editor-choice" }, this.search, this.list, this.none);
    this.buttons = new Map();
    this.value = null;
  }

  /** Show these classes: [{key, name, colour, hotkey, description}]. */
  set(classes) {
    this.classes = classes;
    this.keys = assignKeys(classes, this.reserved);
    const caps = new Map([...this.keys].map(([key, name]) => [name, key]));
    this.buttons = new Map(
      classes.map((entry, i) => [entry.key, this.#button(entry, caps.get(entry.key), i)]),
    );
    this.list.replaceChildren(...this.buttons.values());
    const columns = classes.length <= 10 ? 1 : classes.length <= 26 ? 2 : 3;
    this.element.dataset.columns = columns;
    const rows = Math.ceil(classes.length / columns);
    this.element.style.setProperty("--rows", rows);
    this.element.classList.toggle("is-dense", rows > DENSE_FROM);
    this.element.style.setProperty("--tallest", classes.length <= 4 ? "5rem" : "3.5rem");
    this.search.hidden = classes.length < SEARCH_FROM;
    this.field.value = "";
    this.#filter();
    this.choose(null);
  }

  /** Mark `value` (a class key or null) as chosen. */
  choose(value) {
    this.value = value;
    this.press(value === null ? [] : [value]);
    this.buttons.get(value)?.scrollIntoView({ block: "nearest" });
  }

  /** Mark these (class keys) as pressed, where any number may be. */
  press(values) {
    const focused = this.list.contains(document.activeElement) && document.activeElement.dataset.key;
    const reached = focused || (values[0] ?? this.classes?.[0]?.key);
    for (const [key, button] of this.buttons) {
      button.setAttribute("aria-pressed", String(values.includes(key)));
      button.tabIndex = key === reached ? 0 : -1;
    }
  }

  /** Badges on classes: {class key: text}. */
  mark(badges) {
    for (const [key, button] of this.buttons) {
      const badge = button.querySelector(".editor-badge");
      badge.textContent = badges[key] ?? "";
      badge.hidden = !badges[key];
    }
  }

  /** The class that a key press chooses, or null. */
  pressed(event) {
    return this.keys?.get(keyOf(event, this.keys)) ?? null;
  }

  openSearch() {
    if (this.search.hidden) return false;
    this.field.focus();
    this.field.select();
    return true;
  }

  #button(entry, cap, i) {
    const button = h(
      "button",
      { class: "editor-class", type: "button", "aria-pressed": "false", "data-key": entry.key },
      h("kbd", { class: cap ? "" : "is-empty", "aria-hidden": "true" }, cap ?? ""),
      h(
        "span",
        { class: "editor-words" },
        h("span", { class: "editor-name" }, entry.name),
        entry.description ? h("span", { class: "editor-about" }, entry.description) : null,
      ),
      h("span", { class: "editor-badge", hidden: true }),
    );
    if (cap) button.setAttribute("aria-keyshortcuts", cap);
    if (entry.description) button.title = entry.description;
    button.style.setProperty("--class-colour", entry.colour || PALETTE[i % PALETTE.length]);
    if (this.steady) button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => this.onChoose(entry.key));
    return button;
  }

  #arrows(event) {
    const shown = [...this.list.children].filter((button) => !button.hidden);
    const here = shown.indexOf(document.activeElement);
    const rows = Number(getComputedStyle(this.element).getPropertyValue("--rows")) || 1;
    const step = { ArrowDown: 1, ArrowUp: -1, ArrowRight: rows, ArrowLeft: -rows }[event.key];
    const next = shown[here + step];
    if (here < 0 || !next) return;
    event.preventDefault();
    shown[here].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  #matches() {
    const words = this.field.value.trim().toLowerCase();
    const starts = (entry) => entry.name.toLowerCase().startsWith(words);
    return this.classes
      .filter((entry) => `${entry.name} ${entry.key}`.toLowerCase().includes(words))
      .sort((a, b) => starts(b) - starts(a));
  }

  #filter() {
    const shown = this.#matches().map((entry) => this.buttons.get(entry.key));
    for (const button of this.buttons.values()) button.hidden = !shown.includes(button);
    // The best match comes first: it is the one that Enter takes.
    this.list.append(...shown);
    this.none.hidden = shown.length > 0;
    this.element.classList.toggle("is-filtered", shown.length < this.buttons.size);
  }

  #searchKeys(event) {
    if (event.key === "Enter") {
      const best = this.#matches()[0];
      if (!best) return;
      this.#leave();
      this.onChoose(best.key);
    } else if (event.key === "Escape") {
      this.#leave();
    } else if (event.key === "ArrowDown") {
      [...this.list.children].find((button) => !button.hidden)?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #leave() {
    this.field.value = "";
    this.#filter();
    this.field.blur();
  }
}
