"""Skills: what a labeller can be certified in."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops import audit_log, clock_time
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Skill, User
from ops.uniqueness import unique

LONGEST_NAME = 120
LONGEST_DAYS = 365


def create(session: Session, *, name: str, by: User | None, description: str = "") -> Skill:
    """A new skill. Raises InvalidInput naming the field, Conflict when the name is taken."""
    name = " ".join(name.split())
    # A list of skills in a CSV field is written `skill:level;skill:level`.
    if not name or len(name) > LONGEST_NAME or set(name) & set(":;"):
        raise InvalidInput(
            f"give a name of 1 to {LONGEST_NAME} characters without ':' and ';'", field="name"
        )
    taken = f"There is a skill called {name} already."
    if _find(session, name):
        raise Conflict(taken, field="name")
    skill = Skill(name=name, description=description.strip(), created_at=clock_time.now())
    with unique(session, taken, field="name"):
        session.add(skill)
    audit_log.record(session, by, "skill.created", f"skill:{skill.id}")
    return skill


def set_requalifying(
    session: Session, skill: Skill, *, below: float | None, days: int, by: User
) -> None:
    """Let whoever is surely right less often than `below` requalify within `days`; None: nobody.

    Raises InvalidInput naming the field.
    """
    if below is not None and not 0 < below < 1:
        raise InvalidInput("give a share between 0 and 1", field="requalify_below")
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidInput(f"give 1 to {LONGEST_DAYS} days", field="requalify_days")
    if (skill.requalify_below, skill.requalify_days) == (below, days):
        return
    skill.requalify_below, skill.requalify_days = below, days
    session.flush()
    subject = f"skill:{skill.id}"
    audit_log.record(session, by, "skill.requalifying_set", subject, below=below, days=days)


def find(session: Session, skill_id: int) -> Skill:
    """The skill with this id. Raises NotFound."""
    skill = session.get(Skill, skill_id)
    if skill is None:
        raise NotFound("There is no such skill.")
    return skill


def named(session: Session, name: str) -> Skill:
    """The skill of this name, whatever its case. Raises NotFound."""
    skill = _find(session, name)
    if skill is None:
        raise NotFound(f"There is no skill called {name.strip()}.", field="skill")
    return skill


def everything(session: Session) -> Sequence[Skill]:
    """Every skill, by name."""
    return session.scalars(select(Skill).order_by(Skill.name)).all()


def _find(session: Session, name: str) -> Skill | None:
    lower = " ".join(name.split()).lower()
    return session.scalar(select(Skill).where(func.lower(Skill.name) == lower))
