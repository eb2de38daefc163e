"""What the answers say of consensus, labellers, assets and times."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quality import timing
from quality.audit.faults import BadFile
from quality.audit.reading import MOST_CELLS, MOST_CLASSES, Answers
from quality.measures import agreement, consensus, flags, standing
from quality.measures.arrays import Bools, Floats, Ints
from quality.measures.classes import Rate, rate
from quality.measures.difficulty import Difficulty, difficulty
from quality.measures.hard_found import HardFound, hard_found

if TYPE_CHECKING:
    import pyarrow as pa

MOST_CONFUSIONS = 20_000_000  # labellers × classes²: beyond this, one accuracy a labeller
MANY_ANSWERS = 2_000_000  # of these, what the last rounds of EM still move is past noticing …
# … and so is what the whole model of times adds to medians of them
DRAWS, MOST_DRAWN = 20, 50_000  # to see how well hard assets are found: answers, or cells

Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Findings:
    """All that the report shows; arrays are by asset, by labeller or by class."""

    answers: Answers
    class_names: "pa.Array"
    n_classes: int
    truth: Ints | None
    votes: Ints
    alpha: agreement.Estimate
    percent: agreement.Estimate
    majority: Rate
    model: consensus.DawidSkene | consensus.OneCoin
    model_rate: Rate
    best: consensus.Consensus
    standings: standing.Standings
    usable: timing.Usable
    pace: timing.Pace
    times: timing.AssetTimes | None
    difficulty: Difficulty
    labeller_flags: flags.LabellerFlags
    asset_flags: flags.AssetFlags
    hard_found: HardFound | None

    @property
    def kept(self) -> Bools:
        """Which answers come from labellers who are not flagged."""
        return ~self.labeller_flags.flagged[self.answers.labeller]


def find(answers: Answers, class_names: "pa.Array", truth: Ints | None, report: Report) -> Findings:
    """Judge the answers; `truth` holds a class code per asset, -1 where unknown."""
    n_assets, n_labellers, n_classes = len(answers.assets), len(answers.labellers), len(class_names)
    if n_classes > MOST_CLASSES and n_assets * n_classes > MOST_CELLS:
        raise BadFile(
            f"label: expected a set of classes, got {n_classes:,} different labels "
            f"on {n_assets:,} assets"
        )
    report(0.0, "agreement")
    votes = agreement.label_counts(answers.asset, answers.label, n_assets, n_classes)
    alpha = agreement.alpha_estimate(votes)
    report(0.02, "consensus")
    model = _model(answers, n_assets, n_labellers, n_classes)
    report(0.26, "standing of labellers")
    standings = _standings(answers, model, truth, n_classes)
    best = _consensus(answers, votes, model, standings)
    report(0.46, "times")
    usable = timing.usable(
        answers.labeller, answers.seconds, n_labellers, _order(answers.submitted_at)
    )
    fit = _fit(answers, n_labellers, n_assets)
    pace = fit.pace if fit else timing.pace(answers.labeller, answers.seconds, n_labellers)
    found = flags.flag_labellers(standings, pace if usable.usable else None)
    report(0.8, "difficulty of assets")
    kept = ~found.flagged[answers.labeller]
    where, what, who = answers.asset[kept], answers.label[kept], answers.labeller[kept]
    times = _asset_times(answers, fit, pace, kept) if usable.usable else None
    hard = difficulty(where, what, n_assets, n_classes, pace.z[kept] if usable.usable else None)
    kept_votes = agreement.label_counts(where, what, n_assets, n_classes)
    asset_flags = flags.flag_assets(where, who, kept_votes, standings.mean, times)
    few = _hard_found(answers, truth, n_classes, usable, report)
    report(1.0, "writing")
    return Findings(
        answers, class_names, n_classes, truth, votes, alpha, agreement.percent_agreement(votes),
        _judged(votes, truth), model, _judged(model.posterior, truth), best, standings,
        usable, pace, times, hard, found, asset_flags, few,
    )  # fmt: skip


def _fit(answers: Answers, n_labellers: int, n_assets: int) -> timing.Fit | None:
    """The whole model of times; None where there are so many that medians of paces do."""
    if len(answers.asset) > MANY_ANSWERS:
        return None
    order = _order(answers.submitted_at)
    return timing.fit(
        answers.labeller, answers.asset, answers.seconds, n_labellers, n_assets, order=order
    )


def _asset_times(
    answers: Answers, fit: timing.Fit | None, pace: timing.Pace, kept: Bools
) -> timing.AssetTimes:
    n_assets = len(answers.assets)
    if fit is not None:
        return timing.asset_effects(answers.asset, fit, n_assets, kept)
    return timing.asset_times(answers.asset[kept], pace.residual[kept], n_assets)


def _hard_found(
    answers: Answers,
    truth: Ints | None,
    n_classes: int,
    usable: timing.Usable,
    report: Report,
) -> HardFound | None:
    """How well hard assets would be found from a few of their answers, where the truth is known."""
    table = len(answers.assets) * n_classes
    if truth is None or max(len(answers.asset), table) > MOST_DRAWN:
        return None
    nothing = np.full(len(answers.asset), np.nan)
    return hard_found(
        answers.asset, answers.labeller, answers.label,
        answers.seconds if usable.usable else nothing, truth,
        (len(answers.assets), len(answers.labellers), n_classes), draws=DRAWS,
        report=lambda share: report(0.85 + 0.15 * share, "how well hard assets are found"),
    )  # fmt: skip


def _model(
    answers: Answers, n_assets: int, n_labellers: int, n_classes: int
) -> consensus.DawidSkene | consensus.OneCoin:
    arrays = (answers.asset, answers.labeller, answers.label, n_assets, n_labellers, n_classes)
    compared = len(answers.asset) > n_assets  # else no labeller can be held against another
    rounds = 1 if not compared else 30 if len(answers.asset) > MANY_ANSWERS else 100
    if n_labellers * n_classes**2 > MOST_CONFUSIONS:
        return consensus.one_coin(*arrays, rounds=rounds)
    return consensus.dawid_skene(*arrays, rounds=rounds)


def _consensus(
    answers: Answers,
    votes: Ints,
    model: consensus.DawidSkene | consensus.OneCoin,
    standings: standing.Standings,
) -> consensus.Consensus:
    """The model's winners; what a labeller says whom nobody can judge has no known probability."""
    best = consensus.winners(model.posterior)
    alone = (votes.sum(axis=1) == 1)[answers.asset] & (standings.n[answers.labeller] == 0)
    probability = best.probability.copy()
    probability[answers.asset[alone]] = np.nan
    return best._replace(probability=probability)


def _standings(
    answers: Answers,
    model: consensus.DawidSkene | consensus.OneCoin,
    truth: Ints | None,
    n_classes: int,
) -> standing.Standings:
    """Known truth counts as gold; where it is unknown the consensus of the others is evidence, on
    assets where there are others."""
    n_labellers = len(answers.labellers)
    known = np.full(len(answers.asset), -1) if truth is None else truth[answers.asset]
    gold = known >= 0
    gold_n = np.bincount(answers.labeller[gold], minlength=n_labellers)
    right = gold & (known == answers.label)
    gold_k = np.bincount(answers.labeller[right], minlength=n_labellers)
    shared = np.bincount(answers.asset, minlength=len(answers.assets))[answers.asset] > 1
    rest = ~gold & shared
    best, chance = consensus.consensus_of_others(
        answers.asset, answers.labeller, answers.label, model
    )
    agreed, disagreed, q = standing.bin_evidence(
        answers.labeller[rest], (best == answers.label)[rest], chance[rest], n_labellers
    )
    return standing.posteriors(gold_n, gold_k, agreed, disagreed, q, max(n_classes, 2))


def _judged(votes: Ints | Floats, truth: Ints | None) -> Rate:
    """Accuracy of a consensus, each tie split fairly, over the assets whose truth is known."""
    if truth is None:
        return rate(0, 0)
    hits = consensus.expected_hits(votes, truth)
    return rate(float(np.nansum(hits)), int(np.count_nonzero(~np.isnan(hits))))


def _order(moments: Floats | None) -> Floats | None:
    """Submission times to sort by; none where fewer than half the answers carry one."""
    if moments is None or np.isnan(moments).mean() > 0.5:
        return None
    return moments
