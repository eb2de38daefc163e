"""What figures of assistance come to in words: never more than the intervals allow."""

import pytest

from metrics.definitions import Anchoring, Share, TimeSaved
from metrics.web import assistance_words as words

SOME, NONE = Share(0.4, 20, 0.2, 0.6), Share(None, 0, None, None)


@pytest.mark.parametrize(
    ("saved", "low", "high", "said"),
    [
        (0.3, 0.1, 0.45, "A draft saves 30 % of the time (95 % range 10 % to 45 %)."),
        (0.1, -0.1, 0.3, "No saving of time can be told (95 % range -10 % to 30 %)."),
        (-0.2, -0.4, -0.1, "A draft costs time: 20 % more than without"),
    ],
)
def test_time_is_saved_or_lost_only_where_the_interval_says_so(saved, low, high, said):
    assert words.time(TimeSaved(4.0, 5.0, saved, low, high, 30, 20)).startswith(said)


@pytest.mark.parametrize(("n_with", "n_without", "which"), [(30, 3, "without"), (2, 9, "with")])
def test_too_few_answers_are_named(n_with, n_without, which):
    said = words.time(TimeSaved(4.0, 5.0, None, None, None, n_with, n_without))
    assert f"{min(n_with, n_without)} of 8 answers" in said and said.endswith(f"{which} a draft.")


@pytest.mark.parametrize(
    ("shown", "withheld", "figures", "said"),
    [
        (SOME, SOME, (0.2, 0.05, 0.4), "Wrong drafts pull: they stay 20 percentage points"),
        (SOME, SOME, (0.1, -0.1, 0.3), "No pull of wrong drafts can be told"),
        (SOME, SOME, (-0.2, -0.4, -0.1), "No pull of wrong drafts can be told"),
        (NONE, SOME, (None, None, None), "Whether wrong drafts pull labellers along cannot"),
        (SOME, NONE, (None, None, None), "Whether wrong drafts pull labellers along cannot"),
    ],
)
def test_a_pull_is_named_only_where_the_interval_says_so(shown, withheld, figures, said):
    found = words.pull(Anchoring(shown, withheld, *figures))
    assert found.startswith(said)
    if figures[0] is None:
        assert f"answered {'without' if shown.n else 'with'} a draft" in found
