"""Labels to look at: a random sample of the finished ones of a batch."""

import zlib
from collections.abc import Mapping
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from dashboards.portal.blueprint import blueprint, page
from metrics import label_drawing
from metrics.reads import client as reads
from ops import batches, clock_time, labels, ontologies
from ops.models import Batch, OntologyVersion, Project
from ops.web import media
from ops.web.identity import db, user

# Types whose labels name classes.
WITH_CLASSES = ("class", "tags", "boxes", "polygons", "masks", "keypoints", "spans")
THUMB = 256  # px; the server makes pictures of this size
MOST_SHUFFLES = 10_000


@blueprint.get("/portal/batches/<int:batch_id>/samples")
def samples(batch_id: int) -> ResponseReturnValue:
    """Finished labels at random: the same all day, others on asking; of one class on asking."""
    one = batches.find(db(), user(), batch_id)
    ontology = ontologies.current(db(), one.project_id)
    classes = classes_of(one.project, ontology)
    of_class = request.args.get("class", "")
    turn = min(max(request.args.get("turn", 0, type=int), 0), MOST_SHUFFLES)
    known = of_class if of_class in classes else None
    found = reads.sample(db(), one, seed=seed(one, turn), of_class=known)
    rendered: ResponseReturnValue = page(
        "samples.html",
        one.project,
        "project",
        batch=one,
        rows=[card(one.project, ontology, row) for row in found],
        classes=classes,
        of_class=known or "",
        turn=turn,
    )
    return rendered


def seed(batch: Batch, turn: int) -> int:
    """The same for everybody on a day (UTC); each turn shows others."""
    return zlib.crc32(f"{batch.id}:{clock_time.now():%Y-%m-%d}:{turn}".encode())


def classes_of(project: Project, ontology: OntologyVersion | None) -> dict[str, Mapping[str, Any]]:
    """Class key → class, where labels of the project name classes."""
    if ontology is None or project.label_type not in WITH_CLASSES:
        return {}
    return {one["key"]: one for one in ontology.classes}


def card(project: Project, ontology: OntologyVersion | None, row: Row[Any]) -> dict[str, Any]:
    """One label of a sample: {external_id, url, words, svg | picture | pieces}."""
    said = labels.in_words(project.label_type, row.label, ontology)
    found: dict[str, Any] = {
        "external_id": row.external_id,
        "url": url_for("portal.item", project_id=project.id, external_id=row.external_id),
        "words": said,
    }
    if row.uri is None:
        found["pieces"] = label_drawing.passages(row.text or "", row.label, most=240)
    elif row.width and row.height and row.label.get("objects"):
        found["svg"] = label_drawing.drawn(
            row.label,
            (row.width, row.height),
            classes_of(project, ontology),
            media.url(row.id, THUMB),
            title=said,
        )
    else:
        found["picture"] = media.url(row.id, THUMB)
    return found
