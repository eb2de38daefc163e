// The same work was changed on two machines: it is said, nothing is overwritten, and the labeller chooses.

import * as screen from "./_screen.js";

const ABOUT = "draft";
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

function moment(at) {
  const then = new Date(at);
  const today = then.toDateString() === new Date().toDateString();
  return `${today ? "" : `on ${day.format(then)} `}at ${clock.format(then)}`;
}

export class Conflict {
  /**
   * `put({value, remark})` shows another state of the work, `changed` says that it is the labeller's, `back`
   * gives them their keys back.
   */
  constructor({ put, changed, back }) {
    Object.assign(this, { put, changed, back });
  }

  /** Ask which of two is to be gone on with; `theirs` null: there is nothing to ask any more. */
  ask(drafts, theirs) {
    if (!theirs) return screen.notice(null, ABOUT);
    const text = `This work was changed on another machine ${moment(theirs.saved_at)}.`;
    return screen.notice(
      {
        text,
        actions: [
          { text: "Show that version", primary: true, run: () => this.#take(drafts, theirs) },
          { text: "Keep mine", run: () => this.#keep(drafts) },
        ],
      },
      ABOUT,
    );
  }

  #keep(drafts) {
    drafts.keepMine();
    this.back();
  }

  #take(drafts, theirs) {
    const { mine, ...draft } = drafts.takeTheirs();
    this.put(draft);
    const close = () => {
      screen.notice(null, ABOUT);
      this.back();
    };
    const back = () => {
      screen.notice(null, ABOUT);
      this.put(mine);
      this.changed(mine);
    };
    const text = `You see the version of another machine, saved ${moment(theirs.saved_at)}.`;
    const actions = [
      { text: "Go on with it", primary: true, run: close },
      { text: "Back to mine", run: back },
    ];
    screen.notice({ text, actions }, ABOUT);
    screen.tell(text);
  }
}
