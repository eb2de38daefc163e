"""What was wrong in the reviewed sample: how often each kind of error, and a few with pictures.

Examples are frozen with the report, pictures and all: they can be looked at when the client has
moved the originals. They are drawn by chance, two of each kind of error at most, so nobody chose
them; no remark is among them, for people write names into remarks.
"""

import base64
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrics import label_drawing
from ops import labels, pictures, storage
from ops.errors import InvalidInput, StorageError
from ops.labels import SEVERITIES
from ops.models import Asset, Batch, Consensus, OntologyVersion, Project
from ops.projects import settings_of
from ops.thumbnails import shrunk
from quality import gate_reviews, review_sample
from quality.models import Gold
from quality.review_sample import Sampled

Report = dict[str, Any]
MOST, MOST_OF_A_KIND = 6, 2
SIDE, QUALITY = 400, 72  # px and JPEG quality of a frozen picture
EXCERPT = 320  # characters of a text
# A label of more characters as JSON is not worth a drawing.
LARGEST = 60_000


def wrong(session: Session, batch: Batch, project: Project, ontology: OntologyVersion) -> Report:
    """{"labels": wrong labels in the sample, "errors": [{"type", "n", "critical", "major",
    "minor"}], "examples": […]}; the most frequent type first."""
    judged = [
        one
        for one in review_sample.results(session, batch.id)
        if one.accepted is not None and one.stratum is None
    ]
    found = gate_reviews.findings(session, project.label_type, judged)
    bad = [one for one in judged if not one.accepted]
    severity_of = settings_of(project).gate.errors.severity_of
    errors = {
        one.asset_id: [
            (kind, told or severity_of(kind)) for kind, told in found[one.asset_id].errors
        ]
        for one in bad
    }
    return {
        "labels": len(bad),
        "errors": _counted(errors.values()),
        "examples": _examples(session, batch, project, ontology, bad, errors),
    }


Errors = list[tuple[str, str]]


def _counted(errors: Any) -> list[Report]:
    every: Counter[tuple[str, str]] = Counter(error for some in errors for error in some)
    types = Counter(kind for some in errors for kind, _ in some)
    return [
        {"type": kind, "n": n, **{said: every[kind, said] for said in SEVERITIES}}
        for kind, n in sorted(types.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def _examples(
    session: Session,
    batch: Batch,
    project: Project,
    ontology: OntologyVersion,
    bad: Sequence[Sampled],
    errors: Mapping[int, Errors],
) -> list[Report]:
    """Of labels that were put right, as they were and as they are."""
    ids = [one.asset_id for one in bad]
    known = set(session.scalars(select(Gold.asset_id).where(Gold.asset_id.in_(ids))))
    mended = [one for one in bad if one.fixed and one.given_id and one.asset_id not in known]
    random.Random(batch.id).shuffle(mended)
    chosen, times = list[Sampled](), Counter[str]()
    for one in mended:
        kind = errors[one.asset_id][0][0]
        if times[kind] < MOST_OF_A_KIND:
            times[kind] += 1
            chosen.append(one)
    chosen.sort(key=lambda one: SEVERITIES.index(errors[one.asset_id][0][1]))
    said = _labels(session, chosen)
    made = (_example(session, project, ontology, one, said, errors[one.asset_id]) for one in chosen)
    # No more pictures are read than are shown.
    return list(islice((example for example in made if example is not None), MOST))


def _labels(session: Session, chosen: Sequence[Sampled]) -> dict[int, dict[str, Any]]:
    ids = {i for one in chosen for i in (one.given_id, one.now_id) if i is not None}
    rows = session.execute(select(Consensus.id, Consensus.label).where(Consensus.id.in_(ids)))
    return {row.id: labels.content(row.label) for row in rows}


def _example(
    session: Session,
    project: Project,
    ontology: OntologyVersion,
    one: Sampled,
    said: Mapping[int, dict[str, Any]],
    errors: Errors,
) -> Report | None:
    asset = session.get_one(Asset, one.asset_id)
    before, after = said.get(one.given_id or 0), said.get(one.now_id or 0)
    if not before or not after or len(json.dumps([before, after])) > LARGEST:
        return None
    words = [labels.in_words(project.label_type, one, ontology) for one in (before, after)]
    found: Report = {
        "external_id": asset.external_id,
        "errors": [{"type": kind, "severity": severity} for kind, severity in errors],
        "before_words": words[0],
        "after_words": words[1],
    }
    if asset.uri is not None:
        return found | {"before": before, "after": after} | _picture(session, asset)
    text = asset.text or ""
    return found | {
        "before_text": label_drawing.passages(text, before, most=EXCERPT),
        "after_text": label_drawing.passages(text, after, most=EXCERPT),
    }


def _picture(session: Session, asset: Asset) -> Report:
    """The picture small, as base64 of a JPEG, and the size that labels are measured in; both None
    where it cannot be read now."""
    try:
        small = shrunk(storage.read(asset.uri or "")[0], SIDE, "JPEG", QUALITY)
        size = pictures.size(session, asset.id)
    except (InvalidInput, StorageError, OSError):
        return {"picture": None, "size": None}
    return {"picture": base64.b64encode(small).decode(), "size": list(size)}


def drawing_classes(ontology: OntologyVersion) -> dict[str, Report]:
    """Class key → what it takes to draw it: its colour, and the skeleton where it has one."""
    return {
        one["key"]: {name: one[name] for name in ("colour", "skeleton") if one.get(name)}
        for one in ontology.classes
    }
