// What a key means for the shapes of a picture.

import { keyOf } from "./_keys.js";

/** Letters that classes without a key of their own leave to the shapes; Shift with one always works. */
export const LETTERS = { place: "n", next: "j", before: "k", hide: "h", lock: "l", insert: "i", veil: "v", pass: "x", erase: "e" };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FAR = 10;
const PAN = 60;

/** Take a key press for `answer`, a ShapesAnswer; whether it meant something. */
export function pressed(answer, event) {
  if (event.ctrlKey || event.metaKey) return arrow(answer, event);
  const key = answer.classes.pressed(event);
  if (key !== null) {
    if (!event.repeat) answer.classChosen(key);
    return true;
  }
  return tab(answer, event) || arrow(answer, event) || corner(answer, event) || command(answer, event);
}

const onPicture = ({ target }) => Boolean(target.matches?.("body, .editor-stage"));

function tab(answer, event) {
  if (event.key !== "Tab" || answer.trail || !onPicture(event)) return false;
  return step(answer, event.shiftKey ? -1 : 1, false);
}

function arrow(answer, event) {
  const { kind, chosenOne: one, size } = answer;
  const way = ARROWS[event.key];
  if (!way || !answer.view || event.target.closest?.(".editor-side")) return false;
  const resize = event.ctrlKey || event.metaKey;
  const by = way.map((each) => each * (event.shiftKey ? FAR : 1));
  if (!one) {
    if (!resize) answer.view.pan(...way.map((each) => -each * PAN));
    return !resize;
  }
  if (answer.isLocked(one)) return true;
  answer.change(resize ? kind.resized(one, by, size) : moved(answer, one, by), { held: event.repeat });
  return true;
}

function moved({ kind, corner: name, known, size }, one, by) {
  if (!name) return kind.moved(one, by, size);
  const { at, open } = kind.corners(one, known.get(one.class)).find((each) => each.name === name);
  // A point that was not labelled appears where it is; then it moves.
  return kind.dragged(one, name, open ? at : [at[0] + by[0], at[1] + by[1]], size);
}

// The corner or point before or after of the chosen shape.
function corner(answer, event) {
  const way = { Comma: -1, Period: 1 }[event.code] ?? { ",": -1, ".": 1 }[event.key];
  const { kind, chosenOne: one } = answer;
  if (way && kind.paints) return answer.brush(way);
  if (!way || !one || !kind.corners || event.shiftKey) return false;
  const names = kind.corners(one, answer.known.get(one.class)).map(({ name }) => name);
  const here = names.indexOf(answer.corner);
  const next = here < 0 ? (way > 0 ? 0 : names.length - 1) : (here + way + names.length) % names.length;
  answer.chooseCorner(names[next]);
  return true;
}

function command(answer, event) {
  const { key } = event;
  if (key === "/") return answer.classes.openSearch();
  if (key === "Escape") return escape(answer);
  if (key === "Enter" && answer.trail && onPicture(event)) return answer.close();
  if (key === " " && answer.hand && onPicture(event)) {
    answer.hand.spaced(true);
    return true;
  }
  if (key === "Delete" || key === "Backspace") return erase(answer);
  const letter = keyOf(event, answer.keys).toLowerCase();
  if (letter === LETTERS.next) return step(answer, 1, true);
  if (letter === LETTERS.before) return step(answer, -1, true);
  return !event.repeat && lettered(answer, letter);
}

function lettered(answer, letter) {
  const { chosen, chosenOne: one, kind } = answer;
  if (letter === LETTERS.place) return answer.trail ? kind.veiled && answer.follow(null) : answer.place();
  if (letter === LETTERS.pass && kind.veiled && answer.armed !== null) return answer.follow(null);
  if (letter === LETTERS.veil && kind.veiled) return answer.veil();
  if (letter === LETTERS.erase && kind.paints) return answer.erase();
  if (!one) return false;
  if (letter === LETTERS.hide) return answer.toggle(answer.hidden, chosen);
  if (letter === LETTERS.lock) return answer.toggle(answer.locked, chosen);
  return letter === LETTERS.insert && kind.inserted ? insert(answer, one) : false;
}

function insert(answer, one) {
  if (!answer.corner) return answer.say("Choose the corner before it first, with . or a click.");
  if (answer.isLocked(one)) return true;
  const more = answer.kind.inserted(one, answer.corner, answer.size);
  if (more) answer.change(more.one, { corner: more.corner });
  return true;
}

function erase(answer) {
  if (answer.trail) return answer.back();
  if (!answer.chosenOne) return false;
  if (answer.corner) answer.removeCorner();
  else answer.remove(answer.chosen);
  return true;
}

function step(answer, way, round) {
  const ids = answer.value.objects.map(({ id }) => id).filter((id) => !answer.hidden.has(id));
  const here = ids.indexOf(answer.chosen);
  const next = here < 0 ? (way > 0 ? 0 : ids.length - 1) : here + way;
  const id = ids[round ? (next + ids.length) % ids.length : next];
  if (id !== undefined) answer.choose(id);
  // Past the last one Tab goes on to the next part of the page.
  else if (answer.chosen !== null) answer.choose(null);
  return round || id !== undefined;
}

function escape(answer) {
  if (answer.gestures.now) answer.hand.cancel();
  else if (answer.trail) {
    answer.trail = null;
    answer.draw();
  } else if (answer.corner) answer.chooseCorner(null);
  else if (answer.chosen !== null) answer.choose(null);
  else if (answer.armed !== null) answer.arm(null);
  else return false;
  return true;
}
