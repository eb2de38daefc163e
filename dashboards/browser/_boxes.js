// What is labelled and what a model sees, as boxes over a picture: lines as wide on any size.

export function Boxes({ boxes, width, height }) {
  const element = window.React.createElement;
  const drawn = boxes.map(({ kind, ...place }, i) => element("rect", { key: i, className: kind, ...place }));
  return element("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": true }, drawn);
}
