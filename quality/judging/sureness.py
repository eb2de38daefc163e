"""How sure a merged label is, under what is believed of those who gave the answers.

Of each thing that anybody saw, every answer says what it is, or that it is not there. Whoever
answered is right with the chance that their standing gives, independently; their errors are spread
evenly over whatever else could be said, and nothing is known beforehand. The label is as sure as
what it says of these things is on average, of those that it leaves out too (one coin a labeller: Y.
Zhang, X. Chen, D. Zhou, M. I. Jordan, JMLR 17 (2016), §2, thing by thing).
"""

from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Any

Label = Mapping[str, Any]

# Nobody is surer than this to be right, or wrong.
LEAST, MOST = 0.05, 0.995
# What may be said freely: so many other values nobody hits upon by chance.
FREELY = 1000
# What is said of a thing by an answer in which it is not.
ABSENT = None


def log_odds(accuracy: float) -> float:
    """What somebody who is right with this chance weighs, above 0: who is wrong more often than
    right is no evidence of the contrary."""
    p = min(max(accuracy, LEAST), MOST)
    return max(log(p / (1 - p)), 0.01)


def sure(
    label_type: str,
    answers: Sequence[Label],
    accuracy: Sequence[float],
    label: Label,
    support: Mapping[str, Mapping[str, Any]],
    ontology: Mapping[str, Any],
) -> float | None:
    """The chance, on average over its things, that `label` says the right thing; None for a text,
    which has none. Where nobody saw a thing, that is the one thing they say.

    `support` is thing → {"by": positions of the answers that have it, "ids": what each calls it},
    as `quality.measures.merging.merge` gives it.
    """
    if label_type == "transcription":
        return None
    weigh = [log_odds(p) for p in accuracy]
    if not support:
        return _chance(ABSENT, [ABSENT] * len(answers), weigh, 2)
    kept = _kept(label_type, label)
    chances = [
        _chance(
            kept.get(name, ABSENT),
            _said(label_type, name, entry, answers),
            weigh,
            1 + _choices(label_type, name, ontology),
        )
        for name, entry in support.items()
    ]
    return sum(chances) / len(chances)


def _kept(label_type: str, label: Label) -> dict[str, Any]:
    """What the label says of each thing in it, by the thing's name in the support."""
    if label_type == "tags":
        return dict.fromkeys(label["tags"], True)
    if label_type == "attributes":
        return {name: repr(value) for name, value in label["attributes"].items()}
    things = label.get("spans") or label.get("objects") or ()
    return {thing["id"]: thing["class"] for thing in things}


def _said(
    label_type: str, name: str, entry: Mapping[str, Any], answers: Sequence[Label]
) -> list[Any]:
    """What each answer says of a thing."""
    by = entry["by"]
    if label_type == "tags":
        return [True if i in by else ABSENT for i in range(len(answers))]
    if label_type == "attributes":
        given = [answer["attributes"].get(name) for answer in answers]
        return [ABSENT if value is None else repr(value) for value in given]
    field = "spans" if label_type == "spans" else "objects"
    said: list[Any] = [ABSENT] * len(answers)
    for i, own in zip(by, entry["ids"], strict=True):
        said[i] = next((x["class"] for x in answers[i][field] if x["id"] == own), ABSENT)
    return said


def _chance(chosen: Any, said: Sequence[Any], weigh: Sequence[float], choices: int) -> float:
    """The chance that `chosen` is right of a thing of which that much could be said."""
    spread = log(max(choices - 1, 1))
    votes: dict[Any, float] = {chosen: 0.0}
    for value, weight in zip(said, weigh, strict=True):
        votes[value] = votes.get(value, 0.0) + weight + spread
    top = max(0.0, *votes.values())
    unsaid = max(choices - len(votes), 0) * exp(-top)
    return exp(votes[chosen] - top) / (sum(exp(v - top) for v in votes.values()) + unsaid)


def _choices(label_type: str, name: str, ontology: Mapping[str, Any]) -> int:
    """How many things can be said of what is there."""
    if label_type == "tags":
        return 1
    if label_type != "attributes":
        return max(len(ontology.get("classes") or ()), 1)
    for one in ontology.get("attributes") or ():
        if one["key"] == name:
            return len(one.get("choices") or ()) or (2 if one["kind"] == "flag" else FREELY)
    return FREELY
