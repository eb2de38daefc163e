"""All labels of a run are scored: weigh the sources, rank the suspects, send them to review."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from ops import clock_time, reopened
from ops.labels import CHOICES
from ops.models import Batch
from quality import review_tasks
from quality.measures.classes import rate
from quality.models import RescoreRun
from quality.rescoring import choices, suspects, weighing
from quality.rescoring.plan import Task

Array = np.ndarray
DECIDED = ("review", "adjudication", "gold")
MOST_NAMED = 3  # errors told in a reason

_SCORED = text(
    """
    SELECT id, asset_id, given, predicted, error, evidence ->> 'method' AS method,
           (evidence #>> '{sources,reference,score}')::float8 AS reference,
           (evidence #>> '{sources,labellers,score}')::float8 AS labellers,
           (evidence #>> '{sources,gold,score}')::float8 AS gold,
           coalesce((evidence #>> '{sources,labellers,n}')::int, 0) AS voices,
           (evidence #>> '{sources,reference,doubt}')::bool AS doubt,
           (evidence #>> '{sources,reference,look}')::float8 AS look
    FROM label_score WHERE run_id = :run ORDER BY asset_id
    """
)
_PROBABILITIES = text("SELECT probabilities FROM label_score WHERE run_id = :run ORDER BY asset_id")
_QUALITY = text(
    """
    UPDATE label_score SET quality = found.quality
    FROM unnest(CAST(:ids AS bigint[]), CAST(:qualities AS float8[])) AS found (id, quality)
    WHERE label_score.id = found.id AND label_score.quality <> found.quality
    """
)
_MARK = text(
    """
    UPDATE label_score SET suspect = true, rank = found.rank, reason = found.reason,
           review_task_id = found.task
    FROM unnest(CAST(:ids AS bigint[]), CAST(:ranks AS bigint[]), CAST(:reasons AS text[]),
                CAST(:tasks AS bigint[])) AS found (id, rank, reason, task)
    WHERE label_score.id = found.id
    """
)
_METHODS = text(
    """
    SELECT DISTINCT ON (asset_id) asset_id, method FROM consensus
    WHERE asset_id = ANY(:assets) ORDER BY asset_id, version DESC
    """
)
_EVIDENCE = text("SELECT id, evidence, probabilities FROM label_score WHERE id = ANY(:ids)")


def finish(session: Session, run: RescoreRun, task: Task) -> None:
    """Write the summary, mark the suspects and open their reviews; the run is done."""
    rows = session.execute(_SCORED, {"run": run.id}).all()
    scored = _table(rows, task)
    verdict, chance_rows = _verdict(session, run, rows, scored)
    planted = run.provenance.get("calibration") or {}
    # Of choices by the labels themselves, of objects that were cut out by their own folds.
    balanced = run.provenance.get("balanced_accuracy") if verdict is None else None
    balanced = verdict.balanced_accuracy if verdict else balanced
    found = weighing.trust(scored, balanced, planted.get("noticed"))
    quality = weighing.quality(scored, found)
    values = {"ids": [row.id for row in rows], "qualities": quality.tolist()}
    session.execute(_QUALITY, values)
    doubted = weighing.contradicted(scored, found, task.settings.below)
    if scored.choice and "reference" in found:
        # What a reference says of choices is judged class by class, not by one bound for all.
        doubted = weighing.contradicted(
            scored, {k: v for k, v in found.items() if k != "reference"}, task.settings.below
        )
        if verdict and not found["reference"].weak:
            doubted[chance_rows[verdict.ranked]] = True
    candidates, worth = doubted, quality
    if task.settings.order != "weighed":
        candidates, worth = _looks(rows, found)
    marked = _mark(session, run, task, rows, worth, candidates)
    run.summary = _summary(rows, scored, found, doubted, marked, verdict, balanced)
    run.state, run.finished_at = "done", clock_time.now()
    session.flush()


def _table(rows: Sequence[Any], task: Task) -> weighing.Scored:
    scores = {
        name: np.array([np.nan if getattr(r, name) is None else getattr(r, name) for r in rows])
        for name in ("reference", "labellers", "gold")
    }
    return weighing.Scored(
        scores=scores,
        voices=np.array([row.voices for row in rows], float),
        trusted=np.array([row.method in DECIDED for row in rows], bool),
        doubt=np.array([_doubted(row, task.settings.below) for row in rows], bool),
        choice=task.label_type in CHOICES,
        given=[row.given for row in rows],
        predicted=[row.predicted for row in rows],
    )


def _doubted(row: Any, below: float) -> bool:
    """Whether the reference doubts a label: by what it says itself, else by its score."""
    if row.doubt is not None:
        return bool(row.doubt)
    return row.reference is not None and row.reference < below


def _verdict(
    session: Session, run: RescoreRun, rows: Sequence[Any], scored: weighing.Scored
) -> tuple[suspects.Verdict | None, Array]:
    """What confident learning says of choices, and which rows it judged."""
    judged = np.flatnonzero(~np.isnan(scored.scores["reference"]))
    heard = judged.tolist()
    if not scored.choice or not heard:
        return None, judged
    stored = session.scalars(_PROBABILITIES, {"run": run.id}).all()
    keys = sorted({rows[i].given for i in heard} | {key for one in stored for key in one})
    code = {key: i for i, key in enumerate(keys)}
    labels = np.array([code[rows[i].given] for i in heard])
    chance = choices.spread(keys, [stored[i] for i in heard])
    return suspects.judge(labels, chance, seed=run.settings["seed"]), judged


def _looks(rows: Sequence[Any], found: dict[str, weighing.Trust]) -> tuple[Array, Array]:
    """Which labels are looked at in the order that was chosen, and what they are ranked by, lowest
    first; none where the reference is too weak to judge."""
    look = np.array([np.nan if row.look is None else row.look for row in rows], float)
    strong = "reference" in found and not found["reference"].weak
    return ~np.isnan(look) & strong, -look


def _mark(
    session: Session,
    run: RescoreRun,
    task: Task,
    rows: Sequence[Any],
    worth: Array,
    chosen: Array,
) -> list[int]:
    """Mark the chosen that no person has decided yet, those worth least first, and open a review
    for each; returns their positions. What was delivered and stays is left out."""
    candidates = np.flatnonzero(chosen).tolist()
    assets = [rows[i].asset_id for i in candidates]
    in_force = {r.asset_id: r.method for r in session.execute(_METHODS, {"assets": assets})}
    stay = reopened.staying(session, assets)
    open_ = [
        i
        for i in candidates
        if in_force[rows[i].asset_id] not in DECIDED and rows[i].asset_id not in stay
    ]
    ranked = sorted(open_, key=lambda i: (worth[i], rows[i].asset_id))
    ranked = ranked[: task.settings.most_suspects]
    if not ranked:
        return []
    batch = session.get_one(Batch, run.batch_id)
    # An asset that is under review already keeps its task: one review answers both questions.
    task_of = review_tasks.ask(session, batch, [rows[i].asset_id for i in ranked])
    ids = [rows[i].id for i in ranked]
    told = {row.id: row for row in session.execute(_EVIDENCE, {"ids": ids})}
    session.execute(
        _MARK,
        {
            "ids": ids,
            "ranks": list(range(1, len(ranked) + 1)),
            "reasons": [_reason(rows[i], told[rows[i].id]) for i in ranked],
            "tasks": [task_of[rows[i].asset_id] for i in ranked],
        },
    )
    session.expire_all()
    return ranked


def _reason(row: Any, told: Any) -> str:
    """Why a label is a suspect, in words that whoever reviews it reads."""
    sources, parts = told.evidence["sources"], []
    if "gold" in sources and sources["gold"]["score"] < 1:
        parts.append("The known answer is another.")
    if sources.get("reference", {}).get("why"):
        parts.append(sources["reference"]["why"])
    elif "reference" in sources and sources["reference"].get("error"):
        parts.append(_of_reference(row, told))
    if "labellers" in sources and sources["labellers"]["score"] < 1:
        said = sources["labellers"]
        words = f"Its {said['n']} answers agree with it by {100 * said['score']:.0f} %."
        parts.append(words)
    return " ".join(parts) or "Little speaks for this label."


def _of_reference(row: Any, told: Any) -> str:
    if row.predicted:
        given, seen = (told.probabilities.get(key, 0.0) for key in (row.given, row.predicted))
        return (
            f"A model that never saw this label gives {row.given} a probability of "
            f"{100 * given:.0f} % and {row.predicted} {100 * seen:.0f} %."
        )
    words = [one["words"] for one in told.evidence["objects"] if one["by"] == "reference"]
    more = f" And {len(words) - MOST_NAMED} more." if len(words) > MOST_NAMED else ""
    named = "; ".join(words[:MOST_NAMED])
    return f"{named[:1].upper()}{named[1:]}.{more}"


def _summary(
    rows: Sequence[Any],
    scored: weighing.Scored,
    found: dict[str, weighing.Trust],
    doubted: Array,
    marked: Sequence[int],
    verdict: suspects.Verdict | None,
    balanced: float | None,
) -> dict[str, Any]:
    errors: dict[str, int] = {}
    for i in marked:
        kind = rows[i].error or "doubted"
        errors[kind] = errors.get(kind, 0) + 1
    heard = np.zeros(len(rows), bool)
    for name in found:
        heard |= ~np.isnan(scored.scores[name])
    main = found.get("reference")
    return {
        "labels": len(rows),
        "suspects": len(marked),
        "errors": errors,
        "contradicted": int(doubted.sum()),
        "unheard": int((~heard).sum()),
        "sources": {name: one.as_json() for name, one in found.items()},
        "balanced_accuracy": balanced,
        "weak": main.weak if main else all(one.weak for one in found.values()),
        **_error_rate(found, heard, doubted, verdict),
    }


def _error_rate(
    found: dict[str, weighing.Trust],
    heard: Array,
    doubted: Array,
    verdict: suspects.Verdict | None,
) -> dict[str, Any]:
    """Estimated share of wrong labels with a 95 % interval, and what it rests on: the confident
    joint of the classes, or the share that a source contradicts."""
    strong = [name for name, one in found.items() if not one.weak]
    if verdict and verdict.error_rate is not None and "reference" in strong:
        bounds = {"error_rate": verdict.error_rate, "low": verdict.low, "high": verdict.high}
        return {**bounds, "basis": "confident joint"}
    if not strong:
        return {"error_rate": None, "low": None, "high": None, "basis": None}
    share = rate(int(doubted[heard].sum()), int(heard.sum()))
    bounds = {"error_rate": share.value, "low": share.low, "high": share.high}
    return {**bounds, "basis": "contradicted"}
