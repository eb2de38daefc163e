// The pointer over a picture on which shapes are drawn: where it is in px of the picture, and whose press it is.

// A press that moves less than this, in px of the screen, is a click.
const STILL = 4;

export class Hand {
  /**
   * `takes`: down(point, event) → whether the press is ours; then move(point, event), click(point,
   * event) or drop(point, event), or cancel(). hover(point | null, event) without a press; miss() is a
   * click that was not ours; twice(point). The middle button and the space bar move the picture.
   */
  constructor(view, takes) {
    this.view = view;
    this.takes = takes;
    this.space = false;
    this.press = null;
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    // Before the picture's own: what is drawn does not move the picture.
    const on = (name, act) => view.pane.addEventListener(name, act, { capture: true, signal });
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#up(event));
    on("pointercancel", () => this.cancel());
    on("pointerleave", (event) => this.press || this.takes.hover(null, event));
    on("dblclick", (event) => {
      event.stopImmediatePropagation();
      this.takes.twice?.(this.at(event));
    });
    window.addEventListener("keyup", (event) => event.key === " " && this.spaced(false), { signal });
    window.addEventListener("blur", () => this.spaced(false), { signal });
  }

  /** While the space bar is down the pointer moves the picture. */
  spaced(down) {
    this.space = down;
    this.view.pane.classList.toggle("is-panned", down);
  }

  /** A px of the screen in px of the picture. */
  get px() {
    return this.view.img.naturalWidth / this.view.img.getBoundingClientRect().width;
  }

  at({ clientX, clientY }) {
    const { img } = this.view;
    const { left, top, width, height } = img.getBoundingClientRect();
    return [((clientX - left) / width) * img.naturalWidth, ((clientY - top) / height) * img.naturalHeight];
  }

  /** Give up what is being dragged. */
  cancel() {
    const { press } = this;
    this.press = null;
    if (press?.ours) this.takes.cancel();
  }

  destroy() {
    this.spaced(false);
    this.listeners.abort();
  }

  #down(event) {
    // A second finger means the picture.
    if (this.press && this.press.id !== event.pointerId) return this.cancel();
    if (event.button !== 0 || this.space) return;
    const ours = this.takes.down(this.at(event), event);
    this.press = { id: event.pointerId, ours, from: [event.clientX, event.clientY], moved: false };
    if (!ours) return;
    this.view.pane.setPointerCapture(event.pointerId);
    event.stopImmediatePropagation();
  }

  #move(event) {
    const { press } = this;
    if (!press) return this.takes.hover(this.at(event), event);
    const [x, y] = press.from;
    press.moved ||= Math.hypot(event.clientX - x, event.clientY - y) >= STILL;
    if (!press.ours) return;
    event.stopImmediatePropagation();
    if (press.moved) this.takes.move(this.at(event), event);
  }

  #up(event) {
    const { press } = this;
    if (press?.id !== event.pointerId) return;
    this.press = null;
    if (!press.ours) return press.moved || this.takes.miss();
    event.stopImmediatePropagation();
    this.takes[press.moved ? "drop" : "click"](this.at(event), event);
  }
}
