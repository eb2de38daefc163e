"""The API for why: every condition between a labeller and a task, and what they would get next."""

from typing import Any

from ops import clock_time
from ops.errors import InvalidInput, NotFound
from ops.models import Asset, Project, ProjectMember, User
from ops.web.identity import db
from scheduling import explain, explain_next
from scheduling.projects import api_push_messages as messages
from scheduling.projects.api import blueprint, mine


@blueprint.get("/projects/<int:project_id>/why")
@blueprint.input(messages.WhyQuery, location="query", arg_name="asked")
@blueprint.output(messages.WhyOut)
def explain_work(project_id: int, asked: messages.WhyQuery) -> dict[str, Any]:
    """Explain why a labeller gets an asset, or does not

    Every condition with whether it holds, in words; without an asset, what they would get next.
    """
    project, at = mine(project_id), clock_time.now()
    labeller = _member(project, asked.labeller)
    if asked.asset is None:
        found = explain_next.of_project(db(), labeller, project, at)
        return {"labeller": labeller.id, "asset": None, "tasks": [], "next": _next(found)}
    asset = _asset(project, asked.asset)
    tasks = [_task(one) for one in explain.of_asset(db(), labeller, asset, at)]
    return {"labeller": labeller.id, "asset": asset.id, "tasks": tasks, "next": None}


def _member(project: Project, user_id: int | None) -> User:
    if user_id is None or db().get(ProjectMember, (project.id, user_id)) is None:
        raise InvalidInput("choose a member of this project", field="labeller")
    return db().get_one(User, user_id)


def _asset(project: Project, asset_id: int) -> Asset:
    found = db().get(Asset, asset_id)
    if found is None or found.project_id != project.id:
        raise NotFound("There is no such asset in this project.")
    return found


def _task(one: explain.TaskWhy) -> dict[str, Any]:
    return {
        "stage": one.task.stage,
        "round": one.task.round,
        "gold": one.task.round == 0,
        "wanted": one.task.wanted,
        "done": one.task.n_done,
        "on_the_way": one.task.n_leased,
        "words": one.verdict,
        "conditions": [vars(c) for c in one.conditions],
        "holders": [
            {"labeller": h.labeller_id, "state": h.state, "since": h.since, "until": h.until}
            for h in one.holders
        ],
        "place": vars(one.place) if one.place else None,
    }


def _next(found: explain_next.NextWhy) -> dict[str, Any]:
    return {
        "words": list(found.words),
        "leased": len(found.leased),
        "reserved": len(found.reserved),
        "assets": [row.asset_id for row in found.first],
        "lanes": [
            {
                "batch": one.lane.batch,
                "stage": one.lane.stage,
                "kind": one.lane.kind,
                "new_to_them": one.n,
                "rank": one.rank,
                "because": one.because,
                "failing": list(one.failing),
            }
            for one in found.lanes
        ],
    }
