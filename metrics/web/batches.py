"""Batches, for leads: how far they are, what holds them back, and letting them go."""

import math
from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from metrics import deliver as delivering
from metrics import report_pages, report_parts
from metrics.reads import batches as read_batches
from metrics.reads import one_batch, reviews
from metrics.web import agreeing, downloads
from ops import batches, delivery, labels, ontologies, scope, sealer
from ops.errors import Frozen, InvalidInput, NotFound, TouchstoneError
from ops.formats import catalogue
from ops.models import Batch
from ops.web import media
from ops.web.identity import db, user
from quality import gate, reviewed_parts
from quality.rescoring import runs
from quality.review_sample import draw_review_sample

# Labels whose losses a page counts while somebody waits.
MOST_COUNTED = 20_000

blueprint = APIBlueprint("batches", __name__, enable_openapi=False, template_folder="templates")


@blueprint.get("/batches")
def index() -> ResponseReturnValue:
    """Every batch that the lead may see, newest first."""
    found = read_batches(db(), scope.projects(user()))
    return render_template("batches/index.html", batches=records(found))


@blueprint.get("/batches/<int:batch_id>")
def show(batch_id: int) -> ResponseReturnValue:
    """One batch: progress, gate, doubts, suspects, audit trail."""
    batch = batches.find(db(), user(), batch_id)
    live = _live(batch)
    run = live["found"].figures["rescore"]
    suspects = one_batch.suspects(db(), run["run_id"]) if run else []
    doubts = one_batch.disagreements(db(), batch)
    return render_template(
        "batches/show.html",
        **live,
        suspects=suspects,
        doubts=doubts,
        said=_in_words(batch, doubts),
        pictures={row.asset_id: _picture(row) for row in (*suspects, *doubts)},
        methods=one_batch.methods(db(), batch),
        reviews=reviews.by_reason(db(), batch),
        agreement=agreeing.of_batch(batch, live["names"]),
        tables=report_parts.tables(
            reviewed_parts.of_batch(db(), batch, batch.project), live["names"]
        ),
        trail=one_batch.trail(db(), batch),
    )


@blueprint.get("/batches/<int:batch_id>/live")
def live(batch_id: int) -> ResponseReturnValue:
    """The part of the page that changes while something runs."""
    return render_template("batches/_live.html", **_live(batches.find(db(), user(), batch_id)))


@blueprint.post("/batches/<int:batch_id>/sample")
def draw(batch_id: int) -> ResponseReturnValue:
    """Draw more labels at random for review."""

    def act(batch: Batch) -> str:
        asked = request.form.get("n", "")
        if not asked.isascii() or not asked.isdecimal() or len(asked) > 9:
            raise InvalidInput("Give a whole number of labels to review.", field="n")
        of_class = request.form.get("of_class") or None
        drawn = draw_review_sample(db(), batch, int(asked), user(), of_class=of_class)
        of = f" of {of_class}" if of_class else ""
        return f"{drawn} more labels{of} were drawn at random for review."

    return _act(batch_id, act)


@blueprint.post("/batches/<int:batch_id>/rescore")
def rescore(batch_id: int) -> ResponseReturnValue:
    """Ask for a re-score run."""

    def act(batch: Batch) -> str:
        if batch.state == "delivered":
            raise Frozen
        return f"{runs.request(db(), batch, user()).name} was queued."

    return _act(batch_id, act)


@blueprint.post("/batches/<int:batch_id>/deliver")
def deliver(batch_id: int) -> ResponseReturnValue:
    """Let the batch go, if the gate lets it."""
    return _act(
        batch_id, lambda b: f"Delivered: {delivering.deliver(db(), b, user()).items} labels."
    )


@blueprint.get("/batches/<int:batch_id>/labels.<form>")
def export(batch_id: int, form: str) -> ResponseReturnValue:
    """The labels as delivered; before the delivery, those in force."""
    batch = batches.find(db(), user(), batch_id)
    made = delivery.of_batch(db(), batch.id)
    return downloads.labels(made or batch, form, batch.name)


@blueprint.get("/batches/<int:batch_id>/labels")
def formats(batch_id: int) -> ResponseReturnValue:
    """The formats that can hold the labels, and what one of them would lose."""
    batch = batches.find(db(), user(), batch_id)
    every = catalogue.for_type(batch.project.label_type)
    chosen = request.args.get("format", "jsonl")
    file = downloads.file_of(delivery.of_batch(db(), batch.id) or batch, chosen, MOST_COUNTED)
    return render_template(
        "batches/formats.html",
        batch=batch,
        formats=every,
        chosen=file.form,
        losses=file.count_losses(),
        counted=MOST_COUNTED if batch.n_assets > MOST_COUNTED else None,
    )


@blueprint.get("/batches/<int:batch_id>/report")
def report(batch_id: int) -> ResponseReturnValue:
    """The frozen report of a delivered batch."""
    made = _delivered(batch_id)
    return render_template(
        "report/page.html",
        made=made,
        content=report_pages.content(made.report),
        sealed=sealer.is_sealed(db(), made.audit_entry_id),
        back=url_for("batches.show", batch_id=batch_id),
        pdf=url_for("batches.report_pdf", batch_id=batch_id),
        jsonl=url_for("batches.export", batch_id=batch_id, form="jsonl"),
        csv=url_for("batches.export", batch_id=batch_id, form="csv"),
    )


@blueprint.get("/batches/<int:batch_id>/report.pdf")
def report_pdf(batch_id: int) -> ResponseReturnValue:
    """The same as a PDF."""
    return downloads.report_pdf(_delivered(batch_id))


def _delivered(batch_id: int) -> Any:
    made = delivery.of_batch(db(), batches.find(db(), user(), batch_id).id)
    if made is None:
        raise NotFound("This batch has no report: it was not delivered yet.")
    return made


def _act(batch_id: int, act: Callable[[Batch], str]) -> ResponseReturnValue:
    """Do it or say why not, then show the batch again."""
    batch = batches.find(db(), user(), batch_id)
    try:
        with db().begin_nested():
            flash(act(batch), "success")
    except TouchstoneError as error:
        flash(error.message, "error")
    return redirect(url_for("batches.show", batch_id=batch_id))


def _live(batch: Batch) -> dict[str, Any]:
    session = db()
    made = delivery.of_batch(session, batch.id)
    found = gate.examine(session, batch)
    run = runs.active(session, batch.id)
    progress = records(read_batches(session, [batch.project_id], batch_id=batch.id))[0]
    sealed = made is not None and sealer.is_sealed(session, made.audit_entry_id)
    return {
        "batch": batch,
        "progress": progress,
        "found": found,
        "names": _class_names(batch),
        "made": made,
        "sealed": sealed,
        "run": run,
        "run_progress": runs.progress(session, run) if run else None,
        "shown": _floor(found.figures["accuracy"]["delivered_low"]),
        "terms_missed": {reason["term"] for reason in found.reasons},
        "failed": None if run else one_batch.failed_run(session, batch),
        "poll": _poll_seconds(
            bool(run) or (made is not None and not sealed) or found.figures["unjudged"] > 0, found
        ),
    }


def _poll_seconds(soon: bool, found: gate.Findings) -> int | None:
    """How often the page looks again: often while a run goes on, never when nothing does."""
    if soon:
        return 2
    return 15 if found.figures["unfinished"] else None


def _floor(bound: float | None) -> float | None:
    """A lower bound to a tenth of a percent, downwards: it never reads as more than was shown."""
    return None if bound is None else math.floor(bound * 1000 + 1e-9) / 1000


def records(table: Any) -> list[dict[str, Any]]:
    """Rows of a frame for a template: what is undefined is None."""
    plain: list[dict[str, Any]] = table.astype(object).where(table.notna(), None).to_dict("records")
    return plain


def _picture(row: Any) -> str | None:
    return media.url(row.asset_id, 96) if row.uri else None


def _in_words(batch: Batch, rows: one_batch.Rows) -> dict[int, str]:
    """Asset id → the label of its row in words."""
    ontology = ontologies.current(db(), batch.project_id)
    label_type = batch.project.label_type
    return {row.asset_id: labels.in_words(label_type, row.label, ontology) for row in rows}


def _class_names(batch: Batch) -> dict[str, str]:
    found = ontologies.current(db(), batch.project_id)
    return {c["key"]: c["name"] for c in found.classes} if found else {}
