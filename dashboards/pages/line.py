"""The line: stages with what is in them, how long things take, what passes, and where it sticks."""

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dash import html
from sqlalchemy.orm import Session

from dashboards import figures_line as charts
from dashboards import line_words as words
from dashboards import parts, phrases
from dashboards.asked import Asked
from dashboards.defined import what
from dashboards.tables import Column, table
from metrics.definitions import STAGES, Share, rework_rate
from metrics.definitions.line import LEAST_DAYS
from metrics.reads import line as reads
from ops.web.layout import moment

if TYPE_CHECKING:
    from pandas import DataFrame

PATH, NAME, TITLE, GROUP = "/dashboards/line", "Line", "The line", "Work"
PERIOD, FILTERS, OWN = True, ("project", "batch"), ("of",)
AGES = [name for _, name in reads.AGES] + [reads.OLDER]
STAGE_COLUMNS = (
    Column("stage", "Stage", width=110),
    Column("wip", "In progress", "count"),
    Column("arrived", "Arrived", "count"),
    Column("finished", "Finished", "count"),
    Column("growth", "Queue, change a day", "tenth", width=104),
    Column("days", "Days to clear", "tenth"),
    Column("wait", "Waiting, median h", "hundredth", width=104),
    Column("cycle", "Work, median h", "hundredth", width=104),
    Column("wait_to_work", "Waiting ÷ work", "tenth", width=100),
    Column("lead", "Lead time, median h", "hundredth", width=104),
    Column("passed", "Yield", "rate", low="passed_low", high="passed_high"),
    Column("passed_n", "Looked at", "count"),
)
OLDEST_COLUMNS = (
    Column("external_id", "Asset", width=190, href="where"),
    Column("stage", "Stage", width=100),
    Column("batch", "Batch", width=150, href="batch_page"),
    Column("project", "Project", width=150),
    Column("age_days", "Age, days", "tenth"),
    Column("arrived", "Arrived, UTC", width=140),
    Column("begun", "First begun, UTC", width=140, note="Empty: nobody began"),
    Column("n_done", "Answers", "count"),
    Column("wanted", "Wanted", "count"),
    Column("n_leased", "On desks now", "count"),
)


def register(_app: Any) -> None:
    """This page needs nothing beyond its address."""


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """The whole page, read in one snapshot."""
    mine = parts.mine(scope, asked)
    at = parts.as_of(reads.line_as_of(session))
    found = reads.line(session, mine, asked.since, asked.until, asked.narrow)
    if not any(one.wip or one.arrived or one.finished for one in found.stages):
        return parts.empty(
            f"Nothing was in the line in {asked.span}",
            "Tasks come to the line when assets are imported into a running project. Choose a "
            "longer period, or import a batch.",
            ("Go to projects", "/projects"),
        )
    repeats = reads.repeats(session, mine, asked.since, asked.until, asked.narrow)
    return html.Div(
        [
            _flow(found, at),
            _figures(found, repeats, asked),
            _cumulative(found, asked, at),
            _in_progress(found, at),
            _times(found, at),
            _ages(reads.ages(session, mine, asked.narrow), at),
            _stages(found, asked, at),
            _oldest(reads.oldest(session, mine, asked.narrow)),
        ],
        className="row g-3",
    )


def _flow(found: reads.Line, at: str) -> Any:
    said = words.bottleneck(found.bottleneck, found.whole, LEAST_DAYS)
    boxes = [_box(one, found) for one in found.stages]
    body = [
        html.P([html.Strong(said), " ", what("bottleneck", "the bottleneck")],
               className="dash-sticks", **{"data-figure": "bottleneck"}),
        html.Ol(boxes, className="dash-flow", **{"aria-label": "Stages in their order"}),
    ]  # fmt: skip
    return parts.card("Stages, and what is in them now", body, note=at)


def _figures(found: reads.Line, repeats: Share, asked: Asked) -> Any:
    """What passes the whole line, what comes back, how long all of it takes."""
    stages = {one.stage: one for one in found.stages}
    lead = stages["label"].lead
    back = rework_rate(stages["rework"].arrived, stages["label"].finished)
    shown = [
        parts.figure(
            "Rolled throughput yield", phrases.percent(found.rolled.value), key="rolled_yield",
            unit="passes every stage that is looked at", interval=words.shares(found.rolled),
            support=f"{found.rolled.n:,} looked at" if found.rolled.n else "Needs reviewed work.",
        ),
        parts.figure(
            "Rework rate", phrases.percent(back.value), key="rework_rate",
            unit="of finished labelling tasks come back", interval=words.shares(back),
            support=f"{back.n:,} tasks" if back.n else "Needs finished tasks.",
        ),
        parts.figure(
            "Lead time of labelling", words.duration(lead.median), key="lead",
            unit="from arrival to the last answer",
            interval="" if lead.low is None
            else f"{words.duration(lead.low)} – {words.duration(lead.high)}",
            support=f"{lead.n:,} tasks" if lead.n else "Needs finished tasks.",
        ),
        parts.figure(
            "Consistency on repeats", phrases.percent(repeats.value), key="consistency",
            unit="say the same of an asset they meet again", interval=words.shares(repeats),
            support=f"{repeats.n:,} repeats" if repeats.n else "Nobody met an asset twice, "
            "which is the rule.",
        ),
    ]  # fmt: skip
    return html.Div(parts.figures(shown, f"The line in {asked.span}"), className="col-12 dash-four")


def _box(one: reads.Stage, found: reads.Line) -> Any:
    sticks = one.stage == found.bottleneck.stage
    days = max(1, found.days.day.nunique())
    passed = (phrases.rate(one.passed.value, one.passed.low, one.passed.high, one.passed.n)
              if one.passed.n else f"undefined: {words.why_no_yield(one)}")  # fmt: skip
    lines = (
        ("In and out", f"{one.arrived / days:,.1f} and {one.finished / days:,.1f} a day"),
        ("Queue", words.growth(one.queue.growth)),
        ("To clear", words.to_clear(one.queue)),
        ("Waiting", words.spread(one.wait)),
        ("Work", words.spread(one.cycle)),
        ("Yield", passed),
    )
    return html.Li(
        [
            html.Div([html.H3(one.stage.capitalize()),
                      parts.tag("bottleneck", "bad") if sticks else None],
                     className="dash-flow-head"),
            html.Div([html.Span(f"{one.wip:,}", className="dash-value"),
                      html.Span(" in progress", className="dash-unit")]),
            html.Dl([part for term, text in lines for part in (html.Dt(term), html.Dd(text))]),
        ],
        className=f"dash-stage{' sticks' if sticks else ''}",
        **{"data-stage": one.stage, "data-wip": str(one.wip)},
    )  # fmt: skip


def _chosen(asked: Asked) -> str | None:
    stage = asked.own.get("of")
    return stage if stage in STAGES else None


def _cumulative(found: reads.Line, asked: Asked, at: str) -> Any:
    stage = _chosen(asked)
    days = found.days if stage is None else found.days[found.days.stage == stage]
    by_day = days.groupby("day", as_index=False)[["arrived", "finished", "wip"]].sum()
    of = "all stages" if stage is None else stage
    title = f"Cumulative flow of {of}: the gap is work in progress"
    choices = [(None, "All"), *((name, name.capitalize()) for name in STAGES)]
    body = [
        parts.links(PATH, asked, "of", choices, "Stage of the chart"),
        parts.chart(charts.cumulative(by_day), title, 270),
    ]
    return parts.card(title, body, note=at, size="6")


def _in_progress(found: reads.Line, at: str) -> Any:
    title = "Work in progress at the end of each day, by stage"
    chart = parts.chart(charts.in_progress(found.days, STAGES), title, 305)
    note = html.Span([at, " ", what("wip", "work in progress")])
    return parts.card(title, chart, note=note, size="6")


def _times(found: reads.Line, at: str) -> Any:
    title = "Waiting and work by stage: median, and the middle half of the tasks"
    chart = parts.chart(charts.times(found.stages), title, 260)
    note = html.Span([at, " ", what("cycle", "cycle time")])
    return parts.card(title, chart, note=note, size="6")


def _ages(found: "DataFrame", at: str) -> Any:
    title = "How old the work in progress is"
    if found.empty:
        return parts.card(title, html.P("Nothing is in progress."), note=at, size="6")
    chart = parts.chart(charts.ages(found, AGES, STAGES), title, 260)
    return parts.card(title, chart, note=at, size="6")


def _stages(found: reads.Line, asked: Asked, at: str) -> Any:
    rows = [
        {
            "stage": one.stage, "wip": one.wip, "arrived": one.arrived, "finished": one.finished,
            "growth": one.queue.growth.value, "days": _finite(one.queue.days.value),
            "wait_to_work": _ratio(one.wait.median, one.cycle.median),
            "wait": _hours(one.wait), "cycle": _hours(one.cycle), "lead": _hours(one.lead),
            "passed": one.passed.value, "passed_low": one.passed.low,
            "passed_high": one.passed.high, "passed_n": one.passed.n,
        }
        for one in found.stages
    ]  # fmt: skip
    shown = table("line-stages", rows, STAGE_COLUMNS, label="stages")
    return parts.card(f"Stages in {asked.span}", shown, note=at)


def _finite(number: float | None) -> float | None:
    return None if number is None or number == float("inf") else number


def _ratio(wait: float | None, work: float | None) -> float | None:
    return wait / work if wait is not None and work else None


def _hours(spread: Any) -> float | None:
    return None if spread.median is None else spread.median / words.HOUR


def _oldest(found: "DataFrame") -> Any:
    title = "The oldest tasks in progress, whatever the period"
    if found.empty:
        return parts.card(title, html.P("Nothing is in progress."))
    rows = found.assign(
        age_days=found.age_hours / 24,
        arrived=[_minute(at) for at in found.arrived_at],
        begun=[_minute(at) for at in found.started_at],
        where=[parts.asset_link(row, None).href for row in found.itertuples(index=False)],
        batch_page=[f"/batches/{number}" for number in found.batch_id],
    )
    shown = table("line-oldest", rows, OLDEST_COLUMNS, label="oldest tasks")
    return parts.card(title, shown, note=f"The oldest arrived {moment(found.arrived_at.min())}")


def _minute(at: Any) -> str:
    """A moment that sorts as text; empty where there is none."""
    # pandas counts "no moment" among the moments; it lies in no year.
    none = not isinstance(at, datetime) or math.isnan(at.year)
    return "" if none else f"{at:%Y-%m-%d %H:%M}"
