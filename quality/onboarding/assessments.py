"""What an onboarding manager sets: an assessment, its terms and how its questions are drawn."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from ops import audit_log, clock_time, scope, validation
from ops.errors import InvalidInput, NotFound
from ops.models import Project, Skill, User
from quality.measures import adaptive
from quality.models import Assessment
from quality.onboarding import drawing
from quality.onboarding.pool import pool


class Mix(BaseModel):
    """How the questions are drawn: weights of classes, and of easy, medium and hard ones."""

    model_config = ConfigDict(extra="forbid")

    classes: dict[str, Annotated[float, Field(ge=0, le=100)]] = {}
    difficulty: dict[Literal["easy", "medium", "hard"], Annotated[float, Field(ge=0, le=100)]] = {}


class Terms(BaseModel):
    """What an assessment asks and grants."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: str = Field(min_length=1, max_length=120)
    level: int = Field(1, ge=1, le=5, description="Level of the certificate")
    questions: int = Field(20, ge=1, le=500, description="Questions, at most if it is adaptive")
    pass_mark: float = Field(0.8, gt=0, le=1, description="Share of right answers that passes")
    minutes: int = Field(30, ge=1, le=480)
    attempts: int = Field(3, ge=1, le=20, description="Attempts for each labeller")
    cool_down_hours: int = Field(0, ge=0, le=2160, description="Hours between two attempts")
    valid_days: int = Field(180, ge=1, le=3650, description="Days the certificate is good for")
    fail_mark: float | None = Field(
        None, gt=0, lt=1, description="Adaptive: whoever is right no more often should fail"
    )
    false_pass: float = Field(
        0.05, ge=0.001, le=0.2, description="How often somebody at the fail mark passes, at most"
    )
    false_fail: float = Field(
        0.05, ge=0.001, le=0.2, description="How often somebody at the pass mark fails, at most"
    )
    least_questions: int = Field(1, ge=1, le=500, description="Adaptive: asked of everybody")
    mix: Mix = Mix()


def clean(values: dict[str, Any]) -> Terms:
    """Validated terms. Raises InvalidInput with one error for each field."""
    terms = validation.clean(Terms, values)
    _refuse(terms)
    return terms


def _refuse(terms: Terms) -> None:
    """Raise InvalidInput where the terms of an adaptive assessment do not go together."""
    if terms.fail_mark is None:
        return
    if terms.pass_mark >= 1:
        raise InvalidInput("must be below 100 % where there is a fail mark", field="pass_mark")
    if terms.fail_mark >= terms.pass_mark:
        raise InvalidInput("must be below the pass mark", field="fail_mark")
    if terms.least_questions > terms.questions:
        raise InvalidInput("must be no more than the questions at most", field="least_questions")
    asked = decided(terms)
    if adaptive.plan(asked) is None:
        shortest = adaptive.fixed(asked._replace(least=1, most=1))
        instead = f"ask up to {shortest[0]} or more" if shortest else "move the marks apart"
        raise InvalidInput(
            f"{terms.questions} questions cannot be as sure as that: {instead}, "
            "or allow more errors",
            field="questions",
        )


def decided(terms: Terms | Assessment) -> adaptive.Terms:
    """What an adaptive assessment decides, as the measures want it."""
    assert terms.fail_mark is not None
    return adaptive.Terms(
        terms.pass_mark,
        terms.fail_mark,
        terms.false_pass,
        terms.false_fail,
        terms.least_questions,
        terms.questions,
    )


def create(
    session: Session, project: Project, skill: Skill, terms: Terms | dict[str, Any], by: User
) -> Assessment:
    """Set an assessment. Raises InvalidInput, also when there is too little gold to ask."""
    terms = terms if isinstance(terms, Terms) else clean(terms)
    mix = terms.mix.model_dump()
    have = drawing.available(pool(session, project.id), mix)
    if have < terms.questions:
        of_mix = " that may be drawn" if any(mix.values()) else ""
        raise InvalidInput(
            f"{project.name} has {have} active gold{of_mix}, {terms.questions} questions need as "
            "many: ask fewer or make more gold",
            field="questions",
        )
    made = Assessment(
        project_id=project.id,
        skill_id=skill.id,
        created_by=by.id,
        created_at=clock_time.now(),
        **terms.model_dump(exclude={"mix"}),
        mix=mix if any(mix.values()) else {},
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
