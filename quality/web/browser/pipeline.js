// The board: cards are dragged, or moved with keys. Each move is the form of the dialog, sent.

const board = document.querySelector("[data-board]");
const dialog = document.querySelector(".move-dialog");
const form = dialog?.querySelector("form");
const columns = board ? [...board.querySelectorAll(".board-column")] : [];
const LAST = "pipeline-moved";

function cardOf(element) {
  return element?.closest?.(".board-card");
}

function stageOf(card) {
  return card.closest(".board-column").dataset.stage;
}

// Whom the form moves, and in which stage they were seen.
function mean(card) {
  form.elements.applicant.value = `${card.dataset.applicant}:${stageOf(card)}`;
  dialog.querySelector("[data-who]").textContent = card.querySelector("a").textContent;
  sessionStorage.setItem(LAST, card.id);
}

function send(card, column) {
  if (!column || column.dataset.stage === stageOf(card)) return;
  mean(card);
  form.elements.to.value = column.dataset.stage;
  form.requestSubmit();
}

function ask(card) {
  mean(card);
  const here = columns.indexOf(card.closest(".board-column"));
  form.elements.to.value = (columns[here + 1] ?? columns[here]).dataset.stage;
  dialog.showModal();
}

board?.addEventListener("click", (event) => {
  if (event.target.closest("[data-move]")) ask(cardOf(event.target));
});
dialog?.querySelector("[data-close]").addEventListener("click", () => dialog.close());
for (const button of board?.querySelectorAll("[data-move]") ?? []) button.hidden = false;

let dragged = null;
board?.addEventListener("dragstart", (event) => {
  dragged = cardOf(event.target);
  if (!dragged) return;
  dragged.classList.add("dragged");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.querySelector("a").textContent);
});
board?.addEventListener("dragend", () => {
  dragged?.classList.remove("dragged");
  for (const column of columns) column.classList.remove("over");
  dragged = null;
});
for (const column of columns) {
  column.addEventListener("dragover", (event) => {
    if (!dragged) return;
    event.preventDefault();
    for (const other of columns) other.classList.toggle("over", other === column);
  });
  column.addEventListener("drop", (event) => {
    event.preventDefault();
    if (dragged) send(dragged, column);
  });
}

function beside(card, key) {
  const here = columns.indexOf(card.closest(".board-column"));
  const cards = [...columns[here].querySelectorAll(".board-card")];
  const at = cards.indexOf(card);
  if (key === "ArrowDown") return cards[at + 1];
  if (key === "ArrowUp") return cards[at - 1];
  const step = key === "ArrowRight" ? 1 : -1;
  for (let i = here + step; columns[i]; i += step) {
    const there = columns[i].querySelectorAll(".board-card");
    if (there.length) return there[Math.min(at, there.length - 1)];
  }
  return null;
}

board?.addEventListener("keydown", (event) => {
  const card = cardOf(event.target);
  if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key.toLowerCase() === "m" && !event.shiftKey) {
    event.preventDefault();
    ask(card);
  } else if (event.key.startsWith("Arrow")) {
    event.preventDefault();
    const sideways = event.key === "ArrowLeft" || event.key === "ArrowRight";
    if (event.shiftKey && sideways) {
      const here = columns.indexOf(card.closest(".board-column"));
      send(card, columns[here + (event.key === "ArrowRight" ? 1 : -1)]);
    } else beside(card, event.key)?.querySelector("a").focus();
  }
});

// After a move the page is new: whoever moved a card goes on from it.
const last = sessionStorage.getItem(LAST);
sessionStorage.removeItem(LAST);
if (board && last) document.getElementById(last)?.querySelector("a").focus();
