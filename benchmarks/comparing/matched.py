"""Matching at ten thresholds: the compiled kernel beside a loop in Python, and torch."""

import time
from typing import Any

import numpy as np
import torch

from benchmarks.consensus import timed
from quality.measures.matching import match
from quality.rescoring import kernels

IMAGES, OBJECTS = 7143, 11.9  # 1.0M pairs of boxes
THRESHOLDS = np.linspace(0.5, 0.95, 10)
GOAL = 100


def measure(scale: float) -> dict[str, Any]:
    """Milliseconds of each, and whether they agree."""
    made = made_up(max(20, int(IMAGES * scale)))
    match(**made)  # compile
    torch.set_num_threads(1)  # several wait for one another longer than they reckon
    ours, ours_ms = timed(lambda: match(**made), 7)
    on_torch, torch_ms = timed(lambda: kernels.match(**made), 3)
    start = time.perf_counter()
    looped = loop(**made)
    loop_ms = (time.perf_counter() - start) * 1000
    return {
        "pairs": pairs(made),
        "images": len(made["truth_start"]) - 1,
        "thresholds": len(THRESHOLDS),
        "ours_ms": ours_ms,
        "torch_cpu_ms": torch_ms,
        "python_loop_ms": round(loop_ms, 1),
        "ratio_to_the_loop": round(loop_ms / ours_ms, 1),
        "goal": GOAL,
        "torch_ratio_to_the_loop": round(loop_ms / torch_ms, 1),
        "loop_agrees": bool(np.array_equal(ours.truth, looped)),
        "torch_agrees": same(ours, on_torch),
    }


def made_up(images: int, seed: int = 0) -> dict[str, Any]:
    """Arguments of `match`: about 12 truths and detections an image, most detections near one."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(OBJECTS, (2, images)).clip(1)
    truth_start, start = (np.concatenate([[0], np.cumsum(c)]) for c in counts)
    sides = np.exp(rng.normal(4, 0.8, (truth_start[-1], 2))).clip(4, 300)
    truths = np.concatenate([rng.random(sides.shape) * (640 - sides), sides], axis=1)
    of = np.repeat(truth_start[:-1], counts[1]) + (
        rng.random(start[-1]) * np.repeat(counts[0], counts[1])
    ).astype(np.int64)
    seen = truths[of] + rng.normal(0, 0.1, (len(of), 4)) * np.tile(truths[of, 2:], 2)
    seen[:, 2:] = np.abs(seen[:, 2:]) + 1
    return {
        "truth_boxes": truths,
        "truth_class": np.zeros(len(truths), np.int64),
        "detection_boxes": seen,
        "detection_class": np.zeros(len(seen), np.int64),
        "score": rng.random(len(seen)),
        "truth_start": truth_start,
        "detection_start": start,
        "thresholds": THRESHOLDS,
    }


def pairs(made: dict[str, Any]) -> int:
    """How many boxes of one image may be laid on one another."""
    return int((np.diff(made["truth_start"]) * np.diff(made["detection_start"])).sum())


def same(one: Any, other: Any) -> bool:
    """Whether two matchings are equal in every field, to the last bit."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def loop(
    truth_boxes: Any, detection_boxes: Any, score: Any, truth_start: Any, detection_start: Any,
    thresholds: Any, **_: Any,
) -> np.ndarray:  # fmt: skip
    """As pycocotools does it: overlaps image by image (by its own compiled code), then a loop over
    thresholds, detections and truths."""
    from pycocotools import mask

    found = np.full((len(thresholds), len(score)), -1)
    for g in range(len(truth_start) - 1):
        first, d0, d1 = truth_start[g], detection_start[g], detection_start[g + 1]
        order = d0 + np.argsort(-score[d0:d1], kind="mergesort")
        here = truth_boxes[first : truth_start[g + 1]]
        overlap = mask.iou(detection_boxes[order], here, [0] * len(here))
        for i, threshold in enumerate(thresholds):
            taken = [False] * len(here)
            for row, d in enumerate(order):
                best, most = -1, min(threshold, 1 - 1e-10)
                for t in range(len(here)):
                    if taken[t] or overlap[row, t] < most:
                        continue
                    best, most = t, overlap[row, t]
                if best >= 0:
                    taken[best] = True
                    found[i, d] = first + best
    return found
