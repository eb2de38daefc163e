// Labels that cannot be edited here are chosen among: the one in force, the answers given, one's own.

// Not to be taken for the colour of a class.
const NEUTRAL = "#8a94a3";
const TITLES = {
  class: "a class", tags: "tags", attributes: "attributes", boxes: "boxes", polygons: "outlines",
  masks: "masks", keypoints: "keypoints", spans: "passages", transcription: "a transcription",
  rating: "a rating", preference: "a preference",
};
const NOTES = {
  label: (what) => `The desk has no editor for ${what} yet: this label is given through the API. Here you can look, and skip.`,
  rework: (what) => `The desk has no editor for ${what} yet: here you can stand by your answer, and say why. To change it, answer through the API.`,
  review: (what, { back }) =>
    `The desk has no editor for ${what} yet. Accept the label${back ? ", or send it back with a remark" : ", or choose a better answer where there is one; if none is right, skip"}.`,
  adjudicate: (what) => `The desk has no editor for ${what} yet: choose the label that is right; if none is, skip.`,
};

/** A text that is the same for the same label, whatever the order of its fields. */
function key(value) {
  if (Array.isArray(value)) return `[${value.map(key).join()}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const fields = Object.keys(value).sort().map((name) => `${name}:${key(value[name])}`);
  return `{${fields.join()}}`;
}

class Candidates {
  constructor() {
    this.byText = new Map();
  }

  /** The key of a label, which gets `name` unless it is there already. */
  add(label, name) {
    if (!label) return null;
    const text = key(label);
    if (!this.byText.has(text))
      this.byText.set(text, { key: `label-${this.byText.size + 1}`, name, label });
    return this.byText.get(text).key;
  }

  get all() {
    return [...this.byText.values()];
  }
}

/**
 * The work and its brief as the desk handles classes: {work, brief}, each candidate a "class". What
 * has an editor is left as it is. `brief.ontology` is what the labels are drawn by.
 */
export function chosenAmong(work, brief) {
  if (brief.editor) return { work, brief };
  const found = new Candidates();
  const current = work.stage === "review" ? found.add(work.judged, "the label") : null;
  const earlier = found.add(work.earlier_label, "your answer");
  const several = (work.answers ?? []).length > 1;
  const answers = (work.answers ?? []).map(({ label, count }, i) => ({
    class: found.add(label, several ? `answer ${i + 1}` : "the answer"),
    count,
  }));
  if (work.stage === "adjudicate") found.add(work.judged, "the label in force");
  const remarks = (work.remarks ?? []).map((said) => {
    const whose = said.by === "author" ? "the labeller's label" : "the reviewer's label";
    return { ...said, class: found.add(said.label, whose) };
  });
  const labels = Object.fromEntries(found.all.map((one) => [one.key, one.label]));
  const classes = found.all.map(({ key: name, name: words }) => ({
    key: name, name: words, colour: NEUTRAL, hotkey: "", description: "",
  }));
  const what = TITLES[work.label_type];
  const note = NOTES[work.stage](what, { back: work.may_send_back });
  // Whoever stands by the label in force accepts it, in an adjudication too.
  const agreed = work.stage === "adjudicate" ? agreedIn(found, work, answers) : null;
  return {
    work: { ...work, current, earlier, answers: work.answers && answers, remarks: work.remarks && remarks, labels, agreed, note },
    brief: { ...brief, ontology: brief, classes },
  };
}

function agreedIn(found, work, answers) {
  return [...answers.map((answer) => answer.class), found.add(work.judged, "the label in force")];
}
