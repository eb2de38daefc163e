"""What became of an act of a lead, and why not of all of it."""

from dataclasses import dataclass
from datetime import datetime

DID = {
    "reserved": "{n} {are} reserved for {who} until {until}.",
    "assigned": "{n} {are} assigned to {who} until {until}; a notice tells them.",
    "recalled": "{n} {are} recalled; what is still handed in of {it} is kept as surplus.",
    "reassigned": "{n} {are} reassigned to {who}, reserved until {until}.",
}
NOTHING = "Nothing was {act}."


@dataclass(frozen=True)
class Refused:
    """`n` tasks for which the condition `name` does not hold, and what that means in words."""

    name: str
    n: int
    words: str


@dataclass(frozen=True)
class Outcome:
    """One act: the assignments it made or ended, and what it left alone.

    `act` is reserved, assigned, recalled or reassigned. `further` says what else a lead must know.
    """

    act: str
    assignments: tuple[int, ...]
    refused: tuple[Refused, ...] = ()
    who: str = ""
    until: datetime | None = None
    further: str = ""

    @property
    def n(self) -> int:
        """How many tasks it did."""
        return len(self.assignments)

    def words(self) -> str:
        """The whole of it in sentences."""
        return " ".join([self._did(), *self._did_not(), *([self.further] if self.further else [])])

    def _did(self) -> str:
        if not self.n:
            return NOTHING.format(act=self.act)
        return DID[self.act].format(
            n=f"{self.n:,} {'task' if self.n == 1 else 'tasks'}",
            are="is" if self.n == 1 else "are",
            it="it" if self.n == 1 else "them",
            who=self.who,
            until=f"{self.until:%Y-%m-%d %H:%M} UTC" if self.until else "",
        )

    def _did_not(self) -> list[str]:
        return [f"{one.n:,} not {self.act}: {self._of_who(one.words)}" for one in self.refused]

    def _of_who(self, words: str) -> str:
        """A condition's words about a labeller, with their name where it is the subject."""
        plain = words[:1].lower() + words[1:]
        return f"{self.who} {plain}" if self.who and plain.startswith(("has ", "holds ")) else plain
