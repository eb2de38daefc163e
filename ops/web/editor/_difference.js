// What differs between two labels of one asset, whatever their type.

import { boundsOf, likeness } from "./_likeness.js";
import { same } from "./_same.js";
import { textDifference } from "./_text_difference.js";

// As the server's types of error: half is the same object, a tenth is about the same one.
const SURE = 0.5;
const NEAR = 0.1;
// Two hands never draw the same px: as much as this is one answer.
const ONE = 0.9;
const TURN = 5;

/**
 * [{kind, what, mine, theirs}] from `theirs` to `mine` (payloads or null), in the order of theirs, then
 * what only mine has. `kind`: same, class, moved, attributes, added (mine alone), removed (theirs alone).
 * `what`: object, span, relation, tag, choice, attribute, text; `mine` and `theirs` are of that, or null.
 * `edited`: mine was made from theirs: ids name the same objects, and every px counts.
 */
export function differences(mine, theirs, { edited = false } = {}) {
  const [a, b] = [mine ?? {}, theirs ?? {}];
  const found = [];
  if (a.objects || b.objects) found.push(...ofThings("object", a.objects ?? [], b.objects ?? [], edited));
  if (a.spans || b.spans) found.push(...ofPassages(a, b, edited));
  if (a.tags || b.tags) found.push(...ofKeys("tag", a.tags ?? [], b.tags ?? []));
  if (a.text !== undefined || b.text !== undefined) found.push(...ofText(a.text ?? "", b.text ?? ""));
  for (const name of ["class", "rating", "preference"])
    if (a[name] !== undefined || b[name] !== undefined) found.push(choice(a[name] ?? null, b[name] ?? null));
  if (a.reasons || b.reasons) found.push(...ofKeys("reason", a.reasons ?? [], b.reasons ?? []));
  if (a.attributes || b.attributes) found.push(...ofAttributes(a.attributes ?? {}, b.attributes ?? {}));
  return found;
}

/** What is not the same. */
export const changes = (found) => found.filter(({ kind }) => kind !== "same");

function choice(mine, theirs) {
  const kind = mine === theirs ? "same" : theirs === null ? "added" : mine === null ? "removed" : "class";
  return { kind, what: "choice", mine, theirs };
}

function ofKeys(what, mine, theirs) {
  const kept = theirs.map((key) => (mine.includes(key) ? { kind: "same", what, mine: key, theirs: key } : removed(what, key)));
  return [...kept, ...mine.filter((key) => !theirs.includes(key)).map((key) => added(what, key))];
}

function ofAttributes(mine, theirs) {
  const keys = new Set([...Object.keys(theirs), ...Object.keys(mine)]);
  return [...keys].map((key) => ({
    kind: same(mine[key], theirs[key]) ? "same" : "attributes",
    what: "attribute",
    key,
    mine: mine[key] ?? null,
    theirs: theirs[key] ?? null,
  }));
}

function ofText(mine, theirs) {
  return textDifference(mine, theirs).map(({ kind, text }) => ({
    kind,
    what: "text",
    mine: kind === "removed" ? null : text,
    theirs: kind === "added" ? null : text,
  }));
}

function ofPassages(mine, theirs, edited) {
  const found = ofThings("span", mine.spans ?? [], theirs.spans ?? [], edited);
  const partner = new Map(found.filter((one) => one.mine && one.theirs).map((one) => [one.theirs.id, one.mine.id]));
  const seen = new Set();
  const kept = (theirs.relations ?? []).map((one) => {
    const like = (each) => each.class === one.class && each.from === partner.get(one.from) && each.to === partner.get(one.to);
    const twin = (mine.relations ?? []).find((each) => like(each) && !seen.has(each));
    if (!twin) return removed("relation", one);
    seen.add(twin);
    return { kind: "same", what: "relation", mine: twin, theirs: one };
  });
  return [...found, ...kept, ...(mine.relations ?? []).filter((one) => !seen.has(one)).map((one) => added("relation", one))];
}

const added = (what, mine) => ({ kind: "added", what, mine, theirs: null });
const removed = (what, theirs) => ({ kind: "removed", what, mine: null, theirs });

// Objects or spans: paired by id where one label was made from the other, then by likeness.
function ofThings(what, mine, theirs, edited) {
  const partner = edited ? byId(mine, theirs) : new Map();
  byLikeness(mine, theirs, partner);
  const taken = new Set(partner.values());
  const kept = theirs.map((one) => {
    const other = partner.get(one);
    return other ? { kind: kindOf(other, one, edited), what, mine: other, theirs: one } : removed(what, one);
  });
  return [...kept, ...mine.filter((one) => !taken.has(one)).map((one) => added(what, one))];
}

function byId(mine, theirs) {
  const known = new Map(mine.map((one) => [one.id, one]));
  const partner = new Map();
  for (const one of theirs) {
    const other = known.get(one.id);
    // The id of what was deleted may be that of something drawn later, of another class elsewhere.
    if (other && (other === one || other.class === one.class || likeness(other, one))) partner.set(one, other);
  }
  return partner;
}

// Greedily: of one class and surely the same first, then whatever is most alike.
function byLikeness(mine, theirs, partner) {
  const taken = new Set(partner.values());
  const left = mine.filter((one) => !taken.has(one));
  const pairs = [];
  theirs.forEach((one, i) => {
    if (partner.has(one)) return;
    left.forEach((other, j) => {
      const alike = meets(one, other) ? likeness(one, other) : 0;
      if (alike >= NEAR) pairs.push({ one, other, i, j, alike, sure: alike >= SURE && one.class === other.class });
    });
  });
  pairs.sort((a, b) => b.sure - a.sure || b.alike - a.alike || a.i - b.i || a.j - b.j);
  for (const { one, other } of pairs) {
    if (partner.has(one) || taken.has(other)) continue;
    partner.set(one, other);
    taken.add(other);
  }
}

// Most pairs are far from each other, which is quickly seen.
function meets(one, other) {
  if ("start" in one) return one.start < other.end && other.start < one.end;
  const a = boundsOf(one);
  const b = boundsOf(other);
  return a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];
}

function kindOf(mine, theirs, edited) {
  if (mine === theirs) return "same";
  if (mine.class !== theirs.class) return "class";
  if (!(edited ? same(placeOf(mine), placeOf(theirs)) : inPlace(mine, theirs))) return "moved";
  const others = same(mine.attributes ?? {}, theirs.attributes ?? {}) && Boolean(mine.crowd) === Boolean(theirs.crowd);
  return others ? "same" : "attributes";
}

function placeOf({ id: _id, class: _class, attributes: _attributes, crowd: _crowd, ...place }) {
  return place;
}

function inPlace(mine, theirs) {
  if ("start" in mine) return mine.start === theirs.start && mine.end === theirs.end;
  const turn = Math.abs((mine.angle ?? 0) - (theirs.angle ?? 0)) % 360;
  return likeness(mine, theirs) >= ONE && Math.min(turn, 360 - turn) <= TURN;
}
