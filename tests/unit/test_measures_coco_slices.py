"""Average precision of a slice of the images against pycocotools on these images alone."""

import contextlib
import io
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wsgi
from quality.evaluation import run
from quality.measures import coco_eval, coco_slices
from tests.unit.test_evaluate import KINDS, files


def oracle(truths, results, kind, images):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        known = COCO(str(truths))
        judged = COCOeval(known, known.loadRes(str(results)), kind)
        judged.params.imgIds = images
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    return judged.stats


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), n=st.integers(1, 40), m=st.integers(1, 80))
def test_every_figure_of_a_slice_is_that_of_pycocotools(kind, seed, n, m, tmp_path):
    path = files(tmp_path, seed, n, m, 6, 2)
    results = tmp_path / f"{kind}.json"
    known, found = run.read(path, results, kind)
    terms = run.terms_of(kind)
    slice_of = np.arange(6) % 2
    overlaps = run._OVERLAPS[kind](known, found)
    parts = coco_slices.of_slices(
        known.truths, found.detections, overlaps, len(known.classes), slice_of, 2, terms
    )
    for k, part in enumerate(parts):
        images = [int(i) for i, code in known.images.items() if slice_of[code] == k]
        figures = np.nan_to_num(coco_eval.figures(part, terms), nan=-1.0)
        assert figures == pytest.approx(oracle(path, results, kind, images), abs=1e-6)


def test_the_command_says_it_by_a_field_of_the_images(tmp_path, capsys):
    path = files(tmp_path, 3, 30, 60, 6, 2)
    content = json.loads(path.read_text())
    for i, image in enumerate(content["images"]):
        if i < 5:
            image.update({"light": "day" if i % 2 else "night", "lens": [1]})
    path.write_text(json.dumps(content))
    arguments = ["evaluate", str(path), str(tmp_path / "bbox.json"), "--by"]
    wsgi.cli([*arguments, "light", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["field"] == "light"
    assert list(told["values"]) == ["", "day", "night"]
    for value, found in told["values"].items():
        images = [x["id"] for x in content["images"] if x.get("light", "") == value]
        expected = oracle(path, tmp_path / "bbox.json", "bbox", images)
        assert found["stats"] == pytest.approx(expected, abs=1e-6)
    wsgi.cli([*arguments, "light"])
    shown = capsys.readouterr().out
    assert "light: day" in shown and "light: none" in shown
    for field, said in (("lens", "single value"), ("weather", "no image has it")):
        with pytest.raises(SystemExit):
            wsgi.cli([*arguments, field])
        assert said in capsys.readouterr().err


def test_a_slice_without_images_is_undefined(tmp_path):
    path = files(tmp_path, 1, 5, 5, 2, 1)
    known, found = run.read(path, tmp_path / "bbox.json", "bbox")
    overlaps = run._OVERLAPS["bbox"](known, found)
    parts = coco_slices.of_slices(known.truths, found.detections, overlaps, 1, [0, 0], 2)
    assert np.isnan(coco_eval.figures(parts[1], coco_eval.REGIONS)).all()
    with pytest.raises(ValueError, match="slice_of"):
        coco_slices.of_slices(known.truths, found.detections, overlaps, 1, [0, 2], 2)
