// The editor for class answers of pictures and texts: what is judged, and the classes to choose from.

import { Classes } from "./_classes.js";
import { h } from "./_dom.js";
import { isTyping, keyOf } from "./_keys.js";
import { Passage } from "./_passage.js";
import { Picture } from "./_picture.js";

export { h } from "./_dom.js";
export { isTyping, keyOf } from "./_keys.js";

/**
 * An editor inside `root`.
 *
 *   medium    "image" | "text"
 *   image     URL, or an HTMLImageElement that is already decoded (shows in the same frame)
 *   text      the text, where the medium is text
 *   classes   [{key, name, colour, hotkey, description}]
 *   value     {"class": key} | null: the answer to begin with
 *   current   class key of the answer in force (a review), marked "current"
 *   earlier   class key of one's own earlier answer (rework), marked "your answer"
 *   counts    [{"class": key, "count": n}]: what was answered (an adjudication)
 *   reserved  keys that the page uses itself
 *   footer    an element to stand below the classes
 *   keys      an element whose key presses the editor takes (usually document); without it the
 *             page passes them to `press`
 *   onChange(value), onSubmit(value)
 *
 * Returns {value, ready, show(work), choose(class key | null), press(event), zoom(steps), fit(), focus(),
 * destroy()}. `show` takes image, text, value, current, earlier, counts and, where they change, medium
 * and classes; it returns a promise that is kept once the picture is on the screen, and broken when the
 * picture cannot be loaded (`ready` is that promise for the work given at the start).
 */
export function createEditor(root, { reserved = [], footer = null, keys, onChange, onSubmit, ...work }) {
  const stage = h("div", { class: "editor-stage", tabindex: "0", role: "region" });
  const classes = new Classes({ reserved, onChoose: choose });
  const side = h("div", { class: "editor-side" }, classes.element, footer);
  const element = h("div", { class: "editor" }, stage, side);
  const listeners = new AbortController();
  let view = null;
  let medium = null;
  let shown = 0;

  function choose(key) {
    classes.choose(key);
    onChange?.(editor.value);
  }

  async function showImage(source) {
    const turn = ++shown;
    const img = source instanceof HTMLImageElement ? source : new Image();
    if (img !== source) {
      img.src = source;
      await img.decode();
    }
    if (turn !== shown) return;
    img.alt = "Picture to label";
    view.show(img);
  }

  function setMedium(wanted) {
    if (wanted === medium) return;
    view?.destroy();
    medium = element.dataset.medium = wanted;
    stage.replaceChildren();
    stage.setAttribute("aria-label", wanted === "image" ? "Picture to label" : "Text to label");
    view = wanted === "image" ? new Picture(stage) : new Passage(stage);
  }

  function badges({ current, earlier, counts }) {
    const texts = {};
    for (const answer of counts ?? []) texts[answer.class] = `${answer.count} ×`;
    if (earlier) texts[earlier] = "your answer";
    if (current) texts[current] = texts[current] ? `current, ${texts[current]}` : "current";
    return texts;
  }

  const editor = {
    get value() {
      return classes.value === null ? null : { class: classes.value };
    },
    show(next) {
      setMedium(next.medium ?? medium);
      if (next.classes && next.classes !== classes.classes) classes.set(next.classes);
      classes.choose(next.value?.class ?? null);
      classes.mark(badges(next));
      if (medium === "image") return showImage(next.image);
      view.show(next.text ?? "");
      return Promise.resolve();
    },
    choose,
    /** Take a key press; says whether it meant something here. */
    press(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return false;
      const chosen = classes.pressed(event);
      if (chosen !== null) {
        if (!event.repeat) choose(chosen);
        return true;
      }
      return command(event);
    },
    zoom: (steps) => view.zoom(steps),
    fit: () => view.fit(),
    focus: () => stage.focus({ preventScroll: true }),
    /** The keys in use: Map(key → class key). */
    get keys() {
      return classes.keys;
    },
    destroy() {
      listeners.abort();
      view?.destroy();
      element.remove();
    },
  };

  function command(event) {
    if (event.key === "Enter") {
      // Enter on another button or link is that button's own.
      const control = event.target.closest?.("button, a, summary");
      if (control && !control.matches(".editor-class[aria-pressed=true]")) return false;
      if (!event.repeat) onSubmit?.(editor.value);
    } else if (event.key === "/") return classes.openSearch();
    else if (event.key === "+" || event.key === "=") view.zoom(1);
    else if (event.key === "-" || event.key === "−") view.zoom(-1);
    else if (event.key === "0" || keyOf(event) === "f") view.fit();
    else return false;
    return true;
  }

  keys?.addEventListener(
    "keydown",
    (event) => editor.press(event) && event.preventDefault(),
    { signal: listeners.signal },
  );
  root.append(element);
  editor.ready = work.classes ? editor.show(work) : Promise.resolve();
  return editor;
}
