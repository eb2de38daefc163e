"""What was believed of the work of `tests.history`, what models say of it, and all rows kept."""

import math
import uuid
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.history import copy

if TYPE_CHECKING:
    from tests.history_work import Asset, Work

DIMENSIONS = 16
RED, YELLOW = 0.9, 0.55
# Tables in the order of their keys, with the columns that are copied.
TABLES = {
    "asset": "id, project_id, batch_id, external_id, uri, text, width, height, meta, created_at",
    "lane": "id, project_id, batch_id, stage, requirement_key, requirements, generation",
    "task": "id, lane_id, asset_id, stage, round, npri, wanted, n_done, n_leased, created_at",
    "gold": "id, project_id, asset_id, task_id, batch_id, lot, class_key, created_by, created_at",
    "gold_version": "id, gold_id, version, answers, created_by, created_at",
    "assignment": "id, token, task_id, labeller_id, project_id, state, counts, leased_at, "
    "expires_at, shown_at, ended_at, skip_reason, active_ms, wall_ms, judged_at",
    "label": "id, assignment_id, revision, payload, ontology_version_id, client_key, created_at",
    "work_event": "at, kind, labeller_id, project_id, batch_id, stage, task_id, assignment_id, "
    "data",
    "gold_score": "id, assignment_id, gold_version_id, label_id, correct, at",
    "evidence": "id, labeller_id, skill_id, project_id, assignment_id, kind, correct, certainty, "
    "classes, at",
    "consensus": "id, asset_id, batch_id, version, method, label, probability, answers, "
    "agreement, posterior, decided_by, at",
    "standing": "labeller_id, skill_id, mean, low, high, gold_n, gold_correct, review_n, "
    "review_correct, consensus_n, updated_at",
    "labeller_pace": "project_id, labeller_id, answers, median_seconds, mad_log, pace, at",
    "asset_difficulty": "asset_id, project_id, difficulty, colour, reason, parts, at",
    "flag": "id, project_id, kind, asset_id, labeller_id, reason, evidence, at",
    "issue": "id, token, project_id, batch_id, asset_id, pin, state, opened_by, opened_at, "
    "answered_at, resolved_at",
    "comment": "id, issue_id, by, at, body, client_key",
    "reference_model": "id, project_id, name, version, kind, digest, assets, created_at",
    "prediction": "model_id, asset_id, label, confidence, probabilities",
    "embedding": "model_id, asset_id, vector",
    "rescore_run": "id, batch_id, version, name, state, settings, provenance, chunks, summary, "
    "requested_by, requested_at, started_at, finished_at",
    "label_score": "id, run_id, asset_id, consensus_id, given, predicted, quality, probabilities, "
    "error, evidence, suspect, rank, reason",
    "forecast": "batch_id, at, finish_50, finish_90, cost_50, cost_90, why, basis",
}


def keep(work: "Work") -> None:
    """Copy every row into its table."""
    work.rows["work_event"].sort(key=lambda row: row[0])
    for table, columns in TABLES.items():
        copy(work.session, table, columns, work.rows[table])


def believe(work: "Work") -> None:
    """Tasks as they stand, standings, paces, difficulties, questions, models, forecasts."""
    seen = {asset.id: asset for asset in work.assets}
    for plan in work.plans:
        golds = {asset.id for asset in work.gold[plan.row.id]}
        for id_ in plan.ids:
            _task(work, seen[id_], id_ in golds)
    _people(work)
    done = [asset for asset in seen.values() if asset.consensus]
    _difficulties(work, done)
    _questions(work, done)
    _models(work, [a for a in done if a.plan.picture])
    _forecasts(work)


def _task(work: "Work", asset: "Asset", gold: bool) -> None:
    plan = asset.plan
    lane = work.lane(plan.row.id, "label")
    wanted, done = (0, 0) if gold else (plan.wanted, len(asset.answers))
    work.rows["task"].append(
        (asset.task, lane, asset.id, "label", 0 if gold else 1, asset.task, wanted, done, 0,
         plan.row.created_at)
    )  # fmt: skip


def _people(work: "Work") -> None:
    """Posteriors by counting alone: what a page shows need not come from the real model."""
    skills = {plan.row.project_id: plan.row.project.skill_id for plan in work.plans}
    for i, one in enumerate(work.floor.labellers):
        by_project: dict[int, list[Any]] = defaultdict(list)
        for project, kind, right in work.judged[one.id]:
            by_project[project].append((kind, right))
        for project, found in by_project.items():
            n = {k: [r for kind, r in found if kind == k] for k in ("gold", "review", "consensus")}
            strong = n["gold"] + n["review"]
            mean = (sum(strong) + 4.5) / (len(strong) + 5)
            margin = 1.96 * math.sqrt(mean * (1 - mean) / (len(strong) + 6))
            work.rows["standing"].append(
                (one.id, skills[project], mean, max(0.0, mean - margin), min(1.0, mean + margin),
                 len(n["gold"]), sum(n["gold"]), len(n["review"]), sum(n["review"]),
                 len(n["consensus"]), work.floor.now)
            )  # fmt: skip
            work.rows["labeller_pace"].append(
                (project, one.id, len(found), 8.2 * one.pace, 0.45, one.pace, work.floor.now)
            )
        if i == 10:
            reason = "Takes 0.5 of the usual time and is wrong in a third of what was checked."
            _flag(work, "too_fast_and_wrong", reason, labeller=one.id, project=work.plans[0])


def _flag(
    work: "Work", kind: str, reason: str, *, project: Any, asset: int | None = None,
    labeller: int | None = None,
) -> None:  # fmt: skip
    at = work.floor.now - timedelta(hours=5)
    work.rows["flag"].append(
        (work.next("flag"), project.row.project_id, kind, asset, labeller, reason,
         {"answers": 40}, at)
    )  # fmt: skip


def _difficulties(work: "Work", done: list["Asset"]) -> None:
    usual = np.median([time for asset in done for time in asset.times])
    for asset in done:
        said = [key for _, _, key, _ in asset.answers]
        effect = float(np.log(np.median(asset.times) / usual))
        differ = len(said) - max(said.count(key) for key in said)
        difficulty = 0.8 * max(effect, 0) + 0.5 * differ + 0.4 * asset.skips
        colour = "red" if difficulty > RED else "yellow" if difficulty > YELLOW else "green"
        ratio, n = math.exp(effect), len(said)
        reason = "" if colour == "green" else (
            f"Takes {ratio:.1f} × the usual time; {differ} of {n} answers differ.")  # fmt: skip
        parts = {"answers": n, "time_effect": effect, "time_se": 0.3, "times": "usable",
                 "seconds": float(np.median(asset.times)), "disagreement": differ,
                 "expected": 0.3, "skips": asset.skips, "questions": 0}  # fmt: skip
        work.rows["asset_difficulty"].append(
            (asset.id, asset.plan.row.project_id, difficulty, colour, reason, parts,
             work.floor.now)
        )  # fmt: skip
        if colour == "red" and asset.id % 4 == 0:
            _flag(work, "hard_asset", reason, project=asset.plan, asset=asset.id)


def _questions(work: "Work", done: list["Asset"]) -> None:
    for n, asset in enumerate(done[:: max(1, len(done) // 40)]):
        row, opener = asset.plan.row, work.floor.labellers[n % 12].id
        opened = work.floor.now - timedelta(days=90 - 2 * n, hours=3)
        answered = opened + timedelta(hours=1 + n % 5) if n % 7 else None
        state = "open" if answered is None else "resolved"
        issue = work.next("issue")
        work.rows["issue"].append(
            (issue, uuid.UUID(int=10**9 + issue), row.project_id, row.id, asset.id, {"at": "asset"},
             state, opener, opened, answered, answered)
        )  # fmt: skip
        body = "Is what is cut off at the edge to be counted?"
        work.rows["comment"].append((work.next("comment"), issue, opener, opened, body, "q"))
        if answered:
            by = work.floor.history.lead
            work.rows["comment"].append(
                (work.next("comment"), issue, by, answered, "Yes, if most of it shows.", "a")
            )


def _models(work: "Work", done: list["Asset"]) -> None:
    """A model's predictions and embeddings of the pictures, and a re-score run over a batch."""
    project = work.plans[0].row.project_id
    classes = work.plans[0].classes
    centres = work.random.normal(size=(len(classes), DIMENSIONS)) * 2
    for number, (name, kind) in enumerate((("detector", "predictions"), ("eye", "embeddings")), 1):
        work.rows["reference_model"].append(
            (number, project, name, 1, kind, f"{number:064x}", len(done), work.floor.start)
        )
        work.models[name] = number
    for asset in done:
        place = classes.index(asset.truth)
        logits = work.random.normal(size=len(classes)) + 2.2 * (np.arange(len(classes)) == place)
        chance = np.exp(logits) / np.exp(logits).sum()
        said = dict(zip(classes, (round(float(p), 4) for p in chance), strict=True))
        best = max(said, key=lambda key: said[key])
        work.rows["prediction"].append((1, asset.id, {"class": best}, said[best], said))
        vector = centres[place] + work.random.normal(size=DIMENSIONS) + 0.8 * asset.night
        work.rows["embedding"].append((2, asset.id, vector.astype("<f4").tobytes()))
    _rescored(work, done, {row[1]: row for row in work.rows["prediction"]})


def _rescored(work: "Work", done: list["Asset"], said: dict[int, Any]) -> None:
    batch = work.plans[0].row.id
    newest = {row[1]: row for row in work.rows["consensus"] if row[2] == batch}
    judged = [asset for asset in done if asset.plan.row.id == batch]
    doubted = [a for a in judged if said[a.id][2]["class"] != newest[a.id][5]["class"]]
    doubted.sort(key=lambda a: said[a.id][4][newest[a.id][5]["class"]])
    rank = {asset.id: n for n, asset in enumerate(doubted, 1)}
    for run, ago in ((1, 20), (2, 3)):
        work.runs.append(run)
        at = work.floor.now - timedelta(days=ago)
        share = len(doubted) / len(judged)
        summary = {"labels": len(judged), "suspects": len(doubted), "unheard": 0, "weak": False,
                   "errors": {"other_class": len(doubted)}, "contradicted": len(doubted),
                   "sources": {}, "balanced_accuracy": 0.81, "error_rate": share,
                   "low": 0.8 * share, "high": 1.2 * share, "basis": "contradicted"}  # fmt: skip
        work.rows["rescore_run"].append(
            (run, batch, run, f"Old town, run {run}", "done", {"seed": 0, "folds": 5},
             {"model": "detector, version 1"}, 1, summary, work.floor.history.lead, at, at,
             at + timedelta(minutes=2))
        )  # fmt: skip
        for asset in judged:
            given, chance = newest[asset.id][5]["class"], said[asset.id][4]
            best = said[asset.id][2]["class"]
            suspect = asset.id in rank
            evidence = {"method": newest[asset.id][4], "objects": [],
                        "sources": {"reference": {"score": chance[given]}}}  # fmt: skip
            work.rows["label_score"].append(
                (work.next("label_score"), run, asset.id, newest[asset.id][0], given, best,
                 chance[given], chance, "other_class" if suspect else None, evidence, suspect,
                 rank.get(asset.id), f"{best} looks likelier than {given}." if suspect else "")
            )  # fmt: skip


def _forecasts(work: "Work") -> None:
    for plan in work.plans:
        if plan.row.state != "open" or plan.row.due_at is None:
            continue
        for ago in (2, 1, 0):
            at = work.floor.now - timedelta(days=ago)
            likely = work.floor.now + timedelta(days=6 + ago)
            work.rows["forecast"].append(
                (plan.row.id, at, likely, likely + timedelta(days=3), 410.0, 520.0, "", {})
            )
