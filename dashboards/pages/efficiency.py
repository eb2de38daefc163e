"""Efficiency and cost: what comes out of an hour, what a label costs, how the time is used."""

from typing import TYPE_CHECKING, Any

from dash import html
from sqlalchemy.orm import Session

from dashboards import figures_efficiency as charts
from dashboards import line_words as words
from dashboards import parts, phrases
from dashboards.asked import Asked
from dashboards.defined import what
from dashboards.tables import Column, table
from metrics.definitions import Ratio
from metrics.reads import efficiency as reads
from metrics.reads.questions import questions
from metrics.reads.work import as_of

if TYPE_CHECKING:
    from pandas import DataFrame

PATH, NAME, TITLE = "/dashboards/efficiency", "Efficiency & cost", "Efficiency and cost"
GROUP, PERIOD, COMPARE = "Work", True, True
FILTERS = ("project", "batch", "team", "vendor", "stage", "class", "skill", "labeller")
OWN = ("by",)
USUAL, MOST_LINES = "team", 24
COLUMNS = (
    Column("name", "Name", width=190),
    Column("labels", "Labels", "count"),
    Column("active_hours", "Active hours", "tenth"),
    Column("efficiency", "Labels per active hour", "tenth", width=104),
    Column("efficiency_low", "95 % from", "tenth"),
    Column("efficiency_high", "95 % to", "tenth"),
    Column("clusters", "Labellers", "count", note="Days, where the rows are labellers"),
    Column("acceptance", "First-pass acceptance", "rate", low="acceptance_low",
           high="acceptance_high", width=104),
    Column("acceptance_n", "Reviewed", "count"),
)  # fmt: skip
COST_COLUMNS = (
    Column("name", "Project", width=190),
    Column("labels", "First labels", "count"),
    Column("spent", "Cost", "money"),
    Column("per_label", "Cost per label", "thousandth"),
    Column("per_label_low", "95 % from", "thousandth"),
    Column("per_label_high", "95 % to", "thousandth"),
    Column("per_accepted", "Cost per accepted label", "thousandth", width=104),
    Column("per_accepted_low", "95 % from", "thousandth"),
    Column("per_accepted_high", "95 % to", "thousandth"),
    Column("label", "Labelling", "money"),
    Column("review", "Review", "money"),
    Column("rework", "Rework", "money"),
    Column("adjudicate", "Adjudication", "money"),
)
NO_PRICE = "Set a cost per hour in the settings of a project."


class Read:
    """All figures of one period, so that a second one is read in the same way."""

    def __init__(self, session: Session, scope: Any, asked: Asked):
        mine = parts.mine(scope, asked)
        period = mine, asked.since, asked.until
        done = reads.work(session, *period, asked.narrow)
        self.rate = reads.efficiency(done, asked.stage)
        self.costs = reads.costs(session, done)
        self.hours = reads.hours(session, *period, done, asked.narrow)
        self.questions = questions(session, *period)


def register(_app: Any) -> None:
    """This page needs nothing beyond its address."""


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """The whole page, read in one snapshot."""
    now = Read(session, scope, asked)
    if not now.hours.there:
        return parts.empty(
            f"Nobody worked in {asked.span}",
            "Choose a longer period, or take a filter off.",
            ("Go to projects", "/projects"),
        )
    beside = asked.compared
    then = (Read(session, scope, beside[0]), beside[1]) if beside else None
    mine, at = parts.mine(scope, asked), parts.as_of(as_of(session))
    by = asked.own.get("by", USUAL)
    by = by if by in reads.BY else USUAL
    rows = reads.efficiency_by(session, mine, asked.since, asked.until, by, asked.narrow)
    return html.Div(
        [
            _figures(now, then, reads.drafts(session, mine), asked),
            _by(rows, by, asked, at),
            _made_of(now, then, at),
            _in_numbers(rows, by, asked),
            _hours(now, at),
            _costs(now, asked, at),
        ],
        className="row g-3",
    )


def _figures(now: Read, then: Any, drafts: Any, asked: Asked) -> Any:
    beside = then[0] if then else None
    name = then[1] if then else ""
    every, wait = now.costs.all, now.questions.first_answer
    answers = f"{drafts.n_with:,} answers with a draft, {drafts.n_without:,} without"
    shown = [
        parts.figure(
            "Efficiency", _number(now.rate.value, ",.1f"), key="efficiency",
            unit="labels per active hour", interval=_within(now.rate, ",.1f"),
            support=f"{now.rate.n:,} labellers",
            **_change(now.rate, beside and beside.rate, name, 1),
        ),
        parts.figure(
            "Cost per label", _number(every.per_label.value, ",.3f"), key="cost_per_label",
            unit="to have one label made" if every.spent else NO_PRICE,
            interval=_within(every.per_label, ",.3f"),
            support=f"{every.labels:,} first labels" if every.labels else "",
            **_change(every.per_label, beside and beside.costs.all.per_label, name, -1),
        ),
        parts.figure(
            "Cost per accepted label", _number(every.per_accepted.value, ",.3f"),
            key="cost_per_accepted_label",
            unit="labelling, review, rework" if every.accepted.n or not every.spent
            else "Needs reviewed labels: draw a review sample.",
            interval=_within(every.per_accepted, ",.3f"),
            support=f"{every.accepted.n:,} reviews" if every.accepted.n else "",
            **_change(every.per_accepted, beside and beside.costs.all.per_accepted, name, -1),
        ),
        parts.figure(
            "Utilisation", phrases.percent(now.hours.use.value), key="utilisation",
            unit="of the hours people were there", interval=words.shares(now.hours.use),
            support=f"{now.hours.active:,.0f} h active of {now.hours.there:,.0f} h",
            **_change(now.hours.use, beside and beside.hours.use, name, 1),
        ),
        parts.figure(
            "A model's drafts save", phrases.percent(drafts.saved), key="time_saved",
            unit="of the time of a label" if drafts.saved is not None
            else "Needs 8 answers with a draft and 8 without.",
            interval=words.shares(drafts),
            support=answers if drafts.n_with + drafts.n_without else "no answers with drafts yet",
        ),
        parts.figure(
            "Time to answer a question", words.duration(wait.median), key="time_to_answer",
            unit="until somebody else's first word" if wait.n else "No question was answered.",
            interval="" if wait.low is None
            else f"{words.duration(wait.low)} – {words.duration(wait.high)}",
            support=f"{wait.n:,} answered of {now.questions.asked:,}",
        ),
    ]  # fmt: skip
    notes = []
    if asked.team_id or asked.vendor_id or asked.labeller_id or asked.label:
        notes.append("With people or a class chosen, only their own time counts in costs.")
    if now.costs.unpriced:
        notes.append(f"Without a cost per hour: {', '.join(now.costs.unpriced)}.")
    return html.Div([parts.figures(shown, f"Figures of {asked.span}"),
                     html.P(" ".join(notes), className="dash-note mt-2 mb-0")],
                    className="col-12")  # fmt: skip


def _number(value: float | None, form: str) -> str:
    return phrases.UNDEFINED if value is None else format(value, form)


def _within(found: Ratio, form: str) -> str:
    if found.low is None or found.high is None:
        return ""
    return f"{found.low:{form}} – {found.high:{form}}"


def _change(now: Ratio, then: Ratio | None, name: str, better: int) -> dict[str, Any]:
    """Words for how a figure moved; it did where the two intervals lie apart."""
    if then is None:
        return {}
    if now.value is None or not then.value:
        return {"change": f"nothing to compare with in {name}"}
    step = f"{100 * (now.value / then.value - 1):+.0f} %".replace("-", "−")
    apart = None not in (now.low, now.high, then.low, then.high) and (
        now.low > then.high or now.high < then.low  # type: ignore[operator]
    )
    if not apart:
        return {"change": f"no clear change on {name} ({step})"}
    sense = better if now.value > then.value else -better
    return {"change": f"{step} on {name}", "sense": sense}


def _by(rows: "DataFrame", by: str, asked: Asked, at: str) -> Any:
    unit = "Answers per active hour" if by == "stage" else "Labels per active hour"
    title = f"{unit}, by {by}, with 95 % intervals"
    choices = [(name, name.capitalize()) for name in reads.BY]
    own = asked if "by" in asked.own else _with(asked, by)
    links = parts.links(PATH, own, "by", choices, "Rows")
    shown = rows.head(MOST_LINES)
    chart = parts.chart(charts.per_hour(shown, unit), title, max(150, 80 + 26 * len(shown)))
    most = html.P(f"The {MOST_LINES} with the most labels.", className="dash-note")
    note = html.Span([at, " ", what("efficiency", "efficiency")])
    body = [links, chart, most if len(rows) > MOST_LINES else None]
    return parts.card(title, body, note=note, size="6")


def _in_numbers(rows: "DataFrame", by: str, asked: Asked) -> Any:
    shown = table(f"efficiency by {by}", rows, COLUMNS, label=f"rows by {by}")
    return parts.card(f"Efficiency by {by} in numbers, {asked.span}", shown)


def _with(asked: Asked, by: str) -> Asked:
    from dataclasses import replace

    return replace(asked, own={**asked.own, "by": by})


def _made_of(now: Read, then: Any, at: str) -> Any:
    title = "What a label costs, by stage"
    note = html.Span([at, " ", what("cost_per_accepted_label", "cost per accepted label")])
    if not now.costs.all.labels:
        text = "No project with a cost per hour has first labels in this period."
        return parts.card(title, html.P(f"Undefined. {text} {NO_PRICE}"), note=note, size="6")
    bars = [("all projects" if len(now.costs.projects) > 1 else now.costs.projects[0].name,
             now.costs.all.parts)]  # fmt: skip
    if then and then[0].costs.all.labels:
        bars.append((then[1], then[0].costs.all.parts))
    if len(now.costs.projects) > 1:
        bars += [(one.name, one.parts) for one in now.costs.projects if one.labels]
    chart = parts.chart(charts.made_of(bars), title, 130 + 36 * len(bars))
    return parts.card(title, chart, note=note, size="6")


def _hours(now: Read, at: str) -> Any:
    hours = now.hours
    title = "How the time is used, by stage"
    said = html.P(
        f"While work was on the screen: {hours.active:,.1f} h active, {hours.idle:,.1f} h idle (in "
        f"front, silent), {hours.away:,.1f} h away."
    )
    chart = parts.chart(charts.used(hours.stages), title, 200)
    note = html.Span([at, " ", what("work_time", "time by stage")])
    return parts.card(title, [said, chart], note=note)


def _costs(now: Read, asked: Asked, at: str) -> Any:
    rows = []
    for one in now.costs.projects:
        by_stage = dict(zip(one.parts.stage, one.parts.cost, strict=True))
        row = {"name": one.name, "labels": one.labels, "spent": one.spent, **by_stage}
        for key in ("per_label", "per_accepted"):
            found = getattr(one, key)
            row |= {key: found.value, f"{key}_low": found.low, f"{key}_high": found.high}
        rows.append(row)
    title = f"Costs of projects in {asked.span}"
    if not rows:
        return parts.card(title, html.P(f"Undefined: no project has a price. {NO_PRICE}"), note=at)
    return parts.card(
        title, table("costs", rows, COST_COLUMNS, label=_projects(len(rows))), note=at
    )


def _projects(n: int) -> str:
    return "project" if n == 1 else "projects"
