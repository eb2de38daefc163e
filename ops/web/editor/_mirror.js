// The other label beside one's own: the same picture or text once more, moved and scrolled in step.

import { h } from "./_dom.js";
import { Passage } from "./_passage.js";
import { SpanText } from "./_span_text.js";

/** The picture of `view` once more in `pane`, which is as large as that of the view. */
export class PictureMirror {
  constructor(pane, view) {
    this.pane = pane;
    this.view = view;
    const { img } = view;
    // Drawn from what is decoded already: the picture is not fetched a second time.
    this.canvas = h("canvas", { width: img.naturalWidth, height: img.naturalHeight, class: "editor-mirrored" });
    this.canvas.getContext("2d").drawImage(img, 0, 0);
    this.layer = null;
    pane.replaceChildren(this.canvas);
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    pane.addEventListener("wheel", (event) => this.#wheel(event), { passive: false, signal });
    pane.addEventListener("pointerdown", (event) => pane.setPointerCapture(event.pointerId), { signal });
    pane.addEventListener("pointermove", ({ buttons, movementX, movementY }) => buttons && view.pan(movementX, movementY), { signal });
    pane.addEventListener("dblclick", () => view.fit(), { signal });
    view.onPlace = () => this.follow();
    this.follow();
  }

  cover(layer) {
    this.layer?.remove();
    this.layer = layer;
    if (layer) this.pane.append(layer);
    this.follow();
  }

  follow() {
    const { img } = this.view;
    this.canvas.classList.toggle("is-sharp", img.classList.contains("is-sharp"));
    for (const element of [this.canvas, this.layer].filter(Boolean)) element.style.cssText = img.style.cssText;
  }

  destroy() {
    this.listeners.abort();
    this.view.onPlace = null;
    this.pane.replaceChildren();
  }

  #wheel(event) {
    event.preventDefault();
    const [here, there] = [this.pane, this.view.pane].map((pane) => pane.getBoundingClientRect());
    const { deltaY, deltaMode, clientX, clientY } = event;
    const at = { clientX: clientX - here.left + there.left, clientY: clientY - here.top + there.top };
    this.view.pane.dispatchEvent(new WheelEvent("wheel", { deltaY, deltaMode, cancelable: true, ...at }));
  }
}

/** The text once more, with the other label's passages. */
export class TextMirror {
  constructor(pane, view, characters) {
    this.pane = pane;
    this.passage = new Passage(pane);
    this.passage.show(characters.text);
    this.text = new SpanText(this.passage, characters, { onRange() {}, onClick() {} });
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    const follow = (from, to) => () => (to.scrollTop = from.scrollTop);
    pane.addEventListener("scroll", follow(pane, view.pane), { signal });
    view.pane.addEventListener("scroll", follow(view.pane, pane), { signal });
    pane.scrollTop = view.pane.scrollTop;
    pane.style.setProperty("--passage-size", view.pane.style.getPropertyValue("--passage-size"));
  }

  draw(spans) {
    this.text.draw(spans, new Set(), null);
  }

  destroy() {
    this.listeners.abort();
    this.text.destroy();
    this.pane.replaceChildren();
  }
}
