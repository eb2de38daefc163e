"""What there is to see of each kind of alert in a project: subject → the reason, with evidence.

A reason names no labeller: names lie where they can be erased.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from metrics.alerts import signs
from metrics.alerts.terms import AccuracyTerms, ForecastTerms, GoldTerms, QueueTerms
from metrics.models import DailyRollup, HourlyRollup
from ops import clock_time, workforce
from ops.models import Batch, Project
from quality import gold_supply

WHOLE = "project"
LABELLING = ("label", "rework")
# The pace at which open work goes is that of the last day.
LATELY = timedelta(hours=24)


class Sight(NamedTuple):
    """Why an alert stands, in words, and the figures behind them."""

    reason: str
    evidence: Mapping[str, Any]


Sights = dict[str, Sight]


def accuracy(session: Session, project: Project, terms: AccuracyTerms) -> Sights:
    """The project and each labeller: gold and reviews of the last days beside those before."""
    today = clock_time.now().date()
    split = today - timedelta(days=terms.days - 1)
    first = split - timedelta(days=terms.before)
    right = func.sum(DailyRollup.gold_correct + DailyRollup.review_accepted)
    n = func.sum(DailyRollup.gold_n + DailyRollup.review_n)
    new = (DailyRollup.day >= split).label("new")
    rows = session.execute(
        select(DailyRollup.labeller_id, new, right, n)
        .where(DailyRollup.project_id == project.id, DailyRollup.day >= first)
        .where(DailyRollup.stage.in_(LABELLING))
        .group_by(DailyRollup.labeller_id, new)
    ).all()
    judged: dict[str, list[float]] = {}
    for who, is_new, hits, total in rows:
        for subject in (WHOLE, f"labeller:{who}"):
            kept = judged.setdefault(subject, [0.0, 0.0, 0.0, 0.0])
            place = 0 if is_new else 2
            kept[place] += float(hits)
            kept[place + 1] += int(total)
    return {
        subject: sight
        for subject, (hits, total, hits_before, total_before) in judged.items()
        if (sight := _fallen(hits, int(total), hits_before, int(total_before), terms)) is not None
    }


def _fallen(
    hits: float, n: int, hits_before: float, n_before: int, terms: AccuracyTerms
) -> Sight | None:
    seen = signs.fall(
        hits, n, hits_before, n_before, drop=terms.drop, floor=terms.floor, least=terms.least
    )
    if seen is None or not (seen.fell or seen.below):
        return None
    words = f"{_percent(seen.now)} right in the last {terms.days} days (n = {seen.n:,})"
    if seen.fell and seen.before is not None:
        words += (
            f", {_percent(seen.before)} in the {terms.before} days before (n = {seen.n_before:,})"
        )
    if seen.below:
        words += f", under {_percent(terms.floor or 0)}"
    return Sight(f"{words}.", seen._asdict())


_NEWEST = text("""
    SELECT b.id, b.name, b.due_at, f.finish_50, f.finish_90, f.at
    FROM batch b LEFT JOIN LATERAL (
        SELECT finish_50, finish_90, at FROM forecast WHERE batch_id = b.id
        ORDER BY at DESC LIMIT 1) f ON true
    WHERE b.project_id = :project AND b.state = 'open' AND b.due_at IS NOT NULL ORDER BY b.id""")


def forecast(session: Session, project: Project, terms: ForecastTerms) -> Sights:
    """Open batches whose date has passed, or will have when they are through."""
    now, found = clock_time.now(), {}
    for row in session.execute(_NEWEST, {"project": project.id}):
        finish: datetime | None = row.finish_50 if terms.sure == 50 else row.finish_90
        seconds = None if finish is None else finish.timestamp()
        if signs.late(seconds, row.due_at.timestamp(), now.timestamp()):
            found[f"batch:{row.id}"] = Sight(
                _late(row.name, row.due_at, finish, now, terms.sure),
                {"due_at": row.due_at.isoformat(), "finish": finish and finish.isoformat()},
            )
    return found


def _late(name: str, due: datetime, finish: datetime | None, now: datetime, sure: int) -> str:
    was = "was" if due < now else "is"
    words = f"{name} {was} due on {due:%Y-%m-%d}"
    if finish is None:
        return f"{words} and is not complete."
    likely = "likely" if sure == 50 else "at the latest, with 90 %"
    return f"{words} and will be complete on {finish:%Y-%m-%d} ({likely})."


def gold(session: Session, project: Project, terms: GoldTerms) -> Sights:
    """Labellers at work who have met nearly all of the gold."""
    all_, left = gold_supply.left(session, project.id)
    short = sorted(who for who, unmet in left.items() if unmet < terms.few)
    if not short:
        return {}
    who = "1 labeller" if len(short) == 1 else f"{len(short):,} labellers"
    has = "has" if len(short) == 1 else "have"
    words = (
        f"{who} of {len(left):,} at work {has} fewer than {terms.few} of {all_:,} gold left to "
        "meet; soon their accuracy can no longer be measured."
    )
    return {WHOLE: Sight(words, {"labellers": short, "gold": all_})}


def queue(session: Session, project: Project, terms: QueueTerms) -> Sights:
    """Open work that is gone within hours, or labellers of the last day with nothing to do."""
    since = clock_time.now() - LATELY
    rows = session.execute(
        select(HourlyRollup.labeller_id, func.sum(HourlyRollup.submitted))
        .where(HourlyRollup.project_id == project.id, HourlyRollup.hour >= since)
        .where(HourlyRollup.stage == "label")
        .group_by(HourlyRollup.labeller_id)
    ).all()
    answers = {who: int(n) for who, n in rows if n}
    lanes = session.execute(_OPEN, {"project": project.id}).all()
    if not answers or not _unfinished(session, project.id):
        return {}
    open_ = sum(row.answers for row in lanes)
    hours = signs.hours_left(open_, sum(answers.values()), LATELY / timedelta(hours=1))
    idle = sorted(answers.keys() - _can_work(session, project, lanes, set(answers)))
    words = []
    if hours is not None and hours < terms.hours:
        wanted = f"({open_:,} answers wanted)"
        words.append(f"Open work for {hours:.1f} hours at the pace of the last day {wanted}.")
    if idle:
        who = "1 labeller" if len(idle) == 1 else f"{len(idle):,} labellers"
        words.append(f"{who} of {len(answers):,} who worked in the last day can get no label work.")
    evidence = {"hours": hours, "open": open_, "idle": idle}
    return {WHOLE: Sight(" ".join(words), evidence)} if words else {}


# Labels that are wanted and held by nobody, in batches that give work out.
_OPEN = text("""
    SELECT l.id, l.kind, l.requirements, w.answers
    FROM lane l JOIN batch b ON b.id = l.batch_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(wanted - n_done - n_leased), 0)::int AS answers
        FROM task WHERE task.lane_id = l.id AND task.open) w
    WHERE l.project_id = :project AND l.stage = 'label' AND b.state = 'open' AND NOT b.paused
    ORDER BY l.id""")
_MAY = text("""
    SELECT who.id FROM unnest(CAST(:people AS bigint[])) AS who(id)
    WHERE EXISTS (
        SELECT FROM task WHERE task.lane_id = :lane AND task.open AND NOT EXISTS (
            SELECT FROM assignment a WHERE a.task_id = task.id AND a.labeller_id = who.id
              AND a.state IN ('reserved', 'leased', 'submitted', 'skipped')))""")


def _can_work(session: Session, project: Project, lanes: Any, people: set[int]) -> set[int]:
    """Those of `people` for whom some lane holds work that they have not had."""
    found: set[int] = set()
    at = clock_time.now()
    for lane in lanes:
        asked = people - found
        if lane.answers and asked:
            asked &= workforce.able(session, project, lane.requirements, at, kind=lane.kind)
            values = {"people": sorted(asked), "lane": lane.id}
            found |= set(session.scalars(_MAY, values))
    return found


def _unfinished(session: Session, project_id: int) -> bool:
    """Whether a batch is to go on at all: else there is nothing to starve of."""
    open_ = select(Batch.id).where(Batch.project_id == project_id, Batch.state == "open")
    open_ = open_.where(~Batch.paused)
    return session.scalar(open_.limit(1)) is not None


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


LOOK: dict[str, Callable[[Session, Project, Any], Sights]] = {
    "accuracy_drop": accuracy,
    "forecast_past_due": forecast,
    "gold_exhausted": gold,
    "queue_starved": queue,
}
