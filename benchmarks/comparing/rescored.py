"""Re-scoring of stored labels: from their payloads as JSON to quality, error and evidence of each.

In a process of its own, by as many processes as are asked for, chunk by chunk as the job does it;
what is measured holds reading, parsing, learning what errors look like, and scoring.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.planting import model, scenes

IMAGES, OBJECTS, CHUNK = 100_000, 10, 2000
SAMPLE = 5000  # labels that the calibration learns from
GOAL = 30.0


def measure(scale: float, processes: int) -> dict[str, Any]:
    """Seconds and memory of a whole run over labels that lie in a file."""
    images = max(100, int(IMAGES * scale))
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        _write(Path(folder), images)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.comparing.rescored", folder, str(processes)],
            check=True,
            capture_output=True,
            cwd=Path(__file__).resolve().parents[2],
        )
    found: dict[str, Any] = json.loads(done.stdout)
    return {"images": images, "objects_each": OBJECTS, "processes": processes, **found,
            "goal_seconds": GOAL}  # fmt: skip


def _write(folder: Path, images: int) -> None:
    rng = np.random.default_rng(0)
    step = 10_000
    with (folder / "labels").open("w") as labels, (folder / "predictions").open("w") as shown:
        for first in range(0, images, step):
            scene = scenes.make(rng, min(step, images - first), fixed=OBJECTS)
            labelled = scenes.plant(rng, scene, 0.02)
            said = model.predict(rng, scene, labelled, model.GOOD)
            for file, side, score in ((labels, labelled, None), (shown, said, said.score)):
                _lines(file, side, score, scene.n_images)


def _lines(file: Any, side: Any, score: Any, images: int) -> None:
    start = np.searchsorted(side.image, np.arange(images + 1))
    boxes = side.boxes.round(2).tolist()
    for i in range(images):
        objects: list[dict[str, Any]] = [
            {"id": str(j), "class": f"class {side.category[j]}", "box": boxes[j]}
            for j in range(start[i], start[i + 1])
        ]
        if score is not None:
            objects = [
                one | {"score": float(score[j])}
                for one, j in zip(objects, range(start[i], start[i + 1]), strict=True)
            ]
        file.write(json.dumps({"objects": objects}) + "\n")


class Chunk(NamedTuple):
    """Payloads of some labels, and of the predictions for the same images."""

    labels: list[str]
    predictions: list[str]


def _chunks(folder: Path) -> Iterator[Chunk]:
    with (folder / "labels").open() as labels, (folder / "predictions").open() as shown:
        while lines := list(islice(labels, CHUNK)):
            yield Chunk(lines, list(islice(shown, CHUNK)))


def _task() -> Any:
    from quality.rescoring.plan import Task
    from quality.rescoring.settings import RunSettings

    classes = [{"key": f"class {k}"} for k in range(scenes.CLASSES)]
    return Task(
        run_id=0, fence=0, batch_id=0, project_id=0, label_type="boxes", medium="image",
        as_of=None, settings=RunSettings(), ontology={"classes": classes}, model=None,
    )  # fmt: skip


def _paired(chunk: Chunk) -> tuple[Any, dict[int, Any]]:
    from quality.rescoring.reading import Part, Said

    n = len(chunk.labels)
    part = Part(list(range(n)), list(range(n)), ["majority"] * n, [""] * n, chunk.labels)
    return part, {i: Said(raw, "", None, "{}") for i, raw in enumerate(chunk.predictions)}


def judge(chunk: Chunk, device: str, *, calibrated: Any) -> tuple[int, int, float]:
    """Judge one chunk: labels, suspects, and the most memory that this process has had, in MB."""
    from quality.rescoring import boxes

    found = boxes.against_predictions(_task(), *_paired(chunk), calibrated, device)
    wrong = sum(error is not None for error in found.error)
    return len(chunk.labels), wrong, _peak_mb()


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(folder: Path, processes: int) -> dict[str, Any]:
    """The run itself."""
    from quality.rescoring import boxes, pool

    start = time.perf_counter()
    sample = Chunk([], [])
    for chunk in islice(_chunks(folder), -(-SAMPLE // CHUNK)):
        sample = Chunk(sample.labels + chunk.labels, sample.predictions + chunk.predictions)
    calibrated = boxes.calibration(_task(), *_paired(sample))
    learnt = time.perf_counter()
    work = partial(judge, calibrated=calibrated)
    done = list(pool.over(pool.Workers(processes=processes), work, _chunks(folder)))
    seconds = time.perf_counter() - start
    labels = sum(n for n, _, _ in done)
    return {
        "seconds": round(seconds, 2),
        "of_which_learning": round(learnt - start, 2),
        "labels_a_second": round(labels / seconds),
        "suspects": sum(wrong for _, wrong, _ in done),
        "peak_mb_of_the_run": round(_peak_mb()),
        "peak_mb_of_a_worker": round(max(mb for _, _, mb in done)),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
