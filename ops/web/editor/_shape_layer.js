// The shapes of a label over the picture: only what changed is drawn again.

import { h } from "./_dom.js";
import { isDraft, sureness } from "./_drafted.js";
import { NO_COLOUR, corner, named, rimOf, shapes, svg } from "./_drawn.js";
import { runsOf } from "./_rle.js";

// With more, only the chosen one tells its name.
const MOST_NAMES = 60;

export class ShapeLayer {
  /** Over the picture of `view`; `known` is Map(class key → class). */
  constructor(view, known) {
    const { naturalWidth: width, naturalHeight: height } = view.img;
    this.size = [width, height];
    this.known = known;
    this.drawn = new Map();
    this.cross = svg("g", { class: "editor-cross" }, svg("line"), svg("line"));
    this.handles = svg("g", { class: "editor-handles" });
    this.disc = svg("circle", { class: "editor-brush", display: "none" });
    const viewBox = `0 0 ${width} ${height}`;
    this.svg = svg("svg", { viewBox, preserveAspectRatio: "none" }, this.cross, this.handles, this.disc);
    this.element = h("div", { class: "editor-drawn is-edited", "aria-hidden": "true" }, this.svg);
    this.crossAt(null);
    view.cover(this.element);
  }

  /** All objects: `classOf(one)` gives the words of their state. */
  draw(objects, classOf) {
    const gone = new Set(this.drawn.keys());
    for (const one of objects) {
      gone.delete(one.id);
      this.put(one, classOf(one));
    }
    for (const id of gone) this.take(id);
    this.svg.classList.toggle("is-many", objects.length > MOST_NAMES);
  }

  /** One object, new or changed. */
  put(one, state) {
    let entry = this.drawn.get(one.id);
    if (!entry) {
      entry = { group: svg("g", { "data-object": one.id }) };
      this.drawn.set(one.id, entry);
      this.cross.before(entry.group);
    }
    if (entry.one !== one) entry.group.replaceChildren(...this.#parts(entry.group, one));
    if (entry.state !== state) entry.group.setAttribute("class", state);
    Object.assign(entry, { one, state });
  }

  take(id) {
    this.drawn.get(id)?.group.remove();
    this.drawn.delete(id);
  }

  /** Where the chosen one is grasped: [{name, at}]. */
  grasp(handles) {
    const { children } = this.handles;
    while (children.length > handles.length) children[children.length - 1].remove();
    while (children.length < handles.length) this.handles.append(svg("circle"));
    handles.forEach(({ name, at: [cx, cy], kind = "" }, i) => {
      const circle = children[i];
      for (const [key, value] of Object.entries({ cx, cy, "data-handle": name, class: kind }))
        if (circle.getAttribute(key) !== String(value)) circle.setAttribute(key, value);
    });
  }

  /** The two lines through the pointer; null takes them away. */
  crossAt(point) {
    const [across, down] = this.cross.children;
    this.cross.setAttribute("display", point ? "inline" : "none");
    if (!point) return;
    const [[x, y], [width, height]] = [point, this.size];
    for (const [line, ends] of [[across, { x1: 0, x2: width, y1: y, y2: y }], [down, { x1: x, x2: x, y1: 0, y2: height }]])
      for (const [key, value] of Object.entries(ends)) line.setAttribute(key, value);
  }

  /** The edge of a brush about the pointer; null takes it away. */
  discAt(point, radius) {
    this.disc.setAttribute("display", point ? "inline" : "none");
    if (!point) return;
    this.disc.setAttribute("cx", point[0]);
    this.disc.setAttribute("cy", point[1]);
    this.disc.style.setProperty("--brush", `${radius}px`);
  }

  #parts(group, one) {
    const entry = this.known.get(one.class);
    group.style.setProperty("--class-colour", entry?.colour || NO_COLOUR);
    const seen = shapes(one, entry?.skeleton);
    const at = corner(one) ?? (isDraft(one) ? firstPixel(one.rle) : null);
    const name = `${entry?.name ?? one.class} ${sureness(one.score)}`.trim();
    return [...seen.map(rimOf), ...seen, ...(at ? [named(name, at)] : [])];
  }
}

/** The first pixel of a mask, down its leftmost column: where a draft of one tells how sure the model is. */
function firstPixel({ size: [height], counts }) {
  const [before] = runsOf(counts);
  return [Math.floor(before / height), before % height];
}
