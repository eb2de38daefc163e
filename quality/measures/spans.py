"""Spans of a text: F1 of those found, exactly or in part, and of the relations between them."""

from collections.abc import Mapping, Sequence

import numpy as np

from quality.measures.arrays import Floats
from quality.measures.objects import Judged, Label, mean_agreement, owners


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
        told, known = given[k].get("relations") or [], truth[k].get("relations") or []
        if told or known:
            hits[k] += _relations_right(judged, k, told, known)
            whole[k] += len(told) + len(known)
    score = np.divide(2 * hits, whole, out=np.ones(n), where=whole > 0)
    return score * mean_agreement(judged)


def _relations_right(
    judged: Judged,
    k: int,
    given: Sequence[Mapping[str, str]],
    truth: Sequence[Mapping[str, str]],
) -> int:
    """How many relations of label k join, in its own class, the matches of their two spans."""
    first, last = judged.given.start[k : k + 2]
    true_id = {
        judged.given.objects[i]["id"]: judged.truth.objects[judged.match[i]]["id"]
        for i in range(first, last)
        if judged.match[i] >= 0
    }
    told = {(true_id.get(r["from"]), true_id.get(r["to"]), r["class"]) for r in given}
    return len(told & {(r["from"], r["to"], r["class"]) for r in truth})
