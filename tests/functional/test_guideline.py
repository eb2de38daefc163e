"""Guidelines over HTTP: published, compared, read at the desk, required before the next task."""

import re
from typing import Any

import pytest

from ops import guidelines

DESK = "/api/v1/desk"
HOSTILE = "Choose <img src=x onerror=alert(1)> & **one**.\n\n<script>alert(1)</script>"


@pytest.fixture
def floor(make: Any, session: Any, client_for: Any) -> Any:
    floor = make.floor(assets=4)
    floor.lead = make.member(floor.project, make.user("ops_lead"))
    guidelines.publish(session, floor.project, "Choose the larger one.\n\nTake care.", floor.lead)
    session.commit()
    floor.api = f"/api/v1/projects/{floor.project.id}/guideline"
    floor.page = f"/projects/{floor.project.id}/guideline"
    floor.run, floor.desk = client_for(floor.lead), client_for(floor.labellers[0])
    return floor


def next_(client: Any, **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = client.post(f"{DESK}/next", json={"tab": "t", **more}).json
    return said


def test_published_by_the_api_and_read_at_the_desk(floor: Any) -> None:
    held = next_(floor.desk)["work"]
    changed = "Choose the smaller one.\n\nTake care.\n\nAnd skip."
    made = floor.run.put(floor.api, json={"markdown": changed, "must_read": True}).json
    assert made == {"version": 2, "markdown": changed, "must_read": True}

    # What is on the desk stays; nothing new comes before it was read.
    assert next_(floor.desk)["work"]["token"] == held["token"]
    empty = next_(floor.desk, exclude=[held["token"]])["empty"]
    assert empty["guideline"] == {"project": floor.project.id, "version": 2}
    assert empty["reason"].endswith("read version 2 to go on.")
    brief = floor.desk.get(f"{DESK}/{held['token']}/brief").json["guideline"]
    assert (brief["version"], brief["read"]) == (2, 0)

    now = floor.desk.get(f"{DESK}/guideline/{floor.project.id}").json
    assert (now["version"], now["read"], now["compared_with"], now["must_read"]) == (2, 0, 1, True)
    assert "<del>larger</del><ins>smaller</ins>" in now["changes"]
    said = {"project": floor.project.id, "version": 2}
    assert floor.desk.post(f"{DESK}/guideline", json=said).json == {"read": 2, "must_read": False}
    assert next_(floor.desk, exclude=[held["token"]])["work"] is not None
    assert floor.desk.get(f"{DESK}/guideline/{floor.project.id}").json["changes"] is None
    [newest, first] = floor.run.get(f"{floor.api}/versions").json["versions"]
    assert (newest["by"], newest["must_read"], newest["read_by"], newest["labellers"]) == (
        floor.lead.name, True, 1, 1,
    )  # fmt: skip
    assert (first["version"], first["must_read"], first["read_by"]) == (1, False, 1)


def test_what_the_desk_refuses(floor: Any, make: Any, client_for: Any) -> None:
    mine = floor.project.id
    for body in ({"project": mine, "version": 2}, {"project": mine, "version": 0},
                 {"project": mine, "version": "1"}, {"project": mine}):  # fmt: skip
        assert floor.desk.post(f"{DESK}/guideline", json=body).status_code == 422
    stranger = client_for("labeller")
    assert (
        stranger.post(f"{DESK}/guideline", json={"project": mine, "version": 1}).status_code == 404
    )
    assert stranger.get(f"{DESK}/guideline/{mine}").status_code == 404
    assert stranger.get(f"/desk/guideline/{mine}").status_code == 404
    empty = make.floor()
    make.session.commit()
    worker = client_for(empty.labellers[0])
    assert worker.get(f"{DESK}/guideline/{empty.project.id}").status_code == 404


def test_two_versions_are_compared_in_pieces(floor: Any) -> None:
    floor.run.put(floor.api, json={"markdown": "Choose the smaller one.\n\nTake care."})
    found = floor.run.get(f"{floor.api}/changes?before=1&after=2").json
    assert [block["kind"] for block in found["blocks"]] == ["changed", "kept"]
    assert found["blocks"][0]["pieces"] == [
        {"kind": "kept", "text": "Choose the "}, {"kind": "removed", "text": "larger"},
        {"kind": "added", "text": "smaller"}, {"kind": "kept", "text": " one."},
    ]  # fmt: skip
    assert floor.run.get(f"{floor.api}/changes?before=1&after=3").status_code == 404
    assert floor.run.get(f"{floor.api}/changes?before=1").status_code == 422


def test_the_page_requires_reading_by_default_once_one_is_in_force(
    floor: Any, make: Any, session: Any, client_for: Any
) -> None:
    ticked = r'name="must_read" value="1"( checked)?'
    assert re.search(ticked, floor.run.get(floor.page).text).group(1) == " checked"
    first = make.project()
    make.member(first, floor.lead)
    session.commit()
    page = floor.run.get(f"/projects/{first.id}/guideline").text
    assert re.search(ticked, page).group(1) is None
    form = {"markdown": "Choose the smaller one.", "must_read": "1"}
    assert floor.run.post(floor.page, data=form).status_code == 303
    page = floor.run.get(floor.page).text
    assert "must be read" in page and "0 of 1 labeller" in page
    said = floor.run.post(floor.page, data={"markdown": "Choose the smallest one."})
    assert said.status_code == 303
    session.refresh(floor.project)
    assert floor.project.guideline_due == 2


def test_the_labellers_page_shows_what_changed_and_takes_the_word(floor: Any, session: Any) -> None:
    next_(floor.desk)
    guidelines.publish(session, floor.project, "Choose the smaller one.", None, must_read=True)
    session.commit()
    notices = floor.desk.get("/notices").text
    at = f"/desk/guideline/{floor.project.id}"
    assert at in notices
    page = floor.desk.get(at).text
    assert "What changed since version 1" in page and "<del>larger</del>" in page
    assert floor.desk.post(at, data={"version": "9"}).status_code == 422
    assert floor.desk.post(at, data={"version": "2"}).location == "/desk"
    page = floor.desk.get(at).text
    assert "You said that you have read this version." in page
    assert "What changed" not in page


def test_markup_stays_text_in_what_changed(floor: Any, session: Any) -> None:
    next_(floor.desk)
    guidelines.publish(session, floor.project, HOSTILE, None, must_read=True)
    guidelines.publish(session, floor.project, HOSTILE.replace("one", "<u>two</u>"), None)
    session.commit()
    shown = floor.desk.get(f"{DESK}/guideline/{floor.project.id}").json
    pages = [shown["changes"], shown["html"], floor.run.get(f"{floor.page}/changes").text,
             floor.desk.get(f"/desk/guideline/{floor.project.id}").text]  # fmt: skip
    for text in pages:
        assert "<u>" not in text and "<img src=x" not in text and "<script>alert" not in text
    assert "&lt;u&gt;" in pages[2]
