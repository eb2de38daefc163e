"""What the answers that agree on a choice say beside it: attributes of a class, reasons of a
preference."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from quality.judging.answers import Answer, chosen


def with_the_rest(answers: Sequence[Answer], key: str) -> dict[str, Any]:
    """The label that says `key`, and beside it what most of those who chose it say.

    Each attribute gets the value that most gave (the first such in order of time); a reason is
    kept when at least half of them named it.
    """
    label = chosen(answers[0].label_type, key)
    told = [answer.beside for answer in answers if answer.key == key and answer.beside]
    if not told:
        return label
    so_many = sum(answer.key == key for answer in answers)
    named = Counter(r for beside in told for r in beside.get("reasons", ()))
    reasons = [r for r in named if 2 * named[r] >= so_many]
    attributes = {
        name: _usual(beside["attributes"][name] for beside in told
                     if name in beside.get("attributes", {}))
        for name in dict.fromkeys(n for beside in told for n in beside.get("attributes", {}))
    }  # fmt: skip
    if attributes:
        label["attributes"] = attributes
    if reasons:
        label["reasons"] = reasons
    return label


def _usual(values: Iterable[Any]) -> Any:
    given = list(values)
    # Values may be lists, which no counter takes.
    return max(given, key=lambda value: (given.count(value), -given.index(value)))
