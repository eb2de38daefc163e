"""A simulated floor: how soon spammers are stopped, who is stopped wrongly, what overlap costs.

200 labellers, the good ones between .75 and .98 right, 5 % spammers, 500 answers each, over several
seeds; `simulation.engine` says what is the product's own. Dynamic overlap does the same assets as
fixed overlap 5, with the same labellers, so accuracies are compared in pairs. See `docs/floor.md`.
"""

import json
import math
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np

from benchmarks.simulation.engine import Outcome, Plan, simulate
from benchmarks.simulation.people import Setting
from ops.project_settings import OverlapTerms
from quality.measures.sampling import clopper_pearson
from quality.measures.sequential import Terms

# The fewest, the most and the target of dynamic overlap by the number of classes. Chosen on seeds
# 100 to 111; the figures are of seeds from 0.
DYNAMIC = {4: (2, 10, 0.985), 2: (2, 10, 0.96)}
SOON, WRONG, ANSWERS = 12, 0.01, 0.6
_FEW = {"answers_each": 150}


class Case(NamedTuple):
    """A setting, the terms of the test, and whether dynamic overlap is compared on it."""

    setting: Setting
    terms: Terms = Terms()
    compare: bool = False


CASES = (
    Case(Setting("four classes"), compare=True),
    Case(Setting("two classes", n_classes=2), compare=True),
)
SENSITIVITY = (
    Case(Setting("two classes, good from .8", n_classes=2, good=(0.8, 0.98)), Terms(good=0.8)),
    Case(Setting("spammers always say the same", bad="same", **_FEW)),
    Case(Setting("20 % spammers", bad_share=0.2, **_FEW)),
    Case(Setting("the bad are right in .6", bad_accuracy=0.6)),
    Case(Setting("good from .6, and .6 is good enough", good=(0.6, 0.98)), Terms(good=0.6)),
    Case(Setting("all good exactly .75", good=(0.75, 0.75))),
    Case(Setting("a tenth of assets hard", good=(0.8, 0.98), hard=0.1)),
)


@click.command()
@click.option("--seeds", default=20, show_default=True, type=click.IntRange(2))
@click.option("--sensitivity/--no-sensitivity", default=True, help="Half as many seeds each.")
@click.option(
    "--pictures",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for two drawings (takes a few minutes more).",
)
def command(seeds: int, sensitivity: bool, pictures: Path | None) -> None:
    """Spammers stopped and answers saved on a simulated floor; prints JSON."""
    jobs = [(case, seed) for case in CASES for seed in range(seeds)]
    if sensitivity:
        jobs += [(case, seed) for case in SENSITIVITY for seed in range(max(seeds // 2, 2))]
    found = in_parallel(one, jobs, "floors")
    by_case: dict[str, list[dict[str, Any]]] = {}
    for (case, _), run in zip(jobs, found, strict=True):
        by_case.setdefault(case.setting.name, []).append(run)
    cases = {case.setting.name: case for case, _ in jobs}
    click.echo(json.dumps({name: report(cases[name], by_case[name]) for name in cases}, indent=2))
    if pictures:
        from benchmarks.simulation import pictures as drawings

        drawings.draw(pictures)


def in_parallel(work: Callable[..., Any], jobs: list[Any], label: str) -> list[Any]:
    """The results in the order of the jobs, on every processor, with a bar."""
    found: dict[int, Any] = {}
    stderr = click.get_text_stream("stderr")
    with (
        ProcessPoolExecutor(os.cpu_count()) as pool,
        click.progressbar(length=len(jobs), label=label, file=stderr) as bar,
    ):
        waiting = {pool.submit(work, *job): i for i, job in enumerate(jobs)}
        for done in as_completed(waiting):
            found[waiting[done]] = done.result()
            bar.update(1)
    return [found[i] for i in range(len(jobs))]


def one(case: Case, seed: int) -> dict[str, Any]:
    """What one floor shows: under fixed overlap 5, and beside it under dynamic overlap."""
    fixed = simulate(case.setting, Plan(overlap(5, 5), terms=case.terms), seed)
    run = {"stopped": stopped(fixed), "fixed": accuracy(fixed)}
    if case.compare:
        terms = overlap(*DYNAMIC[case.setting.n_classes])
        plan = Plan(terms, assets=fixed.correct.size, terms=case.terms)
        dynamic = simulate(case.setting, plan, seed)
        run |= {"dynamic": accuracy(dynamic), "stopped_dynamic": stopped(dynamic)}
    return run


def overlap(minimum: int, maximum: int, target: float = 0.99) -> OverlapTerms:
    kind = "fixed" if minimum == maximum else "dynamic"
    return OverlapTerms.model_validate(
        {"kind": kind, "minimum": minimum, "maximum": maximum, "target": target}
    )


def stopped(run: Outcome) -> dict[str, Any]:
    """Of the bad: observations and answers when stopped; of the good: how many were."""
    bad, halted = run.people.bad, run.stopped_at >= 0
    return {
        "bad": int(bad.sum()),
        "observations": run.stopped_at[bad & halted].tolist(),
        "gold": run.gold_seen[bad & halted].tolist(),
        "answers": run.answers[bad & halted].tolist(),
        "good": int((~bad).sum()),
        "wrongly": run.people.accuracy[~bad & halted].tolist(),
    }


def accuracy(run: Outcome) -> dict[str, float]:
    """Of the consensus (and of a plain majority), what it says of itself, and what it took."""
    return {
        "assets": run.correct.size,
        "answers": run.answers_used,
        "accuracy": float(run.correct.mean()),
        "majority": float(run.majority_correct.mean()),
        "said": float(run.said.mean()),
    }


def report(case: Case, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of one case over its seeds, with n and 95 % intervals."""
    shown: dict[str, Any] = {"seeds": len(runs), "good": case.terms.good, "alpha": case.terms.alpha}
    shown["fixed 5"] = _stops(run["stopped"] for run in runs)
    if case.compare:
        shown["dynamic"] = _stops(run["stopped_dynamic"] for run in runs)
        shown["overlap"] = _compare(case, runs)
    return shown


def _stops(found: Iterable[dict[str, Any]]) -> dict[str, Any]:
    rows = list(found)
    n_bad, n_good = sum(row["bad"] for row in rows), sum(row["good"] for row in rows)
    seen = np.array([x for row in rows for x in row["observations"]])
    gold = np.array([x for row in rows for x in row["gold"]])
    given = np.array([x for row in rows for x in row["answers"]])
    wrongly = [x for row in rows for x in row["wrongly"]]
    low, high = clopper_pearson(len(wrongly), n_good)
    # Whoever was never stopped counts as stopped later than all others.
    late = np.concatenate([np.sort(seen), np.full(n_bad - seen.size, np.inf)])
    quantiles = {f"{p} %": _at(late, p / 100) for p in (10, 25, 50, 75, 90)}
    share = len(wrongly) / n_good
    return {
        "spammers": n_bad,
        "stopped_share": round(seen.size / n_bad, 4),
        "observations_until_stopped": quantiles,
        "median_interval": _median_interval(late),
        "gold_among_them_median": float(np.median(gold)) if gold.size else None,
        "answers_until_stopped_median": float(np.median(given)) if given.size else None,
        "good_labellers": n_good,
        "wrongly_stopped": len(wrongly),
        "wrongly_stopped_share": round(share, 5),
        "wrongly_stopped_interval": [round(low, 5), round(high, 5)],
        "most_accurate_wrongly_stopped": round(max(wrongly), 3) if wrongly else None,
        "goals_met": {"median": bool(_at(late, 0.5) <= SOON), "wrongly": share <= WRONG},
    }


def _at(ordered: np.ndarray, level: float) -> float:
    return float(ordered[min(math.ceil(level * ordered.size), ordered.size) - 1])


def _median_interval(ordered: np.ndarray) -> list[float]:
    """95 % interval of a median by order statistics: free of any shape."""
    from scipy.stats import binom

    n = ordered.size
    first = int(binom.ppf(0.025, n, 0.5))
    return [float(ordered[max(first - 1, 0)]), float(ordered[min(n - first, n - 1)])]


def _compare(case: Case, runs: list[dict[str, Any]]) -> dict[str, Any]:
    fixed, dynamic = [run["fixed"] for run in runs], [run["dynamic"] for run in runs]
    gain = [d["accuracy"] - f["accuracy"] for d, f in zip(dynamic, fixed, strict=True)]
    share = [d["answers"] / f["answers"] for d, f in zip(dynamic, fixed, strict=True)]
    minimum, maximum, target = DYNAMIC[case.setting.n_classes]
    interval = _interval(gain)
    return {
        "minimum": minimum,
        "maximum": maximum,
        "target": target,
        "assets": sum(f["assets"] for f in fixed),
        **{
            f"{name}_{key}": round(float(np.mean([row[key] for row in rows])), 5)
            for name, rows in (("fixed", fixed), ("dynamic", dynamic))
            for key in ("accuracy", "majority", "said")
        },
        "accuracy_gained": round(float(np.mean(gain)), 5),
        "accuracy_gained_interval": interval,
        "answers_share": round(float(np.mean(share)), 4),
        "answers_share_interval": _interval(share),
        "goals_met": {
            "accuracy": float(np.mean(gain)) >= 0,
            "accuracy_surely": interval[0] >= 0,
            "answers": float(np.mean(share)) <= ANSWERS,
        },
    }


def _interval(values: list[float]) -> list[float]:
    """95 % interval of a mean over seeds (Student's t)."""
    from scipy.stats import t

    error = np.std(values, ddof=1) / math.sqrt(len(values)) * t.ppf(0.975, len(values) - 1)
    return [round(float(np.mean(values) + side * error), 5) for side in (-1, 1)]
