"""The quality report of a delivery: what a client needs to judge the labels, as plain data.

It is built once, frozen with the delivery, and rendered as a page and as a PDF from that data
alone. It names no labeller and no cost.
"""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from metrics import definitions, report_examples
from metrics.report_labels import ANSWERS, agreement, balance, defined, share
from ops import guideline_words, guidelines
from ops.labels import CHOICES
from ops.models import Batch, Delivery, OntologyVersion, Project
from quality import reviewed_parts
from quality.measures.sampling import clopper_pearson

# 2: the word on the guideline, what was wrong with examples, fields of the metadata; `methods`
# have no gold any more, for a client is not to know which labels are.
FORMAT = 2
Report = dict[str, Any]


def build(session: Session, batch: Batch, figures: Report, terms: Report, made: Delivery) -> Report:
    """The report of the delivery `made` (not yet stored), from the gate's figures and terms."""
    project = session.get_one(Project, batch.project_id)
    ontology = session.get_one(OntologyVersion, made.ontology_version_id)
    guideline = guidelines.current(session, project.id)
    approved = guideline_words.last_approved(session, project.id)
    classes = balance(session, batch, project, ontology)
    return {
        "format": FORMAT,
        "delivery": made.id,
        "version": made.version,
        "organisation": project.organisation.name,
        "project": {
            "name": project.name,
            "purpose": project.purpose,
            "medium": project.medium,
            "label_type": project.label_type,
        },
        "batch": {"name": batch.name, "received_at": batch.created_at.isoformat()},
        "as_of": made.delivered_at.isoformat(),
        "items": made.items,
        "digest": made.digest,
        "ontology_version": ontology.version,
        "guideline_version": guideline.version if guideline else None,
        "guideline_approved": approved._asdict() if approved else None,
        "classes": classes,
        "labelling": _labelling(session, batch),
        "terms": terms,
        "sample": figures["sample"],
        "accuracy": figures["accuracy"],
        "plan": figures["plan"],
        "errors": figures["errors"],
        "class_f1": figures["classes"],
        "class_accuracy": _class_accuracy(
            figures["sample"]["classes"], classes if project.label_type in CHOICES else []
        ),
        "parts": reviewed_parts.of_batch(session, batch, project),
        "wrong": report_examples.wrong(session, batch, project, ontology),
        "drawing": report_examples.drawing_classes(ontology),
        "fields": _fields(session, batch),
        "agreement": agreement(session, batch, project),
        "gold": figures["gold"],
        "rescore": _rescore(figures["rescore"]),
    }


_HOW = text(
    """
    SELECT method, count(*) FROM (
        SELECT DISTINCT ON (asset_id)
               CASE method WHEN 'gold' THEN 'adjudication' ELSE method END AS method
        FROM consensus WHERE batch_id = :batch ORDER BY asset_id, version DESC
    ) AS now GROUP BY method
    """
)

# Fields of the metadata in the reviewed sample: how many items have one, and how many values.
_FIELDS = text(
    """
    SELECT said.key, count(*) AS items, count(DISTINCT said.value) AS values
    FROM review_sample sample JOIN asset ON asset.id = sample.asset_id
    CROSS JOIN LATERAL jsonb_each_text(asset.meta) AS said
    WHERE sample.batch_id = :batch AND sample.stratum IS NULL AND said.value <> ''
    GROUP BY said.key ORDER BY said.key
    """
)


def _fields(session: Session, batch: Batch) -> list[Report]:
    rows = session.execute(_FIELDS, {"batch": batch.id})
    return [{"field": row.key, "items": row.items, "values": row.values} for row in rows]


_PEOPLE = text(
    """
    SELECT count(DISTINCT assignment.labeller_id) FILTER (WHERE task.stage IN ('label', 'rework')),
           count(DISTINCT assignment.labeller_id)
               FILTER (WHERE task.stage IN ('review', 'adjudicate')),
           count(*) FILTER (WHERE task.stage IN ('label', 'rework')),
           count(*) FILTER (WHERE task.stage = 'review'),
           count(*) FILTER (WHERE task.stage = 'adjudicate')
    FROM lane JOIN task ON task.lane_id = lane.id
    JOIN assignment ON assignment.task_id = task.id
    WHERE lane.batch_id = :batch AND assignment.state = 'submitted'
    """
)


# From the answers themselves: the roll-up may lag a few seconds behind.
_TIMES = text(
    """
    SELECT assignment.active_ms FROM lane JOIN task ON task.lane_id = lane.id
    JOIN assignment ON assignment.task_id = task.id
    WHERE lane.batch_id = :batch AND assignment.state = 'submitted'
      AND task.stage IN ('label', 'rework')
    """
)


def _labelling(session: Session, batch: Batch) -> Report:
    values = {"batch": batch.id}
    labellers, reviewers, answers, reviews, adjudications = session.execute(_PEOPLE, values).one()
    per_item: dict[int, int] = {}
    for _, n in session.execute(
        text(f"SELECT asset_id, sum(n)::bigint FROM ({ANSWERS.text}) a GROUP BY asset_id"), values
    ):
        per_item[n] = per_item.get(n, 0) + 1
    times = session.scalars(_TIMES, values).all()
    time = definitions.active_time(definitions.time_histogram(times))
    return {
        "labellers": labellers,
        "reviewers": reviewers,
        "answers": answers,
        "reviews": reviews,
        "adjudications": adjudications,
        "answers_per_item": [{"answers": k, "items": per_item[k]} for k in sorted(per_item)],
        "methods": {method: n for method, n in session.execute(_HOW, values)},  # noqa: C416
        "median_seconds": time.median_seconds,
        "timed_answers": time.n,
    }


def _class_accuracy(counts: Report, classes: list[Report]) -> list[Report]:
    """Accepted ÷ reviewed of each class in the sample, with an exact 95 % interval."""
    rows = []
    for c in classes:
        found = counts.get(c["key"], {"n": 0, "accepted": 0})
        k, n = found["accepted"], found["n"]
        low, high = clopper_pearson(k, n)
        rows.append(
            {
                "key": c["key"],
                "name": c["name"],
                "n": n,
                "accepted": k,
                "value": share(k, n),
                "low": defined(low),
                "high": defined(high),
            }
        )
    return rows


def _rescore(run: Report | None) -> Report | None:
    """What a client needs of the newest run; its inner workings stay in the house."""
    if run is None:
        return None
    kept = (
        "version", "finished_at", "scored", "suspects", "changed", "accepted", "open_suspects",
        "judge",
    )  # fmt: skip
    return {name: run[name] for name in kept} | {"weak": bool(run["summary"].get("weak"))}
