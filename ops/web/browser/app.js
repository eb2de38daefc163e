// What every page needs: Tabler's dropdowns, htmx with the CSRF token, copying of secrets.
import "@tabler/core";
import htmx from "htmx.org";
import "./_ticks.js";

window.htmx = htmx;

function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = csrfToken();
});

// A form that was refused (422) comes back with its faults; a conflict (409) with its reason.
document.addEventListener("htmx:beforeSwap", (event) => {
  if ([409, 422].includes(event.detail.xhr.status)) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

// <button data-copy="#id">: the text of that element goes to the clipboard.
async function copy(button) {
  const source = document.querySelector(button.dataset.copy);
  const text = source.value ?? source.textContent;
  try {
    await navigator.clipboard.writeText(text.trim());
    button.textContent = "Copied";
  } catch {
    // No clipboard without https: select it, so that Ctrl+C does it.
    source.select?.();
    button.textContent = "Press Ctrl+C";
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

// <form data-confirm="Question?">
document.addEventListener("submit", (event) => {
  const question = event.target.dataset?.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// <tr data-href="…">: the whole row is a target for the mouse; its link stays the one for keys.
document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-href]");
  if (row && !event.target.closest("a, button, input, label, select")) location.assign(row.dataset.href);
});

// Where tabs are pushed aside on a narrow screen, the one that is open shows.
for (const tab of document.querySelectorAll(".area-tabs [aria-current], .topnav [aria-current]")) {
  const row = tab.closest(".area-tabs") ?? tab.closest("ul").parentElement;
  const [inner, outer] = [tab.getBoundingClientRect(), row.getBoundingClientRect()];
  if (inner.right > outer.right) row.scrollLeft += inner.right - outer.right + 24;
}

// A list of faults, or the first field with one, gets the focus.
document.querySelector("[data-focus], .is-invalid")?.focus();
