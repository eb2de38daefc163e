"""Acceptance sampling by attributes: how many labels to review, how many may be wrong.

Single sampling plans of ISO 2859-1:1999 (the successor of MIL-STD-105E): tables 1, 2-A and 2-B.
The master tables are one staircase: sample sizes and quality limits rise by the same steps, so
whatever lies on a diagonal has the same acceptance number.
"""

from typing import Literal, NamedTuple

Level = Literal["S-1", "S-2", "S-3", "S-4", "I", "II", "III"]
Inspection = Literal["normal", "tightened"]

LETTERS = "ABCDEFGHJKLMNPQRS"
SIZES = (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000, 3150)
# Limits in percent nonconforming; larger ones of the standard count nonconformities instead.
LIMITS = (0.01, 0.015, 0.025, 0.04, 0.065, 0.1, 0.15, 0.25, 0.4, 0.65, 1.0, 1.5, 2.5, 4.0, 6.5, 10.0)  # fmt: skip  # noqa: E501
# Largest lot of each row of table 1, and its letters at the seven levels.
_LOTS = (8, 15, 25, 50, 90, 150, 280, 500, 1200, 3200, 10_000, 35_000, 150_000, 500_000)
_ROWS = {
    "S-1": "AAAABBBBCCCCDDD",
    "S-2": "AAABBBCCCDDDEEE",
    "S-3": "AABBCCDDEEFFGGH",
    "S-4": "AABCCDEEFGGHJJK",
    "I": "AABCCDEFGHJKLMN",
    "II": "ABCDEFGHJKLMNPQ",
    "III": "BCDEFGHJKLMNPQR",
}
# The staircase: position of letter plus position of limit → acceptance number. Between the plan
# that accepts no error and the one that accepts one, the table points to either.
_NORMAL = {14: 0, 17: 1, 18: 2, 19: 3, 20: 5, 21: 7, 22: 10, 23: 14, 24: 21}
_TIGHTENED = {15: 0, 18: 1, 19: 2, 20: 3, 21: 5, 22: 8, 23: 12, 24: 18}
_UP_FROM_ZERO = {"normal": 15, "tightened": None}


class Plan(NamedTuple):
    """Review `n` labels drawn at random; the lot is accepted with up to `accept` wrong ones.

    `letter` is the sample size code of the plan used; `whole` says that the plan asks for as much
    as the lot holds, so that all of it is reviewed.
    """

    letter: str
    n: int
    accept: int
    whole: bool


def plan(lot: int, limit: float, level: Level = "II", inspection: Inspection = "normal") -> Plan:
    """The single sampling plan of a lot of `lot` labels at an acceptance quality limit in percent.

    Raises ValueError for a lot of fewer than one label or a limit, level or inspection that the
    standard does not know.
    """
    if lot < 1:
        raise ValueError("lot: expected at least 1 label")
    if limit not in LIMITS:
        raise ValueError(f"limit: expected one of {', '.join(f'{x:g}' for x in LIMITS)} percent")
    if level not in _ROWS:
        raise ValueError(f"level: expected one of {', '.join(_ROWS)}")
    if inspection not in _UP_FROM_ZERO:
        raise ValueError("inspection: expected normal or tightened")
    row = sum(lot > largest for largest in _LOTS)
    letter, accept = _plan_at(LETTERS.index(_ROWS[level][row]), LIMITS.index(limit), inspection)
    n = SIZES[letter]
    return Plan(LETTERS[letter], min(n, lot), accept, whole=n >= lot)


def _plan_at(letter: int, limit: int, inspection: Inspection) -> tuple[int, int]:
    """Follow the arrows of the table from a cell to the plan that it stands for."""
    stairs = _NORMAL if inspection == "normal" else _TIGHTENED
    first, last = min(stairs), max(stairs)
    # 3,150 labels are only ever asked for by an arrow of the tightened table.
    most = len(LETTERS) - (2 if inspection == "normal" else 1)
    step = letter + limit
    if step > last:
        return last - limit, stairs[last]
    if step == _UP_FROM_ZERO[inspection] and letter > 0:
        return letter - 1, stairs[first]
    while step not in stairs and step - limit < most:
        step += 1
    if step not in stairs:
        step = max(s for s in stairs if s <= step)
    return step - limit, stairs[step]


def chance(found: Plan, lot: int, wrong: int) -> float:
    """The chance that a lot with `wrong` wrong labels among `lot` is accepted (hypergeometric).

    Raises ValueError unless 0 ≤ wrong ≤ lot.
    """
    from scipy.stats import hypergeom

    if not 0 <= wrong <= lot:
        raise ValueError("wrong: expected between 0 and the labels of the lot")
    return float(hypergeom.cdf(found.accept, lot, wrong, found.n))


def passes_at_most(found: Plan, lot: int, risk: float = 0.1) -> float:
    """The limiting quality: a lot whose share of wrong labels is larger is accepted with a chance
    below `risk`."""
    low, high = 0, lot
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if chance(found, lot, middle) >= risk else (low, middle)
    # `low` is the fewest wrong labels with which acceptance is that rare, if there are any such.
    rare = chance(found, lot, low) < risk
    return (low - 1 if rare else low) / lot
