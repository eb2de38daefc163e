// Brightness and contrast of the picture: only how it is shown. They stay from one picture to the next.

import { h } from "./_dom.js";

const USUAL = 100;

export class Light {
  constructor() {
    this.img = null;
    this.sliders = ["brightness", "contrast"].map((name) => {
      const input = h("input", { class: "form-range", type: "range", min: "20", max: "300", step: "5", "data-light": name });
      input.value = USUAL;
      input.addEventListener("input", () => this.apply(this.img));
      return input;
    });
    const reset = h("button", { class: "editor-quiet", type: "button" }, "As it is");
    reset.addEventListener("click", () => {
      for (const slider of this.sliders) slider.value = USUAL;
      this.apply(this.img);
    });
    const rows = this.sliders.map((slider) => {
      const name = slider.dataset.light;
      return h("label", { class: "editor-light-row" }, h("span", {}, name[0].toUpperCase() + name.slice(1)), slider);
    });
    this.element = h("details", { class: "editor-light" }, h("summary", {}, "Brightness and contrast"), ...rows, reset);
  }

  /** Show `img` in this light, an element or null. */
  apply(img) {
    this.img = img;
    const parts = this.sliders.filter(({ value }) => Number(value) !== USUAL).map(({ dataset, value }) => `${dataset.light}(${value}%)`);
    if (img) img.style.filter = parts.join(" ");
    this.element.classList.toggle("is-changed", parts.length > 0);
  }
}
