// Questions about the whole asset, each with its own answer.

import { Attributes } from "./_attributes.js";
import { h } from "./_dom.js";

export class AttributesAnswer {
  constructor({ onChange, onSubmit }) {
    this.questions = new Attributes({ onChange, onSubmit, always: true });
    this.element = h("div", { class: "editor-answer" }, h("div", { class: "editor-form" }, this.questions.element));
    this.keys = new Map();
  }

  set({ attributes = [] }) {
    this.questions.set(attributes);
  }

  show({ value, current, earlier, proposal }) {
    // What a model proposes is taken by a key, which a field would take for text.
    this.reads = !value && Boolean(proposal);
    this.questions.show((value ?? current ?? earlier)?.attributes ?? {});
  }

  get value() {
    return { attributes: this.questions.value };
  }

  lacking() {
    return this.questions.lacking();
  }

  unsure() {
    return Object.keys(this.questions.value).length ? null : "Nothing is answered. Enter once more submits it so.";
  }

  focus() {
    return !this.reads && this.questions.focus();
  }

  press(event) {
    return this.questions.press(event);
  }

  help() {
    return this.questions.help();
  }
}
