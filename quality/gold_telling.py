"""What is learnt of gold from the answers to it: how telling it is, and whether it is contended."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from ops.db import transaction
from quality import gold_questioned
from quality.gold_scored import Score, scores_of_project
from quality.models import Gold, GoldScore, GoldVersion

CHUNK = 200
# A change of less than this is not worth writing.
WORTH_WRITING = 0.01

_learnt: dict[tuple[str, int], int] = {}


def learn(sessions: sessionmaker[Session]) -> int:
    """Learn from projects whose gold was answered since the last time; returns gold that changed.

    Both what is telling and what is contended follow from stored scores alone: twice is once.
    """
    newest = (
        select(Gold.project_id, func.max(GoldScore.id))
        .join(GoldVersion, GoldVersion.gold_id == Gold.id)
        .join(GoldScore, GoldScore.gold_version_id == GoldVersion.id)
        .group_by(Gold.project_id)
    )
    with transaction(sessions) as session:
        url = str(session.get_bind().engine.url)
        found = session.execute(newest).all()
    changed = 0
    for project_id, last in found:
        if _learnt.get((url, project_id)) != last:
            changed += of_project(sessions, project_id)
            _learnt[url, project_id] = last
    return changed


def of_project(sessions: sessionmaker[Session], project_id: int) -> int:
    """Learn from all answers to the gold of one project; returns gold that changed."""
    with transaction(sessions) as session:
        scores = scores_of_project(session, project_id)
        questioned = gold_questioned.question(session, project_id, scores)
        rows = _telling(session, scores)
    for start in range(0, len(rows), CHUNK):
        # A few at a time: gold that is locked here is passed over by whoever chooses.
        with transaction(sessions) as session:
            session.execute(update(Gold), rows[start : start + CHUNK])
    return questioned + len(rows)


def _telling(session: Session, scores: Sequence[Score]) -> list[dict[str, Any]]:
    """What to write of each gold whose numbers moved."""
    import numpy as np

    from quality.measures import items

    if not scores:
        return []
    codes, item = np.unique([score.gold_id for score in scores], return_inverse=True)
    credit = np.array([score.credit for score in scores])
    able = items.ability([s.mean for s in scores], [s.n for s in scores], credit)
    found = items.analyse(item, able, credit, len(codes))
    ids = [int(code) for code in codes]
    known = {g.id: g for g in session.scalars(select(Gold).where(Gold.id.in_(ids)))}
    rows: list[dict[str, Any]] = []
    for i, gold_id in enumerate(ids):
        hard, slope, n = found.difficulty[i], found.discrimination[i], found.n[i]
        if _moved(known[gold_id], float(hard), float(slope), int(n)):
            told = {"difficulty": float(hard), "discrimination": float(slope)}
            rows.append({"id": gold_id, **told, "answers_n": int(n)})
    return rows


def _moved(before: Gold, hard: float, slope: float, n: int) -> bool:
    if before.difficulty is None or before.discrimination is None or before.answers_n != n:
        return True
    return abs(before.difficulty - hard) + abs(before.discrimination - slope) > WORTH_WRITING
