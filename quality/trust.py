"""Standing: what is believed of a labeller's accuracy in a skill, from all the evidence there is.

An answer counts once, by the best that is known of it: gold before a review before the consensus of
the others. Standing is recomputed from stored evidence, never adjusted, so doing it twice changes
nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC
from functools import cache
from typing import Any

import numpy as np
from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, sessionmaker

from ops import clock_time
from ops.db import transaction
from quality.measures import standing as measure
from quality.measures.standing import BINS
from quality.models import Standing


@cache
def unknown() -> measure.Standing:
    """What is believed of someone of whom nothing is known."""
    return measure.posterior()


def standing(session: Session, labeller_id: int, skill_id: int) -> measure.Standing:
    """Mean, 95 % interval and answers judged `n`; the prior, with n = 0, where there is none."""
    return standings(session, [labeller_id], skill_id)[labeller_id]


def standings(
    session: Session, labeller_ids: Iterable[int], skill_id: int
) -> dict[int, measure.Standing]:
    """The same for several labellers in one query."""
    wanted = list(labeller_ids)
    found = select(Standing).where(Standing.labeller_id.in_(wanted), Standing.skill_id == skill_id)
    known = {row.labeller_id: _view(row) for row in session.scalars(found)}
    return {labeller_id: known.get(labeller_id, unknown()) for labeller_id in wanted}


def _view(row: Standing) -> measure.Standing:
    return measure.Standing(row.mean, row.low, row.high, row.n)


def recompute(session: Session, pairs: Iterable[tuple[int, int]]) -> int:
    """Bring the standing of each (labeller, skill) up to date with the evidence; returns how many.

    The rows are locked, by being changed, before the evidence is read: of two that recompute at
    once, the later sees what the earlier wrote.
    """
    by_skill: dict[int, list[int]] = defaultdict(list)
    for labeller_id, skill_id in sorted(set(pairs)):
        by_skill[skill_id].append(labeller_id)
    for skill_id, labellers in sorted(by_skill.items()):
        _lock(session, labellers, skill_id)
        _recompute_skill(session, labellers, skill_id)
    return sum(map(len, by_skill.values()))


def _lock(session: Session, labellers: Sequence[int], skill_id: int) -> None:
    at, prior = clock_time.now(), unknown()
    first = {"mean": prior.mean, "low": prior.low, "high": prior.high, "updated_at": at}
    rows = [{"labeller_id": who, "skill_id": skill_id, **first} for who in labellers]
    statement = upsert(Standing).values(rows)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Standing.labeller_id, Standing.skill_id], set_={"updated_at": at}
        )
    )


_EVIDENCE = text(
    """
    SELECT labeller_id, kind, least(floor(certainty * :bins), :bins - 1)::int AS bin,
           count(*) AS n, sum(correct) AS correct, sum(certainty) AS certainty,
           min(classes) AS classes
    FROM (
        SELECT DISTINCT ON (assignment_id) labeller_id, kind, correct, certainty, classes
        FROM evidence
        WHERE skill_id = :skill AND labeller_id = ANY(:labellers)
        ORDER BY assignment_id,
                 CASE kind WHEN 'gold' THEN 0 WHEN 'review' THEN 1 ELSE 2 END
    ) best
    GROUP BY 1, 2, 3
    """
)


def _recompute_skill(session: Session, labellers: Sequence[int], skill_id: int) -> None:
    rows = session.execute(
        _EVIDENCE, {"skill": skill_id, "labellers": list(labellers), "bins": BINS}
    ).all()
    tally = _Tally(labellers, rows)
    believed = tally.posteriors()
    changes: list[dict[str, Any]] = [
        {"labeller_id": who, "skill_id": skill_id, **tally.row(i), **believed[i]}
        for i, who in enumerate(labellers)
    ]
    session.execute(update(Standing), changes)


class _Tally:
    """The evidence of some labellers, counted: direct (gold, review) and by bin of certainty."""

    def __init__(self, labellers: Sequence[int], rows: Sequence[Any]):
        size = len(labellers)
        index = {who: i for i, who in enumerate(labellers)}
        self.direct = {kind: np.zeros((size, 2)) for kind in ("gold", "review")}
        self.agreed, self.disagreed = np.zeros((size, BINS)), np.zeros((size, BINS))
        self.classes = np.full(size, 0)
        totals = np.zeros((BINS, 2))
        for row in rows:
            i = index[row.labeller_id]
            if row.kind == "consensus":
                self.agreed[i, row.bin] += row.correct
                self.disagreed[i, row.bin] += row.n - row.correct
                totals[row.bin] += row.n, row.certainty
                # Of projects with different numbers of classes, the fewest: the cautious reading.
                known = self.classes[i] or row.classes
                self.classes[i] = min(known, row.classes)
            else:
                self.direct[row.kind][i] += row.n, row.correct
        middle = (np.arange(BINS) + 0.5) / BINS
        self.q = np.where(totals[:, 0] > 0, totals[:, 1] / np.maximum(totals[:, 0], 1), middle)

    def posteriors(self) -> list[dict[str, float]]:
        found: list[dict[str, float]] = [{} for _ in self.classes]
        n, k = (self.direct["gold"] + self.direct["review"]).T
        classes = np.maximum(self.classes, 2)
        for count in np.unique(classes):
            rows = np.flatnonzero(classes == count)
            solved = measure.posteriors(
                n[rows], k[rows], self.agreed[rows], self.disagreed[rows], self.q, int(count)
            )
            for j, i in enumerate(rows):
                found[i] = {
                    "mean": float(solved.mean[j]),
                    "low": float(solved.low[j]),
                    "high": float(solved.high[j]),
                }
        return found

    def row(self, i: int) -> dict[str, float | int]:
        gold, review = self.direct["gold"][i], self.direct["review"][i]
        return {
            "gold_n": int(gold[0]),
            "gold_correct": float(gold[1]),
            "review_n": int(review[0]),
            "review_correct": float(review[1]),
            "consensus_n": int(self.agreed[i].sum() + self.disagreed[i].sum()),
        }


def publish_daily(sessions: sessionmaker[Session]) -> int:
    """Show labellers their standing as it is now; returns how many rows, 0 if done today (UTC).

    Once a day and for everybody at once: a standing that moved right after an answer would betray
    that the answer was gold.
    """
    now = clock_time.now()
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with transaction(sessions) as session:
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('standing.publish'))"))
        if session.scalar(
            select(Standing.labeller_id).where(Standing.shown_at >= midnight).limit(1)
        ):
            return 0
        shown = (
            update(Standing)
            .values(
                shown_mean=Standing.mean,
                shown_low=Standing.low,
                shown_high=Standing.high,
                shown_n=Standing.n,
                shown_at=now,
            )
            .returning(Standing.labeller_id)
        )
        return len(session.execute(shown).all())
