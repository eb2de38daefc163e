"""Nesting of newcomers, and certificates that are lost: how often and how fast, by accuracy.

Made-up people of known accuracy answer; every answer of a newcomer is judged, as the service does,
and their standing is looked at after each, which is more often than it does. Certificates are
looked at once in a day of 20 judged answers. Nothing here is measured on people.
"""

import json
from typing import Any

import click
import numpy as np

from ops.project_settings import NestingTerms
from quality import requalifying
from quality.measures import sequential
from quality.measures.standing import PRIOR

ACCURACIES = (0.60, 0.70, 0.75, 0.80, 0.85, 0.90, 0.95)
# Answers after which somebody still nested counts as not promoted; and a free labeller's year.
NESTED, FREE = 500, 5000
# What a skill asks, of how many classes, judged answers of a certificate and of a day.
BAR, CLASSES, HELD, DAY = 0.8, 4, 1000, 20


@click.command()
@click.option("--people", default=4000, show_default=True, type=click.IntRange(50))
@click.option("--seed", default=1, show_default=True)
def command(people: int, seed: int) -> None:
    """How often newcomers leave nesting and holders lose certificates, and after how many
    answers."""
    rng, terms = np.random.default_rng(seed), NestingTerms()
    rows = [fates(accuracy, people, terms, rng) for accuracy in ACCURACIES]
    lost = [losses(accuracy, people, rng) for accuracy in ACCURACIES]
    found = {"people": people, "terms": terms.model_dump(), "nesting": rows, "certificates": lost}
    click.echo(json.dumps(found, indent=2))


def fates(
    accuracy: float, people: int, terms: NestingTerms, rng: np.random.Generator
) -> dict[str, Any]:
    """What becomes of so many newcomers of one accuracy: the share promoted within 100 and within
    `NESTED` answers, the median and ninth decile of how many answers that took, and the share that
    is nested again within `FREE` answers, judged at a tenth, once it is free."""
    right = np.cumsum(rng.random((people, NESTED)) < accuracy, axis=1)
    at = first(right, 0, terms.promote_low, terms.answers, above=True)
    promoted = at < NESTED
    checked = FREE // 10
    # Their standing keeps what was seen while they were nested.
    before = np.stack([np.minimum(at, NESTED - 1) + 1, right[np.arange(people), at % NESTED]])
    later = np.cumsum(rng.random((people, checked)) < accuracy, axis=1)
    back = first(later + before[1][:, None], before[0][:, None], terms.demote_high, terms.answers)
    took = at[promoted] + 1
    return {
        "accuracy": accuracy,
        "promoted_within_100": float(np.mean(at < 100)),
        "promoted": float(promoted.mean()),
        "answers_median": float(np.median(took)) if took.size else None,
        "answers_90": float(np.percentile(took, 90)) if took.size else None,
        "nested_again": float(np.mean(back[promoted] < checked)) if took.size else None,
    }


def first(right: Any, before: Any, bound: float, least: int, *, above: bool = False) -> Any:
    """Index of each row's first answer, from the `least`th on, at which the lower bound reaches
    `bound` (`above`) or the upper one falls below it; the length of the row where there is none.

    `right` (people × answers): right so far, of `before` + 1, 2, … answers.
    """
    from scipy.special import betainc

    n = np.asarray(before) + np.arange(1, right.shape[1] + 1)
    a, b = PRIOR[0] + right, PRIOR[1] + n - right
    below = betainc(a, b, bound)  # how likely the accuracy is below the bound
    crossed = below <= 0.025 if above else below > 0.975
    crossed[:, : least - 1] = False
    return np.where(crossed.any(axis=1), crossed.argmax(axis=1), right.shape[1])


def losses(accuracy: float, people: int, rng: np.random.Generator) -> dict[str, Any]:
    """Of so many holders of one accuracy the share whose certificate is cut short within `HELD`
    judged answers, where a skill asks for `BAR`, and the median of how many that took."""
    right = rng.random((people, HELD)) < accuracy
    terms = sequential.Terms(good=BAR, alpha=requalifying.ERROR, bad=requalifying.BAD)
    who = np.repeat(np.arange(people), HELD)
    sure = np.ones(who.size)
    trails = sequential.against_many(who, right.ravel(), sure, CLASSES, people, terms)
    shown = first(np.cumsum(right, axis=1), 0, BAR, requalifying.LEAST)
    stopped = np.where(trails.stopped_at < 0, HELD, trails.stopped_at)
    # Both have to hold at the end of a day; a standing that fell below stays there, nearly always.
    at = DAY * np.ceil((np.maximum(stopped, shown) + 1) / DAY)
    lost = at <= HELD
    median = float(np.median(at[lost])) if lost.any() else None
    return {"accuracy": accuracy, "lost": float(lost.mean()), "answers_median": median}
