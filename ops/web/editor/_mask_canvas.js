// Masks painted over the picture, pixel by pixel.

import { h } from "./_dom.js";
import { isDraft } from "./_drafted.js";
import { NO_COLOUR, rgb } from "./_drawn.js";
import { paint } from "./_rle.js";

const ALPHA = 105;
const CHOSEN = 170;
const DRAFT = 55;

export class MaskCanvas {
  constructor([width, height], known) {
    this.size = [width, height];
    this.known = known;
    this.element = h("canvas", { width, height });
    this.context = this.element.getContext("2d", { willReadFrequently: true });
    this.painted = [];
  }

  /** All objects but those that are hidden; nothing happens where they are the same as before. */
  draw(objects, chosen, hidden) {
    const wanted = objects.filter(({ id }) => !hidden.has(id)).flatMap((one) => [one, one.id === chosen]);
    if (wanted.length === this.painted.length && wanted.every((each, i) => each === this.painted[i])) return;
    this.painted = wanted;
    const [width, height] = this.size;
    const image = this.context.createImageData(width, height);
    for (let i = 0; i < wanted.length; i += 2) {
      const alpha = wanted[i + 1] ? CHOSEN : isDraft(wanted[i]) ? DRAFT : ALPHA;
      paint(image.data, wanted[i].rle, [...this.#colour(wanted[i].class), alpha]);
    }
    this.context.putImageData(image, 0, 0);
  }

  /** Within [left, top, right, bottom] the mask `before` is `plate` by now. */
  touch(before, plate, key, [left, top, right, bottom]) {
    if (right <= left || bottom <= top) return;
    this.painted = [null];
    const height = this.size[1];
    const image = this.context.getImageData(left, top, right - left, bottom - top);
    const { data } = image;
    const colour = [...this.#colour(key), CHOSEN];
    for (let x = left; x < right; x++)
      for (let y = top; y < bottom; y++) {
        const [pixel, at] = [x * height + y, 4 * ((y - top) * (right - left) + x - left)];
        if (plate[pixel]) data.set(colour, at);
        else if (before[pixel]) data[at + 3] = 0;
      }
    this.context.putImageData(image, left, top);
  }

  #colour(key) {
    return rgb(this.known.get(key)?.colour || NO_COLOUR);
  }
}
