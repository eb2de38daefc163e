"""What the sources said of a chunk, as rows of `label_score`."""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from quality.rescoring.plan import Task
from quality.rescoring.reading import Part
from quality.rescoring.sources import Finding

# Until all is scored and the sources can be weighed, the best that speaks decides.
ORDER = ("gold", "reference", "labellers")


def rows(task: Task, part: Part, findings: Mapping[str, Finding]) -> list[tuple[Any, ...]]:
    """One row a label, in the order of `runs.write_chunk`; `findings` by the name of the source."""
    return [_row(task, part, findings, i) for i in range(len(part.asset_ids))]


def _row(task: Task, part: Part, findings: Mapping[str, Finding], i: int) -> tuple[Any, ...]:
    spoke = {
        name: findings[name] for name in ORDER if name in findings and _speaks(findings[name], i)
    }
    first = next(iter(spoke.values()), None)
    reference = spoke.get("reference")
    evidence = {
        "method": part.methods[i],
        "sources": {name: _source(found, i) for name, found in spoke.items()},
        "objects": [{**told, "by": name} for name, f in spoke.items() for told in f.objects[i]],
    }
    return (
        task.run_id,
        part.asset_ids[i],
        part.consensus_ids[i],
        part.given[i],
        reference.predicted[i] if reference else "",
        float(first.score[i]) if first else 1.0,
        _json(reference.probabilities[i] if reference else {}),
        next((f.error[i] for f in spoke.values() if f.error[i]), None),
        _json(evidence),
        False,
        "",
    )


def _speaks(found: Finding, i: int) -> bool:
    return not math.isnan(found.score[i])


def _source(found: Finding, i: int) -> dict[str, Any]:
    said: dict[str, Any] = {"score": round(float(found.score[i]), 6), "n": int(found.voices[i])}
    if found.doubt is not None:
        said["doubt"] = bool(found.doubt[i])
    if found.look is not None and not math.isnan(found.look[i]):
        said |= {"look": float(found.look[i]), "why": found.why[i]}
    return said | ({"error": found.error[i]} if found.error[i] else {})


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
