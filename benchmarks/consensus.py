"""Majority, Dawid-Skene, GLAD and Krippendorff's α on made-up answers, beside crowd-kit where it is
installed (`pip install --no-deps crowd-kit==1.4.2 nltk regex`: what it wants beyond that is for its
other parts).

crowd-kit runs on the first size only, and GLAD on a size of its own; the ratio is theirs ÷ ours on
the same answers in the same run. It takes names, as answers come from people and files, and takes
several times longer for names than for numbers: both are timed. Ours takes codes; what it costs to
make them of the names is timed beside it (`codes_ms`).
"""

import importlib.util
import json
import time
import warnings
from collections.abc import Callable
from typing import Any

import click
import numpy as np

from quality.measures.agreement import krippendorff_alpha, label_counts
from quality.measures.consensus import dawid_skene, majority, winners
from quality.measures.glad import glad

CLASSES, PER_ASSET, ROUNDS = 5, 5, 20
GLAD_ROUNDS = 5


@click.command()
@click.option(
    "--answers",
    multiple=True,
    type=click.IntRange(1000),
    default=(500_000, 1_000_000, 5_000_000),
    show_default=True,
    help="Sizes; may be repeated.",
)
@click.option(
    "--glad-answers",
    type=click.IntRange(1000),
    default=100_000,
    show_default=True,
    help="Size for GLAD, which takes crowd-kit most of a minute.",
)
def command(answers: tuple[int, ...], glad_answers: int) -> None:
    """Consensus and α against crowd-kit; prints a table and JSON."""
    measure(5_000)  # compile
    measure_glad(5_000)
    rows = []
    for i, n in enumerate(answers):
        row = measure(n)
        row["crowd_kit_ms"] = crowd_kit(n) if i == 0 else None
        row["crowd_kit_names_ms"] = crowd_kit(n, names=True) if i == 0 else None
        row["codes_ms"] = codes_ms(n)
        show(row)
        rows.append(row)
    row = measure_glad(glad_answers)
    row["crowd_kit_ms"] = crowd_kit_glad(glad_answers)
    row["crowd_kit_names_ms"] = None  # ten minutes
    show(row)
    rows.append(row)
    click.echo(json.dumps(rows, indent=2))


def made_up(n: int) -> tuple[Any, ...]:
    """n answers, 5 an asset, by labellers of accuracies from 0.4 to 1: arrays, sizes and truth."""
    generator = np.random.default_rng(0)
    n_assets, n_labellers = n // PER_ASSET, max(n // 1000, 10)
    truth = generator.integers(0, CLASSES, n_assets)
    asset = np.repeat(np.arange(n_assets), PER_ASSET)
    first = generator.integers(0, n_labellers, n_assets)
    labeller = (first[:, None] + np.arange(PER_ASSET)).ravel() % n_labellers
    right = generator.random(asset.size) < generator.uniform(0.4, 1, n_labellers)[labeller]
    wrong = (truth[asset] + generator.integers(1, CLASSES, asset.size)) % CLASSES
    label = np.where(right, truth[asset], wrong)
    shuffled = generator.permutation(asset.size)
    arrays = asset[shuffled], labeller[shuffled], label[shuffled]
    return *arrays, n_assets, n_labellers, CLASSES, truth


def measure(n: int) -> dict[str, Any]:
    """Milliseconds of each, and the accuracy of both consensuses."""
    asset, labeller, label, n_assets, n_labellers, classes, truth = made_up(n)
    plain, majority_ms = timed(lambda: majority(asset, label, n_assets, classes))
    model, model_ms = timed(
        lambda: dawid_skene(
            asset, labeller, label, n_assets, n_labellers, classes, rounds=ROUNDS, tolerance=0
        )
    )
    alpha, alpha_ms = timed(
        lambda: krippendorff_alpha(label_counts(asset, label, n_assets, classes))
    )
    return {
        "answers": n,
        "ours_ms": {"majority": majority_ms, "dawid_skene": model_ms, "alpha": alpha_ms},
        "accuracy": {
            "majority": round(float(np.mean(plain.label == truth)), 4),
            "dawid_skene": round(float(np.mean(winners(model.posterior).label == truth)), 4),
        },
        "alpha": round(alpha, 4),
        "rounds": model.rounds,
    }


def measure_glad(n: int) -> dict[str, Any]:
    """The same of GLAD."""
    asset, labeller, label, n_assets, n_labellers, classes, truth = made_up(n)
    model, ms = timed(
        lambda: glad(
            asset, labeller, label, n_assets, n_labellers, classes,
            rounds=GLAD_ROUNDS, tolerance=0,
        )
    )  # fmt: skip
    return {
        "answers": n,
        "ours_ms": {"glad": ms},
        "accuracy": {"glad": round(float(np.mean(winners(model.posterior).label == truth)), 4)},
        "rounds": model.rounds,
    }


def crowd_kit(n: int, *, names: bool = False) -> dict[str, float] | None:
    """Milliseconds of crowd-kit on the same answers; None where it is not installed."""
    if importlib.util.find_spec("crowdkit") is None:
        return None
    from crowdkit.aggregation import DawidSkene, MajorityVote
    from crowdkit.metrics.data import alpha_krippendorff

    frame = _frame(n, names)
    with warnings.catch_warnings():  # of pandas 3, at every step
        warnings.simplefilter("ignore")
        return {
            "majority": timed(lambda: MajorityVote().fit_predict(frame), 1)[1],
            "dawid_skene": timed(lambda: DawidSkene(n_iter=ROUNDS, tol=-1).fit(frame), 1)[1],
            "alpha": timed(lambda: alpha_krippendorff(frame), 1)[1],
        }


def crowd_kit_glad(n: int) -> dict[str, float] | None:
    """Milliseconds of crowd-kit's GLAD on the same answers; None where it is not installed."""
    if importlib.util.find_spec("crowdkit") is None:
        return None
    from crowdkit.aggregation import GLAD

    frame = _frame(n, names=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {"glad": timed(lambda: GLAD(n_iter=GLAD_ROUNDS, tol=-1).fit(frame), 1)[1]}


def _frame(n: int, names: bool) -> Any:
    """The answers as crowd-kit takes them, named by numbers or by text."""
    import pandas as pd

    columns = dict(zip(("task", "worker", "label"), made_up(n)[:3], strict=True))
    if names:
        columns = {key: np.char.add(key, of.astype(str)) for key, of in columns.items()}
    return pd.DataFrame(columns)


def codes_ms(n: int) -> float:
    """Milliseconds to make codes of the names of n answers, as is done where they come in."""
    frame = _frame(n, names=True)
    return timed(lambda: [frame[key].factorize() for key in frame.columns])[1]


def timed(work: Callable[[], Any], runs: int = 3) -> tuple[Any, float]:
    """The result, and the best of `runs` in milliseconds."""
    best = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return result, round(best * 1000, 1)


def show(row: dict[str, Any]) -> None:
    models = "GLAD" if "glad" in row["ours_ms"] else "Dawid-Skene"
    click.echo(f"\n{row['answers']:,} answers, {models} with {row['rounds']} rounds")
    theirs = row["crowd_kit_ms"]
    for name, ours in row["ours_ms"].items():
        kinds = {"numbers": theirs, "names": row["crowd_kit_names_ms"]}
        other = " · ".join(
            f"crowd-kit of {kind} {of[name]:,.0f} ms, {of[name] / ours:,.0f} ×"
            for kind, of in kinds.items()
            if of
        )
        click.echo(f"  {name:12} {ours:10,.1f} ms   {other}")
    alpha = f", α {row['alpha']}" if "alpha" in row else ""
    click.echo(f"  accuracy {row['accuracy']}{alpha}")
    if theirs is None:
        missing = importlib.util.find_spec("crowdkit") is None
        click.echo("  crowd-kit: not installed" if missing else "  crowd-kit: first size only")
