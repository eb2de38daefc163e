"""How far a study of a reference model is, on the pages that show what came of it."""

from typing import Any

from dash import Input, Output, State, dcc, html, no_update

from dashboards import actions, parts
from dashboards.asked import Asked
from dashboards.door import reading
from dashboards.phrases import seconds
from metrics.reads import embedding_map as reads
from ops.web.layout import moment

EVERY = 2000  # milliseconds between two looks at a study that goes on
GOING = ("queued", "running")


def chosen(models: Any, asked: Asked) -> Any:
    """The model that the address asks for, else the newest one with a result, else the newest;
    None where there is none."""
    rows = list(models.itertuples(index=False))
    wanted = asked.own.get("model", "")
    for row in rows:
        if str(row.model_id) == wanted:
            return row
    return next((row for row in rows if row.summary), rows[0] if rows else None)


def picker(models: Any, row: Any) -> Any:
    """The models to choose from."""
    many = models.project_id.nunique() > 1
    listed = [
        (one.model_id, f"{one.name}, version {one.version}" + (f" · {one.project}" if many else ""))
        for one in models.itertuples(index=False)
    ]
    return parts.picker("model", listed, row.model_id, "Model")


def note(row: Any) -> str:
    """As of when the study that is shown was made."""
    at = row.as_of
    return f"As of {moment(at)}" if row.summary else "Not worked out yet"


def state(kind: str, row: Any) -> Any:
    """What goes on, where something does: looked at again every two seconds."""
    if row.state not in GOING:
        return html.Div(_failed(row), role="status")
    clock = dcc.Interval(id={"study": kind}, interval=EVERY)
    which = dcc.Store(id={"study-of": kind}, data=int(row.model_id))
    return html.Div([html.Div(_going(row), id={"study-shown": kind}, role="status"), clock, which])


def anew(kind: str, row: Any) -> Any:
    """The button by which a study is asked for once more."""
    if row.state in GOING:
        return None
    return actions.bar(f"study {kind}", (f"model.{kind}",), ids=(int(row.model_id),),
                       project_id=int(row.project_id))  # fmt: skip


def _failed(row: Any) -> Any:
    if row.state != "failed":
        return None
    return html.P(f"The last attempt failed: {row.error}", className="alert alert-danger")


def _going(row: Any) -> Any:
    if row.state == "queued":
        return html.P("Waits for a worker.", className="dash-note")
    done, of = int(row.done or 0), max(int(row.of or 0), 1)
    return html.Div(
        [
            html.Span(f"{(row.step or 'beginning').capitalize()}: {done:,} of {of:,}"),
            html.Div(
                html.Div(className="progress-bar", style={"width": f"{100 * done / of:.0f}%"}),
                className="progress",
                role="progressbar",
                **{"aria-valuenow": str(done), "aria-valuemin": "0", "aria-valuemax": str(of),
                   "aria-label": "Progress"},
            ),
        ],
        className="dash-study",
    )  # fmt: skip


def register(app: Any, kind: str) -> None:
    """The progress is looked at again; what came of it replaces the page."""

    @app.callback(
        Output({"study-shown": kind}, "children"),
        Output({"study": kind}, "disabled"),
        Input({"study": kind}, "n_intervals"),
        State({"study-of": kind}, "data"),
        prevent_initial_call=True,
    )
    def look(n: int | None, model_id: int | None) -> Any:
        if not n or not model_id:
            return no_update, no_update
        with reading() as (session, scope):
            found = reads.models(session, scope, kind)
        listed: list[Any] = list(found.itertuples(index=False))
        row = next((r for r in listed if r.model_id == model_id), None)
        if row is None or row.state in GOING:
            return (_going(row) if row is not None else no_update), row is None
        if row.state == "failed":
            return _failed(row), True
        took = (row.finished_at - row.started_at).total_seconds()
        again = html.A("Show it", href="", className="btn btn-sm btn-primary")
        return html.P([f"Done in {seconds(took)}. ", again]), True
