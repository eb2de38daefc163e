// What the dashboards need in the browser beyond Dash: fields of the browser's own, which every
// keyboard, phone and screen reader knows; links inside tables; the page's title.
// Dash finds components by their namespace on `window`, and brings React.

import { Boxes } from "./_boxes.js";
import { PointMap } from "./_map.js";
import { Tick } from "./_tick.js";

const element = (...parts) => window.React.createElement(...parts);

// The name stands beside the field, not around it: a drop-down's choices are no part of its name.
function Field({ id, label, shown, className, children }) {
  const name = element("label", { className: shown ? "dash-field-name" : "visually-hidden", htmlFor: `in-${id}` }, label);
  return element("div", { className: `dash-field ${className || ""}`, "data-field": id }, name, children);
}

// Dash hands on an id of several parts as the JSON of them.
const flat = (id) => (id?.startsWith?.("{") ? Object.values(JSON.parse(id)).join("-") : id);

function Select({ id, options, value, label, shown, className, disabled, setProps }) {
  const listed = options.map(({ value, label }) => element("option", { key: value, value }, label));
  const field = element("select", {
    id: `in-${flat(id)}`, className: "form-select form-select-sm", value: value ?? "", disabled,
    onChange: (event) => setProps({ value: event.target.value }),
  }, listed);
  return element(Field, { id: flat(id), label, shown, className }, field);
}

// Tells its value when it is left or Enter is pressed: a date half typed is none.
function Typed({ id, type, value, label, shown, className, min, max, step, placeholder, maxLength, rows, live, focused, setProps }) {
  const [typed, type_] = window.React.useState(value ?? "");
  window.React.useEffect(() => type_(value ?? ""), [value]);
  const tell = (now) => now !== (value ?? "") && setProps({ value: now });
  const field = element(rows ? "textarea" : "input", {
    id: `in-${flat(id)}`, className: "form-control form-control-sm", type: rows ? undefined : type, value: typed, min, max, step, placeholder, maxLength, rows, autoFocus: focused,
    onChange: (event) => { type_(event.target.value); if (live) tell(event.target.value); },
    onBlur: (event) => tell(event.target.value),
    onKeyDown: (event) => event.key === "Enter" && !rows && tell(event.target.value),
  });
  return element(Field, { id: flat(id), label, shown, className }, field);
}

window.touchstone = { Select, Typed, PointMap, Boxes, Tick };

// A cell that leads somewhere: the row holds the address under the name in `href`.
function CellLink({ value, data, href }) {
  return data && data[href] ? element("a", { href: data[href] }, value) : value ?? "";
}

Object.assign((window.dashAgGridComponentFunctions ??= {}), { CellLink });

const namespaces = (window.dash_clientside ??= {});
namespaces.touchstone = {
  // The title names the page, for tabs, history and screen readers.
  title: (_children) => {
    const heading = document.querySelector("#page h1");
    if (heading) document.title = `${heading.textContent} · Dashboards · Touchstone`;
    return window.dash_clientside.no_update;
  },
};
