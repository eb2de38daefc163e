// Runs before the first paint, so that a dark desk never flashes white.
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function follow() {
  document.documentElement.dataset.bsTheme = dark.matches ? "dark" : "light";
}

follow();
dark.addEventListener("change", follow);
