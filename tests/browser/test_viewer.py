"""Labels of every type are shown as they are, alone and held against another, and stay so."""

import io
import json

import pytest
from PIL import Image

from ops import ontologies, storage
from ops.web import viewing
from tests.db.every_type import CASES, HEIGHT, WIDTH, floor_of

pytestmark = pytest.mark.browser

NAMES = {"before": "delivery 1", "after": "delivery 2"}
# What the list beside the medium says of the right label.
SAID = {
    "class": ["A"],
    "tags": ["A", "B"],
    "attributes": ["Colour: red", "Wet: yes"],
    "boxes": ["A", "B"],
    "polygons": ["A", "B"],
    "masks": ["A", "B"],
    "keypoints": ["A", "B"],
    "spans": ["A“Ada”", "A“Charles”", "B“London”"],
    "transcription": ["Analytical engine"],
    "rating": ["4"],
    "preference": ["A is better"],
}

# The viewers of a page, as the macro writes them; the bundle then opens them all.
_PUT = """(works) => {
  const main = document.querySelector("main");
  main.replaceChildren(...Object.entries(works).map(([name, work]) => {
    const root = document.createElement("div");
    root.className = "viewer";
    root.id = name;
    root.dataset.viewer = work;
    return root;
  }));
}"""

_SHOWN = """() => {
  const all = (root, what) => [...root.querySelectorAll(what)];
  const shown = (root) => ({
    said: all(root, ".editor-lines li").map((line) => line.textContent),
    drawn: all(root, ".editor-drawn [data-object], .editor-span").length,
    marked: all(root, ".editor-drawn [data-mark], .editor-span[data-mark]").length,
    differs: all(root, ".editor-legend li:not(.is-none)").length,
    fields: all(root, "input, textarea, [contenteditable]").length,
    medium: Boolean(root.querySelector(".editor-picture, .editor-passage")?.offsetHeight),
    busy: root.hasAttribute("aria-busy"),
  });
  return Object.fromEntries(all(document, ".viewer").map((root) => [root.id, shown(root)]));
}"""


@pytest.fixture
def works(app, make, session, settings):
    drawn = io.BytesIO()
    Image.new("RGB", (WIDTH, HEIGHT), (90, 120, 90)).save(drawn, "PNG")
    uri = storage.keep_upload(drawn.getvalue(), settings)
    client = make.user("client")
    found = {}
    for label_type, case in CASES.items():
        floor = floor_of(make, label_type, assets=1)
        floor.project.organisation_id = client.organisation_id
        asset = floor.assets[0]
        if case.picture:
            asset.uri, asset.text = uri, None
        session.commit()
        ontology = ontologies.current(session, floor.project.id)
        with app.test_request_context():
            for name, before in (("one", None), ("two", case.wrong)):
                work = viewing.work(
                    floor.project, ontology, asset, case.right, before=before, names=NAMES
                )
                found[f"{label_type}-{name}"] = json.dumps(work)
    found["client"] = client
    return found


def test_every_type_is_shown_and_cannot_be_changed(browse, works):
    page = browse(works.pop("client"), "/portal")
    page.evaluate(_PUT, works)
    page.add_style_tag(url="/static/dist/viewer.css")
    page.add_script_tag(url="/static/dist/viewer.js")
    for _ in range(100):
        shown = page.evaluate(_SHOWN)
        if all(one["medium"] and not one["busy"] for one in shown.values()):
            break
        page.wait_for_timeout(50)
    for label_type, case in CASES.items():
        alone, held = shown[f"{label_type}-one"], shown[f"{label_type}-two"]
        assert alone["said"] == held["said"] == SAID[label_type], label_type
        assert (alone["differs"], bool(held["differs"])) == (0, True), label_type
        assert alone["fields"] == held["fields"] == 0
        if case.picture or label_type == "spans":
            assert alone["drawn"] == len(SAID[label_type]), label_type
            assert (alone["marked"], bool(held["marked"])) == (0, True), label_type
    assert not any("id" in json.loads(work) for work in works.values())
