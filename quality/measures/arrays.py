"""The one data contract of the measures: parallel arrays of integer codes.

One answer is one position in three arrays: which asset, which labeller, which label, each a code
from 0 up. The same arrays come from a CSV file and from database rows.
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

P = ParamSpec("P")
R = TypeVar("R")


def codes(name: str, values: ArrayLike, below: int, length: int | None = None) -> NDArray[Any]:
    """Return `values` as a one-dimensional integer array whose codes lie in [0, below).

    Raises ValueError naming the array when it is not one-dimensional, not of integers, not of the
    expected `length`, or holds a code outside the range.
    """
    array = np.asarray(values)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected a one-dimensional array of integer codes")
    if length is not None and array.size != length:
        raise ValueError(f"{name}: expected {length} codes, got {array.size}")
    if array.size and (array.min() < 0 or array.max() >= below):
        raise ValueError(f"{name}: expected codes from 0 to {below - 1}")
    return array


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` with numba at its first call, not at import.

    The machine code is kept on disk between runs; where no folder can be written (a read-only
    installation with no home), it is compiled for this process alone.
    """

    @cache
    def kernel() -> Callable[P, R]:
        import numba

        try:
            ready: Callable[P, R] = numba.njit(cache=True, nogil=True)(function)
        except RuntimeError:  # numba: "no locator available", nowhere to keep the cache
            ready = numba.njit(nogil=True)(function)
        return ready

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return kernel()(*args, **kwargs)

    return call
