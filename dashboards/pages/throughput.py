"""Throughput: how many labels, when, and by whom."""

from typing import TYPE_CHECKING, Any

from dash import html
from sqlalchemy.orm import Session

from dashboards import figures, figures_throughput, parts, phrases, tables
from dashboards.asked import Asked
from dashboards.choosing import SINGLE
from dashboards.door import viewer
from dashboards.tables import Column
from metrics import definitions, reads
from metrics.reads.throughput import PARTS, by_day, by_hour_of_week

if TYPE_CHECKING:
    from pandas import DataFrame

PATH, NAME, TITLE, PERIOD = "/dashboards/throughput", "Throughput", "Throughput", True
GROUP = "Work"
FILTERS = ("project", "batch", "team", "vendor", "stage", "class", "skill", "labeller")
COMPARE, OWN = True, ("by",)
MOST_PANELS = 24
NAMES = {"labeller": "Labellers", "class": "Classes", "batch": "Batches"}


def register(_app: Any) -> None:
    """This page needs nothing beyond its address."""


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """The whole page, read in one snapshot."""
    part = asked.own.get("by", "")
    part = part if part in PARTS else "project"
    now = _read(session, scope, asked, part)
    if now.empty:
        return parts.empty(
            f"Nothing was submitted in {asked.span}",
            "Choose a longer period or take a filter off; work counts a few seconds after it is "
            "submitted.",
        )
    at = parts.as_of(reads.as_of(session))
    beside = asked.compared
    before = None if beside is None else _read(session, scope, beside[0], part)
    people = now if part == "labeller" else _read(session, scope, asked, "labeller")
    called = beside[1] if beside else ""
    return html.Div(
        [
            _big(now, people, before, called),
            _days(now, before, part, asked, called, at),
            _week(session, scope, asked, at),
            _people(people, asked, at),
            _table(now, before, part, called, at),
        ],
        className="row g-3",
    )


def _stages(asked: Asked) -> Any:
    """Labels are what labellers make, unless a stage was chosen."""
    return None if asked.stage else reads.LABELLING


def _read(session: Session, scope: Any, asked: Asked, part: str) -> "DataFrame":
    # By stage, every stage counts: what reviewers answer stands beside what labellers do.
    stages = None if part == "stage" else _stages(asked)
    mine, span = parts.mine(scope, asked), (asked.since, asked.until)
    return by_day(session, mine, *span, part, stages, asked.narrow)


def _big(now: "DataFrame", people: "DataFrame", before: Any, called: str) -> Any:
    n, active, days = int(now.labels.sum()), int(now.active_ms.sum()), now.day.nunique()
    shown = [
        _figure("labels", "Labels", f"{n:,}", "submitted", n, before, called),
        parts.figure("A day", f"{n / days:,.0f}", unit=f"labels, on {days} days with work"),
        parts.figure(
            "Efficiency", phrases.value("efficiency", "", _rate(n, active)),
            unit="labels per active hour", key="efficiency", interval=_within(people),
        ),
        parts.figure(
            "At work", f"{people[people.labels > 0].key.nunique():,}", unit="labellers"
        ),
    ]  # fmt: skip
    return parts.figures(shown, "Throughput in figures")


def _rate(n: int, active_ms: int) -> float:
    found = definitions.efficiency(n, active_ms)
    return float("nan") if found is None else found


def _within(people: "DataFrame") -> str:
    each = people.groupby("key")[["labels", "active_ms"]].sum()
    low, high = definitions.efficiency_interval(each.labels, each.active_ms)
    return "" if low is None or high is None else f"{low:,.0f} – {high:,.0f}"


def _figure(key: str, name: str, value: str, unit: str, n: int, before: Any, called: str) -> Any:
    change = ""
    if before is not None:
        then = int(before.labels.sum())
        step = f"{100 * (n - then) / then:+.0f} %".replace("-", "−") if then else "none then"
        change = f"{step} on {called} ({then:,})"
    return parts.figure(name, value, key=key, unit=unit, support="a full count", change=change)


def _days(now: "DataFrame", before: Any, part: str, asked: Asked, called: str, at: str) -> Any:
    since, until = asked.since, asked.until
    drawn = figures.throughput(now, since, until, "key", "name", f"Other {_plural(part).lower()}")
    if before is not None and asked.compared is not None:
        other = asked.compared[0]
        totals = before.groupby("day").labels.sum()
        then = figures.every_day(other.since, other.until)
        days = figures.every_day(since, until)
        drawn = figures_throughput.with_total(
            drawn, [int(totals.get(day, 0)) for day in then], days, called
        )
    title = f"Labels per day, by {SINGLE[part]}"
    choose = parts.links(PATH, asked, "by", _choices(), "Told apart by")
    note = html.Div([html.Span(at), choose], className="dash-tools")
    return parts.card(title, parts.chart(drawn, title, 300), note=note)


def _choices() -> list[tuple[Any, str]]:
    # The usual one is not in the address.
    return [(None if one == "project" else one, SINGLE[one].capitalize()) for one in PARTS]


def _plural(part: str) -> str:
    return NAMES.get(part, f"{SINGLE[part].capitalize()}s")


def _week(session: Session, scope: Any, asked: Asked, at: str) -> Any:
    zone = viewer().timezone
    found = by_hour_of_week(
        session, parts.mine(scope, asked), asked.since, asked.until, zone, _stages(asked),
        asked.narrow,
    )  # fmt: skip
    title = f"Labels by weekday and hour, in your time zone ({zone})"
    drawn = figures_throughput.hours_of_week(found, asked.days / 7)
    return parts.card(title, parts.chart(drawn, title, 250), note=at)


def _people(people: "DataFrame", asked: Asked, at: str) -> Any:
    totals = people.groupby("key").labels.sum().sort_values(ascending=False)
    shown = people[people.key.isin(totals.index[:MOST_PANELS])]
    n = min(len(totals), MOST_PANELS)
    rest = f"; the {MOST_PANELS} with the most of {len(totals)}" if len(totals) > n else ""
    title = f"Labels per day, by labeller, on one scale{rest}"
    drawn = figures_throughput.multiples(_told_apart(shown), asked.since, asked.until)
    return parts.card(title, parts.chart(drawn, title, figures_throughput.tall(n)), note=at)


def _told_apart(people: "DataFrame") -> "DataFrame":
    """Two of one name are two."""
    names = people.groupby("name").key.nunique()
    twice = people.name.map(names) > 1
    number = " (" + people.key.astype(str) + ")"
    return people.assign(name=people.name.where(~twice, people.name + number))


def _table(now: "DataFrame", before: Any, part: str, called: str, at: str) -> Any:
    rows = _totals(now)
    rows["share"] = rows.labels / max(int(rows.labels.sum()), 1)
    columns = [
        Column("name", SINGLE[part].capitalize(), width=200),
        Column("labels", "Labels", "count"),
        Column("share", "Share of all", "share"),
        Column("a_day", "Labels a day with work", "tenth", width=130),
        Column("active_hours", "Active hours", "tenth"),
        Column("efficiency", "Labels per active hour", "tenth", width=130),
    ]
    if before is not None:
        then = _totals(before).set_index("key")
        rows["then"] = rows.key.map(then.labels)
        if rows.then.notna().any():
            columns.append(Column("then", f"Labels, {called}", "count", width=150))
    label = SINGLE[part].lower() if len(rows) == 1 else _plural(part).lower()
    body = tables.table(f"throughput by {part}", rows, columns, label=label)
    return parts.card(f"By {SINGLE[part]}", body, note=at)


def _totals(found: "DataFrame") -> "DataFrame":
    by = found.groupby(["key", "name"], as_index=False)
    rows = by.agg(labels=("labels", "sum"), active_ms=("active_ms", "sum"), days=("day", "nunique"))
    rows["a_day"] = rows.labels / rows.days
    rows["active_hours"] = rows.active_ms / 3_600_000
    pairs = zip(rows.labels, rows.active_ms, strict=True)
    rows["efficiency"] = [_rate(int(n), int(ms)) for n, ms in pairs]
    return rows.sort_values("labels", ascending=False, ignore_index=True)
