"""How far apart gold goes out, and which is next: settled ahead, so that handing it out is quick.

Choosing gold takes a while, and who measured how long `next` takes would know it by that. So the
next gold and the gap after it are settled before it is due, and `claim_sql` hands it out through
the statement that hands out work. The desk settles when its answer is out (`settle_owed`), where
nobody waits for it. Without a desk it is done at some claim before, each being as likely (see
`policy.settle_chance`).
"""

import json
import random
from functools import lru_cache

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from ops.db import transaction
from ops.project_settings import GoldSettings, NestingTerms
from quality.gold_choice import PICKED, drawing
from quality.models.standing import SUPPORT
from scheduling import policy, sql
from scheduling.claim_answer import Answer, Owing

log = structlog.get_logger()

# Not seeded: forked web workers must not draw the same gaps.
_RNG = random.SystemRandom()

_LOCK_DESK = "SELECT FROM desk WHERE labeller_id = %(me)s FOR UPDATE"
_PACE = """
    SELECT until_next, gold_id FROM gold_pace
    WHERE labeller_id = %(me)s AND project_id = %(project)s"""
# Terms, standing and the choice in one statement, because settling may be on the way of a claim.
_CHOSEN = sql.short(f"""
    SELECT (p.settings -> 'gold')::text AS terms, standing.low, coalesce({SUPPORT}, 0) AS n,
           CASE WHEN m.nesting_since IS NOT NULL THEN (p.settings -> 'nesting')::text END
               AS nesting,
           {PICKED} AS gold
    FROM project p
    LEFT JOIN standing ON standing.skill_id = p.skill_id AND standing.labeller_id = %(labeller)s
    LEFT JOIN project_member m ON m.project_id = p.id AND m.user_id = %(labeller)s
    WHERE p.id = %(project)s""")
_SET = """
    INSERT INTO gold_pace AS g (labeller_id, project_id, until_next, gold_id, gap_after)
    VALUES (%(me)s, %(project)s, %(until_next)s, %(gold)s, %(gap_after)s)
    ON CONFLICT (labeller_id, project_id) DO UPDATE
    SET until_next = excluded.until_next, gold_id = excluded.gold_id,
        gap_after = excluded.gap_after"""


# What could not be given at its moment, retired or met meanwhile, was no exposure.
_GIVE_BACK = """
    WITH given AS (
        UPDATE gold SET exposures = exposures - 1 WHERE id = %(gold)s RETURNING class_key)
    UPDATE gold_seen s SET n = s.n - 1 FROM given
    WHERE s.labeller_id = %(me)s AND s.project_id = %(project)s AND s.class_key = given.class_key"""


def give_back(session: Session, me: int, project_id: int, gold_id: int) -> None:
    """Count gold that was settled, and in whose place work went out, as not handed out."""
    sql.run(session, _GIVE_BACK, me=me, project=project_id, gold=gold_id)


def owed(new: Answer) -> Owing | None:
    """The lane for which the next gold is to be settled, now that `new` was handed out; or None."""
    unsettled = new.gold_id is None and (new.until_next == 0 or new.due is not None)
    return new.lane if new.until_next is None or unsettled else None


def settle_owed(sessions: sessionmaker[Session], me: int, lane: Owing) -> None:
    """Settle the next gold in a transaction of its own, unless that was done meanwhile.

    A failure is logged: the claim at which gold would be due owes it again.
    """
    try:
        with transaction(sessions) as session:
            sql.row(session, _LOCK_DESK, me=me)
            pace = sql.row(session, _PACE, me=me, project=lane.project_id)
            if pace is None or pace.gold_id is None:
                _settle(session, me, lane, until_next=pace.until_next if pace else None)
    except SQLAlchemyError as error:
        log.error("the next gold was not settled", error=type(error).__name__)


def settle_due(session: Session, me: int, lane: Owing) -> None:
    """Settle gold that is due at once."""
    _settle(session, me, lane, until_next=0)


def settle_next(session: Session, me: int, new: Answer) -> None:
    """Perhaps settle the next gold, after `new` was handed out."""
    if new.until_next is None:
        _settle(session, me, new.lane, until_next=None)
    elif new.gold_id is None and _RNG.random() < policy.settle_chance(new.until_next):
        _settle(session, me, new.lane, until_next=new.until_next)


def _settle(session: Session, me: int, lane: Owing, *, until_next: int | None) -> None:
    """Choose gold and draw the gap after it; without any, the next try comes after such a gap.

    `until_next` claims pass before it; None: that many are drawn too.
    """
    found = sql.row(session, _CHOSEN, **drawing(me, lane.project_id, lane.batch_id))
    assert found is not None
    nested = _nested(found.nesting)
    rate = policy.gold_rate(found.low or 0.0, found.n, _terms(found.terms), nested)
    chosen = found.gold
    gap, again = (policy.next_gap(rate, _RNG) for _ in range(2))
    wait = gap - 1 if until_next is None or (chosen is None and until_next == 0) else until_next
    sql.run(
        session,
        _SET,
        me=me,
        project=lane.project_id,
        until_next=wait,
        gold=chosen,
        gap_after=None if chosen is None else again,
    )


@lru_cache(maxsize=1000)
def _terms(stored: str | None) -> GoldSettings:
    return GoldSettings.model_validate(json.loads(stored) if stored else {})


@lru_cache(maxsize=1000)
def _nested(stored: str | None) -> float:
    """The least share of gold for somebody who is nested under these terms."""
    terms = NestingTerms.model_validate(json.loads(stored) if stored else {})
    return terms.gold_rate if terms.on else 0.0
