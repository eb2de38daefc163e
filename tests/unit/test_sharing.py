"""Hours shared out over skills: as many as the worst set of skills leaves (max-flow min-cut)."""

from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.forecasting.sharing import share_out

SKILLS = "abcd"
groups = st.frozensets(st.sampled_from(SKILLS), max_size=4)
hours = st.floats(0, 50)


@given(st.dictionaries(groups, hours, max_size=7), st.dictionaries(st.sampled_from(SKILLS), hours))
@settings(max_examples=80)
def test_nothing_is_missing_that_could_be_covered(able, need):
    shared = share_out(able, need)
    for group, held in able.items():
        assert sum(h for (g, _), h in shared.items() if g == group) <= held + 1e-6
    for skill, wanted in need.items():
        assert sum(h for (_, s), h in shared.items() if s == skill) <= wanted + 1e-6
    assert all(skill in group and skill in need for group, skill in shared)
    # What any set of skills needs beyond those who can do one of them is missing, whatever is done.
    sets = chain.from_iterable(combinations(need, n) for n in range(len(need) + 1))
    missing = max(
        sum(need[s] for s in some) - sum(h for g, h in able.items() if g & set(some))
        for some in sets
    )
    assert sum(need.values()) - sum(shared.values()) == pytest.approx(missing, abs=1e-6)


def test_whoever_can_do_less_is_used_first():
    one, both = frozenset("a"), frozenset("ab")
    assert share_out({both: 8, one: 5}, {"a": 6, "b": 7}) == {
        (one, "a"): 5, (both, "a"): 1, (both, "b"): 7,
    }  # fmt: skip
