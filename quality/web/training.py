"""Training, for those who learn: their courses, step by step, with feedback after each answer."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ops.errors import Conflict, InvalidInput
from ops.web.identity import db, user
from quality.models import Course, CourseStep
from quality.onboarding import course_feedback, course_steps, course_taking, course_way, results
from quality.onboarding.course_feedback import Judged, Told
from quality.onboarding.course_way import Way
from quality.web import training_view
from quality.web.training_view import Addresses

blueprint = APIBlueprint(
    "training",
    __name__,
    url_prefix="/training",
    template_folder="templates",
    enable_openapi=False,
)


@blueprint.get("")
def index() -> str:
    """My courses: how far I am, and how long the rest may take."""
    course_taking.catch_up(db(), user())
    mine = course_way.mine(db(), user())
    pace = course_way.others_pace(db(), [way.course for way in mine])
    return render_template(
        "training/index.html",
        ways=mine,
        times={way.course.id: course_way.time_left(way, pace) for way in mine},
        due={way.course.id: course_way.due(db(), user(), way.course) for way in mine},
    )


@blueprint.get("/<int:course_id>")
def course(course_id: int) -> ResponseReturnValue:
    """On where I left off."""
    course_taking.catch_up(db(), user())
    found = course_way.find(db(), user(), course_id)
    return _onward(course_way.way(db(), found, user()))


def _onward(way: Way) -> ResponseReturnValue:
    """To the first step that is still to do, or to the end."""
    if way.next is None or way.course.state != "open":
        return redirect(url_for("training.end", course_id=way.course.id), 303)
    return redirect(_at(way.course, way.next), 303)


def _at(course: Course, step: CourseStep, **more: Any) -> str:
    return url_for("training.step", course_id=course.id, step_id=step.id, **more)


def _addresses(course: Course, step: CourseStep) -> Addresses:
    return Addresses(
        medium=url_for("training.medium", course_id=course.id, step_id=step.id),
        answer=url_for("training.answer", course_id=course.id, step_id=step.id),
    )


@blueprint.get("/<int:course_id>/steps/<int:step_id>")
def step(course_id: int, step_id: int) -> ResponseReturnValue:
    """A step: to do, or what came of my last answer; with `?again=1` to answer once more."""
    found = course_way.find(db(), user(), course_id)
    one = course_steps.find(db(), found, step_id, retired=True)
    way = course_way.way(db(), found, user())
    if found.state != "open" or one.retired_at is not None or _ahead(way, one):
        return _onward(way)
    again = request.args.get("again") == "1"
    told = None if again else _told(found, one, way)
    if told is None:
        course_taking.show(db(), found, one, user())
    return _page(way, one, told)


def _ahead(way: Way, step: CourseStep) -> bool:
    """Whether others come before it."""
    return step.id not in way.tries and way.next is not None and way.next.id != step.id


def _told(course: Course, step: CourseStep, way: Way) -> Told | None:
    last = way.last(step) if step.id in way.tries else None
    if last is None or last.correct is None:
        return None
    return course_feedback.tell(db(), course, step, Judged(last.answer, last.correct))


def _page(way: Way, step: CourseStep, told: Told | None, **more: Any) -> str:
    pace = course_way.others_pace(db(), [way.course])
    view = training_view.shown(
        db(), way.course, step, _addresses(way.course, step), told=told, **more
    )
    after = way.after(step)
    end = url_for("training.end", course_id=way.course.id)
    return render_template(
        "training/step.html",
        way=way,
        number=way.number(step),
        tries=len(way.tries.get(step.id, ())),
        time=course_way.time_left(way, pace),
        onward=_at(way.course, after) if after else end,
        again=_at(way.course, step, again=1),
        **view,
    )


@blueprint.post("/<int:course_id>/steps/<int:step_id>")
def answer(course_id: int, step_id: int) -> ResponseReturnValue:
    """Take an answer and say what was right; or, of a page, go on. Sent twice it counts once."""
    found = course_way.find(db(), user(), course_id)
    one = course_steps.find(db(), found, step_id, retired=True)
    way = course_way.way(db(), found, user())
    if one.retired_at is not None or _ahead(way, one):
        return _onward(way)
    known = len(way.tries.get(one.id, ()))
    if request.form.get("tries", known, type=int) == known:
        try:
            with db().begin_nested():
                given = training_view.answer_from(one)
                course_taking.answer(db(), found, one, user(), given)
        except InvalidInput as error:
            chosen = training_view.chosen_from(one) if one.kind == "quiz" else ()
            return _page(way, one, None, errors=error.errors, chosen=chosen), 422
        except Conflict as refused:
            flash(refused.message, "error")
            return redirect(url_for("training.course", course_id=found.id), 303)
    if one.kind in ("practice", "quiz"):
        return redirect(_at(found, one), 303)
    after = way.after(one)
    end = url_for("training.end", course_id=found.id)
    return redirect(_at(found, after) if after else end, 303)


@blueprint.get("/<int:course_id>/steps/<int:step_id>/medium")
def medium(course_id: int, step_id: int) -> Response:
    """The picture of a step, under no name but the step's."""
    found = course_way.find(db(), user(), course_id)
    return training_view.picture(db(), course_steps.find(db(), found, step_id, retired=True))


@blueprint.get("/<int:course_id>/end")
def end(course_id: int) -> ResponseReturnValue:
    """What was learnt, what is to be done once more, and the way to the first task."""
    course_taking.catch_up(db(), user())
    found = course_way.find(db(), user(), course_id)
    way = course_way.way(db(), found, user())
    if way.next is not None and way.finished_at is None:
        return _onward(way)
    others = [one.course for one in course_way.mine(db(), user()) if one.course.id != found.id]
    offers = [
        one.assessment
        for one in results.offers(db(), user())
        if one.assessment.project_id == found.project_id and not one.closed_to_me
    ]
    return render_template(
        "training/end.html",
        way=way,
        waiting=[course for course in others if course_way.due(db(), user(), course)],
        assessments=offers,
    )
