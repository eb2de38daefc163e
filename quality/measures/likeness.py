"""How alike two labels are, whatever their type: a score from 0 to 1, and what is wrong in words.

Labels are plain dicts of the shapes that `ops.labels` checks, without what a decision adds.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from quality.measures import attributes, objects, spans, texts
from quality.measures.arrays import Floats
from quality.measures.object_errors import ObjectError, attribute_errors, errors
from quality.measures.objects import Judged, Label
from quality.measures.shapes import Sigmas

SHAPES = ("boxes", "polygons", "masks", "keypoints")
SHARED = 1e-9  # an overlap of at least one character, whatever the length


class Terms(NamedTuple):
    """What counts as alike. `overlap`: the IoU or OKS from which two objects are one; `near`: from
    which one is about the other; `partial`: spans that overlap count in part; `sigmas` of
    keypoints, for every class or by class; `size` of the pictures, (width, height) in px; `range`
    of a rating, (low, high), or its width; `rim`: masks are alike by their outlines too, within
    this share of the picture's diagonal (`boundary.RATIO` is usual)."""

    overlap: float = 0.5
    near: float = 0.1
    partial: bool = False
    sigmas: Sigmas = None
    size: tuple[int, int] | None = None
    range: tuple[float, float] | float | None = None
    rim: float | None = None


USUAL = Terms()


class Likeness(NamedTuple):
    """`score` from 0 (nothing in common) to 1 (alike in all that is compared), and the errors."""

    score: float
    errors: list[ObjectError]


def compare(label_type: str, given: Label, truth: Label, terms: Terms = USUAL) -> Likeness:
    """Compare a given label with what is held for true.

    class, preference: equal or not; rating: 1 - distance / range; tags: F1; attributes: mean
    agreement; boxes, polygons, masks, keypoints: F1 of the objects matched at `terms.overlap`, of a
    semantic mask the mean IoU over classes; spans: F1, exact or in part, of spans and relations;
    transcription: 1 - character error rate. Times the agreement of attributes where the truth
    states any. Raises ValueError naming the field of a label or of the terms that is out of form.
    """
    return compare_many(label_type, [given], [truth], terms)[0]


def compare_many(
    label_type: str, given: Sequence[Label], truth: Sequence[Label], terms: Terms = USUAL
) -> list[Likeness]:
    """Compare each given label with the truth at the same position."""
    _check(label_type, given, truth, terms)
    if label_type in SHAPES or label_type == "spans":
        judged = _judge(label_type, given, truth, terms)
        wrong = errors(judged, exact=label_type == "spans")
        if label_type == "spans":
            for k, both in enumerate(zip(given, truth, strict=True)):
                wrong[k] += spans.relation_errors(judged, *both, k)
        found = _of_objects(label_type, given, truth, judged, terms)
        return [Likeness(float(score), told) for score, told in zip(found, wrong, strict=True)]
    of = partial(_rating, scale=terms.range) if label_type == "rating" else _WHOLE[label_type]
    whole = [of(g, t) for g, t in zip(given, truth, strict=True)]
    if label_type == "attributes":
        return whole
    return [_with_attributes(*each) for each in zip(given, truth, whole, strict=True)]


def scores(
    label_type: str, given: Sequence[Label], truth: Sequence[Label], terms: Terms = USUAL
) -> Floats:
    """The scores alone, (labels,): faster, where nobody asks what is wrong."""
    _check(label_type, given, truth, terms)
    if label_type in SHAPES or label_type == "spans":
        judged = _judge(label_type, given, truth, terms)
        return _of_objects(label_type, given, truth, judged, terms)
    found = compare_many(label_type, given, truth, terms)
    return np.array([likeness.score for likeness in found], float)


def _judge(label_type: str, given: Sequence[Label], truth: Sequence[Label], terms: Terms) -> Judged:
    sure, least = terms.overlap, min(terms.near, terms.overlap)
    if label_type == "spans":
        # Exact: the same characters; in part: any that are shared.
        sure, least = (SHARED, SHARED) if terms.partial else (1.0, least)
    return objects.judge(
        label_type,
        given,
        truth,
        sure=sure,
        least=least,
        sigmas=terms.sigmas,
        rim=terms.rim,
        size=terms.size,
    )


def _of_objects(
    label_type: str, given: Sequence[Label], truth: Sequence[Label], judged: Judged, terms: Terms
) -> Floats:
    if label_type == "spans":
        return spans.f_scores(judged, given, truth, partial=terms.partial)
    found = objects.f_scores(judged)
    if label_type == "masks":
        both = zip(given, truth, strict=True)
        semantic = np.array([bool(g.get("semantic") and t.get("semantic")) for g, t in both], bool)
        if semantic.any():
            found = np.where(semantic, objects.class_overlaps(judged), found)
    return found


def _class(given: Label, truth: Label) -> Likeness:
    return _choice(given["class"], truth["class"])


def _preference(given: Label, truth: Label) -> Likeness:
    return _choice(given["preference"], truth["preference"])


def _choice(given: str, truth: str) -> Likeness:
    if given == truth:
        return Likeness(1.0, [])
    words = f"{given}, where the truth is {truth}"
    return Likeness(0.0, [ObjectError("wrong class", given, truth, None, words)])


def _rating(given: Label, truth: Label, scale: tuple[float, float] | float | None) -> Likeness:
    low, high = scale if isinstance(scale, tuple | list) else (0.0, scale or 0.0)
    apart = abs(float(given["rating"]) - float(truth["rating"]))
    if not np.isfinite(apart):
        raise ValueError("rating: expected a finite number")
    if not apart:
        return Likeness(1.0, [])
    # Without a scale nothing says how far is far: equal or not.
    score = max(0.0, 1 - apart / (high - low)) if high > low else 0.0
    one, other = f"{given['rating']:g}", f"{truth['rating']:g}"
    words = f"{one}, where the truth is {other}"
    return Likeness(score, [ObjectError("wrong class", one, other, None, words)])


def _tags(given: Label, truth: Label) -> Likeness:
    some, others = set(given["tags"]), set(truth["tags"])
    score = 2 * len(some & others) / (len(some) + len(others)) if some or others else 1.0
    extra = [
        ObjectError("extra", tag, None, None, f"{tag} does not apply")
        for tag in sorted(some - others)
    ]
    missing = [
        ObjectError("missing", None, tag, None, f"{tag} is missing")
        for tag in sorted(others - some)
    ]
    return Likeness(score, extra + missing)


def _attributes(given: Label, truth: Label) -> Likeness:
    some, others = given["attributes"], truth["attributes"]
    shares = attributes.each(some, others)
    score = sum(shares.values()) / len(shares) if shares else 1.0
    return Likeness(score, attribute_errors(some, others))


def _transcription(given: Label, truth: Label) -> Likeness:
    edits = texts.edit_distance(given["text"], truth["text"])
    if not edits:
        return Likeness(1.0, [])
    length = len(truth["text"])
    score = max(0.0, 1 - edits / length) if length else 0.0
    words = f"{edits} edit{'s' * (edits > 1)} away from the truth's {length} characters"
    return Likeness(score, [ObjectError("text", None, None, None, words)])


def _with_attributes(given: Label, truth: Label, found: Likeness) -> Likeness:
    """Attributes of the label as a whole, beside what it says."""
    known = truth.get("attributes")
    if not known:
        return found
    seen = given.get("attributes") or {}
    share = attributes.agreement(seen, known)
    return Likeness(found.score * (share or 0.0), found.errors + attribute_errors(seen, known))


def _check(label_type: str, given: Sequence[Label], truth: Sequence[Label], terms: Terms) -> None:
    if label_type not in TYPES:
        raise ValueError(f"label_type: expected one of {', '.join(TYPES)}")
    if len(given) != len(truth):
        raise ValueError("given: expected as many labels as truths")
    if not 0 < terms.overlap <= 1 or not 0 < terms.near <= 1:
        raise ValueError("terms: expected overlap and near above 0 and up to 1")


_WHOLE: dict[str, Callable[[Label, Label], Likeness]] = {
    "class": _class,
    "tags": _tags,
    "attributes": _attributes,
    "transcription": _transcription,
    "preference": _preference,
}
TYPES = (*_WHOLE, "rating", *SHAPES, "spans")
