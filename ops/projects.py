"""Projects: made, set, started and paused, and whom they let in."""

from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops import answers_wanted, audit_log, clock_time, labels, lanes, ontologies, scope, skills
from ops.errors import Conflict, InvalidInput, NotFound, NotReady
from ops.models import (
    MEDIA,
    STAGES,
    OntologyVersion,
    Organisation,
    Project,
    ProjectMember,
    ProjectRequirement,
    ReferenceModel,
    Skill,
    User,
)
from ops.project_settings import ProjectSettings
from ops.validation import refused

LONGEST_NAME = 120


def create(
    session: Session,
    *,
    organisation: Organisation,
    name: str,
    medium: str,
    by: User,
    label_type: str = "class",
    skill: Skill | None = None,
    purpose: str = "",
    settings: ProjectSettings | dict[str, Any] | None = None,
) -> Project:
    """A new project in state draft; whoever creates it becomes a member.

    Without a `skill` the project gets one of its own name. Where nothing has to be defined before
    labels of its type can be given, an empty ontology is in force at once. Raises InvalidInput
    naming the field, Conflict when the organisation has a project of this name.
    """
    name = clean_name(name)
    if medium not in MEDIA:
        raise InvalidInput(f"medium must be one of {', '.join(MEDIA)}", field="medium")
    _refuse_type(label_type, medium)
    if organisation.kind != "client":
        raise InvalidInput("a project belongs to a client organisation", field="organisation")
    same = (Project.organisation_id == organisation.id) & (func.lower(Project.name) == name.lower())
    if session.scalar(select(Project.id).where(same)):
        raise Conflict(f"{organisation.name} has a project called {name} already.", field="name")
    project = Project(
        organisation_id=organisation.id,
        name=name,
        purpose=purpose.strip(),
        medium=medium,
        label_type=label_type,
        skill_id=(skill or _skill_named(session, name, by)).id,
        settings=clean_settings(settings or {}).model_dump(mode="json"),
        created_at=clock_time.now(),
    )
    session.add(project)
    session.flush()
    audit_log.of_project(
        session, project, by, "project.created", medium=medium, label_type=label_type
    )
    add_member(session, project, by, by=by)
    if label_type in ontologies.NOTHING_NEEDED:
        ontologies.publish(session, project, None, by)
    return project


def _refuse_type(label_type: str, medium: str) -> None:
    kind = labels.KINDS.get(label_type)
    if kind is None:
        asked = f"the label type must be one of {', '.join(labels.KINDS)}"
        raise InvalidInput(asked, field="label_type")
    if medium not in kind.media:
        things = "pictures" if "image" in kind.media else "texts"
        raise InvalidInput(f"{kind.title.lower()} are for {things} only", field="label_type")


def clean_name(name: str, *, field: str = "name") -> str:
    """`name` without surrounding space. Raises InvalidInput when empty or too long."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise InvalidInput(f"give a name of 1 to {LONGEST_NAME} characters", field=field)
    return name


def _skill_named(session: Session, name: str, by: User) -> Skill:
    plain = " ".join(name.replace(":", " ").replace(";", " ").split()) or "Labelling"
    try:
        return skills.named(session, plain)
    except NotFound:
        return skills.create(session, name=plain, by=by)


def find(session: Session, user: User, project_id: int) -> Project:
    """The project, if `user` may see it. Raises NotFound."""
    project = session.scalar(
        select(Project).where(Project.id == project_id, Project.id.in_(scope.projects(user)))
    )
    if project is None:
        raise NotFound("There is no such project, or you are not a member of it.")
    return project


def not_closed(session: Session, user: User) -> list[Project]:
    """The projects that `user` sees and that are not closed, by name."""
    mine = Project.id.in_(scope.projects(user)) & (Project.state != "closed")
    return list(session.scalars(select(Project).where(mine).order_by(Project.name, Project.id)))


def settings_of(project: Project) -> ProjectSettings:
    """The settings of a project, with a default for whatever was never set."""
    return ProjectSettings.model_validate(project.settings)


def clean_settings(values: ProjectSettings | dict[str, Any]) -> ProjectSettings:
    """Validated settings. Raises InvalidInput with one error per field, as `gold.rate_new`."""
    if isinstance(values, ProjectSettings):
        return values
    try:
        return ProjectSettings.model_validate(values)
    except ValidationError as error:
        raise refused(error) from None


def save_settings(
    session: Session, project: Project, values: ProjectSettings | dict[str, Any], by: User
) -> ProjectSettings:
    """Replace the settings of `project`. Raises InvalidInput."""
    settings = clean_settings(values)
    _refuse_model(session, project, settings.assist.model)
    before, after = settings_of(project), settings.model_dump(mode="json")
    changed = sorted(key for key in after if after[key] != project.settings.get(key))
    project.settings = after
    session.flush()
    # Tasks are locked before lanes, like everywhere.
    fewer = answers_wanted.clamp(session, project, before)
    if settings.order != before.order:
        lanes.order_again(session, project.id, uncertain_first=settings.order == "uncertain_first")
    lanes.take_over_requirements(session, project.id)
    audit_log.of_project(
        session, project, by, "project.settings_saved", changed=changed, fewer_answers=fewer
    )
    return settings


def _refuse_model(session: Session, project: Project, name: str | None) -> None:
    """Drafts come from predictions that the project has."""
    known = select(ReferenceModel.id).where(
        ReferenceModel.project_id == project.id,
        ReferenceModel.kind == "predictions",
        ReferenceModel.name == name,
    )
    if name is not None and session.scalar(known.limit(1)) is None:
        message = f"there are no predictions called {name[:80]}: import them first"
        raise InvalidInput(message, field="assist.model")


def rename(session: Session, project: Project, *, name: str, purpose: str, by: User) -> None:
    """Change what people read about a project. Raises InvalidInput, Conflict."""
    name = clean_name(name)
    taken = select(Project.id).where(
        Project.organisation_id == project.organisation_id,
        func.lower(Project.name) == name.lower(),
        Project.id != project.id,
    )
    if session.scalar(taken):
        raise Conflict(f"There is a project called {name} already.", field="name")
    project.name, project.purpose = name, purpose.strip()
    session.flush()
    audit_log.of_project(session, project, by, "project.renamed")


def add_member(session: Session, project: Project, user: User, *, by: User) -> ProjectMember:
    """Let `user` see the project; a labeller then gets its work. Twice is once.

    Where newcomers are nested, so is a labeller from now on.
    """
    if user.role == "client":
        raise InvalidInput(
            "a client sees the projects of their organisation and cannot be a member", field="user"
        )
    if not user.active:
        raise InvalidInput("this account is closed", field="user")
    member = session.get(ProjectMember, (project.id, user.id))
    if member is None:
        at = clock_time.now()
        nested = user.role == "labeller" and settings_of(project).nesting.on
        member = ProjectMember(
            project_id=project.id, user_id=user.id, since=at, nesting_since=at if nested else None
        )
        session.add(member)
        session.flush()
        audit_log.of_project(
            session, project, by, "project.member_added", member=str(user.pseudonym)
        )
    return member


def remove_member(session: Session, project: Project, user: User, *, by: User) -> None:
    """Take `user` off the project; work they hold may still be submitted. Raises NotFound."""
    session.delete(_member(session, project, user))
    session.flush()
    audit_log.of_project(session, project, by, "project.member_removed", member=str(user.pseudonym))


def pause_member(
    session: Session, project: Project, user: User, *, until: datetime, reason: str, by: User | None
) -> None:
    """No new work for `user` here until `until`. Raises NotFound, InvalidInput."""
    if until <= clock_time.now():
        raise InvalidInput("must lie in the future", field="until")
    member = _member(session, project, user)
    member.paused_until, member.pause_reason = until, reason.strip()
    session.flush()
    audit_log.of_project(session, project, by, "project.member_paused", member=str(user.pseudonym))


def resume_member(session: Session, project: Project, user: User, *, by: User | None) -> None:
    """Work for `user` again. Raises NotFound."""
    member = _member(session, project, user)
    member.paused_until, member.pause_reason = None, ""
    session.flush()
    audit_log.of_project(session, project, by, "project.member_resumed", member=str(user.pseudonym))


def _member(session: Session, project: Project, user: User) -> ProjectMember:
    member = session.get(ProjectMember, (project.id, user.id))
    if member is None:
        raise NotFound(f"{user.name} is not a member of {project.name}.")
    return member


def require(
    session: Session, project: Project, stage: str, levels: dict[int, int], *, by: User
) -> None:
    """Set what it takes to work in `stage`: {skill id: level 1–5}; {} opens it to every member.

    Lanes that exist take it over at once. Raises InvalidInput.
    """
    if stage not in STAGES:
        raise InvalidInput(f"stage must be one of {', '.join(STAGES)}", field="stage")
    if any(not 1 <= level <= 5 for level in levels.values()):
        raise InvalidInput("a level is 1 to 5", field="level")
    known = set(session.scalars(select(Skill.id).where(Skill.id.in_(levels))))
    if known != set(levels):
        raise InvalidInput("there is no such skill", field="skill")
    asked = (ProjectRequirement.project_id == project.id) & (ProjectRequirement.stage == stage)
    for old in session.scalars(select(ProjectRequirement).where(asked)):
        session.delete(old)
    session.flush()
    for skill_id, level in levels.items():
        session.add(
            ProjectRequirement(project_id=project.id, stage=stage, skill_id=skill_id, level=level)
        )
    session.flush()
    lanes.take_over_requirements(session, project.id, stage)
    audit_log.of_project(
        session, project, by, "project.requirements_set", stage=stage, levels=levels
    )


def start(session: Session, project: Project, *, by: User) -> None:
    """Let work go out. Raises NotReady without an ontology, Conflict when closed."""
    if project.state == "closed":
        raise Conflict("This project is closed.")
    has_classes = select(OntologyVersion.id).where(OntologyVersion.project_id == project.id)
    if session.scalar(has_classes.limit(1)) is None:
        raise NotReady(f"The project has {undefined(project)}: nothing can be answered.")
    _change_state(session, project, "running", by, "project.started")


def undefined(project: Project) -> str:
    """What a project lacks that has no ontology yet."""
    lacking = {"attributes": "no attributes", "rating": "no scale"}
    return f"{lacking.get(project.label_type, 'no classes')} yet"


def pause(session: Session, project: Project, *, by: User) -> None:
    """No new work goes out; what is leased may still be submitted. Raises Conflict."""
    if project.state != "running":
        raise Conflict(f"The project is not running, it is {project.state}.")
    _change_state(session, project, "paused", by, "project.paused")


def _change_state(session: Session, project: Project, state: str, by: User, action: str) -> None:
    if project.state != state:
        project.state = state
        session.flush()
        audit_log.of_project(session, project, by, action)
