"""Spans of a text: F1 of those found, exactly or in part, and of the relations between them."""

from collections.abc import Mapping, Sequence

import numpy as np

from quality.measures.arrays import Floats
from quality.measures.object_errors import ObjectError
from quality.measures.objects import Judged, Label, mean_agreement, owners

Relation = tuple[str | None, str | None, str]  # from and to, as the truth calls them, and its class


def f_scores(
    judged: Judged, given: Sequence[Label], truth: Sequence[Label], *, partial: bool
) -> Floats:
    """F1 of each label's spans and relations, times the mean agreement of attributes; (labels,).

    Exact: a span counts 1 if class, start and end are those of the truth. In part: two spans of one
    class that share characters, matched one to one, count by the share of the characters of either
    that are in both (IoU), where MUC and SemEval-2013 task 9 count any shared character as a half.
    A relation counts 1 if its class and both its spans' matches are those of the truth. A label
    without spans whose truth has none is right.
    """
    n = len(given)
    met = judged.match >= 0
    credit = np.where(met, judged.overlap, 0) if partial else met.astype(float)
    hits = np.bincount(owners(judged.given), credit, minlength=n)
    whole = (np.diff(judged.given.start) + np.diff(judged.truth.start)).astype(float)
    for k in range(n):
        told, known = _relations(judged, k, given[k], truth[k])
        hits[k] += len(set(told) & set(known))
        whole[k] += len(told) + len(known)
    score = np.divide(2 * hits, whole, out=np.ones(n), where=whole > 0)
    return score * mean_agreement(judged)


def relation_errors(judged: Judged, given: Label, truth: Label, k: int) -> list[ObjectError]:
    """Relations of label k that are not there, given twice, or missing; they have no ids."""
    told, known = _relations(judged, k, given, truth)
    found = []
    for n, one in enumerate(told):
        kind = "extra" if one not in known else "duplicate" if one in told[:n] else None
        if kind:
            words = "is not there" if kind == "extra" else "is there once only"
            found.append(ObjectError(kind, None, None, None, f"the relation {one[2]} {words}"))
    for one in known:
        if one not in told:
            words = f"the relation {one[2]} is missing"
            found.append(ObjectError("missing", None, None, None, words))
    return found


def _relations(
    judged: Judged, k: int, given: Label, truth: Label
) -> tuple[list[Relation], list[Relation]]:
    """Relations told and known of label k, between spans of the truth (None: matched with none)."""
    told, known = given.get("relations") or [], truth.get("relations") or []
    if not told:
        return [], [_ends(one) for one in known]
    first, last = judged.given.start[k : k + 2]
    true_id = {
        judged.given.objects[i]["id"]: judged.truth.objects[judged.match[i]]["id"]
        for i in range(first, last)
        if judged.match[i] >= 0
    }
    joined = [(true_id.get(r["from"]), true_id.get(r["to"]), r["class"]) for r in told]
    return joined, [_ends(one) for one in known]


def _ends(relation: Mapping[str, str]) -> Relation:
    return relation["from"], relation["to"], relation["class"]
