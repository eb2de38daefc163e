"""The API for re-scoring: runs, their suspects, two runs compared, reference models."""

from typing import Any

from apiflask import APIBlueprint

from metrics.reads import rescoring as reads
from metrics.web import giving
from metrics.web import rescoring_messages as messages
from ops import batches, projects
from ops import references as verbs
from ops.models import ReferenceModel
from ops.web.identity import db, user
from quality.models import RescoreRun
from quality.rescoring import compare as comparing
from quality.rescoring import precision, runs

blueprint = APIBlueprint("rescoring_api", __name__, url_prefix="/api/v1", tag="Re-scoring")
PER_PAGE = 100


@blueprint.post("/batches/<int:batch_id>/rescore-runs")
@blueprint.input(messages.RunIn, arg_name="asked")
@blueprint.output(messages.RunOut, status_code=202)
@blueprint.doc(responses=[409])
def start(batch_id: int, asked: messages.RunIn) -> dict[str, Any]:
    """Re-score the labels of a batch

    Puts a run on the worker's queue. 409 while one is under way, when the batch was delivered, or
    when there are too few labels.
    """
    batch = batches.find(db(), user(), batch_id)
    settings = asked.model_dump(exclude={"name", "model"})
    model = verbs.find(db(), user(), asked.model) if asked.model is not None else None
    made = runs.request(db(), batch, user(), settings=settings, model=model, name=asked.name or "")
    return _run(made)


@blueprint.get("/batches/<int:batch_id>/rescore-runs")
@blueprint.output(messages.RunsOut)
def list_runs(batch_id: int) -> dict[str, Any]:
    """List the re-score runs of a batch

    The newest first, each with its progress and, once done, what it found.
    """
    batch = batches.find(db(), user(), batch_id)
    return {"runs": [_run(run) for run in runs.listed(db(), batch.id)]}


@blueprint.get("/rescore-runs/<int:run_id>")
@blueprint.output(messages.RunOut)
def show(run_id: int) -> dict[str, Any]:
    """Get a re-score run

    With its progress and, once done, what it found and what reviews said of its suspects.
    """
    return _run(runs.find(db(), user(), run_id))


@blueprint.get("/rescore-runs/<int:run_id>/suspects")
@blueprint.input(messages.SuspectsQuery, location="query", arg_name="asked")
@blueprint.output(messages.SuspectsOut)
def suspects(run_id: int, asked: messages.SuspectsQuery) -> dict[str, Any]:
    """List the suspects of a re-score run

    A hundred a page; those that wait for a review first, then the worst.
    """
    run = runs.find(db(), user(), run_id)
    offset = (asked.page - 1) * PER_PAGE
    found = reads.suspects(db(), run, limit=PER_PAGE + 1, offset=offset)
    kept = ("rank", "quality", "error", "given", "predicted", "reason", "evidence", "outcome")
    return {
        "page": asked.page,
        "more": len(found) > PER_PAGE,
        "suspects": [
            {"asset": row.external_id, **{name: getattr(row, name) for name in kept}}
            for row in found[:PER_PAGE]
        ],
    }


@blueprint.get("/rescore-runs/<int:run_id>/compare/<int:other_id>")
@blueprint.output(messages.ComparisonOut)
def compare(run_id: int, other_id: int) -> dict[str, Any]:
    """Compare two re-score runs

    Of one batch, both done: what they share, where they differ, which assets moved most.
    """
    first, second = (runs.find(db(), user(), one) for one in (run_id, other_id))
    return comparing.compare(db(), first, second)


@blueprint.get("/projects/<int:project_id>/reference-models")
@blueprint.output(messages.ReferencesOut)
def references(project_id: int) -> dict[str, Any]:
    """List the reference models of a project

    Every version, the newest first.
    """
    project = projects.find(db(), user(), project_id)
    return {"models": [_model(model) for model in verbs.listed(db(), project.id)]}


@blueprint.post("/projects/<int:project_id>/reference-models")
@blueprint.output(messages.ReferenceOut, status_code=201)
def give(project_id: int) -> dict[str, Any]:
    """Give a reference model

    multipart/form-data: `name`, `kind` (predictions, embeddings or network) and `file`. Predictions
    come in any format that imports read (CSV, JSONL, COCO's results with the file of images as
    `known`); embeddings as .npy with a file of `ids`, CSV or parquet; a network as torch.export
    saved it (.pt2) with its `settings` as JSON. The same name again makes the next version.
    """
    return _model(giving.give(db(), projects.find(db(), user(), project_id), user()))


def _run(run: RescoreRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "batch": run.batch_id,
        "version": run.version,
        "name": run.name,
        "state": run.state,
        "model": run.reference_model_id,
        "requested_at": run.requested_at,
        "finished_at": run.finished_at,
        "settings": run.settings,
        "provenance": run.provenance,
        "summary": run.summary,
        "error": run.error,
        **runs.progress(db(), run),
        "precision": precision.of_run(db(), run),
    }


def _model(model: ReferenceModel) -> dict[str, Any]:
    kept = ("id", "name", "version", "kind", "digest", "assets", "settings", "created_at")
    return {name: getattr(model, name) for name in kept}
