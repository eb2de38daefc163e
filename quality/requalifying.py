"""Certificates whose holder's standing fell: they run out early, and may be earned anew.

Once a day, by the standing that was shown that day. Its upper bound has to lie below what the skill
asks, and so that nobody loses a certificate by chance, the answers judged since it was granted have
to say so too, by a test that may be looked at every day: somebody who is right as often as the
skill asks, or more often, *ever* loses a certificate to it with a chance of at most `ERROR` (see
`quality.measures.sequential`). What was judged before a certificate was earned anew does not count
against it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import select, text
from sqlalchemy.orm import Session, contains_eager, sessionmaker

from ops import certificates, certificates_ending, clock_time
from ops.db import transaction
from ops.models import Certificate, Skill, User
from quality.measures import sequential
from quality.models import Standing

# The chance at most that somebody who meets the bar ever loses a certificate to this test.
ERROR = 0.01
# Fewer answers judged since it was granted decide nothing.
LEAST = 20
# What it is wagered on that they are right less often: from guessing to just below the bar.
BAD = ((0.0, 0.2), (0.4, 0.2), (0.7, 0.3), (0.9, 0.3))

# The best that is known of each answer, in the order in which it was first known. Reviews of what
# looked wrong are left out: they would count a good labeller's hard answers against them.
_SINCE = text(
    """
    SELECT correct, certainty, classes FROM (
        SELECT DISTINCT ON (found.assignment_id) found.correct, found.certainty, found.classes,
               min(found.id) OVER (PARTITION BY found.assignment_id) AS first
        FROM evidence found
        JOIN assignment ON assignment.id = found.assignment_id
        WHERE found.labeller_id = :labeller AND found.skill_id = :skill AND found.classes > 1
          AND assignment.ended_at > :since
          AND (found.kind <> 'review' OR EXISTS (
              SELECT FROM task WHERE task.id = assignment.task_id AND (
                  EXISTS (SELECT FROM review_sample drawn WHERE drawn.asset_id = task.asset_id)
                  OR EXISTS (
                      SELECT FROM task review JOIN review_draw drawn ON drawn.task_id = review.id
                      WHERE review.asset_id = task.asset_id AND review.stage = 'review'
                        AND drawn.reason IN ('standing', 'restricted', 'nesting')))))
        ORDER BY found.assignment_id,
                 CASE found.kind WHEN 'gold' THEN 0 WHEN 'review' THEN 1 ELSE 2 END
    ) best ORDER BY first
    """
)


class Verdict(NamedTuple):
    """What the answers judged since a certificate was granted say: `n` of them, `wrong` of these,
    and whether their holder is surely right less often than asked."""

    n: int
    wrong: float
    below: bool


def look(sessions: sessionmaker[Session]) -> int:
    """Shorten the certificates of those who are surely right less often than a skill asks.

    Returns how many. Run twice a day it finds nothing the second time.
    """
    now = clock_time.now()
    with transaction(sessions) as session:
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('certificates.standing'))"))
        fallen = 0
        for certificate, standing in _doubtful(session, now):
            verdict = judged(session, certificate)
            if verdict.below:
                _shorten(session, certificate, standing, verdict, now)
                fallen += 1
        if fallen:
            many = "1 certificate" if fallen == 1 else f"{fallen} certificates"
            words = f"{many} will run out early: the standing of their holders fell."
            key = f"certificates:fallen:{now:%Y-%m-%d}"
            certificates_ending.tell_managers(session, key, words)
        return fallen


def _doubtful(session: Session, now: datetime) -> Sequence[Any]:
    """Certificates that last longer than requalifying takes, of holders below the bar as shown."""
    found = (
        select(Certificate, Standing)
        .join(Certificate.skill)
        .options(contains_eager(Certificate.skill))
        .join(User, User.id == Certificate.user_id)
        .join(
            Standing,
            (Standing.labeller_id == Certificate.user_id)
            & (Standing.skill_id == Certificate.skill_id),
        )
        .where(
            User.active,
            Certificate.revoked_at.is_(None),
            Certificate.valid_until > now,
            Standing.shown_high < Skill.requalify_below,
            Standing.shown_n >= LEAST,
        )
        .order_by(Certificate.id)
    )
    rows = session.execute(found).all()
    return [row for row in rows if row[0].valid_until > now + _days(row[0].skill)]


def _days(skill: Skill) -> timedelta:
    return timedelta(days=skill.requalify_days)


def judged(session: Session, certificate: Certificate) -> Verdict:
    """What is known of the holder's answers in the skill since the certificate was granted."""
    values = {
        "labeller": certificate.user_id,
        "skill": certificate.skill_id,
        "since": certificate.granted_at,
    }
    rows = session.execute(_SINCE, values).all()
    right, certainty, classes = (np.array([row[i] for row in rows], float) for i in range(3))
    bar = certificate.skill.requalify_below
    return verdict(right, certainty, classes, bar)


def verdict(right: Any, certainty: Any, classes: Any, bar: float | None) -> Verdict:
    """Whether answers (n,), in the order given, surely are right less often than `bar`."""
    n, wrong = len(right), float(np.sum(1 - np.asarray(right, float)))
    # A bar that guessing reaches says nothing of anybody.
    if bar is None or n < LEAST or bar <= 1 / np.min(classes):
        return Verdict(n, wrong, False)
    terms = sequential.Terms(good=bar, alpha=ERROR, bad=BAD)
    trail = sequential.against(right, certainty, classes, terms)
    return Verdict(n, wrong, trail.stopped_at is not None)


def _shorten(
    session: Session, certificate: Certificate, standing: Standing, verdict: Verdict, now: datetime
) -> None:
    skill = certificate.skill
    bar, until = skill.requalify_below or 0.0, now + _days(skill)
    low, high = standing.shown_low or 0.0, standing.shown_high or 0.0
    reason = (
        f"Right in {100 * low:.0f}–{100 * high:.0f} % of answers, where {100 * bar:.0f} % are "
        f"asked: of {verdict.n} judged since it was granted {verdict.wrong:.3g} were wrong. "
        f"Somebody who meets what is asked ever loses a certificate by this with a chance of at "
        f"most {100 * ERROR:.0f} %."
    )
    evidence = {
        "low": round(low, 4),
        "high": round(high, 4),
        "asked": bar,
        "judged": verdict.n,
        "wrong": round(verdict.wrong, 3),
    }
    certificates.shorten(session, certificate, until=until, reason=reason, by=None, **evidence)
    words = (
        f"Your certificate in {skill.name}, level {certificate.level}, now runs out on "
        f"{until:%Y-%m-%d}: your judged answers stay below what it asks. Where an assessment is "
        "offered, you may take it again now to keep it."
    )
    certificates_ending.tell_holder(session, certificate, words)
