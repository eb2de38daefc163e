// Many rows at once: ticks by mouse and keys, and fields that only matter for one choice.

function boxesOf(name) {
  return [...document.querySelectorAll(`input[type="checkbox"][name="${CSS.escape(name)}"]`)];
}

// <input data-tick-all="name">: one tick for all of a page, and back when one is taken out again.
// <output data-ticked="name">: how many there are.
function follow(name) {
  const boxes = boxesOf(name);
  const n = boxes.filter((box) => box.checked).length;
  for (const all of document.querySelectorAll(`[data-tick-all="${CSS.escape(name)}"]`)) {
    all.checked = n > 0 && n === boxes.length;
    all.indeterminate = n > 0 && n < boxes.length;
  }
  for (const said of document.querySelectorAll(`[data-ticked="${CSS.escape(name)}"]`)) {
    said.textContent = n ? `(${n})` : "(nobody yet)";
  }
}

const ticked = new Set();
for (const part of document.querySelectorAll("[data-tick-all], [data-ticked]")) {
  ticked.add(part.dataset.tickAll ?? part.dataset.ticked);
}
for (const name of ticked) follow(name);

// The row that was ticked last: with Shift all between follow it.
let last = null;
let shift = false;
document.addEventListener("click", (event) => { shift = event.shiftKey; }, true);

document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.dataset.tickAll) {
    for (const one of boxesOf(box.dataset.tickAll)) one.checked = box.checked;
    follow(box.dataset.tickAll);
  } else if (ticked.has(box.name)) {
    const boxes = boxesOf(box.name);
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
    if (shift && from >= 0) for (const one of boxes.slice(from, to)) one.checked = box.checked;
    last = box;
    follow(box.name);
  }
});

// <table data-rows-by-key>: the arrow keys go from tick to tick.
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const table = event.target.closest?.("[data-rows-by-key]");
  if (!step || !table || !event.target.matches('input[type="checkbox"]')) return;
  const boxes = [...table.querySelectorAll('input[type="checkbox"]')];
  const next = boxes[boxes.indexOf(event.target) + step];
  if (next) {
    event.preventDefault();
    next.focus();
  }
});

// <div data-when="name=value|value">: a part that only matters for these choices of a field.
for (const part of document.querySelectorAll("[data-when]")) {
  const [name, values] = part.dataset.when.split("=");
  const choice = document.querySelector(`[name="${name}"]`);
  const show = () => { part.hidden = !values.split("|").includes(choice.value); };
  choice.addEventListener("change", show);
  show();
}
