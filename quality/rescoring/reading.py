"""Labels, answers, gold and predictions of one chunk, out of the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from ops.labels import CHOICES
from quality.rescoring.plan import Task

# Payloads come as text and are parsed here: many times faster than as Python's own JSON.
_LABELS = text(
    """
    SELECT asset_id, id, method, label::text AS label, label_key(label) AS given
    FROM consensus WHERE id = ANY(:ids) ORDER BY asset_id
    """
)
_PREDICTIONS = text(
    """
    SELECT asset_id, label::text AS label, confidence, probabilities::text AS probabilities,
           CASE WHEN :choice THEN label_key(label) ELSE '' END AS key
    FROM prediction WHERE model_id = :model AND asset_id = ANY(:assets)
    """
)
# The newest revision of every answer to the label's task, and to the rework that followed.
_ANSWERS = text(
    """
    SELECT task.asset_id, newest.payload::text AS label
    FROM task JOIN assignment ON assignment.task_id = task.id
    JOIN LATERAL (
        SELECT payload FROM label WHERE label.assignment_id = assignment.id
          AND label.created_at <= :as_of ORDER BY revision DESC LIMIT 1
    ) newest ON true
    WHERE task.asset_id = ANY(:assets) AND task.stage = 'label' AND task.round > 0
      AND assignment.state = 'submitted' AND NOT assignment.surplus
    ORDER BY task.asset_id, assignment.id
    """
)
_GOLD = text(
    """
    SELECT DISTINCT ON (gold.asset_id) gold.asset_id, version.answers::text AS answers
    FROM gold JOIN gold_version version ON version.gold_id = gold.id
    WHERE gold.asset_id = ANY(:assets) AND version.created_at <= :as_of
    ORDER BY gold.asset_id, version.version DESC
    """
)
_BESIDE = ("verdict", "remark", "errors", "version", "credit")


@dataclass(frozen=True)
class Part:
    """The labels of a chunk: ids, keys, how each was decided, and the payloads as JSON."""

    asset_ids: list[int]
    consensus_ids: list[int]
    methods: list[str]
    given: list[str]
    raw: list[str]

    def labels(self) -> list[dict[str, Any]]:
        """The payloads as plain dicts, without what a decision adds."""
        return [_plain(one) for one in self.raw]


@dataclass(frozen=True)
class Said:
    """What the reference predicts for an asset; `key` of a choice, as `label_key` has it."""

    raw: str
    key: str
    confidence: float | None
    raw_probabilities: str

    def label(self) -> dict[str, Any]:
        """The payload as a plain dict."""
        return _plain(self.raw)

    def probabilities(self) -> dict[str, float]:
        """Class key → probability, empty where the model gave none."""
        found: dict[str, float] = msgspec.json.decode(self.raw_probabilities)
        return found


def part(session: Session, consensus_ids: Sequence[int]) -> Part:
    """The labels with these ids, in the order of their assets."""
    rows = session.execute(_LABELS, {"ids": list(consensus_ids)}).all()
    return Part(
        [row.asset_id for row in rows],
        [row.id for row in rows],
        [row.method for row in rows],
        [row.given for row in rows],
        [row.label for row in rows],
    )


def predictions(session: Session, task: Task, assets: Sequence[int]) -> dict[int, Said]:
    """Asset id → what the run's model predicts, for those it speaks of."""
    if task.model is None:
        return {}
    choice = task.label_type in CHOICES
    values = {"model": task.model.id, "assets": list(assets), "choice": choice}
    return {
        row.asset_id: Said(row.label, row.key, row.confidence, row.probabilities)
        for row in session.execute(_PREDICTIONS, values)
    }


def answers(session: Session, task: Task, assets: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Asset id → what each labeller answered."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in session.execute(_ANSWERS, {"assets": list(assets), "as_of": task.as_of}):
        found.setdefault(row.asset_id, []).append(_plain(row.label))
    return found


def gold(session: Session, task: Task, assets: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Asset id → the accepted answers, each with its "credit" where it is not 1."""
    rows = session.execute(_GOLD, {"assets": list(assets), "as_of": task.as_of})
    return {row.asset_id: msgspec.json.decode(row.answers) for row in rows}


def plain(payload: dict[str, Any]) -> dict[str, Any]:
    """A payload without what a decision or gold adds."""
    return {name: value for name, value in payload.items() if name not in _BESIDE}


def _plain(raw: str) -> dict[str, Any]:
    return plain(msgspec.json.decode(raw))
