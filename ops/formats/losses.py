"""What could not be held: counted by field, with words that say what became of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Loss:
    """Something that could not be kept: how often, and what became of it."""

    field: str
    count: int
    words: str

    def __str__(self) -> str:
        return f"{self.field}: {self.words} ({self.count:,})"


class Losses:
    """Counts what a format cannot hold, by field and words."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, field: str, words: str, count: int = 1) -> None:
        """Note that `field` was lost `count` times; `words` say what became of it."""
        if count:
            self._counts[field, words] = self._counts.get((field, words), 0) + count

    @property
    def found(self) -> list[Loss]:
        """What was lost, in the order in which it was noticed."""
        return [Loss(name, n, words) for (name, words), n in self._counts.items()]
