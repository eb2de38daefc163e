"""`touchstone consensus`: one label per asset from a CSV of answers, by any of the models."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from quality.audit.reading import Answers
    from quality.measures.arrays import Floats
    from quality.measures.consensus import Consensus

MODELS = ("majority", "dawid-skene", "one-coin", "glad", "mace", "crowdlab")
FILE = click.Path(path_type=Path)


@click.command()
@click.argument("answers", type=FILE)
@click.option(
    "--model",
    type=click.Choice(MODELS),
    default="dawid-skene",
    show_default=True,
    help="majority: most votes; dawid-skene: what each labeller takes for what; one-coin: how "
    "often each is right, for many classes; glad: and how hard each asset is; mace: who only fills "
    "in something; crowdlab: with a model's probabilities.",
)
@click.option("--probabilities", type=FILE, help="crowdlab: CSV of asset and a column for each class, by a model that never saw these answers.")  # fmt: skip  # noqa: E501
@click.option("--out", type=FILE, required=True, help="CSV to write: asset,label,probability.")
def consensus(answers: Path, model: str, probabilities: Path | None, out: Path) -> None:
    """One label per asset, and how sure it is, from the answers in a CSV file.

    ANSWERS holds asset,labeller,label; where a labeller answered an asset more than once, the last
    row counts. No database is needed. Ties are broken fairly, and the same at every run.
    """
    from ops.errors import InvalidInput
    from quality.audit.progress import Progress
    from quality.audit.reading import read_answers

    if (model == "crowdlab") != (probabilities is not None):
        raise InvalidInput("--probabilities: crowdlab needs them, no other model takes them.")
    with Progress() as progress:
        given = read_answers(answers, lambda share: progress.at(share / 2, "reading answers"))
        progress.at(0.5, f"fitting {model}")
        chances = None if probabilities is None else _probabilities(probabilities, given)
        try:
            found = settle(given, model, chances)
        except ValueError as error:  # probabilities that are none, more answers than crowdlab takes
            raise InvalidInput(str(error), field="probabilities") from None
        _write(out, given, found)
    click.echo(f"{len(given.assets):,} labels in {out}")


def settle(given: "Answers", model: str, chances: "Floats | None" = None) -> "Consensus":
    """The consensus of answers by one of `MODELS`; `chances` (assets × classes) for crowdlab."""
    from quality.measures import consensus as measure

    arrays = (given.asset, given.labeller, given.label)
    sizes = (len(given.assets), len(given.labellers), len(given.labels))
    if model == "majority":
        return measure.majority(given.asset, given.label, sizes[0], sizes[2])
    if model == "crowdlab":
        from quality.measures.crowdlab import crowdlab

        combined = crowdlab(*arrays, *sizes[:2], chances)  # type: ignore[arg-type]
        return measure.Consensus(combined.label, combined.probability, combined.posterior)
    return measure.winners(_fits()[model](*arrays, *sizes).posterior)


def _fits() -> dict[str, Callable[..., Any]]:
    from quality.measures.consensus import dawid_skene, one_coin
    from quality.measures.glad import glad
    from quality.measures.mace import mace

    return {"dawid-skene": dawid_skene, "one-coin": one_coin, "glad": glad, "mace": mace}


def _probabilities(path: Path, given: "Answers") -> "Floats":
    """A row for each asset of the answers, a column for each of their classes."""
    import numpy as np

    assets, classes = given.assets.to_pylist(), given.labels.to_pylist()
    rows = dict(_rows(path, classes))
    missing = next((asset for asset in assets if asset not in rows), None)
    if missing is not None:
        raise _wrong(path, f"asset: no row for {missing}")
    return np.array([rows[asset] for asset in assets])


def _rows(path: Path, classes: list[str]) -> Iterator[tuple[str, list[float]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            named = [name for name in ("asset", *classes) if name not in (rows.fieldnames or ())]
            if named:
                raise _wrong(path, f"line 1: no column {', '.join(named)}")
            for row in rows:
                try:
                    yield row["asset"].strip(), [float(row[name]) for name in classes]
                except (TypeError, ValueError, AttributeError):
                    said = f"line {rows.line_num}: expected a number for each class"
                    raise _wrong(path, said) from None
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "expected text in UTF-8"
        raise _wrong(path, said) from None


def _wrong(path: Path, said: str) -> Exception:
    from ops.errors import InvalidInput

    return InvalidInput(f"{path}: {said}", field="probabilities")


def _write(path: Path, given: "Answers", found: "Consensus") -> None:
    """Whole or not at all."""
    from ops.errors import InvalidInput

    classes = given.labels.to_pylist()
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["asset", "label", "probability"])
            for asset, label, sure in zip(
                given.assets.to_pylist(), found.label, found.probability, strict=True
            ):
                rows.writerow([asset, classes[label], f"{sure:.6f}"])
        part.replace(path)
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}", field="out") from None
