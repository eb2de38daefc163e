// One picture in a pane: fitted, zoomed about the pointer, dragged.

// Up to this many pixels a side a picture is read pixel by pixel, so its pixels stay sharp squares.
const SMALL = 128;
// Larger squares hide the shape they form.
const LARGEST_PIXEL = 48;
const SMOOTH_UPSCALE = 4;
const SHARP_FROM = 6;
const STEP = 1.25;
// How much of the pane is filled by what is looked at.
const LOOK = 0.4;
const MARGIN = 16;

export class Picture {
  /** Shows pictures in `pane`, an element that clips what overflows it. */
  constructor(pane) {
    this.pane = pane;
    this.img = null;
    this.layer = null;
    this.beneath = null;
    /** Called when the picture is at another place; what lies elsewhere follows. */
    this.onPlace = null;
    this.pointers = new Map();
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    pane.addEventListener("wheel", (event) => this.#wheel(event), { passive: false, signal });
    pane.addEventListener("pointerdown", (event) => this.#down(event), { signal });
    pane.addEventListener("pointermove", (event) => this.#move(event), { signal });
    for (const name of ["pointerup", "pointercancel"])
      pane.addEventListener(name, (event) => this.#up(event), { signal });
    pane.addEventListener("dblclick", () => this.fit(), { signal });
    this.observer = new ResizeObserver(() => this.fitted && this.fit());
    this.observer.observe(pane);
  }

  /** Put a decoded image in the pane, fitted. */
  show(img) {
    this.img = img;
    img.draggable = false;
    img.classList.add("editor-picture");
    this.layer = this.beneath = null;
    this.pane.replaceChildren(img);
    this.fit();
  }

  /** Lay `layer` over the picture, to the size of its pixels; null takes it away. */
  cover(layer) {
    this.layer?.remove();
    this.layer = layer;
    if (!layer || !this.img) return;
    this.pane.append(layer);
    this.#place();
  }

  /** Lay `layer` between the picture and what covers it; null takes it away. */
  under(layer) {
    this.beneath?.remove();
    this.beneath = layer;
    if (!layer || !this.img) return;
    this.img.after(layer);
    this.#place();
  }

  /** Bring [left, top, right, bottom] (px of the picture) into the middle, large enough to judge. */
  look([left, top, right, bottom]) {
    if (!this.img) return;
    const room = [this.pane.clientWidth, this.pane.clientHeight];
    const wanted = LOOK * Math.min(room[0] / Math.max(1, right - left), room[1] / Math.max(1, bottom - top));
    // Never smaller than fitted, and what is tiny keeps something of what is around it.
    this.scale = Math.max(2 * this.least, Math.min(this.most, 8 * this.least, wanted));
    this.x = room[0] / 2 - ((left + right) / 2) * this.scale;
    this.y = room[1] / 2 - ((top + bottom) / 2) * this.scale;
    this.fitted = false;
    this.#place();
  }

  /** The whole picture, as large as the pane allows. */
  fit() {
    if (!this.img) return;
    const { naturalWidth: width, naturalHeight: height } = this.img;
    const room = [this.pane.clientWidth - 2 * MARGIN, this.pane.clientHeight - 2 * MARGIN];
    let scale = Math.min(room[0] / width, room[1] / height);
    if (Math.max(width, height) > SMALL) scale = Math.min(scale, SMOOTH_UPSCALE);
    // Whole multiples make every pixel of a small picture the same size.
    else if (scale > 4) scale = Math.min(LARGEST_PIXEL, Math.floor(scale));
    this.least = scale / 2;
    this.most = Math.max(scale * 16, 8);
    this.scale = scale;
    this.x = (this.pane.clientWidth - width * scale) / 2;
    this.y = (this.pane.clientHeight - height * scale) / 2;
    this.fitted = true;
    this.#place();
  }

  /** Zoom by steps, about a point of the pane (its middle by default). */
  zoom(steps, at = [this.pane.clientWidth / 2, this.pane.clientHeight / 2]) {
    if (this.img) this.#scaleTo(this.scale * STEP ** steps, at);
  }

  /** Move the picture by px of the screen. */
  pan(dx, dy) {
    if (!this.img) return;
    this.x += dx;
    this.y += dy;
    this.fitted = false;
    this.#place();
  }

  /** [left, top, right, bottom] in px of the picture of what of it is in sight. */
  get sight() {
    const { img, pane, scale, x, y } = this;
    const least = (from) => Math.max(0, -from / scale);
    return [
      least(x),
      least(y),
      Math.min(img.naturalWidth, (pane.clientWidth - x) / scale),
      Math.min(img.naturalHeight, (pane.clientHeight - y) / scale),
    ];
  }

  /** [x, y] in px of the picture under a pointer, to the whole px; null beside the picture. */
  pointAt(event) {
    const point = this.#at(event).map((at, i) => Math.floor((at - [this.x, this.y][i]) / this.scale));
    const size = [this.img?.naturalWidth ?? 0, this.img?.naturalHeight ?? 0];
    return point.every((at, i) => at >= 0 && at < size[i]) ? point : null;
  }

  destroy() {
    this.listeners.abort();
    this.observer.disconnect();
  }

  #scaleTo(wanted, [px, py]) {
    const scale = Math.min(this.most, Math.max(this.least, wanted));
    this.x = px - ((px - this.x) * scale) / this.scale;
    this.y = py - ((py - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = false;
    this.#place();
  }

  #place() {
    const { img, pane } = this;
    const width = img.naturalWidth * this.scale;
    const height = img.naturalHeight * this.scale;
    // A corner of the picture always stays in sight.
    this.x = Math.min(pane.clientWidth - 48, Math.max(48 - width, this.x));
    this.y = Math.min(pane.clientHeight - 48, Math.max(48 - height, this.y));
    // Width and place, not a scaling transform: the browser then draws at full resolution.
    for (const { style } of [img, this.beneath, this.layer].filter(Boolean)) {
      style.width = `${width}px`;
      style.height = `${height}px`;
      style.transform = `translate(${this.x}px, ${this.y}px)`;
      // A px of the screen in those of the picture, for what keeps its size whatever the zoom.
      style.setProperty("--px", `${1 / this.scale}px`);
    }
    const small = Math.max(img.naturalWidth, img.naturalHeight) <= SMALL;
    img.classList.toggle("is-sharp", small || this.scale >= SHARP_FROM);
    this.onPlace?.();
  }

  #wheel(event) {
    if (!this.img) return;
    event.preventDefault();
    const pixels = event.deltaMode === 0 ? event.deltaY : event.deltaY * 33;
    this.zoom(-Math.max(-2, Math.min(2, pixels / 100)), this.#at(event));
  }

  #down(event) {
    if (!this.img || event.button > 1) return;
    this.pane.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.#at(event));
    this.pane.classList.add("is-dragged");
  }

  #move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before || !this.img) return;
    const now = this.#at(event);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      // Two fingers: zoom by how their distance changes, about the resting one.
      const distance = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
      this.#scaleTo((this.scale * distance(now)) / distance(before), other);
    } else {
      this.x += now[0] - before[0];
      this.y += now[1] - before[1];
      this.fitted = false;
      this.#place();
    }
    this.pointers.set(event.pointerId, now);
  }

  #up(event) {
    this.pointers.delete(event.pointerId);
    if (!this.pointers.size) this.pane.classList.remove("is-dragged");
  }

  #at(event) {
    const box = this.pane.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }
}
