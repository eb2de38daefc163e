"""The simulated people: what they read in a picture, and how long they look."""

from dataclasses import dataclass, field

import numpy as np

from ops.demo.digits import CLASSES, Digits


@dataclass
class Reader:
    """One simulated labeller, reviewer or expert.

    `sharpness` raises the odds of a careful eye to a power: above 1 reads better, below 1 worse.
    `lapse` is the chance of a slip of the hand. `pace` multiplies the seconds needed.
    `a_day` is about how many answers they give on a working day, `starts` the hour they begin.
    """

    name: str
    email: str
    role: str = "labeller"
    sharpness: float = 1.5
    lapse: float = 0.01
    pace: float = 1.0
    a_day: int = 40
    starts: float = 9.0
    token: str = ""
    answered: int = field(default=0)

    def reads(self, digits: Digits, i: int, rng: np.random.Generator) -> tuple[str, float]:
        """The class this person gives picture `i`, and the active seconds it took."""
        seen = digits.at_a_glance if self.role == "labeller" else digits.odds
        odds = seen[i] ** self.sharpness
        odds = odds / odds.sum()
        slipped = rng.random() < self.lapse
        digit = rng.integers(10) if slipped else rng.choice(10, p=odds)
        self.answered += 1
        return CLASSES[digit], self._seconds(seen[i], rng)

    def _seconds(self, odds: np.ndarray, rng: np.random.Generator) -> float:
        doubt = -(odds * np.log(np.maximum(odds, 1e-12))).sum() / np.log(10)
        learning = 1 + 0.6 * np.exp(-self.answered / 80)
        typical = self.pace * learning * (1.4 + 7.0 * doubt)
        return float(max(0.4, typical * rng.lognormal(0.0, 0.32)))


def cast() -> list[Reader]:
    """Everyone on the demonstration's floor, from the very good to the one who only clicks."""
    labellers = [
        ("Amara Osei", 2.6, 0.004, 1.1, 46, 8.0),
        ("Bruno Keller", 2.2, 0.006, 0.9, 52, 8.5),
        ("Chitra Rao", 2.0, 0.010, 0.8, 60, 9.0),
        ("Dmitri Volkov", 1.8, 0.010, 1.0, 44, 7.5),
        ("Elif Yilmaz", 1.7, 0.015, 1.2, 38, 10.0),
        ("Farid Haddad", 1.5, 0.020, 1.0, 46, 9.5),
        ("Grace Mwangi", 1.4, 0.020, 1.5, 30, 8.0),
        ("Hana Sato", 1.3, 0.025, 0.7, 56, 11.0),
        ("Ivan Petrov", 1.0, 0.050, 1.3, 34, 12.0),
        ("Jorge Silva", 0.8, 0.080, 1.1, 32, 13.0),
        ("Kim Nguyen", 0.35, 0.250, 0.25, 48, 9.0),
    ]
    people = [
        Reader(name, _email(name), "labeller", sharp, lapse, pace, a_day, starts)
        for name, sharp, lapse, pace, a_day, starts in labellers
    ]
    people.append(Reader("Rosa Fischer", _email("Rosa Fischer"), "reviewer", 3.5, 0.002, 1.2, 60))
    people.append(Reader("Samuel Okoro", _email("Samuel Okoro"), "expert", 4.0, 0.002, 1.4, 60))
    return people


def _email(name: str) -> str:
    return f"{name.split(maxsplit=1)[0].lower()}@floor.example"
