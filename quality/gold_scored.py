"""Scored answers to gold, beside what is believed of who gave them: what gold is learnt from."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from quality.judging.answers import BY_CHANCE
from quality.models.standing import SUPPORT


class Score(NamedTuple):
    """An answer scored against the version in force, and what is believed of who gave it.

    `n` is how many answers their standing rests on, this one among them.
    """

    gold_id: int
    asset_id: int
    version: int
    id: int
    credit: float
    key: str
    label_id: int
    classes: int
    mean: float
    low: float
    n: int


_SCORES = f"""
    SELECT gold.id, gold.asset_id, version.version, score.id, score.correct,
           label_key(label.payload), label.id, {BY_CHANCE},
           standing.mean, standing.low,
           {SUPPORT}
    FROM gold
    JOIN LATERAL (
        SELECT id, version FROM gold_version
        WHERE gold_version.gold_id = gold.id ORDER BY version DESC LIMIT 1) version ON true
    JOIN gold_score score ON score.gold_version_id = version.id
    JOIN label ON label.id = score.label_id
    JOIN ontology_version ON ontology_version.id = label.ontology_version_id
    JOIN assignment ON assignment.id = score.assignment_id
    JOIN project ON project.id = gold.project_id
    JOIN standing ON standing.labeller_id = assignment.labeller_id
         AND standing.skill_id = project.skill_id
    WHERE {{condition}}
    ORDER BY gold.id, score.id
    """


def scores_of_project(session: Session, project_id: int) -> list[Score]:
    """The scored answers to the active gold of a project."""
    active = "gold.project_id = :project AND gold.state = 'active'"
    return _scores(session, active, project=project_id)


def _scores(session: Session, condition: str, **values: Any) -> list[Score]:
    rows = session.execute(text(_SCORES.format(condition=condition)), values)
    return [Score(*row) for row in rows]


def scores_of(session: Session, gold_ids: Sequence[int]) -> list[Score]:
    """The scored answers to these gold, version in force, in the order of their scoring."""
    return _scores(session, "gold.id = ANY(:ids)", ids=list(gold_ids))
