"""What a model's predictions have otherwise than the labels in force, and why: a job."""

from collections import Counter
from typing import Any

import numpy as np
from sqlalchemy import func, select, text

from metrics.models import ConfusionRollup, ModelError
from metrics.studies import At
from metrics.study_distances import distances
from ops import ontologies
from ops.db import transaction
from ops.models import Prediction
from quality.judging.alike import yardstick
from quality.measures import error_causes, model_errors
from quality.measures.model_errors import Compared, Error, Said

AT_ONCE = 2000
MOST_PAIRS = 200
_CHUNK = text(
    """
    SELECT p.asset_id, p.label AS seen, p.confidence, p.probabilities, force.label AS given,
           asset.width::float8 * asset.height AS pixels, length(asset.text) AS length
    FROM prediction p JOIN asset ON asset.id = p.asset_id
    LEFT JOIN LATERAL (
        SELECT label FROM consensus WHERE consensus.asset_id = p.asset_id
        ORDER BY version DESC LIMIT 1) force ON true
    WHERE p.model_id = :model AND p.asset_id > :last ORDER BY p.asset_id LIMIT :most
    """
)


class Found:
    """What is found so far, chunk by chunk."""

    def __init__(self) -> None:
        self.errors: list[Error] = []
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.sure = np.zeros((3, error_causes.BINS))
        self.sizes: list[tuple[str, float]] = []
        # Of each asset compared: its id, its size (log pixels or characters).
        self.assets: list[int] = []
        self.wholes: list[float] = []
        self.labels: list[str] = []
        self.unlabelled = 0

    def add(self, label_type: str, rows: Any, compared: Compared) -> None:
        first = len(self.assets)
        for row in rows:
            self.assets.append(row.asset_id)
            self.wholes.append(float(np.log(max(row.pixels or row.length or 1, 1))))
            single = label_type in row.given and label_type in ("class", "preference", "rating")
            self.labels.append(model_errors.key_of(label_type, row.given) if single else "")
        self.errors += [e._replace(at=first + e.at) for e in compared.errors]
        self.pairs += compared.pairs
        self.sure += compared.sure
        self.sizes += compared.sizes


def work(at: At) -> None:
    """Compare every prediction whose asset has a label; store errors with their causes, and what
    the page draws. Raises ValueError."""
    label_type = at.project.label_type
    with transaction(at.sessions) as session:
        counting = select(func.count()).select_from(Prediction)
        total = session.scalar(counting.where(Prediction.model_id == at.model.id)) or 0
        terms = yardstick(session, at.project).terms()
        ontology = ontologies.current(session, at.project.id)
    found, least, last = Found(), None, 0
    while True:
        at.say("comparing", min(len(found.assets) + found.unlabelled, total), max(total, 1))
        with transaction(at.sessions) as session:
            values = {"model": at.model.id, "last": last, "most": AT_ONCE}
            rows = session.execute(_CHUNK, values).all()
        if not rows:
            break
        last = rows[-1].asset_id
        # Whoever sends an asset back says nothing of what is there.
        known = [row for row in rows if row.given is not None and _says(label_type, row.given)]
        found.unlabelled += len(rows) - len(known)
        seen = [Said(row.seen, row.confidence, row.probabilities or {}) for row in known]
        truth = [row.given for row in known]
        if least is None:
            scored = label_type in model_errors.OBJECTS and known
            least = model_errors.best_score(label_type, seen, truth, terms) if scored else 0.0
        compared = model_errors.compare(label_type, seen, truth, least_score=least, terms=terms)
        found.add(label_type, known, compared)
    _finish(at, found, least or 0.0, [c["key"] for c in ontology.classes] if ontology else [])


def _says(label_type: str, label: dict[str, Any]) -> bool:
    field = "objects" if label_type in ("boxes", "polygons", "masks", "keypoints") else label_type
    return {"transcription": "text"}.get(field, field) in label


def _finish(at: At, found: Found, least: float, named: list[str]) -> None:
    keys = sorted({key for pair in found.pairs for key in pair if key} | set(named))
    code = {key: i for i, key in enumerate(keys)} | {"": len(keys)}
    confusion = np.zeros((len(keys) + 1, len(keys) + 1), np.int64)
    for (truth, predicted), n in found.pairs.items():
        confusion[code[truth], code[predicted]] += n
    people = _people(at, code)
    of = error_causes.given(confusion)
    unclear = error_causes.unclear(people)
    far, measure = distances(at, found)
    sides = [(e.truth, e.predicted) for e in found.errors]
    codes = [[code[key] if key else -1 for key in side] for side in sides]
    of_truth, of_seen = np.array(codes, np.int64).reshape(-1, 2).T
    why = error_causes.causes(of_truth, of_seen, far, of, unclear)
    rows = [
        (
            found.assets[e.at], e.kind, e.truth, e.predicted, e.confidence, e.overlap,
            [c for c, is_so in zip(error_causes.CAUSES, why[i], strict=True) if is_so],
            None if np.isnan(far[i]) else float(far[i]), e.given_box, e.seen_box,
        )
        for i, e in enumerate(found.errors)
    ]  # fmt: skip
    summary = {
        "compared": len(found.assets),
        "unlabelled": found.unlabelled,
        "errors": len(rows),
        "wrong_assets": len({e.at for e in found.errors}),
        "least_score": least,
        "measure": measure,
        "kinds": dict(Counter(e.kind for e in found.errors).most_common()),
        "causes": {c: int(why[:, i].sum()) for i, c in enumerate(error_causes.CAUSES)},
        "unexplained": int((~why.any(axis=1)).sum()) if rows else 0,
        "classes": _classes(keys, confusion, of),
        "pairs": _pairs(keys, confusion, people, unclear),
        "calibration": [[round(float(v), 6) for v in row] for row in found.sure],
    }
    with transaction(at.sessions) as session:
        at.finish(session, summary, ModelError, rows)


def _people(at: At, code: dict[str, int]) -> Any:
    """How often people answered one class where another is right."""
    n = len(code) - 1
    counts = np.zeros((n, n), np.int64)
    told = (
        select(ConfusionRollup.truth, ConfusionRollup.said, func.sum(ConfusionRollup.n))
        .where(ConfusionRollup.project_id == at.project.id)
        .group_by(ConfusionRollup.truth, ConfusionRollup.said)
    )
    with transaction(at.sessions) as session:
        for truth, said, count in session.execute(told):
            if truth and said and truth in code and said in code:
                counts[code[truth], code[said]] += int(count)
    return counts


def _classes(keys: list[str], confusion: Any, of: Any) -> list[dict[str, Any]]:
    rare = error_causes.rare(of.labelled)
    return [
        {
            "key": key,
            "labelled": int(of.labelled[i]),
            "predicted": int(of.predicted[i]),
            "right": int(confusion[i, i]),
            "extra": int(of.extra[i]),
            "missed": int(of.missed[i]),
            "q": None if np.isnan(of.q[i]) else round(float(of.q[i]), 6),
            "over": int(of.over[i]),
            "rare": bool(rare[i]),
        }
        for i, key in enumerate(keys)
    ]


def _pairs(keys: list[str], confusion: Any, people: Any, unclear: Any) -> list[dict[str, Any]]:
    """The pairs that the model confuses, the most frequent first, with what people do."""
    wrong = confusion[:-1, :-1].copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[: min(MOST_PAIRS, (wrong > 0).sum())]
    found = []
    for place in order:
        i, j = np.unravel_index(place, wrong.shape)
        found.append(
            {
                "truth": keys[i],
                "predicted": keys[j],
                "model": int(wrong[i, j]),
                "model_n": int(confusion[i].sum()),
                "people": int(people[i, j]),
                "people_n": int(people[i].sum()),
                "unclear": bool(unclear[i, j]),
            }
        )
    return found
