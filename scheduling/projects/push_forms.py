"""What the forms of handing out say, read once and refused at the field."""

from flask import request

from ops.access import WORKERS
from ops.errors import InvalidInput
from ops.models import Project, User
from ops.web.identity import db
from scheduling.eligibility import DESK_STAGES
from scheduling.projects import reads
from scheduling.projects.batch_pages import batch_of, whole_number
from scheduling.selection import Next, Ticked

ANY_STAGE = "any"


def workers(project: Project) -> list[User]:
    """Members who could be given work, by name."""
    return [u for u, _ in reads.members(db(), project.id) if u.role in WORKERS and u.active]


def labeller(project: Project, field: str = "labeller") -> User:
    """The member whom the form names. Raises InvalidInput."""
    text = request.form.get(field, "")
    found = next((u for u in workers(project) if str(u.id) == text), None)
    if found is None:
        raise InvalidInput("choose who gets the work", field=field)
    return found


def hours(field: str = "hours") -> float | None:
    """How long work is kept; None when left empty, for the project's own setting."""
    text = request.form.get(field, "").strip()
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise InvalidInput("give a number of hours", field=field) from None


def next_of(project: Project) -> Next:
    """`n` tasks of the batches chosen, or of all, at a stage. Raises InvalidInput, NotFound."""
    chosen = [whole_number(text, "batch") for text in request.form.getlist("batch") if text]
    return Next(
        n=whole_number(request.form.get("n", "").strip(), "n"),
        batches=[batch_of(project.id, one).id for one in chosen],
        stage=_stage(),
        search=request.form.get("search", "").strip(),
    )


def _stage() -> str | None:
    stage = request.form.get("stage", "label")
    if stage not in (*DESK_STAGES, ANY_STAGE):
        raise InvalidInput(f"expected one of {', '.join(DESK_STAGES)}", field="stage")
    return None if stage == ANY_STAGE else stage


def assets_or_next(project: Project) -> Ticked | Next:
    """The assets ticked, or the next of whatever the filter of the page shows."""
    if request.form.get("which") == "filter":
        return next_of(project)
    return Ticked(ids("asset", "tick at least one asset, or choose what the filter shows"))


def ids(name: str, missing: str) -> list[int]:
    """The numbers ticked under `name`. Raises InvalidInput with `missing` when there is none."""
    found = [whole_number(text, f"{name}s") for text in request.form.getlist(name)]
    if not found:
        raise InvalidInput(missing, field=f"{name}s")
    return found


def whole(value: str | None) -> int | None:
    """A number of the address; None when it is none, so that a broken link shows everything."""
    return int(value) if value and value.isdecimal() and len(value) < 16 else None


def told() -> bool:
    """Whether the labeller gets a notice."""
    return bool(request.form.get("tell"))
