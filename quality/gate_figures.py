"""The figures the gate judges by, read from what is there now."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ops.gate_settings import GateTerms
from ops.models import Batch, Project, ReferenceModel
from quality import gate_reviews, review_sample
from quality.acceptance import counted
from quality.adjudication import NO_ADJUDICATOR
from quality.judging.decisions import GOLD_DISPUTED
from quality.measures.classes import rate
from quality.review_sample import Sampled

Figures = dict[str, Any]


def read(session: Session, batch: Batch, project: Project, terms: GateTerms) -> Figures:
    """assets, labelled, unfinished (by stage), unjudged, undecided, flags, issues, sample, classes,
    errors, rescore, gold, again."""
    values = {
        "batch": batch.id,
        "project": batch.project_id,
        "stuck": NO_ADJUDICATOR,
        "disputed": GOLD_DISPUTED,
    }
    assets, labelled, undecided, flags, issues, unjudged = session.execute(_COUNTS, values).one()
    drawn = review_sample.results(session, batch.id)
    plain = [one for one in drawn if one.stratum is None]
    return {
        "assets": assets,
        "labelled": labelled,
        "undecided": undecided,
        "flags": flags,
        "issues": issues,
        "unjudged": unjudged,
        "unfinished": dict(map(tuple, session.execute(_UNFINISHED, values))),
        "sample": _sample(counted.with_clients(session, batch.id, plain)),
        **gate_reviews.read(session, batch, project, drawn, terms),
        "rescore": _rescore(session, values),
        "gold": _gold(session, values),
        "again": _again(session, values),
    }


_COUNTS = text(
    """
    SELECT count(*), count(*) FILTER (WHERE EXISTS (
               SELECT FROM consensus WHERE consensus.asset_id = asset.id)),
           (SELECT count(*) FROM flag JOIN asset a ON a.id = flag.asset_id
            WHERE a.batch_id = :batch AND flag.kind = :stuck AND flag.resolved_at IS NULL),
           (SELECT count(*) FROM flag JOIN asset a ON a.id = flag.asset_id
            WHERE a.batch_id = :batch AND flag.resolved_at IS NULL),
           (SELECT count(*) FROM issue WHERE batch_id = :batch AND state <> 'resolved'),
           (SELECT count(*) FROM assignment JOIN task ON task.id = assignment.task_id
            JOIN lane ON lane.id = task.lane_id WHERE lane.batch_id = :batch
              AND assignment.state = 'submitted' AND assignment.judged_at IS NULL)
    FROM asset WHERE asset.batch_id = :batch
    """
)

_UNFINISHED = text(
    """
    SELECT task.stage, count(*) FROM lane JOIN task ON task.lane_id = lane.id
    WHERE lane.batch_id = :batch AND (task.open OR task.n_leased > 0) GROUP BY task.stage
    """
)


def _sample(drawn: Sequence[Sampled]) -> Figures:
    """n reviewed of the random sample, how many accepted, and how many errors were put right;
    `theirs` of the n are what a client looked at of a delivery that they rejected."""
    judged = [one for one in drawn if one.accepted is not None]
    by_class: dict[str, list[int]] = {}
    for one in judged:
        counts = by_class.setdefault(one.given or "", [0, 0])
        counts[0] += 1
        counts[1] += bool(one.accepted)
    return {
        "drawn": len(drawn),
        "n": len(judged),
        "accepted": sum(bool(one.accepted) for one in judged),
        "fixed": sum(one.fixed for one in judged),
        "pending": len(drawn) - len(judged),
        "theirs": sum(one.step == counted.THEIRS for one in judged),
        "known": sum(one.known for one in drawn),
        "steps": len({one.step for one in drawn}),
        "classes": {key: {"n": n, "accepted": k} for key, (n, k) in sorted(by_class.items())},
    }


# A label was re-scored when the newest finished run judged the class that is in force now. What a
# person decided since, and gold, needs no re-scoring.
_RESCORE = text(
    """
    WITH run AS (
        SELECT * FROM rescore_run WHERE batch_id = :batch AND state = 'done'
        ORDER BY version DESC LIMIT 1
    ), now AS (
        SELECT DISTINCT ON (asset_id) asset_id, id, method, label_key(label) AS key
        FROM consensus WHERE batch_id = :batch ORDER BY asset_id, version DESC
    )
    SELECT run.id, run.version, run.name, run.finished_at, run.summary, run.provenance,
           run.reference_model_id,
           (SELECT count(*) FROM label_score WHERE run_id = run.id) AS scored,
           (SELECT count(*) FROM label_score WHERE run_id = run.id AND suspect) AS suspects,
           (SELECT count(*) FROM label_score WHERE run_id = run.id AND outcome = 'changed')
               AS changed,
           (SELECT count(*) FROM label_score WHERE run_id = run.id AND outcome = 'accepted')
               AS accepted,
           (SELECT count(*) FROM label_score score JOIN now USING (asset_id)
            WHERE score.run_id = run.id AND score.suspect AND score.outcome IS NULL
              AND NOT (now.id > score.consensus_id
                       AND now.method IN ('review', 'adjudication', 'gold'))) AS open_suspects,
           (SELECT count(*) FROM now LEFT JOIN label_score score
                ON score.run_id = run.id AND score.asset_id = now.asset_id
            WHERE now.method NOT IN ('review', 'adjudication', 'gold')
              AND score.given IS DISTINCT FROM now.key) AS not_scored
    FROM run
    """
)


def _rescore(session: Session, values: dict[str, Any]) -> Figures | None:
    row = session.execute(_RESCORE, values).mappings().one_or_none()
    if row is None:
        return None
    found = dict(row)
    found["run_id"] = found.pop("id")
    found["judge"] = _judge(session, found["summary"], found.pop("reference_model_id"))
    found["finished_at"] = found["finished_at"].isoformat() if found["finished_at"] else None
    return found


def _judge(session: Session, summary: Figures, model_id: int | None) -> str:
    """Who doubted the labels: a model that was `given`, one `learnt` from other labels, or, where
    no model has anything to say of such labels, the `answers` of people alone."""
    # A run from before there were several sources has no word on them: it had a learnt model.
    if "reference" not in summary.get("sources", {"reference": {}}):
        return "answers"
    model = session.get_one(ReferenceModel, model_id) if model_id else None
    return "learnt" if model is None or model.embeds else "given"


# The newest score of every answer to gold, in this project, by whoever labelled in this batch.
_GOLD = text(
    """
    WITH people AS (
        SELECT DISTINCT assignment.labeller_id
        FROM lane JOIN task ON task.lane_id = lane.id
        JOIN assignment ON assignment.task_id = task.id
        WHERE lane.batch_id = :batch AND assignment.state = 'submitted'
          AND task.stage IN ('label', 'rework')
    ), newest AS (
        SELECT DISTINCT ON (score.assignment_id) score.correct
        FROM assignment JOIN people USING (labeller_id)
        JOIN gold_score score ON score.assignment_id = assignment.id
        WHERE assignment.project_id = :project
        ORDER BY score.assignment_id, score.id DESC
    )
    SELECT count(*), coalesce(sum(correct), 0) FROM newest
    """
)


# What was reopened after the newest delivery, and how much of that a person has decided since. Gold
# is decided by a lead, whose word takes the flag down.
_AGAIN = text(
    """
    SELECT newest.version AS delivery, count(*) AS reopened,
           count(*) FILTER (WHERE again.reason = 'rejected') AS rejected,
           count(*) FILTER (WHERE CASE
               WHEN EXISTS (SELECT FROM gold WHERE gold.asset_id = again.asset_id)
               THEN NOT EXISTS (SELECT FROM flag WHERE flag.asset_id = again.asset_id
                                  AND flag.kind = :disputed AND flag.resolved_at IS NULL)
               ELSE EXISTS (
                   SELECT FROM task JOIN assignment ON assignment.task_id = task.id
                   JOIN label ON label.assignment_id = assignment.id
                   WHERE task.asset_id = again.asset_id AND task.stage IN ('review', 'adjudicate')
                     AND assignment.state = 'submitted' AND NOT assignment.surplus
                     AND assignment.ended_at >= again.at
                     AND label.payload ->> 'verdict' IS DISTINCT FROM 'return')
               END) AS settled
    FROM (SELECT id, version FROM delivery WHERE batch_id = :batch
          ORDER BY version DESC LIMIT 1) newest
    JOIN reopened_asset again ON again.delivery_id = newest.id
    GROUP BY 1
    """
)


def _again(session: Session, values: dict[str, Any]) -> Figures | None:
    row = session.execute(_AGAIN, values).mappings().one_or_none()
    return dict(row) if row else None


def _gold(session: Session, values: dict[str, Any]) -> Figures:
    n, correct = session.execute(_GOLD, values).one()
    if n == 0:
        return {"value": None, "n": 0, "low": None, "high": None}
    found = rate(float(correct), int(n))
    return {"value": found.value, "n": found.n, "low": found.low, "high": found.high}
