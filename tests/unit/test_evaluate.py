"""Average precision equals pycocotools on drawn and on real files; faults name file and field."""

import contextlib
import io
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wsgi
from ops.errors import InvalidInput
from quality.evaluation import run
from quality.measures import coco_eval

KINDS = ("bbox", "segm", "keypoints")
SIDE = 200


def oracle(truths, results, kind):
    """The figures of pycocotools itself."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        known = COCO(str(truths))
        judged = COCOeval(known, known.loadRes(str(results)), kind)
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    return judged.stats


def ours(truths, results, kind):
    _, found = run.evaluate(truths, results, kind)
    return np.nan_to_num(coco_eval.figures(found, run.terms_of(kind)), nan=-1.0)


def box(rng):
    x, y = rng.integers(0, SIDE - 2, 2)
    w, h = (int(rng.integers(0, SIDE - a)) for a in (x, y))
    return [int(x), int(y), w, h]  # some without any area, some along the border


def polygon(b):
    x, y, w, h = b
    return [[x, y, x + w, y, x + w, y + h, x, y + h, x + w / 2, y + h / 2]]  # crosses itself


def rle(polygons):
    from pycocotools import mask

    found = mask.merge(mask.frPyObjects(polygons, SIDE, SIDE))
    return found | {"counts": found["counts"].decode()}


def item(rng, i, scored, images, classes):
    b = box(rng)
    points = np.concatenate([rng.integers(0, SIDE, (17, 2)), rng.integers(0, 3, (17, 1))], axis=1)
    if not scored and rng.random() < 0.2:
        points[:, 2] = 0
    one = {
        "id": i + 1,
        "image_id": int(rng.integers(1, images + 1)) * 7,
        "category_id": int(rng.integers(1, classes + 1)) * 3,
    }
    # Few distinct scores: ties must fall as they do in pycocotools.
    one |= {"score": float(rng.integers(0, 5)) / 4} if scored else {}
    shape = {"bbox": b, "segmentation": polygon(b), "keypoints": points.ravel().tolist()}
    if scored:
        return one, shape
    crowd = int(rng.random() < 0.2)
    labelled = int((points[:, 2] > 0).sum())
    return one | {"area": b[2] * b[3] * 1.0, "iscrowd": crowd, "num_keypoints": labelled}, shape


def files(folder, seed, n_truths, n_results, images, classes):
    rng = np.random.default_rng(seed)
    truths = [item(rng, i, False, images, classes) for i in range(n_truths)]
    # Half of the results lie near some truth, or exactly on it.
    results = []
    for i in range(n_results):
        one, shape = item(rng, i, True, images, classes)
        if truths and rng.random() < 0.6:
            like, seen = truths[int(rng.integers(len(truths)))]
            moved = [
                max(0, int(v + rng.integers(-6, 7) * (rng.random() < 0.7))) for v in seen["bbox"]
            ]
            one |= {k: like[k] for k in ("image_id", "category_id")}
            near = np.array(seen["keypoints"]) + rng.integers(-3, 4, 51)
            shape = {"bbox": moved, "segmentation": polygon(moved), "keypoints": near.tolist()}
        results.append((one, shape))
    known = {
        "images": [{"id": 7 * (i + 1), "height": SIDE, "width": SIDE} for i in range(images)],
        "categories": [{"id": 3 * (c + 1), "name": f"class {c}"} for c in range(classes)],
        "annotations": [one | shape for one, shape in truths],
    }
    (folder / "truths.json").write_text(json.dumps(known))
    for kind, field in zip(KINDS, ("bbox", "segmentation", "keypoints"), strict=True):
        told = [one | {field: shape[field]} for one, shape in results]
        if kind == "segm":
            told = [one | {field: rle(one[field])} for one in told]
        (folder / f"{kind}.json").write_text(json.dumps(told))
    return folder / "truths.json"


@pytest.mark.parametrize("kind", KINDS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 2**32),
    n_truths=st.integers(1, 40),
    n_results=st.integers(1, 120),
    images=st.integers(1, 4),
    classes=st.integers(1, 3),
)
def test_every_figure_is_that_of_pycocotools(
    kind, seed, n_truths, n_results, images, classes, tmp_path
):
    truths = files(tmp_path, seed, n_truths, n_results, images, classes)
    results = tmp_path / f"{kind}.json"
    assert ours(truths, results, kind) == pytest.approx(oracle(truths, results, kind), abs=1e-6)


def test_more_results_than_count_in_one_image(tmp_path):
    truths = files(tmp_path, 3, 300, 900, 1, 1)
    for kind in KINDS:
        results = tmp_path / f"{kind}.json"
        assert ours(truths, results, kind) == pytest.approx(oracle(truths, results, kind), abs=1e-6)


@pytest.mark.parametrize("kind", ["bbox", "segm"])
@pytest.mark.parametrize(
    "names",
    [
        ("instances_val2014_100.json", "instances_val2014_fakebbox100_results.json"),
        ("tiny/gt_dataset.json", "tiny/dt_dataset.json"),
    ],
)
def test_real_files(shared_data, kind, names):
    truths, results = (shared_data / "coco_val2014_100" / name for name in names)
    assert ours(truths, results, kind) == pytest.approx(oracle(truths, results, kind), abs=1e-6)


def test_ids_that_are_texts_here_and_numbers_there_are_one(shared_data, tmp_path):
    folder = shared_data / "coco_val2014_100" / "tiny"
    content = json.loads((folder / "gt_ignore_test.json").read_text())
    for part, field in (("images", "id"), ("annotations", "image_id")):
        for one in content[part]:
            one[field] = int(one[field])
    even = tmp_path / "even.json"
    even.write_text(json.dumps(content))
    results = folder / "dt_ignore_test.json"
    found = ours(folder / "gt_ignore_test.json", results, "bbox")
    assert found == pytest.approx(oracle(even, results, "bbox"), abs=1e-6)


def test_nothing_found_is_zero_and_nothing_known_is_undefined(tmp_path):
    truths = files(tmp_path, 1, 5, 5, 1, 1)
    (tmp_path / "none.json").write_text("[]")
    for kind in KINDS:
        assert ours(truths, tmp_path / "none.json", kind)[0] == 0.0
    content = json.loads(truths.read_text())
    truths.write_text(json.dumps(content | {"annotations": []}))
    for kind in ("bbox", "segm"):
        assert set(ours(truths, tmp_path / f"{kind}.json", kind)) == {-1.0}


@pytest.fixture
def call(capsys):
    """Run the command as a shell would: (status, what it printed, what it complained of)."""

    def run_it(*arguments):
        code = 0
        try:
            wsgi.cli(["evaluate", *map(str, arguments)])
        except SystemExit as ended:
            code = ended.code or 0
        return code, *capsys.readouterr()

    return run_it


def test_the_command_prints_figures(tmp_path, call):
    truths, results = files(tmp_path, 5, 20, 40, 2, 2), tmp_path / "bbox.json"
    code, out, _ = call(truths, results, "--json")
    stats = json.loads(out)["stats"]
    assert code == 0
    assert stats == pytest.approx(oracle(truths, results, "bbox"), abs=1e-6)
    _, table, _ = call(truths, results)
    assert f"{stats[0]:.4f}" in table
    assert "class 1" in table


@pytest.mark.parametrize(
    ("part", "change", "said"),
    [
        ("annotations", lambda a: a[1].pop("bbox"), "annotations[1]: Object missing required"),
        ("annotations", lambda a: a[0].update(bbox=[1, 2, 3]), "[0].bbox: Expected `array` of len"),
        ("annotations", lambda a: a[2].update(area="big"), "[2].area: Expected `float`, got `str`"),
        ("annotations", lambda a: a[0].update(image_id=5), "[0].image_id: no image of the truths"),
        ("annotations", lambda a: a[0].pop("category_id"), "missing required field `category_id`"),
        ("images", lambda i: i.append(i[0]), "images: two have one id"),
        ("categories", lambda c: c[0].pop("id"), "categories[0]: Object missing required"),
    ],
)
def test_a_fault_names_the_object_and_the_field(tmp_path, part, change, said):
    truths = files(tmp_path, 2, 5, 5, 1, 1)
    content = json.loads(truths.read_text())
    change(content[part])
    truths.write_text(json.dumps(content))
    with pytest.raises(InvalidInput) as caught:
        run.evaluate(truths, tmp_path / "bbox.json", "bbox")
    assert said in str(caught.value)


def test_results_for_an_unknown_image_are_refused(tmp_path):
    truths = files(tmp_path, 2, 5, 5, 1, 1)
    told = json.loads((tmp_path / "bbox.json").read_text())
    told[3]["image_id"] = 99
    (tmp_path / "bbox.json").write_text(json.dumps(told))
    with pytest.raises(InvalidInput, match="no image of the truths has the id 99"):
        run.evaluate(truths, tmp_path / "bbox.json", "bbox")


def test_what_is_no_json_is_one_line(tmp_path, call):
    (tmp_path / "broken.json").write_text("{")
    for name, said in (("broken.json", "is not JSON"), ("missing.json", "No such file")):
        code, _, complaint = call(tmp_path / name, "x")
        assert code == 2
        assert said in complaint
        assert complaint.count("\n") == 1


def test_run_lengths_may_end_early_and_never_run_over(tmp_path):
    truths = files(tmp_path, 3, 10, 20, 1, 1)
    known = ours(truths, tmp_path / "segm.json", "segm")
    told = json.loads((tmp_path / "segm.json").read_text())
    whole = [one["segmentation"]["counts"] for one in told]
    for one in told:  # without their last run, which is background
        pixels = uncompressed(one["segmentation"])
        one["segmentation"]["counts"] = pixels[:-1] if len(pixels) % 2 and pixels[1:] else pixels
    (tmp_path / "short.json").write_text(json.dumps(told))
    assert ours(truths, tmp_path / "short.json", "segm") == pytest.approx(known)
    for wrong in ("~~~", whole[0] + "o" * 8, ""):
        told[4]["segmentation"]["counts"] = wrong
        (tmp_path / "wrong.json").write_text(json.dumps(told))
        with pytest.raises(InvalidInput, match=r"\[4\].segmentation"):
            run.evaluate(truths, tmp_path / "wrong.json", "segm")


def uncompressed(shape):
    """The runs themselves, by the rules of cocoapi."""
    found, value, shift = [], 0, 0
    for letter in shape["counts"]:
        digit = ord(letter) - 48
        value |= (digit & 31) << shift
        shift += 5
        if not digit & 32:
            value -= (1 << shift) if digit & 16 else 0
            found.append(value + (found[-2] if len(found) > 2 else 0))
            value, shift = 0, 0
    return found
