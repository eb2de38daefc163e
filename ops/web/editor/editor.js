// The editor: what is judged, a picture or a text, and beside it what answers, by label type.

import { answerFor } from "./_answers.js";
import { h } from "./_dom.js";
import { History } from "./_history.js";
import { isTyping, keyOf } from "./_keys.js";
import { Pair } from "./_pair.js";
import { Passage } from "./_passage.js";
import { Picture } from "./_picture.js";
import { Proposals } from "./_proposals.js";

export { h } from "./_dom.js";
export { isTyping, keyOf } from "./_keys.js";
export { same, wordsOf } from "./_same.js";

/**
 * An editor inside `root`.
 *
 *   reserved  keys that the page uses itself
 *   footer    an element to stand below the answer
 *   keys      an element whose key presses the editor takes (usually document); without it the
 *             page passes them to `press`
 *   onChange(value), onSubmit(value)
 *
 * Returns {value, show(work), lacking(), unsure(), drop(), press(event), undo(), redo(), zoom(steps), fit(),
 * focus(), keys, atOnce, help(), destroy()}; most of it is that of the answer (`_answers.js`).
 *
 * show(work) takes
 *   medium      "image" | "text"
 *   image       URL, or an HTMLImageElement that is already decoded (shows in the same frame)
 *   text        the text, where the medium is text
 *   pair        {a, b}: the texts of a preference, or null
 *   brief       {label_type, classes, attributes, scale, reasons, tie}
 *   value       the label to begin with: a draft; null
 *   current     the label in force (a review)
 *   earlier     one's own earlier label (rework)
 *   counts      [{label, count}]: what was answered (an adjudication)
 *   candidates  [{name, label, badge}]: labels to begin with
 *   stage
 * and returns a promise that is kept once the picture is on the screen, and broken when it cannot be loaded.
 */
export function createEditor(root, { reserved = [], footer = null, keys, onChange, onSubmit }) {
  const stage = h("div", { class: "editor-stage", tabindex: "0", role: "region" });
  const pair = new Pair();
  const proposals = new Proposals({ onTake: begin });
  const side = h("div", { class: "editor-side" });
  const element = h("div", { class: "editor" }, stage, pair.element, side);
  const listeners = new AbortController();
  const history = new History();
  let view = null;
  let medium = null;
  let shown = 0;
  let work = {};
  let brief = null;
  let answer = null;

  function setAnswer(wanted) {
    const Answer = answerFor(wanted);
    if (!answer || answer.constructor !== Answer) {
      const submit = () => onSubmit?.(editor.value);
      answer = new Answer({ reserved, onChange: changed, onSubmit: submit, onPoint: point });
      element.dataset.type = wanted.label_type ?? "class";
      side.replaceChildren(...[proposals.element, answer.element, footer].filter(Boolean));
    }
    if (wanted !== brief && wanted.classes) {
      brief = wanted;
      answer.set(brief);
    }
  }

  function changed() {
    const { value } = answer;
    history.push(value);
    proposals.mark(value);
    onChange?.(value);
  }

  // Another label takes the place of the answer: undone, redone, or one of the candidates.
  function begin(value) {
    if (value === undefined) return false;
    answer.show({ ...work, value });
    if (!history.past.includes(value)) history.push(answer.value);
    proposals.mark(answer.value);
    onChange?.(answer.value);
    return true;
  }

  // The object of a line in a list stands out.
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
    answer.attach?.(view);
  }

  function setMedium(wanted) {
    if (wanted === medium) return;
    view?.destroy();
    medium = element.dataset.medium = wanted;
    stage.replaceChildren();
    stage.setAttribute("aria-label", wanted === "image" ? "Picture to label" : "Text to label");
    view = wanted === "image" ? new Picture(stage) : new Passage(stage);
  }

  const editor = {
    get value() {
      return answer.value;
    },
    show(next) {
      answer?.detach?.();
      work = next;
      setMedium(next.medium ?? medium);
      setAnswer(next.brief);
      pair.set(next.pair ?? null);
      element.classList.toggle("has-pair", Boolean(next.pair));
      // One choice among few is begun with by making it.
      const few = next.brief.label_type === "class" || answer.atOnce;
      const offered = few ? [] : (next.candidates ?? []);
      proposals.set(offered, next.stage === "adjudicate");
      answer.show(next);
      history.begin(answer.value);
      proposals.mark(answer.value);
      const here = document.activeElement;
      if (here === document.body || element.contains(here)) answer.focus?.();
      if (medium === "image") return showImage(next.image);
      view.show(next.text ?? "");
      answer.attach?.(view);
      return Promise.resolve();
    },
    lacking: () => answer.lacking(),
    unsure: () => answer.unsure?.() ?? null,
    drop: () => answer.drop?.(),
    /** Take a key press; says whether it meant something here. */
    press(event) {
      if (isTyping(event)) return false;
      if (event.ctrlKey || event.metaKey) return withControl(event);
      if (event.altKey) return false;
      return proposals.press(event) || answer.press(event) || command(event);
    },
    undo: () => answer.undo?.() || (answer.ownUndo ? false : begin(history.undo())),
    redo: () => (answer.ownUndo ? false : begin(history.redo())),
    zoom: (steps) => view.zoom(steps),
    fit: () => view.fit(),
    focus() {
      if (!answer.focus?.()) stage.focus({ preventScroll: true });
    },
    /** The keys in use: Map(key → class key, or what else it chooses). */
    get keys() {
      return answer.keys ?? new Map();
    },
    get atOnce() {
      return Boolean(answer.atOnce);
    },
    get submitCap() {
      return answer.submitCap ?? "Enter";
    },
    /** The keys of the answer, for a list: [[caps], words]. */
    help: () => [...(answer.help?.() ?? []), ...proposals.help()],
    destroy() {
      listeners.abort();
      answer.detach?.();
      view?.destroy();
      element.remove();
    },
  };

  // With Ctrl or the like: submit from wherever the focus is, undo, redo.
  function withControl(event) {
    if (event.key === "Enter") {
      if (!event.repeat) onSubmit?.(editor.value);
      return true;
    }
    const key = keyOf(event).toLowerCase();
    if (event.altKey) return false;
    if (key !== "z" && key !== "y") return Boolean(answer.pressCtrl?.(event));
    return key === "y" || event.shiftKey ? editor.redo() : editor.undo();
  }

  function command(event) {
    if (event.key === "Enter") {
      // Enter on another button or link is that button's own.
      const control = event.target.closest?.("button, a, summary");
      if (control && !control.matches(".editor-class[aria-pressed=true], [data-enter=submit]")) return false;
      if (!event.repeat) onSubmit?.(editor.value);
    } else if (event.key === "+" || event.key === "=") view.zoom(1);
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
  setAnswer({});
  root.append(element);
  return editor;
}
