// Undo and redo of an answer, as the values it had.

const MOST = 200;

export class History {
  begin(value) {
    this.past = [value];
    this.future = [];
  }

  /** The answer has another value. */
  push(value) {
    if (value === this.past.at(-1)) return;
    this.past.push(value);
    if (this.past.length > MOST) this.past.shift();
    this.future = [];
  }

  /** The value before, or undefined when there is none. */
  undo() {
    if (this.past.length < 2) return undefined;
    this.future.push(this.past.pop());
    return this.past.at(-1);
  }

  /** The value that was undone, or undefined when there is none. */
  redo() {
    if (!this.future.length) return undefined;
    this.past.push(this.future.pop());
    return this.past.at(-1);
  }
}
