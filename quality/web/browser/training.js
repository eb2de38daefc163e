// A step of a course by keyboard: Enter goes on, digits choose, practice has the editor of the desk.

import { createEditor, isTyping } from "../../../ops/web/editor/editor.js";

const form = document.querySelector("[data-step]");
const onward = document.querySelector("[data-enter]");
const again = document.querySelector("[data-again]");
const questions = [...document.querySelectorAll("[data-question]")];

// An answer goes out once, however often a key is pressed.
form?.addEventListener("submit", (event) => {
  if (form.classList.contains("sent")) event.preventDefault();
  form.classList.add("sent");
});

// Back from the browser's cache: it may be answered already, so ask the server.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

document.querySelector("[data-told]")?.focus({ preventScroll: true });

const answered = (question) => question.querySelector(":checked") !== null;
let here = 0;

function goTo(place) {
  here = place;
  questions.forEach((question, i) => question.classList.toggle("is-here", i === place));
  questions[place].querySelector("input").focus();
}

function choose(digit) {
  const input = questions[here]?.querySelectorAll("input")[digit - 1];
  if (!input) return false;
  input.checked = input.type === "radio" || !input.checked;
  input.focus();
  return true;
}

/** Enter: on to the next question that is not answered; after the last one, or without any, onward. */
function enter() {
  const later = questions.findIndex((question, i) => i > here && !answered(question));
  const open = later < 0 ? questions.findIndex((question) => !answered(question)) : later;
  if (open < 0) onward?.click();
  else goTo(open);
}

function practise(root) {
  const lacking = document.querySelector("[data-lacking]");
  const work = JSON.parse(root.dataset.work);
  const editor = createEditor(root, { keys: document, onSubmit: handIn, onChange: () => (lacking.textContent = "") });

  function handIn() {
    const why = editor.lacking();
    lacking.textContent = why ?? "";
    if (why || form.classList.contains("sent")) return;
    form.elements.label.value = JSON.stringify(editor.value);
    form.requestSubmit();
  }

  document.querySelector("[data-hand-in]").addEventListener("click", (event) => {
    event.preventDefault();
    handIn();
  });
  const shown = editor.show({ ...work, value: null, stage: "label" });
  document.querySelector("[data-cap]").textContent = editor.submitCap;
  shown.then(
    () => editor.focus(),
    () => (lacking.textContent = "The picture cannot be loaded. Reload the page to try again."),
  );
}

const practice = document.querySelector("[data-work]");
if (practice) practise(practice);
else {
  questions.forEach((question, i) => question.addEventListener("focusin", () => (here = i)));
  if (questions.length) goTo(0);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event)) return;
    const control = event.target.closest?.("a, button, summary");
    if (event.key === "Enter" && !control) enter();
    else if (event.key === "r" && again) again.click();
    else if (!/^[1-9]$/.test(event.key) || !choose(Number(event.key))) return;
    event.preventDefault();
  });
}
