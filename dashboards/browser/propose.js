// The right answer for an item, as its client says: the desk's own editor, begun with the label in force.

import { createEditor } from "../../ops/web/editor/editor.js";

const form = document.querySelector("[data-proposal]");
const root = document.querySelector("[data-work]");
const lacking = form.querySelector("[data-lacking]");

const say = (text) => {
  lacking.textContent = text ?? "";
  lacking.hidden = !text;
};

const editor = createEditor(root, {
  footer: form.querySelector("[data-act]"),
  keys: document,
  onChange: () => say(null),
});

form.addEventListener("submit", (event) => {
  const text = editor.lacking();
  if (text || form.classList.contains("sent")) {
    event.preventDefault();
    say(text);
    return;
  }
  form.elements.label.value = JSON.stringify(editor.value ?? {});
  form.classList.add("sent");
});

root.setAttribute("aria-busy", "true");
editor.show(JSON.parse(root.dataset.work)).then(
  () => root.removeAttribute("aria-busy"),
  () => say("The picture cannot be loaded. Reload the page to try again."),
);

// Back from the browser's cache it may be sent again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
