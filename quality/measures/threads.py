"""Sharing compiled work out over threads: numba's kernels leave the interpreter's lock alone."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from quality.measures.arrays import Ints

MOST = 4


def share_out(
    work: Callable[[int, int], None], cost: Ints, worth: int, threads: int | None = None
) -> None:
    """Call `work(begin, end)` for ranges that cover all of `cost` (n,), about as costly each.

    As many as there are processors, four at most, or `threads`; a range that costs less than
    `worth` is not worth a thread.
    """
    ends = np.cumsum(cost)
    total = int(ends[-1]) if len(ends) else 0
    most = min(os.cpu_count() or 1, MOST) if threads is None else threads
    n = max(1, min(most, total // worth))
    cuts = np.searchsorted(ends, np.arange(1, n) * (total // n), side="right").tolist()
    parts = list(pairwise([0, *cuts, len(ends)]))
    if len(parts) == 1:
        work(*parts[0])
        return
    with ThreadPoolExecutor(len(parts)) as several:
        list(several.map(lambda part: work(*part), parts))
