"""Overview: how much, how fast, how good, and what needs a look now."""

import math
from typing import TYPE_CHECKING, Any

from dash import html
from sqlalchemy.orm import Session

from dashboards import figures, parts, phrases
from dashboards.asked import Asked
from metrics import reads
from ops import clock_time

if TYPE_CHECKING:
    from pandas import DataFrame

PATH, NAME, TITLE, PERIOD = "/dashboards/", "Overview", "Overview", True
GROUP = "Work"
BIG = {
    "labels": "Throughput",
    "active_hours": "Active time",
    "efficiency": "Efficiency",
    "gold": "Gold accuracy",
    "agreement": "Agreement",
    "acceptance": "First-pass acceptance",
}
UNITS = {"labels": "labels submitted", "active_hours": "at the desk",
         "efficiency": "labels per active hour", "gold": "of answers to gold are right",
         "agreement": "of answers equal the consensus",
         "acceptance": "of reviewed labels stay unchanged"}  # fmt: skip
MOST_FLAGS, MOST_NOTED = 8, 4
STATES = {"complete": "good", "paused": "warn"}


def register(_app: Any) -> None:
    """This page needs nothing beyond its address."""


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """The whole page, read in one snapshot."""
    mine = scope if asked.project_id is None else [asked.project_id]
    # Throughput is labels: what reviewers answer is no label.
    period = mine, asked.since, asked.until, reads.LABELLING
    days = reads.days(session, *period)
    at = parts.as_of(reads.as_of(session))
    return html.Div(
        [
            _big(reads.overview(session, *period), asked),
            *_charts(reads.daily(session, *period), days, asked, at),
            _batches(reads.batches(session, mine, delivered=False)),
            _assets(session, mine, asked),
            _labellers(reads.flagged_labellers(session, mine, limit=MOST_FLAGS), asked),
            _questions(reads.questions(session, mine, asked.since, asked.until), asked),
        ],
        className="row g-3",
    )


def _big(overview: "DataFrame", asked: Asked) -> Any:
    rows = overview.set_index("key", drop=False)
    return html.Section(
        [_figure(rows.loc[key], name, asked) for key, name in BIG.items()],
        className="dash-figures",
        **{"aria-label": f"Figures of the last {asked.days} days"},
    )


def _figure(row: Any, name: str, asked: Asked) -> Any:
    number = phrases.value(row.key, row.unit, row.now)
    undefined = number == phrases.UNDEFINED
    change = phrases.change(row, asked.days)
    sense = {1: "good", 0: "quiet", -1: "bad"}[change.sense]
    interval = phrases.interval(row)
    return html.Div(
        [
            html.H2(name),
            html.Div(number, className=f"dash-value{' undefined' if undefined else ''}"),
            html.Div((phrases.NEEDS if undefined else UNITS)[row.key], className="dash-unit"),
            html.Div(
                [
                    html.Div(f"95 %: {interval}" if interval else ""),
                    html.Div(phrases.support(row)),
                ],
                className="dash-support",
            ),
            html.Div(change.text, className=f"dash-change {sense}"),
        ],
        className="dash-figure",
        **{"data-figure": row.key},
    )  # fmt: skip


def _charts(daily: "DataFrame", days: "DataFrame", asked: Asked, at: str) -> list[Any]:
    if daily.empty:
        text = "Work counts here a few seconds after it is submitted. Is a project running, and " \
               "are its labellers members of it?"  # fmt: skip
        nothing = parts.empty(
            f"Nothing was submitted in these {asked.days} days",
            text,
            ("Go to projects", "/projects"),
        )
        return [parts.card("Work per day", nothing, note=at)]
    span = asked.since, asked.until
    shown = (
        ("Labels per day, by project", figures.throughput(daily, *span)),
        ("Seconds per label: median, middle half", figures.pace(days, *span)),
        ("Accuracy per day, 95 % intervals", figures.accuracy(days, *span)),
    )
    return [parts.card(title, parts.chart(f, title), note=at, size="4") for title, f in shown]


def _batches(batches: "DataFrame") -> Any:
    rows = [_batch(row) for row in batches.itertuples(index=False)]
    body = html.Div(rows, className="dash-batches") if rows else parts.empty(
        "No batch in progress", "Import assets into a project to open one.",
        ("Go to projects", "/projects"),
    )  # fmt: skip
    return parts.card(
        "Batches in progress: answers done of those wanted",
        body,
        note=parts.as_of(clock_time.now()),
    )


def _batch(row: Any) -> Any:
    done = 0.0 if math.isnan(row.done_share) else float(row.done_share)
    state = "paused" if row.paused else row.state
    bar = html.Div(
        html.Div(className="progress-bar", style={"width": f"{100 * done:.1f}%"}),
        className="progress", role="progressbar",
        **{"aria-valuenow": f"{100 * done:.0f}", "aria-valuemin": "0", "aria-valuemax": "100",
           "aria-label": f"{row.batch}: answers done"},
    )  # fmt: skip
    return html.Div(
        [
            html.Div(
                [html.A(row.batch, href=f"/batches/{row.batch_id}"),
                 html.Span(f" {row.project}", className="dash-quiet")],
                className="dash-batch-name",
            ),
            bar,
            html.Div(f"{row.answers_done:,} of {row.answers_wanted:,}", className="number"),
            html.Div(_left(row), className="dash-quiet"),
            parts.tag(state, STATES.get(state, "quiet")),
        ],
        className="dash-batch",
    )  # fmt: skip


def _left(row: Any) -> str:
    if row.answers_wanted <= row.answers_done:
        return "all answers are in"
    if math.isnan(row.hours_left):
        return "no answer within a day"
    left = f"{row.hours_left:.0f} h" if row.hours_left >= 2 else f"{60 * row.hours_left:.0f} min"
    return f"about {left} left at {row.answers_per_hour:,.0f} an hour"


def _assets(session: Session, mine: Any, asked: Asked) -> Any:
    more = html.A("All slow and ambiguous assets", href=asked.address("/dashboards/assets"))
    flagged = reads.flagged_assets(session, mine, limit=MOST_FLAGS)
    if len(flagged):
        title = "Flagged assets: slow or ambiguous, newest first"
        return parts.card(title, _asset_cards(flagged), note=more, size="8")
    noted = reads.hard_assets(session, mine, colour="yellow", limit=MOST_NOTED)
    if len(noted):
        title = "No asset is flagged. The hardest that are noted"
        return parts.card(title, _asset_cards(noted), note=more, size="8")
    nothing = parts.empty(
        "No asset is flagged",
        "Assets that take long or divide the labellers appear here, at a stated rate of false "
        "alarms, once each has a few answers.",
    )
    return parts.card("Flagged assets: slow or ambiguous", nothing, note=more, size="8")


def _asset_cards(found: "DataFrame") -> Any:
    cards = []
    for row in found.itertuples(index=False):
        where = html.Div(f"{row.project} · {row.batch}", className="dash-quiet")
        words = html.Div([html.Strong(row.external_id), html.P(row.reason), where])
        cards.append(parts.asset_link(row, [parts.medium(row), words], className="dash-flag"))
    return html.Div(cards, className="dash-flags")


def _questions(found: reads.Questions, asked: Asked) -> Any:
    where = "/questions" if asked.project_id is None else f"/projects/{asked.project_id}/issues"
    body = html.P(phrases.questions(found), className="mb-0")
    title = f"Questions of the last {asked.days} days"
    return parts.card(title, body, note=html.A("All questions", href=where))


def _labellers(flagged: "DataFrame", asked: Asked) -> Any:
    body = parts.flagged_people(flagged) if len(flagged) else parts.empty(
        "No labeller is flagged",
        "Somebody who is often wrong, or too fast and wrong, appears here with the evidence.",
    )  # fmt: skip
    more = html.A("All labellers", href=asked.address("/dashboards/labellers"))
    return parts.card("Flagged labellers", body, note=more, size="4")
