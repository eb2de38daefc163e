"""The verdict on answers that are drawn, marked or written: merged, object by object.

What each labeller is worth is their standing. An answer is held against what the others come to
without it, and that comparison is worth as much as the others are likely to be right.
"""

from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy.orm import Session

from ops import ontologies
from ops.models import OntologyVersion, Project
from quality import trust
from quality.judging import answers as read
from quality.judging.alike import sizes
from quality.judging.answers import Answer
from quality.judging.evidence import Finding
from quality.judging.sureness import log_odds, sure
from quality.judging.verdict import Verdict

if TYPE_CHECKING:
    from quality.measures.merging import Merged

METHOD = "merged"


def judge_groups(
    session: Session, project: Project, groups: Sequence[list[Answer]]
) -> list[Verdict]:
    """The verdicts on groups of answers, each about one asset, all of one project.

    Their posterior is {"labels": ids of the labels merged, "accuracy": what was believed of who
    gave each, "agreed": likeness of each to what the others say (null for a single one), "parts":
    object, tag, attribute or text → {"by": positions of the answers that have it, "share": their
    part of the weight, …}}, with parts that the label leaves out.
    """
    from quality.measures.merging import merge_many

    flat = [answer for group in groups for answer in group]
    contents = read.contents(session, flat)
    people = {answer.labeller_id for answer in flat}
    believed = trust.standings(session, people, project.skill_id)
    known = parts(ontologies.current(session, project.id))
    large = sizes(session, {answer.asset_id for answer in flat})
    said = [[contents[answer.label_id] for answer in group] for group in groups]
    mean = [[round(believed[a.labeller_id].mean, 4) for a in group] for group in groups]
    found = merge_many(
        project.label_type,
        said,
        [[log_odds(p) for p in some] for some in mean],
        ontology=known,
        sizes=[large.get(group[0].asset_id) for group in groups],
    )
    return [
        _verdict(
            group,
            some,
            accuracy,
            merged,
            sure(project.label_type, some, accuracy, merged.label, merged.support, known),
        )
        for group, some, accuracy, merged in zip(groups, said, mean, found, strict=True)
    ]


def parts(ontology: OntologyVersion | None) -> dict[str, Any]:
    """An ontology as the measures take it: classes, attributes, scale, reasons."""
    names = ("classes", "attributes", "scale", "reasons")
    return {name: getattr(ontology, name) for name in names} if ontology else {}


def _verdict(
    group: list[Answer],
    said: list[dict[str, Any]],
    accuracy: list[float],
    found: "Merged",
    certainty: float | None,
) -> Verdict:
    single = len(group) == 1
    agreed = [None if isnan(a) else round(float(a), 6) for a in found.agreed]
    # Of a text, which has no parts, the merge itself says how alike the answers are to it.
    several = found.probability if certainty is None else certainty
    return Verdict(
        answers=group,
        method=METHOD,
        # A single answer stands as it was given, to the last digit.
        label=said[0] if single else dict(found.label),
        # Of one answer nothing is known but who gave it.
        probability=accuracy[0] if single else float(several),
        agreement=None if single else found.agreement,
        tied=False,
        posterior={
            "labels": [answer.label_id for answer in group],
            "accuracy": accuracy,
            "agreed": agreed,
            "parts": found.support,
        },
        agreed=[] if single else [a or 0.0 for a in agreed],
        findings=[] if single else _findings(group, agreed, accuracy),
    )


def _findings(
    group: list[Answer], agreed: Sequence[float | None], accuracy: Sequence[float]
) -> list[Finding]:
    return [
        Finding(answer, share, majority_right([*accuracy[:i], *accuracy[i + 1 :]]))
        for i, (answer, share) in enumerate(zip(group, agreed, strict=True))
        if share is not None
    ]


def majority_right(accuracy: Sequence[float]) -> float:
    """The chance that more than half of independent people are right; half of it where they are
    even. `accuracy` is that of each, 0 to 1 (M. de Condorcet, 1785; Poisson-binomial)."""
    right = np.array([1.0])
    for p in accuracy:
        right = np.append(right * (1 - p), 0.0) + np.append(0.0, right * p)
    count, half = np.arange(right.size), len(accuracy) / 2
    return float(right[count > half].sum() + right[count == half].sum() / 2)
