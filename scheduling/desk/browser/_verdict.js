// What a review, rework or adjudication asks beside a label: verdict, remark, and what was said before.

import { same } from "../../../ops/web/editor/editor.js";

export const STAGES = { review: "Review", adjudicate: "Adjudication", rework: "Rework" };

const TITLES = {
  review: "This label was sent back once",
  adjudicate: "Both sides",
};

/** Whether who reworks stands by the earlier answer. */
const stands = ({ stage, earlier }, value) => stage === "rework" && Boolean(value) && same(value, earlier);

/** The answer as the API takes it. `back`: the label is to be sent back to its author; `errors`: what is wrong with it. */
export function labelOf(work, value, remark, back, errors = []) {
  const { stage } = work;
  const found = errors.length > 0 && { errors };
  const said = { ...(remark && { remark }), ...((back || !work.agrees(value)) && found) };
  if (back) return { verdict: "return", ...said };
  if (stands(work, value)) return { ...value, verdict: "stand", ...said };
  if (stage !== "review" && stage !== "adjudicate") return { ...value, ...said };
  return { ...value, verdict: work.agrees(value) ? "accept" : "fix", ...said };
}

/** What is still missing before it can be submitted: {text, remark}, or null. `lacking` is the editor's word. */
export function missing(work, value, remark, lacking) {
  if (lacking) return { text: lacking };
  return stands(work, value) && !remark ? { text: "Say why you stand by your answer.", remark: true } : null;
}

/** The words on the button that submits. */
export function submitWords(work, value, back) {
  const { stage, current, earlier, nameOf } = work;
  if (back) return "Send back";
  const name = nameOf(value ?? current);
  if (current && (!value || same(value, current))) return `Accept ${name || "the label"}`;
  if (current) return name ? `Change to ${name}` : "Submit as changed";
  if (stage === "adjudicate" && value && name && !value.class) return `Decide for ${name}`;
  if (!earlier || !value) return "Submit";
  if (stands(work, value)) return `Stand by ${name || "your answer"}`;
  return name ? `Change to ${name}` : "Submit as changed";
}

/** What the field for a remark says while it is empty. */
export function remarkHint(work, value, back) {
  if (back) return "what should be changed?";
  if (stands(work, value)) return "why do you stand by it?";
  return work.stage === "rework" ? "optional, for the reviewer" : "optional, for the file";
}

const WORDS = {
  accept: (name) => `accepted ${name || "the label"}`,
  fix: (name) => `changed it to ${name || "another label"}`,
  return: () => "sent it back",
  stand: (name) => `stands by ${name || "the label"}`,
};

/** What was said before: {title, lines: [{who, what, remark, errors}]}, or null when nothing was. */
export function saidBefore({ stage, remarks, earlier, nameOf }) {
  if (!remarks?.length) return null;
  const lines = remarks.map(({ by, verdict, label, remark, errors }) => ({
    who: by === "author" ? "Labeller" : "Reviewer",
    what: (WORDS[verdict] ?? ((name) => `answered ${name}`))(nameOf(label)),
    remark,
    errors,
  }));
  if (stage !== "rework") return { title: TITLES[stage], lines };
  const title = !earlier
    ? "Sent back by a reviewer"
    : earlier.class
      ? `Sent back to you: you answered ${nameOf(earlier)}`
      : "Sent back to you";
  return { title, lines: lines.map((line) => ({ ...line, who: "Reviewer", what: "" })) };
}
