"""Do forecasts hold? Floors of random make, forecast half-way, and when they came to their end.

A floor has labellers and reviewers with hours, weekends and absences of their own (some stay away
for a week), a pace that differs from day to day, reviews and rework. It is forecast from its own
past alone; the days that follow are drawn from the same floor. Printed: the share of floors that
came to their end no later than was said with 50 % and with 90 %, each with its 95 % interval, and
by how much the middle forecast was off.

With `--plans` people's days are planned: who works on which day, and who is away, is known for four
weeks ahead, and what comes of it is not. Each floor is forecast without its plan and with it.
"""

import json
import math
from typing import NamedTuple

import click
import numpy as np

from metrics.definitions import share
from metrics.forecasting.model import (
    DONE,
    LABEL,
    REVIEW,
    REWORK,
    STAGES,
    Ahead,
    Observed,
    simulate,
)
from metrics.forecasting.plans import came_of

MAY = np.array([[True, False, True, False], [False, True, False, True]])
HOURS = 8  # a working day
PLANNED = 28  # days ahead, where there are plans
PACE = np.array([0.008, 0.004, 0.010, 0.02])  # active hours an answer


class Day(NamedTuple):
    """Hours of each group, answers and hours by stage, of one day."""

    hours: np.ndarray
    answers: np.ndarray
    worked: np.ndarray


@click.command()
@click.option("--floors", default=300, show_default=True, type=click.IntRange(10))
@click.option("--past", default=42, show_default=True, type=click.IntRange(7), help="Days seen.")
@click.option("--plans", is_flag=True, help="People's days are planned four weeks ahead.")
@click.option("--seed", default=1, show_default=True)
def command(floors: int, past: int, plans: bool, seed: int) -> None:
    """How often forecasts hold; prints JSON."""
    rng = np.random.default_rng(seed)
    if plans:
        with_plans(floors, past, rng, seed)
        return
    with click.progressbar(
        range(floors), label="Floors", file=click.get_text_stream("stderr")
    ) as bar:
        ends = [one(np.random.default_rng(rng.integers(2**32)), past) for _ in bar]
    click.echo(json.dumps(told(ends) | {"past_days": past, "seed": seed}, indent=2))


def with_plans(floors: int, past: int, rng: np.random.Generator, seed: int) -> None:
    """The same floors without their plans and with them."""
    with click.progressbar(
        range(floors), label="Floors", file=click.get_text_stream("stderr")
    ) as bar:
        pairs = [planned(np.random.default_rng(rng.integers(2**32)), past) for _ in bar]
    without, used = ([pair[i] for pair in pairs] for i in (0, 1))
    found = {"without_plans": told(without), "with_plans": told(used)}
    click.echo(json.dumps(found | {"past_days": past, "seed": seed}, indent=2))


def planned(
    rng: np.random.Generator, past: int
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """One floor, forecast from its past alone and with the plan of four weeks."""
    floor = Floor(rng, plan=past + 400)
    observed, left = floor.seen(past)
    seed = int(rng.integers(2**31))
    known = floor.ahead(past, observed)
    ends = []
    for ahead in (None, known):
        outcome = simulate(observed, left, np.ones(2), ahead=ahead, runs=400, seed=seed)
        middle, late = np.quantile(outcome.days[:, 0], [0.5, 0.9], method="higher")
        ends.append((float(middle), float(late)))
    real = floor.finish(left[0])
    return (*ends[0], real), (*ends[1], real)


def told(ends: list[tuple[float, float, float]]) -> dict[str, object]:
    """Of (middle, late, real) days: how often each held, and how far off the middle was."""
    middle, late, real = (np.array(column) for column in zip(*ends, strict=True))
    off = np.abs(np.log(middle / real))
    return {
        "floors": len(ends),
        "held_at_50": share(int((real <= middle).sum()), len(ends))._asdict(),
        "held_at_90": share(int((real <= late).sum()), len(ends))._asdict(),
        "middle_off_by_median": round(math.exp(float(np.median(off))) - 1, 4),
        "days_median": round(float(np.median(real)), 1),
    }


def one(rng: np.random.Generator, past: int) -> tuple[float, float, float]:
    """The middle and the late forecast of one floor in days, and the days it really took."""
    floor = Floor(rng)
    observed, left = floor.seen(past)
    outcome = simulate(observed, left, np.ones(2), runs=400, seed=int(rng.integers(2**31)))
    middle, late = np.quantile(outcome.days[:, 0], [0.5, 0.9], method="higher")
    return float(middle), float(late), floor.finish(left[0])


class Floor:
    """A floor whose people, habits and rates are drawn once; its days come one after the other.

    With `plan` days ahead it is settled from the beginning who is there on which.
    """

    def __init__(self, rng: np.random.Generator, plan: int = 0):
        self.rng = rng
        self.people = (int(rng.integers(3, 12)), int(rng.integers(1, 4)))
        self.usual = [rng.uniform(2, 7, size=n) for n in self.people]
        self.weekend = rng.uniform(0, 0.4)
        self.away = [np.zeros(n, int) for n in self.people]
        self.reviewed, self.reworked = rng.uniform(0.05, 0.4), rng.uniform(0.02, 0.2)
        self.now = 0
        self.plan = [self._plan(g, plan) for g in range(2)] if plan else []

    def seen(self, past: int) -> tuple[Observed, np.ndarray]:
        """The first days of the floor, and a batch to be worked off after them."""
        queue = np.zeros(len(STAGES))
        queue[LABEL] = 1e9
        days = [self.day(queue)[0] for _ in range(past)]
        hours, answers, worked = (np.stack(column) for column in zip(*days, strict=True))
        seen = answers.sum(axis=0)
        observed = Observed(
            (past - 1) % 7, hours, answers, worked, MAY,
            (seen[REVIEW] + queue[REVIEW], seen[LABEL] + seen[REWORK]),
            (seen[REWORK] + queue[REWORK], seen[REVIEW]), (0, seen[LABEL]),
        )  # fmt: skip
        left = queue[None].copy()
        left[0, LABEL] = self.rng.uniform(5, 40) * seen[LABEL] / past
        return observed, left

    def ahead(self, past: int, observed: Observed) -> Ahead:
        """What is planned for four weeks, and what came of the plan so far."""
        expected = np.stack([(self.plan[g] * self.usual[g]).sum(axis=1) for g in range(2)], axis=1)
        usual = observed.hours.sum(axis=0) / expected[:past].sum(axis=0)
        pairs = [came_of(expected[:past, g] * usual[g], observed.hours[:, g]) for g in range(2)]
        n, m = (min(len(pair[i]) for pair in pairs) for i in range(2))
        came, apart = (
            np.stack([pair[i][-k:] for pair in pairs], axis=1) for i, k in ((0, n), (1, m))
        )
        rest = np.zeros((PLANNED, *observed.hours.shape))
        return Ahead(rest, expected[past : past + PLANNED] * usual, came, apart)

    def _plan(self, group: int, days: int) -> np.ndarray:
        """Day × person: whether somebody is planned to be there."""
        there = []
        for day in range(days):
            leaves = self.rng.random(self.people[group]) < 0.02
            away = self.away[group]
            away = np.where(leaves, self.rng.integers(2, 8, size=len(away)), away - 1)
            self.away[group] = away
            often = self.weekend if day % 7 >= 5 else 1.0
            there.append((away <= 0) & (self.rng.random(len(away)) < often))
        return np.stack(there)

    def day(self, queue: np.ndarray) -> tuple[Day, float]:
        """One more day, hour by hour; `queue` (answers wanted by stage) is worked off in place.

        Returns with it how far into the day the queue was empty (1: it never was).
        """
        weekend = self.now % 7 >= 5
        self.now += 1
        hours = np.array([self._hours(g, weekend) for g in range(2)])
        pace = PACE * self.rng.lognormal(0, 0.1)
        answers, empty = np.zeros(len(STAGES)), 1.0
        for hour in range(HOURS):
            for group, stages in ((0, (REWORK, LABEL)), (1, (REVIEW,))):
                left = hours[group] / HOURS
                for stage in stages:
                    done = min(queue[stage], left / pace[stage])
                    answers[stage] += done
                    queue[stage] -= done
                    left -= done * pace[stage]
                    queue[REVIEW] += self.reviewed * done * (group == 0)
                    queue[REWORK] += self.reworked * done * (stage == REVIEW)
            if queue.sum() < DONE:
                empty = (hour + 1) / HOURS
                break
        return Day(hours, answers, answers * pace), empty

    def _hours(self, group: int, weekend: bool) -> float:
        n = self.people[group]
        if self.plan:
            # One in twenty does not come although they were planned.
            there = self.plan[group][self.now - 1] & (self.rng.random(n) < 0.95)
            return float((self.usual[group] * there * self.rng.lognormal(0, 0.25, size=n)).sum())
        leaves = self.rng.random(n) < 0.02
        self.away[group] = np.where(leaves, self.rng.integers(2, 8, size=n), self.away[group] - 1)
        there = (self.away[group] <= 0) & (self.rng.random(n) < (self.weekend if weekend else 0.95))
        return float((self.usual[group] * there * self.rng.lognormal(0, 0.25, size=n)).sum())

    def finish(self, left: np.ndarray) -> float:
        """Days until the queue is worked off."""
        queue = left.copy()
        for day in range(365):
            _, empty = self.day(queue)
            if queue.sum() < DONE:
                return day + empty
        return 365.0
