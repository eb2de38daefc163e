"""Whether the order in which labels are to be looked at can be had of this batch and this model."""

from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ops import labels, ontologies
from ops.errors import InvalidInput
from ops.labels import CHOICES
from ops.models import Batch, Prediction, ReferenceModel
from quality.rescoring.settings import RunSettings

OBJECTS = ("boxes", "polygons", "keypoints", "masks")  # without a model judged one by one
_HAS = {
    "choice": "label_key(label) = :key",
    "tags": "label -> 'tags' @> to_jsonb(CAST(:key AS text))",
    "objects": "label -> 'objects' @> "
    "jsonb_build_array(jsonb_build_object('class', CAST(:key AS text)))",
}


def fits(
    session: Session, batch: Batch, model: ReferenceModel | None, route: str, asked: RunSettings
) -> None:
    """Raises InvalidInput naming `order` or `of_class` where labels cannot be ordered as `asked`;
    `route` is how they are judged, see `runs.route`."""
    if asked.order == "weighed":
        return
    of = batch.project.label_type
    if of in OBJECTS:
        _objects(batch, asked.order, route)
    elif of not in (*CHOICES, "tags"):
        _refuse(asked.order, f"goes through classes, tags and objects, not {of}")
    elif model is not None and route == "predictions" and asked.order != "kfold":
        _has_probabilities(session, model, asked.order)
    if asked.of_class is not None:
        _is_there(session, batch, asked.of_class)


def _refuse(order: str, words: str) -> None:
    raise InvalidInput(f"the order {order} {words}", field="order")


def _objects(batch: Batch, order: str, route: str) -> None:
    of = batch.project.label_type
    if route == "predictions":
        if order != "kfold":
            words = "needs the probabilities of all classes, and predicted objects have one score"
            _refuse(order, f"{words} each: choose kfold, or no model")
    elif batch.project.medium != "image":
        _refuse(order, f"needs a model that predicts {of}: there is none to learn from them here")


def _has_probabilities(session: Session, model: ReferenceModel, order: str) -> None:
    if model.kind == "network":
        return  # what it says of classes are probabilities
    given = select(Prediction.asset_id).where(
        Prediction.model_id == model.id, Prediction.probabilities != {}
    )
    if session.scalar(given.limit(1)) is None:
        _refuse(order, f"needs the probabilities of all classes, and {model.name} gives none")


def _is_there(session: Session, batch: Batch, key: str) -> None:
    of, ontology = batch.project.label_type, ontologies.current(session, batch.project_id)
    keys: list[str] = []
    if ontology is not None:
        keys = labels.choices(of, ontology) or [c["key"] for c in ontology.classes]
    if key not in keys:
        known = ", ".join(keys[:20])
        raise InvalidInput(f"{key} is no class of this project: {known}", field="of_class")
    if of != "tags" and len(keys) < 3:
        _refuse("precision", "tells at least two other classes from one another")
    kind = "choice" if of in CHOICES else "tags" if of == "tags" else "objects"
    found: Any = text(f"SELECT 1 FROM consensus WHERE batch_id = :batch AND {_HAS[kind]} LIMIT 1")
    if session.scalar(found, {"batch": batch.id, "key": key}) is None:
        raise InvalidInput(f"no label of this batch is {key}", field="of_class")
