// The project pages: removing rows, hotkeys, and sending many pictures a slice at a time.
import { sendPictures } from "./_upload.js";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-remove]");
  if (button) {
    const row = button.closest(button.dataset.remove);
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    next?.querySelector("input")?.focus();
  }
});

// Enter in the class editor adds a row rather than saving half a list.
for (const table of document.querySelectorAll(".class-table")) {
  table.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) {
      event.preventDefault();
      table.closest(".card").querySelector("[data-add-row]").click();
    }
  });
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.matches("[data-rows]")) event.target.lastElementChild?.querySelector("input")?.focus();
});

// One key per class where gold is marked; a second key before the next asset is there is too early.
let leaving = false;
window.addEventListener("pageshow", () => { leaving = false; });
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select, button, a, summary")) return;
  const target = document.querySelector(`[data-hotkey="${CSS.escape(event.key)}"]`);
  if (target) {
    event.preventDefault();
    if (leaving) return;
    leaving = true;
    target.click();
  }
});

const form = document.querySelector("#import-form");
if (form) sendPictures(form);
