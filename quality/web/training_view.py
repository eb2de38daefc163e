"""What a step of a course shows, to the labeller who does it and to the manager who looks at it.

Never which gold it is: pictures go by the step, under the address that `Addresses` gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from ops import labels, ontologies, storage
from ops.errors import InvalidInput, NotFound
from ops.models import OntologyVersion, Project
from ops.web import viewing
from ops.web.identity import installation
from quality.gold_answers import label_of
from quality.label_form import from_json
from quality.models import Course, CourseStep
from quality.onboarding import course_gold, course_quiz
from quality.onboarding.course_feedback import Told

PLACES = {str(place) for place in range(course_quiz.MOST_CHOICES)}
HELD = {"before": "your answer", "after": "the accepted answer"}


@dataclass(frozen=True)
class Addresses:
    """Where the parts of a step lie: its picture, and where its answer goes."""

    medium: str
    answer: str


def shown(
    session: Session,
    course: Course,
    step: CourseStep,
    addresses: Addresses,
    *,
    told: Told | None = None,
    errors: Sequence[dict[str, Any]] = (),
    chosen: Sequence[Sequence[int]] = (),
) -> dict[str, Any]:
    """The variables of `training/_step.html`: a step to do, or with feedback once it was `told`."""
    found: dict[str, Any] = {
        "course": course,
        "step": step,
        "told": told,
        "errors": list(errors),
        "chosen": chosen,
        "answer_url": addresses.answer,
        "several": course_quiz.several,
    }
    if step.gold_id is not None:
        found |= _of_gold(session, course, step, addresses.medium, told)
    return found


def _of_gold(
    session: Session, course: Course, step: CourseStep, medium: str, told: Told | None
) -> dict[str, Any]:
    project = session.get_one(Project, course.project_id)
    ontology = ontologies.current(session, project.id) or _empty()
    known = course_gold.known(session, step)
    label = told.accepted if told and told.accepted else label_of(known.answers[0])
    before = told.label if told else None
    work = viewing.work(project, ontology, known.asset, label, before=before, names=HELD)
    work["image"] = medium if known.asset.uri is not None else None
    if step.kind == "practice" and told is None:
        work = {name: work[name] for name in ("medium", "image", "text", "pair", "brief")}
    words = labels.in_words(project.label_type, label, ontology)
    return {"work": work, "accepted": words if step.kind == "example" else ""}


def _empty() -> OntologyVersion:
    return OntologyVersion(classes=[], attributes=[], scale=None, reasons=[], tie=False)


def answer_from(step: CourseStep) -> Any:
    """What the form that was sent answers. Raises InvalidInput naming the field."""
    if step.kind == "practice":
        label = from_json(request.form.get("label", ""), "label")
        if not isinstance(label, dict):
            raise InvalidInput("a label is a JSON object", field="label")
        return label
    if step.kind == "quiz":
        return {"chosen": chosen_from(step)}
    return None


def chosen_from(step: CourseStep) -> list[list[int]]:
    """The places that were ticked, question by question."""
    named = [request.form.getlist(f"q{i}") for i in range(len(step.content))]
    # A question has few choices: what is longer is none of their places.
    return [[int(one) for one in some if one in PLACES] for some in named]


def picture(session: Session, step: CourseStep) -> Response:
    """The picture of a step, the same few headers for every one. Raises NotFound without one."""
    asset = course_gold.known(session, step).asset if step.gold_id is not None else None
    if asset is None or asset.uri is None:
        raise NotFound("There is no such picture.")
    data, kind = storage.read(asset.uri, installation())
    found = Response(data, mimetype=kind)
    found.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return found
