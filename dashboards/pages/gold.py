"""Gold health: how much is left for whom, how it wears, whether it is right and unknown."""

import math
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dash import dcc, html
from sqlalchemy.orm import Session

from dashboards import actions, mistakes, parts, phrases
from dashboards import figures_gold as charts
from dashboards.asked import Asked
from dashboards.rows import each
from dashboards.tables import Column, table
from metrics import reads
from metrics.reads import gold_health as health
from metrics.reads import gold_suspects as suspects
from ops import clock_time
from quality.gold_supply import LOW

if TYPE_CHECKING:
    from pandas import DataFrame

PATH, NAME, TITLE, PERIOD = "/dashboards/gold", "Gold health", "Gold health", True
GROUP = "Quality"
FILTERS = ("project",)
# Gold that would last less than so many days is about to run out.
SOON = 7
# From so large a share missed by good labellers on, a gold is shown as suspect.
SUSPECT = 0.25


def register(_app: Any) -> None:
    """This page needs nothing beyond its address."""


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """The whole page, read in one snapshot."""
    listed = health.gold_projects(session, parts.mine(scope, asked))
    if listed.empty:
        return parts.empty(
            "No gold yet",
            "Gold is a known answer hidden in the work: it tells how good labellers are. Make some "
            "of assets whose label a reviewer or an expert decided.",
            ("Go to projects", "/projects"),
        )
    first: Any = listed.iloc[0]
    project_id = int(first.project_id)
    names = mistakes.names_of(session, project_id)
    left = health.gold_left(session, scope, project_id, asked.today)
    supply = health.gold_supply(session, scope, project_id)
    found = suspects.suspect_gold(session, scope, project_id)
    contested = suspects.contested_gold(session, scope, project_id)
    leak = suspects.gold_leak(session, scope, project_id, asked.since, asked.until)
    now, counted = parts.as_of(clock_time.now()), parts.as_of(reads.as_of(session))
    return html.Div(
        [
            _others(listed, asked),
            _big(first, left, found, contested),
            _supply(supply, names, now),
            _worn(health.exposures(session, scope, project_id), now),
            _left(left, asked, project_id, counted),
            _suspects(found, names, project_id, now),
            _contested(contested, project_id, now),
            *_leak(leak, asked, counted),
        ],
        className="row g-3",
    )


def _others(listed: "DataFrame", asked: Asked) -> Any:
    """Of which project these figures are, and the way to the others."""
    first, *others = list(each(listed))
    links = [
        html.Li(dcc.Link(f"{row.project} ({row.active:,} gold)",
                         href=asked.again(PATH, project=int(row.project_id))))
        for row in others
    ]  # fmt: skip
    words = f"{first.project}: all of its gold"
    here = html.A(words, href=f"/projects/{first.project_id}/gold")
    text = "1 more project with gold" if len(others) == 1 else f"{len(others)} more with gold"
    more = html.Details([html.Summary(text), html.Ul(links)], className="m-0") if others else ""
    return html.Div(html.Div([here, more], className="dash-tools"), className="col-12")


def _big(first: Any, left: "DataFrame", found: "DataFrame", contested: "DataFrame") -> Any:
    soon = left[(left.days < SOON) | (left.left < LOW)] if len(left) else left
    wrong = found[found.wrong_low >= SUSPECT] if len(found) else found
    next_ = "" if left.empty or math.isnan(left.days.iloc[0]) else (
        f"the first in about {left.days.iloc[0]:.0f} days")  # fmt: skip
    return parts.figures(
        [
            parts.figure("Gold in work", f"{first.active:,}", key="active",
                         unit=f"{first.retired:,} retired", support="a full count"),
            parts.figure("Labellers who run out", f"{len(soon):,}", key="soon",
                         unit=f"of {len(left):,} at work: within {SOON} days, or fewer than {LOW} "
                         "left", support=next_),
            parts.figure("Suspect gold", f"{len(wrong):,}", key="suspect",
                         unit=f"surely missed by {100 * SUSPECT:.0f} % of good labellers or more",
                         support=f"{len(found):,} that tell least were looked at" if len(found)
                         else "none has three answers yet"),
            parts.figure("Contested", f"{len(contested):,}", key="contested",
                         unit="wait for a decision", support="a full count"),
        ],
        "Gold in short",
    )  # fmt: skip


def _supply(supply: "DataFrame", names: dict[str, str], at: str) -> Any:
    rows = supply.assign(
        klass=[mistakes.key_words(key, names) if key else "no class" for key in supply.class_key],
        each=[row.exposures / row.active if row.active else math.nan for row in each(supply)],
    )
    columns = [
        Column("klass", "Class", width=130),
        Column("level", "Difficulty", width=140, note="As the answers to it tell"),
        Column("active", "In work", "count", width=76),
        Column("retired", "Retired", "count", width=80),
        Column("exposures", "Handed out", "count", width=84),
        Column("each", "Each, on average", "tenth", width=90),
        Column("most_exposed", "Most", "count", width=72),
        Column("answers", "Answers", "count", width=82),
        Column("revised", "Revised", "count", width=82),
        Column("oldest", "Oldest", "day", width=150),
    ]
    title = "Supply by class and difficulty, against use"
    chart = parts.chart(charts.supply(rows), title, 110 + 28 * max(rows.klass.nunique(), 3))
    return parts.card(
        title,
        [chart, table("gold-supply", rows, columns, label="classes and difficulties", height=8)],
        note=at,
        size="7",
    )


def _worn(exposed: "DataFrame", at: str) -> Any:
    title = "How often each gold was handed out"
    body = (
        parts.chart(charts.exposures(exposed), title, 260)
        if len(exposed)
        else parts.empty("Nothing in work", "All gold is retired, or kept for assessments.")
    )
    return parts.card(title, body, note=at, size="5")


def _left(left: "DataFrame", asked: Asked, project_id: int, at: str) -> Any:
    title = "Who runs out of gold when, and the pace of gold against the plan"
    make = html.A("Make gold of reviewed assets", href=f"/projects/{project_id}/gold/reviewed")
    if left.empty:
        text = f"Nobody labelled here in the last {health.AT_WORK} days."
        return parts.card(title, parts.empty("Nobody is at work", text), note=[at, " · ", make])
    rows = left.assign(
        link=[
            asked.address("/dashboards/labeller", labeller=int(i), project=project_id)
            for i in left.labeller_id
        ],
        low=(left.days < SOON) | (left.left < LOW),
        plan=[_plan(row) for row in each(left)],
    )
    columns = [
        Column("labeller", "Labeller", href="link", width=150),
        Column("left", "Left to meet", "count", width=90),
        Column("met", "Met", "count", width=70),
        Column("a_day", "Gold a day", "tenth", width=84),
        Column("days", "Days left", "tenth", width=84),
        Column("until", "None left on", "day", width=110),
        Column("share", "Gold of labels", "rate", low="share_low", high="share_high"),
        Column("labels", "Labels", "count", width=80),
        Column("planned", "Planned", "share", width=96),
        Column("plan", "Against the plan", width=150),
    ]
    note = html.P(
        f"Labels and gold are those of the last {health.AT_WORK} days. The plan follows from what "
        "is believed of each; it was another while they were new.", className="dash-note mt-2",
    )  # fmt: skip
    body = [table("gold-left", rows, columns, label="labellers at work", marked="low"), note]
    return parts.card(title, body, note=html.Div([at, " · ", make]))


def _plan(row: Any) -> str:
    if math.isnan(row.share):
        return phrases.UNDEFINED
    if row.share_low > row.planned:
        return "more than planned"
    return "less than planned" if row.share_high < row.planned else "as planned"


def _suspects(found: "DataFrame", names: dict[str, str], project_id: int, at: str) -> Any:
    title = "Gold that tells least: what good labellers miss"
    ask = html.A("Retire or revise gold", href=f"/projects/{project_id}/gold")
    if found.empty:
        nothing = parts.empty("Too few answers to tell", "Each gold needs three answers at least.")
        return parts.card(title, nothing, note=at)
    cards = [_card(row, names, project_id) for row in each(found.head(8))]
    rows = found.assign(
        id=found.gold_id,
        klass=[mistakes.key_words(key, names) if key else "no class" for key in found.class_key],
        link=[_gold_link(row, project_id) for row in each(found)],
        suspect=found.wrong_low >= SUSPECT,
    )
    columns = [
        Column("external_id", "Asset", href="link", width=140),
        Column("klass", "Class", width=110),
        Column("wrong", "Missed by good labellers", "rate", low="wrong_low", high="wrong_high"),
        Column("good", "Good labellers", "count", width=92),
        Column("answers", "Answers", "count", width=84),
        Column("discrimination", "Tells (1 is usual)", "hundredth", width=92),
        Column("difficulty", "Difficulty (0 is usual)", "hundredth", width=92),
        Column("exposures", "Handed out", "count", width=84),
        Column("version", "Version", "count", width=80),
        Column("created_at", "Made", "moment"),
    ]
    body = [
        html.Div(cards, className="dash-flags mb-3"),
        table("suspect-gold", rows, columns, label="gold", marked="suspect", height=8, choose=True),
        actions.bar("suspect-gold", ("gold.retire",)),
    ]
    return parts.card(title, body, note=html.Div([at, " · ", ask]))


def _gold_link(row: Any, project_id: int) -> str:
    return f"/projects/{project_id}/assets?search={quote(str(row.external_id))}"


def _card(row: Any, names: dict[str, str], project_id: int) -> Any:
    klass = mistakes.key_words(row.class_key, names) if row.class_key else ""
    missed = phrases.rate(row.wrong, row.wrong_low, row.wrong_high, row.good)
    text = f"{klass}: good labellers miss it in {missed}."
    words = html.Div([html.Strong(row.external_id), html.P(text)])
    return html.A(
        [parts.medium(row), words], href=_gold_link(row, project_id), className="dash-flag"
    )


def _contested(found: "DataFrame", project_id: int, at: str) -> Any:
    title = "Contested gold"
    where = f"/projects/{project_id}/gold/contention"
    if found.empty:
        nothing = html.P("No gold is in question. It comes here when good labellers miss it too "
                         "often for it to be right, or a reviewer sees it otherwise.",
                         className="mb-0")  # fmt: skip
        return parts.card(title, nothing, note=at)
    rows = found.assign(link=where, what=[kind.replace("_", " ") for kind in found.kind])
    columns = [
        Column("external_id", "Asset", href="link", width=140),
        Column("what", "Why", width=130),
        Column("reason", "Evidence", width=460),
        Column("at", "Since", "moment"),
    ]
    decide = html.A("Decide", href=where)
    body = table("contested-gold", rows, columns, label="in question", height=6)
    return parts.card(title, body, note=html.Div([at, " · ", decide]))


def _leak(found: "DataFrame", asked: Asked, at: str) -> list[Any]:
    title = "Is gold known? Answers to gold beside answers to work"
    if found.empty:
        text = f"Nobody answered gold in {asked.span}."
        return [parts.card(title, parts.empty("Nothing to compare", text), note=at)]
    said = html.P(leak_words(suspects.leak_of_all(found)))
    rows = found.assign(
        link=[asked.address("/dashboards/labeller", labeller=int(i)) for i in found.labeller_id],
        clear=found.ahead_low > 0,
    )
    columns = [
        Column("labeller", "Labeller", href="link", width=150),
        Column("time_ratio", "Time of gold ÷ all", "hundredth", width=96),
        Column("gold_n", "Gold timed", "count", width=84),
        Column("right", "Right on gold", "share", width=90),
        Column("right_n", "Gold n", "count", width=76),
        Column("accepted", "Accepted in review", "share", width=104),
        Column("accepted_n", "Reviewed", "count", width=100),
        Column("ahead", "Better on gold", "rate", low="ahead_low", high="ahead_high"),
    ]
    note = html.P(
        "Whoever knows gold when they see it answers it slower and better than their work. Gold is "
        "chosen evenly over classes, work is not, so a small difference is no leak: look where the "
        "interval of “better on gold” leaves 0 out and time differs too.",
        className="dash-note mt-2",
    )
    body = [said, table("gold-leak", rows, columns, label="labellers", marked="clear", height=8)]
    return [parts.card(title, [*body, note], note=at)]


def leak_words(of_all: dict[str, Any] | None) -> str:
    """The time of gold beside that of all answers, in a sentence."""
    if of_all is None:
        return "Fewer than three labellers have measured times of gold: nothing is said of time."
    within = f"95 %: {of_all['low']:.2f} – {of_all['high']:.2f}, n = {of_all['n']} labellers"
    text = f"Gold takes {of_all['ratio']:.2f} × the time of all answers ({within})"
    if of_all["low"] <= 1 <= of_all["high"]:
        return f"{text}: no sign that it is known."
    return f"{text}: so clear a difference may mean that gold can be told from work."
