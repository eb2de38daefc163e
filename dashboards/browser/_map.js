// The map of embeddings: twenty thousand points on a canvas, to be pointed at, drawn around and
// walked through by keys. Plotly's own way of drawing so many writes programs at run time, which
// the pages' policy forbids.

const { PI, abs, hypot, max, min } = Math;
const NEAR = 9; // pixels from which a point is pointed at
const WAIT = 90; // milliseconds of rest before a point is asked about
const CELL = 24; // pixels of a side of the squares in which points are looked up

// Symbols that stay apart without colour, around the middle of a square of side 2 r.
const SHAPES = {
  circle: (c, r) => c.arc(0, 0, r, 0, 2 * PI),
  square: (c, r) => c.rect(-0.85 * r, -0.85 * r, 1.7 * r, 1.7 * r),
  diamond: (c, r) => corners(c, [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]], r),
  "triangle-up": (c, r) => corners(c, [[0, -1.2], [1.1, 0.9], [-1.1, 0.9]], r),
  cross: (c, r) => { c.rect(-1.1 * r, -0.4 * r, 2.2 * r, 0.8 * r); c.rect(-0.4 * r, -1.1 * r, 0.8 * r, 2.2 * r); },
  x: (c, r) => { c.rotate(PI / 4); SHAPES.cross(c, 1.15 * r); },
  star: (c, r) => corners(c, Array.from({ length: 10 }, (_, i) => [((i % 2) ? 0.55 : 1.3) * Math.sin(i * PI / 5), -((i % 2) ? 0.55 : 1.3) * Math.cos(i * PI / 5)]), r),
  hexagon: (c, r) => corners(c, Array.from({ length: 6 }, (_, i) => [1.1 * Math.cos(i * PI / 3), 1.1 * Math.sin(i * PI / 3)]), r),
};

function corners(c, points, r) {
  points.forEach(([x, y], i) => (i ? c.lineTo(x * r, y * r) : c.moveTo(x * r, y * r)));
  c.closePath();
}

function sprite({ colour, symbol }, r, ratio) {
  const side = Math.ceil((2.8 * r + 2) * ratio);
  const made = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const c = made.getContext("2d");
  c.translate(side / 2, side / 2);
  c.scale(ratio, ratio);
  c.beginPath();
  (SHAPES[symbol] ?? SHAPES.circle)(c, r);
  c.globalAlpha = 0.8;
  c.fillStyle = colour;
  c.fill();
  return made;
}

function inside([px, py], ring) {
  let within = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = ring[i], [xj, yj] = ring[j];
    if ((yi > py) !== (yj > py) && px < ((xj - xi) * (py - yi)) / (yj - yi) + xi) within = !within;
  }
  return within;
}

// What is drawn, and where; no element of the page but its canvas.
class Drawing {
  constructor(canvas) {
    Object.assign(this, { canvas, zoom: 1, shift: [0, 0], ring: [], hidden: new Set(), chosen: new Set(), at: -1 });
  }

  show({ x, y, of, groups, assets }) {
    Object.assign(this, { x, y, of, groups, assets });
    this.layout();
  }

  layout() {
    const { clientWidth: wide, clientHeight: high } = this.canvas;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = wide * ratio;
    this.canvas.height = high * ratio;
    const span = (v) => v.reduce(([a, b], one) => [min(a, one), max(b, one)], [Infinity, -Infinity]);
    const [[x0, x1], [y0, y1]] = [span(this.x), span(this.y)];
    const scale = this.zoom * 0.94 * min(wide / max(x1 - x0, 1e-9), high / max(y1 - y0, 1e-9));
    const middle = [(x0 + x1) / 2, (y0 + y1) / 2];
    this.px = Float32Array.from(this.x, (v) => wide / 2 + this.shift[0] + (v - middle[0]) * scale);
    this.py = Float32Array.from(this.y, (v) => high / 2 + this.shift[1] - (v - middle[1]) * scale);
    this.cells = new Map();
    this.px.forEach((v, i) => {
      const key = `${Math.floor(v / CELL)} ${Math.floor(this.py[i] / CELL)}`;
      this.cells.has(key) ? this.cells.get(key).push(i) : this.cells.set(key, [i]);
    });
    this.draw();
  }

  draw() {
    const c = this.canvas.getContext("2d"), ratio = window.devicePixelRatio || 1;
    const r = (this.px.length <= 2000 ? 4 : this.px.length <= 8000 ? 3 : 2.2) * min(2, this.zoom ** 0.4);
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const sprites = this.groups.map((group) => sprite(group, r, ratio));
    for (let i = 0; i < this.px.length; i++) {
      if (this.hidden.has(this.of[i])) continue;
      const made = sprites[this.of[i]];
      c.drawImage(made, Math.round(this.px[i] * ratio - made.width / 2), Math.round(this.py[i] * ratio - made.height / 2));
    }
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    const ink = getComputedStyle(this.canvas).color;
    c.strokeStyle = ink;
    c.lineWidth = 1.5;
    this.chosen.forEach((i) => { c.beginPath(); c.arc(this.px[i], this.py[i], r + 2, 0, 2 * PI); c.stroke(); });
    if (this.at >= 0) { c.lineWidth = 3; c.beginPath(); c.arc(this.px[this.at], this.py[this.at], r + 5, 0, 2 * PI); c.stroke(); }
    if (this.ring.length > 1) {
      c.lineWidth = 1.5;
      c.setLineDash([5, 4]);
      c.beginPath();
      this.ring.forEach(([px, py], i) => (i ? c.lineTo(px, py) : c.moveTo(px, py)));
      c.closePath();
      c.stroke();
      c.setLineDash([]);
    }
  }

  nearest([px, py]) {
    let best = -1, least = NEAR;
    for (let cx = -1; cx <= 1; cx++) {
      for (let cy = -1; cy <= 1; cy++) {
        for (const i of this.cells.get(`${Math.floor(px / CELL) + cx} ${Math.floor(py / CELL) + cy}`) ?? []) {
          const apart = hypot(this.px[i] - px, this.py[i] - py);
          if (apart < least && !this.hidden.has(this.of[i])) [best, least] = [i, apart];
        }
      }
    }
    return best;
  }

  // The next point in a direction: near, and rather ahead than aside.
  step([dx, dy]) {
    const from = this.at >= 0 ? this.at : 0;
    if (this.at < 0) return from;
    let best = from, least = Infinity;
    for (let i = 0; i < this.px.length; i++) {
      const ahead = (this.px[i] - this.px[from]) * dx + (this.py[i] - this.py[from]) * dy;
      const aside = abs((this.px[i] - this.px[from]) * dy) + abs((this.py[i] - this.py[from]) * dx);
      if (ahead > 0.5 && ahead + 2 * aside < least && !this.hidden.has(this.of[i])) [best, least] = [i, ahead + 2 * aside];
    }
    return best;
  }

  within() {
    const found = [];
    for (let i = 0; i < this.px.length; i++) {
      if (!this.hidden.has(this.of[i]) && inside([this.px[i], this.py[i]], this.ring)) found.push(i);
    }
    return found;
  }
}

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// Points (x, y) of assets in groups; `chosen` are those drawn around, `pointed` the one pointed at,
// `tip` what the page answers about it.
export function PointMap({ x, y, of, groups, assets, label, tip, chosen, setProps }) {
  const { createElement: element, useEffect, useRef, useState } = window.React;
  const canvas = useRef(null), drawing = useRef(null), timer = useRef(0), drag = useRef(null);
  const [mode, setMode] = useState("lasso"), [hidden, setHidden] = useState([]), [place, setPlace] = useState(null);

  useEffect(() => {
    const made = (drawing.current = new Drawing(canvas.current));
    made.show({ x, y, of, groups, assets });
    const size = new ResizeObserver(() => made.layout());
    size.observe(canvas.current);
    return () => size.disconnect();
  }, [x, y, of, groups]);
  useEffect(() => {
    const places = new Map(assets.map((asset, i) => [asset, i]));
    drawing.current.chosen = new Set((chosen ?? []).map((asset) => places.get(asset)).filter((i) => i !== undefined));
    drawing.current.draw();
  }, [chosen, assets]);

  const here = (event) => { const box = canvas.current.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  const point = (i) => {
    const made = drawing.current;
    if (i === made.at) return;
    made.at = i;
    made.draw();
    setPlace(i < 0 ? null : [made.px[i], made.py[i]]);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setProps({ pointed: i < 0 ? null : assets[i] }), i < 0 ? 0 : WAIT);
  };
  const tell = (found, more) => {
    const kept = more ? new Set([...drawing.current.chosen, ...found]) : new Set(found);
    setProps({ chosen: [...kept].map((i) => assets[i]) });
  };
  const zoom = (factor) => {
    const made = drawing.current;
    made.zoom = factor ? min(40, max(1, made.zoom * factor)) : 1;
    made.shift = factor ? made.shift.map((v) => v * (made.zoom === 1 ? 0 : factor)) : [0, 0];
    point(-1);
    made.layout();
  };
  const on = {
    onPointerDown: (event) => {
      canvas.current.setPointerCapture(event.pointerId);
      drag.current = { from: here(event), shift: drawing.current.shift, more: event.shiftKey };
      drawing.current.ring = [here(event)];
      point(-1);
    },
    onPointerMove: (event) => {
      const made = drawing.current, at = here(event);
      if (!drag.current) return point(made.nearest(at));
      const [dx, dy] = [at[0] - drag.current.from[0], at[1] - drag.current.from[1]];
      if (mode === "move") { made.shift = [drag.current.shift[0] + dx, drag.current.shift[1] + dy]; made.ring = []; return made.layout(); }
      if (mode === "box") made.ring = [drag.current.from, [at[0], drag.current.from[1]], at, [drag.current.from[0], at[1]]];
      else made.ring.push(at);
      made.draw();
    },
    onPointerUp: (event) => {
      const made = drawing.current, { from, more } = drag.current ?? {};
      drag.current = null;
      if (!from || mode === "move") return;
      const at = here(event), one = made.nearest(at);
      const small = hypot(at[0] - from[0], at[1] - from[1]) < 4 && made.ring.length < 6;
      const found = small ? (one >= 0 ? [one] : []) : made.within();
      made.ring = [];
      tell(found, more);
    },
    onPointerLeave: () => !drag.current && point(-1),
    onKeyDown: (event) => {
      const made = drawing.current;
      if (KEYS[event.key]) { event.preventDefault(); point(made.step(KEYS[event.key])); }
      else if ((event.key === "Enter" || event.key === " ") && made.at >= 0) {
        event.preventDefault();
        const kept = new Set(made.chosen);
        kept.delete(made.at) || kept.add(made.at);
        tell(kept, false);
      } else if (event.key === "Escape") { point(-1); tell([], false); }
      else if (event.key === "+") zoom(1.5);
      else if (event.key === "-") zoom(1 / 1.5);
    },
  };
  const toggle = (i) => {
    const now = hidden.includes(i) ? hidden.filter((one) => one !== i) : [...hidden, i];
    drawing.current.hidden = new Set(now);
    drawing.current.draw();
    setHidden(now);
  };
  const button = (text, act, pressed) => element("button", { key: text, type: "button", className: `btn btn-sm ${pressed ? "btn-primary" : ""}`, "aria-pressed": pressed, onClick: act }, text);
  const modes = [["lasso", "Draw around"], ["box", "Box"], ["move", "Move"]].map(([one, text]) => button(text, () => setMode(one), mode === one));
  const zooms = [["Closer", 1.5], ["Wider", 1 / 1.5], ["Whole map", 0]].map(([text, factor]) => button(text, () => zoom(factor)));
  const legend = groups.map((group, i) => element("li", { key: group.name },
    element("button", { type: "button", "aria-pressed": !hidden.includes(i), onClick: () => toggle(i), title: "Show or hide" },
      element(Swatch, group), element("span", null, group.name), element("span", { className: "dash-quiet" }, group.n.toLocaleString("en")))));
  const shown = place && tip && drawing.current?.at >= 0 && tip.asset === assets[drawing.current.at];
  return element("div", { className: "dash-map" },
    element("div", { className: "dash-map-tools" },
      element("div", { className: "btn-group", role: "group", "aria-label": "What dragging does" }, modes),
      element("div", { className: "btn-group", role: "group", "aria-label": "Zoom" }, zooms)),
    element("div", { className: "dash-map-body" },
      element("div", { className: "dash-map-face" },
        element("canvas", { ref: canvas, tabIndex: 0, role: "application", "aria-label": label, className: mode === "move" ? "moving" : "", ...on }),
        element("div", { className: "dash-tip", hidden: !shown, "aria-live": "polite", style: shown ? { left: `${place[0]}px`, top: `${place[1]}px` } : {} },
          shown ? [tip.src ? element("img", { key: "i", src: tip.src, alt: "" }) : element("p", { key: "t" }, tip.text),
            element("strong", { key: "n" }, tip.name), element("div", { key: "s" }, tip.said)] : null)),
      element("ul", { className: "dash-map-legend", "aria-label": "Groups" }, legend)));
}

function Swatch({ colour, symbol }) {
  const { createElement: element, useEffect, useRef } = window.React;
  const face = useRef(null);
  useEffect(() => {
    const made = sprite({ colour, symbol }, 6, 2), c = face.current.getContext("2d");
    c.clearRect(0, 0, 40, 40);
    c.drawImage(made, 20 - made.width / 2, 20 - made.height / 2);
  }, [colour, symbol]);
  return element("canvas", { ref: face, width: 40, height: 40, "aria-hidden": true });
}
