// What can be done to a label of shapes: every function gives a new label and leaves the old one as it was.

export const NOTHING = Object.freeze({ objects: [] });

export const objectOf = ({ objects }, id) => objects.find((one) => one.id === id);

/** An id that no object has, nor one of `others`: one more than the largest number among them. */
export function nextId({ objects }, others = []) {
  let largest = 0;
  for (const { id } of [...objects, ...others]) if (/^\d{1,9}$/.test(id)) largest = Math.max(largest, Number(id));
  return String(largest + 1);
}

/** The label with one object more. */
export const add = (value, one) => ({ ...value, objects: [...value.objects, one] });

/** The label with `changed` in place of the object with its id. */
export const replace = (value, changed) => ({
  ...value,
  objects: value.objects.map((one) => (one.id === changed.id ? changed : one)),
});

export const remove = (value, id) => ({ ...value, objects: value.objects.filter((one) => one.id !== id) });

/** The object with these attributes; none is no field. */
export function answered({ attributes: _, ...one }, attributes) {
  return { ...one, ...(Object.keys(attributes).length && { attributes }) };
}

/** The object as one of another class, with the answers that are asked of that one too. */
export function reclassed(one, key, asked) {
  const fits = (name) => asked.some((each) => each.key === name && (!each.of?.length || each.of.includes(key)));
  const kept = Object.entries(one.attributes ?? {}).filter(([name]) => fits(name));
  return answered({ ...one, class: key }, Object.fromEntries(kept));
}
