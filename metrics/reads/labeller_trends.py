"""Whether labellers became slower, faster, better or worse than in the period before."""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy.orm import Session

from metrics.definitions import Share, difference
from metrics.reads.narrow import EVERYTHING, Narrow
from metrics.reads.sums import LABELLING, Scope, of_stages, sums
from quality.measures.flags import discoveries

if TYPE_CHECKING:
    from pandas import DataFrame

# Of the changes that are told, so many may be none, on average.
FALSE = 0.05
Z95 = 1.959964
KEYS = ["labeller_id", "project_id"]


def with_trends(
    session: Session,
    scope: Scope,
    since: date,
    until: date,
    found: "DataFrame",
    narrow: Narrow = EVERYTHING,
) -> "DataFrame":
    """`found` (a row per labeller and project, as `reads.labellers` gives it) beside the period of
    equal length before it. Two statements.

    Adds time_change (ratio of medians) with time_low and time_high, gold_change and
    agreement_change (differences of shares), and for each `…_moved`: whether it is one of the
    changes that stand when all of the table are tested together, at a false-discovery rate of
    `FALSE` (Benjamini and Hochberg). Medians of log times are compared by the error of a median of
    normal values (1.4826 · MAD · sqrt(π / 2n)), shares by the interval of Newcombe.
    """
    start = since - (until - since)
    before = sums(session, scope, start, since, KEYS, *of_stages(LABELLING), narrow=narrow)
    both = found[KEYS].merge(before, on=KEYS, how="left")
    made = found.copy()
    p = [_times(made, found, both)]
    for name in ("gold", "agreement"):
        p.append(_shares(made, found, both, name))
    told = discoveries(np.concatenate(p), FALSE) if len(found) else np.zeros(0, bool)
    parts = np.split(np.asarray(told, bool), 3)
    for name, moved in zip(("time", "gold", "agreement"), parts, strict=True):
        made[f"{name}_moved"] = moved
    return made


def _times(made: "DataFrame", now: "DataFrame", before: "DataFrame") -> np.ndarray:
    """Fill in the ratio of medians with its interval; returns the p-value of each."""
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.log(now.median_seconds.to_numpy(float) / before.median_seconds.to_numpy(float))
        error = np.hypot(
            *(
                1.4826 * np.sqrt(np.pi / 2) * of.mad_log.to_numpy(float)
                / np.sqrt(of.timed_n.to_numpy(float))
                for of in (now, before)
            )
        )  # fmt: skip
        # A median read from bins is known to half a bin: below that nothing is a change.
        error = np.hypot(error, np.log(2) / 16)
    made["time_change"] = np.exp(step)
    made["time_low"], made["time_high"] = np.exp(step - Z95 * error), np.exp(step + Z95 * error)
    return _p(step, error)


def _shares(made: "DataFrame", now: "DataFrame", before: "DataFrame", name: str) -> np.ndarray:
    steps, errors = [], []
    for here, then in zip(_of(now, name), _of(before, name), strict=True):
        found = difference(here, then)
        if found.value is None or found.low is None or found.high is None:
            steps.append(np.nan)
            errors.append(np.nan)
            continue
        steps.append(found.value)
        # The side of the interval that faces zero decides whether it holds it.
        margin = found.value - found.low if found.value > 0 else found.high - found.value
        errors.append(max(margin, 1e-9) / Z95)
    made[f"{name}_change"] = steps
    return _p(np.array(steps, float), np.array(errors, float))


def _of(rows: "DataFrame", name: str) -> list[Share]:
    columns = [f"{name}{end}" for end in ("", "_n", "_low", "_high")]
    found = []
    for value, n, low, high in rows[columns].astype(float).to_numpy():
        known = n > 0 and not np.isnan(value)
        found.append(Share(value, int(n), low, high) if known else Share(None, 0, None, None))
    return found


def _p(step: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Two-sided p-values of normal steps; nan where there is nothing to compare."""
    from scipy.special import ndtr

    with np.errstate(divide="ignore", invalid="ignore"):
        found: np.ndarray = 2 * ndtr(-np.abs(step / error))
    return found
