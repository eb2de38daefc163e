// Classes by key or click, and the questions that are asked of them: what answers that choose classes share.

import { Attributes } from "./_attributes.js";
import { Classes } from "./_classes.js";
import { h } from "./_dom.js";

export class ClassesAsked {
  /** `onChoose(key)`: a class was chosen, again or anew; `onAsked()`: an answer to a question changed. */
  constructor({ reserved, onSubmit, onChoose, onAsked, ...looks }) {
    this.onChoose = onChoose;
    this.classes = new Classes({ ...looks, reserved: [...reserved, Attributes.KEY], onChoose });
    this.questions = new Attributes({ onChange: onAsked, onSubmit });
    this.element = h("div", { class: "editor-answer" }, this.classes.element, this.questions.element);
  }

  set({ classes, attributes = [] }) {
    this.classes.set(classes);
    this.questions.set(attributes);
    this.questions.owned = this.classes.keys;
  }

  press(event) {
    if (this.questions.press(event)) return true;
    const chosen = this.classes.pressed(event);
    if (chosen !== null) {
      if (!event.repeat) this.onChoose(chosen);
      return true;
    }
    return event.key === "/" && this.classes.openSearch();
  }

  get keys() {
    return this.classes.keys;
  }

  /** Rows for the list of keys: `words` for a class key, `many` for what is searched. */
  help(words, many) {
    return [
      [["1", "a", "…"], words],
      [["/"], `Search the ${many}, where they are many`],
      ...this.questions.help(),
    ];
  }
}
