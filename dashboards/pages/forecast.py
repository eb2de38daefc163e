"""When batches will be complete and what they will have cost; what would change it; how well such
forecasts held."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from dash import html
from sqlalchemy.orm import Session

from dashboards import figures_forecast as figures
from dashboards import parts, phrases
from dashboards.asked import Asked
from dashboards.tables import Column, table
from metrics.forecasting.floor import Expected, Floor
from metrics.forecasting.model import Change, Outcome
from metrics.reads import forecasts as reads
from ops import clock_time

PATH, NAME, TITLE, GROUP = "/dashboards/forecast", "Forecast", "Forecast", "Work"
PERIOD, FILTERS = False, ("project", "batch")
# What if: name in the address → the choices, (value, text); the first is as it is.
PEOPLE = tuple((str(n), f"{n} more" if n else "as now") for n in (0, 1, 2, 3, 5, 10))
FACTORS = (("", "as now"), ("0.5", "half"), ("0.75", "a quarter less"), ("1.25", "a quarter more"),
           ("1.5", "half more"), ("2", "twice"))  # fmt: skip
LATER = (("", "as set"), ("3", "3 days later"), ("7", "a week later"), ("14", "2 weeks later"))
WHAT_IF = {
    "labellers": ("Labellers", PEOPLE),
    "reviewers": ("Reviewers", PEOPLE),
    "overlap": ("Answers still to come", FACTORS),
    "reviewed": ("Share reviewed", FACTORS),
    "hours": ("Everybody's hours", FACTORS),
    "later": ("Due date", LATER),
}
OWN = tuple(WHAT_IF)


def register(_app: Any) -> None:
    """This page needs nothing beyond its address."""


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """All open batches; with a project chosen its simulation, and what would change it."""
    mine = parts.mine(scope, asked)
    rows = reads.newest(session, mine, asked.batch_id)
    held = reads.held(session, mine)
    if not rows:
        body = parts.empty(
            "No batch in progress",
            "A forecast needs a batch with open tasks: import assets into a project.",
            ("Go to projects", "/projects"),
        )
        return html.Div([parts.card("Open batches", body), _held(held)], className="row row-cards")
    shown = [_batches(rows, asked), _held(held)]
    if asked.project_id is not None:
        everything = reads.newest(session, mine) if asked.batch_id is not None else rows
        floor = reads.now(session, asked.project_id, everything, clock_time.now())
        shown[1:1] = _simulated(session, floor, asked)
    return html.Div(shown, className="row row-cards")


def _batches(rows: list[Any], asked: Asked) -> Any:
    listed = [
        {
            "batch": row.batch,
            "where": asked.address(PATH, project=row.project_id, batch=row.batch_id),
            "project": row.project,
            "due": row.due_at,
            "finish_50": row.finish_50,
            "finish_90": row.finish_90,
            "cost_50": row.cost_50,
            "cost_90": row.cost_90,
            "left": sum(row.basis["left"].values()) if row.basis else None,
            "note": _note(row),
            "late": bool(row.due_at and row.finish_50 and row.finish_50 > row.due_at),
        }
        for row in rows
    ]
    columns = (
        Column("batch", "Batch", href="where"),
        Column("project", "Project"),
        Column("left", "Answers left", "count"),
        Column("due", "Due", "day", width=118),
        Column("finish_50", "Finish, 50 %", "day", width=118, note="As likely before as after it"),
        Column("finish_90", "Finish, 90 %", "day", width=118, note="Not later, in 9 of 10 cases"),
        Column("cost_50", "Cost, 50 %", "money"),
        Column("cost_90", "Cost, 90 %", "money"),
        Column("note", "Note", width=300),
    )
    at = max((row.at for row in rows if row.at is not None), default=None)
    body = table("forecasts", listed, columns, label="open batches", marked="late")
    return parts.card("When open batches will be complete", body, note=parts.as_of(at))


def _note(row: Any) -> str:
    if row.paused:
        return "Paused: nothing is expected of it."
    if row.at is None:
        return "Not forecast yet; forecasts are made every 15 minutes."
    if row.why:
        return f"Undefined: {row.why}."
    if row.due_at is not None and row.finish_50 is not None and row.finish_50 > row.due_at:
        return "More likely late than in time."
    if row.due_at is not None and row.finish_90 is not None and row.finish_90 > row.due_at:
        return "In time with more than 50 %, not with 90 %."
    return ""


def _simulated(session: Session, floor: Floor, asked: Asked) -> list[Any]:
    ids = [batch.id for batch in floor.batches]
    if not ids or (asked.batch_id is not None and asked.batch_id not in ids):
        return []
    if floor.why:
        body = parts.empty(
            "Nothing can be told yet",
            f"A forecast draws from the days that were seen: {floor.why}.",
        )
        return [parts.card("The next days", body)]
    change, later = _change(asked)
    plain = floor.run()
    changed = floor.run(change) if change is not None else None
    i = ids.index(asked.batch_id) if asked.batch_id is not None else None
    drawn = [_fan(floor, plain, changed, i), _what_if(floor, plain, changed, later, asked)]
    if asked.batch_id is not None:
        drawn.append(_moved(session, floor, asked.batch_id))
    return drawn


def _change(asked: Asked) -> tuple[Change | None, int]:
    """What the address asks to be changed (None: nothing), and by how many days it is due later."""
    given = {
        name: asked.own[name]
        for name, (_, choices) in WHAT_IF.items()
        if asked.own.get(name) in {value for value, _ in choices[1:]}
    }
    later = int(given.pop("later", 0))
    if not given:
        return None, later
    people = np.array([float(given.get(name, 0)) for name in ("labellers", "reviewers")])
    factors = {
        field: float(given.get(name, 1))
        for name, field in (("overlap", "overlap"), ("reviewed", "review"), ("hours", "hours"))
    }
    return Change(people=people, **factors), later


def _fan(floor: Floor, plain: Outcome, changed: Outcome | None, i: int | None) -> Any:
    which: Any = slice(None) if i is None else [i]
    left = plain.left[:, which].sum(axis=1)[:, : _long(plain, which)]
    other = None
    if changed is not None:
        other = changed.left[:, which].sum(axis=1)[:, : _long(changed, which)]
    whole = float(floor.left[which].sum())
    due = floor.batches[i].due_at if i is not None else None
    title = "Answers left, simulated" if i is None else f"Answers left in {floor.batches[i].name}"
    days = int((floor.observed.hours.sum(axis=1) > 0).sum())
    note = f"{len(plain.days)} runs over {days} days with work. {parts.as_of(floor.at)}"
    chart = parts.chart(figures.fan(left, floor.at, whole, due, other), title, 360)
    return parts.card(title, chart, note=note, size="6")


def _long(outcome: Outcome, which: Any) -> int:
    """Days after which nearly every run has come to its end."""
    last = np.quantile(outcome.days[:, which].max(axis=1), 0.98, method="higher")
    return int(min(last + 2, outcome.left.shape[2]))


def _what_if(
    floor: Floor, plain: Outcome, changed: Outcome | None, later: int, asked: Asked
) -> Any:
    pickers = [
        parts.picker(name, choices[1:], asked.own.get(name), label, nothing=choices[0][1])
        for name, (label, choices) in WHAT_IF.items()
    ]
    rows = []
    now = floor.expected(plain)
    then = now if changed is None else floor.expected(changed)
    in_time = _in_time(floor, plain if changed is None else changed, later)
    for i, batch in enumerate(floor.batches):
        if asked.batch_id in (None, batch.id):
            rows.append(_row(batch.name, now[i], then[i], in_time[i]))
    heads = ("Batch", "Now, 50 %", "Now, 90 %", "What if, 50 %", "What if, 90 %", "In time")
    body = html.Table(
        [
            html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])),
            html.Tbody(rows),
        ],
        className="table table-sm",
    )
    people = floor.past.present(floor.at.date())
    note = f"{people[0]:.0f} labellers and {people[1]:.0f} reviewers or experts are at work"
    if floor.ahead is not None:
        hours = float(floor.ahead.hours.sum())
        note += f"; {hours:,.0f} active hours are expected of shifts that are planned"
    return parts.card(
        "What if",
        [html.Div(pickers, className="dash-filters"), html.Div(body, className="table-responsive")],
        note=note,
        size="6",
    )


def _in_time(floor: Floor, outcome: Outcome, later: int) -> list[str]:
    found = []
    for i, batch in enumerate(floor.batches):
        if batch.due_at is None:
            found.append("no due date")
            continue
        limit = floor.days_until(batch.due_at + timedelta(days=later))
        found.append(phrases.percent(float(np.mean(outcome.days[:, i] <= limit))))
    return found


def _row(name: str, now: Expected, then: Expected, in_time: str) -> Any:
    cells = [name, *(_when(at) for at in (now.finish_50, now.finish_90)),
             *(_when(at) for at in (then.finish_50, then.finish_90)), in_time]  # fmt: skip
    return html.Tr([html.Th(cells[0], scope="row"), *(html.Td(cell) for cell in cells[1:])])


def _when(at: datetime | None) -> str:
    return f"{at:%-d %b %Y}" if at is not None else "beyond a year"


def _moved(session: Session, floor: Floor, batch_id: int) -> Any:
    path = reads.path(session, batch_id)
    batch = next(b for b in floor.batches if b.id == batch_id)
    title = "How its forecast moved"
    if len(path) < 2:
        text = "Forecasts are kept from day to day; the second makes a line."
        return parts.card(title, parts.empty("One forecast so far", text))
    drawn = figures.moved(
        [row.at for row in path],
        [row.finish_50 for row in path],
        [row.finish_90 for row in path],
        batch.due_at,
    )
    return parts.card(title, parts.chart(drawn, title), note=parts.as_of(path[-1].at))


def _held(held: reads.Held) -> Any:
    if not held.batches:
        body = parts.empty(
            "No complete batch to judge forecasts by",
            "Once batches are complete, their forecasts are held against what came.",
        )
        return parts.card("How well forecasts held", body)
    shown = [
        _share("Complete by the 50 % date", held.at_50, "about half is right"),
        _share("Complete by the 90 % date", held.at_90, "about nine of ten is right"),
    ]
    batches = "batch" if held.batches == 1 else "batches"
    many = f"{held.forecasts:,} forecasts of {held.batches:,} complete {batches}"
    note = many if not held.looked_back else (
        f"{many}; {held.looked_back:,} of them made afterwards, from what was known then"
    )  # fmt: skip
    return parts.card("How well forecasts held", parts.figures(shown, "Coverage"), note=note)


def _share(name: str, found: Any, unit: str) -> Any:
    between = f"{100 * found.low:.0f} – {100 * found.high:.0f} %" if found.n else ""
    return parts.figure(
        name,
        phrases.percent(found.value),
        unit=unit,
        interval=between,
        support=f"n = {found.n:,} complete batches" if found.n != 1 else "n = 1 complete batch",
    )
