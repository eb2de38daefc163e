"""Labelled boxes of a chunk against predicted ones, as columns."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from quality.rescoring import detection
from quality.rescoring.plan import Task
from quality.rescoring.reading import Part, Said
from quality.rescoring.sources import MOST_OBJECTS, Finding, silent


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


def against_predictions(task: Task, part: Part, said: Mapping[int, Said]) -> Finding:
    """What the reference says of every label that it speaks of; see `detection.score`."""
    found = silent(len(part.asset_ids))
    heard = [i for i, asset in enumerate(part.asset_ids) if asset in said]
    if not heard:
        return found
    code: dict[str, int] = {}
    boxes, category, start, objects = _columns([part.raw[i] for i in heard], code)
    shown = _columns([said[part.asset_ids[i]].raw for i in heard], code)
    labels = detection.Labels(boxes, category, start, np.array([o.crowd for o in objects], bool))
    predictions = detection.Predictions(
        shown[0], shown[1], np.array([o.score for o in shown[3]], float), shown[2]
    )
    terms = detection.Terms(
        overlap=task.settings.overlap, near=min(task.settings.near, task.settings.overlap)
    )
    scores = detection.score(labels, predictions, terms)
    found.score[heard], found.voices[heard] = scores.quality, 1
    for position in np.flatnonzero(scores.error):
        i = heard[position]
        found.error[i] = detection.ERRORS[scores.error[position]]
        told = detection.evidence(scores, labels, predictions, int(position), terms)
        mine = objects[start[position] : start[position + 1]]
        theirs = shown[3][shown[2][position] : shown[2][position + 1]]
        found.objects[i] = [_told(one, mine, theirs) for one in told[:MOST_OBJECTS]]
    return found


def _columns(raw: Sequence[str], code: dict[str, int]) -> Columns:
    """Boxes (n, 4) that stand upright, codes of class (n,), where each label's begin, objects."""
    objects: list[Box] = []
    start = [0]
    for one in raw:
        objects += _decode(one).objects
        start.append(len(objects))
    boxes = np.array([o.box for o in objects], float).reshape(-1, 4)
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
