"""The columns of the timing model: one row per timed answer, one column per effect.

log seconds = usual + labeller (+ team) + trends + factors + numbers + asset + noise. The asset is
left out here: there are too many of them, and the fit eliminates them one by one.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quality.measures.arrays import Floats, Ints, codes

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class Term(NamedTuple):
    """Columns [start, stop) of one kind of effect.

    `guess` is the variance expected between its effects before looking, which counts for one
    effect in learning the real one; 0 marks a fixed effect, which is not shrunk.
    """

    start: int
    stop: int
    guess: float

    @property
    def where(self) -> slice:
        return slice(self.start, self.stop)


class Design(NamedTuple):
    """Rows × columns, sparse; the terms by name; where each trend and number is centred."""

    matrix: "csr_array"
    terms: dict[str, Term]
    centre: dict[str, float]


def design(
    labeller: Ints,
    n_labellers: int,
    team: Ints | None,
    factors: Mapping[str, Ints],
    numbers: Mapping[str, Floats],
    trends: Mapping[str, Floats],
) -> Design:
    """Lay out the columns for rows that all carry a time; `team` is per labeller, -1 is none."""
    from scipy.sparse import csr_array

    n, at = len(labeller), 0
    terms: dict[str, Term] = {}
    centre: dict[str, float] = {}
    index: list[Ints] = []
    value: list[Floats] = []

    def add(name: str, code: Ints, width: int, values: Floats, guess: float) -> None:
        nonlocal at
        terms[name] = Term(at, at + width, guess)
        index.append(at + np.maximum(code, 0))
        value.append(np.where(code < 0, 0.0, values))
        at += width

    every, one = np.zeros(n, np.int64), np.ones(n)
    add("usual", every, 1, one, 0.0)
    add("labeller", labeller, n_labellers, one, 0.09)
    if team is not None and team.size and team.max() >= 0:
        add("team", team[labeller], int(team.max()) + 1, one, 0.02)
    for name, raw in trends.items():
        centre[f"trend {name}"], x = _centred(raw)
        add(f"trend {name}", every, 1, x, 0.0)
        add(f"own {name}", labeller, n_labellers, x, 0.0025 / max(float(x.var()), 1e-9))
    for name, code in factors.items():
        add(f"factor {name}", code, int(code.max(initial=0)) + 1, one, 0.04)
    for name, raw in numbers.items():
        centre[f"number {name}"], x = _centred(raw)
        add(f"number {name}", every, 1, x, 0.0)
    width = len(index)
    rows = np.arange(0, n * width + 1, width)
    cells = (np.stack(value, 1).ravel(), np.stack(index, 1).ravel(), rows)
    return Design(csr_array(cells, shape=(n, at)), terms, centre)


def practice(labeller: Ints, order: ArrayLike, n_labellers: int) -> Floats:
    """log(1 + answers given before) of each answer, counted in the order of submission."""
    ranked = np.lexsort((np.asarray(order), labeller))
    n = np.bincount(labeller, minlength=n_labellers)
    position = np.empty(len(labeller))
    position[ranked] = np.arange(len(labeller)) - np.repeat(np.cumsum(n) - n, n)
    return np.log1p(position)


def coded(name: str, values: ArrayLike, length: int) -> Ints:
    """`values` as integer codes from 0 up, -1 where unknown. Raises ValueError naming the array."""
    array = np.asarray(values)
    top = int(array.max(initial=-1)) + 2
    shifted: Ints = codes(name, array + 1, top, length)
    return shifted - 1


def _centred(raw: Floats) -> tuple[float, Floats]:
    """Mean of the known values, and the values less it; unknown ones stand at the mean."""
    known = np.isfinite(raw)
    middle = float(raw[known].mean()) if known.any() else 0.0
    return middle, np.where(known, raw - middle, 0.0)
