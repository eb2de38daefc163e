"""Re-score runs: how fast they went, what they found, and how much of it reviews confirmed."""

import math
from typing import TYPE_CHECKING, Any

from dash import html
from sqlalchemy.orm import Session

from dashboards import figures_data, parts
from dashboards.asked import Asked
from dashboards.phrases import percent, rate
from dashboards.tables import Column, table
from metrics.reads import rescore_runs as reads
from quality.measures.classes import wilson

if TYPE_CHECKING:
    from pandas import DataFrame

PATH, NAME, TITLE, PERIOD = "/dashboards/rescoring", "Re-score runs", "Re-score runs", False
GROUP, FILTERS, OWN = "Quality", ("project", "batch"), ("run", "with")


def register(_app: Any) -> None:
    """This page needs nothing beyond its address."""


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """The whole page, read in one snapshot."""
    found = reads.runs(session, scope, asked.project_id, asked.batch_id)
    if found.empty:
        return parts.empty(
            "No run yet",
            "A run looks at every label in force once more before a batch goes out. Start one on "
            "the page of a batch, under Re-scoring.",
            ("Go to batches", "/batches"),
        )
    newest = found.requested_at.max()
    note = parts.as_of(newest).replace("As of", "Newest run of")
    return html.Div(
        [
            _totals(found),
            *_charts(found, note),
            _table(found, note),
            _two(session, scope, found, asked, note),
        ],
        className="row g-3",
    )


def _totals(found: "DataFrame") -> Any:
    done, failed = found[found.state == "done"], int((found.state == "failed").sum())
    changed, reviewed = int(found.changed.sum()), int(found.reviewed.sum())
    low, high = (float(v) for v in wilson(changed, reviewed))
    known = reviewed > 0
    seconds = float(done.seconds.sum())
    pace = float(done.labels.sum()) / seconds if seconds > 0 else None
    return parts.figures(
        [
            parts.figure("Runs", f"{len(found):,}", key="runs",
                         unit=f"{len(done):,} done, {failed:,} failed",
                         support=f"the newest {reads.MOST}" if len(found) == reads.MOST else ""),
            parts.figure("Labels scored", f"{int(done.labels.sum()):,}", key="scored",
                         support="a label counts once for each run"),
            parts.figure("Pace", "undefined" if pace is None else f"{pace:,.0f}", key="pace",
                         unit="labels a second, over all finished runs"),
            parts.figure("Suspects", f"{int(found.suspects.sum()):,}", key="suspects",
                         unit=f"{reviewed:,} of them reviewed"),
            parts.figure("Confirmed", percent(changed / reviewed if known else None),
                         key="confirmed", unit="of reviewed suspects were wrong",
                         interval=f"{percent(low)} – {percent(high)}" if known else "",
                         support=f"n = {reviewed:,} reviews" if known
                         else "Needs reviews of suspects."),
        ],
        "All runs that are shown",
    )  # fmt: skip


def _charts(found: "DataFrame", note: str) -> list[Any]:
    pace, sure = "Labels a second, by device", "Suspects that reviews confirmed, by run; 95 %"
    charts = []
    for title, figure, has, why in (
        (pace, figures_data.run_times(found), found.per_second.notna().any(),
         "No run is finished yet."),
        (sure, figures_data.run_precision(found), found.precision.notna().any(),
         "No suspect was reviewed yet: review tasks of suspects tell how many were wrong."),
    ):  # fmt: skip
        body = parts.chart(figure, title, 270) if has else html.P(why)
        charts.append(parts.card(title, body, note=note, size="6"))
    return charts


def _table(found: "DataFrame", note: str) -> Any:
    listed: list[Any] = list(found.itertuples(index=False))
    rows = found.assign(
        title=[f"{row.batch!s}: {row.name!s}" for row in listed],
        href=[f"/rescore-runs/{row.run_id}" for row in listed],
        said=[_said(row) for row in listed],
    )
    columns = (
        Column("title", "Run", width=190, href="href"),
        Column("project", "Project", width=130),
        Column("started_at", "Started", "moment", width=156),
        Column("said", "State", width=110, tip="error"),
        Column("device", "Device", width=120),
        Column("model", "Compared with", width=160),
        Column("seconds", "Took", "seconds"),
        Column("labels", "Labels", "count"),
        Column("per_second", "A second", "tenth"),
        Column("error_rate", "Wrong, estimated", "rate", low="error_low", high="error_high"),
        Column("suspects", "Suspects", "count"),
        Column("reviewed", "Reviewed", "count"),
        Column("precision", "Confirmed", "rate", low="precision_low", high="precision_high"),
    )
    return parts.card("Every run", table("runs", rows, columns, label="runs"), note=note)


def _said(row: Any) -> str:
    return "too weak to judge" if row.weak and row.state == "done" else str(row.state)


def _two(session: Session, scope: Any, found: "DataFrame", asked: Asked, note: str) -> Any:
    """Two finished runs of one batch beside each other: the two newest unless others are asked."""
    title = "Two runs of a batch beside each other"
    done = found[found.state == "done"]
    first = _chosen(done, asked.own.get("run"))
    several = done[done.batch_id.isin(done.batch_id.value_counts().loc[lambda n: n > 1].index)]
    if first is None and len(several):
        first = next(several.itertuples(index=False))
    others = (
        done[(done.batch_id == first.batch_id) & (done.run_id != first.run_id)] if first else done
    )
    if first is None or others.empty:
        words = "A batch needs two finished runs: start another under Re-scoring on its page."
        return parts.card(title, html.P(words, className="mb-0"), note=note)
    second: Any = _chosen(others, asked.own.get("with")) or next(others.itertuples(index=False))
    runs = done[done.batch_id.isin(several.batch_id)]
    pick = html.Div(
        [
            parts.picker("run", [(r.run_id, f"{r.batch}: {r.name}") for r in
                                 runs.itertuples(index=False)], first.run_id, "Run"),
            parts.picker("with", [(r.run_id, str(r.name)) for r in
                                  others.itertuples(index=False)], second.run_id, "With"),
        ],
        className="dash-filters",
    )  # fmt: skip
    where = f"/rescore-runs/{first.run_id}/compare/{second.run_id}"
    more = html.A("Labels that moved, and what was set otherwise", href=where)
    rows = [(name, *(say(run) for run in (first, second))) for name, say in _LINES]
    head = html.Thead(
        html.Tr(
            [
                html.Th("", scope="col"),
                *(html.Th(str(r.name), scope="col") for r in (first, second)),
            ]
        )
    )
    body = html.Tbody([html.Tr([html.Th(name, scope="row"), html.Td(a), html.Td(b)])
                       for name, a, b in rows])  # fmt: skip
    beside = html.Div(html.Table([head, body]), className="dash-counts", tabIndex=0, role="region",
                      **{"aria-label": title})  # fmt: skip
    kinds = [_kinds(session, scope, run) for run in (first, second)]
    return parts.card(
        title,
        [pick, beside, html.P(more, className="mt-2"), html.Div(kinds, className="row g-3")],
        note=note,
    )


def _chosen(runs: "DataFrame", given: str | None) -> Any:
    rows: list[Any] = list(runs.itertuples(index=False))
    return next((run for run in rows if str(run.run_id) == given), None)


def _kinds(session: Session, scope: Any, run: Any) -> Any:
    found = reads.by_error(session, scope, int(run.run_id))
    columns = (
        Column("error", "What is wrong"), Column("suspects", "Suspects", "count"),
        Column("precision", "Confirmed", "rate", low="low", high="high"),
    )  # fmt: skip
    shown = table(f"suspects of run {run.run_id}", found, columns, label=f"kinds in {run.name}")
    return html.Div(shown, className="col-12 col-xl-6")


def _estimate(run: Any) -> str:
    if math.isnan(run.error_rate):
        return "undefined"
    return f"{percent(run.error_rate)} ({percent(run.error_low)} – {percent(run.error_high)})"


_LINES = (
    ("Device", lambda r: r.device or "–"),
    ("Compared with", lambda r: r.model),
    ("Labels", lambda r: f"{r.labels:,.0f}"),
    ("Took", lambda r: f"{r.seconds:,.0f} s"),
    ("Labels a second", lambda r: f"{r.per_second:,.1f}"),
    ("Wrong, estimated", _estimate),
    ("Suspects", lambda r: f"{r.suspects:,}"),
    ("Confirmed by reviews",
     lambda r: rate(r.precision, r.precision_low, r.precision_high, int(r.reviewed))),
)  # fmt: skip
