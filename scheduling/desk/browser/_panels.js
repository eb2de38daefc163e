// Guideline, progress, help and the reasons for a skip: panels beside the work, dialogs above it.

import { h } from "../../../ops/web/editor/editor.js";
import { $, write } from "./_screen.js";

const PANELS = ["guideline", "progress", "questions"];

/** Open or close a panel; the other closes. Focus goes in, and back where it was. */
export function toggle(name, back) {
  const opens = $(name).hidden;
  for (const panel of PANELS) setPanel(panel, opens && panel === name);
  if (opens) $(name).focus({ preventScroll: true });
  else back();
}

/** Close whatever is open; says whether something was. */
export function close(back) {
  const open = PANELS.filter((name) => !$(name).hidden);
  for (const name of open) setPanel(name, false);
  if (open.length) back();
  return open.length > 0;
}

function setPanel(name, open) {
  $(name).hidden = !open;
  for (const button of document.querySelectorAll(`[aria-controls=desk-${name}]`))
    button.setAttribute("aria-expanded", String(open));
}

/** The guideline of a brief, with a dot until a version that is new to this labeller was opened. */
export class Guideline {
  constructor(memory) {
    this.memory = memory;
  }

  show({ project, guideline }) {
    if (this.project === project.id && this.version === guideline?.version) return;
    this.project = project.id;
    this.version = guideline?.version ?? null;
    write("guideline-title", `Guideline of ${project.name}`);
    write("purpose", project.purpose && `What the data is for: ${project.purpose}`);
    const text = $("guideline-text");
    // Rendered by the server from markdown in which markup stays text.
    if (guideline) text.innerHTML = guideline.html;
    else text.replaceChildren(h("p", {}, "This project has no guideline yet."));
    const seen = this.memory.get(`guideline.${project.id}`, 0);
    $("new").hidden = !guideline || guideline.version <= seen;
  }

  seen() {
    if (this.version) this.memory.set(`guideline.${this.project}`, this.version);
    $("new").hidden = true;
  }
}

/** Ask for the reason of a skip: {reason, note}, or null. A number key is an answer. */
export function askReason(reasons) {
  const dialog = $("skip");
  const note = $("skip-note");
  note.value = "";
  return new Promise((answer) => {
    const choose = ({ key }) => {
      picked = { reason: key, note: note.value.trim() };
      dialog.close();
    };
    let picked = null;
    const buttons = reasons.map((reason, i) => {
      const button = h("button", { class: "btn", type: "button" }, h("kbd", {}, String(i + 1)), reason.text);
      button.addEventListener("click", () => choose(reason));
      return button;
    });
    $("reasons").replaceChildren(...buttons);
    const press = (event) => {
      const reason = event.target === note ? null : reasons[Number(event.key) - 1];
      if (!reason || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      choose(reason);
    };
    dialog.addEventListener("keydown", press);
    dialog.addEventListener(
      "close",
      () => {
        dialog.removeEventListener("keydown", press);
        answer(picked);
      },
      { once: true },
    );
    dialog.showModal();
    buttons[0]?.focus();
  });
}

/** The keys: rows of [[caps], words]. */
export function help(rows, idleSeconds) {
  write("idle", String(idleSeconds));
  $("keys").replaceChildren(
    ...rows.flatMap(([caps, words]) => [
      h("dt", {}, ...caps.map((cap) => h("kbd", {}, cap))),
      h("dd", {}, words),
    ]),
  );
  $("help").showModal();
  // The focus is on the button below a long list.
  $("help").scrollTop = 0;
}
