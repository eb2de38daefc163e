// The shapes of objects as SVG: boxes, outlines, points with their skeleton, and where their names stand.

const SVG = "http://www.w3.org/2000/svg";
export const NO_COLOUR = "#666666";

export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const box = ([x, y, width, height], angle = 0) =>
  svg("rect", {
    x, y, width, height,
    ...(angle && { transform: `rotate(${angle} ${x + width / 2} ${y + height / 2})` }),
  });

const ring = (points) => `M${points.map(([x, y]) => `${x} ${y}`).join("L")}Z`;
const outline = (parts) => svg("path", { d: parts.flat().map(ring).join(""), "fill-rule": "evenodd" });

function figure(points, edges) {
  const seen = (i) => points[i]?.[2] > 0;
  const lines = edges
    .filter(([a, b]) => seen(a) && seen(b))
    .map(([a, b]) => {
      const [[x1, y1], [x2, y2]] = [points[a], points[b]];
      return svg("line", { x1, y1, x2, y2 });
    });
  const dots = points
    .filter(([, , v]) => v > 0)
    .map(([cx, cy, v]) => svg("circle", { cx, cy, class: v === 1 ? "is-hidden" : "" }));
  return [...lines, ...dots];
}

export function shapes(one, skeleton) {
  const drawn = [];
  if (one.box) drawn.push(box(one.box, one.angle));
  if (one.polygons) drawn.push(outline(one.polygons));
  if (one.points) drawn.push(...figure(one.points, skeleton?.edges ?? []));
  return drawn;
}

/** Where the name of an object begins: the upper left of its shape; null for a mask. */
export function corner(one) {
  const points = one.polygons?.flat(2) ?? one.points?.filter(([, , v]) => v > 0) ?? [];
  if (one.box) return [one.box[0], one.box[1]];
  if (!points.length) return null;
  return [Math.min(...points.map(([x]) => x)), Math.min(...points.map(([, y]) => y))];
}

export function rgb(colour) {
  const number = Number.parseInt(colour.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

export function rimOf(shape) {
  const rim = shape.cloneNode();
  rim.setAttribute("class", "is-rim");
  return rim;
}

export function named(name, [x, y]) {
  const text = svg("text", { x, y });
  text.textContent = name;
  return text;
}
