"""What a run scores, cut into chunks that fit the memory it may use."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from ops import labels, ontologies
from ops.models import Batch, Project, ReferenceModel
from quality.models import RescoreRun
from quality.rescoring.settings import RunSettings

Array = np.ndarray
# A payload of so many bytes in the database takes this many times as much when it is worked on:
# unpacked, as text, as Python's objects and as columns.
GROWS = 40
MOST_SAMPLED = 10_000

NOTHING: dict[str, Any] = {
    "classes": [], "attributes": [], "scale": None, "reasons": [], "tie": False,
}  # fmt: skip
_LABELS = text(
    """
    SELECT DISTINCT ON (c.asset_id) c.asset_id, c.id,
           pg_column_size(c.label) + coalesce(pg_column_size(p.label), 0) AS bytes
    FROM consensus c LEFT JOIN prediction p ON p.model_id = :model AND p.asset_id = c.asset_id
    WHERE c.batch_id = :batch AND c.at <= :as_of
    ORDER BY c.asset_id, c.version DESC
    """
)


@dataclass(frozen=True)
class Task:
    """One run with all that is asked again and again while it goes on."""

    run_id: int
    fence: int
    batch_id: int
    project_id: int
    label_type: str
    medium: str
    as_of: Any
    settings: RunSettings
    ontology: dict[str, Any]
    model: ReferenceModel | None


@dataclass(frozen=True)
class Labels:
    """The labels that a run scores, in the order of their assets."""

    asset_id: Array
    consensus_id: Array
    bytes: Array


def task_of(session: Session, run: RescoreRun) -> Task:
    """What there is to do. The ontology in force tells which classes there are."""
    batch = session.get_one(Batch, run.batch_id)
    project = session.get_one(Project, batch.project_id)
    ontology = ontologies.current(session, project.id)
    parts = ("classes", "attributes", "scale", "reasons", "tie")
    model = run.reference_model_id and session.get_one(ReferenceModel, run.reference_model_id)
    return Task(
        run_id=run.id,
        fence=run.fence,
        batch_id=batch.id,
        project_id=project.id,
        label_type=project.label_type,
        medium=project.medium,
        as_of=run.requested_at,
        settings=RunSettings.model_validate(run.settings),
        ontology={part: getattr(ontology, part) for part in parts} if ontology else NOTHING,
        model=model or None,
    )


def keys_of(task: Task) -> list[str]:
    """What a label of this project chooses from."""
    found = labels.choices(task.label_type, task.ontology)
    return found or [c["key"] for c in task.ontology["classes"]]


def labels_of(session: Session, task: Task) -> Labels:
    """Every label of the batch that was in force when the run was asked for."""
    values = {
        "batch": task.batch_id,
        "as_of": task.as_of,
        "model": task.model.id if task.model else None,
    }
    # As plain tuples: numpy asks a Row for a dozen attributes that it does not have.
    rows = [tuple(row) for row in session.execute(_LABELS, values)]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return Labels(columns[0], columns[1], columns[2])


def chunks(labels: Labels, settings: RunSettings) -> list[slice]:
    """Slices of the labels: each of at most `chunk` labels that fit into the memory together.

    They follow from what is stored, so that whoever goes on with a run cuts it alike.
    """
    most = settings.memory_mb * 2**20 / GROWS
    ends = np.cumsum(labels.bytes)
    found, start, n = [], 0, len(ends)
    while start < n:
        before = ends[start - 1] if start else 0
        fits = int(np.searchsorted(ends, before + most, side="right"))
        stop = max(start + 1, min(start + settings.chunk, fits, n))
        found.append(slice(start, stop))
        start = stop
    return found


def sample(labels: Labels, settings: RunSettings) -> Array:
    """Positions of labels drawn at random, as many as fit into the memory and are worth looking
    at, in their order."""
    rng = np.random.default_rng(settings.seed)
    order = rng.permutation(len(labels.bytes))[:MOST_SAMPLED]
    fits = np.searchsorted(
        np.cumsum(labels.bytes[order]), settings.memory_mb * 2**20 / GROWS, side="right"
    )
    return np.sort(order[: max(1, int(fits))])
