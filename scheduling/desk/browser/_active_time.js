// Active and idle time of one task. Pure: whoever uses it says what time it is.

// Nobody asked for longer than this, in ms, although somebody asks every second: the machine slept.
const SLEPT = 30_000;

/**
 * Counts milliseconds in which the labeller was present (tab visible and focused): as active while the last
 * sign of life lay at most `cutOff` ms back, as idle beyond. Exact whenever it is asked, provided that it is
 * asked now and then while somebody is present: what nobody asked about counts as away, beyond the cut-off.
 */
export class ActiveTime {
  constructor({ cutOff, active = 0, idle = 0, now, present }) {
    Object.assign(this, { cutOff, present });
    this.counted = { active, idle };
    this.reached = now;
    this.lastInput = now;
  }

  /** A key, a press, a movement of the pointer or the wheel happened. */
  input(now) {
    this.totals(now);
    this.lastInput = now;
  }

  /** The labeller came (which is a sign of life) or went. */
  attend(present, now) {
    if (present === this.present) return;
    this.totals(now);
    this.present = present;
    if (present) this.lastInput = now;
  }

  /** Begin again at nothing. */
  restart(now) {
    this.totals(now);
    this.counted = { active: 0, idle: 0 };
  }

  /** {active, idle}: milliseconds so far, never falling. */
  totals(now) {
    const { counted, reached } = this;
    this.reached = Math.max(reached, now);
    if (this.present && now > reached) {
      const cut = Math.min(Math.max(this.lastInput + this.cutOff, reached), now);
      counted.active += cut - reached;
      if (now - reached < SLEPT) counted.idle += now - cut;
    }
    return { active: Math.round(counted.active), idle: Math.round(counted.idle) };
  }

  /** Whether time counts as active at this moment. */
  counts(now) {
    return this.present && now - this.lastInput <= this.cutOff;
  }
}
