"""What the model of times is told beside who and how long: team, stage, class, objects, when."""

from typing import Any

import numpy as np

from quality import timing
from quality.measures.arrays import Floats, Ints
from quality.measures.labeller_trends import Shifts, shifts
from quality.timing_answers import Answers

# Of learning, at which number of answers a labeller was when: enough to tell it to the octave.
_OCTAVES = 20


def everything(a: Answers) -> dict[str, Any]:
    """Columns of the labelling and of the work beside it, one after the other, and who is in which
    team: the arguments of `timing.fit`."""
    beside = a.beside
    label = np.where(a.skipped, -1, a.label)
    both = {
        "labeller": np.concatenate([a.labeller, beside.labeller]),
        "asset": np.concatenate([a.asset, beside.asset]),
        "seconds": np.concatenate([a.seconds, beside.seconds]),
        "order": np.concatenate([a.order, beside.order]),
    }
    factors = {}
    if a.keys:
        factors["class"] = np.concatenate([label, beside.label])
    if beside.stage.size:
        factors["stage"] = np.concatenate([np.zeros(len(a.asset), np.int64), beside.stage])
    objects = np.log1p(np.concatenate([a.objects, beside.objects]))
    return {
        **both,
        "n_labellers": len(a.labellers) + len(beside.people),
        "n_assets": len(a.assets),
        "team": a.team if len(a.teams) > 1 else None,
        "factors": factors,
        "numbers": {"objects": objects} if np.isfinite(objects).any() else {},
        "trends": {"fatigue": worked(a).hours},
    }


def worked(a: Answers) -> Shifts:
    """The shifts of everybody, in which all stages are one work; labelling comes first."""
    who = np.concatenate([a.labeller, a.beside.labeller])
    at = np.concatenate([a.order, a.beside.order])
    return shifts(who, at, len(a.labellers) + len(a.beside.people))


def fit(a: Answers) -> timing.Fit:
    """The whole model of times, of people (those beside come last) and of answers likewise."""
    return timing.fit(**everything(a))


def of_class(a: Answers, fitted: timing.Fit) -> Floats:
    """How much of each answer's log time is owed to its class and to how much there was to mark:
    taken out of a labeller's pace, and put back where classes are compared."""
    owed = np.zeros(len(a.asset))
    if "class" in fitted.factors:
        effect = fitted.factors["class"].effect
        kept = ~a.skipped & (a.label < len(effect))
        owed[kept] += effect[a.label[kept]]
    if "objects" in fitted.numbers:
        slope, _ = fitted.numbers["objects"]
        marked = np.log1p(a.objects)
        owed += slope * np.nan_to_num(marked - fitted.centre["number objects"])
    return owed


def practice(a: Answers) -> dict[str, list[list[float]]]:
    """Of each person (by id), when they had given 1, 2, 4, 8, … timed answers, and the last."""
    columns = everything(a)
    timed = np.isfinite(columns["seconds"])
    who, at = columns["labeller"][timed], columns["order"][timed]
    order = np.lexsort((at, who))
    who, at = who[order], at[order]
    ids = np.concatenate([a.labellers, a.beside.people])
    starts = np.searchsorted(who, np.arange(ids.size + 1))
    found = {}
    for i, person in enumerate(ids.tolist()):
        mine = at[starts[i] : starts[i + 1]]
        octaves = [2**k for k in range(_OCTAVES) if 2**k < mine.size]
        if mine.size:
            marks = [*octaves, mine.size]
            found[str(person)] = [[float(n), round(float(mine[n - 1]), 1)] for n in marks]
    return found


def experience(known: dict[str, Any], people: Ints, at: Floats) -> list[float]:
    """How many answers each of `people` (ids) had given before the moment `at`, by their marks."""
    counts = []
    for person, when in zip(people.tolist(), at.tolist(), strict=True):
        marks = known.get(str(person))
        if not marks:
            counts.append(0.0)
            continue
        n, moment = (np.array(column) for column in zip(*marks, strict=True))
        log = np.interp(when, moment, np.log1p(n - 1), left=0.0)
        counts.append(float(np.expm1(log)))
    return counts
