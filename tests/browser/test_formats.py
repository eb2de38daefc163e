"""Labels of another tool come in through the page and go out in a format that loses some."""

import io
import json
import os
import zipfile
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("TOUCHSTONE_SCREENSHOTS")


def look(page, name):
    """Keep a picture of the page for whoever asked for one."""
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def sent():
    """A zip as CVAT exports it: annotations.xml and the pictures."""
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(picture, "PNG")
    box = '<box label="A" occluded="1" xtl="20" ytl="10" xbr="40.5" ybr="20" rotation="30"/>'
    xml = f'<annotations><image name="a.png" width="64" height="48">{box}</image></annotations>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("annotations.xml", xml)
        archive.writestr("images/a.png", picture.getvalue())
    return {"name": "cvat.zip", "mimeType": "application/zip", "buffer": out.getvalue()}


def test_labels_come_in_and_what_a_format_loses_is_shown(browse, make, session):
    project = make.project(medium="image", label_type="boxes", classes="ab")
    lead = make.member(project, make.user(role="ops_lead"))
    session.commit()
    page = browse(lead, f"/projects/{project.id}/import")
    page.set_input_files("#table", sent())
    page.select_option("#labels", "predictions")
    look(page, "import_predictions")
    page.wait_for_selector("#model", state="visible")
    page.select_option("#labels", "labels")
    page.wait_for_selector("#model", state="hidden")
    look(page, "import_labels")
    page.get_by_role("button", name="Import file").click()
    page.wait_for_selector("text=1 new, 0 already there, 1 labelled")
    assert page.locator("text=attribute occluded").count() == 1
    look(page, "imported")
    page.goto("/batches")
    page.locator("a[href^='/batches/']").first.click()
    page.get_by_role("link", name="Other formats").click()
    page.get_by_role("link", name="Pascal VOC").click()
    page.wait_for_selector("text=the upright box around them is written")
    look(page, "formats")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert json.loads(archive.read("losses.json"))
        assert b"<filename>a.png</filename>" in archive.read("Annotations/a.xml")
