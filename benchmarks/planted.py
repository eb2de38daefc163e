"""Errors planted into a made-up set like COCO, and how high a reference's suspects rank them.

Average precision by type of error: of all objects (for missing ones, of all predictions) ranked by
the chance that they are wrong in that way; recall counts every planted error, those that the
reference cannot see included. Beside it cleanlab's ObjectLab (Tkachenko et al. 2023), which ranks
the same objects by the same predictions.
"""

import json
import time
from typing import Any

import click
import numpy as np

from benchmarks.planting import judged, model, scenes

GOAL = {"wrong class": 0.9, "extra": 0.9}
REFERENCES = {
    "good": model.GOOD,
    "good, silent below 0.05": model.GOOD._replace(least=0.05),
    "weak": model.WEAK,
}


@click.command()
@click.option("--images", default=5000, show_default=True, type=click.IntRange(50))
@click.option("--share", default=0.02, show_default=True, help="Of the objects, for each type.")
@click.option("--seed", default=1, show_default=True)
@click.option(
    "--peer-images", default=1000, show_default=True, help="That ObjectLab ranks; 0: none."
)
@click.option("--only", type=click.Choice(list(REFERENCES)), help="One reference; default: all.")
def command(images: int, share: float, seed: int, peer_images: int, only: str | None) -> None:
    """Average precision of ranked suspects by type of planted error; prints JSON."""
    found: dict[str, Any] = {"images": images, "share": share, "seed": seed, "goal": GOAL}
    found["references"] = {
        name: measure(skill, images, share, seed, peer_images)
        for name, skill in REFERENCES.items()
        if only in (None, name)
    }
    click.echo(json.dumps(found, indent=2))


def measure(
    skill: model.Skill, images: int, share: float, seed: int, peer_images: int
) -> dict[str, Any]:
    """Everything about one reference."""
    rng = np.random.default_rng(seed)
    scene = scenes.make(rng, images)
    labelled = scenes.plant(rng, scene, share)
    said = model.predict(rng, scene, labelled, skill)
    found: dict[str, Any] = {
        "objects": len(labelled.image),
        "predictions": len(said.image),
        "average_precision_of_the_reference": judged.of_the_reference(scene, said),
    }
    start = time.perf_counter()
    ours = judged.ours(scene, labelled, said)
    found["ours"] = ours.figures() | {"seconds": round(time.perf_counter() - start, 2)}
    if peer_images:
        some = min(peer_images, images)
        found["same_images"] = {"images": some, "ours": ours.within(some).average_precision()}
        found["same_images"]["objectlab"] = judged.objectlab(scene, labelled, said, some)
    return found
