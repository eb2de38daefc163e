// What a review, rework or adjudication asks beside a class: verdict, remark, and what was said before.

export const STAGES = { review: "Review", adjudicate: "Adjudication", rework: "Rework" };

const TITLES = {
  review: "This label was sent back once",
  adjudicate: "Both sides",
};

/**
 * The answer as the API takes it. `value` is {"class": key} or null, `back` says that the label is
 * to be sent back to its author.
 */
export function labelOf(work, value, remark, back) {
  const { stage, current, answers, earlier } = work;
  const said = remark && { remark };
  if (back) return { verdict: "return", ...said };
  const label = contentOf(work, value);
  if (stage === "rework" && value.class === earlier) return { ...label, verdict: "stand", ...said };
  if (stage !== "review" && stage !== "adjudicate") return { ...label, ...said };
  const agreed = work.agreed ?? (current ? [current] : (answers ?? []).map((answer) => answer.class));
  return { ...label, verdict: agreed.includes(value.class) ? "accept" : "fix", ...said };
}

// What the choice stands for: a label, a class, or a class with the attributes that it had.
function contentOf({ labels, judged, current, earlier, earlier_label: mine }, value) {
  if (labels) return labels[value.class];
  if (value.class === current && judged) return judged;
  return value.class === earlier && mine ? mine : value;
}

/** What is still missing before it can be submitted: {text, remark}, or null. */
export function missing({ stage, earlier, labels, note }, value, remark, back) {
  if (back) return remark ? null : { text: "Say what is to be changed.", remark: true };
  if (!value && labels) return { text: Object.keys(labels).length ? "Choose a label first." : note };
  if (!value) return { text: "Choose a class first." };
  const stands = stage === "rework" && value.class === earlier;
  return stands && !remark ? { text: "Say why you stand by your answer.", remark: true } : null;
}

/** The words on the button that submits. */
export function submitWords({ current, earlier, labels }, nameOf, value, back) {
  if (back) return "Send back";
  if (labels && !Object.keys(labels).length) return "No editor yet";
  if (labels && !current && !earlier && value) return `Decide for ${nameOf(value.class)}`;
  if (current) {
    const changed = value && value.class !== current;
    return `${changed ? "Change to" : "Accept"} ${nameOf(value?.class ?? current)}`;
  }
  if (!earlier || !value) return "Submit";
  return `${value.class === earlier ? "Stand by" : "Change to"} ${nameOf(value.class)}`;
}

/** What the field for a remark says while it is empty. */
export function remarkHint({ stage, earlier }, value, back) {
  if (back) return "what should be changed?";
  if (stage === "rework" && value && value.class === earlier) return "why do you stand by it?";
  return stage === "rework" ? "optional, for the reviewer" : "optional, for the file";
}

const WORDS = {
  accept: (name) => `accepted ${name}`,
  fix: (name) => `changed it to ${name}`,
  return: () => "sent it back",
  stand: (name) => `stands by ${name}`,
};

/** What was said before: {title, lines: [{who, what, remark}]}, or null when nothing was. */
export function saidBefore({ stage, remarks, earlier }, nameOf) {
  if (!remarks?.length) return null;
  const lines = remarks.map(({ by, verdict, class: key, remark }) => ({
    who: by === "author" ? "Labeller" : "Reviewer",
    what: (WORDS[verdict] ?? ((name) => `answered ${name}`))(nameOf(key)),
    remark,
  }));
  if (stage !== "rework") return { title: TITLES[stage], lines };
  const title = earlier ? `Sent back to you: you answered ${nameOf(earlier)}` : "Sent back by a reviewer";
  return { title, lines: lines.map(({ remark }) => ({ who: "Reviewer", what: "", remark })) };
}
