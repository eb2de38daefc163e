"""Terms of rules: what a run of skips says, in what words, and the picture of the evidence."""

import itertools

import pytest
from pydantic import ValidationError

from scheduling.models import ACTIONS, SIGNALS
from scheduling.projects.rule_picture import HEIGHT, WIDTH, picture
from scheduling.rules.terms import SkipTerms, usually_good
from scheduling.rules.words import sentence


def chance_of_run(run: int, tasks: int, share: float) -> float:
    """The chance of `run` skips in a row somewhere in `tasks`, exactly: a chain over the streak."""
    streak, hit = [1.0] + [0.0] * (run - 1), 0.0
    for _ in range(tasks):
        hit += streak[-1] * share
        streak = [sum(streak) * (1 - share)] + [one * share for one in streak[:-1]]
    return hit


@pytest.mark.parametrize(
    ("usual", "alpha", "tasks"), [(0.1, 0.01, 1000), (0.3, 0.05, 200), (0.02, 0.001, 50)]
)
def test_a_run_is_as_unlikely_as_stated_and_no_longer_than_needed(usual, alpha, tasks):
    run = SkipTerms(usual=usual, alpha=alpha, tasks=tasks).run()
    assert chance_of_run(run, tasks, usual) <= alpha
    # One fewer is likelier than stated, or within the slack of the bound (1 / (1 - usual)).
    assert run == 1 or chance_of_run(run - 1, tasks, usual) > alpha * (1 - usual) * 0.9


def test_more_is_asked_of_a_labeller_with_fewer_classes():
    asked = [usually_good(classes) for classes in (2, 3, 4, 10, 100)]
    assert asked == sorted(asked, reverse=True)
    assert all(good > 1 / classes for good, classes in zip(asked, (2, 3, 4, 10, 100), strict=True))


def test_every_signal_and_action_has_its_words():
    for signal, action in itertools.product(SIGNALS, ACTIONS):
        said = sentence(signal, {}, action, {"redo": True}, classes=4)
        assert said.startswith("If ")
        assert said.endswith(", and have unreviewed work done again.")
        assert "{" not in said


def test_raw_shares_are_no_terms():
    with pytest.raises(ValidationError):
        SkipTerms.model_validate({"more_than": 3})


def test_the_picture_holds_its_path_and_marks_the_crossing():
    path = [[1, 0.5], [2, -1.0], [3, 3.0], [4, 5.0], [5, 4.0]]
    drawn = picture({"path": path, "bound": 4.6, "observations": 4})
    points = [tuple(map(float, one.split(","))) for one in drawn.points.split()]
    assert len(points) == 6  # and the start
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    assert drawn.crossing == points[4]
    assert drawn.crossing[1] < drawn.bound < drawn.zero  # upwards is less
    assert picture({"longest": 5}) is None
