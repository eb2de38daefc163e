// A question: keys answer it, an answer goes out once, and the time left counts down.
// The server keeps the time that matters; this is only its face.

const form = document.querySelector("[data-question]");
const clock = document.querySelector("[data-seconds]");

form?.addEventListener("submit", (event) => {
  if (form.classList.contains("sent")) event.preventDefault();
  form.classList.add("sent");
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input, textarea, select")) return;
  const key = event.key.toLowerCase();
  const button = [...document.querySelectorAll("[data-hotkey]")].find((b) => b.dataset.hotkey.toLowerCase() === key);
  if (!button) return;
  event.preventDefault();
  form.requestSubmit(button);
});

// Back from the browser's cache: the question may be answered already, so ask the server.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

if (clock) {
  const end = performance.now() + 1000 * (Number(clock.dataset.seconds) + 1);
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    clock.classList.toggle("short", left <= 60);
    if (left === 0) location.reload();
    else setTimeout(tick, 250);
  };
  tick();
}
