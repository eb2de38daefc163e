"""A GPU beside the compiled kernels on the same host: matching from ten million pairs of boxes on,
and masks that are drawn on the device."""

from typing import Any

import numpy as np

from benchmarks.comparing import matched
from benchmarks.consensus import timed
from quality.measures import rle
from quality.measures.matching import match
from quality.rescoring import bits, kernels

MASKS, HEIGHT, WIDTH = 2000, 480, 640
PAIRS = (10_000_000, 50_000_000)
GOAL = 10


def measure(scale: float) -> dict[str, Any]:
    """Milliseconds of both with the copies to the device and back, and whether they agree."""
    import torch

    if not torch.cuda.is_available():
        return {"device": None, "said": "no GPU here: run this part where there is one"}
    match(**matched.made_up(20))  # compile
    rows = [_one(max(20, int(n * scale / 141)), torch) for n in PAIRS]
    return {
        "device": torch.cuda.get_device_name(0),
        "goal": GOAL,
        "matching": rows,
        "masks": _masks(max(8, int(MASKS * scale))),
    }


def _one(images: int, torch: Any) -> dict[str, Any]:
    made = matched.made_up(images)

    def on_device() -> Any:
        found = kernels.match(**made, place="cuda", pairs=2**25)
        torch.cuda.synchronize()
        return found

    on_device()  # the first call readies the device
    torch.cuda.reset_peak_memory_stats()
    theirs, theirs_ms = timed(on_device, 5)
    ours, ours_ms = timed(lambda: match(**made, threads=1), 3)
    _, threads_ms = timed(lambda: match(**made), 3)
    return {
        "pairs": matched.pairs(made),
        "numba_one_thread_ms": ours_ms,
        "numba_threads_ms": threads_ms,
        "gpu_ms": theirs_ms,
        "ratio": round(ours_ms / theirs_ms, 1),
        "ratio_to_threads": round(threads_ms / theirs_ms, 1),
        "equal": matched.same(ours, theirs),
        "gpu_peak_mb": round(torch.cuda.max_memory_allocated() / 2**20),
    }


def _masks(n: int) -> dict[str, Any]:
    """Every pair of n masks of 480 x 640: run lengths by the compiled kernel on one core, halved
    for two; the GPU's time holds drawing the masks from their runs."""
    rng = np.random.default_rng(0)
    boxes = np.concatenate([rng.random((n, 2)) * 300, rng.uniform(20, 180, (n, 2))], axis=1)
    runs = rle.read([_oval(box) for box in boxes])
    i, j = (x.ravel() for x in np.indices((n, n)))
    rle.shared_areas(runs, runs, i[:9], j[:9])  # compile

    def on_device() -> Any:
        drawn = bits.of_runs(runs.ends, runs.start, HEIGHT * WIDTH, "cuda")
        return bits.shared_areas(drawn, drawn, i, j)

    on_device()
    theirs, theirs_ms = timed(on_device, 3)
    ours, ours_ms = timed(lambda: rle.shared_areas(runs, runs, i, j), 3)
    return {
        "masks": n,
        "pairs": n * n,
        "runs_on_two_cores_ms": round(ours_ms / 2, 1),
        "gpu_ms": theirs_ms,
        "ratio": round(ours_ms / 2 / theirs_ms, 1),
        "equal": bool(np.array_equal(ours, theirs)),
    }


def _oval(box: Any) -> Any:
    from pycocotools import mask

    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = box[:2] + box[2:] / 2 + box[2:] / 2 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return mask.frPyObjects([ring.ravel().tolist()], HEIGHT, WIDTH)[0]
