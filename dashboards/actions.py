"""A bar of buttons where a lead looks: it says what will happen, does it, and tells the result."""

from collections.abc import Sequence
from typing import Any

import structlog
from dash import ALL as EVERY
from dash import MATCH, Input, Output, State, ctx, dcc, html, no_update

from dashboards.controls import Typed
from dashboards.deeds import DEEDS, Deed, Field, Terms
from dashboards.door import acting
from ops.errors import TouchstoneError

FAILED = "Nothing was done: something went wrong on our side. It has been logged."


def chosen(name: str) -> dict[str, str]:
    """Where a page puts the ids that the bar `name` is about: its `data`, a list."""
    return {"name": name, "part": "chosen"}


def bar(
    name: str, kinds: Sequence[str], *, ids: Sequence[int] = (), project_id: int | None = None
) -> Any:
    """Buttons for these kinds of deeds, about `ids` or about what is ticked in the table `name`.

    What is done to labellers is done in the project `project_id`.
    """
    buttons = [
        html.Button(DEEDS[kind].name, id={"name": name, "act": kind}, type="button",
                    className="btn btn-sm")
        for kind in kinds
    ]  # fmt: skip
    return html.Div(
        [
            dcc.Store(id=chosen(name), data=list(ids)),
            dcc.Store(id={"name": name, "part": "project"}, data=project_id),
            html.Div(buttons, className="dash-deeds", role="group", **{"aria-label": "Act"}),
            html.Div(id={"name": name, "part": "ask"}),
            html.Div(id={"name": name, "part": "told"}, role="status", className="dash-told"),
        ],
        className="dash-actions",
    )


def register(app: Any) -> None:
    """Ask, then do: what was foreseen is what is done."""
    grid = {"name": EVERY, "part": "grid"}

    @app.callback(
        Output({"name": MATCH, "part": "ask"}, "children"),
        Output({"name": MATCH, "part": "told"}, "children"),
        Input({"name": MATCH, "act": EVERY}, "n_clicks"),
        State(chosen(MATCH), "data"),
        State({"name": MATCH, "part": "project"}, "data"),
        State(grid, "selectedRows"),
        State(grid, "id"),
        prevent_initial_call=True,
    )
    def ask(clicks: list[Any], ids: Any, project: Any, ticked: list[Any], grids: list[Any]) -> Any:
        if not any(clicks) or not ctx.triggered_id:
            return no_update, no_update
        name, kind = ctx.triggered_id["name"], ctx.triggered_id["act"]
        for at, rows in zip(grids, ticked, strict=True):
            if at["name"] == name and rows:
                ids = [row["id"] for row in rows]
        return foreseen(name, kind, ids, project)

    @app.callback(
        Output({"name": MATCH, "part": "ask"}, "children", allow_duplicate=True),
        Output({"name": MATCH, "part": "told"}, "children", allow_duplicate=True),
        Input({"name": MATCH, "do": EVERY}, "n_clicks"),
        State({"name": MATCH, "part": "asked"}, "data"),
        State({"name": MATCH, "field": EVERY}, "value"),
        State({"name": MATCH, "field": EVERY}, "id"),
        prevent_initial_call=True,
    )
    def do(clicks: list[Any], asked: Any, values: list[Any], fields: list[Any]) -> Any:
        if not any(clicks) or not ctx.triggered_id:
            return no_update, no_update
        if ctx.triggered_id["do"] == "cancel":
            return None, None
        given = {at["field"]: value for at, value in zip(fields, values, strict=True)}
        return done(asked["kind"], asked["ids"], asked["project"], given)


def foreseen(name: str, kind: str, ids: Any, project: Any) -> tuple[Any, Any]:
    """The question, or why there is none."""
    deed, words, refused = _carried_out(kind, ids, project, {}, foresee=True)
    if deed is None or refused:
        return None, _told(refused or "There is no such action.", "bad")
    asked = {"kind": kind, "ids": _numbers(ids), "project": project}
    fields = [_field(name, one, first=n == 0) for n, one in enumerate(deed.fields)]
    confirm = html.Button(
        deed.name, id={"name": name, "do": "confirm"}, className="btn btn-sm btn-primary",
        type="button", autoFocus=not fields,
    )  # fmt: skip
    cancel = html.Button(
        "Cancel", id={"name": name, "do": "cancel"}, type="button", className="btn btn-sm"
    )
    body = [
        dcc.Store(id={"name": name, "part": "asked"}, data=asked),
        html.P(words),
        *fields,
        html.Div([confirm, cancel], className="dash-deeds"),
    ]
    return html.Div(body, className="dash-ask", role="group", **{"aria-label": deed.name}), None


def done(kind: str, ids: Any, project: Any, given: dict[str, Any]) -> tuple[Any, Any]:
    """Do it; the question stays where it was refused, so that what was written is not lost."""
    _, words, refused = _carried_out(kind, ids, project, given, foresee=False)
    if refused:
        return no_update, _told(refused, "bad")
    again = html.A("Show the page anew", href="")
    return None, _told([words, " ", again], "good")


def _carried_out(
    kind: Any, ids: Any, project: Any, given: dict[str, Any], *, foresee: bool
) -> tuple[Deed | None, str, str]:
    """The deed, what it said, and why it was refused. Refused, it has changed nothing."""
    deed = DEEDS.get(kind) if isinstance(kind, str) else None
    if deed is None:
        return None, "", "There is no such action."
    terms = Terms(next(iter(_numbers([project])), None), given)
    try:
        with acting() as (session, by):
            act = deed.foresee if foresee else deed.do
            return deed, act(session, by, _numbers(ids), terms), ""
    except TouchstoneError as error:
        return deed, "", f"Nothing was done: {error.message[:1].lower()}{error.message[1:]}"
    except Exception:
        structlog.get_logger().exception("unforeseen error", deed=kind)
        return deed, "", FAILED


def _numbers(ids: Any) -> list[int]:
    """Ids as numbers; anything else in the list is none. 18 digits fit the database's."""
    listed = ids if isinstance(ids, list) else []
    texts = [str(one) for one in listed if not isinstance(one, bool)]
    return [int(t) for t in texts if t.isascii() and t.isdigit() and len(t) <= 18]


def _field(name: str, field: Field, first: bool) -> Any:
    more: dict[str, Any] = {"rows": 3} if field.kind == "lines" else {}
    if field.kind == "number":
        more = {"min": field.low, "max": field.high, "step": 1}
    return Typed(
        id={"name": name, "field": field.name},
        type="number" if field.kind == "number" else "text",
        value=field.value,
        label=field.label,
        shown=True,
        focused=first,
        **more,
    )


def _told(words: Any, kind: str) -> Any:
    return html.P(words, className=f"dash-said {kind}")
