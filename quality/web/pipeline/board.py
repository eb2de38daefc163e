"""The board and the table of applicants, and moving one or many between stages."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ops import clock_time
from ops.applicants import duplicates, letters, listing, moving, posting, stages
from ops.errors import InvalidInput, NotFound, TouchstoneError
from ops.web.csv_files import csv_file
from ops.web.fields import identity
from ops.web.identity import db, user
from quality.onboarding import funnel
from quality.web.pipeline.blueprint import blueprint, field

COLUMNS = (
    "number", "name", "email", "stage", "days in stage", "opening", "country", "time zone",
    "languages", "equipment", "hours a week", "days", "applied", "account",
)  # fmt: skip


@blueprint.get("/pipeline")
def board() -> ResponseReturnValue:
    """A column for each stage, with who has waited longest first."""
    asked, now = _asked(), clock_time.now()
    steps = {s.stage.id: s for s in funnel.steps(db(), user(), now, asked.opening_id)}
    return render_template(
        "onboarding/pipeline/board.html",
        columns=listing.board(db(), user(), asked, now),
        steps=steps,
        **_shared(asked, "Board"),
    )


@blueprint.get("/pipeline/table")
def table() -> ResponseReturnValue:
    """One row each, narrowed and sorted, to move many at once."""
    asked, page = _asked(), max(1, identity(request.args.get("page")) or 1)
    rows, total = listing.page(db(), user(), asked, clock_time.now(), page)
    return render_template(
        "onboarding/pipeline/table.html",
        rows=rows,
        total=total,
        page=page,
        pages=-(-total // listing.PAGE),
        letters=letters.listed(db()),
        **_shared(asked, "Table"),
    )


@blueprint.get("/pipeline/table.csv")
def table_csv() -> ResponseReturnValue:
    """The same rows as a file, all of them."""
    now = clock_time.now()
    people = listing.every(db(), user(), _asked(), now)
    return csv_file("applicants", COLUMNS, (_row(one, now) for one in people))


def _row(one: Any, now: Any) -> list[Any]:
    time = one.availability
    return [
        one.id, one.name, one.email, one.stage.name, listing.days_in_stage(one, now),
        one.opening.title, one.country, one.timezone, ", ".join(one.languages),
        ", ".join(one.equipment), time.get("hours_per_week", ""), ", ".join(time.get("days", [])),
        one.applied_at.isoformat(), "yes" if one.user_id else "no",
    ]  # fmt: skip


@blueprint.get("/pipeline/funnel")
def figures() -> ResponseReturnValue:
    """Time in each stage and who drops out, as a picture and a table."""
    asked, now = _asked(), clock_time.now()
    steps = funnel.steps(db(), user(), now, asked.opening_id)
    return render_template(
        "onboarding/pipeline/funnel.html",
        steps=steps,
        most=max([1, *(step.reached for step in steps)]),
        **_shared(asked, "Funnel"),
    )


@blueprint.post("/pipeline/moves")
def move() -> ResponseReturnValue:
    """Move whoever is ticked; each is named with the stage in which they were seen."""
    back = redirect(_back(), 303)
    try:
        with db().begin_nested():
            to = stages.find(db(), identity(field("to")))
            wanted = dict(_seen(text) for text in request.form.getlist("applicant"))
            if not wanted:
                raise InvalidInput("tick somebody first", field="applicants")
            done = moving.move_many(
                db(), wanted, to, by=user(), reason=field("reason"), letter=_letter()
            )
    except TouchstoneError as refused:
        flash(f"Nobody was moved: {refused.message}", "error")
        return back
    _say(done, to.name)
    return back


def _say(done: moving.Moved, to: str) -> None:
    if len(done.moved) == 1:
        flash(f"{done.moved[0].name} is in {to} now.{_wrote()}", "success")
    elif done.moved:
        flash(f"{len(done.moved)} applicants are in {to} now.{_wrote()}", "success")
    for one in done.elsewhere:
        flash(
            f"{one.name} was not moved: somebody else moved them to {one.stage.name} meanwhile. "
            "Look again and decide.",
            "error",
        )


def _wrote() -> str:
    if field("letter") == "none" or posting.configured():
        return ""
    return " Letters wait on their pages to be copied: this installation has no mail server."


def _seen(text: str) -> tuple[int, int]:
    applicant, _, stage = text.partition(":")
    one, expected = identity(applicant), identity(stage)
    if one is None or expected is None:
        raise InvalidInput("reload the page and try again", field="applicants")
    return one, expected


def _letter() -> moving.Letter:
    asked = field("letter")
    if asked in ("", "usual"):
        return "usual"
    return "none" if asked == "none" else letters.find(db(), identity(asked))


def _back() -> str:
    """Where the form was: the same board or table, narrowed as it was."""
    view = "pipeline.table" if field("view") == "table" else "pipeline.board"
    names = ("q", "opening", "language", "days", "stage", "sort")
    kept: dict[str, Any] = {name: field(name) for name in names if field(name)}
    return url_for(view, **kept)


def _asked() -> listing.Asked:
    args = request.args
    sort = args.get("sort", "")
    opening = identity(args.get("opening"))
    if opening is not None and opening not in dict(listing.opening_choices(db(), user())):
        raise NotFound("There is no such opening, or it is of a project you are no member of.")
    return listing.Asked(
        text=args.get("q", "").replace("\0", ""),
        stage_id=identity(args.get("stage")),
        opening_id=opening,
        language=args.get("language", "").replace("\0", ""),
        days=identity(args.get("days")),
        sort=sort if sort in listing.SORTS else "stage",
        erasure=args.get("erasure") == "1",
    )


def _shared(asked: listing.Asked, view: str) -> dict[str, Any]:
    now = clock_time.now()
    return {
        "view": view,
        "asked": asked,
        "stages": stages.listed(db()),
        "openings": listing.opening_choices(db(), user()),
        "languages": listing.languages(db(), user()),
        "erasures": listing.asking_to_be_erased(db(), user(), now),
        "twins": duplicates.count(db(), user()),
        "days_in_stage": lambda one: listing.days_in_stage(one, now),
    }
