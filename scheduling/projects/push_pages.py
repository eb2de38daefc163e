"""Handing out by name: who holds what, kept for somebody, taken back, given to another."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for

from ops import clock_time, projects
from ops.errors import InvalidInput
from ops.models import Project
from ops.web.identity import db, user
from scheduling import held, push
from scheduling.eligibility import DESK_STAGES
from scheduling.outcome import Outcome
from scheduling.projects import push_forms as forms
from scheduling.projects import reads
from scheduling.projects.blueprint import blueprint, page, project_of
from scheduling.projects.people_pages import STAGE_WORDS
from scheduling.selection import MOST, Next, Ticked

PER_PAGE = 100


@blueprint.get("/projects/<int:project_id>/hand-out")
def hand_out(project_id: int) -> Any:
    """Who holds what right now, and the form that keeps work for somebody."""
    return _page(project_of(project_id), _filter(request.args))


def _filter(values: Any) -> held.Filter:
    state = values.get("state")
    return held.Filter(
        labeller=forms.whole(values.get("of")),
        batch=forms.whole(values.get("in")),
        state=state if state in ("leased", "reserved") else None,
    )


def _page(project: Project, chosen: held.Filter, errors: list[dict[str, Any]] | None = None) -> Any:
    at = clock_time.now()
    after = forms.whole(request.args.get("after")) or 0
    found = held.rows(db(), project.id, chosen, at, after=after, limit=PER_PAGE + 1)
    summary = held.per_labeller(db(), project.id, chosen, at)
    batches, workers = reads.batches_of(db(), [project.id]), forms.workers(project)
    return page(
        "hand_out.html",
        project,
        "hand_out",
        422 if errors else 200,
        summary=summary,
        total=sum(one.leased + one.reserved for one in summary),
        rows=found[:PER_PAGE],
        next_after=found[PER_PAGE - 1].id if len(found) > PER_PAGE else None,
        after=after,
        chosen=chosen,
        filtered=chosen != held.Filter(),
        workers=workers,
        whom=[("", "Choose…"), *((u.id, u.name) for u in workers)],
        batches=batches,
        open_batches=[(b.id, b.name) for b in batches if b.state == "open"],
        stages=[(stage, STAGE_WORDS[stage]) for stage in DESK_STAGES],
        hours=f"{projects.settings_of(project).reserve_hours:g}",
        values=request.form,
        errors=errors or [],
    )


@blueprint.post("/projects/<int:project_id>/hand-out")
def reserve_work(project_id: int) -> Any:
    """Keep the next tasks of some batches for somebody."""
    project = project_of(project_id)
    try:
        reserve(project, forms.next_of)
    except InvalidInput as error:
        return _page(project, held.Filter(), error.errors)
    return redirect(url_for("projects.hand_out", project_id=project.id), 303)


def reserve(project: Project, which: Callable[[Project], Ticked | Next]) -> None:
    """Keep what the form selects for whom it names, and say so. Raises InvalidInput by field."""
    with db().begin_nested():
        done = push.reserve(
            db(),
            project,
            forms.labeller(project),
            which(project),
            by=user(),
            hours=forms.hours(),
            tell=forms.told(),
        )
    say(done)


def say(done: Outcome) -> None:
    """Tell the lead what became of it; nothing at all is no success."""
    flash(done.words(), "success" if done.n else "warning")


@blueprint.post("/projects/<int:project_id>/hand-out/held")
def change_held(project_id: int) -> Any:
    """Take back what is ticked, or all that the filter shows; or give it to another."""
    project = project_of(project_id)
    chosen = _filter(request.form)
    try:
        with db().begin_nested():
            say(_act(project, _assignments(project, chosen)))
    except InvalidInput as error:
        own = {"hours": "to_hours"}  # the page has another form with hours
        errors = [{**one, "field": own.get(one["field"], one["field"])} for one in error.errors]
        return _page(project, chosen, errors)
    args: dict[str, Any] = {"of": chosen.labeller, "in": chosen.batch, "state": chosen.state}
    return redirect(url_for("projects.hand_out", project_id=project.id, **args), 303)


def _assignments(project: Project, chosen: held.Filter) -> list[int]:
    if request.form.get("which") == "filter":
        found = held.rows(db(), project.id, chosen, clock_time.now(), limit=MOST)
        return [row.id for row in found]
    return forms.ids("assignment", "tick at least one, or choose all that are shown")


def _act(project: Project, assignments: list[int]) -> Outcome:
    if request.form.get("action") == "recall":
        return push.recall(db(), project, assignments, by=user())
    if request.form.get("action") != "reassign":
        raise InvalidInput("expected recall or reassign", field="action")
    return push.reassign(
        db(),
        project,
        assignments,
        forms.labeller(project, "to"),
        by=user(),
        hours=forms.hours("to_hours"),
        tell=forms.told(),
    )
