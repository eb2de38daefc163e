"""Transcriptions: edit distance, character and word error rate.

The distance is that of Levenshtein: insertions, deletions and substitutions cost 1 each. A column
of the table is one whole number whose bits are its steps up and down (G. Myers, J. ACM 46 (1999);
the form of H. Hyyrö, 2003), so that Python's integers do a column at once, with any alphabet and
without a library.
"""

from collections.abc import Hashable, Sequence

import numpy as np

from quality.measures.arrays import Floats
from quality.measures.rates import Rates, ratios


def edit_distance(given: Sequence[Hashable], truth: Sequence[Hashable]) -> int:
    """Fewest insertions, deletions and substitutions that turn one into the other."""
    given, truth = _without_ends(given, truth)
    if len(given) < len(truth):  # the rounds go over the shorter, the bits over the longer
        given, truth = truth, given
    if not truth:
        return len(given)
    places: dict[Hashable, int] = {}
    for i, sign in enumerate(given):
        places[sign] = places.get(sign, 0) | 1 << i
    every, last = (1 << len(given)) - 1, 1 << (len(given) - 1)
    up, down, distance = every, 0, len(given)
    for sign in truth:
        equal = places.get(sign, 0)
        diagonal = (((equal & up) + up) ^ up) | equal | down
        grows = down | (every & ~(diagonal | up))
        shrinks = up & diagonal
        distance += bool(grows & last) - bool(shrinks & last)
        grows = grows << 1 | 1
        up = (shrinks << 1 | (every & ~(diagonal | grows))) & every
        down = grows & diagonal
    return distance


def character_error_rate(given: str, truth: str) -> float:
    """Edits over the characters of the truth: 0 for equal texts, above 1 when much is added.

    Of an empty truth it is 0 if nothing was given, else infinite.
    """
    return _rate(edit_distance(given, truth), len(truth))


def word_error_rate(given: str, truth: str) -> float:
    """Edits over the words of the truth, words being what blanks separate."""
    words = truth.split()
    return _rate(edit_distance(given.split(), words), len(words))


def total_rates(given: Sequence[str], truth: Sequence[str]) -> Rates:
    """Character and word error rate of many texts, in this order: all edits over all of the truths'
    length. n counts the texts, and the interval is over them."""
    if len(given) != len(truth):
        raise ValueError("given: expected as many texts as truths")
    words = [text.split() for text in truth]
    edits = [
        (edit_distance(g, t), edit_distance(g.split(), w))
        for g, t, w in zip(given, truth, words, strict=True)
    ]
    lengths = [(len(t), len(w)) for t, w in zip(truth, words, strict=True)]
    shape = (len(truth), 2)
    return ratios(np.reshape(edits, shape), np.reshape(lengths, shape), np.inf)


def likenesses(given: Sequence[str], truth: Sequence[str]) -> Floats:
    """1 - min(1, character error rate) of each pair; (pairs,), in [0, 1]."""
    rates = [character_error_rate(g, t) for g, t in zip(given, truth, strict=True)]
    found: Floats = 1 - np.minimum(np.array(rates, float), 1)
    return found


def _rate(edits: int, length: int) -> float:
    if length:
        return edits / length
    return float("inf") if edits else 0.0


def _without_ends(
    given: Sequence[Hashable], truth: Sequence[Hashable]
) -> tuple[Sequence[Hashable], Sequence[Hashable]]:
    """Both without what they share at the beginning and at the end: it costs nothing."""
    low, most = 0, min(len(given), len(truth))
    while low < most and given[low] == truth[low]:
        low += 1
    end = 0
    while end < most - low and given[-1 - end] == truth[-1 - end]:
        end += 1
    return given[low : len(given) - end], truth[low : len(truth) - end]
