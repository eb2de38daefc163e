"""`touchstone label-errors`: which labels look wrong to a model that never saw them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from quality.measures.arrays import Floats, Ints

METHODS = {"confident": "confident", "kfold": "contradicted", "entropy": "on_the_boundary"}
SHOWN = 50


@click.command("label-errors")
@click.option(
    "--probabilities",
    required=True,
    type=click.Path(path_type=Path),
    help="A .npy of n × k out-of-sample class probabilities.",
)
@click.option(
    "--labels",
    required=True,
    type=click.Path(path_type=Path),
    help="A .npy of the n labels given, as numbers from 0.",
)
@click.option(
    "--method",
    type=click.Choice(list(METHODS)),
    default="confident",
    show_default=True,
    help="confident: likely errors; kfold: surest contradictions first; entropy: boundary first.",
)
@click.option("--top", type=click.IntRange(min=1), help="Only the so many worst.")
@click.option("--json", "as_json", is_flag=True, help="Print the indices as JSON.")
def label_errors(
    probabilities: Path, labels: Path, method: str, top: int | None, as_json: bool
) -> None:
    """Labels that look wrong, worst first, from a model's out-of-sample probabilities.

    The probabilities must come from a model that did not learn the items it judges, as
    cross-validation gives them; otherwise it repeats the errors it was taught.
    """
    from ops.errors import InvalidInput
    from quality.audit.progress import Progress
    from quality.measures import label_errors as measure

    chances, given = _read(probabilities).astype(float), _read(labels)
    with Progress() as progress:
        progress.at(0.05, "looking for label errors")
        try:
            ranked = getattr(measure, METHODS[method])(given, chances)[:top]
        except ValueError as error:
            raise InvalidInput(str(error), field=str(error).partition(":")[0]) from None
    if as_json:
        click.echo(json.dumps({"flagged": ranked.tolist()}))
    else:
        _print(ranked, given, chances)


def _read(path: Path) -> "Floats":
    import numpy as np

    from ops.errors import InvalidInput

    try:
        found: Floats = np.load(path, allow_pickle=False)
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror or 'cannot be read'}", field="file") from None
    except ValueError:
        raise InvalidInput(f"{path}: expected an array saved by numpy.save", field="file") from None
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "iuf":
        raise InvalidInput(f"{path}: expected an array of numbers", field="file")
    return found


def _print(ranked: "Ints", given: "Floats", chances: "Floats") -> None:
    share = len(ranked) / max(len(given), 1)
    click.echo(f"{len(ranked):,} of {len(given):,} labels to look at ({share:.2%})")
    if len(ranked):
        click.echo(f"\n{'item':>9}  {'given':>6}  {'chance':>7}  {'likeliest':>9}  {'chance':>7}")
    for i in ranked[:SHOWN]:
        best = chances[i].argmax()
        click.echo(
            f"{i:9}  {given[i]:6}  {chances[i, given[i]]:7.3f}  {best:9}  {chances[i, best]:7.3f}"
        )
    if len(ranked) > SHOWN:
        click.echo(f"… and {len(ranked) - SHOWN:,} more: --json lists all.")
