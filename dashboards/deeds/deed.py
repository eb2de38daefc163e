"""What a deed is made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from ops.errors import InvalidInput
from ops.models import User

# So many things a deed may be about at once.
MOST = 500
MOST_NAMED = 5


@dataclass(frozen=True)
class Field:
    """Something the person adds: text, a long text (lines), or a number between two bounds."""

    name: str
    label: str
    value: str = ""
    kind: str = "text"
    low: float = 0
    high: float = 0
    needed: bool = False


@dataclass(frozen=True)
class Terms:
    """What was filled in, and the project it is about where the deed needs one."""

    project_id: int | None
    given: dict[str, Any]

    def text(self, name: str, most: int = 1000) -> str:
        """A text that is not empty. Raises InvalidInput."""
        # PostgreSQL takes no NUL in a text.
        said = " ".join(str(self.given.get(name) or "").replace("\0", "").split())
        if not said:
            raise InvalidInput(f"write a {name}", field=name)
        if len(said) > most:
            raise InvalidInput(f"write at most {most:,} characters", field=name)
        return said

    def number(self, field: Field) -> float:
        """A number within the bounds of its field. Raises InvalidInput."""
        try:
            value = float(self.given.get(field.name) or field.value)
        except (TypeError, ValueError):
            value = float("nan")
        if not field.low <= value <= field.high:
            raise InvalidInput(
                f"{field.label.lower()} must lie between {field.low:g} and {field.high:g}",
                field=field.name,
            )
        return value


Act = Callable[[Session, User, Sequence[int], Terms], str]


@dataclass(frozen=True)
class Deed:
    """`foresee` says what will happen to how many, `do` does it and says what happened.

    Both raise what the verbs raise; `of` is what the ids are of.
    """

    kind: str
    name: str
    of: str
    foresee: Act
    do: Act
    fields: tuple[Field, ...] = ()


def named(names: Sequence[str]) -> str:
    """A few names, and how many more there are."""
    shown = ", ".join(names[:MOST_NAMED])
    rest = len(names) - MOST_NAMED
    return f"{shown} and {rest:,} more" if rest > 0 else shown


def counted(n: int, what: str) -> str:
    """1 batch, 2 batches."""
    several = f"{what}es" if what.endswith("ch") else f"{what}s"
    return f"1 {what}" if n == 1 else f"{n:,} {several}"


def checked(ids: Sequence[int]) -> list[int]:
    """Not none, and not too many. Raises InvalidInput."""
    wanted = sorted(set(ids))
    if not wanted:
        raise InvalidInput("choose at least one", field="chosen")
    if len(wanted) > MOST:
        raise InvalidInput(f"choose at most {MOST} at once", field="chosen")
    return wanted
