"""Labelled boxes of a chunk against predicted ones, as columns."""

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import msgspec
import numpy as np

from quality.rescoring import detection
from quality.rescoring.plan import Task, keys_of
from quality.rescoring.reading import Part, Said
from quality.rescoring.sources import MOST_OBJECTS, Finding, silent

# Learnt chances hold nearly everything for right where errors of a kind are rare. What the rule of
# thumb doubts counts as well, as long as it doubts no more of the labels than this: a reference
# that contradicts more is wrong itself too often.
RULE_DOUBTS_AT_MOST = 0.1


class Box(msgspec.Struct, rename={"category": "class"}, gc=False):
    category: str
    box: tuple[float, float, float, float]
    id: str = ""
    angle: float = 0.0
    score: float = 1.0
    crowd: bool = False


class Boxes(msgspec.Struct, gc=False):
    objects: list[Box]


_decode = msgspec.json.Decoder(Boxes).decode
Columns = tuple[np.ndarray, np.ndarray, np.ndarray, list[Box]]


class Paired(NamedTuple):
    """Labels that the reference speaks of: their positions in the chunk, both sides as columns for
    `detection`, and the objects behind them."""

    heard: list[int]
    labels: detection.Labels
    predictions: detection.Predictions
    objects: list[Box]
    shown: list[Box]


def paired(task: Task, part: Part, said: Mapping[int, Said]) -> Paired:
    """Both sides of a chunk as columns; classes are coded as the ontology lists them."""
    heard = [i for i, asset in enumerate(part.asset_ids) if asset in said]
    code = {key: i for i, key in enumerate(keys_of(task))}
    boxes, category, start, objects = columns([part.raw[i] for i in heard], code)
    theirs, classes, since, shown = columns([said[part.asset_ids[i]].raw for i in heard], code)
    crowd = np.array([o.crowd for o in objects], bool)
    score = np.array([o.score for o in shown], float)
    labels = detection.Labels(boxes, category, start, crowd)
    return Paired(
        heard, labels, detection.Predictions(theirs, classes, score, since), objects, shown
    )


def terms_of(task: Task, device: str = "cpu") -> detection.Terms:
    """What counts as one object, and where boxes are matched."""
    near = min(task.settings.near, task.settings.overlap)
    place = None if device == "cpu" else device
    return detection.Terms(overlap=task.settings.overlap, near=near, place=place)


class Learnt(NamedTuple):
    """What errors look like to this reference, and whether the rule of thumb is heeded, too."""

    chances: detection.Calibration
    heeds_rule: bool


def calibration(task: Task, part: Part, said: Mapping[int, Said]) -> Learnt | None:
    """Learnt from a sample of the labels; None where there is too little to learn from."""
    both = paired(task, part, said)
    terms = terms_of(task)
    found = detection.calibrate(both.labels, both.predictions, terms, seed=task.settings.seed)
    if found is None:
        return None
    by_rule = detection.score(both.labels, both.predictions, terms).quality
    doubted = float((by_rule < task.settings.below).mean())
    return Learnt(found, doubted <= RULE_DOUBTS_AT_MOST)


def against_predictions(
    task: Task,
    part: Part,
    said: Mapping[int, Said],
    learnt: Learnt | None = None,
    device: str = "cpu",
) -> Finding:
    """What the reference says of every label that it speaks of; see `detection.score`."""
    found = silent(len(part.asset_ids))
    both = paired(task, part, said)
    if not both.heard:
        return found
    terms = terms_of(task, device)
    chances = learnt.chances if learnt else None
    scores = plain = detection.score(both.labels, both.predictions, terms, chances)
    doubt = scores.quality < task.settings.below
    if learnt and learnt.heeds_rule:
        plain = detection.score(both.labels, both.predictions, terms)
        doubt |= plain.quality < task.settings.below
    # A label is held for as right as whoever doubts it says.
    quality = np.where(doubt, np.minimum(scores.quality, plain.quality), scores.quality)
    found.score[both.heard], found.voices[both.heard] = quality, 1
    found.doubt = np.zeros(len(found.score), bool)
    found.doubt[both.heard] = doubt
    for position in np.flatnonzero(doubt | (scores.error > 0)):
        i = both.heard[position]
        # What is doubted by the rule of thumb alone is told by it.
        teller = scores if scores.error[position] else plain
        found.error[i] = (
            detection.ERRORS[teller.error[position]] if teller.error[position] else None
        )
        told = detection.evidence(teller, both.labels, both.predictions, int(position), terms)
        mine = both.objects[slice(*both.labels.start[position : position + 2])]
        theirs = both.shown[slice(*both.predictions.start[position : position + 2])]
        found.objects[i] = [_told(one, mine, theirs) for one in told[:MOST_OBJECTS]]
    return found


def columns(raw: Sequence[str], code: dict[str, int]) -> Columns:
    """Boxes (n, 4) that stand upright, codes of class (n,), where each label's begin, objects."""
    objects: list[Box] = []
    start = [0]
    for one in raw:
        objects += _decode(one).objects
        start.append(len(objects))
    flat = chain.from_iterable(o.box for o in objects)
    boxes = np.fromiter(flat, float, 4 * len(objects)).reshape(-1, 4)
    for i in [i for i, o in enumerate(objects) if o.angle]:
        boxes[i] = _upright(objects[i])
    category = np.array([code.setdefault(o.category, len(code)) for o in objects], np.int64)
    return boxes, category, np.array(start, np.int64), objects


def _upright(one: Box) -> tuple[float, float, float, float]:
    """The smallest upright box around a turned one."""
    x, y, w, h = one.box
    turn = math.radians(one.angle)
    across = abs(w * math.cos(turn)) + abs(h * math.sin(turn))
    down = abs(w * math.sin(turn)) + abs(h * math.cos(turn))
    return x + (w - across) / 2, y + (h - down) / 2, across, down


def _told(one: Mapping[str, Any], mine: Sequence[Box], theirs: Sequence[Box]) -> dict[str, Any]:
    given = mine[one["object"]] if one["object"] is not None else None
    other = theirs[one["prediction"]] if one["prediction"] is not None else None
    told: dict[str, Any] = {"kind": one["kind"], "chance": one["chance"]}
    if given is not None:
        told |= {"given": given.id, "class": given.category, "box": list(given.box)}
    if other is not None:
        told["predicted"] = {
            "class": other.category,
            "box": [round(v, 2) for v in other.box],
            "score": one["score"],
        }
    told["words"] = _words(one["kind"], given, other)
    return told


def _words(kind: str, given: Box | None, other: Box | None) -> str:
    name = given.category if given is not None else ""
    seen = f"{other.category} ({100 * other.score:.0f} % sure)" if other is not None else "nothing"
    return {
        "wrong class": f"{name}, where the reference sees {seen}",
        "low overlap": f"{name} lies otherwise than the {seen} of the reference",
        "missing": f"the reference sees {seen}, which nobody labelled",
        "extra": f"{name}, where the reference sees no such thing",
        "duplicate": f"{name} stands twice for one object",
        "ambiguous": f"{name}: the reference wavers, it also sees {seen}",
    }[kind]
