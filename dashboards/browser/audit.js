// An audit by keyboard: right, wrong and why, later, the item before and after.

const form = document.getElementById("audit");

function typing({ target }) {
  return target.matches?.("textarea, select, input:not([type=checkbox])");
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (typing(event)) {
    if (event.key !== "Escape") return false;
    event.target.blur();
    return true;
  }
  const link = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  // In the picture or text the arrows are its own.
  if (link && !event.target.closest?.(".viewer")) return follow(document.querySelector(`a[rel=${link}]`));
  if (!form || event.repeat) return false;
  if (event.key === "c") return focus(document.getElementById("remark"));
  if (/^[1-9]$/.test(event.key)) return tick(form.querySelectorAll("[name=errors]")[event.key - 1]);
  return follow(document.querySelector(`button[data-key="${CSS.escape(event.key)}"]`));
}

function follow(element) {
  element?.click();
  return Boolean(element);
}

function focus(element) {
  element.focus();
  return true;
}

function tick(box) {
  if (box) box.checked = !box.checked;
  return Boolean(box);
}

document.addEventListener("keydown", (event) => {
  if (!event.defaultPrevented && press(event)) event.preventDefault();
});
