"""How well hard assets are found from only k answers each, on real work histories.

An asset is hard when its error rate over all its answers is at least the 85th-percentile value,
ties included. Only k of its answers are kept, drawn at random; the figure is the AUC, the chance
that a hard asset scores above another, as a mean over fixed seeds.
"""

import json
from pathlib import Path

import click
import numpy as np
from scipy.stats import rankdata

from quality.audit.reading import Answers, read_answers, read_truth
from quality.measures.agreement import label_counts
from quality.measures.difficulty import difficulty
from quality.timing import asset_times, pace

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"  # beside the project
HISTORIES = ("dog_photos_brief", "weather_tweets")
KEPT = (1, 2, 3, 5)
BARS = {"dog_photos_brief": {1: (0.685, 0.71), 2: (0.79, 0.82), 3: (0.835, 0.86)}}


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=DATA,
    show_default=True,
    help="Folder of the work histories.",
)
@click.option("--seeds", default=100, show_default=True, type=click.IntRange(1))
def command(data: Path, seeds: int) -> None:
    """How well hard assets are found from few answers; prints tables and JSON."""
    result = {}
    for name in HISTORIES:
        result[name] = measure(data / name, seeds)
        show(name, result[name])
    click.echo(json.dumps(result, indent=2))


def measure(folder: Path, seeds: int) -> dict[str, dict[int, float]]:
    """Mean AUC of each score by the number of answers kept."""
    answers = read_answers(folder / "answers.csv", lambda _: None)
    truth, classes = read_truth(folder / "truth.csv", answers)
    n_assets = len(answers.assets)
    wrong = answers.label != truth[answers.asset]
    error = np.bincount(answers.asset, wrong, n_assets) / np.bincount(answers.asset)
    hard = error >= np.percentile(error, 85)
    table: dict[str, dict[int, float]] = {}
    for k in KEPT:
        draws = [scores(answers, keep(answers.asset, k, s), len(classes)) for s in range(seeds)]
        for name in draws[0]:
            found = [auc(draw[name], hard) for draw in draws]
            table.setdefault(name, {})[k] = round(float(np.mean(found)), 4)
    return table


def keep(asset: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Positions of k answers an asset, drawn with this seed; `asset` is in order."""
    lots = np.random.default_rng(seed).random(asset.size)
    order = np.lexsort((lots, asset))
    n = np.bincount(asset)
    rank = np.arange(asset.size) - np.repeat(np.cumsum(n) - n, n)
    return np.sort(order[rank < k])


def scores(answers: Answers, kept: np.ndarray, n_classes: int) -> dict[str, np.ndarray]:
    """The single clues, their sum of ranks, and the product's difficulty."""
    asset, label, n_assets = answers.asset[kept], answers.label[kept], len(answers.assets)
    seconds = answers.seconds[kept]
    counts = label_counts(asset, label, n_assets, n_classes)
    shares = counts / counts.sum(axis=1, keepdims=True)
    entropy = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1)
    times = pace(answers.labeller[kept], seconds, len(answers.labellers))
    adjusted = asset_times(asset, times.residual, n_assets).effect
    return {
        "mean time": np.bincount(asset, seconds, n_assets) / np.bincount(asset),
        "adjusted log time": adjusted,
        "disagreement": entropy,
        "adjusted time + disagreement, by ranks": rankdata(adjusted) + rankdata(entropy),
        "difficulty": difficulty(asset, label, n_assets, n_classes, times.z).score,
    }


def auc(score: np.ndarray, hard: np.ndarray) -> float:
    """Chance that a hard asset scores above another, ties counting half (Mann-Whitney)."""
    n = int(hard.sum())
    return (rankdata(score)[hard].sum() - n * (n + 1) / 2) / (n * (hard.size - n))


def show(name: str, table: dict[str, dict[int, float]]) -> None:
    click.echo(f"\n{name}: AUC from k answers an asset")
    click.echo(f"{'':42}" + "".join(f"k = {k:<6}" for k in KEPT))
    for score, by_k in table.items():
        click.echo(f"{score:42}" + "".join(f"{by_k[k]:<10.4f}" for k in KEPT))
    bars = BARS.get(name, {})
    for step, title in enumerate(("to pass", "to aim at")):
        if bars:
            cells = (f"{bars[k][step]:<10}" if k in bars else " " * 10 for k in KEPT)
            click.echo(f"{title:42}" + "".join(cells))
    clues = ("mean time", "adjusted log time", "disagreement")
    gap = min(table["difficulty"][k] - max(table[clue][k] for clue in clues) for k in KEPT)
    click.echo(f"least advantage over the best single clue: {gap:+.4f}\n")
