// What was said of an asset before, as labels: the one in force, the answers given, one's own; each with a name.

import { same } from "../../../ops/web/editor/editor.js";

const SIDES = { a: "A", b: "B", tie: "both" };

class Candidates {
  constructor() {
    this.all = [];
  }

  /** The candidate of a label, which gets `name` unless it is there already. */
  add(label, name) {
    if (!label) return null;
    const known = this.of(label);
    if (known) return known;
    this.all.push({ name, label, badges: [] });
    return this.all.at(-1);
  }

  of(label) {
    return this.all.find((one) => same(one.label, label));
  }
}

/** A label, which for a class may be told by its key. */
const whole = (label, key) => label ?? (key ? { class: key } : null);

/**
 * The work with what was said of it as labels: `current` (in force, in a review), `earlier` (one's own, in
 * rework), `answers` [{label, count}], `remarks` with their `label`; `candidates` [{name, label, badge}],
 * nameOf(label) and agrees(label): whether a decision for it is one for a label that was given.
 */
export function withLabels(work, brief) {
  const current = work.stage === "review" ? whole(work.judged, work.current) : null;
  const inForce = work.stage === "adjudicate" ? work.judged : null;
  const earlier = whole(work.earlier_label, work.earlier);
  const answers = work.answers?.map(({ class: key, label, count }) => ({ label: whole(label, key), count })) ?? null;
  const remarks = work.remarks?.map((said) => ({ ...said, label: whole(said.label, said.class) })) ?? null;
  const found = candidatesOf({ current, inForce, earlier, answers, remarks });
  return {
    ...work,
    current,
    earlier,
    answers,
    remarks,
    candidates: found.all.map(({ badges, ...one }) => ({ ...one, badge: badges.join(", ") })),
    nameOf: (label) => nameOf(label, brief, found),
    agrees: (label) => agrees(label, current, answers, inForce),
  };
}

function candidatesOf({ current, inForce, earlier, answers, remarks }) {
  const found = new Candidates();
  found.add(current, "the label")?.badges.push("current");
  found.add(earlier, "your answer")?.badges.push("your answer");
  const several = (answers ?? []).length > 1;
  (answers ?? []).forEach(({ label, count }, i) =>
    found.add(label, several ? `answer ${i + 1}` : "the answer")?.badges.push(`${count} ×`),
  );
  found.add(inForce, "the label in force");
  for (const { by, label } of remarks ?? [])
    found.add(label, by === "author" ? "the labeller's label" : "the reviewer's label");
  return found;
}

function nameOf(label, brief, found) {
  if (!label) return "";
  if (label.class) return brief.classes.find(({ key }) => key === label.class)?.name ?? "";
  if (label.rating !== undefined) return String(label.rating);
  if (label.preference) return SIDES[label.preference];
  return found.of(label)?.name ?? "";
}

function agrees(label, current, answers, inForce) {
  // Answers are told by their classes alone.
  const alike = (one) => same(one, label) || (one?.class !== undefined && one.class === label.class && !current);
  if (current) return same(current, label);
  return (answers ?? []).some((answer) => alike(answer.label)) || (inForce !== null && same(inForce, label));
}
