"""Which parts of a project's assets to compare: classes, and values of their metadata.

A field of the metadata makes slices where it tells few groups apart: words and truth values as they
are, numbers of many values cut at their quartiles. Fields that tell every asset apart (names, file
names, hashes) make none. Slices overlap: an asset is in one of each field, and with several classes
in several.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from quality.measures.arrays import Floats, Ints

CLASS, META = "class", "meta."
FEWEST_ASSETS = 10  # a smaller part is not judged
MOST_VALUES = 20  # more tell too many groups apart
MOST_FIELDS = 40
LONGEST_VALUE = 80
_QUARTILES = (0.25, 0.5, 0.75)
_FEW_NUMBERS = 8  # up to so many different numbers are taken as they are


class Slice(NamedTuple):
    """One part: `dimension` is "class" or "meta.<field>"; `assets` are codes, rising."""

    dimension: str
    value: str
    assets: Ints

    @property
    def title(self) -> str:
        """In words: class dog; light: night."""
        if self.dimension == CLASS:
            return f"class {self.value}"
        return f"{self.dimension.removeprefix(META)}: {self.value}"


def of_classes(classes: Iterable[Collection[str]]) -> list[Slice]:
    """Slices by class: `classes` are those of each asset in turn, none where nothing is known."""
    members: dict[str, list[int]] = {}
    for i, held in enumerate(classes):
        for key in set(held):
            members.setdefault(key, []).append(i)
    return _worth_it(CLASS, {key: np.array(found) for key, found in sorted(members.items())})


class Fields:
    """Metadata of many assets, taken in one after another, of which only codes are kept."""

    def __init__(self, n_assets: int):
        self.n_assets = n_assets
        self._fields: dict[str, _Field] = {}

    def add(self, asset: int, metadata: Mapping[str, Any]) -> None:
        """Note what is known of an asset; what is neither word, number nor truth value is not."""
        for key, value in metadata.items():
            if isinstance(value, str | int | float):
                if key not in self._fields and len(self._fields) < MOST_FIELDS:
                    self._fields[key] = _Field(self.n_assets)
                if key in self._fields:
                    self._fields[key].add(asset, value)

    def slices(self) -> list[Slice]:
        """Slices by field, in the order of their names; two of a field at the least."""
        found: list[Slice] = []
        for key in sorted(self._fields):
            found += _worth_it(META + key, self._fields[key].members())
        return found


class _Field:
    def __init__(self, n_assets: int):
        self.code = np.full(n_assets, -1, np.int32)
        self.number = np.full(n_assets, np.nan)
        self.values: dict[str, int] = {}
        self.numeric = True

    def add(self, asset: int, value: str | int | float) -> None:
        if isinstance(value, bool):
            value = "yes" if value else "no"
        if isinstance(value, str):
            self.numeric = False
        else:
            self.number[asset] = value
        if len(self.values) > MOST_VALUES:
            return
        said = f"{value:g}" if isinstance(value, float) else str(value)
        self.code[asset] = self.values.setdefault(said, len(self.values))

    def members(self) -> dict[str, Ints]:
        if self.numeric and len(self.values) > _FEW_NUMBERS:
            return _quartiles(self.number)
        if len(self.values) > MOST_VALUES or any(len(v) > LONGEST_VALUE for v in self.values):
            return {}
        return {said: np.flatnonzero(self.code == code) for said, code in self.values.items()}


def _quartiles(number: Floats) -> dict[str, Ints]:
    """Assets by the quarter that their number falls into; fewer parts where numbers repeat."""
    known = np.isfinite(number)
    edges = np.unique(np.quantile(number[known], _QUARTILES))
    edges = edges[edges < number[known].max()]
    part = np.where(known, np.searchsorted(edges, number), -1)
    said = [f"{edge:.4g}" for edge in edges]
    names = [
        f"up to {said[0]}" if i == 0 else f"over {said[-1]}" if i == len(said)
        else f"{said[i - 1]} to {said[i]}"
        for i in range(len(said) + 1)
    ] if said else []  # fmt: skip
    return {name: np.flatnonzero(part == i) for i, name in enumerate(names)}


def _worth_it(dimension: str, members: Mapping[str, Ints]) -> list[Slice]:
    """Slices large enough to be judged; none where a dimension does not tell two groups apart."""
    if len(members) < 2:
        return []
    return [
        Slice(dimension, value, assets)
        for value, assets in members.items()
        if len(assets) >= FEWEST_ASSETS
    ]


def membership(slices: Sequence[Slice]) -> tuple[Ints, Ints]:
    """(slice, asset) of each member, as two parallel arrays."""
    sizes = [len(one.assets) for one in slices]
    nothing = np.zeros(0, np.int64)
    return (
        np.repeat(np.arange(len(slices)), sizes),
        np.concatenate([one.assets for one in slices]) if slices else nothing,
    )
