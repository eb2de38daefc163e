"""Tables: to sort, to filter, to choose rows from, and to take away as a file of what is shown."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import dash_ag_grid
from dash import MATCH, Input, Output, State, ctx, dcc, html, no_update

from dashboards.phrases import UNDEFINED, is_moment
from ops.formats.csv import inert

# More rows than this scroll inside the table.
MOST_ROWS = 14
ROW, HEAD = 34, 52  # pixels
# How AG Grid writes numbers; its own small interpreter reads these, nothing is evaluated as script.
_NONE = f"params.value == null ? '{UNDEFINED}' : "
FORMS = {
    "count": "d3.format(',')(params.value)",
    "tenth": "d3.format(',.1f')(params.value)",
    "hundredth": "d3.format(',.2f')(params.value)",
    "thousandth": "d3.format(',.3f')(params.value)",
    "share": "d3.format('.1f')(100 * params.value) + ' %'",
    "seconds": "d3.format(',.1f')(params.value) + ' s'",
    "hours": "d3.format(',.1f')(params.value) + ' h'",
    "money": "d3.format(',.2f')(params.value)",
}
FORMS["rate"] = FORMS["share"]
WIDTHS = {"text": 150, "rate": 92, "day": 104, "moment": 140}
NUMBER = 92  # pixels of a column of numbers


@dataclass(frozen=True)
class Column:
    """A column: the field of the row, its heading, and how it is written.

    form: text, count, tenth, hundredth, thousandth, share, seconds, hours, money, day, moment, or
    rate: a share with its 95 % interval, whose ends are the fields `low` and `high`. `href` is a
    field with an address, `note` what the heading says when it is pointed at; `tip` is a field with
    more words.
    """

    field: str
    name: str
    form: str = "text"
    width: int = 0
    note: str = ""
    href: str = ""
    low: str = ""
    high: str = ""
    tip: str = ""


def table(
    name: str,
    rows: Any,
    columns: Sequence[Column],
    *,
    label: str,
    choose: bool = False,
    marked: str = "",
    height: int = MOST_ROWS,
) -> Any:
    """A table with its button "Download as CSV"; `rows` is a frame or a list of dictionaries.

    `name` is unique on the page and names the file; `label` says what the rows are. With `choose`
    rows can be ticked: they need a field `id`, and go to the action bar of the same name. Rows
    whose field `marked` is true stand out. More than `height` rows scroll.
    """
    listed = _plain(rows, columns, marked, choose)
    tall = len(listed) > height
    options: dict[str, Any] = {
        "rowHeight": ROW,
        "headerHeight": HEAD,
        "domLayout": "normal" if tall else "autoHeight",
        "tooltipShowDelay": 200,
        "enableCellTextSelection": True,
        "ensureDomOrder": True,
        "suppressColumnVirtualisation": True,
    }
    if choose:
        options["rowSelection"] = {"mode": "multiRow", "selectAll": "filtered"}
    grid = dash_ag_grid.AgGrid(
        id={"name": name, "part": "grid"},
        rowData=listed,
        columnDefs=_definitions(columns),
        defaultColDef={"sortable": True, "resizable": True, "suppressMovable": True},
        dashGridOptions=options,
        getRowId="params.data.id" if choose else None,
        style={"height": f"{height * ROW + HEAD}px" if tall else None, "width": "100%"},
        rowClassRules={"dash-flagged-row": "params.data._marked"},
        className="dash-grid",
    )
    button = html.Button(
        "Download as CSV", id={"name": name, "part": "csv"}, type="button", className="btn btn-sm"
    )
    found = html.Span(f"{len(listed):,} {label}", className="dash-quiet")
    return html.Div(
        [
            html.Div([found, button], className="dash-table-head"),
            grid,
            # What the file is made of, in the order of the columns.
            dcc.Store(
                id={"name": name, "part": "columns"}, data=[vars(column) for column in columns]
            ),
            dcc.Download(id={"name": name, "part": "file"}),
        ],
        className="dash-table",
        role="group",
        **{"aria-label": label},
    )


def register(app: Any) -> None:
    """The file holds the rows as they are shown: filtered and sorted."""

    @app.callback(
        Output({"name": MATCH, "part": "file"}, "data"),
        Input({"name": MATCH, "part": "csv"}, "n_clicks"),
        State({"name": MATCH, "part": "grid"}, "virtualRowData"),
        State({"name": MATCH, "part": "grid"}, "rowData"),
        State({"name": MATCH, "part": "columns"}, "data"),
        prevent_initial_call=True,
    )
    def download(n: int | None, shown: Any, rows: Any, columns: Any) -> Any:
        if not n:
            return no_update
        content = as_csv(rows if shown is None else shown, [Column(**one) for one in columns])
        name = f"{ctx.triggered_id['name']}.csv"
        return {"content": content, "filename": name, "type": "text/csv", "base64": False}


def as_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column]) -> str:
    """The rows as CSV: numbers as they are, undefined as an empty cell, text that a spreadsheet
    would take for a formula quoted. A rate becomes three columns."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([inert(name) for column in columns for name in _heads(column)])
    fields = [field for column in columns for field in _fields(column)]
    for row in rows:
        writer.writerow([_cell(row.get(field)) for field in fields])
    return out.getvalue()


def _fields(column: Column) -> list[str]:
    return [column.field, *(end for end in (column.low, column.high) if end)]


def _heads(column: Column) -> list[str]:
    ends = ["95 % low"] * bool(column.low) + ["95 % high"] * bool(column.high)
    return [column.name, *(f"{column.name}, {end}" for end in ends)]


def _cell(value: Any) -> Any:
    return "" if value is None else inert(value) if isinstance(value, str) else value


def _plain(rows: Any, columns: Sequence[Column], marked: str, choose: bool) -> list[dict[str, Any]]:
    """The rows as JSON takes them: only what is shown, undefined as None."""
    found = rows if isinstance(rows, list) else rows.to_dict("records")
    fields = {field for column in columns for field in _fields(column)}
    fields |= {name for column in columns for name in (column.href, column.tip) if name}
    fields |= {"id"} if choose else set()
    days = {column.field for column in columns if column.form == "day"}
    listed = []
    for row in found:
        plain = {field: _value(row.get(field), field in days) for field in fields}
        for column in columns:
            if column.low:
                plain[_within(column)] = _interval(plain[column.low], plain[column.high])
        plain["_marked"] = bool(row.get(marked)) if marked else False
        if choose:
            plain["id"] = str(plain["id"])
        listed.append(plain)
    return listed


def _value(value: Any, day: bool = False) -> Any:
    if isinstance(value, datetime):
        if day and is_moment(value):
            return value.date().isoformat()
        return value.isoformat(sep=" ", timespec="minutes") if is_moment(value) else None
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and math.isnan(value) else value


def _within(column: Column) -> str:
    return f"_{column.field}_95"


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{100 * low:.1f} – {100 * high:.1f} %"


def _definitions(columns: Sequence[Column]) -> list[dict[str, Any]]:
    made = []
    for n, column in enumerate(columns):
        made.append(_definition(column, first=n == 0))
        if column.low:
            interval = {"headerName": "95 % interval", "field": _within(column), "width": 124}
            made.append({**interval, "wrapHeaderText": True, "sortable": False})
    return made


def _definition(column: Column, first: bool) -> dict[str, Any]:
    width = column.width or WIDTHS.get(column.form, NUMBER)
    made: dict[str, Any] = {
        "headerName": column.name,
        "field": column.field,
        "width": width,
        "wrapHeaderText": True,
    }
    if column.note:
        made["headerTooltip"] = column.note
    if column.form in FORMS:
        made |= {"type": "numericColumn", "filter": "agNumberColumnFilter",
                 "valueFormatter": {"function": _NONE + FORMS[column.form]}}  # fmt: skip
    else:
        made |= {"cellDataType": "text", "filter": "agTextColumnFilter"}
    if first:
        made |= {"flex": 1, "minWidth": width}
    if column.tip:
        made["tooltipField"] = column.tip
    if column.href:
        made |= {"cellRenderer": "CellLink", "cellRendererParams": {"href": column.href}}
    return made
