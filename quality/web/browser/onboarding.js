// A question of an assessment: the desk's own editor answers it, an answer goes out once, and the
// time left counts down. The server keeps the time that matters; this is only its face.

import { createEditor } from "../../../ops/web/editor/editor.js";

const form = document.querySelector("[data-question]");
const clock = document.querySelector("[data-seconds]");
// A single key pressed sooner, in ms, was meant for the last question: nobody has seen this one yet.
const TOO_SOON = 150;

function answering(root) {
  const work = JSON.parse(root.dataset.work);
  const lacking = form.querySelector(".question-lacking");
  const act = form.querySelector(".question-act");
  const since = performance.now();
  let doubt = null;

  const say = (text) => {
    lacking.textContent = text ?? "";
    lacking.hidden = !text;
  };
  const editor = createEditor(root, {
    footer: act,
    keys: document,
    onChange: () => say(null),
    onSubmit: () => form.requestSubmit(),
  });

  // An empty label may be right, and may be an Enter too many: it is asked for twice.
  const missing = () => {
    const text = editor.lacking();
    if (text) return text;
    const unsure = editor.unsure();
    if (!unsure || doubt === unsure) return null;
    doubt = unsure;
    return unsure;
  };

  form.addEventListener("submit", (event) => {
    const early = performance.now() - since < TOO_SOON;
    const text = form.classList.contains("sent") || early ? "" : missing();
    if (text !== null) {
      event.preventDefault();
      if (text) say(text);
      return;
    }
    form.elements.label.value = JSON.stringify(editor.value ?? {});
    form.classList.add("sent");
  });
  root.setAttribute("aria-busy", "true");
  editor.show(work).then(
    () => root.removeAttribute("aria-busy"),
    () => say("The picture cannot be loaded. Reload the page to try again."),
  );
  editor.focus();
}

const root = document.querySelector("[data-work]");
if (root) answering(root);

// Back from the browser's cache: the question may be answered already, so ask the server.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

if (clock) {
  const end = performance.now() + 1000 * (Number(clock.dataset.seconds) + 1);
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    clock.classList.toggle("short", left <= 60);
    if (left === 0) location.reload();
    else setTimeout(tick, 250);
  };
  tick();
}
