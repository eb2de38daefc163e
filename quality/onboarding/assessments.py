"""What an onboarding manager sets: an assessment, and the pool of gold its questions come from."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select, text
from sqlalchemy.orm import Session, joinedload

from ops import audit_log, clock_time, scope
from ops.errors import InvalidInput, NotFound
from ops.models import Project, Skill, User
from quality.gold import UNMET
from quality.models import Assessment


class Terms(BaseModel):
    """What an assessment asks and grants."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: str = Field(min_length=1, max_length=120)
    level: int = Field(1, ge=1, le=5, description="Level of the certificate")
    questions: int = Field(20, ge=1, le=500)
    pass_mark: float = Field(0.8, gt=0, le=1, description="Share of right answers that passes")
    minutes: int = Field(30, ge=1, le=480)
    attempts: int = Field(3, ge=1, le=20, description="Attempts for each labeller")
    valid_days: int = Field(180, ge=1, le=3650, description="Days the certificate is good for")


class Question(NamedTuple):
    """A gold that may be asked: its version in force, and the class of its first accepted answer or
    of the first object in it."""

    gold_id: int
    version_id: int
    key: str
    for_assessment: bool


def clean(values: dict[str, Any]) -> Terms:
    """Validated terms. Raises InvalidInput with one error for each field."""
    try:
        return Terms.model_validate(values)
    except ValidationError as error:
        faults = [{"field": str(e["loc"][0]), "message": _plain(e)} for e in error.errors()]
        raise InvalidInput(faults[0]["message"], field=faults[0]["field"], errors=faults) from None


def _plain(fault: Any) -> str:
    plain = {
        "string_too_short": "must not be empty",
        "int_parsing": "must be a whole number",
        "int_from_float": "must be a whole number",
    }
    message: str = plain.get(fault["type"], fault["msg"]).removeprefix("Input should be ")
    return message


def create(
    session: Session, project: Project, skill: Skill, terms: Terms | dict[str, Any], by: User
) -> Assessment:
    """Set an assessment. Raises InvalidInput, also when there is too little gold to ask."""
    terms = terms if isinstance(terms, Terms) else clean(terms)
    have = len(pool(session, project.id))
    if have < terms.questions:
        raise InvalidInput(
            f"{project.name} has {have} active gold, {terms.questions} questions need as many: "
            "ask fewer or make more gold",
            field="questions",
        )
    made = Assessment(
        project_id=project.id,
        skill_id=skill.id,
        created_by=by.id,
        created_at=clock_time.now(),
        **terms.model_dump(),
    )
    session.add(made)
    session.flush()
    record(session, made, by, "assessment.set", **terms.model_dump(exclude={"title"}))
    return made


def set_open(session: Session, assessment: Assessment, is_open: bool, by: User) -> None:
    """Let labellers begin attempts, or no longer; attempts that run go on."""
    if assessment.open != is_open:
        assessment.open = is_open
        session.flush()
        record(session, assessment, by, f"assessment.{'opened' if is_open else 'closed'}")


def find(session: Session, user: User, assessment_id: int) -> Assessment:
    """The assessment, if `user` may see its project. Raises NotFound."""
    found = session.scalar(_visible(user).where(Assessment.id == assessment_id))
    if found is None:
        raise NotFound("There is no such assessment, or you are not a member of its project.")
    return found


def listed(session: Session, user: User) -> Sequence[Assessment]:
    """Every assessment `user` may see, the open ones first, then the newest."""
    ordered = _visible(user).order_by(Assessment.open.desc(), Assessment.created_at.desc())
    return session.scalars(ordered).all()


def _visible(user: User) -> Any:
    return (
        select(Assessment)
        .options(joinedload(Assessment.skill), joinedload(Assessment.project))
        .where(Assessment.project_id.in_(scope.projects(user)))
    )


_POOL = text(
    f"""
    SELECT DISTINCT ON (gold.id) gold.id, version.id, gold.class_key, gold.for_assessment
    FROM gold JOIN gold_version version ON version.gold_id = gold.id
    WHERE {UNMET}
    ORDER BY gold.id, version.version DESC
    """
)


def pool(session: Session, project_id: int, labeller_id: int = 0) -> list[Question]:
    """Active gold of the project that this labeller has never met (0: anybody)."""
    rows = session.execute(_POOL, {"project": project_id, "labeller": labeller_id})
    return [Question(*row) for row in rows]


def by_class(questions: Sequence[Question]) -> dict[str, list[Question]]:
    """The questions under the class of their first accepted answer."""
    found: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        found[question.key].append(question)
    return dict(found)


def record(
    session: Session, assessment: Assessment, by: User | None, action: str, **data: Any
) -> None:
    """Leave an audit entry about an assessment, under its project's organisation."""
    organisation = select(Project.organisation_id).where(Project.id == assessment.project_id)
    audit_log.record(
        session,
        by,
        action,
        f"assessment:{assessment.id}",
        organisation_id=session.scalars(organisation).one(),
        **data,
    )
