"""What judging costs, beside others who do the same, in one run on the same data.

Average precision beside hotcoco, pycocotools and faster-coco-eval; matching beside a loop in
Python and torch, on a GPU where there is one; consensus beside crowd-kit; re-scoring against the
clock. Install the others with the extra `[bench]`; whichever is absent is named in `missing`.
"""

import datetime
import importlib.util
import json
import os
import platform
from typing import Any

import click

from benchmarks import consensus
from benchmarks.comparing import gpu, matched, precision, rescored

PARTS = ("ap", "matching", "consensus", "rescoring", "gpu")
PEERS = {
    "hotcoco": "hotcoco",
    "pycocotools": "pycocotools",
    "faster-coco-eval": "faster_coco_eval",
    "crowd-kit": "crowdkit",
}
CONSENSUS_GOALS = {"majority": 30, "dawid_skene": 100, "alpha": 50, "glad": 30}


@click.command()
@click.option("--only", multiple=True, type=click.Choice(PARTS), help="Default: all; may repeat.")
@click.option("--scale", default=1.0, show_default=True, type=click.FloatRange(0.001, 10),
              help="Of every size: less for a quick look, whose ratios mean little.")  # fmt: skip
@click.option("--processes", default=2, show_default=True, help="That re-score.")
def command(only: tuple[str, ...], scale: float, processes: int) -> None:
    """Judging beside others, with goals and ratios; prints JSON."""
    wanted = [part for part in PARTS if not only or part in only]
    work = {
        "ap": lambda: precision.measure(scale),
        "matching": lambda: matched.measure(scale),
        "consensus": lambda: _consensus(scale),
        "rescoring": lambda: rescored.measure(scale, processes),
        "gpu": lambda: gpu.measure(scale),
    }
    found: dict[str, Any] = {"machine": _machine(), "scale": scale, "missing": _missing()}
    for part in wanted:
        click.echo(f"{part} …", err=True)
        found[part] = work[part]()
    click.echo(json.dumps(found, indent=2))


def _missing() -> list[str]:
    return [name for name, module in PEERS.items() if importlib.util.find_spec(module) is None]


def _machine() -> dict[str, Any]:
    import torch

    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),  # of one minute: times taken beside others are long
        "processor": platform.processor() or platform.machine(),
        "gpu": torch.cuda.get_device_name(0) if torch.cuda.is_available() else None,
        "torch": torch.__version__,
    }


def _consensus(scale: float) -> dict[str, Any]:
    """Ours and crowd-kit's of `benchmarks/consensus.py`, with the ratio of their times: of answers
    named by text, as they come, and by numbers."""
    consensus.measure(5_000)  # compile
    consensus.measure_glad(5_000)
    n, of_glad = (max(1000, int(size * scale)) for size in (500_000, 100_000))
    return {
        **_ratios(n, consensus.measure, consensus.crowd_kit),
        # Of names crowd-kit's GLAD takes ten minutes.
        **_ratios(of_glad, consensus.measure_glad, consensus.crowd_kit_glad, names=False),
    }


def _ratios(n: int, ours: Any, theirs: Any, *, names: bool = True) -> dict[str, Any]:
    numbers, named = theirs(n), theirs(n, names=True) if names else None
    taken, codes = ours(n)["ours_ms"], consensus.codes_ms(n)
    return {
        name: {
            "answers": n,
            "ours_ms": ms,
            "making_codes_of_names_ms": codes,
            "crowd_kit_names_ms": named and named[name],
            "crowd_kit_numbers_ms": numbers and numbers[name],
            "ratio_names": named and round(named[name] / ms, 1),
            "ratio_numbers": numbers and round(numbers[name] / ms, 1),
            "ratio_names_with_codes": named and round(named[name] / (ms + codes), 1),
            "goal": CONSENSUS_GOALS[name],
        }
        for name, ms in taken.items()
    }
