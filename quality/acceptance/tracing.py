"""Rejected labels are traced to a cause: what is known of them is gathered and weighed.

The rules are `quality.measures.root_causes`. Leads see the clues and whom they are about; clients
see the cause in plain words alone.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, consensus
from ops.errors import InvalidInput, NotReady
from ops.labels import same
from ops.models import CAUSES, Acceptance, AcceptanceItem, Delivery, DeliveryItem, User
from quality.acceptance import plans
from quality.measures import root_causes
from quality.measures.root_causes import Author, Facts

# What a client reads: neither who, nor how we check. Gold reads like what has no known cause, or it
# would be told which items are gold.
TOLD = {
    "guideline": "The instructions left it open, or changed since.",
    "labeller": "A mistake in labelling.",
    "gold": "Our own checks did not catch it.",
    "model": "A proposal by a model was taken over unchecked.",
    "unknown": "Our own checks did not catch it.",
}
NAMES = {
    "guideline": "Guideline",
    "labeller": "Labeller",
    "gold": "Gold",
    "model": "A model's draft",
    "unknown": "Unknown",
}

_ANSWERS = text(
    """
    SELECT t.asset_id, a.labeller_id, a.ended_at, a.active_ms / 1000.0 AS seconds, l.payload,
           label_key(l.payload) AS key, pace.median_seconds AS usual,
           CASE WHEN NOT drawn.spoke OR drawn.kept IS NULL THEN ''
                WHEN drawn.withheld AND said.label IS NOT NULL
                     AND label_key(said.label) = label_key(l.payload) THEN 'same'
                WHEN NOT drawn.withheld AND drawn.kept > 0 AND drawn.changed = 0
                     AND drawn.thrown = 0 AND drawn.added = 0 THEN 'kept' ELSE '' END AS draft,
           checks.n AS checked, checks.right_ AS right_
    FROM task t JOIN assignment a ON a.task_id = t.id
    JOIN LATERAL (SELECT payload FROM label WHERE assignment_id = a.id
                  ORDER BY revision DESC LIMIT 1) l ON true
    LEFT JOIN labeller_pace pace ON pace.labeller_id = a.labeller_id
         AND pace.project_id = a.project_id
    LEFT JOIN assistance drawn ON drawn.assignment_id = a.id
    LEFT JOIN prediction said ON said.model_id = drawn.model_id AND said.asset_id = t.asset_id
    LEFT JOIN LATERAL (
        SELECT count(*) AS n, coalesce(sum(e.correct), 0) AS right_ FROM evidence e
        WHERE e.labeller_id = a.labeller_id AND e.project_id = a.project_id
          AND e.kind IN ('gold', 'review') AND e.at <= a.ended_at) checks ON true
    WHERE t.asset_id = ANY(:assets) AND t.stage IN ('label', 'rework') AND t.round > 0
      AND a.state = 'submitted' AND NOT a.surplus AND a.ended_at <= :delivered
    ORDER BY t.asset_id, t.round, a.id
    """
)

# Labellers whose label of a class a reviewer or an expert found wrong in this project, and what the
# label is now.
_ERRED = text(
    """
    SELECT label_key(l.payload) AS key, label_key(now.label) AS truth,
           array_agg(DISTINCT e.labeller_id) AS labellers
    FROM evidence e JOIN label l ON l.assignment_id = e.assignment_id
    JOIN assignment a ON a.id = e.assignment_id JOIN task t ON t.id = a.task_id
    JOIN LATERAL (SELECT label FROM consensus WHERE consensus.asset_id = t.asset_id
                  ORDER BY version DESC LIMIT 1) now ON true
    WHERE e.project_id = :project AND e.kind = 'review' AND e.correct < 0.5
      AND label_key(l.payload) = ANY(:keys)
    GROUP BY 1, 2
    """
)

_ABOUT = text(
    """
    SELECT (SELECT array_agg(created_at) FROM guideline_version
            WHERE project_id = :project AND created_at <= :rejected) AS guidelines,
           (SELECT array_agg(created_at) FROM ontology_version
            WHERE project_id = :project AND created_at <= :rejected) AS ontologies
    """
)

_QUESTIONS = text(
    """
    SELECT asset_id, count(*) AS n FROM issue
    WHERE asset_id = ANY(:assets) AND opened_at <= :rejected GROUP BY asset_id
    """
)

_GOLD = text("SELECT asset_id, id FROM gold WHERE asset_id = ANY(:assets)")

# Known answers of a class that are no longer what they were, or that somebody questions.
_GOLD_DOUBTS = text(
    """
    SELECT gold.class_key AS key, count(*) AS n FROM gold
    WHERE gold.project_id = :project AND gold.class_key = ANY(:keys)
      AND (EXISTS (SELECT FROM gold_version v WHERE v.gold_id = gold.id AND v.version > 1
                     AND v.created_at <= :rejected)
           OR EXISTS (SELECT FROM flag WHERE flag.asset_id = gold.asset_id
                        AND flag.kind LIKE 'gold%' AND flag.at < :rejected))
    GROUP BY 1
    """
)


def trace(session: Session, made: Delivery, wrong: Sequence[AcceptanceItem]) -> None:
    """Write the cause of each of these rejected items, and the clues, into it."""
    _write(session, _Known(session, made, wrong, {}), wrong)


def trace_again(session: Session, made: Delivery) -> None:
    """The same once more when it is known what is right: who else took the one for the other.

    A cause that a lead has said stays.
    """
    mine = (AcceptanceItem.delivery_id == made.id) & AcceptanceItem.cause.is_not(None)
    rejected = session.scalars(select(AcceptanceItem).where(mine)).all()
    now = consensus.current(session, [item.asset_id for item in rejected])
    truth = {asset: _key(found.label) for asset, found in now.items()}
    known = _Known(session, made, rejected, truth)
    _write(session, known, [item for item in rejected if item.cause_by is None])


def _write(session: Session, known: "_Known", wrong: Sequence[AcceptanceItem]) -> None:
    for item in wrong:
        clues = root_causes.clues(known.facts(item))
        item.cause = root_causes.cause_of(clues)
        item.evidence = {
            "traced": item.cause,
            "clues": [clue._asdict() for clue in clues],
            "labellers": known.authors_of(item),
            "gold": known.gold.get(item.asset_id),
            "key": known.keys[item.asset_id],
        }
    session.flush()


class _Known:
    """What the database knew of the rejected items when they were rejected: what followed from the
    rejection itself speaks for nothing. But it says what is right (`truth`)."""

    def __init__(
        self,
        session: Session,
        made: Delivery,
        wrong: Sequence[AcceptanceItem],
        truth: Mapping[int, str | None],
    ):
        assets = [item.asset_id for item in wrong]
        project = made.batch.project_id
        self.agreed, _ = plans.agreed(session, made)
        frozen = {asset: session.get_one(DeliveryItem, (made.id, asset)).label for asset in assets}
        self.labels = frozen
        self.answers: dict[int, list[Row[Any]]] = defaultdict(list)
        found = session.scalar(select(Acceptance).where(Acceptance.delivery_id == made.id))
        rejected = (found and found.decided_at) or clock_time.now()
        until = {"assets": assets, "delivered": made.delivered_at, "rejected": rejected}
        for row in session.execute(_ANSWERS, until):
            self.answers[row.asset_id].append(row)
        self.keys = {asset: _key(label) for asset, label in frozen.items()}
        # What is right, where it was mended and is not the same.
        self.truth = {a: key for a, key in truth.items() if key and key != self.keys[a]}
        named = {key for key in (*self.keys.values(), *self.truth.values()) if key}
        values = {"project": project, "keys": sorted(named), "rejected": rejected}
        self.erred = [tuple(row) for row in session.execute(_ERRED, values)]
        self.doubts = {row.key: row.n for row in session.execute(_GOLD_DOUBTS, values)}
        self.about = session.execute(_ABOUT, values).one()
        self.questions = dict(map(tuple, session.execute(_QUESTIONS, until)))
        self.gold: dict[int, int] = dict(map(tuple, session.execute(_GOLD, {"assets": assets})))
        self.wrong = list(wrong)

    def authors_of(self, item: AcceptanceItem) -> list[int]:
        """Who gave the delivered label, or, where it is nobody's whole answer, who answered."""
        answers = self.answers[item.asset_id]
        mine = [row for row in answers if self._gave(row)] or answers
        return sorted({row.labeller_id for row in mine})

    def _gave(self, row: Row[Any]) -> bool:
        delivered = self.labels[row.asset_id]
        key = self.keys[row.asset_id]
        return row.key == key if key else same(row.payload, delivered)

    def facts(self, item: AcceptanceItem) -> Facts:
        """What is known of one rejected item."""
        answers, authors = self.answers[item.asset_id], self.authors_of(item)
        # Of one who answered twice, the last answer.
        mine = {row.labeller_id: row for row in answers if row.labeller_id in authors}
        since = max((row.ended_at for row in mine.values()), default=None)
        return Facts(
            authors=[_author(row) for row in mine.values()],
            questions=self.questions.get(item.asset_id, 0),
            guideline=_later(self.about.guidelines, since),
            classes=_later(self.about.ontologies, since),
            alike=max(len(self._alike(item) | set(authors)) - 1, 0),
            pair=self._pair(item.asset_id),
            is_gold=item.asset_id in self.gold,
            gold_doubts=self._doubts(item.asset_id),
            otherwise=len({row.labeller_id for row in answers} - set(authors)),
            agreed=self.agreed,
        )

    def _alike(self, item: AcceptanceItem) -> set[int]:
        """Labellers who erred in the same way: by this audit, or as reviews found."""
        key, kinds = self.keys[item.asset_id], {error["type"] for error in item.errors}
        truth = self.truth.get(item.asset_id)
        found: set[int] = set()
        for given, right, labellers in self.erred:
            if given == key and truth in (None, right):
                found |= set(labellers)
        for other in self.wrong:
            like = self.keys[other.asset_id] == key
            like &= bool(kinds & {error["type"] for error in other.errors})
            like &= truth in (None, self.truth.get(other.asset_id))
            if like and other.asset_id != item.asset_id:
                found |= set(self.authors_of(other))
        return found

    def _pair(self, asset: int) -> str:
        truth = self.truth.get(asset)
        return f"{self.keys[asset]} for {truth}" if truth else ""

    def _doubts(self, asset: int) -> int:
        keys = {self.keys[asset], self.truth.get(asset)} - {None}
        return sum(self.doubts.get(key or "", 0) for key in keys)


def _key(label: dict[str, Any]) -> str | None:
    # As `label_key` of the database: of whole labels alone.
    for name in ("class", "rating", "preference"):
        if label.get(name) is not None:
            return str(label[name])
    return None


def _author(row: Row[Any]) -> Author:
    return Author(
        row.labeller_id,
        float(row.right_ or 0),
        int(row.checked or 0),
        float(row.seconds) if row.seconds else None,
        row.usual,
        row.draft or "",
    )


def _later(moments: Sequence[Any] | None, since: Any) -> int:
    return sum(at > since for at in moments or ()) if since is not None else 0


def correct(
    session: Session, made: Delivery, position: int, cause: str, reason: str, by: User
) -> AcceptanceItem:
    """A lead says what the cause was. Raises InvalidInput, NotFound, NotReady of what stands."""
    from quality.acceptance import audit

    item = audit.find(session, made, position)
    if item.cause is None:
        raise NotReady("Only what was rejected has a cause.")
    if cause not in CAUSES:
        raise InvalidInput(f"expected one of {', '.join(CAUSES)}", field="cause")
    if not reason.strip():
        raise InvalidInput("say why", field="reason")
    item.cause, item.cause_reason, item.cause_by = cause, reason.strip()[:2000], by.id
    session.flush()
    audit_log.record(
        session,
        by,
        "delivery.cause_corrected",
        f"delivery:{made.id}",
        organisation_id=made.batch.project.organisation_id,
        position=position,
        cause=cause,
    )
    return item
