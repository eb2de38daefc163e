// Boxes with their classes.

import { BOX } from "./_box.js";
import { ShapesAnswer } from "./_shapes.js";

export class BoxesAnswer extends ShapesAnswer {
  constructor(parts) {
    super(BOX, parts);
  }
}
