// What can be done to a label of spans: every function gives a new label and leaves the old one as it was.

export const NOTHING = Object.freeze({ spans: [] });

const whole = (spans, relations) => ({ spans, ...(relations.length && { relations }) });

/** The spans in the order in which they stand in the text. */
export const byPlace = (spans) => [...spans].sort((a, b) => a.start - b.start || a.end - b.end);

/** Spans by their place, then relations: what is chosen one after the other. */
export const items = ({ spans, relations = [] }) => [...byPlace(spans), ...relations];

export const spanOf = ({ spans }, id) => spans.find((one) => one.id === id);

/** {value, span}: the label with one span more, whose id none of `others` has; the same span twice is one. */
export function add(value, { class: key, start, end }, others = []) {
  const known = value.spans.find((one) => one.class === key && one.start === start && one.end === end);
  if (known) return { value, span: known };
  const numbers = [...value.spans, ...others].map(({ id }) => (/^\d{1,9}$/.test(id) ? Number(id) : 0));
  const span = { id: String(Math.max(0, ...numbers) + 1), class: key, start, end };
  return { value: whole([...value.spans, span], value.relations ?? []), span };
}

/** {value, relation}: the label with one relation more; the same one twice is one. */
export function relate(value, { from, to, class: key }) {
  const relations = value.relations ?? [];
  const known = relations.find((one) => one.from === from && one.to === to && one.class === key);
  if (known) return { value, relation: known };
  const relation = { from, to, class: key };
  return { value: whole(value.spans, [...relations, relation]), relation };
}

/** The label with `changed` in place of the span or relation `one`. */
export function replace({ spans, relations = [] }, one, changed) {
  const put = (list) => list.map((each) => (each === one ? changed : each));
  return whole(put(spans), put(relations));
}

/** The label without a span, and the relations that hang on it, or without a relation. */
export function remove({ spans, relations = [] }, one) {
  const left = relations.filter((each) => each !== one && each.from !== one.id && each.to !== one.id);
  return whole(spans.filter((each) => each !== one), "from" in one ? relations.filter((each) => each !== one) : left);
}

/** A span whose `side` ("start" or "end") is moved by `step` characters; the same one where it cannot be. */
export function moved(span, side, step, length) {
  const place = span[side] + step;
  const fits = side === "start" ? place >= 0 && place < span.end : place > span.start && place <= length;
  return fits ? { ...span, [side]: place } : span;
}

/** The first attribute that a span needs and has not, or undefined. */
export const open = ({ class: key, attributes = {} }, asked) =>
  asked.find((one) => one.required && (!one.of?.length || one.of.includes(key)) && attributes[one.key] === undefined);
