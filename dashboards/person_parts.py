"""Parts of one person's page: curves of learning, signals, and what happened to them."""

import math
from typing import TYPE_CHECKING, Any

from dash import html
from sqlalchemy.orm import Session

from dashboards import figures_labeller as charts
from dashboards import parts
from dashboards.rows import each
from dashboards.tables import Column, table
from metrics import definitions
from metrics.reads import hardness
from metrics.reads import labeller as people

if TYPE_CHECKING:
    from pandas import DataFrame

# What judges answers, and how many of them make a point of the curve of accuracy: gold is scarce.
JUDGED = (
    ("gold", "gold_correct", "gold_n", 12),
    ("agreement", "consensus_agreed", "consensus_n", 25),
    ("acceptance", "review_accepted", "review_n", 25),
)
LEAST = min(one[3] for one in JUDGED)


def curves(days: "DataFrame", at: str) -> list[Any]:
    """Time and accuracy against experience, in the project with most labels, over all time."""
    titles = (
        "Time against experience, 95 % intervals",
        "Accuracy against experience, 95 % intervals",
    )
    if days.empty:
        nothing = parts.empty("No labels yet", "The curves begin with the first day of work.")
        return [parts.card(title, nothing, size="6", note=at) for title in titles]
    project = days.groupby("project_id").labels.sum().idxmax()
    rows = experience(days[days.project_id == project])
    timed = rows[(rows.timed_n > 0) & (rows.before > 0)]
    fit = definitions.learning_curve(timed.before, timed.median_seconds, timed.timed_n)
    said = html.P(learning_words(fit), className="dash-note")
    time = (
        [parts.chart(charts.learning(timed, fit), titles[0], 290), said] if len(timed)
        else parts.empty("Undefined", "No active time was measured.")
    )  # fmt: skip
    judged = stretches(rows)
    right = (
        parts.chart(charts.accuracy(judged), titles[1], 320) if len(judged)
        else parts.empty("Undefined", f"Fewer than {LEAST} of their answers were judged.")
    )  # fmt: skip
    return [parts.card(title, body, size="6", note=at)
            for title, body in zip(titles, (time, right), strict=True)]  # fmt: skip


def experience(days: "DataFrame") -> "DataFrame":
    """Days in order, each with `before`: the labels given until its middle."""
    rows = days.sort_values("day", ignore_index=True)
    return rows.assign(before=rows.labels.cumsum() - rows.labels / 2)


def stretches(rows: "DataFrame") -> "DataFrame":
    """Shares of stretches of days, each with enough judged answers: before, value, low,
    high, n, by. What is left at the end is left out."""
    import pandas as pd

    found = []
    for by, hits, n, least in JUDGED:
        right = of = 0.0
        for row in each(rows):
            right, of = right + getattr(row, hits), of + getattr(row, n)
            if of >= least:
                share = definitions.share(float(right), int(of))
                found.append((row.before, share.value, share.low, share.high, share.n, by))
                right, of = 0.0, 0.0
    return pd.DataFrame(found, columns=["before", "value", "low", "high", "n", "by"])


def learning_words(fit: definitions.Learning) -> str:
    """The learning curve in a sentence."""
    if fit.per_doubling is None or fit.low is None or fit.high is None:
        return f"A curve needs three days with measured times or more; there are {fit.n}."
    within = f"95 %: {fit.low:.2f} – {fit.high:.2f}, n = {fit.n} days"
    if fit.low <= 1 <= fit.high:
        return (
            f"No clear change with practice: × {fit.per_doubling:.2f} at each doubling ({within})."
        )
    word = "faster" if fit.per_doubling < 1 else "slower"
    percent = abs(100 * (1 - fit.per_doubling))
    return f"{percent:.0f} % {word} at each doubling of labels given ({within})."


def signals(session: Session, mine: Any, who: people.Person, at: str) -> list[Any]:
    """What is found of them, in words with the evidence; and their open flags."""
    found = hardness.signals(session, mine, labeller_id=who.id)
    flags = people.person_flags(session, mine, who.id)
    open_ = flags[flags.resolved_at.isna()] if len(flags) else flags
    body: list[Any] = []
    if len(open_):
        named = open_.assign(labeller=[_title(kind) for kind in open_.kind])
        body.append(parts.flagged_people(named))
    else:
        body.append(html.P("No flag stands on them."))
    if len(found):
        rows = found.assign(within=[within(row.low, row.high) for row in each(found)])
        columns = [
            Column("said", "What is found", width=320),
            Column("value", "Value", "hundredth"),
            Column("within", "95 % interval", width=120),
            Column("unit", "Unit", width=170),
            Column("n", "n", "count", width=70),
            Column("project", "Project", width=130),
        ]
        body.append(table("signals", rows, columns, label="signals", height=8))
    else:
        text = "Signals (learning, slowing down, tired late in the shift, answers too alike) need "
        body.append(html.P(text + "some days of measured times.", className="dash-note"))
    return [parts.card("Flags and signals, with the evidence", body, note=at)]


def within(low: float, high: float) -> str:
    """An interval in words; empty where it is unknown."""
    known = low is not None and not math.isnan(low)
    return f"{low:.2f} – {high:.2f}" if known else ""


def _title(kind: str) -> str:
    return kind.replace("_", " ").capitalize()


def histories(session: Session, mine: Any, who: people.Person) -> list[Any]:
    """Rules that fired, flags that came down, questions, certificates: each a table."""
    flags = people.person_flags(session, mine, who.id)
    fired = people.person_firings(session, mine, who.id)
    asked = people.person_questions(session, mine, who.id)
    held = people.person_certificates(session, mine, who.id)
    fired = fired.assign(link=[f"/projects/{i}/rules" for i in fired.project_id])
    asked = asked.assign(link=[f"/projects/{i}/issues" for i in asked.project_id])
    flags = flags.assign(what=[_title(kind) for kind in flags.kind])
    return [
        _card("Flags, standing and past", "flags", flags, "Nobody flagged them yet.", [
            Column("what", "Flag"), Column("project", "Project", width=130),
            Column("reason", "Why", width=300), Column("at", "Raised", "moment"),
            Column("resolved_at", "Down", "moment"), Column("resolved_by", "By", width=110)]),
        _card("Rules that fired", "firings", fired, "No rule fired for them.", [
            Column("rule", "Rule", href="link"), Column("project", "Project", width=130),
            Column("state", "State", width=100), Column("reason", "Why", width=300),
            Column("decided_at", "Decided", "moment")]),
        _card("Questions they asked", "questions", asked, "They asked nothing.", [
            Column("text", "Question", href="link", width=260), Column("external_id", "Asset"),
            Column("state", "State", width=90), Column("opened_at", "Asked", "moment"),
            Column("answered_at", "Answered", "moment")]),
        _card("Certificates", "certificates", held, "They hold none in the skills of these "
              "projects.", [
            Column("skill", "Skill"), Column("level", "Level", "count", width=70),
            Column("source", "From", width=110), Column("granted_at", "Granted", "moment"),
            Column("valid_until", "Valid until", "moment"),
            Column("revoked_at", "Revoked", "moment")]),
    ]  # fmt: skip


def _card(title: str, name: str, rows: "DataFrame", nothing: str, columns: list[Column]) -> Any:
    body = (
        table(name, rows, columns, label=name[:-1] if len(rows) == 1 else name, height=6)
        if len(rows)
        else html.P(nothing, className="mb-0")
    )
    return parts.card(title, body, size="6")
