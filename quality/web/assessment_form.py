"""The form for an assessment: its terms as somebody types them, read and checked."""

from typing import Any

from flask import request

from ops import projects
from ops.errors import InvalidInput, NotFound
from ops.models import Project, Skill
from ops.web.identity import db, user
from quality.onboarding import assessments
from quality.onboarding.pool import BANDS

FIELDS = ("title", "questions", "minutes", "attempts", "cool_down_hours", "level", "valid_days")
# Fields in percent, and what they are called in the terms.
SHARES = {
    "pass_percent": "pass_mark",
    "fail_percent": "fail_mark",
    "false_pass_percent": "false_pass",
    "false_fail_percent": "false_fail",
}


def usual() -> dict[str, Any]:
    """What a new form begins with."""
    defaults = {name: field.default for name, field in assessments.Terms.model_fields.items()}
    shares = {"pass_percent": 80, "fail_percent": 60, "false_pass_percent": 5}
    return {**defaults, **shares, "false_fail_percent": 5, "title": "", "way": "fixed"}


def terms() -> assessments.Terms:
    """The terms as typed, in percent where the form asks so. Raises InvalidInput."""
    given: dict[str, Any] = {name: request.form.get(name, "") for name in FIELDS}
    given["cool_down_hours"] = given["cool_down_hours"] or 0
    given["pass_mark"] = _share("pass_percent", 1)
    if request.form.get("way") == "adaptive":
        given["least_questions"] = request.form.get("least_questions") or 1
        for field, most in (("fail_percent", 0.99), ("false_pass_percent", 0.2)):
            given[SHARES[field]] = _share(field, most)
        given["false_fail"] = _share("false_fail_percent", 0.2)
    given["mix"] = _mix()
    return assessments.clean(given)


def _share(field: str, most: float) -> float:
    try:
        share = float(request.form.get(field, "")) / 100
    except ValueError:
        share = -1.0
    least = 0.001 if most < 0.5 else 0.01
    if not least <= share <= most:
        low, high = f"{100 * least:g}", f"{100 * most:g}"
        raise InvalidInput(f"must be a number from {low} to {high}", field=field)
    return share


def _mix() -> dict[str, Any]:
    """Weights as typed: of classes in `class_<key>`, of difficulties in `band_<name>`."""
    classes = {
        name.removeprefix("class_"): _weight(name)
        for name in request.form
        if name.startswith("class_")
    }
    bands = {band: _weight(f"band_{band}") for band in BANDS if f"band_{band}" in request.form}
    even = len(set(classes.values())) <= 1
    alike = len(set(bands.values())) <= 1
    if (classes and not any(classes.values())) or (bands and not any(bands.values())):
        raise InvalidInput("give at least one a weight above 0", field="mix")
    return {"classes": {} if even else classes, "difficulty": {} if alike else bands}


def _weight(name: str) -> float:
    typed = request.form.get(name, "").strip() or "0"
    try:
        weight = float(typed)
    except ValueError:
        weight = -1.0
    if not 0 <= weight <= 100:
        raise InvalidInput("a weight is a number from 0 to 100", field=name)
    return weight


def as_typed(error: InvalidInput) -> list[dict[str, Any]]:
    """Faults at the fields of the form, which asks in percent."""
    typed = {term: field for field, term in SHARES.items()}
    return [{**e, "field": typed.get(e.get("field", ""), e.get("field"))} for e in error.errors]


def project_and_skill() -> tuple[Project, Skill]:
    """What was chosen; without a skill, that of the project. Raises InvalidInput."""
    number = request.form.get("project", type=int)
    skill_id = request.form.get("skill", type=int)
    if number is None:
        raise InvalidInput("choose a project", field="project")
    try:
        project = projects.find(db(), user(), number)
    except NotFound as error:
        raise InvalidInput(error.message, field="project") from None
    skill = db().get(Skill, skill_id) if skill_id else db().get_one(Skill, project.skill_id)
    if skill is None:
        raise InvalidInput("there is no such skill", field="skill")
    return project, skill
