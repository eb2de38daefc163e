"""Labellers: a table to sort and take away, and speed against accuracy."""

import csv
import io
import math
from typing import TYPE_CHECKING, Any

import dash_ag_grid
from dash import Input, Output, State, dcc, html, no_update
from sqlalchemy.orm import Session

from dashboards import asked as addresses
from dashboards import figures, parts
from dashboards.asked import Asked
from dashboards.door import reading
from metrics import reads
from ops import clock_time
from ops.formats.csv import inert

if TYPE_CHECKING:
    from pandas import DataFrame

PATH, NAME, TITLE, PERIOD = "/dashboards/labellers", "Labellers", "Labellers", True
GROUP = "Quality"
# What a file of the table holds: numbers as they are, undefined as an empty cell.
COLUMNS = (
    "labeller", "team", "project", "labels", "active_hours", "median_seconds", "timed_n", "pace",
    "gold", "gold_low", "gold_high", "gold_n", "standing", "standing_low", "standing_high",
    "skip_rate", "skip_rate_low", "skip_rate_high", "decided", "flagged",
)  # fmt: skip
# More rows than this scroll inside the table.
MOST_ROWS = 14
# A spreadsheet would run a cell that begins with one of these.
# How AG Grid writes numbers; its own small interpreter reads these, nothing is evaluated as script.
COUNT, TENTH, HUNDREDTH = (f"d3.format('{form}')(params.value)" for form in (",", ",.1f", ".2f"))
SHARE = "d3.format('.1f')(100 * params.value) + ' %'"
UNDEFINED = "params.value == null ? 'undefined' : "


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """The whole page, read in one snapshot."""
    table = _read(session, scope, asked)
    at = parts.as_of(reads.as_of(session))
    if table.empty:
        return parts.empty(
            f"Nobody submitted a label in these {asked.days} days",
            "Choose a longer period, or see whether the project has members and open work.",
            ("Go to projects", "/projects"),
        )
    speed = "Speed against accuracy, with 95 % intervals"
    download = html.Button("Download as CSV", id="csv", className="btn btn-sm", type="button")
    return html.Div(
        [
            parts.card(
                f"Labellers over {asked.days} days",
                [_grid(table), dcc.Download(id="csv-file")],
                note=html.Div([html.Span(at), download], className="dash-tools"),
            ),
            parts.card(speed, parts.chart(figures.quadrant(table), speed, 380), note=at, size="8"),
            parts.card("Flagged, and why", _flagged(table), size="4"),
        ],
        className="row g-3",
    )


def register(app: Any) -> None:
    """The file is made anew from what the person may see at that moment."""

    @app.callback(
        Output("csv-file", "data"),
        Input("csv", "n_clicks"),
        State("at", "search"),
        prevent_initial_call=True,
    )
    def download(n_clicks: int | None, search: str | None) -> Any:
        if not n_clicks:
            return no_update
        asked = addresses.parse(search, clock_time.now().date())
        with reading() as (session, scope):
            table = _read(session, scope, asked)
        name = f"labellers {asked.since} to {asked.today}.csv"
        return {"content": as_csv(table), "filename": name, "type": "text/csv", "base64": False}


def _read(session: Session, scope: Any, asked: Asked) -> "DataFrame":
    """Labellers of the period with the reasons for which they are flagged, most labels first."""
    found = reads.labellers(session, scope, asked.since, asked.until, reads.LABELLING)
    flags = reads.flagged_labellers(session, scope, asked.project_id, limit=10_000)
    if asked.project_id is not None:
        found = found[found.project_id == asked.project_id]
    reasons = flags.groupby(["labeller_id", "project_id"]).reason.agg(" ".join).to_dict()
    keys = zip(found.labeller_id, found.project_id, strict=True)
    found = found.assign(flagged=[reasons.get(key, "") for key in keys])
    return found[found.decided > 0].sort_values("labels", ascending=False, ignore_index=True)


def as_csv(table: "DataFrame") -> str:
    """The columns of COLUMNS as CSV; text that a spreadsheet would take for a formula is quoted."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    values = table[list(COLUMNS)].astype(object).where(table[list(COLUMNS)].notna(), "")
    for row in values.itertuples(index=False, name=None):
        writer.writerow([inert(cell) for cell in row])
    return out.getvalue()


def _grid(table: "DataFrame") -> Any:
    shown = table[[c for c in COLUMNS if c not in ("team", "decided")]].copy()
    shown["mark"] = ["flagged" if reason else "" for reason in table.flagged]
    for figure in ("gold", "standing", "skip_rate"):
        shown[f"{figure}_interval"] = [
            _interval(low, high)
            for low, high in zip(table[f"{figure}_low"], table[f"{figure}_high"], strict=True)
        ]
    rows = shown.astype(object).where(shown.notna(), None).to_dict("records")
    tall = len(rows) > MOST_ROWS
    return dash_ag_grid.AgGrid(
        id="labellers",
        rowData=rows,
        columnDefs=_columns(one_project=table.project_id.nunique() == 1),
        defaultColDef={"sortable": True, "resizable": True, "suppressMovable": True},
        dashGridOptions={
            "rowHeight": 34,
            "headerHeight": 52,
            "domLayout": "normal" if tall else "autoHeight",
            "tooltipShowDelay": 200,
            "enableCellTextSelection": True,
        },
        style={"height": "540px" if tall else None, "width": "100%"},
        rowClassRules={"dash-flagged-row": "params.data.mark == 'flagged'"},
        className="dash-grid",
    )


def _interval(low: float, high: float) -> str:
    return "" if math.isnan(low) else f"{100 * low:.1f} – {100 * high:.1f} %"


def _columns(one_project: bool) -> list[dict[str, Any]]:
    shared = [] if one_project else [_text("Project", "project", 150)]
    return [
        _text("Labeller", "labeller", 170, flex=1),
        _text("Flag", "mark", 84, tooltipField="flagged"),
        *shared,
        _number("Labels", "labels", 76, COUNT),
        _number("Active hours", "active_hours", 80, TENTH),
        _number("Median seconds", "median_seconds", 90, TENTH),
        _number("Pace (1 is usual)", "pace", 86, HUNDREDTH),
        _number("Gold accuracy", "gold", 96, SHARE),
        _text("95 % interval", "gold_interval", 124),
        _number("Gold n", "gold_n", 66, COUNT),
        _number("Standing", "standing", 96, SHARE),
        _text("95 % interval", "standing_interval", 124),
        _number("Skipped", "skip_rate", 84, SHARE),
    ]


def _text(name: str, field: str, width: int, **more: Any) -> dict[str, Any]:
    return {"headerName": name, "field": field, "width": width, "minWidth": width, **more,
            "wrapHeaderText": True, "cellDataType": "text"}  # fmt: skip


def _number(name: str, field: str, width: int, form: str) -> dict[str, Any]:
    written = {"function": UNDEFINED + form}
    return {"headerName": name, "field": field, "width": width, "type": "numericColumn",
            "valueFormatter": written, "wrapHeaderText": True}  # fmt: skip


def _flagged(table: "DataFrame") -> Any:
    found = table[table.flagged != ""].rename(columns={"flagged": "reason"})
    people = parts.flagged_people(found) if len(found) else html.P("Nobody is flagged.")
    return [people, html.Details([html.Summary("How to read this page"), _guide()])]


def _guide() -> Any:
    lines = (
        ("Standing", "is what is believed of a labeller's accuracy, from gold, reviews and "
         "consensus; gold alone says less and its interval is wider."),
        ("Median seconds", "are active seconds per label, idle time cut off. Half of the answers "
         "took less."),
        ("Pace", "compares a labeller with the usual time: 0.8 takes a fifth less."),
        ("Dashed lines", "are the medians of all labellers shown."),
        ("Flagged", "is who is often wrong, or too fast and wrong, at a stated rate of false "
         "alarms. Look at their answers before you talk to them."),
    )  # fmt: skip
    return html.Dl([part for term, text in lines for part in (html.Dt(term), html.Dd(text))])
