"""The pages of re-scoring in a browser: started, watched, its suspects drawn, two runs compared."""

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ops import storage
from quality.rescoring import job, runs

pytestmark = pytest.mark.browser
CLASSES = ["ball", "crate"]
COLOURS = {"ball": (214, 120, 40), "crate": (70, 110, 160)}


def picture(objects, size):
    drawn = Image.new("RGB", size, (236, 232, 224))
    pen = ImageDraw.Draw(drawn)
    for one in objects:
        x, y, w, h = one["box"]
        shape = pen.ellipse if one["class"] == "ball" else pen.rectangle
        shape((x, y, x + w, y + h), fill=COLOURS[one["class"]])
    out = io.BytesIO()
    drawn.save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def labelled(make, session, settings):
    """40 pictures of balls and crates; three labels are wrong, in three ways."""
    floor = make.floor(assets=0, labellers=0, label_type="boxes", medium="image", classes=CLASSES)
    floor.lead = make.member(floor.project, make.user(role="ops_lead"))
    rng = np.random.default_rng(2)
    floor.seen = []
    for n in range(40):
        width, height = (320, 220) if n % 3 else (220, 320)
        objects = [
            {
                "id": str(i),
                "class": CLASSES[int(rng.integers(2))],
                "box": [float(x + rng.integers(20)), float(y + rng.integers(20)), 70.0, 60.0],
            }
            for i, (x, y) in enumerate([(10, 20), (110, 120)])
        ]
        uri = storage.keep_upload(picture(objects, (width, height)), settings)
        asset = make.assets(floor.batch, 1, text=None, uri=uri, width=width, height=height)[0]
        given = [dict(one) for one in objects]
        if n == 4:
            given[0]["class"] = CLASSES[1 - CLASSES.index(given[0]["class"])]
        elif n == 9:
            del given[1]
        elif n == 20:
            given.append({"id": "2", "class": "ball", "box": [10.0, 140.0, 60.0, 60.0]})
        make.decided(asset, label={"objects": given})
        said = {"objects": [{**one, "score": 0.97} for one in objects]}
        floor.seen.append({"external_id": asset.external_id, "label": said})
    session.commit()
    return floor


def shot(page, name):
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_a_lead_gives_predictions_and_finds_what_is_wrong(
    labelled, browse, traps, sessions, session, tmp_path
):
    page = browse(labelled.lead, f"/projects/{labelled.project.id}/references")
    # A form that is refused is answered with 422, which a browser notes.
    traps.expect("422")
    bad, good = tmp_path / "bad.jsonl", tmp_path / "good.jsonl"
    lines = [json.dumps(line) for line in labelled.seen]
    good.write_text("\n".join(lines))
    bad.write_text("\n".join([*lines[:3], json.dumps({**labelled.seen[3], "confidence": 7})]))
    form = page.locator("form").filter(has_text="Keep predictions")
    form.locator("#predictions-name").fill("Shape finder")
    form.locator("#predictions-file").set_input_files(str(bad))
    form.get_by_role("button", name="Keep predictions").click()
    assert page.get_by_text("Nothing was kept").is_visible()
    shot(page, "references-refused")
    form = page.locator("form").filter(has_text="Keep predictions")
    form.locator("#predictions-file").set_input_files(str(good))
    form.get_by_role("button", name="Keep predictions").click()
    page.get_by_text("speaks of 40 assets").wait_for()
    shot(page, "references")

    page.goto(f"/batches/{labelled.batch.id}/rescoring")
    page.select_option("#model", index=1)
    shot(page, "rescoring-start")
    page.get_by_role("button", name="Start re-scoring").click()
    page.get_by_text("Waiting for a worker of the queue").wait_for()
    shot(page, "rescoring-queued")
    run = runs.active(session, labelled.batch.id)
    job.run(sessions, run.id)
    # The page looks again by itself, and then shows everything.
    page.get_by_role("heading", name="Suspects, the worst first").wait_for(timeout=10_000)
    assert page.locator("figure").count() == 3
    assert page.locator("rect.box-seen").count() >= 2
    assert page.get_by_text("Something is missing").first.is_visible()
    shot(page, "rescoring-run")

    page.goto(f"/batches/{labelled.batch.id}/rescoring")
    page.get_by_role("button", name="Start re-scoring").click()
    page.get_by_text("Waiting for a worker of the queue").wait_for()
    session.expire_all()
    second = runs.active(session, labelled.batch.id)
    page.goto("about:blank")  # nothing polls a run that is compared below
    job.run(sessions, second.id)
    page.goto(f"/rescore-runs/{run.id}/compare/{second.id}")
    assert page.get_by_role("heading", name="Labels whose quality moved most").is_visible()
    shot(page, "rescoring-compare")
    page.goto(f"/rescore-runs/{second.id}")
    # Without a model the objects themselves were looked at: what is a ball, what a crate.
    assert page.get_by_text("looks like").first.is_visible()
    shot(page, "rescoring-objects")
    page.goto(f"/batches/{labelled.batch.id}/rescoring")
    shot(page, "rescoring-list")
