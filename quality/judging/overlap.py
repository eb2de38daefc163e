"""Dynamic overlap: what the answers so far leave in doubt gets one more, up to the maximum."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from ops import clock_time, lanes, projects, workforce
from ops.models import Batch, Lane, Project, Task
from quality.measures.overlap import one_more

if TYPE_CHECKING:
    from quality.judging.verdict import Verdict


class Asked(NamedTuple):
    """Ids of tasks: those that wait for an answer now, and those that somebody held just then."""

    waiting: set[int]
    held: set[int]


def ask_more(session: Session, verdicts: Sequence["Verdict"]) -> Asked:
    """Ask one more answer of every task whose verdict is not sure enough yet.

    Not where the maximum is reached, and not where nobody is left to give one: an expert decides.
    """
    by_project: dict[int, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        if verdict.first.stage == "label":
            by_project[verdict.first.project_id].append(verdict)
    unsure: list[int] = []
    for project_id, some in sorted(by_project.items()):
        project = session.get_one(Project, project_id)
        unsure += with_somebody_left(session, project, _unsure(project, some))
    counts = {v.first.task_id: len(v.answers) for v in verdicts}
    asked = sorted(unsure)
    seen = [counts[task_id] for task_id in asked]
    raised = lanes.want_more(session, asked, seen=seen, wait=False)
    _to_experts(session, [v for v in verdicts if v.first.task_id in raised])
    full = Task.id.in_(set(unsure) - raised) & (Task.n_done >= Task.wanted)
    held = set(session.scalars(select(Task.id).where(full)))
    return Asked(set(unsure) - held, held)


def _to_experts(session: Session, verdicts: Sequence["Verdict"]) -> None:
    """Tasks that half the most answers left in doubt go to experts, where there are any for them.

    Only when they come to that point: what experts give back later is everybody's.
    """
    by_batch: dict[int, list[int]] = defaultdict(list)
    for verdict in verdicts:
        by_batch[verdict.first.batch_id].append(verdict.first.task_id)
    counts = {v.first.task_id: len(v.answers) for v in verdicts}
    for batch_id, task_ids in sorted(by_batch.items()):
        batch = session.get_one(Batch, batch_id)
        project = session.get_one(Project, batch.project_id)
        many = projects.settings_of(project).many_answers
        telling = [task_id for task_id in task_ids if counts[task_id] == many]
        people = workforce.experts(session, project) if telling else ()
        sent = workforce.somebody_left(session, telling, people)
        if sent:
            lane = lanes.lane_for(session, batch, "label", "hard")
            # They are marked as returned, which is found wherever cursors stand.
            session.execute(update(Task).where(Task.id.in_(sent)).values(lane_id=lane.id))


def _unsure(project: Project, verdicts: Sequence["Verdict"]) -> list[int]:
    terms = projects.settings_of(project).overlap
    if terms.kind != "dynamic":
        return []
    return [
        v.first.task_id
        for v in verdicts
        if one_more(v.probability, len(v.answers), terms.minimum, terms.maximum, terms.target)
    ]


def with_somebody_left(session: Session, project: Project, task_ids: Sequence[int]) -> list[int]:
    """Those of the project's tasks that a member could still answer who has not yet."""
    if not task_ids:
        return []
    by_lane: dict[int, list[int]] = defaultdict(list)
    rows = select(Task.lane_id, Task.id).where(Task.id.in_(task_ids))
    for lane_id, task_id in session.execute(rows):
        by_lane[lane_id].append(task_id)
    found: set[int] = set()
    for lane_id, ids in by_lane.items():
        lane, at = session.get_one(Lane, lane_id), clock_time.now()
        people = workforce.able(session, project, lane.requirements, at, kind=lane.kind)
        found |= workforce.somebody_left(session, ids, people)
    return sorted(found)


# Asked for more than the minimum, and neither held nor waiting to be judged.
_WAITING = text(
    """
    SELECT task.id FROM task JOIN lane ON lane.id = task.lane_id
    WHERE lane.batch_id = :batch AND task.stage = 'label' AND task.round > 0 AND task.open
      AND task.n_leased = 0 AND task.n_done >= :minimum
    ORDER BY task.id LIMIT 10000
    """
)
_CLOSE = text(
    """
    WITH held AS MATERIALIZED (
        SELECT id FROM task WHERE id = ANY(:tasks) AND n_leased = 0 AND n_done >= :minimum
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE task SET wanted = n_done FROM held WHERE task.id = held.id
    """
)


def give_up(session: Session, batch: Batch) -> None:
    """Close dynamic tasks that nobody is left to answer: their people went after they were asked.

    The caller holds the batch. They are then full without a consensus, which is concluded from the
    answers that there are.
    """
    project = session.get_one(Project, batch.project_id)
    terms = projects.settings_of(project).overlap
    if terms.kind != "dynamic":
        return
    asked = {"batch": batch.id, "minimum": terms.minimum}
    waiting = list(session.scalars(_WAITING, asked))
    lost = sorted(set(waiting) - set(with_somebody_left(session, project, waiting)))
    if lost:
        session.execute(_CLOSE, {"tasks": lost, "minimum": terms.minimum})
