"""The steps of a course: written, put in order, and looked at as a labeller will see them."""

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ops.errors import Conflict, InvalidInput, NotFound
from ops.web import media
from ops.web.identity import db, user
from quality.models import Course, CourseStep
from quality.models.training import STEP_KINDS
from quality.onboarding import (
    course_feedback,
    course_gold,
    course_quiz,
    course_steps,
    courses,
)
from quality.web import training_view
from quality.web.training_courses import blueprint
from quality.web.training_view import Addresses

BLANK = {"question": "", "choices": [{"text": "", "right": False, "why": ""}] * 3}


@blueprint.get("/<int:course_id>/steps/new")
def new_step(course_id: int) -> str:
    """The form for a new step of a kind."""
    found = courses.find(db(), user(), course_id)
    kind = request.args.get("kind", "page")
    if kind not in STEP_KINDS:
        raise NotFound("There is no such kind of step.")
    return _form(found, None, kind, {"questions": [BLANK]})


@blueprint.post("/<int:course_id>/steps/new")
def add_step(course_id: int) -> ResponseReturnValue:
    """Add a step at the end, or say what is wrong with it."""
    found = courses.find(db(), user(), course_id)
    kind = request.form.get("kind", "")
    if kind not in STEP_KINDS:
        raise NotFound("There is no such kind of step.")
    return _saved(found, None, kind)


@blueprint.get("/<int:course_id>/steps/<int:step_id>/edit")
def edit_step(course_id: int, step_id: int) -> str:
    """The form for a step that is there."""
    found = courses.find(db(), user(), course_id)
    step = course_steps.find(db(), found, step_id)
    values = {
        "title": step.title,
        "markdown": step.markdown,
        "gold": step.gold_id,
        "questions": step.content,
    }
    return _form(found, step, step.kind, values)


@blueprint.post("/<int:course_id>/steps/<int:step_id>/edit")
def change_step(course_id: int, step_id: int) -> ResponseReturnValue:
    """Change a step; what may have been seen is replaced."""
    found = courses.find(db(), user(), course_id)
    step = course_steps.find(db(), found, step_id)
    return _saved(found, step, step.kind)


def _saved(course: Course, step: CourseStep | None, kind: str) -> ResponseReturnValue:
    values = _values(kind)
    # Enter in the field that finds gold finds, it does not keep.
    finds = request.form.get("find", "") != request.form.get("found", "")
    if finds or request.form.get("do", "save") != "save":
        return _form(course, step, kind, _grown(course, values))
    try:
        with db().begin_nested():
            if step is None:
                made = course_steps.add(db(), course, kind, values, user())
            else:
                made = course_steps.change(db(), course, step, values, user())
    except InvalidInput as error:
        return _form(course, step, kind, values, error.errors), 422
    except Conflict as refused:
        flash(refused.message, "error")
        return redirect(_home(course), 303)
    new = "" if step is None or made.id == step.id else " Those who did it before do it anew."
    flash(f"{made.title} is kept.{new}", "success")
    return redirect(_home(course), 303)


def _values(kind: str) -> dict[str, Any]:
    form = request.form
    values: dict[str, Any] = {n: form.get(n, "") for n in ("title", "markdown")}
    values["gold"] = form.get("gold", type=int)
    values["questions"] = [_question(i) for i in range(_n("questions"))] if kind == "quiz" else []
    return values


def _n(name: str) -> int:
    return min(max(request.form.get(name, 0, type=int), 0), course_quiz.MOST_QUESTIONS)


def _question(i: int) -> dict[str, Any]:
    form = request.form
    choices = [
        {
            "text": form.get(f"q{i}c{j}", ""),
            "right": form.get(f"q{i}r{j}") == "1",
            "why": form.get(f"q{i}w{j}", ""),
        }
        for j in range(_n(f"choices{i}"))
    ]
    return {"question": form.get(f"q{i}", ""), "choices": choices}


def _grown(course: Course, values: dict[str, Any]) -> dict[str, Any]:
    """The form with one more question or choice, or the section of the guideline asked for."""
    do, _, at = request.form.get("do", "").partition(":")
    questions = values["questions"]
    if do == "question" and len(questions) < course_quiz.MOST_QUESTIONS:
        questions.append(BLANK)
    elif do == "choice" and at in map(str, range(len(questions))):
        choices = questions[int(at)]["choices"]
        if len(choices) < course_quiz.MOST_CHOICES:
            choices.append(BLANK["choices"][0])
    elif do == "section":
        section = request.form.get("section", -1, type=int)
        sections = course_steps.sections(db(), course)
        if 0 <= section < len(sections):
            title, markdown = sections[section]
            values |= {"title": values["title"].strip() or title, "markdown": markdown}
    return values


def _form(
    course: Course,
    step: CourseStep | None,
    kind: str,
    values: dict[str, Any],
    errors: list[dict[str, Any]] | None = None,
) -> str:
    find = request.form.get("find", "")
    golds = []
    if kind in course_steps.OF_GOLD:
        golds = course_gold.offered(db(), course, step, find=find, chosen=values.get("gold"))
    return render_template(
        "training/step_form.html",
        course=course,
        step=step,
        kind=kind,
        values=values,
        errors=errors,
        golds=golds,
        find=find,
        picture=media.url,
        sections=course_steps.sections(db(), course) if kind == "page" else [],
        begun=course_steps.begun(db(), course),
        most_choices=course_quiz.MOST_CHOICES,
    )


def _home(course: Course) -> str:
    return url_for("courses.course", course_id=course.id)


@blueprint.post("/<int:course_id>/steps/<int:step_id>/move")
def move_step(course_id: int, step_id: int) -> ResponseReturnValue:
    """One place up or down."""
    found = courses.find(db(), user(), course_id)
    step = course_steps.find(db(), found, step_id)
    try:
        course_steps.move(db(), found, step, request.form.get("way", ""), user())
    except Conflict as refused:
        flash(refused.message, "error")
    return redirect(_home(found), 303)


@blueprint.post("/<int:course_id>/steps/<int:step_id>/retire")
def retire_step(course_id: int, step_id: int) -> ResponseReturnValue:
    """Ask it no more."""
    found = courses.find(db(), user(), course_id)
    step = course_steps.find(db(), found, step_id)
    try:
        with db().begin_nested():
            course_steps.retire(db(), found, step, user())
        flash(f"{step.title} is asked no more.", "success")
    except Conflict as refused:
        flash(refused.message, "error")
    return redirect(_home(found), 303)


@blueprint.get("/<int:course_id>/steps/<int:step_id>/preview")
def preview(course_id: int, step_id: int) -> str:
    """A step as a labeller sees it."""
    found = courses.find(db(), user(), course_id)
    return _preview(found, course_steps.find(db(), found, step_id))


@blueprint.post("/<int:course_id>/steps/<int:step_id>/preview")
def try_step(course_id: int, step_id: int) -> ResponseReturnValue:
    """What a labeller would be told of an answer; nothing of it is kept."""
    found = courses.find(db(), user(), course_id)
    step = course_steps.find(db(), found, step_id)
    if step.kind not in ("practice", "quiz"):
        return redirect(_beside(found, step)[1] or _home(found), 303)
    try:
        judged = course_feedback.judge(db(), found, step, training_view.answer_from(step))
    except InvalidInput as error:
        chosen = training_view.chosen_from(step) if step.kind == "quiz" else ()
        return _preview(found, step, errors=error.errors, chosen=chosen), 422
    return _preview(found, step, told=course_feedback.tell(db(), found, step, judged))


def _preview(course: Course, step: CourseStep, **more: Any) -> str:
    addresses = Addresses(
        medium=url_for("courses.medium", course_id=course.id, step_id=step.id),
        answer=url_for("courses.try_step", course_id=course.id, step_id=step.id),
    )
    before, after = _beside(course, step)
    steps = course_steps.of(db(), course)
    return render_template(
        "training/preview.html",
        number=[one.id for one in steps].index(step.id) + 1,
        total=len(steps),
        tries=0,
        back=before,
        onward=after or _home(course),
        again=url_for("courses.preview", course_id=course.id, step_id=step.id),
        **training_view.shown(db(), course, step, addresses, **more),
    )


def _beside(course: Course, step: CourseStep) -> tuple[str | None, str | None]:
    """The previews of the steps before and after it."""
    ids = [one.id for one in course_steps.of(db(), course)]
    at = ids.index(step.id)

    def address(place: int) -> str | None:
        if not 0 <= place < len(ids):
            return None
        return url_for("courses.preview", course_id=course.id, step_id=ids[place])

    return address(at - 1), address(at + 1)


@blueprint.get("/<int:course_id>/steps/<int:step_id>/medium")
def medium(course_id: int, step_id: int) -> Response:
    """The picture of a step, as its preview shows it."""
    found = courses.find(db(), user(), course_id)
    return training_view.picture(db(), course_steps.find(db(), found, step_id, retired=True))
