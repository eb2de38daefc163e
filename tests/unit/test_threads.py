"""Work shared out over threads covers everything once, in parts that cost about the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.measures.threads import share_out


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 40), st.integers(1, 5))
def test_everything_is_worked_on_once(cost, worth, threads):
    times, parts = np.zeros(len(cost), int), []

    def work(begin, end):
        times[begin:end] += 1
        parts.append((begin, end))

    share_out(work, np.array(cost, np.int64), worth, threads)
    assert (times == 1).all()
    assert len(parts) <= max(1, min(threads, sum(cost) // worth))
    dearest = max((sum(cost[a:b]) for a, b in parts), default=0)
    assert dearest <= sum(cost) / len(parts) + 2 * max(cost, default=0) + len(parts)


def test_what_fails_in_a_thread_fails():
    def work(begin, end):
        raise ValueError("here")

    for threads in (1, 3):
        with pytest.raises(ValueError, match=r"^here$"):
            share_out(work, np.full(9, 100), 10, threads)
