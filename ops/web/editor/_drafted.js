// A model's drafts within a label: what still carries how sure the model is (score) is not decided.
// Taken over or changed it loses the score, thrown away it goes; so undo and a reload keep them too.

const fieldOf = (label) => ["objects", "spans"].find((name) => Array.isArray(label?.[name]));

export const isDraft = (one) => "score" in one;

/** What of the label is not decided, in order. */
export const draftsOf = (label) => label?.[fieldOf(label)]?.filter(isDraft) ?? [];

/** An object as the labeller's own: its id stays. */
export const takenOver = ({ score: _, ...one }) => one;

/** The label with those drafts taken over of which `wanted(one)` is true; the same where none is. */
export function takeOver(label, wanted) {
  const taken = new Set(draftsOf(label).filter(wanted));
  if (!taken.size) return label;
  const field = fieldOf(label);
  return { ...label, [field]: label[field].map((one) => (taken.has(one) ? takenOver(one) : one)) };
}

/** The label without what is undecided, as it is handed in; relations go with their passages. */
export function withoutDrafts(label) {
  const drafts = draftsOf(label);
  if (!drafts.length) return label;
  const gone = new Set(drafts.map(({ id }) => id));
  const { relations, ...rest } = label;
  const field = fieldOf(label);
  const left = relations?.filter(({ from, to }) => !gone.has(from) && !gone.has(to)) ?? [];
  return { ...rest, [field]: label[field].filter((one) => !isDraft(one)), ...(left.length && { relations: left }) };
}

/** The draft after the object with that id, from the beginning again; undefined without one. */
export function draftAfter(label, id) {
  const all = label[fieldOf(label)];
  const here = all.findIndex((one) => one.id === id);
  return [...all.slice(here + 1), ...all.slice(0, Math.max(0, here))].find(isDraft);
}

/** How sure the model is: "0.87", or nothing where it did not say. */
export const sureness = (score) => (typeof score === "number" ? score.toFixed(2) : "");

/** The same with a word before it, for lists and badges. */
export const proposed = (score) => `proposed ${sureness(score)}`.trim();
