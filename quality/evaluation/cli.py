"""`touchstone evaluate`: average precision of a model's results."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from quality.evaluation.coco_files import Found, Known
    from quality.measures.coco_eval import Evaluation
    from quality.measures.error_types import Errors

SIZES = ("all", "small", "medium", "large")


@click.command()
@click.argument("truths", type=click.Path(path_type=Path))
@click.argument("results", type=click.Path(path_type=Path))
@click.option(
    "--type",
    "kind",
    type=click.Choice(["bbox", "segm", "keypoints"]),
    default="bbox",
    show_default=True,
    help="Boxes, masks or keypoints.",
)
@click.option(
    "--errors",
    "least",
    type=click.FloatRange(0, 1),
    help="Say instead what is wrong with each result of this score or more, class by class.",
)
@click.option(
    "--by",
    "field",
    help="Say it of the images of each value of this field of theirs (weather, say) by themselves.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def evaluate(
    truths: Path, results: Path, kind: str, least: float | None, field: str | None, as_json: bool
) -> None:
    """Average precision and recall of a model's RESULTS against TRUTHS, both in COCO's JSON.

    The figures and their order are those of pycocotools; -1 in JSON stands for a figure that is
    undefined because the truths hold no such object.
    """
    from quality.audit.progress import Progress
    from quality.evaluation import run
    from quality.measures import coco_eval

    if field is not None and least is not None:
        raise click.UsageError("--by and --errors cannot be asked for together.")
    with Progress() as progress:
        progress.at(0.05, "reading and matching")
        if field is not None:
            _say_slices(*run.by_field(truths, results, kind, field), kind, field, as_json)
            return
        if least is not None:
            _say_errors(*run.errors(truths, results, kind, least), as_json)
            return
        known, found = run.evaluate(truths, results, kind)
    stats = coco_eval.figures(found, run.terms_of(kind))
    if as_json:
        click.echo(json.dumps({"stats": _plain(stats)}))
        return
    click.echo("\n".join(_table(stats, kind)))
    click.echo("\n".join(_classes(known, found)))


def _plain(stats: list[float]) -> list[float]:
    return [-1.0 if math.isnan(s) else s for s in stats]


def _say_slices(
    known: "Known", parts: "dict[str, Evaluation]", kind: str, field: str, as_json: bool
) -> None:
    """Each value with the images' truths, and its figures: undefined where there are none."""
    from quality.evaluation.run import terms_of
    from quality.measures import coco_eval

    terms = terms_of(kind)
    stats = {value: coco_eval.figures(part, terms) for value, part in parts.items()}
    if as_json:
        said = {value: {"stats": _plain(of)} for value, of in stats.items()}
        click.echo(json.dumps({"field": field, "values": said}))
        return
    for value, part in parts.items():
        n = int(part.truths[:, 0].sum())
        click.echo(f"{field}: {value or 'none'} ({n:,} truths)")
        click.echo("\n".join(_table(stats[value], kind)))
        click.echo("\n".join(_classes(known, part)) + "\n")


def _table(stats: list[float], kind: str) -> Iterator[str]:
    from quality.evaluation.run import terms_of

    terms = terms_of(kind)
    sizes = SIZES if len(terms.areas) == 4 else ("all", "medium", "large")
    most = terms.most[-1]
    yield f"{'':9} {'IoU' if kind != 'keypoints' else 'OKS':9} {'size':7} {'most':>4}"
    rows = [("precision", iou, "all", most) for iou in (".50–.95", ".50", ".75")]
    rows += [("precision", ".50–.95", size, most) for size in sizes[1:]]
    if len(terms.most) > 1:
        rows += [("recall", ".50–.95", "all", n) for n in terms.most]
    else:
        rows += [("recall", iou, "all", most) for iou in (".50–.95", ".50", ".75")]
    rows += [("recall", ".50–.95", size, most) for size in sizes[1:]]
    for (what, iou, size, n), value in zip(rows, stats, strict=True):
        yield f"{what:9} {iou:9} {size:7} {n:4}  {_said(value)}"


def _classes(known: "Known", found: "Evaluation") -> Iterator[str]:
    yield f"\n{'class':30} {'truths':>7}  precision"
    rows = sorted(zip(known.names, found.truths[:, 0], found.of_classes(), strict=True))
    for name, n, value in rows:
        if n:
            yield f"{name[:30]:30} {n:7,}  {_said(value)}"


def _say_errors(known: "Known", found: "Found", wrong: "Errors", as_json: bool) -> None:
    import numpy as np

    from quality.measures.error_types import TYPES

    n = len(known.names)
    counts = np.stack(
        [
            np.bincount(found.detections.category[wrong.of == t], minlength=n)
            for t in range(len(TYPES))
        ]
        + [np.bincount(known.truths.category[wrong.missing], minlength=n)],
        axis=1,
    )
    names = [*TYPES, "missing"]
    if as_json:
        total = dict(zip(names, counts.sum(axis=0).tolist(), strict=True))
        rows = {
            name: dict(zip(names, row.tolist(), strict=True))
            for name, row in zip(known.names, counts, strict=True)
        }
        click.echo(json.dumps({"errors": total, "classes": rows}))
        return
    click.echo("class".ljust(24) + "".join(f"{name:>13}" for name in names))
    for name, row in sorted(zip(known.names, counts, strict=True)):
        if row.any():
            click.echo(name[:24].ljust(24) + "".join(f"{k:13,}" for k in row))
    click.echo("all".ljust(24) + "".join(f"{k:13,}" for k in counts.sum(axis=0)))


def _said(value: float) -> str:
    return "undefined" if math.isnan(value) else f"{value:.4f}"
