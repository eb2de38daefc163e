"""Rules: if evidence about a labeller says so, then something is done.

Nothing is remembered but up to when evidence was looked at: every look tests what is stored now, so
a firing goes by itself when its own evidence does (gold that was put right, say). What is decided
takes effect a while later, by chance where the moment could betray gold; `apply_due` does that.
A firing that is over by time, or was overridden, wipes the slate: later answers count alone.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time
from ops.access import WORKERS
from ops.db import transaction
from ops.models import Project
from scheduling.models import STANDING_FIRINGS, Rule, RuleFiring, RuleLook
from scheduling.rules import effects, told, words
from scheduling.rules.applying import apply_due
from scheduling.rules.evidence import Seen, Window, see
from scheduling.rules.signals import Finding, look

__all__ = ["apply_due", "evaluate"]

# Evidence is dated when it is made and seen when it is committed: look back this far.
OVERLAP = timedelta(seconds=10)
CHUNK = 50
DELAY_MEAN = 600.0  # seconds: some answers' worth of work
DELAY_MOST = 3600.0
# Not seeded: nobody may foresee the delay.
_RNG = random.SystemRandom()


def evaluate(sessions: sessionmaker[Session]) -> int:
    """Look at new evidence of every project with rules; returns how many firings began or went.

    A project that another process is looking at is left to it.
    """
    with transaction(sessions) as session:
        projects = list(session.scalars(_DUE, {"standing": list(STANDING_FIRINGS)}))
    return sum(_look_at(sessions, project_id) for project_id in projects)


_DUE = text(
    """
    SELECT id FROM project WHERE state IN ('running', 'paused') AND (
        EXISTS (SELECT FROM rule WHERE rule.project_id = project.id AND rule.enabled)
        OR EXISTS (SELECT FROM rule_firing f
                   WHERE f.project_id = project.id AND f.state = ANY(:standing)))
    ORDER BY id
    """
)


def _look_at(sessions: sessionmaker[Session], project_id: int) -> int:
    at = clock_time.now()
    with transaction(sessions) as session:
        fresh = _fresh(session, project_id)
    done = 0
    for start in range(0, len(fresh), CHUNK):
        with transaction(sessions) as session:
            if not _mine(session, project_id):
                return done
            done += _judge(session, project_id, fresh[start : start + CHUNK], at)
    if fresh:
        with transaction(sessions) as session:
            _note_look(session, project_id, at)
    return done


def _mine(session: Session, project_id: int) -> bool:
    lock = text("SELECT pg_try_advisory_xact_lock(hashtextextended('scheduling.rules', :project))")
    return bool(session.scalar(lock, {"project": project_id}))


_FRESH = text(
    """
    SELECT m.user_id FROM project_member m JOIN user_account u ON u.id = m.user_id
    WHERE m.project_id = :project AND u.active AND u.role = ANY(:roles)
      AND (CAST(:since AS timestamptz) IS NULL OR m.user_id IN (
        SELECT labeller_id FROM evidence WHERE project_id = :project AND at > :since
        UNION ALL
        SELECT labeller_id FROM work_event
        WHERE project_id = :project AND at > :since
          AND kind IN ('submitted', 'surplus', 'skipped')))
    ORDER BY m.user_id
    """
)


def _fresh(session: Session, project_id: int) -> list[int]:
    """Labellers with evidence since the last look; all of them when there was none."""
    looked = session.get(RuleLook, project_id)
    values = {
        "project": project_id,
        "roles": list(WORKERS),
        "since": looked.looked_at - OVERLAP if looked else None,
    }
    return list(session.scalars(_FRESH, values))


def _note_look(session: Session, project_id: int, at: datetime) -> None:
    noted = insert(RuleLook).values(project_id=project_id, looked_at=at)
    session.execute(
        noted.on_conflict_do_update(index_elements=[RuleLook.project_id], set_={"looked_at": at})
    )


class _Case(NamedTuple):
    """One rule and one labeller: the firing that stands, and since when answers count anew."""

    rule: Rule
    labeller: int
    standing: RuleFiring | None
    since: float
    settled: frozenset[str]


def _judge(session: Session, project_id: int, labellers: Sequence[int], at: datetime) -> int:
    project = session.get_one(Project, project_id)
    seen = see(session, project, labellers, at)
    done = 0
    for case in _cases(session, project_id, labellers):
        one = seen[case.labeller]
        if case.standing is not None:
            if not _gone(case.standing, one):
                continue
            _lift(session, case.standing, at)
            done += 1
        if case.rule.enabled and one.day not in case.settled:
            done += _test(session, project, case, one, at)
    return done


def _cases(session: Session, project_id: int, labellers: Sequence[int]) -> Iterator[_Case]:
    rules = session.scalars(select(Rule).where(Rule.project_id == project_id).order_by(Rule.id))
    theirs = (RuleFiring.project_id == project_id) & RuleFiring.labeller_id.in_(labellers)
    standing = theirs & RuleFiring.state.in_(STANDING_FIRINGS)
    # Before any membership is touched: whoever carries one out locks in this order too.
    locked = select(RuleFiring.id).where(standing).order_by(RuleFiring.id).with_for_update()
    session.execute(locked)
    firings = session.scalars(select(RuleFiring).where(theirs).order_by(RuleFiring.id))
    of: dict[tuple[int, int], list[RuleFiring]] = {}
    for firing in firings:
        of.setdefault((firing.rule_id, firing.labeller_id), []).append(firing)
    for rule in rules.all():
        for labeller in labellers:
            mine = of.get((rule.id, labeller), [])
            stands = next((f for f in mine if f.state in STANDING_FIRINGS), None)
            since = max((float(f.evidence.get("slate", 0)) for f in mine), default=0.0)
            overridden = [f.evidence for f in mine if f.state == "overridden"]
            days = frozenset(e["day"] for e in overridden if "day" in e)
            yield _Case(rule, labeller, stands, since, days)


def _gone(firing: RuleFiring, seen: Seen) -> bool:
    """Whether the very evidence on which a firing was decided says so no longer."""
    kept = firing.evidence
    terms = words.terms_of(kept["signal"], kept["terms"])
    window = Window(kept["since"], kept["upto"], kept.get("ripe", 0.0))
    now = look(kept["signal"], terms, seen, window, kept)
    # With fewer observations than then, part of them lies beyond what is read.
    return not now.holds and now.n >= kept["n"]


def _lift(session: Session, firing: RuleFiring, at: datetime) -> None:
    """Its evidence went away: what was taken is given back, and whoever knew of it is told."""
    known = firing.applied_at is not None
    firing.state, firing.settled_at = "lifted", firing.settled_at or at
    firing.settled_why = firing.settled_why or "The evidence for it went away."
    again = "redone" in firing.evidence
    firing.evidence = {**firing.evidence, "ended": "evidence", "count_again": again}
    session.flush()
    effects.undo(session, firing)
    told.record(session, firing, "rule_firing.lifted", because="evidence")
    if known:
        told.tell(
            session,
            firing,
            "lifted",
            "A decision about your work was taken back, because what led to it was put right.",
        )
        told.tell_leads(
            session, firing, "lifted", "A firing was lifted, because its evidence went away."
        )


def _test(session: Session, project: Project, case: _Case, seen: Seen, at: datetime) -> int:
    rule = case.rule
    window = Window(case.since, at.timestamp(), rule.created_at.timestamp())
    found = look(rule.signal, words.terms_of(rule.signal, rule.terms), seen, window, {})
    return _fire(session, project, case, found, window, at) if found.holds else 0


def _fire(
    session: Session, project: Project, case: _Case, found: Finding, window: Window, at: datetime
) -> int:
    """Decide, once: the unique index refuses a second standing firing."""
    rule = case.rule
    values = {
        "rule_id": rule.id,
        "project_id": project.id,
        "labeller_id": case.labeller,
        "state": "pending",
        "reason": found.reason,
        "told": told.told(rule.signal, rule.action, rule.measure),
        "evidence": _kept(rule, found, window),
        "decided_at": at,
        "takes_effect_at": at + _delay(rule.signal),
        "appeal": "",
        "settled_why": "",
    }
    made = insert(RuleFiring).values(**values).on_conflict_do_nothing().returning(RuleFiring.id)
    number = session.execute(made).scalar_one_or_none()
    if number is None:
        return 0
    told.record(session, session.get_one(RuleFiring, number), "rule_firing.decided")
    return 1


def _kept(rule: Rule, found: Finding, window: Window) -> Mapping[str, Any]:
    """All that is needed to test it again, to carry it out and to explain it."""
    return {
        "signal": rule.signal,
        "terms": rule.terms,
        "action": rule.action,
        "measure": rule.measure,
        "since": window.since,
        "upto": window.upto,
        "ripe": window.ripe,
        "n": found.n,
        **found.evidence,
    }


def _delay(signal: str) -> timedelta:
    """By chance, so that when something happens does not tell which answer was gold."""
    if not words.SIGNAL[signal].betrays:
        return timedelta(0)
    return timedelta(seconds=min(_RNG.expovariate(1 / DELAY_MEAN), DELAY_MOST))
