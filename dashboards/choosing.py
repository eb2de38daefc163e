"""The filters of a page: what may be chosen, what of the address may stand, the bar itself."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode

from dash import ALL as EVERY
from dash import Input, Output, State, ctx, dcc, html, no_update
from sqlalchemy.orm import Session

from dashboards.asked import BEFORE, FILTERS, PERIODS, STAGES, Asked
from dashboards.controls import Select, Typed, options
from metrics import reads
from metrics.reads.choices import Choice, batch_of, choices

# What an empty choice of each filter is called.
EVERYTHING = {
    "project": "All projects",
    "batch": "All batches",
    "team": "All teams",
    "vendor": "All vendors",
    "stage": "All stages",
    "class": "All classes",
    "skill": "All skills",
    "labeller": "All labellers",
}
SINGLE = {name: text.removeprefix("All ").removesuffix("s") for name, text in EVERYTHING.items()}
SINGLE |= {"batch": "batch", "class": "class"}
NOWHERE = (0, "nowhere")
DATES = ("since", "until")
Known = dict[str, list[Choice]]


def used(page: Any) -> tuple[str, ...]:
    """The filters that a page uses."""
    return getattr(page, "FILTERS", ("project",))


def known(session: Session, scope: Any, page: Any, asked: Asked) -> tuple[Asked, Known]:
    """What the filters of the page may be set to, and `asked` without what may not be seen."""
    names = reads.names(session, scope)
    found: Known = {"project": list(zip(names.project_id.tolist(), names.project, strict=True))}
    projects = dict(found["project"])
    if asked.project_id not in projects:
        asked = replace(asked, project_id=None)
    if isinstance(asked.compare, int) and asked.compare not in projects:
        asked = replace(asked, compare=None)
    asked = asked.using(used(page))
    within = scope if asked.project_id is None else [asked.project_id]
    found["stage"] = [(stage, stage) for stage in STAGES]
    found |= choices(session, within, used(page))
    for kind in ("team", "vendor"):
        if kind in found:
            found[kind] = [*found[kind], NOWHERE]
    asked = _batch(session, within, asked, found)
    gone = [name for name, value in asked.filters.items() if value not in dict(found[name])]
    return asked.without(*gone), found


def _batch(session: Session, within: Any, asked: Asked, found: Known) -> Asked:
    """A batch too old for the list may be asked for all the same."""
    if asked.batch_id is not None and asked.batch_id not in dict(found["batch"]):
        old = batch_of(session, within, asked.batch_id)
        found["batch"] = [*found["batch"], *([old] if old else [])]
    return asked


def compared(asked: Asked, found: Known) -> tuple[Asked, str] | None:
    """What to read beside it, and what that is called."""
    if asked.compare == BEFORE:
        before = asked.before()
        words = f"{before.since:%-d %b} to {before.today:%-d %b %Y}" if asked.dated else (
            f"the {asked.days} days before")  # fmt: skip
        return before, words
    if asked.compare is None or asked.compare == asked.project_id:
        return None
    other = replace(asked.without("batch"), project_id=int(asked.compare), compare=None)
    return other, dict(found["project"])[asked.compare]


def bar(page: Any, asked: Asked, found: Known) -> Any:
    """The filters of a page, its period, and what to compare with."""
    fields = [
        _field(name, found[name], asked.filters.get(name)) for name in used(page) if name in found
    ]
    if page.PERIOD:
        fields.append(_period(page.PATH, asked))
    if getattr(page, "COMPARE", False):
        fields.append(_compare(asked, found))
    return html.Div(fields, className="dash-bar", role="group", **{"aria-label": "Filters"})


def _field(name: str, listed: list[Choice], value: Any) -> Any:
    return Select(
        id={"filter": name},
        options=options(listed, EVERYTHING[name]),
        value="" if value is None else str(value),
        label=SINGLE[name].capitalize(),
        className="chosen" if value is not None else "",
    )


def _period(path: str, asked: Asked) -> Any:
    links = [
        dcc.Link(f"{n}", href=asked.again(path, days=n), className=_pressed(asked, n),
                 title=f"The last {n} days")
        for n in PERIODS
    ]  # fmt: skip
    first, last = asked.since.isoformat(), asked.today.isoformat()
    dates = [
        Typed(id={"filter": "since"}, type="date", value=first, label="First day", max=last),
        html.Span("to", className="dash-quiet"),
        Typed(id={"filter": "until"}, type="date", value=last, label="Last day"),
    ]
    group = html.Div(links, className="btn-group", role="group", **{"aria-label": "Days"})
    return html.Div(
        [group, html.Span("days", className="dash-quiet"), *dates], className="dash-period"
    )


def _pressed(asked: Asked, days: int) -> str:
    here = days == asked.days and not asked.dated
    return f"btn btn-sm {'btn-primary' if here else ''}"


def _compare(asked: Asked, found: Known) -> Any:
    others = [(f"project:{i}", name) for i, name in found["project"] if i != asked.project_id]
    listed = options([(BEFORE, "with the period before"), *((v, f"with {n}") for v, n in others)],
                     "Compare …")  # fmt: skip
    value = f"project:{asked.compare}" if isinstance(asked.compare, int) else asked.compare or ""
    return Select(id={"filter": "compare"}, options=listed, value=value, label="Compare",
                  className="chosen" if value else "")  # fmt: skip


def chips(page: Any, asked: Asked, found: Known) -> Any:
    """What narrows the figures, each with a way to take it off; and what rests on this page."""
    on = [
        _chip(f"{SINGLE[name]}: {dict(found[name])[value]}", asked.again(page.PATH, **{name: None}))
        for name, value in asked.filters.items()
    ]
    if not on and not asked.aside:
        return html.Div(className="dash-chips")
    nothing = dict.fromkeys(FILTERS, None)
    if on:
        on.append(
            dcc.Link("Clear all", href=asked.again(page.PATH, **nothing), className="dash-clear")
        )
    if asked.aside:
        resting = ", ".join(SINGLE[name] for name in asked.aside)
        on.append(html.Span(f"Not used on this page: {resting}", className="dash-quiet"))
    return html.Div(on, className="dash-chips")


def _chip(text: str, without: str) -> Any:
    cross = html.Span("×", **{"aria-hidden": "true"})
    return dcc.Link(
        [text, cross], href=without, className="dash-chip", title="Take this filter off"
    )


def register(app: Any) -> None:
    """Choosing in a filter writes it into the address, which draws the page anew."""

    @app.callback(
        Output("at", "search"),
        Input({"filter": EVERY}, "value"),
        State({"filter": EVERY}, "id"),
        State("at", "search"),
        prevent_initial_call=True,
    )
    def choose(values: list[Any], ids: list[dict[str, str]], search: str | None) -> Any:
        if not ctx.triggered_id:
            return no_update
        given = {of["filter"]: value for of, value in zip(ids, values, strict=True)}
        changed = rewritten(search, ctx.triggered_id["filter"], given)
        return no_update if changed is None else changed


def rewritten(search: str | None, name: str, given: Mapping[str, Any]) -> str | None:
    """The query with `name` set to what is `given` for it; None where nothing changes."""
    asked = {key: values[0] for key, values in parse_qs((search or "").lstrip("?")).items()}
    before = dict(asked)
    asked[name] = str(given.get(name) or "")
    # Drawn anew, a choice is told as if it were made: only another project has other batches.
    if name == "project" and asked[name] != before.get(name, ""):
        asked.pop("batch", None)
    if asked[name] != before.get(name, ""):
        asked.pop("page", None)  # of what is listed now there is a first page again
    if name in DATES:
        # Both ends are in the bar, whether the address names them or not.
        asked |= {end: str(given.get(end) or "") for end in DATES}
        asked.pop("days", None)
    kept = {key: value for key, value in asked.items() if value}
    if kept == before:
        return None
    return f"?{urlencode(kept)}" if kept else ""
