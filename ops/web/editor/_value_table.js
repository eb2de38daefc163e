// Labels that are not drawn, beside each other: what each of them says, what differs marked.

import { changes } from "./_difference.js";
import { SIGNS } from "./_difference_layer.js";
import { h } from "./_dom.js";

const SIDES = { a: "A", b: "B", tie: "both" };
const FIELDS = { class: "Class", rating: "Rating", preference: "Better" };

/** Two texts as one: what only one of both has is struck out or underlined. `found` as `_difference.js` gives it. */
export function woven(found) {
  const pieces = found.filter(({ what }) => what === "text").map(({ kind, mine, theirs }) => {
    if (kind === "same") return document.createTextNode(mine);
    return h(kind === "added" ? "ins" : "del", { "data-step": true }, mine ?? theirs);
  });
  return h("p", { class: "editor-woven", dir: "auto" }, ...pieces);
}

// Of both texts what one side has.
function sideOf(found, side) {
  const away = side === "mine" ? "removed" : "added";
  return woven(found.filter(({ what, kind }) => what === "text" && kind !== away));
}

/** The texts below each other: [{name, found}], and one's own as `mine` (found again, or null) differs from one of them. */
export function texts(others, mine, own = "Yours") {
  const block = (name, body) => h("section", {}, h("h3", {}, name), body);
  return h(
    "div",
    { class: "editor-texts" },
    ...others.map(({ name, found }) => block(name, sideOf(found, "theirs"))),
    mine ? block(own, sideOf(mine, "mine")) : null,
  );
}

/** One line for each difference: {sign, what it is, theirs, mine}. */
export function changed(found, words) {
  const rows = changes(found).map((one) =>
    h(
      "tr",
      { "data-step": true, class: `is-${one.kind}` },
      h("th", { scope: "row" }, `${SIGNS[one.kind]} ${nameOf(one, words)}`),
      h("td", {}, saidBy(one, "theirs", words)),
      h("td", {}, saidBy(one, "mine", words)),
    ),
  );
  return rows.length ? table(["", words.other, words.mine ?? "Yours"], rows) : null;
}

/** Everything that is said, a column for each label: [{name, found}], and one's own. */
export function beside(others, mine, words) {
  const keyed = others.map(({ found }) => new Map(found.map((one) => [nameOf(one, words), one])));
  const keys = [...new Set(keyed.flatMap((map) => [...map.keys()]))];
  const own = (name) => keyed.map((map) => map.get(name)).find(Boolean);
  const rows = keys.map((name) => {
    const cells = keyed.map((map) => {
      const one = map.get(name);
      // What a label has no word of, it says as much about as one's own.
      const kind = one?.kind ?? "same";
      return h("td", { class: `is-${kind}` }, `${SIGNS[kind] ?? ""} ${saidBy(one ?? own(name), one ? "theirs" : "mine", words)}`);
    });
    const differs = keyed.some((map) => (map.get(name)?.kind ?? "same") !== "same");
    return h("tr", differs ? { "data-step": true } : {}, h("th", { scope: "row" }, name), ...cells, mine ? h("td", {}, saidBy(own(name), "mine", words)) : null);
  });
  return table(["", ...others.map(({ name }) => name), ...(mine ? ["Yours"] : [])], rows);
}

function table(heads, rows) {
  const head = h("tr", {}, ...heads.map((name) => h("th", { scope: "col" }, name)));
  return h("table", { class: "editor-values" }, h("thead", {}, head), h("tbody", {}, ...rows));
}

function nameOf({ what, key, mine, theirs }, { type, className, asked, reason }) {
  if (what === "choice") return FIELDS[type] ?? "Class";
  if (what === "attribute") return asked(key);
  return what === "reason" ? reason(mine ?? theirs) : className(mine ?? theirs);
}

function saidBy(one, side, { type, className }) {
  const value = one?.[side] ?? null;
  if (one?.what === "tag" || one?.what === "reason") return value === null ? "no" : "yes";
  if (value === null) return "–";
  if (one.what === "choice") return type === "class" ? className(value) : type === "preference" ? SIDES[value] : String(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) ? value.join(", ") || "none" : String(value);
}
