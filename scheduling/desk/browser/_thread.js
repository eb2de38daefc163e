// One question and its thread, folded until it is opened.

import { h } from "../../../ops/web/editor/editor.js";
import { uuid } from "./_tab.js";

const STATES = { open: "Open", answered: "Answered", resolved: "Resolved" };
const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/**
 * The element of an issue. `open` shows the thread at once, `here` says that it is about the work on the
 * screen. `onOpen(issue | null)`, `onReply(issue, body, key)` and `onSettled(issue)` make it answerable; the
 * last two return what went wrong, or "".
 */
export function threadOf(issue, { open = false, here = false, onOpen, onReply, onSettled } = {}) {
  const { comments, state, unread } = issue;
  const first = comments[0]?.body ?? "";
  const marks = [
    unread ? h("span", { class: "tag tag-good" }, unread === 1 ? "new" : `${unread} new`) : null,
    h("span", { class: `tag ${state === "open" ? "tag-warn" : "tag-quiet"}` }, STATES[state]),
  ];
  const where = [here ? "this one" : "", issue.about, here || !onOpen ? "" : issue.project].filter(Boolean).join(" · ");
  const thread = h(
    "details",
    { class: "desk-thread", open },
    h("summary", {}, h("span", { class: "desk-thread-title" }, first), h("span", { class: "desk-thread-about" }, where), ...marks),
    quoteOf(issue.pin),
    h("ol", {}, ...comments.map(commentOf)),
    issue.entry ? h("p", { class: "desk-quiet" }, `In the guideline since version ${issue.entry}.`) : null,
    onReply ? replyTo(issue, { onReply, onSettled }) : null,
  );
  let was = open;
  thread.addEventListener("toggle", () => {
    if (thread.open === was) return;
    was = thread.open;
    onOpen?.(was ? issue : null);
  });
  return thread;
}

const quoteOf = ({ quote }) => (quote ? h("q", { class: "desk-thread-quote" }, quote) : null);

function commentOf({ who, at, body }) {
  const time = h("time", { datetime: at }, WHEN.format(new Date(at)));
  return h("li", {}, h("strong", {}, who), " ", time, h("p", { dir: "auto" }, body));
}

function replyTo(issue, { onReply, onSettled }) {
  const key = uuid();
  const field = h("textarea", { class: "form-control form-control-sm", rows: "2", maxlength: "4000", "aria-label": "Reply" });
  const said = h("p", { class: "desk-lacking", role: "status", hidden: true });
  const tell = (text) => {
    said.textContent = text;
    said.hidden = !text;
  };
  const settled = h("button", { class: "btn btn-sm", type: "button" }, "That settles it");
  const form = h(
    "form",
    { class: "desk-reply" },
    field,
    said,
    h("div", { class: "desk-reply-acts" }, h("button", { class: "btn btn-sm", type: "submit" }, "Reply"), issue.mine && issue.state !== "resolved" ? settled : null),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = field.value.trim();
    if (!body) return tell("Write your reply first.");
    field.value = "";
    const problem = await onReply(issue, body, key);
    if (problem) field.value = body;
    tell(problem);
  });
  settled.addEventListener("click", async () => tell(await onSettled(issue)));
  return form;
}
