"""Reviews of gold: it is shown to a reviewer as work is, and drawn with the same chance.

Labels that are never reviewed would betray themselves to whoever sees the reviews. So the first
answers to gold, as many as work beside it gets, stand for the answers of one asset: they are drawn,
counted and shown in a review like any others, under the label that they come to.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ops.labels import CHOICES
from ops.models import Project
from quality.judging import answers as read
from quality.judging import beside, merged
from quality.judging.answers import Answer

# How many answers work beside the gold gets: those that the task before it in its lane wants.
_AS_MANY = text(
    """
    SELECT gold.asset_id, coalesce(
        (SELECT t.wanted FROM task t WHERE t.lane_id = gold.lane_id AND t.id < gold.id
           AND t.round > 0 AND t.wanted > 0 ORDER BY t.id DESC LIMIT 1),
        (SELECT t.wanted FROM task t WHERE t.lane_id = gold.lane_id AND t.id > gold.id
           AND t.round > 0 AND t.wanted > 0 ORDER BY t.id LIMIT 1), 1)
    FROM task gold WHERE gold.asset_id = ANY(:assets) AND gold.stage = 'label' AND gold.round = 0
    """
)


def shown(session: Session, asset_ids: Collection[int]) -> dict[int, list[Answer]]:
    """Asset id → the answers to gold that stand for those of one asset; fewer at the beginning."""
    given: dict[int, list[Answer]] = defaultdict(list)
    for answer in read.labels_of(session, sorted(asset_ids)):
        if answer.round == 0:
            given[answer.asset_id].append(answer)
    as_many = _as_many(session, list(given))
    return {asset: answers[: as_many[asset]] for asset, answers in given.items()}


def complete(session: Session, asset_ids: Collection[int]) -> list[list[Answer]]:
    """The same, as groups, for those that have as many as work gets."""
    found = shown(session, asset_ids)
    as_many = _as_many(session, list(found))
    return [group for asset, group in sorted(found.items()) if len(group) == as_many[asset]]


def label_of(answers: Collection[Answer]) -> str:
    """The key most of the answers gave; among several, that which was given first."""
    return Counter(answer.key for answer in answers).most_common(1)[0][0]


def content_of(session: Session, answers: Sequence[Answer]) -> dict[str, Any]:
    """The label that these answers to one asset come to, as a consensus of work would."""
    first = answers[0]
    if first.label_type in CHOICES:
        return beside.with_the_rest(answers, label_of(answers))
    project = session.get_one(Project, first.project_id)
    return merged.judge_groups(session, project, [list(answers)])[0].label


def come_to(session: Session, asset_id: int) -> dict[str, Any] | None:
    """What the answers to gold that a review shows come to, as a consensus would; None of work.

    The answers to work are made a label of as well, so that how long it takes tells nothing.
    """
    every = read.labels_of(session, [asset_id])
    gold = [answer for answer in every if answer.round == 0]
    as_many = _as_many(session, [asset_id]).get(asset_id, 1)
    newest = max((answer.round for answer in every), default=0)
    heard = gold[:as_many] or [answer for answer in every if answer.round == newest]
    label = content_of(session, heard) if heard else None
    return label if gold else None


def _as_many(session: Session, asset_ids: Collection[int]) -> dict[int, int]:
    rows = session.execute(_AS_MANY, {"assets": list(asset_ids)}).all()
    return {row[0]: row[1] for row in rows}
