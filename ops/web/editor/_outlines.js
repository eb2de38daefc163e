// Outlines with their classes.

import { OUTLINE } from "./_outline.js";
import { ShapesAnswer } from "./_shapes.js";

export class OutlinesAnswer extends ShapesAnswer {
  constructor(parts) {
    super(OUTLINE, parts);
  }
}
