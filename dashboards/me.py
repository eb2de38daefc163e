"""My page: what a labeller did, how fast and how well, what was found otherwise, what comes next.

Own figures only: nobody is ranked. What is told of accuracy and feedback changes once a day.
"""

from datetime import datetime

from apiflask import APIBlueprint
from flask import render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from dashboards import own_figures
from metrics.reads import own
from ops import clock_time
from ops.web.identity import db, user

blueprint = APIBlueprint("me", __name__, enable_openapi=False, template_folder="templates")

DAYS = 28
SOON_DAYS = 30


@blueprint.get("/desk/me")
def index() -> ResponseReturnValue:
    """My day, pace, accuracy, feedback, certificates, and what they would open."""
    me = user()
    zone = own.zone(me)

    def local(at: datetime, form: str = "%Y-%m-%d %H:%M") -> str:
        return at.astimezone(zone).strftime(form)

    days = own.days(db(), me, DAYS)
    certificates = own.certificates(db(), me.id)
    return render_template(
        "me/page.html",
        local=local,
        zone=zone.key,
        today=own.today(db(), me),
        days=days,
        worked=[one for one in reversed(days) if one.submitted or one.skipped],
        pace=Markup(own_figures.pace(days)),  # noqa: S704 - drawn of numbers; words are escaped
        labels=Markup(own_figures.labels(days)),  # noqa: S704 - as above
        standing=[_drawn(one) for one in own.standing(db(), me.id)],
        feedback=own.feedback(db(), me),
        certificates=[{**one, "soon": _soon(one["valid_until"])} for one in certificates],
        locked=own.locked(db(), me),
        guidelines=own.guidelines(db(), me),
        courses=own.courses(db(), me),
        questions=own.questions(db(), me),
    )


def _drawn(row: dict[str, float]) -> dict[str, object]:
    picture = own_figures.interval(row["mean"], row["low"], row["high"])
    return {**row, "picture": Markup(picture)}  # noqa: S704 - drawn of numbers


def _soon(until: datetime) -> bool:
    return (until - clock_time.now()).days < SOON_DAYS
