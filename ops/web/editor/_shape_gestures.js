// What a press, a drag and a click on the picture mean for the shapes there.

import { inside } from "./_plane.js";

// How near the pointer must come to a handle, in px of the screen.
const REACH = 9;
// A click nearer than this to the one before is the second half of a double click.
const TWICE = 5;

export class Gestures {
  /** `answer` is the ShapesAnswer whose shapes these are; the hand gives the presses. */
  constructor(answer) {
    this.answer = answer;
    this.now = null;
    this.drawn = null;
  }

  down(point, event) {
    const { answer } = this;
    const one = answer.chosenOne;
    const handle = one && !answer.trail && this.#handleAt(point);
    const under = this.#under(point);
    const draws = answer.trail || (answer.armed !== null && !event.ctrlKey && !event.metaKey);
    if (handle) this.now = { handle, one, draws };
    else if (draws) this.now = { draw: true, under };
    else if (under.length) this.now = { one: under.find(({ id }) => id === answer.chosen) ?? under[0], under };
    else return false;
    this.now.from = inside(point, answer.size);
    return true;
  }

  move(point) {
    const { now } = this;
    const { answer } = this;
    const { kind, size } = answer;
    if (!now) return;
    const to = inside(point, size);
    if (now.draw && !kind.drag) this.#reach(to);
    else if (now.draw) {
      const shape = kind.between(now.from, to);
      this.#sketch(shape && { id: answer.freshId, class: answer.armed, ...shape });
      answer.layer.crossAt(to);
    } else if (now.handle) this.#sketch(kind.dragged(now.one, now.handle.name, point, size));
    else {
      answer.chosen = now.one.id;
      this.#sketch(kind.moved(now.one, [point[0] - now.from[0], point[1] - now.from[1]], size));
    }
  }

  drop(point) {
    const { answer, now } = this;
    if (!now) return;
    // A hand that shakes while it clicks.
    if (now.draw && !answer.kind.drag) return this.click(point);
    this.move(point);
    const { drawn } = this;
    this.end();
    if (!drawn) answer.draw();
    else if (now.draw) answer.add(drawn);
    else answer.change(drawn, { corner: now.handle?.corner && answer.kind.corners ? now.handle.name : null, fresh: Boolean(now.handle) && answer.fresh });
  }

  click(point) {
    const { answer, now } = this;
    this.end();
    if (!now) return;
    if (now.handle && !now.draws) answer.chooseCorner(now.handle.name);
    else if (answer.kind.drag ? !now.under : now.handle || now.draw) this.#further(now.handle?.at ?? inside(point, answer.size));
    else {
      // Where several lie over each other, a second click takes the next one.
      const { under } = now;
      const here = under.findIndex(({ id }) => id === answer.chosen);
      answer.choose(under.length ? under[(here + 1) % under.length].id : null);
    }
  }

  twice() {
    if (this.answer.trail) this.answer.close();
  }

  cancel() {
    this.end();
    this.answer.draw();
  }

  end() {
    this.now = this.drawn = null;
  }

  miss() {
    if (this.answer.chosen !== null) this.answer.choose(null);
  }

  hover(point, event) {
    const { answer } = this;
    const { hand, layer, trail } = answer;
    const { style } = answer.view.pane;
    const panned = hand.space || event.buttons;
    const handle = point && !trail && answer.chosenOne && this.#handleAt(point);
    const draws = !panned && (trail || (answer.armed !== null && !event.ctrlKey));
    layer.crossAt(point && draws && !handle ? inside(point, answer.size) : null);
    if (point && trail) this.#reach(inside(point, answer.size));
    if (panned) style.cursor = "";
    else if (handle) style.cursor = handle.cursor;
    else if (draws) style.cursor = "crosshair";
    else style.cursor = point && this.#under(point).length ? "move" : "";
  }

  #further(point) {
    const { answer } = this;
    if (answer.kind.drag) return;
    const { trail } = answer;
    const last = trail?.at(-1);
    const { px } = answer.hand;
    if (trail && answer.kind.closes(trail, point, REACH * px)) answer.close();
    else if (!last || Math.hypot(last[0] - point[0], last[1] - point[1]) > TWICE * px) answer.follow(point);
  }

  // The trail as it would go on to where the pointer is.
  #reach(point) {
    const { answer } = this;
    const { kind, trail, armed } = answer;
    if (!trail) return;
    const shape = kind.seen([...trail, point], answer.known.get(armed));
    answer.layer.put({ id: answer.freshId, class: armed, ...shape }, "is-chosen is-drawn");
  }

  // What is being drawn or dragged, before it is part of the label.
  #sketch(one) {
    const { layer } = this.answer;
    if (this.drawn && this.drawn.id !== one?.id) layer.take(this.drawn.id);
    this.drawn = one;
    if (!one) return;
    layer.put(one, this.now.draw ? "is-chosen is-drawn" : "is-chosen");
    this.answer.grasp(this.now.draw ? null : one);
  }

  #handleAt([x, y]) {
    const { chosenOne: one, hand, hidden, kind, locked } = this.answer;
    if (hidden.has(one.id) || locked.has(one.id)) return null;
    const near = kind
      .handles(one)
      .map((handle) => [Math.hypot(handle.at[0] - x, handle.at[1] - y), handle])
      .filter(([far]) => far <= REACH * hand.px);
    // A corner before the edge beside it, where both are near.
    near.sort(([a, p], [b, q]) => Boolean(q.corner) - Boolean(p.corner) || a - b);
    return near[0]?.[1] ?? null;
  }

  // What lies there, the smallest first.
  #under(point) {
    const { hand, hidden, kind, locked, value } = this.answer;
    return value.objects
      .filter((one) => !hidden.has(one.id) && !locked.has(one.id) && kind.holds(one, point, 3 * hand.px))
      .sort((a, b) => kind.area(a) - kind.area(b));
  }
}
