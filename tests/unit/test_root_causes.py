"""The cause of a rejected label follows from stated rules."""

import pytest

from quality.measures.root_causes import Author, Facts, cause_of, clues

CARELESS = Author(7, right=8.0, checked=20, seconds=1.0, usual=9.0)


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (Facts(), "unknown"),
        (Facts(authors=[Author(1)]), "unknown"),
        (Facts(alike=1), "unknown"),  # one other who erred alike may be chance
        (Facts(alike=2), "guideline"),
        (Facts(questions=1), "guideline"),
        (Facts(guideline=1), "guideline"),
        (Facts(classes=1), "guideline"),
        (Facts(is_gold=True), "gold"),
        (Facts(is_gold=True, questions=1), "gold"),
        (Facts(gold_doubts=1), "gold"),
        (Facts(authors=[Author(1, draft="kept")]), "model"),
        (Facts(authors=[Author(1, draft="same")]), "unknown"),
        (Facts(authors=[CARELESS]), "labeller"),
        (Facts(authors=[Author(1)], otherwise=1), "labeller"),
        (Facts(authors=[Author(1), Author(2)], otherwise=1), "unknown"),  # not alone
        # Of two that weigh alike, the one that helps more labels.
        (Facts(authors=[Author(1)], otherwise=1, guideline=1), "guideline"),
        (Facts(authors=[CARELESS], questions=1), "labeller"),  # 4 points against 3
        # Two who are careless are no more careless: 4 against 5.
        (Facts(authors=[CARELESS, CARELESS], questions=1, guideline=1), "guideline"),
    ],
)
def test_the_cause_with_most_points_is_named(facts, cause):
    assert cause_of(clues(facts)) == cause


@pytest.mark.parametrize(
    ("author", "low"),
    [
        (Author(1, right=19.0, checked=20), False),  # 95 % is what was agreed
        (Author(1, right=12.0, checked=20), True),
        (Author(1, right=0.0, checked=4), False),  # too few checks to say
    ],
)
def test_a_standing_is_low_only_when_checks_show_it(author, low):
    assert bool(clues(Facts(authors=[author], agreed=0.95))) is low


def test_clues_say_whom_they_are_about_and_come_by_weight():
    found = clues(Facts(authors=[CARELESS], alike=3))
    assert [clue.points for clue in found] == sorted((c.points for c in found), reverse=True)
    assert {clue.labeller for clue in found if clue.cause == "labeller"} == {7}
    assert "8 of 20 checks" in " ".join(clue.words for clue in found)
