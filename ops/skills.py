"""Skills: what a labeller can be certified in."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops import audit_log, clock_time
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Skill, User
from ops.uniqueness import unique

LONGEST_NAME = 120


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
