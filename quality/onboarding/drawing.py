"""Drawing the questions of an attempt: at random, by class and difficulty, with a seed."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from quality.onboarding.pool import BANDS, Question, Thirds, thirds


def draw(
    questions: Sequence[Question],
    n: int,
    seed: int,
    mix: Mapping[str, Any] | None = None,
    parts: Thirds | None = None,
) -> list[Question]:
    """`n` questions in random order, the same for a seed; fewer where there are no more.

    The classes come as even as the pool allows, or by the weights of the `mix`; difficulties only
    where the mix weighs them, in thirds of the pool or in the given `parts`. Within a class gold
    kept for assessments goes first, so that work keeps its own; of that, what was seen least.
    """
    mix = mix or {}
    rng = random.Random(seed)
    stacks: dict[tuple[str, str], list[Question]] = defaultdict(list)
    parts = parts or thirds(questions)
    for question in sorted(questions, key=lambda q: q.gold_id):
        band = parts.band(question.difficulty) if mix.get("difficulty") else ""
        stacks[question.key, band].append(question)
    weights = {cell: weight(mix, *cell) for cell in stacks}
    for some in stacks.values():
        rng.shuffle(some)
        some.sort(key=lambda q: (not q.for_assessment, q.shown))
    chosen = _in_turn(stacks, weights, n, rng)
    # In the order of their turns the class of the last of a round could be told from the others.
    rng.shuffle(chosen)
    return chosen


def weight(mix: Mapping[str, Any], key: str, band: str) -> float:
    """How much a class and a difficulty count in a mix; what it does not name counts 1."""
    of_class = float(mix.get("classes", {}).get(key, 1))
    asked = mix.get("difficulty") or {}
    return of_class * float(asked.get(band, 0) if asked and band in BANDS else 1)


def available(questions: Sequence[Question], mix: Mapping[str, Any]) -> int:
    """How many of the questions a mix would ask at all."""
    parts = thirds(questions)
    return sum(weight(mix, q.key, parts.band(q.difficulty)) > 0 for q in questions)


def _in_turn(
    stacks: Mapping[tuple[str, str], list[Question]],
    weights: Mapping[tuple[str, str], float],
    n: int,
    rng: random.Random,
) -> list[Question]:
    """From stack to stack: whichever is furthest behind its weight gives the next, by chance among
    equals."""
    chosen: list[Question] = []
    given = {cell: 0 for cell in stacks if weights[cell] > 0}
    while given and len(chosen) < n:
        behind = {cell: (taken + 1) / weights[cell] for cell, taken in given.items()}
        least = min(behind.values())
        cell = rng.choice([cell for cell, late in behind.items() if late <= least + 1e-9])
        chosen.append(stacks[cell][given[cell]])
        given[cell] += 1
        if given[cell] == len(stacks[cell]):
            del given[cell]
    return chosen
