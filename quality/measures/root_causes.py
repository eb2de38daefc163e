"""Why a delivered label was wrong: clues, weighed by stated rules.

Each clue speaks for one cause with so many points. The cause with the most points is named; with
fewer than `LEAST`, none is. Of two with as many, the one that helps more labels to be right comes
first: guideline, gold, model, labeller. Points are no probabilities: they order what a lead should
look at first, and a lead corrects them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from quality.measures.sampling import clopper_pearson

Cause = Literal["guideline", "gold", "model", "labeller", "unknown"]
ORDER: tuple[Cause, ...] = ("guideline", "gold", "model", "labeller")
LEAST = 2
# An answer given in less than this part of one's usual time is too fast.
TOO_FAST = 0.25
# Checks of a labeller that it takes to call a standing low.
ENOUGH_CHECKS = 5
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Author:
    """What is known of one who gave the delivered label, up to then.

    `right` of `checked` answers were found right before this one; `seconds` it took, `usual` is
    their median; `draft` says whether a model's draft was the same: "kept" when it was shown and
    left as it was, "same" when it was withheld and the answer equals it, "" otherwise.
    """

    labeller: int
    right: float = 0.0
    checked: int = 0
    seconds: float | None = None
    usual: float | None = None
    draft: str = ""


@dataclass(frozen=True)
class Facts:
    """What is known of one rejected label.

    `questions` about the asset; `guideline` and `classes`: versions published after it was
    labelled; `alike`: labellers beside one author who erred in the same way, here or elsewhere, and
    `pair` how, where it is known what is right ("a for b"); `is_gold`: the label is a known answer;
    `gold_doubts`: known answers of its class, or of the right one, revised or questioned;
    `otherwise`: labellers who answered something else about this asset; `agreed`: the accuracy that
    was agreed on.
    """

    authors: Sequence[Author] = ()
    questions: int = 0
    guideline: int = 0
    classes: int = 0
    alike: int = 0
    pair: str = ""
    is_gold: bool = False
    gold_doubts: int = 0
    otherwise: int = 0
    agreed: float = 0.95


class Clue(NamedTuple):
    """One reason to name a cause; `labeller` is whom it is about, if anybody."""

    cause: Cause
    points: int
    words: str
    labeller: int | None = None


def cause_of(clues: Sequence[Clue]) -> Cause:
    """The cause that the clues speak for; unknown when they say too little."""
    points = {cause: sum(c.points for c in clues if c.cause == cause) for cause in ORDER}
    best = max(ORDER, key=lambda cause: points[cause])
    return best if points[best] >= LEAST else "unknown"


def clues(facts: Facts) -> list[Clue]:
    """Everything that speaks for a cause, the weightiest first."""
    found = [*_of_guideline(facts), *_of_gold(facts)]
    # Several who said the same are no better reason than the one of whom most is known.
    each = [[*_of_model(author), *_of_labeller(author, facts)] for author in facts.authors]
    found += max(each, key=lambda of_one: sum(clue.points for clue in of_one), default=[])
    return sorted(found, key=lambda clue: -clue.points)


def _of_guideline(facts: Facts) -> list[Clue]:
    found = []
    if facts.questions:
        found.append(Clue("guideline", 3, f"{_n(facts.questions, 'question')} about this item."))
    if facts.guideline:
        found.append(Clue("guideline", 2, "The guideline changed after it was labelled."))
    if facts.classes:
        found.append(Clue("guideline", 2, "The classes changed after it was labelled."))
    how = f"erred in the same way ({facts.pair})." if facts.pair else "erred in the same way."
    if facts.alike >= 2:
        found.append(Clue("guideline", 3, f"{facts.alike} other labellers {how}"))
    elif facts.alike:
        found.append(Clue("guideline", 1, f"Another labeller {how}"))
    return found


def _of_gold(facts: Facts) -> list[Clue]:
    found = []
    if facts.is_gold:
        found.append(Clue("gold", 5, "The label is a known answer."))
    if facts.gold_doubts:
        words = f"{_n(facts.gold_doubts, 'known answer')} of this class revised or questioned."
        found.append(Clue("gold", 2, words))
    return found


def _of_model(author: Author) -> list[Clue]:
    if author.draft == "kept":
        words = "A model's draft was shown and left as it was."
        return [Clue("model", 3, words, author.labeller)]
    if author.draft == "same":
        words = "A model that was not shown would have said the same."
        return [Clue("model", 1, words, author.labeller)]
    return []


def _of_labeller(author: Author, facts: Facts) -> list[Clue]:
    found = []
    if author.checked >= ENOUGH_CHECKS:
        right = min(int(author.right + 1e-9), author.checked)
        _, high = clopper_pearson(right, author.checked, CONFIDENCE, "upper")
        if high < facts.agreed:
            words = f"The labeller was right in {right} of {author.checked} checks until then."
            found.append(Clue("labeller", 2, words, author.labeller))
    if author.seconds is not None and author.usual and author.seconds < TOO_FAST * author.usual:
        words = f"Labelled in {author.seconds:.1f} s; {author.usual:.1f} s are usual for them."
        found.append(Clue("labeller", 2, words, author.labeller))
    if facts.otherwise and len(facts.authors) == 1:
        words = f"{_n(facts.otherwise, 'other labeller')} answered something else."
        found.append(Clue("labeller", 2, words, author.labeller))
    return found


def _n(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
