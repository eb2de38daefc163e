// What stands around the work: states, notices, announcements, the foot of the page.

import { h } from "../../../ops/web/editor/editor.js";

export const $ = (id) => document.getElementById(`desk-${id}`);

/** Set the text of an element of the page; the same text changes nothing, so nothing is re-read. */
export function write(id, text) {
  const element = $(id);
  if (element.textContent !== text) element.textContent = text;
}

function say(live, text) {
  // The same words twice in a row are otherwise not spoken again.
  live.textContent = live.textContent === text ? `${text}\u00a0` : text;
}

/** Say what is on the screen now to those who listen. */
export const announce = (text) => say($("live"), text);

/** Say what happened, without cutting off what is on the screen. */
export const tell = (text) => say($("told"), text);

/** Why it cannot be submitted yet, beside the button; an empty text takes it away. */
export function lacking(text) {
  write("lacking", text);
  $("lacking").hidden = !text;
}

export function title(text, waiting = 0) {
  document.title = `${waiting ? `(${waiting} waiting) ` : ""}${text} · Touchstone`;
}

const button = ({ text, cap, primary, href, run }) => {
  const style = `btn ${primary ? "btn-primary" : ""}`;
  const key = cap ? h("kbd", {}, cap) : null;
  const element = href
    ? h("a", { class: style, href }, text, " ", key)
    : h("button", { class: style, type: "button" }, text, " ", key);
  if (run) element.addEventListener("click", run);
  return element;
};

/** Cover the work with a state: {kind, title, text, body, more, actions}; null uncovers it. */
export function state(next) {
  const element = $("state");
  element.hidden = !next;
  $("work").classList.toggle("is-covered", Boolean(next));
  $("act").inert = Boolean(next);
  if (!next) return;
  const again = element.dataset.kind === next.kind && element.contains(document.activeElement);
  element.dataset.kind = next.kind;
  write("state-title", next.title);
  write("state-text", next.text ?? "");
  write("state-more", next.more ?? "");
  $("state-body").replaceChildren(...(next.body ? [next.body] : []));
  $("state-actions").classList.remove("is-early");
  $("state-actions").replaceChildren(...(next.actions ?? []).map(button));
  if (!next.quiet) announce([next.title, next.text].filter(Boolean).join(". "));
  // Somebody reading or typing elsewhere on the page is left alone.
  const { activeElement: focused } = document;
  const covered = $("work").contains(focused) && !focused.closest(".desk-panel");
  if (again || covered || focused === document.body) element.focus({ preventScroll: true });
}

/** What was said of the label before: {title, lines: [{who, what, remark, errors}]}; null hides it. */
export function said(next) {
  $("said").hidden = !next;
  if (!next) return;
  write("said-title", next.title);
  const error = ({ number, words }) => h("li", { value: String(number) }, words);
  const line = ({ who, what, remark, errors }) =>
    h(
      "li",
      {},
      h("strong", {}, who),
      what && ` ${what}`,
      remark && h("q", {}, remark),
      errors?.length ? h("ol", { class: "desk-said-errors" }, ...errors.map(error)) : null,
    );
  $("said-lines").replaceChildren(...next.lines.map(line));
}

/** Whether the task on the screen is still the last one. */
export const busy = (on) => $("work").setAttribute("aria-busy", String(on));

const notices = new Map();
let noticed = null;

/**
 * A bar above the work: {text, actions}; null takes it away. What is said `about` something of its own waits
 * while anything else is said, and comes back then.
 */
export function notice(next, about = "") {
  if (next) notices.set(about, next);
  else notices.delete(about);
  const shown = notices.get("") ?? [...notices.values()][0];
  $("notice").hidden = !shown;
  if (!shown || shown === noticed) return;
  noticed = shown;
  write("notice-text", shown.text);
  $("notice-actions").replaceChildren(...(shown.actions ?? []).map(button));
}

/** Put the focus on what a notice offers; whether it offers anything. */
export function toNotice() {
  const first = $("notice").hidden ? null : $("notice-actions").querySelector("button, a");
  first?.focus();
  return Boolean(first);
}

/** Where the answers are: {waiting, sending, signedOut}. */
export function saved({ waiting, sending, signedOut }) {
  const answers = waiting === 1 ? "1 answer" : `${waiting} answers`;
  const [kind, text] = !waiting
    ? ["saved", "All answers saved"]
    : signedOut
      ? ["waiting", `${answers} saved here, waiting until you sign in`]
      : sending
        ? ["sending", "Saving…"]
        : ["waiting", `${answers} saved here, waiting for the connection`];
  if ($("saved").dataset.state !== "waiting" && kind === "waiting") tell(text);
  $("saved").dataset.state = kind;
  write("saved", text);
}

const DRAFT = {
  saved: "Draft saved",
  here: "Draft kept in this browser",
  conflict: "Draft not saved: changed elsewhere",
};

/** Where the unfinished work is; nothing is said of work that was not begun. */
export function draft(kind) {
  $("draft").dataset.state = kind ?? "none";
  write("draft", DRAFT[kind] ?? "");
}

const COUNTING = {
  counts: "Time counts",
  idle: "Time stands still: no activity",
  away: "Time stands still: you are elsewhere",
};

export function counting(kind) {
  $("counting").dataset.state = kind ?? "none";
  write("counting", COUNTING[kind] ?? "");
}
