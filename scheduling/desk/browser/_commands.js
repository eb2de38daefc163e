// What the desk's keys and buttons do. A class of the ontology may own a letter: Shift still works.

import { keyOf } from "../../../ops/web/editor/editor.js";

const COMMANDS = [
  ["submit", ["Enter"], "Submit the answer, or accept the current one in a review"],
  ["skip", ["s", "S"], "Skip this task, with a reason"],
  ["guideline", ["g", "G"], "Guideline of the project"],
  ["ask", ["c", "C"], "Ask about this: the whole, a point, what is selected; read the answers"],
  ["progress", ["m", "M"], "My progress"],
  ["remark", ["r", "R"], "Remark, in a review or rework"],
  ["send-back", ["b", "B"], "Send a label back to its labeller, with a remark, in a review"],
  ["pause", ["p", "P"], "Take a break: the task is covered and time stands still"],
  ["toggle", ["o", "O"], "Submit on choose, on or off"],
  ["help", ["?"], "This list"],
];

/** Letters that classes without a key of their own leave to the desk. */
export const RESERVED = COMMANDS.flatMap(([, keys]) => keys).filter((key) => /^[a-z]$/.test(key));

/** The command a key press means, given the class keys in use: its name, or null. */
export function commandOf(event, classKeys) {
  const key = keyOf(event, classKeys);
  const found = COMMANDS.find(([, keys]) => keys.includes(key) && !classKeys?.has(key));
  return found?.[0] ?? null;
}

const cap = (key) => (/^[A-Z]$/.test(key) ? `⇧${key}` : key);

/** The key shown for a command. */
export function capOf(name, classKeys) {
  const [, keys] = COMMANDS.find(([other]) => other === name);
  return cap(keys.find((key) => !classKeys?.has(key)) ?? keys[0]);
}

/** The list of keys for the help: [[caps], words]; `answering` are the rows of the editor. */
export function keyTable(classKeys, medium, answering) {
  const free = (...keys) => keys.filter((key) => !classKeys?.has(key));
  const what = medium === "text" ? "text" : "picture";
  return [
    ...answering,
    ...COMMANDS.map(([name, , words]) => [[capOf(name, classKeys)], words]),
    [free("+", "-"), `Make the ${what} larger, smaller${medium === "text" ? "" : " (or the wheel)"}`],
    [free("0", "f").slice(0, 1), `Fit the ${what} again`],
    [["Ctrl", "z"], "Undo; with Shift redo"],
    [["Esc"], "Close a panel"],
    [["F6"], "To what a notice above the work offers"],
  ];
}
