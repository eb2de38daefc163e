"""The gold that a course shows: chosen among what nobody has met, and known to all from then on."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session, joinedload

from ops import labels, ontologies
from ops.errors import InvalidInput
from ops.models import Asset, Project
from quality.gold_answers import label_of
from quality.models import Course, CourseStep, Gold, GoldVersion

MOST_OFFERED = 60

# Gold that nobody was ever given as gold. What is kept for assessments, or for nothing, goes first.
_FREE = text(
    """
    SELECT gold.id FROM gold JOIN asset ON asset.id = gold.asset_id
    WHERE gold.project_id = :project AND gold.state = 'active'
      AND (CAST(:gold AS bigint) IS NULL OR gold.id = CAST(:gold AS bigint))
      AND (:find = '' OR strpos(lower(asset.external_id), lower(:find)) > 0)
      AND NOT EXISTS (SELECT FROM assignment a WHERE a.task_id = gold.task_id)
      AND NOT EXISTS (
          SELECT FROM attempt_question question
          JOIN gold_version asked ON asked.id = question.gold_version_id
          WHERE asked.gold_id = gold.id)
      AND NOT EXISTS (SELECT FROM course_step step WHERE step.gold_id = gold.id)
    ORDER BY gold.for_assessment DESC, gold.class_key, gold.id LIMIT :most
    """
)


class Offered(NamedTuple):
    """A gold that a step may show: its asset, and its accepted answer in words."""

    gold_id: int
    asset_id: int
    external_id: str
    text: str | None
    pictured: bool
    accepted: str
    for_assessment: bool


def offered(
    session: Session,
    course: Course,
    step: CourseStep | None = None,
    *,
    find: str = "",
    chosen: int | None = None,
) -> list[Offered]:
    """Gold that a step may show, at most `MOST_OFFERED`; `find` is part of the asset's name.

    What `step` shows already and what is `chosen` come first, whatever their names.
    """
    project = session.get_one(Project, course.project_id)
    asked: dict[str, Any] = {"project": project.id, "gold": None, "most": MOST_OFFERED}
    ids = [step.gold_id] if step is not None and step.gold_id is not None else []
    if chosen is not None:
        ids += session.scalars(_FREE, {**asked, "gold": chosen, "find": ""})
    ids += session.scalars(_FREE, {**asked, "find": find.strip()})
    found = select(Gold).options(joinedload(Gold.asset)).where(Gold.id.in_(ids))
    golds = {gold.id: gold for gold in session.scalars(found)}
    newest = (
        select(GoldVersion.gold_id, GoldVersion.answers)
        .where(GoldVersion.gold_id.in_(ids))
        .order_by(GoldVersion.version)
    )
    answers = {row[0]: row[1] for row in session.execute(newest)}
    known = [Known(golds[i], golds[i].asset, answers[i]) for i in dict.fromkeys(ids)]
    return _offered(session, project, known)


def _offered(session: Session, project: Project, found: Sequence["Known"]) -> list[Offered]:
    ontology = ontologies.current(session, project.id)
    return [
        Offered(
            gold.id,
            asset.id,
            asset.external_id,
            asset.text,
            asset.uri is not None,
            labels.in_words(project.label_type, label_of(answers[0]), ontology),
            gold.for_assessment,
        )
        for gold, asset, answers in found
    ]


class Known(NamedTuple):
    """The gold of a step: its asset, and the accepted answers in force."""

    gold: Gold
    asset: Asset
    answers: list[dict[str, Any]]


def known(session: Session, step: CourseStep) -> Known:
    """What the gold of an example or practice step is about and says."""
    gold = session.get_one(Gold, step.gold_id)
    newest = select(GoldVersion.answers).where(GoldVersion.gold_id == gold.id)
    answers = session.scalars(newest.order_by(GoldVersion.version.desc()).limit(1)).one()
    return Known(gold, gold.asset, answers)


def choose(session: Session, course: Course, gold_id: Any, now: CourseStep | None = None) -> int:
    """The id of a gold that a step of the course may show; that of the step `now` stays its own.

    Raises InvalidInput with the field `gold`.
    """
    if now is not None and gold_id == now.gold_id:
        return now.gold_id  # type: ignore[return-value]
    if not isinstance(gold_id, int):
        raise InvalidInput("choose a gold", field="gold")
    # Locked in one statement, looked at in the next: a claim that has just given it out is seen.
    session.execute(select(Gold.id).where(Gold.id == gold_id).with_for_update())
    values = {"project": course.project_id, "gold": gold_id, "most": 1, "find": ""}
    if session.execute(_FREE, values).first() is None:
        raise InvalidInput(
            "choose gold of this project that nobody has met in work or in an assessment",
            field="gold",
        )
    return gold_id
