"""The benchmarks of judging run, agree with what they are compared to, and name what is absent."""

import json

import pytest
from click.testing import CliRunner

from benchmarks import planted, quality


def printed(command, *arguments):
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_quality_agrees_with_its_peers():
    only = [word for part in ("ap", "matching", "gpu") for word in ("--only", part)]
    found = printed(quality.command, "--scale", "0.003", *only)
    assert set(found) == {"machine", "scale", "missing", "ap", "matching", "gpu"}
    for kind in ("bbox", "segm"):
        ap = found["ap"][kind]["ap"]
        assert ap["ours"] == pytest.approx(ap["pycocotools"], abs=1e-6)
        assert ("hotcoco" in ap) == ("hotcoco" not in found["missing"])
    assert found["matching"]["loop_agrees"]
    assert found["matching"]["torch_agrees"]
    assert (found["gpu"]["device"] is None) == (found["machine"]["gpu"] is None)


def test_rescoring_is_timed_over_all_labels():
    found = printed(quality.command, "--scale", "0.003", "--only", "rescoring", "--processes", "1")[
        "rescoring"
    ]
    assert found["images"] == 300
    assert 0 < found["suspects"] < 300
    assert found["seconds"] > 0
    assert found["peak_mb_of_the_run"] > 10


def test_planted_errors_are_ranked_beside_objectlab():
    found = printed(planted.command, "--images", "150", "--peer-images", "50", "--only", "good")
    reference = found["references"]["good"]
    by_type = reference["ours"]["average_precision"]
    assert set(by_type) == {"wrong class", "low overlap", "extra", "missing"}
    assert all(0 <= one["ap"] <= 1 and one["n"] > 0 for one in by_type.values())
    theirs = reference["same_images"]["objectlab"]
    for name, one in reference["same_images"]["ours"].items():
        assert theirs[name]["n"] == one["n"]
