"""With what a run was made: enough to say why two of them differ."""

from importlib.metadata import version
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from quality.rescoring.plan import Task

# The gold of a project, as it stood: how many, and one digest of all their versions.
_GOLD = text(
    """
    SELECT count(*) AS n, md5(string_agg(gold.id || ':' || newest.version, ',' ORDER BY gold.id))
           AS digest
    FROM gold JOIN LATERAL (
        SELECT max(version) AS version FROM gold_version
        WHERE gold_id = gold.id AND created_at <= :as_of
    ) newest ON newest.version IS NOT NULL
    WHERE gold.project_id = :project
    """
)


def of(session: Session, task: Task) -> dict[str, Any]:
    """Versions of code and gold, the reference model with its digest, the device."""
    values = {"project": task.project_id, "as_of": task.as_of}
    gold = session.execute(_GOLD, values).one()
    found: dict[str, Any] = {
        "code_version": version("touchstone"),
        "gold": gold.n,
        "gold_version": gold.digest,
        "device": _device(task),
    }
    if task.model is not None:
        model = task.model
        found |= {
            "model": f"{model.name}, version {model.version}",
            "model_kind": model.kind,
            "model_digest": model.digest,
        }
    return found


def _device(task: Task) -> str:
    """Where numbers are reckoned. Predictions that were imported need no device but the CPU."""
    if task.model is not None and task.model.kind == "predictions":
        return "cpu"
    from quality.rescoring import crossval

    return crossval.device_name()
