"""Adaptive assessments: how often they err, and how many questions they spare.

Attempts are made up and judged by the lines of `quality.measures.adaptive`, at both marks and over
a population of abilities. The yardstick is the shortest test of as many questions for everybody
that errs no more often. Answers are right or wrong; or right in part, as where shapes are compared;
or asked from a pool of questions that differ in difficulty, none twice.
"""

import json
from typing import Any, NamedTuple

import click
import numpy as np

# Pass mark, fail mark, false pass, false fail.
SETTINGS = (
    (0.80, 0.60, 0.05, 0.05),
    (0.85, 0.65, 0.05, 0.05),
    (0.90, 0.75, 0.05, 0.05),
    (0.90, 0.80, 0.05, 0.05),
    (0.90, 0.70, 0.01, 0.05),
    (0.95, 0.85, 0.02, 0.02),
)
KINDS = ("right or wrong", "right in part", "from a pool")
# Abilities of those who take one: a beta distribution around the middle of the marks.
POPULATION = 12.0  # its two numbers together: a standard deviation of about 0.12
ROOM = 1.5  # questions at most, of those of the fixed test
POOL = 400


class Ends(NamedTuple):
    """By attempt: whether it passed, and after how many questions."""

    passed: Any
    questions: Any


@click.command()
@click.option("--attempts", default=40_000, show_default=True, type=click.IntRange(100))
@click.option("--seed", default=1, show_default=True)
def command(attempts: int, seed: int) -> None:
    """False passes and fails, and questions spared, of adaptive assessments; prints JSON."""
    work = [(setting, kind) for setting in SETTINGS for kind in KINDS]
    rows = []
    shown = click.get_text_stream("stderr")
    with click.progressbar(work, label="assessments", file=shown) as turns:
        for setting, kind in turns:
            rows.append(judged(setting, kind, attempts, np.random.default_rng(seed)))
    click.echo(
        json.dumps(
            {
                "attempts": attempts,
                "seed": seed,
                "population": f"Beta, of sum {POPULATION:g}, around the middle of the marks",
                "errors hold": all(row["errors hold"] for row in rows),
                "least spared": min(min(row["spared"].values()) for row in rows),
                "settings": rows,
            },
            indent=2,
        )
    )


def judged(
    setting: tuple[float, float, float, float], kind: str, attempts: int, rng: Any
) -> dict[str, Any]:
    """One setting with one kind of answers: rates with 95 % intervals, and what is spared."""
    from quality.measures import adaptive

    terms = adaptive.Terms(*setting)
    length, cut = adaptive.fixed(terms._replace(most=1)) or (0, 0)
    terms = terms._replace(most=round(ROOM * length))
    plan = adaptive.plan(terms)
    assert plan is not None
    middle = (terms.pass_mark + terms.fail_mark) / 2
    everybody = rng.beta(POPULATION * middle, POPULATION * (1 - middle), attempts)
    ends = {
        "at the fail mark": _ends(plan, np.full(attempts, terms.fail_mark), kind, rng),
        "at the pass mark": _ends(plan, np.full(attempts, terms.pass_mark), kind, rng),
        "population": _ends(plan, everybody, kind, rng),
    }
    false_pass = _rate(ends["at the fail mark"].passed)
    false_fail = _rate(~ends["at the pass mark"].passed)
    asked = {where: round(float(end.questions.mean()), 2) for where, end in ends.items()}
    return {
        "pass mark": terms.pass_mark,
        "fail mark": terms.fail_mark,
        "answers": kind,
        "false pass": {"stated": terms.false_pass, **false_pass},
        "false fail": {"stated": terms.false_fail, **false_fail},
        "exact, right or wrong": {
            "false pass": round(adaptive.character(plan, terms.fail_mark).passes, 6),
            "false fail": round(1 - adaptive.character(plan, terms.pass_mark).passes, 6),
        },
        # Not shown to be above what is stated.
        "errors hold": false_pass["low"] <= terms.false_pass
        and false_fail["low"] <= terms.false_fail,
        "fixed test": {"questions": length, "right to pass": cut},
        "questions at most": plan.most,
        "mean questions": asked,
        "spared": {where: round(1 - n / length, 4) for where, n in asked.items()},
    }


def _rate(found: Any) -> dict[str, float]:
    from quality.measures.classes import rate

    told = rate(int(found.sum()), found.size)
    return {"found": round(told.value, 5), "low": round(told.low, 5), "high": round(told.high, 5)}


def _ends(plan: Any, ability: Any, kind: str, rng: Any) -> Ends:
    """Attempts of people of these abilities, answered to the end and cut off at the decision."""
    right = np.cumsum(_credits(ability, plan.most, kind, rng), axis=1)
    up, down = right >= plan.passing - 1e-9, right <= plan.failing + 1e-9
    down[:, -1] = ~up[:, -1]
    last = np.argmax(up | down, axis=1)
    return Ends(up[np.arange(ability.size), last], last + 1)


def _credits(ability: Any, n: int, kind: str, rng: Any) -> Any:
    """What each answer is worth (attempts × n), of mean `ability`."""
    shape = (ability.size, n)
    if kind == "right in part":
        # Half of the answers are right or wrong; of the others it is the likeness that counts.
        likeness = rng.beta(4 * ability[:, None], 4 * (1 - ability[:, None]), shape)
        return np.where(rng.random(shape) < 0.5, rng.random(shape) < ability[:, None], likeness)
    if kind == "from a pool":
        hard = rng.normal(0, 1, POOL)
        asked = hard[np.argsort(rng.random((ability.size, POOL), np.float32), axis=1)[:, :n]]
        return rng.random(shape) < _right(ability, hard, asked)
    return rng.random(shape) < ability[:, None]


def _right(ability: Any, hard: Any, asked: Any) -> Any:
    """Chance of being right on each question, whose mean over the pool is the ability."""
    grid = np.linspace(-8, 8, 400)
    means = (1 / (1 + np.exp(hard[None, :] - grid[:, None]))).mean(axis=1)
    skill = np.interp(ability, means, grid)
    return 1 / (1 + np.exp(asked - skill[:, None]))
