// Passages of a text, marked in it.

import { h } from "./_dom.js";
import { NO_COLOUR } from "./_drawn.js";

/**
 * The text as nodes, its spans marked: {start, end} count characters (code points), not the UTF-16
 * units of JavaScript. Spans may overlap: a piece of text is marked with all that cover it.
 */
export function marked(text, spans, classes) {
  const known = new Map(classes.map((entry) => [entry.key, entry]));
  const characters = Array.from(text);
  const cuts = new Set([0, characters.length]);
  for (const { start, end } of spans) cuts.add(start).add(end);
  const places = [...cuts].sort((a, b) => a - b);
  return places.slice(1).map((end, i) => {
    const start = places[i];
    const piece = characters.slice(start, end).join("");
    const over = spans.filter((span) => span.start <= start && span.end >= end);
    if (!over.length) return document.createTextNode(piece);
    const names = over.map((span) => known.get(span.class)?.name ?? span.class);
    const mark = h("mark", { class: "editor-mark", title: names.join(", ") }, piece);
    mark.dataset.object = over.at(-1).id;
    mark.style.setProperty("--class-colour", known.get(over.at(-1).class)?.colour || NO_COLOUR);
    // The name stands once, where the passage begins.
    const begun = over.filter((span) => span.start === start);
    for (const span of begun) mark.prepend(h("span", { class: "editor-mark-name" }, known.get(span.class)?.name ?? span.class));
    mark.classList.toggle("is-shared", over.length > 1);
    return mark;
  });
}
