"""Data balance: classes, slices, what newer data has otherwise, and what is nearly the same."""

from typing import TYPE_CHECKING, Any

from dash import html
from sqlalchemy.orm import Session

from dashboards import figures_data, parts
from dashboards.asked import Asked
from dashboards.drifted import drift
from dashboards.phrases import percent
from dashboards.tables import Column, table
from dashboards.twins import twins
from metrics.reads import balance as reads

if TYPE_CHECKING:
    from pandas import DataFrame

PATH, NAME, TITLE, PERIOD = "/dashboards/balance", "Data balance", "Data balance", False
GROUP, FILTERS, OWN = "Data", ("project", "batch"), ("by", "newer")
MOST_CELLS = 40  # classes or values shown in the table of counts


def register(_app: Any) -> None:
    """This page needs nothing beyond its address."""


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """The whole page, read in one snapshot."""
    if asked.project_id is None:
        return parts.empty(
            "Choose a project",
            "What data is made of is told project by project: classes mean something within one.",
        )
    project_id = asked.project_id
    at = reads.counted_at(session, scope, project_id)
    found = reads.classes(session, scope, project_id, asked.batch_id)
    if at is None or found.empty:
        return parts.empty(
            "No label is counted yet",
            "Labels in force are counted by class within five minutes of being there. Answers that "
            "are text or attributes have no classes.",
            ("Go to the project", f"/projects/{project_id}"),
        )
    note = parts.as_of(at)
    return html.Div(
        [
            _totals(reads.totals(session, scope, project_id, asked.batch_id), found),
            *_classes(found, note),
            _slices(session, scope, asked, note),
            drift(session, scope, asked, note),
            twins(session, scope, project_id),
        ],
        className="row g-3",
    )


def _totals(of: dict[str, int], found: "DataFrame") -> Any:
    ratio = found.objects.max() / max(int(found.objects.min()), 1)
    rarest = found.iloc[-1]
    share = of["labelled"] / of["assets"] if of["assets"] else float("nan")
    return parts.figures(
        [
            parts.figure("Assets", f"{of['assets']:,}", key="assets", support="a full count"),
            parts.figure("Labelled", f"{of['labelled']:,}", key="labelled",
                         unit=f"{percent(share)} of the assets"),
            parts.figure("Labels or objects", f"{of['objects']:,}", key="objects",
                         support="in force now"),
            parts.figure("Classes", f"{len(found):,}", key="classes",
                         unit=f"rarest: {rarest.label_class} ({rarest.objects:,})"),
            parts.figure("Imbalance", f"{ratio:,.1f} ×", key="imbalance",
                         unit="commonest to rarest class"),
        ],
        "What the data is made of",
    )  # fmt: skip


def _classes(found: "DataFrame", note: str) -> list[Any]:
    shown = "the commonest first"
    if len(found) > figures_data.MOST_BARS:
        shown = f"the {figures_data.MOST_BARS} commonest of {len(found):,}"
    title = f"Labels in force by class, {shown}"
    columns = (
        Column("label_class", "Class"),
        Column("objects", "Labels", "count"),
        Column("assets", "Assets", "count"),
        Column("share", "Share", "rate", low="low", high="high"),
    )
    return [
        parts.card(title, parts.chart(figures_data.classes(found), title, 330), note=note,
                   size="7"),
        parts.card("Classes", table("classes", found, columns, label="classes", height=8),
                   note=note, size="5"),
    ]  # fmt: skip


def _slices(session: Session, scope: Any, asked: Asked, note: str) -> Any:
    project_id = asked.project_id or 0
    dimensions = reads.dimensions(session, scope, project_id)
    left_out = reads.left_out(session, scope, project_id)
    told = (
        [html.P(f"Not counted, because they have more than {50} values: {', '.join(left_out)}.",
                className="dash-note")]
        if left_out else []
    )  # fmt: skip
    keys = [*dimensions.dimension, reads.COLOUR]
    by = asked.own.get("by", keys[0])
    by = by if by in keys else keys[0]
    picker = parts.picker("by", [(key, reads.named(key)) for key in keys], by, "Slices by")
    found = reads.cross(session, scope, project_id, by, asked.batch_id)
    title = f"Class by {reads.named(by)}: how many labels each slice has"
    return parts.card(
        title,
        [html.Div(picker, className="dash-filters"), html.Div(_counts(found, by)), *told],
        note=note,
    )


def _counts(found: "DataFrame", by: str) -> Any:
    """The table of counts; a cell with nothing stands out."""
    named = found[found.label_class != ""]
    if named.empty:
        return parts.empty("Nothing is labelled here", "No asset of these slices has a label yet.")
    grid = named.pivot_table(
        index="label_class", columns="value", values="objects", aggfunc="sum", fill_value=0
    )
    every = found[found.label_class == ""].groupby("value").assets.sum()
    grid = grid.reindex(columns=every.sort_values(ascending=False).index, fill_value=0)
    grid = grid.loc[grid.sum(axis=1).sort_values(ascending=False).index]
    empty = [(c, v) for c in grid.index for v in grid.columns if not grid.at[c, v]]
    part = grid.iloc[:MOST_CELLS, :MOST_CELLS]
    most = max(float(part.to_numpy().max()), 1.0)
    heads = [html.Th("Class", scope="col")]
    heads += [html.Th([str(v), html.Br(), html.Small(f"{every[v]:,} assets")], scope="col")
              for v in part.columns]  # fmt: skip
    rows = [
        html.Tr([html.Th(str(label), scope="row"), *(_cell(int(n), most) for n in part.loc[label])])
        for label in part.index
    ]
    listed = ", ".join(f"{c} with {reads.named(by)} {v}" for c, v in empty[:8])
    more = f" and {len(empty) - 8} more" if len(empty) > 8 else ""
    words = f"Empty: {listed}{more}." if empty else "Every class occurs in every slice."
    flat = named.rename(columns={"value": "slice"})
    columns = (
        Column("label_class", "Class"), Column("slice", reads.named(by).capitalize()),
        Column("objects", "Labels", "count"), Column("assets", "Assets", "count"),
    )  # fmt: skip
    as_list = html.Details(
        [html.Summary("As a list"), table("slices", flat, columns, label="classes and slices")]
    )
    return [
        html.Div(html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)]),
                 className="dash-counts", tabIndex=0, role="region",
                 **{"aria-label": f"Class by {reads.named(by)}"}),
        html.P(words, className="mt-2 mb-0"),
        as_list,
    ]  # fmt: skip


def _cell(n: int, most: float) -> Any:
    if not n:
        return html.Td("0", className="none")
    depth = 4 + 40 * n / most
    shade = f"color-mix(in srgb, var(--tblr-primary) {depth:.0f}%, transparent)"
    return html.Td(f"{n:,}", style={"background": shade})
