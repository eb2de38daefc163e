"""`touchstone export`: the labels of a batch, or of a delivery."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from ops import exports
from ops.cli.database import unit_of_work
from ops.errors import InvalidInput, NotFound
from ops.formats import csv, jsonl
from ops.models import Batch, Delivery

FORMATS = {"jsonl": jsonl.lines, "csv": csv.lines}


@click.command()
@click.argument("batch", type=int, required=False)
@click.option("--delivery", type=int, help="A delivery instead of a batch: exactly what was sent.")
@click.option("--format", "form", type=click.Choice(sorted(FORMATS)), default="jsonl")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file; else stdout.")
def export(batch: int | None, delivery: int | None, form: str, out: Path | None) -> None:
    """Write the labels in force of BATCH (its number), or those of a delivery."""
    if (batch is None) == (delivery is None):
        raise InvalidInput("give the number of a batch, or --delivery and its number")
    with unit_of_work() as session:
        lines = FORMATS[form](_labels(session, batch, delivery))
        if out is None:
            sys.stdout.writelines(lines)
        else:
            _write(out, lines)


def _labels(session: Session, batch: int | None, delivery: int | None) -> Iterable[dict[str, Any]]:
    if delivery is not None:
        if session.get(Delivery, delivery) is None:
            raise NotFound(f"There is no delivery {delivery}.")
        return exports.of_delivery(session, delivery)
    assert batch is not None
    if session.get(Batch, batch) is None:
        raise NotFound(f"There is no batch {batch}.")
    return exports.of_batch(session, batch)


def _write(out: Path, lines: Iterator[str]) -> None:
    """The whole file or none: a broken export must not pass for a complete one."""
    part = out.with_name(f"{out.name}.part")
    with part.open("w", encoding="utf-8") as file:
        file.writelines(lines)
    part.replace(out)
