"""Matching on a GPU beside the compiled kernel on the same host, from ten million pairs on."""

from typing import Any

from benchmarks.comparing import matched
from benchmarks.consensus import timed
from quality.measures.matching import match
from quality.rescoring import kernels

PAIRS = (10_000_000, 50_000_000)
GOAL = 10


def measure(scale: float) -> dict[str, Any]:
    """Milliseconds of both with the copies to the device and back, and whether they agree."""
    import torch

    if not torch.cuda.is_available():
        return {"device": None, "said": "no GPU here: run this part where there is one"}
    match(**matched.made_up(20))  # compile
    rows = [_one(max(20, int(n * scale / 141)), torch) for n in PAIRS]
    return {"device": torch.cuda.get_device_name(0), "goal": GOAL, "matching": rows}


def _one(images: int, torch: Any) -> dict[str, Any]:
    made = matched.made_up(images)

    def on_device() -> Any:
        found = kernels.match(**made, place="cuda", pairs=2**25)
        torch.cuda.synchronize()
        return found

    on_device()  # the first call readies the device
    torch.cuda.reset_peak_memory_stats()
    theirs, theirs_ms = timed(on_device, 5)
    ours, ours_ms = timed(lambda: match(**made), 3)
    return {
        "pairs": matched.pairs(made),
        "numba_ms": ours_ms,
        "gpu_ms": theirs_ms,
        "ratio": round(ours_ms / theirs_ms, 1),
        "equal": matched.same(ours, theirs),
        "gpu_peak_mb": round(torch.cuda.max_memory_allocated() / 2**20),
    }
