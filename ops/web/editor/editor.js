// The editor for class answers of pictures and texts: what is judged, and the classes to choose from.
// Labels of other types are shown, not edited: drawn over the picture, marked in the text, as a list.

import { Classes } from "./_classes.js";
import { h } from "./_dom.js";
import { drawn } from "./_drawn.js";
import { isTyping, keyOf } from "./_keys.js";
import { marked } from "./_marked.js";
import { Objects } from "./_objects.js";
import { Passage } from "./_passage.js";
import { Picture } from "./_picture.js";
import { lines } from "./_said.js";

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
 *   labels    {class key: label}: the "classes" are whole labels to choose among, and this is them
 *   judged    the label in force, where it says more than its class
 *   ontology  {classes, attributes, scale, reasons}: names and colours of what labels say
 *   note      words above what a label says
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
export function createEditor(root, { reserved = [], footer = null, keys, onChange, onSubmit, ...first }) {
  const stage = h("div", { class: "editor-stage", tabindex: "0", role: "region" });
  const classes = new Classes({ reserved, onChoose: choose });
  const objects = new Objects({ onPoint: point });
  const side = h("div", { class: "editor-side" }, classes.element, objects.element, footer);
  const element = h("div", { class: "editor" }, stage, side);
  const listeners = new AbortController();
  let view = null;
  let medium = null;
  let shown = 0;
  let work = null;

  function choose(key) {
    classes.choose(key);
    showLabel();
    onChange?.(editor.value);
  }

  // The label that is chosen, or that in force: over the picture or in the text, and as a list.
  function showLabel() {
    const { labels, judged, ontology, note, text, current } = work;
    const key = classes.value ?? current ?? Object.keys(labels ?? {})[0];
    const label = labels ? labels[key] : key === current ? judged : null;
    if (!labels && !judged) return objects.set(null);
    const title = classes.classes.find((entry) => entry.key === key)?.name ?? "";
    objects.set(lines(label, ontology, text), labels ? title : "", note);
    if (medium === "text") return view.mark(marked(text ?? "", label?.spans ?? [], ontology.classes));
    const { img } = view;
    return img && view.cover(drawn(label, ontology.classes, img.naturalWidth, img.naturalHeight));
  }

  // The object of a line in the list stands out.
  function point(id) {
    for (const one of stage.querySelectorAll("[data-object]"))
      one.classList.toggle("is-pointed", id !== null && one.dataset.object === id);
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
    showLabel();
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
      work = next;
      element.classList.toggle("has-labels", Boolean(next.labels));
      setMedium(next.medium ?? medium);
      if (next.classes && next.classes !== classes.classes) classes.set(next.classes);
      classes.choose(next.value?.class ?? null);
      classes.mark(badges(next));
      if (medium === "image") return showImage(next.image);
      view.show(next.text ?? "");
      showLabel();
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
  editor.ready = first.classes ? editor.show(first) : Promise.resolve();
  return editor;
}
