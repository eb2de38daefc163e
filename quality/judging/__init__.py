"""Judging: what submitted answers are worth, by one path for gold and ordinary work.

A poller reads what was submitted and is not judged yet. Each chunk is one transaction that scores,
settles, opens follow-up work and marks its assignments judged: killed in between, nothing of it
happened; run twice, the second finds nothing. Unique keys stand behind that.
"""

from collections.abc import Sequence

from sqlalchemy import text, update
from sqlalchemy.orm import Session, sessionmaker

from ops import batches, clock_time
from ops.db import transaction
from ops.models import Assignment

CHUNK = 500


def judge(sessions: sessionmaker[Session]) -> int:
    """Judge every submitted answer not judged yet; returns how many.

    Another process that judges at this moment is left to it: then 0.
    """
    total = 0
    while True:
        with transaction(sessions) as session:
            done = _chunk(session, CHUNK)
        total += done
        if done < CHUNK:
            return total


def _chunk(session: Session, limit: int) -> int:
    from quality.judging import answers as read

    if not _mine(session):
        return 0
    ids = read.take_unjudged(session, limit)
    return _judge(session, ids) if ids else 0


def _mine(session: Session) -> bool:
    lock = "SELECT pg_try_advisory_xact_lock(hashtextextended('quality.judge', 0))"
    return bool(session.scalar(text(lock)))


def _judge(session: Session, ids: Sequence[int]) -> int:
    """Judge these answers; returns how many, less those whose task somebody held just then."""
    from quality import assistance, review, trust
    from quality.judging import answers as read
    from quality.judging import decisions, gold_scores
    from quality.judging.consensus import settle
    from quality.judging.refresh import again

    found = read.by_assignment(session, ids)
    touched = gold_scores.score(session, [answer for answer in found if answer.key])
    touched |= decisions.decide(session, found)
    verdicts, moved, held = settle(session, found)
    touched |= moved | decisions.judge_late(session, found)
    review.follow_up(session, verdicts)
    review.cover_gold(session, {(a.batch_id, a.asset_id) for a in found if a.round == 0})
    decisions.review_decided(session, found)
    # One poll later there is another look at what was held.
    judged = sorted(set(ids) - {a.assignment_id for a in found if a.task_id in held})
    session.execute(
        update(Assignment)
        .where(Assignment.id.in_(judged))
        .values(judged_at=clock_time.now())
        .execution_options(synchronize_session=False)
    )
    assistance.compare(session, judged)
    trust.recompute(session, touched)
    for batch_id in sorted({answer.batch_id for answer in found}):
        if batches.note_completion(session, batch_id):
            # The last look: what it leaves in doubt opens the batch again.
            again(session, batch_id)
    return len(judged)
