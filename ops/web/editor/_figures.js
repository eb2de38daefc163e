// Figures of named points, with their classes.

import { FIGURE } from "./_figure.js";
import { ShapesAnswer } from "./_shapes.js";

export class FiguresAnswer extends ShapesAnswer {
  constructor(parts) {
    super(FIGURE, parts);
  }
}
