"""How soon newcomers are let go, by simulation; and how many more answers it is said to take."""

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import beta

from benchmarks import calibration
from ops.project_settings import NestingTerms
from quality.measures.calibrating import FARTHEST, answers_to_go


def test_the_good_are_let_go_soon_and_the_bad_hardly_ever():
    rng, terms = np.random.default_rng(3), NestingTerms()
    fates = {a: calibration.fates(a, 300, terms, rng) for a in (0.6, 0.7, 0.9, 0.95)}
    assert fates[0.95]["promoted"] == 1 and fates[0.95]["answers_median"] <= 40
    assert fates[0.9]["promoted"] >= 0.98 and fates[0.9]["answers_median"] <= 60
    assert fates[0.7]["promoted"] <= 0.02 and fates[0.6]["promoted"] == 0
    assert fates[0.9]["nested_again"] == 0


def test_the_first_crossing_is_that_of_the_posterior():
    rng = np.random.default_rng(4)
    right = np.cumsum(rng.random((40, 90)) < 0.85, axis=1)
    found = calibration.first(right, 0, 0.7, 20, above=True)
    for row, at in zip(right, found, strict=True):
        low = [beta.ppf(0.025, 3 + k, 1 + n - k) for n, k in enumerate(row, 1)]
        slow = next((i for i in range(19, 90) if low[i] >= 0.7), 90)
        assert at == slow


def test_who_meets_what_is_asked_keeps_the_certificate_and_who_does_not_loses_it():
    rng = np.random.default_rng(6)
    lost = {a: calibration.losses(a, 200, rng)["lost"] for a in (0.7, 0.8, 0.85)}
    # Of 200 who lose it with 1 % chance, 7 or more do with less than 1 % chance.
    assert lost[0.85] <= lost[0.8] <= 6 / 200 and lost[0.7] > 0.8


def test_the_bench_says_what_it_was_asked_for():
    done = CliRunner().invoke(calibration.command, ["--people", "50"], catch_exceptions=False)
    assert done.exit_code == 0 and '"promote_low": 0.8' in done.output


@pytest.mark.parametrize(("n", "right"), [(0, 0), (10, 9), (40, 36), (200, 170), (30, 30)])
def test_answers_to_go_are_those_after_which_the_bound_is_reached(n, right):
    a, b = 3 + right, 1 + n - right
    mean, low = a / (a + b), beta.ppf(0.025, a, b)
    more = np.arange(FARTHEST + 1)
    bounds = beta.ppf(0.025, a + more * mean, b + more * (1 - mean))
    for target in (0.5, 0.7, 0.8, 0.85):
        (told,) = answers_to_go([mean], [low], target)
        enough = np.flatnonzero(bounds >= target - 1e-6)
        if np.isnan(told):
            assert not enough.size or mean <= target
        else:
            assert abs(told - enough[0]) <= 1


def test_beliefs_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="low"):
        answers_to_go([0.8], [0.9], 0.7)
    with pytest.raises(ValueError, match="target"):
        answers_to_go([0.8], [0.7], 1.0)
