"""`touchstone export`: the labels of a batch, or of a delivery, in any format that holds them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from sqlalchemy.orm import Session

from ops import config, exports
from ops.cli.database import unit_of_work
from ops.errors import InvalidInput, NotFound
from ops.models import Batch, Delivery

FORMATS = ("jsonl", "csv", "coco", "yolo", "voc", "cvat", "labelstudio")


@click.command()
@click.argument("batch", type=int, required=False)
@click.option("--delivery", type=int, help="A delivery instead of a batch: exactly what was sent.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="jsonl", show_default=True)
@click.option("--whole", is_flag=True, help="CSV, JSONL: with uri, text, size and metadata.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file; else stdout.")
def export(
    batch: int | None, delivery: int | None, form: str, whole: bool, out: Path | None
) -> None:
    """Write the labels in force of BATCH (its number), or those of a delivery.

    What the format cannot hold is said on stderr, one line each.
    """
    if (batch is None) == (delivery is None):
        raise InvalidInput("give the number of a batch, or --delivery and its number")
    settings = config.load()
    with unit_of_work(settings) as session:
        file = _file(session, settings, batch, delivery, form, whole)
        if out is None:
            for piece in file.pieces:
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        else:
            _write(out, file.pieces)
    for loss in file.losses:
        click.echo(f"Not in the file: {loss}", err=True)


def _file(
    session: Session,
    settings: config.Settings,
    batch: int | None,
    delivery: int | None,
    form: str,
    whole: bool,
) -> exports.File:
    if delivery is not None:
        made = session.get(Delivery, delivery)
        if made is None:
            raise NotFound(f"There is no delivery {delivery}.")
        return exports.file_of_delivery(session, made, form, settings, whole=whole)
    found = session.get(Batch, batch)
    if found is None:
        raise NotFound(f"There is no batch {batch}.")
    return exports.file_of_batch(session, found, form, settings, whole=whole)


def _write(out: Path, pieces: Iterator[bytes]) -> None:
    """The whole file or none: a broken export must not pass for a complete one."""
    part = out.with_name(f"{out.name}.part")
    with part.open("wb") as file:
        file.writelines(pieces)
    part.replace(out)
