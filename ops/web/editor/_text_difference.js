// Two texts by their characters: what both have, what only one of them has. Myers, 1986: An O(ND) difference algorithm.

// More single changes than that nobody reads one by one: then by words, then as a whole.
const MOST = 600;

/** [{kind: "same" | "added" | "removed", text}]: from `theirs` to `mine`, in order, by code points. */
export function textDifference(mine, theirs) {
  const [a, b] = [Array.from(theirs), Array.from(mine)];
  let [start, end] = [0, 0];
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start += 1;
  while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const [from, to] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const middle = steps(from, to) ?? steps(words(from), words(to)) ?? whole(from, to);
  return joined([["same", a.slice(0, start).join("")], ...middle, ["same", a.slice(a.length - end).join("")]]);
}

const words = (characters) => characters.join("").match(/\s+|[^\s]+/gu) ?? [];
const whole = (a, b) => [["removed", a.join("")], ["added", b.join("")]];

// The fewest steps from a to b as [kind, token], or null where they are too many.
function steps(a, b) {
  if (!a.length || !b.length) return whole(a, b);
  const most = Math.min(MOST, a.length + b.length);
  const reached = new Int32Array(2 * most + 3);
  const middle = most + 1;
  const trace = [];
  for (let d = 0; d <= most; d++) {
    trace.push(reached.slice(middle - d - 1, middle + d + 2));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && reached[middle + k - 1] < reached[middle + k + 1]);
      let x = down ? reached[middle + k + 1] : reached[middle + k - 1] + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      reached[middle + k] = x;
      if (x >= a.length && x - k >= b.length) return walked(a, b, trace);
    }
  }
  return null;
}

// Back from the ends of both, along what was reached at each number of changes.
function walked(a, b, trace) {
  const found = [];
  let [x, y] = [a.length, b.length];
  for (let d = trace.length - 1; d >= 0; d--) {
    const at = (k) => trace[d][k + d + 1];
    const k = x - y;
    const before = k === -d || (k !== d && at(k - 1) < at(k + 1)) ? k + 1 : k - 1;
    const fromX = d ? at(before) : 0;
    const fromY = d ? fromX - before : 0;
    while (x > fromX && y > fromY) {
      found.push(["same", a[(x -= 1)]]);
      y -= 1;
    }
    if (d) found.push(x === fromX ? ["added", b[(y -= 1)]] : ["removed", a[(x -= 1)]]);
  }
  return found.reverse();
}

// Neighbours of a kind as one piece; of what was replaced the old part comes first.
function joined(pieces) {
  const found = [];
  const push = (kind, text) => {
    if (!text) return;
    if (found.at(-1)?.kind === kind) found.at(-1).text += text;
    else found.push({ kind, text });
  };
  let [removed, added] = ["", ""];
  for (const [kind, text] of pieces) {
    if (kind === "removed") removed += text;
    else if (kind === "added") added += text;
    else if (text) {
      push("removed", removed);
      push("added", added);
      push("same", text);
      [removed, added] = ["", ""];
    }
  }
  push("removed", removed);
  push("added", added);
  return found;
}
