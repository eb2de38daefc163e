// A label that is only looked at: the picture or text, the label over it, and in words beside it.

import { Characters } from "./_characters.js";
import { Comparison } from "./_comparison.js";
import { differenceLayer } from "./_difference_layer.js";
import { spansOf } from "./_difference_spans.js";
import { h } from "./_dom.js";
import { NO_COLOUR } from "./_drawn.js";
import { isTyping, keyOf } from "./_keys.js";
import { boundsOf } from "./_likeness.js";
import { Pair } from "./_pair.js";
import { Passage } from "./_passage.js";
import { Picture } from "./_picture.js";
import { lines } from "./_said.js";
import { SpanText } from "./_span_text.js";

/**
 * A viewer inside `root`; nothing in it can be changed.
 *
 * Returns {show(work), press(event), help(), destroy()}.
 *
 * show(work) takes
 *   medium  "image" | "text"
 *   image   URL; text  the text; pair  {a, b}, the texts of a preference, or null
 *   brief   {label_type, classes, attributes, scale, reasons, tie}
 *   label   what is shown
 *   before  null, or another label that it is held against; `names` then says what the two are called,
 *           as {before: "first delivery", after: "second delivery"}
 *   remarks [{object, point, words}]: what was said of single objects or places, numbered
 * and returns a promise that is kept once it is on the screen, and broken when the picture cannot be loaded.
 */
export function createViewer(root) {
  const stage = h("div", { class: "editor-stage", tabindex: "0", role: "region" });
  const pair = new Pair();
  const comparison = new Comparison();
  comparison.ways.adjudicate = "over";
  const { bar, pane, panel } = comparison;
  const title = h("h2", { class: "editor-objects-title" });
  const list = h("ol", { class: "editor-lines", "aria-label": "What the label says" });
  const said = h("section", { class: "editor-objects", "aria-label": "Label", tabindex: "0" }, title, list);
  const views = h("div", { class: "editor-views" }, bar.element, bar.captions, stage, pane);
  const element = h("div", { class: "editor is-viewer" }, views, pair.element, h("div", { class: "editor-side" }, said, panel));
  let view = null;
  let text = null;
  let work = {};
  let shown = 0;

  // What the comparison asks of an answer, and a label that is only looked at can say.
  const looked = {
    compare: ({ ghosts }) => text?.draw(ghosts, new Set(), null),
    reveal: (start) => text?.reveal(start),
    get characters() {
      return text?.characters;
    },
  };

  function setMedium(wanted) {
    clear();
    element.dataset.medium = wanted;
    stage.setAttribute("aria-label", wanted === "image" ? "Picture" : "Text");
    view = wanted === "image" ? new Picture(stage) : new Passage(stage);
  }

  function clear() {
    comparison.destroy();
    text?.destroy();
    view?.destroy();
    text = view = null;
    stage.replaceChildren();
  }

  function listed() {
    const { label, brief } = work;
    const rows = lines(label, brief, work.text);
    title.textContent = label?.objects || label?.spans ? `${rows.length} marked` : "Label";
    if (!rows.length) list.replaceChildren(h("li", { class: "editor-line editor-none" }, "Nothing is marked."));
    else list.replaceChildren(...rows.map(line));
  }

  function line({ id, colour, name, about }) {
    const element = h("li", { class: "editor-line", "data-line": id }, h("span", { class: "editor-line-name" }, name), about ? h("span", { class: "editor-line-about", dir: "auto" }, about) : null);
    element.style.setProperty("--class-colour", colour || NO_COLOUR);
    if (id !== undefined) {
      element.addEventListener("pointerenter", () => point(id));
      element.addEventListener("pointerleave", () => point(null));
    }
    return element;
  }

  function point(id) {
    for (const one of stage.querySelectorAll("[data-object]")) {
      const mine = one.dataset.object === id || one.dataset.object === `theirs ${id}`;
      one.classList.toggle("is-pointed", id !== null && mine);
    }
  }

  // The label over what it is about; held against another, the comparison draws both.
  function draw() {
    const { before, brief, label, remarks, names } = work;
    const known = new Map((brief.classes ?? []).map((entry) => [entry.key, entry]));
    if (brief.label_type === "spans") {
      text = new SpanText(view, new Characters(work.text ?? ""), { onRange() {}, onClick() {} });
      text.draw(spansOf(label ?? {}, [], "theirs", known), new Set(), null);
    }
    if (before) return compared(names ?? {});
    comparison.set({ stage: "look", brief, others: [], text: work.text, remarks }, looked);
    comparison.bar.show({ on: false, found: [] });
    const whole = label?.objects;
    if (!whole) return;
    const size = [view.img.naturalWidth, view.img.naturalHeight];
    view.cover(differenceLayer({ size, known, whole, pins: pins(whole, remarks ?? []) }));
  }

  function pins(whole, remarks) {
    return remarks.flatMap(({ object, point: at, words }, i) => {
      const one = whole.find(({ id }) => id === object);
      const [left, , , bottom] = one ? boundsOf(one) : [];
      return at || one ? [{ number: i + 1, at: at ?? [left, bottom], words }] : [];
    });
  }

  function compared({ before = "before", after = "after" }) {
    const others = [{ name: before, label: work.before }, { name: after, label: work.label }];
    comparison.set({ stage: "adjudicate", brief: work.brief, others, text: work.text, remarks: [], reading: true }, looked);
    comparison.attach(view);
  }

  async function showImage(source) {
    const turn = ++shown;
    const img = new Image();
    img.src = source;
    await img.decode();
    if (turn !== shown) return;
    img.alt = "Picture with its label";
    view.show(img);
    draw();
  }

  function command(event) {
    if (event.key === "+" || event.key === "=") view.zoom(1);
    else if (event.key === "-" || event.key === "−") view.zoom(-1);
    else if (event.key === "0" || keyOf(event) === "f") view.fit();
    else return false;
    return true;
  }

  root.append(element);
  return {
    show(next) {
      work = next;
      setMedium(next.medium);
      pair.set(next.pair ?? null);
      element.classList.toggle("has-pair", Boolean(next.pair));
      element.dataset.type = next.brief.label_type;
      listed();
      if (next.medium === "image") return showImage(next.image);
      shown++;
      view.show(next.text ?? "");
      draw();
      return Promise.resolve();
    },
    /** Take a key press; says whether it meant something here. */
    press(event) {
      if (!view || isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return false;
      return comparison.press(event, new Map()) || command(event);
    },
    /** The keys, for a list: [[caps], words]. */
    help: () => [...comparison.help(), [["+", "−", "f"], "Larger, smaller, the whole"]],
    destroy() {
      clear();
      element.remove();
    },
  };
}
