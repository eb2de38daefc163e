// What a press, a drag and a click on the picture mean for masks: the brush and the eraser.

import { inside } from "./_plane.js";
import { stroke, unpacked } from "./_plate.js";

export class Brush {
  /** `answer` is the MasksAnswer whose masks these are. */
  constructor(answer) {
    this.answer = answer;
    this.now = null;
  }

  down(point, event) {
    const { answer } = this;
    const { chosenOne: one, armed } = answer;
    const free = event.ctrlKey || event.metaKey;
    const under = this.#under(point);
    if (!free && one && answer.isLocked(one)) return true;
    if (free || (armed === null && !one)) {
      if (!under.length) return false;
      this.now = { under };
      return true;
    }
    this.now = { under, one, from: inside(point, answer.size), erases: answer.erasing !== event.shiftKey };
    return true;
  }

  move(point) {
    const { answer, now } = this;
    if (!now?.from) return;
    if (now.erases && !now.one) return;
    now.before ??= now.one ? unpacked(now.one.rle) : new Uint8Array(answer.size[0] * answer.size[1]);
    now.plate ??= now.before.slice();
    const to = inside(point, answer.size);
    const touched = stroke(now.plate, answer.size, now.from, to, answer.radius, now.erases ? 0 : 1);
    now.from = to;
    answer.canvas.touch(now.before, now.plate, now.one?.class ?? answer.armed, touched);
    answer.layer.discAt(to, answer.radius);
  }

  drop(point) {
    const { answer, now } = this;
    if (!now) return;
    this.move(point);
    this.end();
    if (now.plate) answer.painted(now.one, now.plate);
    else if (now.erases) answer.say("Choose the mask first, with Tab or Ctrl and a click.");
  }

  click(point) {
    const { answer, now } = this;
    if (!now) return;
    // With a class in hand a click is a dab; without one it chooses.
    if (now.from && answer.armed !== null) return this.drop(point);
    this.end();
    const here = now.under.findIndex(({ id }) => id === answer.chosen);
    answer.choose(now.under.length ? now.under[(here + 1) % now.under.length].id : null);
  }

  cancel() {
    this.end();
    this.answer.canvas.painted = [null];
    this.answer.draw();
  }

  end() {
    this.now = null;
  }

  miss() {
    if (this.answer.chosen !== null) this.answer.choose(null);
  }

  hover(point, event) {
    const { answer } = this;
    const paints = point && !answer.hand.space && !event.buttons && !event.ctrlKey && (answer.armed !== null || answer.chosen !== null);
    answer.layer.discAt(paints ? inside(point, answer.size) : null, answer.radius);
    answer.view.pane.style.cursor = paints ? "crosshair" : point && this.#under(point).length ? "pointer" : "";
  }

  #under(point) {
    const { hidden, kind, locked, value } = this.answer;
    return value.objects
      .filter((one) => !hidden.has(one.id) && !locked.has(one.id) && kind.holds(one, point))
      .sort((a, b) => kind.area(a) - kind.area(b));
  }
}
