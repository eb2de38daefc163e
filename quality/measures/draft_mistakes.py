"""Whether labellers repeat a model's mistakes: what of a draft is wrong, and who says it anyway.

The same yardstick with and without a draft: a mistake is repeated where the label says what the
wrong draft says, whether or not its labeller saw it.
"""

from collections.abc import Sequence

import numpy as np

from quality.measures import error_types, likeness, objects
from quality.measures.arrays import Ints
from quality.measures.drafts import THINGS, Label
from quality.measures.likeness import SHARED, USUAL, Terms


def mistakes(
    label_type: str,
    proposed: Sequence[Label],
    truth: Sequence[Label],
    given: Sequence[Label],
    terms: Terms = USUAL,
) -> tuple[Ints, Ints]:
    """(wrong, repeated), each (labels,): how many proposed objects the truth does not have, and how
    many of these the given label has; a label that is one whole counts as one object.

    Objects are the same that are matched at `terms.overlap` and of one class; passages, those of
    the same characters, or that share any (`terms.partial`). Raises ValueError as `likeness` does.
    """
    if label_type not in THINGS:
        bad = likeness.scores(label_type, proposed, truth, terms) < 1
        same = [dict(one) == dict(other) for one, other in zip(proposed, given, strict=True)]
        return bad.astype(np.int64), (bad & np.array(same, bool)).astype(np.int64)
    unmatched = _unmatched(label_type, proposed, truth, terms)
    field = THINGS[label_type]
    start = np.concatenate([[0], np.cumsum([len(one[field]) for one in proposed])])
    left = [
        {field: [thing for thing, bad in zip(one[field], unmatched[a:b], strict=True) if bad]}
        for one, a, b in zip(proposed, start[:-1], start[1:], strict=True)
    ]
    wrong: Ints = np.array([len(one[field]) for one in left], np.int64)
    alone = _per_label(_unmatched(label_type, left, given, terms), wrong)
    return wrong, wrong - alone


def _unmatched(
    label_type: str, some: Sequence[Label], others: Sequence[Label], terms: Terms
) -> np.ndarray:
    """Which objects of `some` have no like in `others`, (objects,); crowds always have."""
    sure = terms.overlap
    if label_type == "spans":
        sure = SHARED if terms.partial else 1.0
    judged = objects.judge(
        label_type, some, others,
        sure=sure, least=min(terms.near, sure), sigmas=terms.sigmas, size=terms.size,
    )  # fmt: skip
    return (judged.match < 0) & (judged.of != error_types.CROWD)


def _per_label(unmatched: np.ndarray, lengths: Ints) -> Ints:
    owner = np.repeat(np.arange(len(lengths)), lengths)
    return np.bincount(owner[unmatched], minlength=len(lengths)).astype(np.int64)
