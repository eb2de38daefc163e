"""What the measures make of a project's answers: pace, standing, difficulty, who stands out."""

from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from ops import projects
from ops.models import Project
from quality import timing, timing_covariates, trust
from quality.measures import flags as measure_flags
from quality.measures.agreement import label_counts
from quality.measures.arrays import Bools, Floats, Ints
from quality.measures.difficulty import Difficulty, difficulty
from quality.measures.standing import Standings
from quality.timing_answers import Answers, disagreement
from quality.timing_evidence import Known


@dataclass(frozen=True)
class Judged:
    """What the measures make of the answers; arrays by labeller or by asset.

    `fit` is the whole model of times, None where they cannot be used; `median` and `mad_log` are of
    each labeller's seconds of labelling; `accuracy` counts a skip as no right answer; `kept` are
    the answers that are evidence about assets; `seconds` what an answer usually takes; `known` what
    is known of answers; `hard` the whole model of difficulty; `score` the difficulty and `made` its
    parts, in points of it. Judged by a stored fit, `fit` and `hard` are None.
    """

    usable: timing.Usable
    fit: timing.Fit | None
    ratio: Floats
    median: Floats
    mad_log: Floats
    standings: Standings
    accuracy: Floats
    labeller_flags: measure_flags.LabellerFlags
    kept: Bools
    times: timing.AssetTimes | None
    seconds: float
    known: Known
    hard: Difficulty | None
    score: Floats
    made: dict[str, Floats]
    asset_flags: measure_flags.AssetFlags
    votes: Ints
    rate: float


def judge(session: Session, project: Project, a: Answers, known: Known) -> Judged:
    """Pace, standing, flags and difficulty at the project's false-discovery rate."""
    rate = projects.settings_of(project).false_discovery_rate
    n_labellers, n_assets = len(a.labellers), len(a.assets)
    usable = timing.usable(a.labeller, a.seconds, n_labellers, a.order)
    fit = timing_covariates.fit(a) if usable.usable else None
    pace = None if fit is None else _of_labellers(fit.pace, n_labellers)
    standings = _standings(session, project, a)
    found = measure_flags.flag_labellers(standings, pace, rate)
    # Answers of flagged labellers are no evidence against an asset.
    kept = ~found.flagged[a.labeller]
    times = None if fit is None else _times(a, fit, kept)
    accuracy = _accuracy(standings, a)
    where, what = a.asset[kept], a.label[kept]
    votes = label_counts(where, what, n_assets, a.n_classes + 1)
    asset_flags = measure_flags.flag_assets(
        where, a.labeller[kept], votes, accuracy, times, rate
    )  # fmt: skip
    hard = _difficulty(a, kept, fit, known)
    log = np.log(a.seconds)
    median = timing.group_median(a.labeller[np.isfinite(log)], log[np.isfinite(log)], n_labellers)
    return Judged(
        usable, fit, np.full(n_labellers, np.nan) if pace is None else pace.ratio(),
        np.exp(median), _mad_log(a, log, median), standings, accuracy, found, kept, times,
        float(np.exp(np.nanmedian(log))) if np.isfinite(log).any() else float("nan"),
        known, hard, hard.score, hard.parts, asset_flags, votes, rate,
    )  # fmt: skip


def _of_labellers(pace: timing.Pace, n: int) -> timing.Pace:
    """Of everybody whose time is known, those who label."""
    return pace._replace(
        deviation=pace.deviation[:n], se=pace.se[:n], median=pace.median[:n], n=pace.n[:n]
    )


def _times(a: Answers, fit: timing.Fit, kept: Bools) -> timing.AssetTimes:
    """Effects of assets on the times of labelling; what was done beside tells of people only as
    far as an asset was labelled before it."""
    everywhere = np.concatenate([a.asset, a.beside.asset])
    of_labelling = np.concatenate([kept, np.ones(a.beside.asset.size, bool)])
    return timing.asset_effects(everywhere, fit, len(a.assets), of_labelling)


def _accuracy(standings: Standings, a: Answers) -> Floats:
    """Who skips often differs often: that is theirs, not the asset's."""
    answers = np.bincount(a.labeller, minlength=len(a.labellers))
    skips = np.bincount(a.labeller[a.skipped], minlength=len(a.labellers))
    accuracy: Floats = standings.mean * (1 - skips / np.maximum(answers, 1))
    return accuracy


def _difficulty(a: Answers, kept: Bools, fit: timing.Fit | None, known: Known) -> Difficulty:
    said, n_assets = kept & a.answered, len(a.assets)
    return difficulty(
        a.asset[said], a.label[said], n_assets, max(a.n_classes, 1),
        None if fit is None else _time_told(a, fit)[said],
        disagreement=disagreement(a, kept),
        skips=np.bincount(a.asset[kept & a.skipped], minlength=n_assets),
        questions=a.asked, gold=known.gold, misses=known.missed,
    )  # fmt: skip


def _time_told(a: Answers, fit: timing.Fit) -> Floats:
    """Standardised times of the answers, in which the slowness of a class is left."""
    n = len(a.asset)
    if "class" not in fit.factors:
        return fit.z[:n]
    code = np.full(len(fit.z), -1)
    code[:n] = np.where(a.skipped, -1, a.label)
    return fit.z_with("class", code)[:n]


def _standings(session: Session, project: Project, a: Answers) -> Standings:
    believed = trust.standings(session, (int(i) for i in a.labellers), project.skill_id)
    rows = [believed[int(i)] for i in a.labellers]
    mean, low, high, n = (np.array(column) for column in zip(*rows, strict=True))
    return Standings(mean, low, high, (high - low) / (2 * 1.96), n)


def _mad_log(a: Answers, log: Floats, median: Floats) -> Floats:
    """Median absolute deviation of each labeller's log seconds from their own median."""
    timed = np.isfinite(log)
    who, left = a.labeller[timed], np.abs(log[timed] - median[a.labeller[timed]])
    return timing.group_median(who, left, len(a.labellers))
