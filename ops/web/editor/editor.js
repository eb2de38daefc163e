// The editor: what is judged, a picture or a text, and beside it what answers, by label type.

import { answerFor } from "./_answers.js";
import { Comparison, LETTERS } from "./_comparison.js";
import { h } from "./_dom.js";
import { proposed, takeOver } from "./_drafted.js";
import { History } from "./_history.js";
import { isTyping, keyOf } from "./_keys.js";
import { DRAFT_KEYS, ModelDraft } from "./_model_draft.js";
import { Pair } from "./_pair.js";
import { Passage } from "./_passage.js";
import { Picture } from "./_picture.js";
import { Proposals } from "./_proposals.js";
import { lines } from "./_said.js";

export { h } from "./_dom.js";
export { withoutDrafts } from "./_drafted.js";
export { isTyping, keyOf } from "./_keys.js";
export { suggested as suggestedErrors } from "./_found_errors.js";
export { same, wordsOf } from "./_same.js";

/**
 * An editor inside `root`.
 *
 *   reserved  keys that the page uses itself
 *   footer    an element to stand below the answer
 *   keys      an element whose key presses the editor takes (usually document); without it the
 *             page passes them to `press`
 *   onChange(value), onSubmit(value)
 *   onBegun()  what is being drawn, and not part of the value yet, changed: `begun` says what it is
 *   onAbove(above)  from how sure on all drafts of a model are accepted together is another number
 *
 * Returns {value, begun, show(work), lacking(), unsure(), drop(), press(event), undo(), redo(), zoom(steps), fit(),
 * focus(), keys, atOnce, help(), destroy()}; most of it is that of the answer (`_answers.js`).
 *
 * show(work) takes
 *   medium      "image" | "text"
 *   image       URL, or an HTMLImageElement that is already decoded (shows in the same frame)
 *   text        the text, where the medium is text
 *   pair        {a, b}: the texts of a preference, or null
 *   brief       {label_type, classes, attributes, scale, reasons, tie}
 *   value       the label to begin with: a draft; null
 *   begun       what was being drawn then, as `begun` gave it; null
 *   current     the label in force (a review)
 *   earlier     one's own earlier label (rework)
 *   counts      [{label, count}]: what was answered (an adjudication)
 *   candidates  [{name, label, badge}]: labels to begin with
 *   proposal    {label, confidence}: what a model says. Objects and passages are there as drafts, which `value`
 *               holds with their score until they are decided (see `withoutDrafts`); other labels are offered
 *   above       from how sure on all drafts are accepted together
 *   others      [{name, label, badge}]: what the answer is held against, the one it is made from first
 *   remarks     [{object, point, words}]: what was said of single objects or places of it (rework)
 *   stage
 * and returns a promise that is kept once the picture is on the screen, and broken when it cannot be loaded.
 */
export function createEditor(root, { reserved = [], footer = null, keys, onChange, onSubmit, onAbove, onBegun }) {
  const stage = h("div", { class: "editor-stage", tabindex: "0", role: "region" });
  const pair = new Pair();
  const proposals = new Proposals({ onTake: begin });
  const drafts = new ModelDraft({
    onOne: () => answer.accept(),
    onAll: (above) => begin(takeOver(answer.value, ({ score }) => score !== null && score >= above)),
    onAbove(above) {
      drafts.mark(answer.value);
      onAbove?.(above);
    },
  });
  const comparison = new Comparison();
  const { bar, pane, panel } = comparison;
  const views = h("div", { class: "editor-views" }, bar.element, bar.captions, stage, pane);
  const side = h("div", { class: "editor-side" });
  const element = h("div", { class: "editor" }, views, pair.element, side);
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
      const taken = [...reserved, ...Object.values(LETTERS)];
      answer = new Answer({ reserved: taken, onChange: changed, onSubmit: submit, onPoint: point, onBegun });
      element.dataset.type = wanted.label_type ?? "class";
      side.replaceChildren(...[proposals.element, drafts.element, answer.element, panel, footer].filter(Boolean));
    }
    if (wanted !== brief && wanted.classes) {
      brief = wanted;
      answer.set(brief);
    }
  }

  function changed() {
    const { value } = answer;
    history.push(value);
    mark(value);
    onChange?.(value);
  }

  function mark(value) {
    proposals.mark(value);
    drafts.mark(value);
    comparison.update(value);
  }

  // What may be begun with. One choice among few is begun with by making it; what a model proposes as a whole is
  // taken by a key of its own, never by Enter.
  function offer({ brief: asked, candidates, proposal, stage: of }) {
    const label = proposal?.label;
    const whole = label && !label.objects && !label.spans;
    const few = asked.label_type === "class" || answer.atOnce;
    if (!whole) return proposals.set(few ? [] : (candidates ?? []), of === "adjudicate", answer.keys);
    const name = lines(label, asked).map((line) => line.name).join(", ") || "none";
    proposals.set([{ name, label, badge: proposed(proposal.confidence), letter: DRAFT_KEYS.one }], true, answer.keys);
  }

  // Another label takes the place of the answer: undone, redone, or one of the candidates.
  function begin(value) {
    if (value === undefined) return false;
    answer.show({ ...work, value, begun: null });
    if (work.candidates?.some(({ label }) => label === value)) comparison.origin = value;
    if (!history.past.includes(value)) history.push(answer.value);
    mark(answer.value);
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
    comparison.attach(view);
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
    get begun() {
      return answer.begun ?? null;
    },
    show(next) {
      answer?.detach?.();
      work = next;
      setMedium(next.medium ?? medium);
      setAnswer(next.brief);
      pair.set(next.pair ?? null);
      element.classList.toggle("has-pair", Boolean(next.pair));
      offer(next);
      drafts.set(next.proposal, next.above, answer.keys);
      comparison.set(next, answer);
      answer.show(next);
      history.begin(answer.value);
      mark(answer.value);
      const here = document.activeElement;
      if (here === document.body || element.contains(here)) answer.focus?.();
      if (medium === "image") return showImage(next.image);
      view.show(next.text ?? "");
      answer.attach?.(view);
      comparison.attach(view);
      return Promise.resolve();
    },
    lacking: () => answer.lacking(),
    unsure: () => drafts.unsure() ?? answer.unsure?.() ?? null,
    drop: () => answer.drop?.(),
    /** Take a key press; says whether it meant something here. */
    press(event) {
      if (isTyping(event)) return false;
      if (event.ctrlKey || event.metaKey) return withControl(event);
      if (event.altKey) return false;
      return proposals.press(event) || drafts.press(event) || answer.press(event) || comparison.press(event, editor.keys) || command(event);
    },
    undo: () => answer.undo?.() || (answer.ownUndo ? false : begin(history.undo())),
    redo: () => (answer.ownUndo ? false : begin(history.redo())),
    zoom: (steps) => view.zoom(steps),
    fit: () => view.fit(),
    focus() {
      if (!answer.focus?.()) stage.focus({ preventScroll: true });
    },
    /** What is chosen in the answer: {object, box?, name} or {passage: {start, end}}, or null. */
    get selected() {
      return answer.selected ?? null;
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
    help: () => [...(answer.help?.() ?? []), ...proposals.help(), ...drafts.help(), ...comparison.help()],
    /** {id, name} of the object or passage that is chosen, or null. */
    get chosenObject() {
      return answer.chosenObject ?? null;
    },
    /** What differs between the answer and `label`, from which it was made. */
    editsOf: (label) => comparison.editsOf(label),
    /** Point at objects and places: [{object, point, words}]. */
    tell: (remarks) => comparison.tell(remarks),
    /** The px of the picture, [x, y], under a pointer; null beside it and in a text. */
    pointAt: (event) => view?.pointAt?.(event) ?? null,
    destroy() {
      listeners.abort();
      comparison.destroy();
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
