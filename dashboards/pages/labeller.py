"""One person: how fast and how good, since when, at what hours, what they take for what, and why
they are flagged; in the projects that the lead may see."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dash import dcc, html
from sqlalchemy.orm import Session

from dashboards import actions, mistakes, parts, phrases
from dashboards import figures_labeller as charts
from dashboards.asked import Asked
from dashboards.person_parts import curves, histories, signals
from dashboards.rows import each
from dashboards.tables import Column, table
from metrics import definitions, reads
from metrics.reads import confusions
from metrics.reads import labeller as people
from metrics.reads.confusions import Pair
from ops import clock_time

if TYPE_CHECKING:
    from pandas import DataFrame

PATH, NAME, TITLE, PERIOD = "/dashboards/labeller", "Labeller", "One labeller", True
GROUP, COMPARE = "", False
FILTERS = ("labeller", "project", "batch", "stage", "class")
QUALITY = "/dashboards/quality"
MOST_PAIRS = 50
DEEDS = ("labeller.message", "labeller.assign", "labeller.pause", "labeller.resume")


def register(_app: Any) -> None:
    """This page needs nothing beyond its address."""


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """The whole page, read in one snapshot."""
    if asked.labeller_id is None:
        return parts.empty(
            "Choose a labeller",
            "Pick somebody above, or press a name on the page of all labellers.",
        )
    who = people.person(session, scope, asked.labeller_id)
    if who is None:
        return parts.empty("Nobody to show", "They work in no project that you may see.")
    mine = parts.mine(scope, asked)
    at = parts.as_of(reads.as_of(session))
    days = people.person_days(session, mine, who.id, narrow=_all_time(asked))
    period = days[(days.day >= asked.since) & (days.day < asked.until)]
    member = people.memberships(session, mine, who.id)
    return html.Div(
        [
            _who(who, member, asked),
            _figures(period, asked),
            *curves(days, at),
            *signals(session, mine, who, at),
            _clock(session, mine, asked, who, at),
            _confused(session, mine, asked, who),
            *histories(session, mine, who),
        ],
        className="row g-3",
    )


def _all_time(asked: Asked) -> Any:
    return replace(asked.narrow, labeller_id=None)


def _who(who: people.Person, member: "DataFrame", asked: Asked) -> Any:
    now = clock_time.now()
    belongs = " · ".join(part for part in (who.role, who.team, who.vendor, who.timezone) if part)
    seen = f"last seen {parts.moment(who.last_seen_at)}" if who.last_seen_at else "never seen"
    marks = [parts.tag("simulated", "quiet")] * who.simulated
    marks += [] if who.active else [parts.tag("left", "warn")]
    rows = member.assign(
        state=[_state(row, now) for row in each(member)],
        rests_on=[
            f"{row.gold_n:,.0f} gold, {row.review_n:,.0f} reviews, {row.consensus_n:,.0f} others"
            if row.gold_n is not None and row.gold_n >= 0 else ""
            for row in each(member)
        ],
    )  # fmt: skip
    columns = [
        Column("project", "Project"),
        Column("skill", "Skill", width=120),
        Column("state", "Work", width=170),
        Column("standing", "Standing", "rate", low="standing_low", high="standing_high"),
        Column("rests_on", "Rests on", width=240),
        Column("pace", "Pace (1 is usual)", "hundredth", width=96),
    ]
    body = [html.P([belongs, ", ", seen, " ", *marks])]
    if len(rows):
        label = "project" if len(rows) == 1 else "projects"
        body.append(table("memberships", rows, columns, label=label))
    else:
        body.append(html.P("They are a member of none of these projects any more."))
    listed = member.project_id.tolist()
    project_id = asked.project_id if asked.project_id in listed else None
    if project_id is None and len(listed) == 1:
        project_id = int(listed[0])
    if project_id is not None:
        body.append(actions.bar("labeller", DEEDS, ids=(who.id,), project_id=project_id))
    elif listed:
        text = "Choose a project to message, assign, pause or let them go on in it."
        body.append(html.P(text, className="dash-note mt-2 mb-0"))
    return parts.card(who.name, body, note=parts.as_of(now))


def _state(row: Any, now: Any) -> str:
    """Whether somebody gets work in a project, and what stands in the way."""
    from pandas import notna

    if notna(row.suspended_at):
        return "suspended"
    if notna(row.paused_until) and row.paused_until > now:
        return f"paused until {parts.moment(row.paused_until)}"
    if notna(row.training_since):
        return "in training"
    if notna(row.restricted_at):
        return "first labels only"
    return "gets work, nested" if notna(row.nesting_since) and row.nests else "gets work"


def _figures(period: "DataFrame", asked: Asked) -> Any:
    if period.empty:
        return parts.card(
            f"Work of {asked.span}",
            parts.empty("No work in this period", "Choose a longer one; what is below is older."),
        )
    shown = [
        parts.figure("Labels", f"{int(period.labels.sum()):,}", key="labels",
                     support="a full count, no estimate"),
        parts.figure("Active time", phrases.hours(float(period.active_hours.sum())), key="hours",
                     support="a full count, no estimate"),
    ]  # fmt: skip
    for key, name, hits, n in (
        ("gold", "Gold accuracy", "gold_correct", "gold_n"),
        ("agreement", "Agreement", "consensus_agreed", "consensus_n"),
        ("acceptance", "First-pass acceptance", "review_accepted", "review_n"),
        ("skip_rate", "Skipped", "skipped", "decided"),
    ):
        found = definitions.share(float(period[hits].sum()), int(period[n].sum()))
        within = "" if found.low is None or found.high is None else (
            f"{100 * found.low:.1f} – {100 * found.high:.1f} %")  # fmt: skip
        shown.append(
            parts.figure(name, phrases.percent(found.value), key=key, interval=within,
                         support=f"n = {found.n:,}")
        )  # fmt: skip
    return parts.figures(shown, f"Figures of {asked.span}")


def _clock(session: Session, mine: Any, asked: Asked, who: people.Person, at: str) -> Any:
    hours = people.person_hours(
        session, mine, who.id, asked.since, asked.until, who.timezone, _all_time(asked)
    )
    title = f"When they work, by their own clock ({who.timezone})"
    if hours.empty:
        nothing = parts.empty("No work in this period", "Choose a longer one.")
        return parts.card(title, nothing, note=at, size="6")
    return parts.card(title, parts.chart(charts.clock(hours), title, 280), note=at, size="6")


def _confused(session: Session, mine: Any, asked: Asked, who: people.Person) -> Any:
    at = parts.as_of(confusions.confusions_as_of(session))
    narrow = replace(asked.narrow, labeller_id=who.id)
    listed = confusions.judged_projects(session, mine, asked.since, asked.until, narrow)
    title = "What they take for what"
    if listed.empty:
        nothing = parts.empty(
            "Nothing of theirs was judged",
            "Gold, reviews and a second answer to the same asset do it.",
        )
        return parts.card(title, nothing, note=at, size="6")
    first: Any = listed.iloc[0]
    narrow = replace(narrow, project_id=int(first.project_id))
    found = confusions.confusions(session, mine, asked.since, asked.until, narrow)
    names = mistakes.names_of(session, int(first.project_id))
    wrong = found[found.fault != ""].sort_values("n", ascending=False).head(MOST_PAIRS)
    if wrong.empty:
        text = f"All of {int(found.n.sum()):,} judged answers are right."
        return parts.card(title, parts.empty("No mistake", text), note=at, size="6")
    rows = []
    for row in each(wrong):
        of = found[found.truth == row.truth].n.sum() if row.truth else found.n.sum()
        share = definitions.share(int(row.n), int(of))
        where = mistakes.address_of(asked, QUALITY, Pair(row.truth, row.said, row.fault))
        words = mistakes.pair_words(row, names, first.label_type)
        rows.append({"pair": words, "n": row.n, "share": share.value, "low": share.low,
                     "high": share.high, "of": int(of), "link": where})  # fmt: skip
    columns = [
        Column("pair", "Said for what is right", href="link", width=160),
        Column("n", "n", "count", width=66),
        Column("share", "Share of the row", "rate", low="low", high="high"),
        Column("of", "Row", "count", width=70),
    ]
    body = table("their-mistakes", rows, columns, label="kinds of mistake", height=8)
    more = dcc.Link(f"in {first.project}; all of them", href=asked.address(QUALITY))
    return parts.card(title, body, note=[at, " · ", more], size="6")
