// Active time of one task. Pure: whoever uses it says what time it is.

/**
 * Counts milliseconds in which the labeller was present (tab visible and focused) and the last
 * input lay at most `idle` ms back. Exact whenever it is asked: no ticking is needed.
 */
export class ActiveTime {
  constructor({ idle, total = 0, now, present }) {
    this.idle = idle;
    this.counted = total;
    this.reached = now;
    this.lastInput = now;
    this.present = present;
  }

  /** A key, a click, a movement of the pointer or the wheel happened. */
  input(now) {
    this.total(now);
    this.lastInput = now;
  }

  /** The labeller came (which is an input) or went. */
  attend(present, now) {
    if (present === this.present) return;
    this.total(now);
    this.present = present;
    if (present) this.lastInput = now;
  }

  /** Milliseconds so far, never falling. */
  total(now) {
    const until = Math.min(now, this.lastInput + this.idle);
    if (this.present && until > this.reached) this.counted += until - this.reached;
    this.reached = Math.max(this.reached, now);
    return Math.round(this.counted);
  }

  /** Whether time counts at this moment. */
  counts(now) {
    return this.present && now - this.lastInput <= this.idle;
  }
}
