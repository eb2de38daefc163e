"""Signals of labellers on made-up floors: how often somebody is flagged where nothing is planted,
and how often planted faults are found.

Labellers differ in pace and ability, learn, have better and worse days; assets differ in how long
they take, and on hard ones all are drawn to one mistake. Planted are: labellers who slow down from
week to week, who tire within the shift, and pairs of whom one takes over answers of the other.
"""

import json
from typing import Any, NamedTuple

import click
import numpy as np

CLASSES, DAYS, PLANTED = 4, 15, 2
KINDS = ("slowing", "fatigue", "copies")
DAY, PAUSE = 86_400.0, 1_200.0


class Floor(NamedTuple):
    """One size of floor: `weekly` and `hourly` change of log time and `copied` share of answers of
    those planted."""

    assets: int
    people: int
    per: int
    weekly: float
    hourly: float
    copied: float


FLOORS = {
    "3 answers an asset": Floor(3000, 12, 3, 0.3, 0.15, 0.5),
    "5 answers an asset": Floor(1000, 12, 5, 0.3, 0.15, 0.5),
}


@click.command()
@click.option("--runs", default=100, show_default=True, type=click.IntRange(1))
@click.option("--rate", default=0.05, show_default=True, help="Of false discoveries.")
def command(runs: int, rate: float) -> None:
    """Labellers flagged falsely and planted ones found, by size of floor; prints JSON."""
    found: dict[str, Any] = {"runs": runs, "rate": rate, "floors": {}}
    for name, floor in FLOORS.items():
        plain, planted = Tally(), Tally()
        with click.progressbar(range(runs), label=name, file=_terminal()) as seeds:
            for seed in seeds:
                plain.add(_flagged(floor, seed, rate, planted=False))
                planted.add(_flagged(floor, seed, rate, planted=True))
        found["floors"][name] = {
            "floor": floor._asdict(), "nothing planted": plain.told(), "planted": planted.told(),
        }  # fmt: skip
    click.echo(json.dumps(found, indent=2))


def _terminal() -> Any:
    return click.get_text_stream("stderr")


class Tally:
    """What was flagged over many floors."""

    def __init__(self) -> None:
        self.floors: list[dict[str, tuple[set[int], set[int]]]] = []

    def add(self, flagged: dict[str, tuple[set[int], set[int]]]) -> None:
        """`flagged`: by kind, who was flagged and who should have been."""
        self.floors.append(flagged)

    def told(self) -> dict[str, dict[str, float]]:
        """By kind: of how many floors somebody was flagged who should not be, the mean share of
        false ones among the flagged, and the share of planted ones that was found."""
        told = {}
        for kind in KINDS:
            pairs = [floor[kind] for floor in self.floors]
            false = [len(got - want) / max(len(got), 1) for got, want in pairs]
            want_n = sum(len(want) for _, want in pairs)
            got_n = sum(len(got & want) for got, want in pairs)
            told[kind] = {
                "floors with a false flag": float(np.mean([x > 0 for x in false])),
                "false discovery rate": round(float(np.mean(false)), 4),
                **({"found": round(got_n / want_n, 3)} if want_n else {}),
            }
        return told


def _flagged(
    floor: Floor, seed: int, rate: float, *, planted: bool
) -> dict[str, tuple[set[int], set[int]]]:
    from types import SimpleNamespace

    from quality import timing_covariates, timing_signals

    answers, wrong, able = simulate(floor, seed, planted=planted)
    judged: Any = SimpleNamespace(
        fit=timing_covariates.fit(answers), rate=rate, standings=SimpleNamespace(mean=able)
    )
    known: Any = SimpleNamespace(wrong=wrong, expected=np.full(wrong.size, wrong.mean()))
    signals = timing_signals.signals(answers, known, judged)
    told = signals.of(answers)
    n = PLANTED if planted else 0
    of = {
        "slowing": set(np.flatnonzero(signals.slowing.flagged).tolist()),
        "fatigue": set(np.flatnonzero(signals.fatigue.flagged).tolist()),
        "copies": {who for who, held in told.items() if held.get("copies", {}).get("flagged")},
    }
    # The first are those who slow down, then who tire, then pairs of copied and copier.
    want = [set(range(n)), set(range(n, 2 * n)), set(range(2 * n, 4 * n))]
    return {kind: (of[kind], who) for kind, who in zip(KINDS, want, strict=True)}


def simulate(floor: Floor, seed: int, *, planted: bool) -> tuple[Any, Any, Any]:
    """The answers as the service reads them, which of them are wrong, and how able people are."""
    from quality.timing_answers import Answers, Beside

    rng = np.random.default_rng(seed)
    who = np.argsort(rng.random((floor.assets, floor.people)), axis=1)[:, : floor.per].ravel()
    asset = np.repeat(rng.permutation(floor.assets), floor.per)
    place = _place(who, floor.people)
    a_day = np.maximum(np.bincount(who, minlength=floor.people) // DAYS, 1)
    day, turn = np.minimum(place // a_day[who], DAYS), place % a_day[who]
    n = PLANTED if planted else 0
    weekly = np.where(np.arange(floor.people) < n, floor.weekly, 0.0)
    hourly = np.where(np.isin(np.arange(floor.people), range(n, 2 * n)), floor.hourly, 0.0)
    log = (
        2 + rng.normal(0, 0.4, floor.assets)[asset] + rng.normal(0, 0.3, floor.people)[who]
        + rng.normal(0, 0.1, (floor.people, DAYS + 1))[who, day] + rng.normal(0, 0.4, who.size)
        - 0.07 * np.log2(place + 1) + weekly[who] * day / 7 + hourly[who] * turn * PAUSE / 3600
    )  # fmt: skip
    said, wrong, able = _said(rng, floor, asset, who, n)
    nothing, unknown = np.zeros(0, np.int64), np.zeros(0)
    answers = Answers(
        np.arange(floor.assets), np.arange(floor.people), CLASSES, asset, who, said, np.exp(log),
        day * DAY + turn * PAUSE, np.zeros(who.size, bool), None,
        np.zeros(floor.assets, np.int64), tuple("abcd"), np.arange(who.size),
        np.full(who.size, np.nan), np.full(floor.people, -1), (),
        Beside(nothing, nothing, nothing, nothing, unknown, unknown, unknown, nothing),
    )  # fmt: skip
    return answers, wrong, able


def _place(who: Any, people: int) -> Any:
    """Which of their own answers each is."""
    order = np.argsort(who, kind="stable")
    n = np.bincount(who, minlength=people)
    place = np.empty(who.size, np.int64)
    place[order] = np.arange(who.size) - np.repeat(np.cumsum(n) - n, n)
    return place


def _said(rng: Any, floor: Floor, asset: Any, who: Any, n: int) -> tuple[Any, Any, Any]:
    truth = rng.integers(0, CLASSES, floor.assets)
    lure = (truth + rng.integers(1, CLASSES, floor.assets)) % CLASSES
    hard = rng.random(floor.assets) < 0.2
    able = rng.uniform(0.75, 0.97, floor.people)
    right = rng.random(who.size) < np.where(hard[asset], 0.45, able[who])
    lured = hard[asset] & (rng.random(who.size) < 0.7)
    astray = (truth[asset] + rng.integers(1, CLASSES, who.size)) % CLASSES
    table = np.full((floor.assets, floor.people), -1)
    table[asset, who] = np.where(right, truth[asset], np.where(lured, lure[asset], astray))
    for copied in range(2 * n, 4 * n, 2):
        both = (table[:, copied : copied + 2] >= 0).all(axis=1)
        both &= rng.random(floor.assets) < floor.copied
        table[both, copied + 1] = table[both, copied]
    said = table[asset, who]
    return said, (said != truth[asset]).astype(float), able
