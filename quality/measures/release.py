"""What a random sample of reviews says of a whole batch, and how many more reviews would settle it.

A batch of N labels was sampled without replacement, n labels were reviewed, k of them accepted. The
others were corrected: `fixed` of the n - k now hold the reviewer's answer. The exact lower bound on
good labels at the draw (the hypergeometric test inverted, see `finite_bounds`) plus the corrected
ones is a lower bound on good labels as they would be delivered: reviewing everything leaves no
doubt. It takes the reviewers' answers for the truth.
"""

import math

from quality.measures.sampling import finite_bounds


def as_delivered(k: int, n: int, fixed: int, population: int, confidence: float) -> float:
    """Lower bound on the accuracy of the batch as delivered; nan when nothing was reviewed.

    Raises ValueError unless 0 ≤ k, 0 ≤ fixed, k + fixed ≤ n ≤ population.
    """
    if not 0 <= fixed <= n - k:
        raise ValueError("fixed: expected no more than the labels that were not accepted")
    if n == 0:
        return float("nan")
    low, _ = finite_bounds(k, n, population, confidence, "lower")
    # Whole labels, so that a bound that just reaches its target does so exactly.
    return min(round(low * population) + fixed, population) / population


def more_reviews(
    k: int, n: int, fixed: int, population: int, target: float, confidence: float
) -> int | None:
    """How many more reviews bring `as_delivered` to `target` if errors stay as frequent as so far.

    Errors still to be found are taken to be corrected. 0 when the target is reached; None when even
    reviewing everything would not reach it, because errors were found and left uncorrected.
    """

    def reached(more: int) -> bool:
        found = math.ceil((n - k) / n * more - 1e-9) if n else 0
        total = n + more
        bound = as_delivered(k + more - found, total, fixed + found, population, confidence)
        return bound >= target

    if n and reached(0):
        return 0
    low, high = 0, population - n
    if high < 1 or not reached(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high
