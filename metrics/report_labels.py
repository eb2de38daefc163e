"""What the labels of a batch say, whatever their type: how often each class, how much agreement."""

import math
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from ops import labels
from ops.models import Batch, OntologyVersion, Project
from quality.judging import agreeing
from quality.measures.agreement import (
    Estimate,
    alpha_estimate,
    asset_agreement,
    krippendorff_alpha,
    label_counts,
)

Report = dict[str, Any]
# What is counted: the key of a choice, each tag, the class of each object or span; of labels that
# are of no class, nothing.
_KEYS = {
    "choice": "SELECT label_key(now.label) AS key",
    "tags": "SELECT jsonb_array_elements_text(now.label -> 'tags') AS key",
    "spans": "SELECT jsonb_array_elements(now.label -> 'spans') ->> 'class' AS key",
    "objects": "SELECT jsonb_array_elements(now.label -> 'objects') ->> 'class' AS key",
}
_COUNTED = """
    SELECT said.key, count(*) FROM (
        SELECT DISTINCT ON (asset_id) label FROM consensus
        WHERE batch_id = :batch ORDER BY asset_id, version DESC
    ) AS now CROSS JOIN LATERAL ({keys}) said GROUP BY said.key
"""


def balance(
    session: Session, batch: Batch, project: Project, ontology: OntologyVersion
) -> list[Report]:
    """How many labels are of each class; of labels with parts, how many parts are."""
    counts = _counts(session, batch, project.label_type)
    total = sum(counts.values())
    known = _listed(project.label_type, ontology)
    # A class that was taken out of the ontology after labels were given keeps its key as its name.
    gone = counts.keys() - {c["key"] for c in known}
    known += [{"key": key, "name": key, "description": ""} for key in sorted(gone)]
    return [
        {**c, "n": counts.get(c["key"], 0), "share": share(counts.get(c["key"], 0), total)}
        for c in known
    ]


def _counts(session: Session, batch: Batch, label_type: str) -> dict[str, int]:
    kind = "choice" if label_type in labels.CHOICES else label_type
    kind = "objects" if label_type in labels.WITHIN_PICTURE else kind
    if kind not in _KEYS:
        return {}
    statement = text(_COUNTED.format(keys=_KEYS[kind]))
    return {key: n for key, n in session.execute(statement, {"batch": batch.id})}  # noqa: C416


def _listed(label_type: str, ontology: OntologyVersion) -> list[Report]:
    if label_type in ("rating", "preference"):
        keys = labels.choices(label_type, ontology)
        said = [{label_type: float(k) if label_type == "rating" else k} for k in keys]
        words = [labels.in_words(label_type, one, ontology) for one in said]
        return [{"key": k, "name": n, "description": ""} for k, n in zip(keys, words, strict=True)]
    if label_type in ("attributes", "transcription"):
        return []
    names = ("key", "name", "description")
    return [{name: c.get(name, "") for name in names} for c in ontology.classes]


def share(n: int, total: int) -> float | None:
    """n ÷ total; None of nothing."""
    return n / total if total else None


# Rework is left out: whoever mends an answer of theirs gives no independent one.
ANSWERS = text(
    """
    SELECT task.asset_id, newest.key, count(*) AS n FROM lane
    JOIN task ON task.lane_id = lane.id
    JOIN assignment ON assignment.task_id = task.id AND assignment.state = 'submitted'
    JOIN LATERAL (
        SELECT label_key(payload) AS key FROM label
        WHERE label.assignment_id = assignment.id ORDER BY revision DESC LIMIT 1
    ) newest ON true
    WHERE lane.batch_id = :batch AND task.stage = 'label'
    GROUP BY task.asset_id, newest.key
    """
)
_LIKENESS = text(
    """
    SELECT avg(evidence.correct) FROM lane JOIN task ON task.lane_id = lane.id
    JOIN assignment ON assignment.task_id = task.id
    JOIN evidence ON evidence.assignment_id = assignment.id AND evidence.kind = 'consensus'
    WHERE lane.batch_id = :batch AND task.stage = 'label' AND task.round > 0
    GROUP BY task.asset_id
    """
)


def agreement(session: Session, batch: Batch, project: Project) -> Report:
    """How far independent answers agree.

    Of choices Krippendorff's α (ratings: of intervals) and how often two answers are the same; of
    other labels how alike an answer is to what the others say, on average over assets; of objects
    and spans α too, after matching, over `things` on some of the assets.
    """
    if project.label_type not in labels.CHOICES:
        found = list(session.scalars(_LIKENESS, {"batch": batch.id}))
        mean = sum(found) / len(found) if found else None
        alike = _undefined("likeness") | {"items": len(found), "pairs_agreeing": mean}
        return alike | (_of_things(session, batch, project) if found else {})
    rows = session.execute(ANSWERS, {"batch": batch.id}).all()
    if not rows:
        return _undefined(project.label_type)
    assets, asset = np.unique(np.array([r.asset_id for r in rows]), return_inverse=True)
    keys, key = np.unique(np.array([r.key for r in rows]), return_inverse=True)
    times = np.array([r.n for r in rows])
    counts = label_counts(asset.repeat(times), key.repeat(times), len(assets), len(keys))
    pairs = asset_agreement(counts)
    judged = pairs[~np.isnan(pairs)]
    ordinal = project.label_type == "rating"
    return {
        "kind": project.label_type,
        **(_interval_alpha(counts, keys) if ordinal else _nominal_alpha(counts)),
        "items": int(judged.size),
        "pairs_agreeing": float(judged.mean()) if judged.size else None,
    }


def _of_things(session: Session, batch: Batch, project: Project) -> Report:
    """α of the objects and spans of a batch, where its labels hold such."""
    found = agreeing.of_batch(session, batch, project)
    if found is None or not found.alpha.n:
        return {}
    return {**_plain(found.alpha), "things": found.alpha.n, "compared": found.assets}


def _nominal_alpha(counts: Any) -> Report:
    return _plain(alpha_estimate(counts))


def _plain(alpha: Estimate) -> Report:
    return {"alpha": defined(alpha.value), "low": defined(alpha.low), "high": defined(alpha.high)}


def _interval_alpha(counts: Any, keys: Any) -> Report:
    ratings = np.array([float(key) for key in keys])
    alpha = krippendorff_alpha(counts, level="interval", values=ratings)
    return {"alpha": defined(alpha), "low": None, "high": None}


def _undefined(kind: str) -> Report:
    nothing = dict.fromkeys(("alpha", "low", "high", "pairs_agreeing"))
    return {"kind": kind, **nothing, "items": 0}


def defined(value: float) -> float | None:
    """None in place of nan, which JSON does not know."""
    return None if math.isnan(value) else float(value)
