"""Made-up work whose truth is known: people of unequal pace who learn and tire, with pauses."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from quality import timing
from quality.measures.agreement import label_counts
from quality.measures.flags import discoveries, flag_assets
from quality.timing.robust import middle

SLOWER, MISLED = 0.7, 0.45
SHIFT = 8.0  # hours
RATES = (0.05, 0.10)
FLOORS: dict[str, dict[str, Any]] = {
    "heavy tails": {},
    "normal noise": {"heavy": False},
    "one asset in five hard": {"hard_share": 0.2},
    "no asset hard": {"hard_share": 0.0},
}


class World(NamedTuple):
    """Answers as arrays, and what they were made from."""

    asset: np.ndarray
    labeller: np.ndarray
    label: np.ndarray
    seconds: np.ndarray
    order: np.ndarray
    shift: np.ndarray
    objects: np.ndarray
    team: np.ndarray
    pace: np.ndarray
    slopes: np.ndarray
    effect: np.ndarray
    accuracy: np.ndarray
    n_classes: int


def world(
    seed: int,
    n_assets: int = 400,
    n_labellers: int = 24,
    n_classes: int = 4,
    hard_share: float = 0.1,
    heavy: bool = True,
) -> World:
    """2 to 5 answers an asset; one asset in ten takes twice as long (e^0.7) and misleads; the
    others have no effect of their own. Noise is Student's t with 3 degrees of freedom, of unequal
    width, and in 2 % somebody pauses besides."""
    r = np.random.default_rng(seed)
    team = np.arange(n_labellers) % 4
    pace = r.normal(0, 0.25, 4)[team] + r.normal(0, 0.4, n_labellers)
    hard = r.random(n_assets) < hard_share
    effect = np.where(hard, SLOWER, 0.0)
    per = r.integers(2, 6, n_assets)
    asset = np.repeat(np.arange(n_assets), per)
    # Some work much more than others.
    busy = np.log(r.gamma(2.0, size=n_labellers)) + r.gumbel(size=(n_assets, n_labellers))
    ranked = np.argsort(-busy, axis=1)
    labeller = np.concatenate([ranked[a, : per[a]] for a in range(n_assets)])
    n = asset.size
    order = r.permutation(n).astype(float)
    before, shift = np.empty(n), np.empty(n)
    for who in range(n_labellers):
        mine = np.flatnonzero(labeller == who)
        before[mine[np.argsort(order[mine])]] = np.arange(mine.size)
        shift[mine] = before[mine] % 40 / 40 * SHIFT
    objects = np.log1p(r.poisson(3, n_assets))
    learning = -0.12 + r.normal(0, 0.04, n_labellers)
    fatigue = 0.03 + r.normal(0, 0.02, n_labellers)
    width = 0.3 * np.exp(r.normal(0, 0.25, n_labellers))
    log = 2.2 + effect[asset] + pace[labeller] + 0.3 * objects[asset]
    log += learning[labeller] * np.log1p(before) + fatigue[labeller] * shift
    if heavy:
        log += width[labeller] * r.standard_t(3, n)
        log += np.where(r.random(n) < 0.02, r.exponential(2.0, n), 0.0)
    else:
        log += width[labeller] * r.normal(0, 1.4, n)
    accuracy = r.beta(18, 2, n_labellers)
    right = r.random(n) < accuracy[labeller] * np.where(hard[asset], 1 - MISLED, 1.0)
    truth = r.integers(0, n_classes, n_assets)
    label = np.where(right, truth[asset], (truth[asset] + r.integers(1, n_classes, n)) % n_classes)
    return World(
        asset, labeller, label, np.exp(log), order, shift, objects[asset], team, pace,
        np.stack([learning, fatigue]), effect, accuracy, n_classes,
    )  # fmt: skip


def fitted(made: World) -> tuple[timing.Fit, timing.AssetTimes]:
    """The product's model of these times, and its asset effects."""
    fit = timing.fit(
        made.labeller, made.asset, made.seconds, len(made.pace), len(made.effect),
        order=made.order, team=made.team,
        numbers={"objects": made.objects}, trends={"fatigue": made.shift},
    )  # fmt: skip
    return fit, timing.asset_effects(made.asset, fit, len(made.effect))


def one_run(made: World) -> dict[str, float]:
    """False discoveries, power and coverage on one floor; nan where there is nothing to count."""
    fit, times = fitted(made)
    hard = made.effect > 0
    votes = label_counts(made.asset, made.label, len(hard), made.n_classes)
    found = {}
    for rate in RATES:
        both = flag_assets(made.asset, made.labeller, votes, made.accuracy, times, rate)
        for name, flagged in (
            ("time", discoveries(times.p, rate)),
            ("time and disagreement", both.flagged),
        ):
            false = int((flagged & ~hard).sum())
            found[f"{name}, {rate:.0%}: false"] = false / max(int(flagged.sum()), 1)
            found[f"{name}, {rate:.0%}: found"] = (
                float(flagged[hard].mean()) if hard.any() else np.nan
            )
    inside = (times.low <= made.effect) & (made.effect <= times.high)
    found["assets covered"] = float(inside.mean())
    found["hard assets covered"] = _mean(inside[hard])
    found["paces covered"] = _paces_covered(made, fit)
    return found


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")


def _paces_covered(made: World, fit: timing.Fit) -> float:
    """A pace is that at mean experience and hour, against the usual labeller's."""
    where = np.array([fit.centre["trend learning"], fit.centre["trend fatigue"]])
    seen = fit.pace.n > 0
    true = made.pace + where @ made.slopes
    true = true - middle(true[seen])
    return float(((fit.pace.low <= true) & (true <= fit.pace.high))[seen].mean())


def figures(seeds: Iterable[int]) -> dict[str, object]:
    """Means over floors, with their standard errors, for ordinary and for normal noise, and where
    no asset is hard."""
    runs: dict[str, list[dict[str, float]]] = {}
    for seed in seeds:
        for name, made in FLOORS.items():
            runs.setdefault(name, []).append(one_run(world(seed, **made)))
    return {name: _summed(found) for name, found in runs.items()}


def _summed(runs: list[dict[str, float]]) -> dict[str, object]:
    told: dict[str, object] = {"runs": len(runs)}
    for name in runs[0]:
        values = np.array([run[name] for run in runs])
        if np.isfinite(values).any():
            told[name] = {
                "mean": round(float(values.mean()), 4),
                "se": round(float(values.std() / np.sqrt(len(values))), 4),
            }
    return told
