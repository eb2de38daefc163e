"""Alerts: what stands, what was, and from where on a lead is told."""

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, get_args

from dash import ALL as EVERY
from dash import Input, Output, State, ctx, dcc, html, no_update
from sqlalchemy.orm import Session

from dashboards import alerting, parts, tables
from dashboards.asked import Asked, parse
from dashboards.controls import Select, Typed, options
from dashboards.door import acting
from dashboards.tables import Column
from metrics.alerts import book
from metrics.alerts.terms import Terms
from metrics.reads.alerts import alerts
from ops import clock_time, projects
from ops.errors import TouchstoneError
from ops.web.layout import moment

if TYPE_CHECKING:
    from pandas import DataFrame

PATH, NAME, TITLE, PERIOD = "/dashboards/alerts", "Alerts", "Alerts", True
GROUP = "About"
MEANS = {
    "accuracy_drop": "Gold and reviews of the project, or of a labeller, fell surely by more than "
    "the allowed drop, or lie surely under the floor (99 % intervals).",
    "forecast_past_due": "A batch will be complete after its date, or the date has passed.",
    "gold_exhausted": "Labellers at work have met nearly all of the gold.",
    "queue_starved": "Open work is gone soon, or somebody who works can get none.",
}
ON = (("yes", "on"), ("", "off"))
COLUMNS = (
    Column("about", "About", width=150, href="where"),
    Column("project", "Project"),
    Column("name", "Alert", width=150),
    Column("reason", "Why", width=420, tip="reason"),
    Column("began_at", "Began", "moment"),
    Column("ended_at", "Ended", "moment"),
    Column("seen_by", "Seen by"),
)


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """What stands, the thresholds of the project that was chosen, what was in the period."""
    mine = parts.mine(scope, asked)
    begin = datetime.combine(asked.since, time(), UTC)
    return html.Div(
        [
            _standing(alerts(session, mine), asked),
            _thresholds(session, asked),
            _past(alerts(session, mine, standing=False, since=begin), asked),
        ],
        className="row g-3",
    )


def _standing(found: "DataFrame", asked: Asked) -> Any:
    if found.empty:
        body = parts.empty(
            "Nothing stands",
            "Alerts appear here, on top of every page and among the notices of the leads, within "
            "minutes of a figure passing its threshold.",
        )
    else:
        body = html.Ul(
            [_line(row, asked) for row in found.itertuples(index=False)], className="dash-people"
        )
    at = parts.as_of(clock_time.now())
    return parts.card(f"Alerts that stand ({len(found)})", body, note=at)


def _line(row: Any, asked: Asked) -> Any:
    seen = isinstance(row.seen_by, str)
    since = f"since {moment(row.began_at)}" + (f", seen by {row.seen_by}" if seen else "")
    act = [dcc.Link("Look", href=alerting.where(row, asked), className="btn btn-sm",
                    title=f"Look at {row.about}")]  # fmt: skip
    if not seen:
        act.append(alerting.seen_button(row, "page"))
    return html.Li(
        [
            html.Strong(f"{book.NAMES[row.kind]}: {row.about}"),
            html.Span(f" in {row.project}" if row.about != row.project else ""),
            html.P(row.reason),
            html.Div([html.Span(since, className="dash-quiet"), *act], className="dash-deeds"),
        ]
    )


def _past(found: "DataFrame", asked: Asked) -> Any:
    title = f"Alerts that ended, begun in {asked.span}"
    if found.empty:
        return parts.card(title, html.P("None."))
    rows = found.assign(
        name=found.kind.map(book.NAMES),
        where=[alerting.where(row, asked) for row in found.itertuples(index=False)],
    )
    return parts.card(title, tables.table("alerts", rows, COLUMNS, label="alerts that ended"))


def _thresholds(session: Session, asked: Asked) -> Any:
    title = "From where on leads are told"
    if asked.project_id is None:
        text = "Each project has thresholds of its own. Choose a project above to set them."
        return parts.card(title, html.P(text, className="mb-0"))
    known = book.of_project(session, asked.project_id)
    forms = [_form(kind, enabled, terms) for kind, (enabled, terms) in known.items()]
    return parts.card(title, html.Div(forms, className="dash-thresholds"))


def _form(kind: str, enabled: bool, terms: Terms) -> Any:
    fields = [_field(kind, name, terms) for name in type(terms).model_fields]
    switch = Select(
        id={"alert": kind, "term": "enabled"}, options=options(ON), value="yes" if enabled else "",
        label="This alert is", shown=True,
    )  # fmt: skip
    save = html.Button(
        "Save", id={"alert": kind, "do": "save"}, type="button", className="btn btn-sm"
    )
    return html.Section(
        [
            html.H3(book.NAMES[kind]),
            html.P(MEANS[kind], className="dash-quiet"),
            switch,
            *fields,
            html.Div([save, html.Span(id={"alert": kind, "told": "yes"}, role="status")],
                     className="dash-deeds"),
        ],
        **{"aria-label": book.NAMES[kind]},
    )  # fmt: skip


def _field(kind: str, name: str, terms: Terms) -> Any:
    field, value = type(terms).model_fields[name], getattr(terms, name)
    text = "" if value is None else f"{value:g}"
    of, label = {"alert": kind, "term": name}, field.title or name
    choices = get_args(field.annotation)
    if choices and all(isinstance(one, int) for one in choices):
        listed = options((one, f"{one} %") for one in choices)
        return Select(id=of, options=listed, value=text, label=label, shown=True)
    return Typed(id=of, type="number", step="any", value=text, label=label, shown=True)


def register(app: Any) -> None:
    """Saving the thresholds of one alert of the project that the address names."""

    @app.callback(
        Output({"alert": EVERY, "told": EVERY}, "children"),
        Input({"alert": EVERY, "do": EVERY}, "n_clicks"),
        State({"alert": EVERY, "term": EVERY}, "value"),
        State({"alert": EVERY, "term": EVERY}, "id"),
        State({"alert": EVERY, "told": EVERY}, "id"),
        State("at", "search"),
        prevent_initial_call=True,
    )
    def save(
        clicks: list[Any], values: list[Any], ids: list[Any], told: list[Any], search: str | None
    ) -> Any:
        if not any(clicks) or not ctx.triggered_id:
            return [no_update] * len(told)
        kind = ctx.triggered_id["alert"]
        given = {at["term"]: value for at, value in zip(ids, values, strict=True)
                 if at["alert"] == kind}  # fmt: skip
        said = _save(kind, given, search)
        return [said if at["alert"] == kind else "" for at in told]


def _save(kind: str, given: dict[str, Any], search: str | None) -> Any:
    project_id = parse(search, clock_time.now().date()).project_id
    try:
        with acting() as (session, by):
            project = projects.find(session, by, project_id or 0)
            enabled = given.pop("enabled", "") == "yes"
            terms = {name: _value(value) for name, value in given.items()}
            book.change(session, project, kind, enabled=enabled, terms=terms, by=by)
    except TouchstoneError as error:
        return html.Span(error.message, className="dash-said bad")
    return html.Span("Saved.", className="dash-said good")


def _value(text: Any) -> Any:
    """What was typed as a number; empty is none."""
    if text in (None, ""):
        return None
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number
