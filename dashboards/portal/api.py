"""The portal's API: what a client reads of their work, and what they say."""

from typing import Any

from apiflask import APIBlueprint

from dashboards.portal import api_messages as messages
from dashboards.portal import samples, view
from dashboards.portal.items import item_of
from metrics.reads import client as reads
from ops import (
    batches,
    client_questions,
    guideline_words,
    guidelines,
    labels,
    ontologies,
    projects,
    sealer,
    talk_pins,
)
from ops.models import Asset, Issue, Project
from ops.web.identity import db, user
from quality import proposals
from quality.models import GoldProposal

blueprint = APIBlueprint("api_portal", __name__, url_prefix="/api/v1/portal", tag="Portal")


@blueprint.get("/projects")
@blueprint.output(messages.ClientProjectsOut)
def list_own() -> dict[str, Any]:
    """List your projects

    Those of your organisation, with what waits for you.
    """
    mine = view.projects(db(), user())
    asked = view.asked_of_client(db(), user(), [one.id for one in mine])
    names = ("id", "name", "purpose", "medium", "label_type")
    return {
        "projects": [
            {
                **{name: getattr(one, name) for name in names},
                "batches": view.count(db(), one),
                "waiting": asked[one.id]._asdict(),
            }
            for one in mine
        ]
    }


@blueprint.get("/projects/<int:project_id>/batches")
@blueprint.output(messages.ClientBatchesOut)
def list_batches(project_id: int) -> dict[str, Any]:
    """List the batches of a project

    How far each is, when it is expected to be through, how good its labels are, its deliveries.
    """
    project = _own(project_id)
    shown = view.batches(db(), project, reads.batches(db(), project.id))
    return {"batches": [_batch(one) for one in shown]}


@blueprint.get("/batches/<int:batch_id>")
@blueprint.output(messages.ClientBatchOut)
def show_batch(batch_id: int) -> dict[str, Any]:
    """Get a batch"""
    batch = batches.find(db(), user(), batch_id)
    return _batch(view.batches(db(), batch.project, [batch])[0])


def _own(project_id: int) -> Project:
    return projects.find(db(), user(), project_id)


def _batch(one: view.Shown) -> dict[str, Any]:
    found, expected = view.reviewed(db(), one.batch), one.expected
    return {
        "id": one.batch.id,
        "name": one.batch.name,
        "state": one.state,
        "received_at": one.batch.created_at,
        "due_at": one.batch.due_at,
        "progress": {**one.at._asdict(), "checking": one.checking},
        "forecast": None
        if expected is None
        else {"finish_50": expected.middle, "finish_90": expected.late, "as_of": expected.at},
        "reviewed": {**found._asdict(), "value": found.value},
        "agreement": reads.agreeing(db(), [one.batch.id])._asdict(),
        "deliveries": [_delivery(found) for found in one.deliveries],
    }


def _delivery(one: reads.Delivered) -> dict[str, Any]:
    names = ("id", "version", "delivered_at", "items", "digest")
    return {
        **{name: getattr(one.made, name) for name in names},
        "sealed": sealer.is_sealed(db(), one.made.audit_entry_id),
        "decision": one.acceptance.state if one.acceptance else None,
    }


@blueprint.get("/batches/<int:batch_id>/sample")
@blueprint.input(messages.SampleQuery, location="query", arg_name="asked")
@blueprint.output(messages.SampledLabelsOut)
def sample_labels(batch_id: int, asked: messages.SampleQuery) -> dict[str, Any]:
    """Look at finished labels

    At random, the same all day for one `turn`.
    """
    batch = batches.find(db(), user(), batch_id)
    seed = samples.seed(batch, asked.turn or 0)
    ontology = ontologies.current(db(), batch.project_id)
    kind = batch.project.label_type
    return {
        "labels": [
            {
                "external_id": row.external_id,
                "label": row.label,
                "words": labels.in_words(kind, row.label, ontology),
            }
            for row in reads.sample(db(), batch, seed=seed, of_class=asked.of_class)
        ]
    }


@blueprint.get("/projects/<int:project_id>/questions")
@blueprint.output(messages.ClientQuestionsOut)
def list_questions(project_id: int) -> dict[str, Any]:
    """List the questions to you"""
    found = client_questions.of(db(), user(), _own(project_id).id)
    return {"questions": [_question(one) for one in found]}


def _question(one: Issue) -> dict[str, Any]:
    asset = db().get(Asset, one.asset_id) if one.asset_id else None
    return {
        "id": one.id,
        "text": one.client_text,
        "about": talk_pins.in_words(one.pin, one.project.medium),
        "external_id": asset.external_id if asset else None,
        "asked_at": one.client_at,
        "due_at": client_questions.due(one),
        "waiting": client_questions.waiting(one),
        "overdue": client_questions.overdue(one),
        "answer": one.client_answer,
        "answered_at": one.client_answered_at,
    }


@blueprint.post("/questions/<int:issue_id>/answer")
@blueprint.input(messages.AnswerIn, arg_name="asked")
@blueprint.output(messages.ClientQuestionOut, status_code=201)
@blueprint.doc(responses=[409])
def answer(issue_id: int, asked: messages.AnswerIn) -> dict[str, Any]:
    """Answer a question

    Once; safe to repeat with the same `key`. Those who asked and who run the project are told.
    """
    one = client_questions.find(db(), user(), issue_id)
    client_questions.answer(db(), one, user(), asked.body, key=asked.key)
    return _question(one)


@blueprint.get("/projects/<int:project_id>/guideline")
@blueprint.output(messages.ClientGuidelineOut)
def show_guideline(project_id: int) -> dict[str, Any]:
    """Get the guideline, and what was said of it"""
    return _guideline(_own(project_id))


def _guideline(project: Project) -> dict[str, Any]:
    current = guidelines.current(db(), project.id)
    approved = guideline_words.last_approved(db(), project.id)
    words = guideline_words.of_project(db(), project.id)
    return {
        "version": current.version if current else None,
        "markdown": current.markdown if current else "",
        "since": current.created_at if current else None,
        "approved": approved.version if approved else None,
        "words": [
            {"version": version, "word": word.word, "remark": word.remark, "at": word.at}
            for version, word in sorted(words.items(), reverse=True)
        ],
    }


@blueprint.post("/projects/<int:project_id>/guideline/words")
@blueprint.input(messages.WordIn, arg_name="asked")
@blueprint.output(messages.ClientGuidelineOut, status_code=201)
@blueprint.doc(responses=[409])
def say_of_guideline(project_id: int, asked: messages.WordIn) -> dict[str, Any]:
    """Approve the guideline, or ask for changes

    Of the version in force alone: 409 when another one is by now.
    """
    project = _own(project_id)
    guideline_words.say(db(), project, asked.version, asked.word, user(), remark=asked.remark)
    return _guideline(project)


@blueprint.get("/projects/<int:project_id>/proposals")
@blueprint.output(messages.ProposalsOut)
def list_proposed(project_id: int) -> dict[str, Any]:
    """List the answers that you proposed"""
    found = proposals.of_project(db(), _own(project_id).id)
    return {"proposals": [_proposal(one) for one in found]}


@blueprint.post("/projects/<int:project_id>/proposals")
@blueprint.input(messages.ProposalIn, arg_name="asked")
@blueprint.output(messages.ProposalOut, status_code=201)
@blueprint.doc(responses=[409])
def propose(project_id: int, asked: messages.ProposalIn) -> dict[str, Any]:
    """Propose the right answer for an item

    Those who run the project decide. 409 while another proposal for the item waits.
    """
    project = _own(project_id)
    asset = item_of(project, asked.external_id)
    made = proposals.propose(db(), project, asset, asked.label, user(), remark=asked.remark)
    return _proposal(made)


def _proposal(one: GoldProposal) -> dict[str, Any]:
    names = ("id", "label", "remark", "state", "proposed_at", "decided_at", "decision")
    return {**{name: getattr(one, name) for name in names}, "external_id": one.asset.external_id}
