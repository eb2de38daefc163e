// A box to tick beside a picture; `value` is whether it is ticked.

export function Tick({ label, value, setProps }) {
  const element = window.React.createElement;
  return element("label", { className: "dash-pick" },
    element("input", { type: "checkbox", checked: Boolean(value), onChange: (event) => setProps({ value: event.target.checked }) }),
    element("span", { className: "visually-hidden" }, label));
}
