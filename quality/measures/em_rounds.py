"""Rounds of EM for Dawid-Skene: a pass over the answers gives posteriors and the next counts.

Where no answer is weighed, likelihoods are multiplied, not their logarithms added: the exponential
that brings an asset back from logarithms costs more than everything else. Where there is much to
do, loops over classes are compiled for their very number, and what is reckoned of an asset stays
in registers: that is worth another factor of three.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from quality.measures.answer_passes import ByAsset
from quality.measures.arrays import Floats, Ints, compiled

_SHARES = 8
_MANY = 50_000  # answers from which the work is shared and compiled for its number of classes
_MOST_CLASSES = 12  # that loops are written out for


class Rounds:
    """EM rounds over the same answers, by as many threads as there are processors.

    Many answers are split into shares of fixed bounds, so that the sums, and with them the result,
    do not depend on how many processors there are.
    """

    def __init__(self, answers: ByAsset, classes: int, n_labellers: int, pool: Executor | None):
        starts, labeller, label, weight = answers
        self.answers, self.pool, self.classes = answers, pool, classes
        n_assets, n_answers = len(starts) - 1, int(starts[-1])
        shares = _SHARES if pool is not None else 1
        inner = np.searchsorted(starts, np.linspace(0, n_answers, shares + 1)[1:-1])
        self.bounds = np.concatenate([[0], inner, [n_assets]])
        self.shape = (n_labellers, classes, classes)
        self.row: Ints | None = None
        if bool((weight == 1).all()):
            # Unsigned, so that no index needs to be looked at for whether it counts from the end.
            self.row = (labeller * np.int64(classes) + label).astype(np.uint32)
            written_out = n_answers >= _MANY and classes <= _MOST_CLASSES
            self.kernel = _written_out(classes) if written_out else _by_products

    def counts(self, posterior: Floats) -> Floats:
        """Answers of each labeller by (answer, truth), as far as `posterior` knows the truth."""
        found = np.zeros(self.shape)
        count_confusion(*self.answers, posterior, found)
        return found

    def step(
        self, confusion: Floats, prior: Floats, posterior: Floats
    ) -> tuple[Floats, Floats, float]:
        """Posteriors in place; the counts they give, assets of each class, and how far they moved,
        summed.

        `confusion` is (labellers, answers, truths).
        """
        counts = [np.zeros(self.shape) for _ in self.bounds[1:]]
        known = [np.zeros(self.classes) for _ in self.bounds[1:]]
        if self.row is None:
            confusion, prior = np.log(confusion), np.log(prior)

        def work(i: int) -> float:
            first, last = int(self.bounds[i]), int(self.bounds[i + 1])
            if self.row is None:
                return _by_logs(
                    *self.answers, first, last, confusion, prior, posterior, counts[i], known[i]
                )
            table = confusion.reshape(-1, self.classes)
            into = counts[i].reshape(-1, self.classes)
            return self.kernel(
                self.answers[0], self.row, first, last, table, prior, posterior, into, known[i]
            )

        places = range(len(counts))
        moved = list(map(work, places) if self.pool is None else self.pool.map(work, places))
        return sum(counts[1:], counts[0]), sum(known[1:], known[0]), sum(moved)


@contextmanager
def rounds_of(answers: ByAsset, classes: int, n_labellers: int) -> Iterator[Rounds]:
    """Rounds, with threads where that pays: each needs counts of its own to add up."""
    n_answers = int(answers[0][-1])
    if n_answers < _MANY or 10 * n_labellers * classes * classes >= n_answers:
        yield Rounds(answers, classes, n_labellers, None)
        return
    with ThreadPoolExecutor(min(_SHARES, os.cpu_count() or 1)) as pool:
        yield Rounds(answers, classes, n_labellers, pool)


@compiled
def count_confusion(
    starts: Ints, labeller: Ints, label: Ints, weight: Floats, posterior: Floats, confusion: Floats
) -> None:
    """Add each answer's posterior to confusion[labeller, answer, truth] (truth is contiguous)."""
    classes = posterior.shape[1]
    for a in range(len(starts) - 1):
        for i in range(starts[a], starts[a + 1]):
            row = confusion[labeller[i], label[i]]
            for c in range(classes):
                row[c] += weight[i] * posterior[a, c]


@compiled
def _by_products(
    starts: Ints,
    row: Ints,
    first: int,
    last: int,
    confusion: Floats,
    prior: Floats,
    posterior: Floats,
    counts: Floats,
    known: Floats,
) -> float:
    """The pass for answers that all count 1."""
    classes = posterior.shape[1]
    score, moved = np.empty(classes), 0.0
    for a in range(first, last):
        score[:] = prior
        for i in range(starts[a], starts[a + 1]):
            at = row[i]
            for c in range(classes):
                score[c] *= confusion[at, c]
            if (i - starts[a]) % 16 == 15:  # long before numbers become too small
                top = score.sum()
                score[:] = score / top if top > 0 else prior
        total = score.sum()
        if not total > 0:  # without smoothing, answers may contradict each other for certain
            score[:] = prior
            total = 1.0
        part = 1 / total
        for c in range(classes):
            share = score[c] * part
            moved += abs(share - posterior[a, c])
            posterior[a, c] = share
            score[c] = share
            known[c] += share
        for i in range(starts[a], starts[a + 1]):
            at = row[i]
            for c in range(classes):
                counts[at, c] += score[c]
    return moved / 2


@cache
def _written_out(width: int) -> Callable[..., float]:
    """The same pass for `width` classes. The score is a tuple: an array might share its memory
    with the tables for all the compiler knows, and so would be read and written at every answer."""
    from numba.cpython.unsafe.tuple import tuple_setitem

    nothing: Any = (0.0,) * width
    put: Any = tuple_setitem  # numba's own loops over tuples rest on it

    @compiled
    def kernel(
        starts: Ints,
        row: Ints,
        first: int,
        last: int,
        confusion: Floats,
        prior: Floats,
        posterior: Floats,
        counts: Floats,
        known: Floats,
    ) -> float:
        before, moved = nothing, 0.0
        for c in range(width):
            before = put(before, c, prior[c])
        for a in range(first, last):
            score, total = before, 0.0
            for i in range(starts[a], starts[a + 1]):
                for c in range(width):
                    score = put(score, c, score[c] * confusion[row[i], c])
                if (i - starts[a]) % 16 == 15:
                    top = 0.0
                    for c in range(width):
                        top += score[c]
                    for c in range(width):
                        score = put(score, c, score[c] / top if top > 0 else prior[c])
            for c in range(width):
                total += score[c]
            if not total > 0:
                score, total = before, 1.0
            part = 1 / total
            for c in range(width):
                share = score[c] * part
                moved += abs(share - posterior[a, c])
                posterior[a, c] = share
                score = put(score, c, share)
                known[c] += share
            for i in range(starts[a], starts[a + 1]):
                for c in range(width):
                    counts[row[i], c] += score[c]
        return moved / 2

    return kernel


@compiled
def _by_logs(
    starts: Ints,
    labeller: Ints,
    label: Ints,
    weight: Floats,
    first: int,
    last: int,
    log_confusion: Floats,
    log_prior: Floats,
    posterior: Floats,
    counts: Floats,
    known: Floats,
) -> float:
    """Replace the posterior of assets first..last - 1 in place and add their answers to `counts`
    for the next round, while they are at hand; return the total variation moved, summed."""
    classes, moved = posterior.shape[1], 0.0
    score = np.empty(classes)
    for a in range(first, last):
        score[:] = log_prior
        for i in range(starts[a], starts[a + 1]):
            row = log_confusion[labeller[i], label[i]]
            for c in range(classes):
                score[c] += weight[i] * row[c]
        top, total = score.max(), 0.0
        for c in range(classes):
            score[c] = np.exp(score[c] - top)
            total += score[c]
        for c in range(classes):
            score[c] /= total
            moved += abs(score[c] - posterior[a, c]) / 2
            posterior[a, c] = score[c]
            known[c] += score[c]
        for i in range(starts[a], starts[a + 1]):
            row = counts[labeller[i], label[i]]
            for c in range(classes):
                row[c] += weight[i] * score[c]
    return moved
