"""The API for gold: list, make, revise, retire, and decide what is in question."""

from collections.abc import Sequence
from typing import Any

from ops.errors import InvalidInput, NotFound
from ops.models import Asset, Project
from ops.web.identity import db, user
from quality import gold as golds
from quality import gold_batches, gold_contention
from quality.gold_answers import TERMS, label_of
from quality.gold_contention import Case
from quality.models import Gold
from scheduling.projects import api_gold_messages as messages
from scheduling.projects import gold_reads
from scheduling.projects.api import blueprint, mine
from scheduling.projects.gold_reads import Listed

PER_PAGE = 100


@blueprint.get("/projects/<int:project_id>/gold")
@blueprint.input(messages.GoldQuery, location="query", arg_name="asked")
@blueprint.output(messages.GoldListOut)
def list_gold(project_id: int, asked: messages.GoldQuery) -> dict[str, Any]:
    """List gold

    The newest first, 100 a page; of one state, or with one fault.
    """
    found = gold_reads.listed(
        db(), mine(project_id).id, show=asked.show, before=asked.before, limit=PER_PAGE + 1
    )
    more = len(found) > PER_PAGE
    return {
        "gold": [_gold(one) for one in found[:PER_PAGE]],
        "next_before": found[PER_PAGE - 1].gold.id if more else None,
    }


def _gold(one: Listed) -> dict[str, Any]:
    low, high = one.bounds
    return {
        "id": one.gold.id,
        "asset": one.asset.id,
        "external_id": one.asset.external_id,
        "state": one.gold.state,
        "for_assessment": one.gold.for_assessment,
        "version": one.version,
        "answers": [_accepted(answer) for answer in one.answers],
        "exposures": one.gold.exposures,
        "answered": one.n,
        "right": one.right,
        "low": low,
        "high": high,
        "difficulty": one.gold.difficulty,
        "discrimination": one.gold.discrimination,
    }


@blueprint.post("/projects/<int:project_id>/gold")
@blueprint.input(messages.GoldIn, arg_name="asked")
@blueprint.output(messages.GoldMadeOut, status_code=201)
def make_gold(project_id: int, asked: messages.GoldIn) -> dict[str, Any]:
    """Make gold

    All or none. Without `answers`, only of assets whose label a reviewer or an adjudicator decided.
    """
    project = mine(project_id)
    if asked.answers is None:
        made = gold_batches.make_many(
            db(), project, asked.assets, user(), for_assessment=asked.for_assessment
        )
    else:
        accepted = _answers(asked.answers)
        made = [
            golds.make(db(), project, _asset(project, a), accepted, user(), asked.for_assessment)
            for a in sorted(set(asked.assets))
        ]
    return {"gold": [one.id for one in made]}


def _asset(project: Project, asset_id: int) -> Asset:
    found = db().get(Asset, asset_id)
    if found is None or found.project_id != project.id:
        raise InvalidInput("not all of these are assets of this project", field="assets")
    return found


def _answers(given: Sequence[messages.AcceptedIn]) -> list[dict[str, Any]]:
    found = []
    for one in given:
        terms = {"credit": one.credit, "tolerance": one.tolerance, "overlap": one.overlap}
        label = {"class": one.class_} if one.label is None else one.label
        if not label.keys().isdisjoint(TERMS):
            raise InvalidInput("stands beside the label, not in it", field="label")
        found.append(label | {name: value for name, value in terms.items() if value is not None})
    return found


def _accepted(answer: dict[str, Any]) -> dict[str, Any]:
    terms = {name: answer[name] for name in TERMS if name in answer}
    return {"class": answer.get("class"), "label": label_of(answer), **terms}


@blueprint.post("/projects/<int:project_id>/gold/<int:gold_id>")
@blueprint.input(messages.ReviseIn, arg_name="asked")
@blueprint.output(messages.GoldOut)
def revise_gold(project_id: int, gold_id: int, asked: messages.ReviseIn) -> dict[str, Any]:
    """Put the accepted answers of a gold right

    A new version: every stored answer is scored again, and standings follow.
    """
    project = mine(project_id)
    one = _of(project, gold_id)
    golds.revise(db(), project, one, _answers(asked.answers), user(), reason=asked.reason)
    db().flush()
    [listed] = gold_reads.listed(db(), project.id, before=gold_id + 1, limit=1)
    return _gold(listed)


def _of(project: Project, gold_id: int) -> Gold:
    found = db().get(Gold, gold_id)
    if found is None or found.project_id != project.id:
        raise NotFound("There is no such gold in this project.")
    return found


@blueprint.post("/projects/<int:project_id>/gold/retire")
@blueprint.input(messages.RetireIn, arg_name="asked")
@blueprint.output(messages.RetiredOut)
def retire_gold(project_id: int, asked: messages.RetireIn) -> dict[str, Any]:
    """Retire gold

    By ids, or all that has one fault: it is handed out no more, its scores stay.
    """
    project = mine(project_id)
    if (asked.gold is None) == (asked.fault is None):
        raise InvalidInput("give gold or fault, one of them", field="gold")
    ids = asked.gold
    if asked.fault is not None:
        ids = gold_batches.with_fault(db(), project.id, asked.fault)
    if not ids:
        return {"retired": 0}
    return {"retired": gold_batches.retire_many(db(), project, ids, user(), reason=asked.reason)}


@blueprint.get("/projects/<int:project_id>/gold/contention")
@blueprint.output(messages.ContentionOut)
def list_contention(project_id: int) -> dict[str, Any]:
    """List gold in question

    What good labellers miss and what reviewers dispute, what has waited longest first.
    """
    return {"cases": [_case(one) for one in gold_contention.queue(db(), mine(project_id).id)]}


def _case(one: Case) -> dict[str, Any]:
    return {
        "gold": one.gold.id,
        "asset": one.asset.id,
        "external_id": one.asset.external_id,
        "version": one.version,
        "accepted": [_accepted(answer) for answer in one.accepted],
        "reasons": [flag.reason for flag in one.flags],
        "answers": [{"class": tally.label.get("class"), **vars(tally)} for tally in one.answers],
    }


@blueprint.post("/projects/<int:project_id>/gold/contention/<int:gold_id>")
@blueprint.input(messages.DecisionIn, arg_name="asked")
@blueprint.output({}, status_code=204)
def decide_contention(project_id: int, gold_id: int, asked: messages.DecisionIn) -> str:
    """Decide about a gold in question

    accept another class too, replace the answer by it, retire the gold, or keep it as it is.
    """
    project = mine(project_id)
    gold_contention.decide(
        db(),
        project,
        _of(project, gold_id),
        asked.decision,
        user(),
        key=asked.key or asked.class_,
        worth=asked.credit,
        reason=asked.reason,
    )
    return ""


@blueprint.get("/projects/<int:project_id>/gold/reviewed")
@blueprint.input(messages.ReviewedQuery, location="query", arg_name="asked")
@blueprint.output(messages.ReviewedOut)
def list_reviewed(project_id: int, asked: messages.ReviewedQuery) -> dict[str, Any]:
    """List what can be made gold

    Assets whose label a person decided and that are no gold yet, by id, 100 a page.
    """
    found = gold_batches.reviewed(
        db(),
        mine(project_id).id,
        batch_id=asked.batch,
        after=asked.after or 0,
        limit=PER_PAGE + 1,
    )
    return {
        "assets": [
            {
                "asset": row.id,
                "external_id": row.external_id,
                "batch": row.batch_id,
                "class": row.label.get("class"),
                "label": row.label,
                "method": row.method,
            }
            for row in found[:PER_PAGE]
        ],
        "next_after": found[PER_PAGE - 1].id if len(found) > PER_PAGE else None,
    }
