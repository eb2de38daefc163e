"""The API for handing out by name: who holds what, reserve, assign, recall, reassign."""

from typing import Any

from ops import batches, clock_time
from ops.errors import InvalidInput, NotFound
from ops.models import Project, User
from ops.web.identity import db, user
from scheduling import held, push
from scheduling.outcome import Outcome
from scheduling.projects import api_push_messages as messages
from scheduling.projects.api import blueprint, mine
from scheduling.selection import Next, Ticked

PER_PAGE = 100


@blueprint.get("/projects/<int:project_id>/held")
@blueprint.input(messages.HeldQuery, location="query", arg_name="asked")
@blueprint.output(messages.HeldOut)
def list_held(project_id: int, asked: messages.HeldQuery) -> dict[str, Any]:
    """List who holds what

    Live leases and reservations in the order of their ids, 100 a page.
    """
    chosen = held.Filter(asked.labeller, asked.batch, asked.state)
    found = held.rows(
        db(),
        mine(project_id).id,
        chosen,
        clock_time.now(),
        after=asked.after or 0,
        limit=PER_PAGE + 1,
    )
    more = len(found) > PER_PAGE
    return {
        "held": [_held(row) for row in found[:PER_PAGE]],
        "next_after": found[PER_PAGE - 1].id if more else None,
    }


def _held(row: Any) -> dict[str, Any]:
    return {
        "assignment": row.id,
        "state": row.state,
        "labeller": row.labeller_id,
        "asset": row.asset,
        "external_id": row.external_id,
        "batch": row.batch_id,
        "stage": row.stage,
        "since": row.since,
        "until": row.until,
        "opened": row.shown,
        "gold": row.gold,
    }


@blueprint.post("/projects/<int:project_id>/reservations")
@blueprint.input(messages.ReserveIn, arg_name="asked")
@blueprint.output(messages.OutcomeOut)
def reserve_work(project_id: int, asked: messages.ReserveIn) -> dict[str, Any]:
    """Reserve work for a labeller

    It comes out first when they ask. What they may not have is left and counted in `refused`.
    """
    project = mine(project_id)
    return _outcome(
        push.reserve(
            db(),
            project,
            _person(asked.labeller, "labeller"),
            _chosen(project, asked),
            by=user(),
            hours=asked.hours,
            tell=asked.tell,
        )
    )


def _chosen(project: Project, asked: messages.ReserveIn) -> Ticked | Next:
    if asked.next is None:
        return Ticked(asked.assets or [], asked.stage)
    for one in asked.next.batches:
        _check_batch(project, one)
    return Next(**asked.next.model_dump())


def _check_batch(project: Project, batch_id: int) -> None:
    try:
        if batches.find(db(), user(), batch_id).project_id == project.id:
            return
    except NotFound:
        pass
    raise InvalidInput("there is no such batch in this project", field="next.batches")


def _person(user_id: int, field: str) -> User:
    found = db().get(User, user_id)
    if found is None:
        raise InvalidInput("choose a member of this project", field=field)
    return found


def _outcome(done: Outcome) -> dict[str, Any]:
    return {
        "act": done.act,
        "n": done.n,
        "assignments": list(done.assignments),
        "until": done.until,
        "refused": [{"reason": x.name, "n": x.n, "words": x.words} for x in done.refused],
        "words": done.words(),
    }


@blueprint.post("/projects/<int:project_id>/recalls")
@blueprint.input(messages.RecallIn, arg_name="asked")
@blueprint.output(messages.OutcomeOut)
def recall_work(project_id: int, asked: messages.RecallIn) -> dict[str, Any]:
    """Recall leases and reservations

    What is still handed in of them is kept as surplus.
    """
    project = mine(project_id)
    found = _which(project, asked)
    return _outcome(push.recall(db(), project, found, by=user()))


def _which(project: Project, asked: messages.RecallIn | messages.ReassignIn) -> list[int]:
    if asked.assignments is not None:
        return asked.assignments
    holder = _person(asked.labeller or 0, "labeller")
    found = push.held_by(db(), project, holder, list(asked.states))
    if not found:
        raise InvalidInput("they hold nothing here in these states", field="labeller")
    return found


@blueprint.post("/projects/<int:project_id>/reassignments")
@blueprint.input(messages.ReassignIn, arg_name="asked")
@blueprint.output(messages.OutcomeOut)
def reassign_work(project_id: int, asked: messages.ReassignIn) -> dict[str, Any]:
    """Reassign work to another labeller

    Recalled from whoever holds it and reserved for `to`, in one go.
    """
    project = mine(project_id)
    found, to = _which(project, asked), _person(asked.to, "to")
    done = push.reassign(db(), project, found, to, by=user(), hours=asked.hours, tell=asked.tell)
    return _outcome(done)
