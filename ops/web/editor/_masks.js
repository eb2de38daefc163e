// Masks with their classes, painted and erased.

import { Brush } from "./_brush.js";
import { MASK, exclusive } from "./_mask.js";
import { MaskCanvas } from "./_mask_canvas.js";
import { isEmpty, packed } from "./_plate.js";
import { ShapesAnswer } from "./_shapes.js";

const FINER = 1.25;

export class MasksAnswer extends ShapesAnswer {
  constructor(parts) {
    super(MASK, parts);
    this.gestures = new Brush(this);
    this.erasing = false;
    this.radius = null;
  }

  show(work) {
    if (!this.view) this.erasing = false;
    super.show(work);
  }

  attach(view) {
    const size = [view.img.naturalWidth, view.img.naturalHeight];
    this.radius ??= Math.max(1, Math.round(Math.min(...size) / 30));
    this.canvas = new MaskCanvas(size, this.known);
    super.attach(view);
  }

  drawLayer(objects, one) {
    super.drawLayer(objects, one);
    if (!this.canvas.element.isConnected) this.layer.element.prepend(this.canvas.element);
    this.canvas.draw(objects, this.chosen, this.hidden);
  }

  /** A stroke ended: `plate` is what `one` has now; without `one` it is a new mask. */
  painted(one, plate) {
    if (one && isEmpty(plate)) return this.remove(one.id);
    if (isEmpty(plate)) return this.draw();
    const rle = packed(plate, this.size);
    if (one) this.change({ ...one, rle });
    else this.add({ rle });
  }

  commit(value, chosen, held) {
    // In a semantic label what one mask takes, the others lose.
    const shared = value.semantic && chosen !== null && value !== this.value;
    super.commit(shared ? exclusive(value, chosen, this.size) : value, chosen, held);
  }

  /** The brush larger (1) or smaller (-1). */
  brush(way) {
    const wanted = way > 0 ? Math.max(this.radius + 1, this.radius * FINER) : Math.min(this.radius - 1, this.radius / FINER);
    this.radius = Math.max(1, Math.round(wanted));
    this.layer?.disc.style.setProperty("--brush", `${this.radius}px`);
    this.draw();
    return true;
  }

  erase() {
    this.erasing = !this.erasing;
    this.draw();
    return true;
  }

  paintHint() {
    const { armed, capOf, chosenOne: one, erasing, locked, radius } = this;
    if (one && locked.has(one.id)) return `${this.nameOf(one)}: locked. ${capOf("lock")} unlocks it.`;
    const name = one ? this.nameOf(one) : this.known.get(armed).name;
    const what = erasing ? `erase (${capOf("erase")}: paint)` : `paint (${capOf("erase")}: erase)`;
    const next = one && this.fresh ? " The key of its class begins the next one." : "";
    return `${name}${one ? `, ${this.kind.about(one)}` : ""}: drag to ${what}. Brush ${2 * radius} px: , and . change it.${next}`;
  }
}
