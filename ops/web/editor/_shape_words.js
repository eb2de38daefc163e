// What is said about shapes: the line above the classes, the rows of the list, the list of keys.

import { isDraft, proposed } from "./_drafted.js";
import { DRAFT_KEYS } from "./_model_draft.js";
import { open } from "./_span_label.js";

/** The hint for what can be done now; `answer` is a ShapesAnswer. */
export function hintOf(answer) {
  const { kind, chosenOne: one, trail, armed, fresh, locked, capOf } = answer;
  const armedName = answer.known.get(armed)?.name;
  if (kind.paints && one && isDraft(one)) return `${draftHint(answer, one)} A class or painting changes it.`;
  if (kind.paints && (armed !== null || one)) return answer.paintHint();
  if (trail) return `${armedName}: ${kind.onTheWay(trail, answer.known.get(armed))}`;
  if (one && locked.has(one.id)) return `${answer.nameOf(one)}: locked. ${capOf("lock")} unlocks it.`;
  if (one && isDraft(one) && !answer.corner) return `${draftHint(answer, one)} A class, arrows or dragging change it.`;
  if (one && answer.corner) return `${answer.nameOf(one)}, ${cornerWords(answer, one)}: arrows move it${kind.veiled ? `, ${capOf("veil")} hides or shows it` : ""}, Del deletes it. Esc: the whole ${kind.name}.`;
  const next = fresh ? `Draw the next ${armedName}, or press the key of another class.` : "A class changes it.";
  if (one) return `${answer.nameOf(one)}, ${kind.about(one)}. ${next} Arrows move it, with Ctrl they resize it, Del deletes it.`;
  if (armed === null) return `Press the key of a class, then ${kind.hint}. Without a class: click or drag what is there.`;
  return `${armedName}: ${kind.hint}; ${capOf("place")} places one by key. Esc ends drawing.`;
}

function draftHint(answer, one) {
  const cap = answer.keys.has(DRAFT_KEYS.one) ? `⇧${DRAFT_KEYS.one}` : DRAFT_KEYS.one;
  return `${answer.nameOf(one)}, ${proposed(one.score)}: ${cap} accepts it, Del throws it away.`;
}

function cornerWords({ kind, corner, known }, one) {
  const corners = kind.corners(one, known.get(one.class));
  const at = corners.findIndex(({ name }) => name === corner);
  return corners[at]?.words ?? `corner ${at + 1} of ${corners.length}`;
}

/** The line of an object in the list. */
export function rowOf(answer, one) {
  const { id } = one;
  const draft = isDraft(one);
  const about = [draft && proposed(one.score), answer.kind.about(one), open(one, answer.asked) && "unanswered"].filter(Boolean).join(" · ");
  return {
    id,
    name: answer.nameOf(one),
    colour: answer.known.get(one.class)?.colour,
    about,
    draft,
    chosen: id === answer.chosen,
    hidden: answer.hidden.has(id),
    locked: answer.locked.has(id),
  };
}

export const titleOf = (n) => (n ? `${n} ${n === 1 ? "object" : "objects"}` : "No object yet");

/** Rows of [[caps], words] for the list of keys. */
export function helpOf({ kind, capOf }) {
  const { name } = kind;
  const corners = kind.corners && [[[",", "."], `Choose the ${kind.veiled ? "point" : "corner"} before, after; arrows move it, Del deletes it`]];
  return [
    [["1", "a", "…"], `Draw with that class; change that of the chosen ${name}`],
    [[capOf("place")], `Place ${/^[aeiou]/.test(name) ? "an" : "a"} ${name} in the middle`],
    [["Tab"], `Choose the next ${name}; ${capOf("next")} and ${capOf("before")} too`],
    [["←", "→", "↑", "↓"], "Move it by 1 px, with Shift by 10; move the picture where nothing is chosen"],
    [["Ctrl ←", "Ctrl →", "…"], "Make it narrower, wider, lower, higher"],
    ...(corners ?? []),
    ...(kind.paints ? [[[",", "."], "Brush smaller, larger"], [[capOf("erase")], "Erase, or paint again; Shift while dragging does the other"]] : []),
    ...(kind.inserted ? [[[capOf("insert")], "Add a corner after the chosen one"]] : []),
    ...(kind.veiled ? [[[capOf("pass")], "While drawing: pass over a point that cannot be labelled"]] : []),
    ...(kind.veiled ? [[[capOf("veil")], "The point is hidden, or is seen after all"]] : []),
    [[capOf("hide"), capOf("lock")], "Hide it, lock it"],
    [["Del"], "Delete it"],
    [["Space"], "Hold and drag to move the picture; or drag with the middle button"],
    [["Esc"], "Choose nothing; then draw no more, so that dragging moves"],
  ];
}
