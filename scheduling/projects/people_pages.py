"""Who works in a project, and what it takes."""

from datetime import timedelta
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from sqlalchemy import select

from ops import certificates, clock_time, projects
from ops import skills as skills_of
from ops.access import WORKERS
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Project, ProjectRequirement, Skill, User
from ops.web.fields import identity
from ops.web.identity import db, user
from scheduling.eligibility import DESK_STAGES
from scheduling.projects import reads
from scheduling.projects.blueprint import blueprint, page, project_of
from scheduling.rules import firings

STAGE_WORDS = {
    "label": "Label",
    "review": "Review",
    "rework": "Rework",
    "adjudicate": "Adjudicate",
}
MOST_PAUSE_DAYS = 365
ALL_LABELLERS = "labellers"


@blueprint.get("/projects/<int:project_id>/people")
def people(project_id: int) -> Any:
    """Members, who may join, and the requirements of each stage."""
    return _page(project_of(project_id))


def _page(project: Project, errors: list[dict[str, Any]] | None = None) -> Any:
    at = clock_time.now()
    members = reads.members(db(), project.id)
    held = certificates.levels(db(), [u.id for u, _ in members], at)
    skills = {skill.id: skill for skill in skills_of.everything(db())}
    asked = _requirements(project)
    others = reads.not_members(db(), project.id)
    return page(
        "people.html",
        project,
        "people",
        422 if errors else 200,
        rows=[
            {
                "user": person,
                "member": member,
                "works": person.role in WORKERS,
                "paused": member.paused_until is not None and member.paused_until > at,
                "lacks": _lacking(held.get(person.id, {}), asked.get("label", {}), skills),
                "held": held.get(person.id, {}),
            }
            for person, member in members
        ],
        others=others,
        other_labellers=sum(1 for other in others if other.role == "labeller"),
        skills=skills,
        asked=asked,
        stages=[(stage, STAGE_WORDS[stage]) for stage in DESK_STAGES],
        can_invite="people.index" in current_app.view_functions,
        onboarding="onboarding.index" in current_app.view_functions,
        errors=errors or [],
    )


def _requirements(project: Project) -> dict[str, dict[int, int]]:
    found = select(ProjectRequirement).where(ProjectRequirement.project_id == project.id)
    asked: dict[str, dict[int, int]] = {}
    for one in db().scalars(found):
        asked.setdefault(one.stage, {})[one.skill_id] = one.level
    return asked


def _lacking(held: dict[int, int], asked: dict[int, int], skills: dict[int, Skill]) -> list[str]:
    return [
        f"{skills[skill].name} level {level}"
        for skill, level in asked.items()
        if held.get(skill, 0) < level
    ]


def _back(project: Project) -> Any:
    return redirect(url_for("projects.people", project_id=project.id), 303)


@blueprint.post("/projects/<int:project_id>/people")
def add_member(project_id: int) -> Any:
    """Let one account in, or every labeller there is."""
    project = project_of(project_id)
    chosen = request.form.get("user", "")
    if chosen == ALL_LABELLERS:
        joining = [u for u in reads.not_members(db(), project.id) if u.role == "labeller"]
    else:
        found = db().get(User, identity(chosen) or 0)
        if found is None:
            return _page(project, [{"field": "user", "message": "choose who joins"}])
        joining = [found]
    try:
        for person in joining:
            projects.add_member(db(), project, person, by=user())
    except InvalidInput as error:
        return _page(project, error.errors)
    who = joining[0].name if len(joining) == 1 else f"{len(joining)} labellers"
    flash(f"{who} joined the project.", "success")
    return _back(project)


@blueprint.post("/projects/<int:project_id>/people/<int:user_id>")
def change_member(project_id: int, user_id: int) -> Any:
    """Pause a member, let them go on, certify them, or take them off the project."""
    project = project_of(project_id)
    member = next((u for u, _ in reads.members(db(), project.id) if u.id == user_id), None)
    if member is None:
        raise NotFound("They are not a member of this project.")
    act = {"pause": _pause, "resume": _resume, "certify": _certify, "remove": _remove}.get(
        request.form.get("action", "")
    )
    if act is None:
        raise InvalidInput("expected pause, resume, certify or remove", field="action")
    try:
        flash(act(project, member), "success")
    except (InvalidInput, Conflict) as error:
        flash(f"{member.name}: {error.message}", "error")
    return _back(project)


def _pause(project: Project, member: User) -> str:
    days = identity(request.form.get("days"))
    if days is None or not 1 <= days <= MOST_PAUSE_DAYS:
        raise InvalidInput(f"give 1 to {MOST_PAUSE_DAYS} days", field="days")
    until = clock_time.now() + timedelta(days=days)
    reason = request.form.get("reason", "")
    projects.pause_member(db(), project, member, until=until, reason=reason, by=user())
    return f"{member.name} gets no new work here for {days} days."


def _resume(project: Project, member: User) -> str:
    ended = firings.let_go_on(db(), project.id, member, by=user())
    projects.resume_member(db(), project, member, by=user())
    if not ended:
        return f"{member.name} gets work again."
    return f"{member.name} gets work again; the rule's firing is over. It can still be overridden."


def _certify(project: Project, member: User) -> str:
    """What the label stage asks for and they lack, on the word of whoever clicks."""
    days = timedelta(days=180)
    at = clock_time.now()
    held = certificates.valid(db(), member.id, at)
    for skill_id, level in _requirements(project).get("label", {}).items():
        if held.get(skill_id, 0) < level:
            certificates.grant(
                db(),
                user=member,
                skill=db().get_one(Skill, skill_id),
                level=level,
                source="hand",
                by=user(),
                valid_until=at + days,
                reason=f"Granted for {project.name}",
            )
    return f"{member.name} is certified for {days.days} days."


def _remove(project: Project, member: User) -> str:
    projects.remove_member(db(), project, member, by=user())
    return f"{member.name} left the project."


@blueprint.post("/projects/<int:project_id>/requirements")
def requirements(project_id: int) -> Any:
    """Set what each stage asks for."""
    project = project_of(project_id)
    before = _requirements(project)
    try:
        with db().begin_nested():
            for stage in DESK_STAGES:
                levels = _levels(stage)
                if levels != before.get(stage, {}):
                    projects.require(db(), project, stage, levels, by=user())
    except InvalidInput as error:
        return _page(project, error.errors)
    flash("The requirements are saved; they count from now on.", "success")
    return _back(project)


def _levels(stage: str) -> dict[int, int]:
    skills = request.form.getlist(f"skill.{stage}")
    levels = request.form.getlist(f"level.{stage}")
    found = {}
    for skill, level in zip(skills, levels, strict=False):
        if skill:
            one, asked = identity(skill), identity(level)
            if one is None or asked is None:
                raise InvalidInput("choose a skill and a level", field=stage)
            found[one] = asked
    return found
