"""How well hard assets are found from only k answers each, on real work histories.

The table is that of `touchstone audit` (quality/measures/hard_found.py), with more draws. With
--simulate, work is made up instead, and false discoveries and intervals are held against the truth.
"""

import json
import sys
from pathlib import Path

import click

from benchmarks.simulation.times import figures
from quality.audit.reading import read_answers, read_truth
from quality.measures.hard_found import CLUES, DIFFICULTY, KEPT, HardFound, hard_found

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"  # beside the project
HISTORIES = ("dog_photos_brief", "weather_tweets")
BARS = {"dog_photos_brief": {1: 0.71, 2: 0.82, 3: 0.86}}
ALLOWED = -0.01  # below the best single clue


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=DATA,
    show_default=True,
    help="Folder of the work histories.",
)
@click.option("--seeds", default=100, show_default=True, type=click.IntRange(1))
@click.option("--simulate", is_flag=True, help="Made-up work instead of histories.")
@click.option(
    "--runs", default=200, show_default=True, type=click.IntRange(1), help="Of made-up work."
)
def command(data: Path, seeds: int, simulate: bool, runs: int) -> None:
    """How well hard assets are found from few answers; prints tables and JSON."""
    if simulate:
        with click.progressbar(range(runs), label="made-up floors", file=sys.stderr) as seeds_:
            result = figures(seeds_)
        click.echo(json.dumps(result, indent=2))
        return
    tables = {}
    for name in HISTORIES:
        with click.progressbar(length=100, label=name, file=sys.stderr) as bar:
            found = measure(
                data / name, seeds, lambda share: bar.update(round(100 * share) - bar.pos)
            )
        show(name, found)
        tables[name] = {**found._asdict(), "over_best_clue": margins(found)}
    click.echo(json.dumps(tables, indent=2))


def measure(folder: Path, seeds: int, report=lambda _: None) -> HardFound:
    """Mean AUC of each score by the number of answers kept."""
    answers = read_answers(folder / "answers.csv", lambda _: None)
    truth, classes = read_truth(folder / "truth.csv", answers)
    sizes = (len(answers.assets), len(answers.labellers), len(classes))
    found = hard_found(
        answers.asset, answers.labeller, answers.label, answers.seconds, truth, sizes,
        draws=seeds, report=report,
    )  # fmt: skip
    assert found is not None
    return found


def margins(found: HardFound) -> dict[int, float]:
    """Difficulty less the best single clue, by the number of answers kept."""
    best = {k: max(found.auc[clue][k] for clue in CLUES) for k in KEPT}
    return {k: round(found.auc[DIFFICULTY][k] - best[k], 4) for k in KEPT}


def show(name: str, found: HardFound) -> None:
    click.echo(f"\n{name}: AUC from k answers an asset, mean of {found.draws} draws")
    click.echo(f"{'':42}" + "".join(f"k = {k:<6}" for k in KEPT))
    for score, by_k in found.auc.items():
        click.echo(f"{score:42}" + "".join(f"{by_k[k]:<10.4f}" for k in KEPT))
    over = margins(found)
    click.echo(
        f"{'difficulty over the best single clue':42}" + "".join(f"{over[k]:<+10.4f}" for k in KEPT)
    )
    bars = BARS.get(name)
    if bars:
        click.echo(f"{'to reach':42}" + "".join(f"{bars.get(k, ''):<10}" for k in KEPT))
    else:
        click.echo(f"{'to reach, over the best single clue':42}" + f"{ALLOWED:<+10}" * len(KEPT))
