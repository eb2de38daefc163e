"""Sent back: rework by the author, another look at it, an expert where the two do not agree.

A label goes back once. Who stands by it, or sends it back a second time, calls for an expert: there
is no ping-pong.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ops import clock_time, lanes, reserving
from ops.models import Batch, Project, ProjectMember, Task, User
from ops.projects import settings_of
from quality import adjudication, review_tasks
from quality.judging.answers import Answer

# Who gave the answers that the label in force rests on: those of the newest labelling task.
_AUTHORS = text(
    """
    SELECT task.asset_id, task.round, array_agg(assignment.labeller_id ORDER BY assignment.id)
    FROM (
        SELECT DISTINCT ON (asset_id) id, asset_id, round FROM task
        WHERE asset_id = ANY(:assets) AND stage IN ('label', 'rework') AND round > 0 AND n_done > 0
        ORDER BY asset_id, round DESC, id DESC
    ) task
    JOIN assignment ON assignment.task_id = task.id AND assignment.state = 'submitted'
         AND NOT assignment.surplus
    GROUP BY task.asset_id, task.round
    """
)


def send_back(session: Session, returned: Sequence[Answer]) -> int:
    """What came of reviews that sent a label back; returns how many tasks were opened for it.

    Rework, kept for the author. Where the label rests on several answers, or was sent back before,
    an expert decides.
    """
    by_batch: dict[int, set[int]] = defaultdict(set)
    for answer in returned:
        by_batch[answer.batch_id].add(answer.asset_id)
    opened = 0
    for batch_id, assets in sorted(by_batch.items()):
        batch = session.get_one(Batch, batch_id)
        if batch.state != "delivered":
            opened += return_to_author(session, batch, assets)
    return opened


def return_to_author(session: Session, batch: Batch, assets: set[int]) -> int:
    """Open the rework of these labels, or call for an expert; returns how many tasks were opened.

    An expert decides where a label rests on several answers, or was sent back before.
    """
    before = select(Task.asset_id).where(Task.asset_id.in_(assets), Task.stage == "rework")
    contested = set(session.scalars(before))
    rows = session.execute(_AUTHORS, {"assets": sorted(assets)})
    authors = {asset: (last, who[0]) for asset, last, who in rows if len(who) == 1}
    contested |= assets - authors.keys()
    opened = adjudication.once_more(session, batch, contested) if contested else 0
    by_author: dict[tuple[int, int], list[int]] = defaultdict(list)
    for asset in sorted(assets - contested):
        last, who = authors[asset]
        by_author[who, last + 1].append(asset)
    for (who, number), some in sorted(by_author.items()):
        opened += _open(session, batch, some, who, number)
    return opened


def _open(session: Session, batch: Batch, assets: list[int], author: int, number: int) -> int:
    lane = lanes.lane_for(session, batch, "rework")
    tasks = lanes.open_tasks(session, lane, assets, wanted=1, round=number)
    if _works_here(session, batch.project_id, author):
        at = clock_time.now()
        hours = settings_of(session.get_one(Project, batch.project_id)).reserve_hours
        reserving.reserve(session, tasks, author, at + timedelta(hours=hours), at)
    return len(tasks)


def _works_here(session: Session, project_id: int, labeller_id: int) -> bool:
    # Kept for somebody who does not come, it would only wait.
    found = (
        select(ProjectMember.user_id)
        .join(User, User.id == ProjectMember.user_id)
        .where(
            ProjectMember.project_id == project_id,
            ProjectMember.user_id == labeller_id,
            ProjectMember.suspended_at.is_(None),
            User.active,
        )
    )
    return session.scalar(found) is not None


def follow_up(session: Session, batch: Batch, answers: Iterable[Answer]) -> int:
    """After rework: an expert where the author stands by the label, else the same layer once more.

    Returns for how many assets. What was followed up already is left alone.
    """
    fresh = _not_followed(session, {answer.asset_id: answer for answer in answers})
    stands = {a.asset_id for a in fresh if a.verdict == "stand"}
    if stands:
        adjudication.once_more(session, batch, stands)
    by_layer: dict[int, set[int]] = defaultdict(set)
    layers = _layers(session, [a.task_id for a in fresh if a.asset_id not in stands])
    for answer in fresh:
        if answer.asset_id not in stands:
            by_layer[layers.get(answer.task_id, 1)].add(answer.asset_id)
    for layer, assets in sorted(by_layer.items()):
        review_tasks.ask(session, batch, assets, layer=layer, reason="rework")
    return len(fresh)


def _not_followed(session: Session, answers: dict[int, Answer]) -> list[Answer]:
    later = session.execute(
        select(Task.asset_id, Task.id).where(
            Task.asset_id.in_(answers), Task.stage.in_(("review", "adjudicate"))
        )
    )
    followed = {asset for asset, task in later if task > answers[asset].task_id}
    return [answer for asset, answer in sorted(answers.items()) if asset not in followed]


# The review that sent it back is the last one before the rework.
_LAYERS = text(
    """
    SELECT rework.id, before.kind FROM task rework
    JOIN LATERAL (
        SELECT lane.kind FROM task review JOIN lane ON lane.id = review.lane_id
        WHERE review.asset_id = rework.asset_id AND review.stage = 'review' AND review.n_done > 0
          AND review.id < rework.id ORDER BY review.id DESC LIMIT 1
    ) before ON true
    WHERE rework.id = ANY(:tasks)
    """
)


def _layers(session: Session, task_ids: Collection[int]) -> dict[int, int]:
    rows = session.execute(_LAYERS, {"tasks": list(task_ids)})
    return {task: review_tasks.LAYER_OF.get(kind, 1) for task, kind in rows}


def opened_after(session: Session, answer: Answer) -> bool:
    """Whether rework was asked for since the task of this answer was opened."""
    found = select(Task.id).where(
        Task.asset_id == answer.asset_id, Task.stage == "rework", Task.id > answer.task_id
    )
    return session.scalar(found.limit(1)) is not None
