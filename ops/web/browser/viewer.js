// Labels that are only looked at: every element with `data-viewer` shows the label it describes.

import { createViewer } from "../editor/viewer.js";

function open(root) {
  const viewer = createViewer(root);
  const work = JSON.parse(root.dataset.viewer);
  root.removeAttribute("data-viewer");
  root.setAttribute("aria-busy", "true");
  const done = () => root.removeAttribute("aria-busy");
  viewer.show(work).then(done, () => {
    done();
    const words = document.createElement("p");
    words.className = "viewer-broken";
    words.role = "alert";
    words.textContent = "The picture cannot be loaded. Reload the page to try again.";
    root.replaceChildren(words);
  });
  return { root, viewer };
}

const shown = [...document.querySelectorAll("[data-viewer]")].map(open);

// The keys are those of the first on the page, unless one of the others has the focus.
document.addEventListener("keydown", (event) => {
  const at = shown.find(({ root }) => root.contains(document.activeElement)) ?? shown[0];
  if (at?.viewer.press(event)) event.preventDefault();
});
