// Panels beside the work; above it dialogs: the keys, and the reasons for a skip.

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
