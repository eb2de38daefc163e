// What was said of an asset before, as labels: the one in force, the answers given, one's own; each with a name.

import { same } from "../../../ops/web/editor/editor.js";

const SIDES = { a: "A", b: "B", tie: "both" };

// The same beside each other, where there is room for more words.
const TITLES = { "the label": "label in force", "the label in force": "label in force" };

const letter = (i) => (i < 26 ? String.fromCharCode(65 + i) : String(i + 1));

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
 * nameOf(label) and agrees(label): whether a decision for it is one for a label that was given. `others` are
 * the candidates as an answer is compared with them; `pins` [{object, point, words}] are the errors that were
 * named of it, one by one, with an `errors` [{words}] beside each of the remarks.
 */
export function withLabels(work, brief) {
  const current = work.stage === "review" ? whole(work.judged, work.current) : null;
  const inForce = work.stage === "adjudicate" ? work.judged : null;
  const earlier = whole(work.earlier_label, work.earlier);
  const answers = work.answers?.map(({ class: key, label, count }) => ({ label: whole(label, key), count })) ?? null;
  const remarks = work.remarks?.map((said) => ({ ...said, label: whole(said.label, said.class) })) ?? null;
  const found = candidatesOf({ current, inForce, earlier, answers, remarks });
  const pins = pinned(remarks ?? [], [earlier, inForce, current], brief);
  return {
    ...work,
    current,
    earlier,
    answers,
    remarks,
    pins: work.stage === "review" ? [] : pins,
    candidates: found.all.map(({ badges, ...one }) => ({ ...one, badge: badges.join(", ") })),
    others: found.all.map(({ name, label, badges }) => ({
      name: TITLES[name] ?? name,
      label,
      badge: badges.filter((badge) => / of /.test(badge) && badge !== "1 of 1").join(", "),
    })),
    nameOf: (label) => nameOf(label, brief, found),
    agrees: (label) => agrees(label, current, answers, inForce),
  };
}

function candidatesOf({ current, inForce, earlier, answers, remarks }) {
  const found = new Candidates();
  found.add(current, "the label")?.badges.push("current");
  found.add(earlier, "your answer")?.badges.push("your answer");
  const several = (answers ?? []).length > 1;
  const all = (answers ?? []).reduce((sum, { count }) => sum + count, 0);
  (answers ?? []).forEach(({ label, count }, i) =>
    found.add(label, several ? `answer ${letter(i)}` : "the answer")?.badges.push(`${count} of ${all}`),
  );
  found.add(inForce, "the label in force");
  for (const { by, label } of remarks ?? [])
    found.add(label, by === "author" ? "the labeller's label" : "the reviewer's label");
  return found;
}

// The errors of all remarks, numbered on; each remark gets the words of its own.
function pinned(remarks, labels, brief) {
  const objects = labels.flatMap((label) => label?.objects ?? label?.spans ?? []);
  const className = (id) => {
    const key = objects.find((one) => one.id === id)?.class;
    return brief.classes?.find((one) => one.key === key)?.name ?? key;
  };
  const pins = [];
  for (const said of remarks) {
    const before = pins.length;
    for (const { type, object, point, remark } of said.errors ?? []) {
      const kind = brief.errors?.find((one) => one.type === type)?.name ?? type.replaceAll("_", " ");
      const at = object === undefined || object === null ? "" : className(object);
      pins.push({ object: object ?? undefined, point: point ?? undefined, words: `${kind}${at ? `, ${at}` : ""}${remark ? `: ${remark}` : ""}` });
    }
    said.errors = pins.slice(before).map(({ words }, i) => ({ number: before + i + 1, words }));
  }
  return pins;
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
