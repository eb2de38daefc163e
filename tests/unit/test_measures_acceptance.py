"""Acceptance plans are those of the standard, and accept what they say they accept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.measures import acceptance
from quality.measures.acceptance import LETTERS, LIMITS, SIZES, Plan, plan

LOTS = st.integers(1, 1_000_000)
LEVELS = st.sampled_from(["S-1", "S-2", "S-3", "S-4", "I", "II", "III"])


@pytest.mark.parametrize(
    ("lot", "limit", "level", "inspection", "expected"),
    [
        # Worked examples of textbooks and buyers' guides.
        (1_000, 1.0, "II", "normal", Plan("J", 80, 2, False)),
        (500, 2.5, "II", "normal", Plan("H", 50, 3, False)),
        (5_000, 0.65, "II", "normal", Plan("L", 200, 3, False)),
        (3_201, 4.0, "II", "normal", Plan("L", 200, 14, False)),
        (4_000, 1.5, "II", "normal", Plan("L", 200, 7, False)),
        (4_000, 1.5, "II", "tightened", Plan("L", 200, 5, False)),
        # An arrow up, an arrow down, and down from far above.
        (150, 1.0, "II", "normal", Plan("E", 13, 0, False)),
        (200, 1.0, "II", "normal", Plan("H", 50, 1, False)),
        (20, 1.0, "II", "normal", Plan("E", 13, 0, False)),
        # The one plan of 3,150.
        (600_000, 0.025, "III", "tightened", Plan("S", 3_150, 1, False)),
        # More is asked than there is.
        (10, 0.01, "II", "normal", Plan("Q", 10, 0, True)),
    ],
)
def test_plans_of_the_standard(lot, limit, level, inspection, expected):
    assert plan(lot, limit, level, inspection) == expected


@given(LOTS, st.sampled_from(LIMITS), LEVELS, st.sampled_from(["normal", "tightened"]))
def test_a_lot_at_its_limit_is_usually_accepted_and_a_bad_one_is_not(lot, limit, level, how):
    found = plan(lot, limit, level, how)
    assert found.n == min(SIZES[LETTERS.index(found.letter)], lot)
    assert 0 <= found.accept < found.n or found.whole
    if not found.whole:
        # The standard's producer's risk: about one lot in ten at most, under normal inspection.
        at_limit = acceptance.chance(found, lot, int(lot * limit / 100))
        assert at_limit > (0.87 if how == "normal" else 0.6)
        worst = acceptance.passes_at_most(found, lot)
        assert acceptance.chance(found, lot, round(worst * lot)) >= 0.1
        assert acceptance.chance(found, lot, min(round(worst * lot) + 1, lot)) < 0.1


@given(LOTS, st.sampled_from(LIMITS), LEVELS)
def test_tightened_inspection_is_never_the_easier_one(lot, limit, level):
    normal, tightened = plan(lot, limit, level), plan(lot, limit, level, "tightened")
    for wrong in {0, lot // 100, lot // 20, lot // 5}:
        strict = acceptance.chance(tightened, lot, wrong)
        assert strict <= acceptance.chance(normal, lot, wrong) + 1e-9


def test_what_the_standard_does_not_know_is_refused():
    for arguments, name in [
        ((0, 1.0), "lot"),
        ((10, 1.1), "limit"),
        ((10, 1.0, "IV"), "level"),
        ((10, 1.0, "II", "reduced"), "inspection"),
    ]:
        with pytest.raises(ValueError, match=f"^{name}: expected"):
            plan(*arguments)
    with pytest.raises(ValueError, match=r"^wrong: expected"):
        acceptance.chance(plan(10, 1.0), 10, 11)
