"""The kernels on torch give what the compiled kernels give, to the last bit."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.measures import matching
from quality.rescoring import kernels
from tests.unit.test_matching import scene

DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU of CUDA"),
    ),
]


def same(of, **options):
    aware = {"class_aware": options.pop("class_aware", True)}
    ours, theirs = matching.match(**of, **aware), kernels.match(**of, **aware, **options)
    for name, a, b in zip(ours._fields, ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=name)
        assert a.dtype == b.dtype, name


@pytest.mark.parametrize("place", DEVICES)
@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    class_aware=st.booleans(),
    pairs=st.sampled_from([1, 7, 60, 2**20]),
    most=st.integers(0, 14),
)
def test_matches_are_those_of_the_compiled_kernel(place, seed, class_aware, pairs, most):
    same(scene(seed, 5, most), class_aware=class_aware, pairs=pairs, place=place)


@pytest.mark.parametrize("place", DEVICES)
@pytest.mark.parametrize("pairs", [2**15, 2**22])
def test_a_large_set_is_matched_alike(place, pairs):
    large = scene(5, images=1500, most=40, side=600, classes=4)
    same(large, place=place, pairs=pairs)
    same(large | {"thresholds": np.linspace(0.5, 0.95, 10)}, place=place, class_aware=False)


@pytest.mark.parametrize("place", DEVICES)
def test_far_from_the_origin_single_precision_misses_nobody(place):
    of = scene(6, images=200, most=12, classes=1)
    for name in ("truth_boxes", "detection_boxes"):
        of[name] = of[name] * [1e-3, 1e-3, 1e-3, 1e-3] + [1e6, 1e6, 0, 0]
    assert (matching.match(**of).truth >= 0).sum() > 50
    same(of, place=place)


@pytest.mark.parametrize("place", DEVICES)
def test_many_equal_boxes_on_one_image_are_worked_off_in_parts(place):
    n = 300
    box, kind = np.tile([10.0, 10, 20, 20], (n, 1)), np.zeros(n, int)
    score = np.random.default_rng(0).random(n)
    of = dict(
        zip(("truth_boxes", "truth_class", "detection_boxes", "detection_class", "score",
             "truth_start", "detection_start", "thresholds"),
            (box, kind, box, kind, score, [0, n], [0, n], [0.5, 1.0]), strict=True)
    )  # fmt: skip
    same(of, place=place, pairs=1000)
    same(of, place=place)


def test_what_is_wrong_is_named():
    with pytest.raises(ValueError, match="pairs"):
        kernels.match(**scene(0), pairs=0)
    with pytest.raises(ValueError, match="score"):
        kernels.match(**scene(3) | {"score": [2.0]})
