"""Overview: what needs a look now, then how much, how fast and how good."""

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from dash import dcc, html
from sqlalchemy.orm import Session

from dashboards import figures, parts, phrases
from dashboards.asked import Asked
from metrics import reads
from metrics.reads.alerts import alerts
from metrics.reads.progress import progress
from metrics.reads.throughput import by_day
from ops import clock_time

if TYPE_CHECKING:
    from pandas import DataFrame

PATH, NAME, TITLE, PERIOD = "/dashboards/", "Overview", "Overview", True
GROUP = "Work"
FILTERS = ("project", "batch", "team", "vendor", "class")
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
MOST_FLAGS, MOST_NOTED = 6, 4
MOST = 10_000
SOON = timedelta(days=3)
STATES = {"complete": "good", "paused": "warn", "past due": "bad"}


def register(_app: Any) -> None:
    """This page needs nothing beyond its address."""


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """The whole page, read in one snapshot."""
    mine = parts.mine(scope, asked)
    # Throughput is labels: what reviewers answer is no label.
    period = mine, asked.since, asked.until, reads.LABELLING, asked.narrow
    at = parts.as_of(reads.as_of(session))
    batches = progress(session, mine, asked.batch_id)
    people = reads.flagged_labellers(session, mine, limit=MOST)
    questions = reads.questions(session, mine, asked.since, asked.until)
    standing = alerts(session, mine)
    return html.Div(
        [
            _attention(batches, people, questions, standing, asked),
            _big(reads.overview(session, *period), asked),
            *_charts(_daily(session, mine, asked), reads.days(session, *period), asked, at),
            _batches(batches, asked),
            _assets(session, mine, asked),
            _labellers(people.head(MOST_FLAGS), asked),
            _questions(questions, asked),
        ],
        className="row g-3",
    )


def _daily(session: Session, mine: Any, asked: Asked) -> "DataFrame":
    """Labels by the day and project: no times, which are the dearest to count."""
    span = asked.since, asked.until
    return by_day(session, mine, *span, "project", reads.LABELLING, asked.narrow)


def _attention(
    batches: "DataFrame", people: "DataFrame", questions: Any, standing: "DataFrame", asked: Asked
) -> Any:
    """What a lead should look at first; what is in order is said too."""
    now = clock_time.now()
    going = batches[batches.state == "open"]
    late = going[[_past(due, now) for due in going.due_at]]
    soon = going[[not _past(due, now) and _past(due, now + SOON) for due in going.due_at]]
    starved = standing[standing.kind == "queue_starved"]
    dates = asked.address("/dashboards/forecast")
    links = [
        _look(len(late), "batch past due", "batches past due", dates),
        _look(len(soon), "batch due within 3 days", "batches due within 3 days", dates, bad=False),
        _look(len(starved), "queue starving", "queues starving", asked.address("/dashboards/line")),
        _look(people.labeller_id.nunique(), "labeller flagged", "labellers flagged",
              asked.address("/dashboards/labellers")),
        _look(len(standing), "alert stands", "alerts stand", asked.address("/dashboards/alerts")),
        _look(questions.unresolved, "question not resolved", "questions not resolved",
              "/questions", bad=False),
    ]  # fmt: skip
    return html.Nav(links, className="dash-attention", **{"aria-label": "What needs a look"})


def _look(n: int, one: str, many: str, href: str, bad: bool = True) -> Any:
    sense = "quiet" if n == 0 else "bad" if bad else "warn"
    body = [html.Strong(f"{n:,}"), html.Span(f" {one if n == 1 else many}")]
    link = dcc.Link if href.startswith("/dashboards") else html.A
    return link(body, href=href, className=f"dash-look {sense}")


def _past(due: Any, now: datetime) -> bool:
    return isinstance(due, datetime) and bool(due < now)


def _big(overview: "DataFrame", asked: Asked) -> Any:
    rows = overview.set_index("key", drop=False)
    shown = [_figure(rows.loc[key], name, asked) for key, name in BIG.items()]
    return parts.figures(shown, f"Figures of {asked.span}")


def _figure(row: Any, name: str, asked: Asked) -> Any:
    number = phrases.value(row.key, row.unit, row.now)
    undefined = number == phrases.UNDEFINED
    change = phrases.change(row, asked.days)
    return parts.figure(
        name,
        number,
        key=row.key,
        unit=(phrases.NEEDS if undefined else UNITS)[row.key],
        interval=phrases.interval(row),
        support=phrases.support(row),
        change=change.text,
        sense=change.sense,
    )


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
        ("Labels per day, by project", figures.throughput(daily, *span, "key", "name")),
        ("Seconds per label: median, middle half", figures.pace(days, *span)),
        ("Accuracy per day, 95 % intervals", figures.accuracy(days, *span)),
    )
    return [parts.card(title, parts.chart(f, title), note=at, size="4") for title, f in shown]


def _batches(batches: "DataFrame", asked: Asked) -> Any:
    now = clock_time.now()
    rows = [_batch(row, asked, now) for row in batches.itertuples(index=False)]
    body = html.Div(rows, className="dash-batches") if rows else parts.empty(
        "No batch in progress", "Import assets into a project to open one.",
        ("Go to projects", "/projects"),
    )  # fmt: skip
    return parts.card("Batches in progress, the first due on top", body, note=parts.as_of(now))


def _batch(row: Any, asked: Asked, now: datetime) -> Any:
    through = 0.0 if math.isnan(row.through) else float(row.through)
    state = "paused" if row.paused else row.state
    if state == "open" and _past(row.due_at, now):
        state = "past due"
    bar = html.Div(
        html.Div(className="progress-bar", style={"width": f"{100 * through:.1f}%"}),
        className="progress", role="progressbar",
        **{"aria-valuenow": f"{100 * through:.0f}", "aria-valuemin": "0", "aria-valuemax": "100",
           "aria-label": f"{row.batch}: assets through labelling"},
    )  # fmt: skip
    line = asked.address("/dashboards/line", project=int(row.project_id), batch=int(row.batch_id))
    name = [dcc.Link(row.batch, href=line), html.Span(f" {row.project}", className="dash-quiet")]
    done = row.assets - min(row.label + row.rework, row.assets)
    return html.Div(
        [
            html.Div(name, className="dash-batch-name"),
            bar,
            html.Div(f"{done:,} of {row.assets:,} assets", className="number"),
            html.Div(_due(row), className="dash-quiet"),
            parts.tag(state, STATES.get(state, "quiet")),
        ],
        className="dash-batch",
    )


def _due(row: Any) -> str:
    """When it is due, and when it will be through: with 50 % and with 90 %."""
    words = [f"due {row.due_at:%-d %b}"] if phrases.is_moment(row.due_at) else []
    if row.state == "open" and phrases.is_moment(row.finish_90):
        words.append(f"through {row.finish_50:%-d %b} – {row.finish_90:%-d %b} (50 – 90 %)")
    elif row.state == "open" and isinstance(row.why, str) and row.why:
        words.append("no forecast yet")
    return ", ".join(words)


def _assets(session: Session, mine: Any, asked: Asked) -> Any:
    more = dcc.Link("All slow and ambiguous assets", href=asked.address("/dashboards/assets"))
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
    title = f"Questions of {asked.span}"
    return parts.card(title, body, note=html.A("All questions", href=where))


def _labellers(flagged: "DataFrame", asked: Asked) -> Any:
    body = parts.flagged_people(flagged) if len(flagged) else parts.empty(
        "No labeller is flagged",
        "Somebody who is often wrong, or too fast and wrong, appears here with the evidence.",
    )  # fmt: skip
    more = dcc.Link("All labellers", href=asked.address("/dashboards/labellers"))
    return parts.card("Flagged labellers", body, note=more, size="4")
