// What a label says, as a list of lines beside the picture or text.

const KINDS = { a: "A is better", b: "B is better", tie: "Both are equally good" };

const nameIn = (parts, key) => parts.find((one) => one.key === key)?.name ?? key;

function value(given) {
  if (typeof given === "boolean") return given ? "yes" : "no";
  return Array.isArray(given) ? given.join(", ") || "none" : String(given);
}

const attributes = (given, { attributes: asked = [] }) =>
  Object.entries(given ?? {}).map(([key, said]) => `${nameIn(asked, key)}: ${value(said)}`);

function thing(one, ontology, what) {
  const about = [what, one.crowd && "many of them", ...attributes(one.attributes, ontology)];
  const entry = ontology.classes.find(({ key }) => key === one.class);
  return { id: one.id, colour: entry?.colour, name: entry?.name ?? one.class, about: about.filter(Boolean).join(" · ") };
}

function passages({ spans, relations = [] }, ontology, text) {
  const characters = Array.from(text ?? "");
  const words = ({ start, end }) => `“${characters.slice(start, end).join("")}”`;
  const byId = new Map(spans.map((span) => [span.id, span]));
  return [
    ...spans.map((span) => thing(span, ontology, words(span))),
    ...relations.map(({ from, to, class: key }) => ({
      name: nameIn(ontology.classes, key),
      about: `${words(byId.get(from))} → ${words(byId.get(to))}`,
    })),
  ];
}

/** [{id?, colour?, name, about}] of a label; `ontology` is the brief, `text` that of the asset. */
export function lines(label, ontology, text) {
  if (!label) return [];
  const more = label.objects || label.spans ? [] : attributes(label.attributes, ontology);
  const rest = more.map((said) => ({ name: said, about: "" }));
  if (label.objects) return label.objects.map((one) => thing(one, ontology, ""));
  if (label.spans) return passages(label, ontology, text);
  if (label.tags) return [...label.tags.map((key) => thing({ class: key }, ontology, "")), ...rest];
  if (label.text !== undefined) return [{ name: label.text || "no text", about: "" }, ...rest];
  if (label.rating !== undefined) {
    const words = ontology.scale?.labels?.[String(label.rating)];
    return [{ name: String(label.rating), about: words ?? "" }];
  }
  if (label.preference) {
    const reasons = (label.reasons ?? []).map((key) => nameIn(ontology.reasons ?? [], key));
    return [{ name: KINDS[label.preference], about: reasons.join(", ") }];
  }
  return label.class ? [thing(label, ontology, ""), ...rest] : rest;
}
