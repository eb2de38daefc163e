"""`touchstone label-errors`: which labels look wrong to a model that never saw them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from quality.audit.progress import Progress
    from quality.measures.arrays import Floats, Ints

METHODS = ("confident", "kfold", "entropy", "precision")
SHOWN = 50
FILE = click.Path(path_type=Path)


class Asked(NamedTuple):
    """What the command was asked for."""

    method: str
    of: int | None
    folds: int
    seed: int


@click.command("label-errors")
@click.option("--labels", required=True, type=FILE, help="A .npy of the n labels given, as numbers from 0; or n × k of 0 and 1 for tags.")  # fmt: skip  # noqa: E501
@click.option("--probabilities", type=FILE, help="A .npy of n × k out-of-sample class probabilities.")  # fmt: skip  # noqa: E501
@click.option("--features", type=FILE, help="Instead: a .npy of n × d numbers, from which a model is cross-validated here.")  # fmt: skip  # noqa: E501
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="confident",
    show_default=True,
    help="confident: likely errors; kfold: surest contradictions first; entropy: boundary first; "
    "precision: of one class, what looks most like another first.",
)
@click.option("--of", type=click.IntRange(min=0), help="precision: the class that is cleaned.")
@click.option(
    "--folds", type=click.IntRange(2, 10), default=5, show_default=True, help="Of --features."
)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, help="Of --features.")
@click.option("--top", type=click.IntRange(min=1), help="Only the so many worst.")
@click.option("--json", "as_json", is_flag=True, help="Print the indices as JSON.")
def label_errors(
    labels: Path,
    probabilities: Path | None,
    features: Path | None,
    method: str,
    of: int | None,
    folds: int,
    seed: int,
    top: int | None,
    as_json: bool,
) -> None:
    """Labels that look wrong, worst first, to a model that never saw them.

    Probabilities must come from a model that did not learn the items it judges, as
    cross-validation gives them; otherwise it repeats the errors it was taught. For precision, from
    one that was taught every class but the one that is cleaned. With features, both are done here.
    """
    from ops.errors import InvalidInput
    from quality.audit.progress import Progress

    if (probabilities is None) == (features is None):
        raise InvalidInput("give either --probabilities or --features", field="probabilities")
    if (method == "precision") != (of is not None):
        raise InvalidInput("--of names the class that --method precision cleans", field="of")
    given, asked = _read(labels), Asked(method, of, folds, seed)
    with Progress() as progress:
        progress.at(0.02, "reading")
        try:
            given = _labels(given)
            chances = (
                _read(probabilities).astype(float)
                if probabilities is not None
                else _predicted(_read(features or labels), given, asked, progress)
            )
            progress.at(0.95, "looking for label errors")
            ranked = _ranked(given, chances, asked)[:top]
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
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "biuf":
        raise InvalidInput(f"{path}: expected an array of numbers", field="file")
    return found


def _labels(given: Any) -> Any:
    """Codes (n,), or tags (n, k) as true and false. Raises ValueError."""
    import numpy as np

    if given.ndim != 2:
        return given
    if not np.isin(given, (0, 1)).all():
        raise ValueError("labels: expected 0 and 1 for tags, n × k")
    return given.astype(bool)


def _predicted(features: "Floats", given: Any, asked: Asked, progress: "Progress") -> "Floats":
    """Probabilities of items from a model that did not learn them. Raises ValueError."""
    import numpy as np

    if features.ndim != 2 or len(features) != len(given) or not np.isfinite(features).all():
        raise ValueError("features: expected n × d finite numbers, one row for each label")
    from quality.measures.arrays import codes
    from quality.rescoring import cleaning

    def say(share: float) -> None:
        progress.at(0.05 + 0.85 * share, "learning from the other labels")

    say(0.0)
    numbers = features.astype(np.float32)
    if given.ndim == 2:
        if asked.of is not None:
            codes("of", np.array([asked.of]), given.shape[1])
            return cleaning.without_tag(numbers, given, asked.of, asked.seed)
        return cleaning.k_fold_tags(numbers, given, asked.folds, asked.seed, say)
    n_classes = max(int(given.max(initial=0)) + 1, 2)
    codes("labels", given, n_classes)
    if asked.of is not None:
        return cleaning.without(numbers, given, n_classes, asked.of, asked.seed)
    return cleaning.k_fold(numbers, given, n_classes, asked.folds, asked.seed, say)


def _ranked(given: Any, chances: "Floats", asked: Asked) -> "Ints":
    from quality.measures import label_errors as measure

    if given.ndim == 2:
        if asked.method == "precision":
            return measure.mistaken_tags(given, chances, asked.of or 0)
        if asked.method == "entropy":
            return measure.tags_on_the_boundary(given, chances)
        of_tags = {"confident": measure.confident_tags, "kfold": measure.contradicted_tags}
        return measure.first_of(of_tags[asked.method](given, chances))
    if asked.method == "precision":
        return measure.mistaken(given, chances, asked.of or 0)
    of_classes = {
        "confident": measure.confident,
        "kfold": measure.contradicted,
        "entropy": measure.on_the_boundary,
    }
    return of_classes[asked.method](given, chances)


def _print(ranked: "Ints", given: Any, chances: "Floats") -> None:
    share = len(ranked) / max(len(given), 1)
    click.echo(f"{len(ranked):,} of {len(given):,} labels to look at ({share:.2%})")
    shown = ranked[:SHOWN]
    if given.ndim == 2 and len(shown):
        click.echo(f"\n{'item':>9}  tags given; others by chance")
        for i in shown:
            click.echo(f"{i:9}  {_tags_of(given[i], chances[i])}")
    elif len(shown):
        click.echo(f"\n{'item':>9}  {'given':>6}  {'chance':>7}  {'likeliest':>9}  {'chance':>7}")
        for i in shown:
            best, own = chances[i].argmax(), chances[i, given[i]]
            click.echo(f"{i:9}  {given[i]:6}  {own:7.3f}  {best:9}  {chances[i, best]:7.3f}")
    if len(ranked) > SHOWN:
        click.echo(f"… and {len(ranked) - SHOWN:,} more: --json lists all.")


def _tags_of(given: Any, chances: Any) -> str:
    held = ", ".join(f"{t} ({chances[t]:.2f})" for t in given.nonzero()[0])
    likely = sorted((t for t in range(len(given)) if not given[t]), key=lambda t: -chances[t])[:3]
    return f"{held or 'none'}; {', '.join(f'{t} ({chances[t]:.2f})' for t in likely)}"
