"""Average precision of a results file against a file of truths, beside others on the same files."""

import contextlib
import importlib.util
import io
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

IMAGES, TRUTHS, DETECTIONS, CLASSES, SIDE = 5000, 35_000, 100_000, 80, 640
GOAL = 1.5  # times the time of hotcoco, at most
ROUNDS = {"ours": 5, "hotcoco": 5, "pycocotools": 1, "faster-coco-eval": 1}


def measure(scale: float) -> dict[str, Any]:
    """From files to figures, boxes and masks; each program in turn, on all cores it likes."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        truths, results = made_up(Path(folder), scale)
        return {kind: _one(truths, results[kind], kind) for kind in ("bbox", "segm")}


def _one(truths: Path, results: Path, kind: str) -> dict[str, Any]:
    """Of each program the median and the best of its rounds, what it took of the processors (on a
    busy machine the fairer of both) and its twelve figures. Ours ran once before, which compiles
    where no machine code of an earlier run is kept: said as `first_seconds`, in no other number."""
    programs = {name: make for name, make in _PROGRAMS.items() if _there(name)}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    stats: dict[str, list[float]] = {}
    first, _ = _timed(lambda: programs["ours"](truths, results, kind))[0]
    for turn in range(max(ROUNDS.values())):
        for name, work in programs.items():
            if turn < ROUNDS[name]:
                spent, stats[name] = _timed(partial(work, truths, results, kind))
                taken[name].append(spent)
    seconds = {name: statistics.median(s for s, _ in of) for name, of in taken.items()}
    processor = {name: min(p for _, p in of) for name, of in taken.items()}
    return {
        "seconds": _short(seconds),
        "best_seconds": _short({name: min(s for s, _ in of) for name, of in taken.items()}),
        "processor_seconds": _short(processor),
        "first_seconds": round(first, 4),
        "ap": {name: round(of[0], 6) for name, of in stats.items()},
        "furthest_from_ours": {name: _apart(stats["ours"], of) for name, of in stats.items()},
        "times_hotcoco": _ratio(seconds),
        "processor_times_hotcoco": _ratio(processor),
        "goal": f"at most {GOAL} times hotcoco",
        "faster_than": {
            name: round(of / seconds["ours"], 1) for name, of in seconds.items() if name != "ours"
        },
    }


def _timed(work: Callable[[], list[float]]) -> tuple[tuple[float, float], list[float]]:
    start, spent = time.perf_counter(), time.process_time()
    found = work()
    return (time.perf_counter() - start, time.process_time() - spent), found


def _short(seconds: dict[str, float]) -> dict[str, float]:
    return {name: round(of, 4) for name, of in seconds.items()}


def _ratio(seconds: dict[str, float]) -> float | None:
    return round(seconds["ours"] / seconds["hotcoco"], 2) if "hotcoco" in seconds else None


def _apart(ours: list[float], theirs: list[float]) -> float:
    """The largest difference of a figure."""
    return float(np.abs(np.array(ours) - np.array(theirs)).max())


def _there(name: str) -> bool:
    module = "numpy" if name == "ours" else name.replace("-", "_")
    return importlib.util.find_spec(module) is not None


def _ours(truths: Path, results: Path, kind: str) -> list[float]:
    from quality.evaluation import run
    from quality.measures import coco_eval

    found = coco_eval.figures(run.evaluate(truths, results, kind)[1], coco_eval.REGIONS)
    return [-1.0 if np.isnan(x) else x for x in found]


def _hotcoco(truths: Path, results: Path, kind: str) -> list[float]:
    from hotcoco import COCO, COCOeval

    return _in_the_manner_of_coco(COCO, COCOeval, truths, results, kind)


def _pycocotools(truths: Path, results: Path, kind: str) -> list[float]:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    return _in_the_manner_of_coco(COCO, COCOeval, truths, results, kind)


def _faster(truths: Path, results: Path, kind: str) -> list[float]:
    from faster_coco_eval import COCO, COCOeval_faster

    return _in_the_manner_of_coco(COCO, COCOeval_faster, truths, results, kind)


def _in_the_manner_of_coco(
    coco: Callable[..., Any], evaluation: Callable[..., Any], truths: Path, results: Path, kind: str
) -> list[float]:
    with contextlib.redirect_stdout(io.StringIO()):
        known = coco(str(truths))
        load = known.load_res if hasattr(known, "load_res") else known.loadRes
        judged = evaluation(known, load(str(results)), kind)
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    return [float(x) for x in judged.stats]


_PROGRAMS: dict[str, Callable[[Path, Path, str], list[float]]] = {
    "ours": _ours,
    "hotcoco": _hotcoco,
    "pycocotools": _pycocotools,
    "faster-coco-eval": _faster,
}


def made_up(folder: Path, scale: float) -> tuple[Path, dict[str, Path]]:
    """A file of truths with boxes and polygons, and results as boxes and as masks."""
    rng = np.random.default_rng(0)
    images, n, m = (max(20, int(x * scale)) for x in (IMAGES, TRUTHS, DETECTIONS))
    image, category = rng.integers(0, images, n), rng.choice(CLASSES, n, p=_tail(rng))
    sides = np.exp(rng.normal(4, 1, (n, 2))).clip(4, 400)
    boxes = np.concatenate([rng.random((n, 2)) * (SIDE - sides), sides], axis=1).round(2)
    truths = folder / "truths.json"
    truths.write_text(json.dumps(_truths(rng, image, category, boxes, images)))
    of = rng.integers(0, n, m)
    moved = boxes[of] + rng.normal(0, 1, (m, 4)) * np.maximum(1, boxes[of, 2:3] * 0.15)
    moved = moved.clip([0, 0, 1, 1], SIDE).round(2)
    kinds = np.where(rng.random(m) < 0.8, category[of], rng.integers(0, CLASSES, m))
    scores = rng.random(m).round(4)
    common = [
        {"image_id": int(i) + 1, "category_id": int(c) + 1, "score": float(s)}
        for i, c, s in zip(image[of], kinds, scores, strict=True)
    ]
    results = {kind: folder / f"{kind}.json" for kind in ("bbox", "segm")}
    boxed = [one | {"bbox": box} for one, box in zip(common, moved.tolist(), strict=True)]
    results["bbox"].write_text(json.dumps(boxed))
    drawn = [one | {"segmentation": _drawn(box)} for one, box in zip(common, moved, strict=True)]
    results["segm"].write_text(json.dumps(drawn))
    return truths, results


def _tail(rng: np.random.Generator) -> np.ndarray:
    return rng.dirichlet(np.ones(CLASSES))


def _truths(rng: Any, image: Any, category: Any, boxes: Any, images: int) -> dict[str, Any]:
    crowd = rng.random(len(image)) < 0.01
    return {
        "images": [{"id": i + 1, "height": SIDE, "width": SIDE} for i in range(images)],
        "categories": [{"id": k + 1, "name": str(k)} for k in range(CLASSES)],
        "annotations": [
            {
                "id": i + 1, "image_id": int(image[i]) + 1, "category_id": int(category[i]) + 1,
                "bbox": boxes[i].tolist(), "area": round(float(boxes[i, 2:].prod()), 2),
                "iscrowd": int(crowd[i]), "segmentation": _drawn(boxes[i]),
            }
            for i in range(len(image))
        ],
    }  # fmt: skip


def _drawn(box: Any) -> dict[str, Any]:
    """An oval in the box, as run lengths: as results come, and truths from annotation tools."""
    from pycocotools import mask

    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    middle, half = box[:2] + box[2:] / 2, box[2:] / 2
    ring = (middle + half * np.stack([np.cos(turn), np.sin(turn)], axis=1)).ravel().tolist()
    found = mask.frPyObjects([ring], SIDE, SIDE)[0]
    return {"size": found["size"], "counts": found["counts"].decode()}
