"""Re-scoring, for leads: its runs, one run, two compared; the reference models of a project."""

from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from metrics.reads import rescoring as reads
from metrics.web import giving
from metrics.web.drawing import drawn
from metrics.web.rescoring_words import ERRORS, KINDS, ORDERS, SOURCES, basis
from ops import batches, labels, ontologies, projects
from ops import references as verbs
from ops.errors import InvalidInput, TouchstoneError
from ops.models import Batch, Project
from ops.web.identity import db, user
from quality.models import RescoreRun
from quality.rescoring import compare as comparing
from quality.rescoring import precision, runs

blueprint = APIBlueprint("rescoring", __name__, enable_openapi=False, template_folder="templates")
PER_PAGE = 24
NUMBERS = {"most_suspects": int, "below": float, "overlap": float, "folds": int}
WORDS = {"error_words": ERRORS, "source_words": SOURCES, "kind_words": KINDS}


@blueprint.get("/batches/<int:batch_id>/rescoring")
def index(batch_id: int) -> ResponseReturnValue:
    """Every run of a batch, and the form that starts one."""
    return _index(batches.find(db(), user(), batch_id), [])


def _index(batch: Batch, errors: list[dict[str, Any]], status: int = 200) -> ResponseReturnValue:
    listed = runs.listed(db(), batch.id)
    page = render_template(
        "rescoring/index.html",
        batch=batch,
        runs=listed,
        models=reads.models(db(), listed),
        given=verbs.listed(db(), batch.project_id),
        learnt=batch.project.label_type in runs.LEARNT,
        active=next((run for run in listed if run.state in ("queued", "running")), None),
        values=request.form,
        errors=errors,
        orders=ORDERS,
        keys=_keys(batch.project),
        **WORDS,
    )
    return page, status


def _keys(project: Project) -> list[tuple[str, str]]:
    """What labels of the project choose from, with their names."""
    found = ontologies.current(db(), project.id)
    if found is None:
        return []
    names = _names(project.id)
    keys = labels.choices(project.label_type, found) or list(names)
    return [(key, names.get(key, key)) for key in keys]


@blueprint.post("/batches/<int:batch_id>/rescoring")
def start(batch_id: int) -> ResponseReturnValue:
    """Ask for a run."""
    batch = batches.find(db(), user(), batch_id)
    try:
        with db().begin_nested():
            made = runs.request(
                db(),
                batch,
                user(),
                settings=_settings(),
                model=_model(),
                name=request.form.get("name", ""),
            )
    except InvalidInput as error:
        return _index(batch, error.errors, 422)
    except TouchstoneError as error:
        return _index(batch, [{"field": "run", "message": error.message}], 409)
    flash(f"{made.name} was queued.", "success")
    return redirect(url_for("rescoring.show", run_id=made.id), 303)


def _settings() -> dict[str, Any]:
    """The settings of the form; what is left empty keeps its default."""
    found: dict[str, Any] = {}
    for name, kind in NUMBERS.items():
        given = request.form.get(name, "").strip()
        if not given:
            continue
        try:
            found[name] = kind(given)
        except ValueError:
            raise InvalidInput("give a number", field=name) from None
    return found | {name: request.form[name] for name in ("order", "of_class") if _given(name)}


def _given(name: str) -> bool:
    return bool(request.form.get(name, "").strip())


def _model() -> Any:
    given = request.form.get("model", "")
    if not given:
        return None
    if not given.isascii() or not given.isdecimal() or len(given) > 18:
        raise InvalidInput("choose one of the reference models", field="model")
    return verbs.find(db(), user(), int(given))


@blueprint.get("/rescore-runs/<int:run_id>")
def show(run_id: int) -> ResponseReturnValue:
    """One run: progress, what it found, its suspects with the evidence."""
    run = runs.find(db(), user(), run_id)
    error, page = request.args.get("error", "")[:80], request.args.get("page", 1, type=int)
    page = min(max(page, 1), 1_000_000)
    found = reads.suspects(db(), run, error=error, limit=PER_PAGE + 1, offset=(page - 1) * PER_PAGE)
    batch = db().get_one(Batch, run.batch_id)
    listed = runs.listed(db(), run.batch_id)
    return render_template(
        "rescoring/show.html",
        **_live(run),
        batch=batch,
        suspects=[drawn(row) for row in found[:PER_PAGE]],
        more=len(found) > PER_PAGE,
        page=page,
        error=error,
        histogram=reads.qualities(db(), run),
        others=[one for one in listed if one.id != run.id and one.state == "done"],
        names=_names(batch.project_id),
        **WORDS,
    )


@blueprint.get("/rescore-runs/<int:run_id>/live")
def live(run_id: int) -> ResponseReturnValue:
    """The part of a run's page that changes while it goes on."""
    run = runs.find(db(), user(), run_id)
    answer = render_template("rescoring/_live.html", **_live(run), **WORDS)
    # What it found stands on the rest of the page: once it is done, all of it is loaded again.
    ended = run.state in ("done", "failed")
    return (answer, 200, {"HX-Refresh": "true"}) if ended else (answer, 200, {})


def _live(run: RescoreRun) -> dict[str, Any]:
    return {
        "run": run,
        "model": reads.models(db(), [run]).get(run.reference_model_id or 0),
        "progress": runs.progress(db(), run),
        "precision": precision.of_run(db(), run),
        "basis": basis(run.summary),
    }


def _names(project_id: int) -> dict[str, str]:
    found = ontologies.current(db(), project_id)
    return {c["key"]: c["name"] for c in found.classes} if found else {}


@blueprint.get("/rescore-runs/<int:run_id>/compare/<int:other_id>")
def compare(run_id: int, other_id: int) -> ResponseReturnValue:
    """Two runs side by side."""
    first, second = (runs.find(db(), user(), one) for one in (run_id, other_id))
    found = comparing.compare(db(), first, second)
    batch = db().get_one(Batch, first.batch_id)
    return render_template(
        "rescoring/compare.html",
        found=found,
        batch=batch,
        names=_names(batch.project_id),
        **WORDS,
    )


@blueprint.get("/projects/<int:project_id>/references")
def references(project_id: int) -> ResponseReturnValue:
    """The reference models of a project, and the forms that give one."""
    return _references(projects.find(db(), user(), project_id), [])


def _references(
    project: Project, errors: list[dict[str, Any]], status: int = 200
) -> ResponseReturnValue:
    page = render_template(
        "rescoring/references.html",
        project=project,
        models=verbs.listed(db(), project.id),
        names=_names(project.id),
        learnt=project.label_type in runs.LEARNT,
        values=request.form,
        errors=errors,
        **WORDS,
    )
    return page, status


@blueprint.post("/projects/<int:project_id>/references")
def give(project_id: int) -> ResponseReturnValue:
    """Keep a reference model that was sent."""
    project = projects.find(db(), user(), project_id)
    try:
        with db().begin_nested():
            made = giving.give(db(), project, user())
    except InvalidInput as error:
        return _references(project, error.errors, 422)
    unknown = made.settings.get("unknown_assets")
    more = f" {unknown} rows name assets that this project does not have." if unknown else ""
    of = f" speaks of {made.assets} assets." if made.kind != "network" else " was kept."
    flash(f"{made.name}, version {made.version},{of}{more}", "success")
    return redirect(url_for("rescoring.references", project_id=project.id), 303)
