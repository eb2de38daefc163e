"""How sure a merged label is, under what is believed of those who gave the answers.

Each thing that anybody saw is there or not: whoever saw it, and whoever did not, is right with the
chance that their standing gives, independently, and nothing is known beforehand. Of what it is
called the same is believed, errors spread evenly over the other names. The label is as sure as its
things are on average, those that it leaves out included (one coin a labeller: Y. Zhang, X. Chen, D.
Zhou, M. I. Jordan, JMLR 17 (2016), §2, thing by thing).
"""

from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Any

Label = Mapping[str, Any]

# Nobody is surer than this to be right, or wrong.
LEAST, MOST = 0.05, 0.995
# What may be said freely: so many other values nobody hits upon by chance.
FREELY = 1000


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
    """The chance, on average over its things, that `label` is right of each; None for a text, which
    has none. Where nobody saw a thing that is the one thing they say.

    `support` is thing → {"by": positions of the answers that have it, "ids": what each calls it},
    as `quality.measures.merging.merge` gives it.
    """
    if label_type == "transcription":
        return None
    weigh = [log_odds(p) for p in accuracy]
    if not support:
        return _logistic(sum(weigh))
    kept = _kept(label_type, label)
    chances = []
    for name, entry in support.items():
        by = entry["by"]
        there = _logistic(2 * sum(weigh[i] for i in by) - sum(weigh))
        if name not in kept:
            chances.append(1 - there)
            continue
        said = _names(label_type, name, entry, answers)
        chances.append(
            there * _named(kept[name], said, weigh, _choices(label_type, name, ontology))
        )
    return sum(chances) / len(chances)


def _kept(label_type: str, label: Label) -> dict[str, Any]:
    """What the label holds, by the name it has in the support, and what it is called."""
    if label_type == "tags":
        return dict.fromkeys(label["tags"])
    if label_type == "attributes":
        return {name: repr(value) for name, value in label["attributes"].items()}
    things = label.get("spans") or label.get("objects") or ()
    return {thing["id"]: thing["class"] for thing in things}


def _names(
    label_type: str, name: str, entry: Mapping[str, Any], answers: Sequence[Label]
) -> list[tuple[int, Any]]:
    """Who called it what: (position of the answer, name)."""
    by = entry["by"]
    if label_type == "tags":
        return []
    if label_type == "attributes":
        return [(i, repr(answers[i]["attributes"][name])) for i in by]
    field = "spans" if label_type == "spans" else "objects"
    return [
        (i, next((x["class"] for x in answers[i][field] if x["id"] == own), None))
        for i, own in zip(by, entry["ids"], strict=True)
    ]


def _named(
    chosen: Any, said: Sequence[tuple[int, Any]], weigh: Sequence[float], choices: int
) -> float:
    """The chance that what it is called is right."""
    if not said:
        return 1.0
    spread = log(max(choices - 1, 1))
    votes: dict[Any, float] = {chosen: 0.0}
    for i, name in said:
        votes[name] = votes.get(name, 0.0) + weigh[i] + spread
    top = max(votes.values())
    unsaid = max(choices - len(votes), 0) * exp(-top)
    return exp(votes[chosen] - top) / (sum(exp(v - top) for v in votes.values()) + unsaid)


def _choices(label_type: str, name: str, ontology: Mapping[str, Any]) -> int:
    if label_type != "attributes":
        return max(len(ontology.get("classes") or ()), 2)
    for one in ontology.get("attributes") or ():
        if one["key"] == name:
            return len(one.get("choices") or ()) or (2 if one["kind"] == "flag" else FREELY)
    return FREELY


def _logistic(x: float) -> float:
    return 1 / (1 + exp(-min(max(x, -500), 500)))
