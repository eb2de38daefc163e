"""Answers judged by the last whole fit as they come in: of the assets they are about, and no more.

Paces, standings, signals and slices stand still until the next fit; the difficulty of the assets
that were touched, its parts, colours and flags do not.
"""

from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from ops import projects
from ops.models import Project
from quality import timing, timing_covariates, timing_flags
from quality.measures import flags as measure_flags
from quality.measures.agreement import label_counts
from quality.measures.arrays import Bools, Floats
from quality.measures.difficulty import PARTS, One, one
from quality.measures.standing import Standings
from quality.models import TimingFit
from quality.timing.ordinary import Leftovers
from quality.timing_answers import STAGES, Answers, disagreement, read
from quality.timing_evidence import Known, known
from quality.timing_judged import Judged
from quality.timing_written import write_difficulty

_PORTION = 2000
_TOUCHED = text(
    """
    SELECT task.asset_id FROM work_event event JOIN task ON task.id = event.task_id
    WHERE event.project_id = :project AND event.at > :since AND event.kind IN
        ('submitted', 'surplus', 'skipped', 'gold_scored')
    UNION
    SELECT asset_id FROM issue
    WHERE project_id = :project AND opened_at > :since AND asset_id IS NOT NULL
    ORDER BY 1
    """
)


def touch(
    session: Session, project: Project, fit: TimingFit, since: datetime, at: datetime
) -> bool:
    """Judge the assets about which something came in after `since`; returns whether there were any.

    What is read grows with what came in, not with the project; twice is once.
    """
    values = {"project": project.id, "since": since}
    touched = list(session.scalars(_TOUCHED, values))
    for start in range(0, len(touched), _PORTION):
        some = touched[start : start + _PORTION]
        answers = read(session, project, some)
        if answers.asset.size:
            evidence = known(session, project, answers, answers.answer.tolist())
            judged = judge(project, fit, answers, evidence)
            write_difficulty(session, project, answers, judged, at)
            timing_flags.of_assets(session, project, answers, judged, only=True)
    fit.seen_at = at
    session.flush()
    return bool(touched)


def judge(project: Project, fit: TimingFit, a: Answers, evidence: Known) -> Judged:
    """These answers as the last fit would have them."""
    model = fit.model
    kept = ~np.isin(a.labellers, model["flagged"])[a.labeller]
    times, z = _times(fit, a, kept)
    hard = _difficulty(model, a, kept, z, evidence)
    accuracy = np.array([model["accuracy"].get(str(who), 0.75) for who in a.labellers.tolist()])
    votes = label_counts(a.asset[kept], a.label[kept], len(a.assets), a.n_classes + 1)
    found = measure_flags.flag_assets(a.asset[kept], a.labeller[kept], votes, accuracy, times)
    more = measure_flags.worth_a_look(found.differing, found.expected, times)
    found = found._replace(flagged=(found.p <= model["threshold"]) & more)
    nothing = np.full(len(a.labellers), np.nan)
    return Judged(
        timing.Usable(fit.usable, fit.why), None, nothing, nothing, nothing,
        Standings(*[nothing] * 5), accuracy, _nobody(len(a.labellers)), kept, times,
        model["seconds"] or float("nan"), evidence, None,
        np.array([np.nan if h.score is None else h.score for h in hard]),
        {name: np.array([h.parts.get(name, np.nan) for h in hard]) for name in PARTS},
        found, votes, projects.settings_of(project).false_discovery_rate,
    )  # fmt: skip


def _nobody(n: int) -> measure_flags.LabellerFlags:
    none = np.zeros(n, bool)
    return measure_flags.LabellerFlags(none, none, none, np.full(n, np.nan), float("nan"))


def _times(fit: TimingFit, a: Answers, kept: Bools) -> tuple[timing.AssetTimes | None, Floats]:
    """Effects of the assets by the stored model, and standardised times of the answers."""
    z = np.full(len(a.asset), np.nan)
    if not fit.usable or fit.model["times"] is None:
        return None, z
    columns = _columns(fit.model, a, kept)
    n = len(a.assets)
    table = np.full((6, n), np.nan)
    timed = np.zeros(n, np.int64)
    for i in range(n):
        mine = np.flatnonzero(columns["asset"] == i)
        judged = timing.update(fit.model["times"], **_picked(columns, mine), left_in=("class",))
        here = mine[mine < len(a.asset)]
        z[here] = [np.nan if value is None else value for value in judged.z[: here.size]]
        told = (judged.effect, judged.se, judged.low, judged.high, judged.p)
        table[:5, i] = [np.nan if value is None else value for value in told]
        timed[i] = judged.n
    effect, se, low, high, p, _ = table
    middle, spread = (low + high) / 2, (high - low) / (2 * 1.96)
    none = Leftovers(np.zeros(0))
    return timing.AssetTimes(effect, se, timed, middle, spread, low, high, p, 0.0, none), z


def _columns(model: dict[str, Any], a: Answers, kept: Bools) -> dict[str, Any]:
    """What the model is told of each answer, by the names under which it was stored."""
    everybody = np.concatenate([a.labellers, a.beside.people])
    who = np.concatenate([a.labeller, a.beside.labeller])
    label = np.concatenate([np.where(a.skipped, -1, a.label), a.beside.label])
    stage = np.concatenate([np.zeros(len(a.asset), np.int64), a.beside.stage])
    order = np.concatenate([a.order, a.beside.order])
    seconds = np.concatenate([np.where(kept, a.seconds, np.nan), a.beside.seconds])
    return {
        "asset": np.concatenate([a.asset, a.beside.asset]),
        "labeller": everybody[who].tolist(),
        "seconds": seconds.tolist(),
        "team": [a.teams[t] if t >= 0 else None for t in a.team[who].tolist()],
        "class": [a.keys[k] if a.keys and k >= 0 else None for k in label.tolist()],
        "stage": [STAGES[s] for s in stage.tolist()],
        "objects": np.log1p(np.concatenate([a.objects, a.beside.objects])).tolist(),
        "learning": timing_covariates.experience(model["practice"], everybody[who], order),
    }


def _picked(columns: dict[str, Any], rows: Any) -> dict[str, Any]:
    def pick(name: str) -> list[Any]:
        return [columns[name][k] for k in rows.tolist()]

    return {
        "labeller": pick("labeller"),
        "seconds": pick("seconds"),
        "team": pick("team"),
        "factors": {"class": pick("class"), "stage": pick("stage")},
        "numbers": {"objects": pick("objects")},
        "trends": {"learning": pick("learning")},
    }


def _difficulty(
    model: dict[str, Any], a: Answers, kept: Bools, z: Floats, evidence: Known
) -> list[One]:
    said = kept & a.answered
    apart = disagreement(a, kept)
    skips = np.bincount(a.asset[kept & a.skipped], minlength=len(a.assets))
    missed = evidence.missed.tolist()
    names = np.array(a.keys or [str(k) for k in range(a.n_classes)], dtype=object)
    return [
        one(
            model["difficulty"], names[a.label[mine]].tolist(), z[mine].tolist(),
            skips=int(skips[i]), questions=int(a.asked[i]), gold=int(evidence.gold[i]),
            misses=missed[i], disagreement=None if apart is None else apart[i],
        )
        for i, mine in enumerate(_rows_of(a, said))
    ]  # fmt: skip


def _rows_of(a: Answers, which: Bools) -> list[Any]:
    """Of each asset, its answers among `which`."""
    rows = np.flatnonzero(which)
    rows = rows[np.argsort(a.asset[rows], kind="stable")]
    ends = np.searchsorted(a.asset[rows], np.arange(len(a.assets) + 1))
    return [rows[ends[i] : ends[i + 1]] for i in range(len(a.assets))]
