"""The map of embeddings under the hands of a lead: by keys, by the mouse, and on to review."""

import pytest
from sqlalchemy import text

from metrics import studies
from ops.models import User
from quality.measures import mapping

pytestmark = pytest.mark.browser


def test_points_are_walked_to_drawn_around_and_sent_to_review(
    ninety_days, session, sessions, settings, monkeypatch, browse
):
    monkeypatch.setenv("TOUCHSTONE_HOME", str(settings.home))
    monkeypatch.setattr(mapping, "SAMPLE", 30)
    studies.due(sessions)
    studies.run(sessions, ninety_days.models["eye"], "map")
    page = browse(session.get_one(User, ninety_days.lead), "/dashboards/map")
    face = page.locator(".dash-map-face canvas")
    face.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    name = page.locator(".dash-tip strong").inner_text()
    newest = text(
        "SELECT a.id, 'labelled ' || (c.label ->> 'class') AS said FROM asset a JOIN consensus c "
        "ON c.asset_id = a.id WHERE a.external_id = :name ORDER BY c.version DESC LIMIT 1"
    )
    _, said = session.execute(newest, {"name": name}).one()
    assert said in page.locator(".dash-tip").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_selector("#map-chosen .dash-shot")
    assert page.locator("#map-chosen .dash-name").all_inner_texts() == [name]
    # All of the map with one line around it.
    box = face.bounding_box()
    corners = [(0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in [*places[1:], places[0]]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()
    page.wait_for_selector("text=500 chosen, 48 of them shown; more than 500 at once")
    suspects = text(
        "SELECT count(*) FROM label_score WHERE suspect AND outcome IS NULL AND run_id = :run"
    )
    n = session.scalar(suspects, {"run": max(ninety_days.runs)})
    page.select_option("[data-field='map-take'] select", label=f"Suspects: Suspect ({n})")
    page.wait_for_selector(f"#map-chosen >> text={n} chosen")
    reviews = text("SELECT count(*) FROM task WHERE stage = 'review'")
    before = session.scalar(reviews)
    page.click("text=Send to review")
    page.wait_for_selector(".dash-ask >> text=will go to reviewers")
    page.click(".dash-ask .btn-primary")
    page.wait_for_selector(".dash-told >> text=Sent to review")
    session.rollback()
    assert 0 < session.scalar(reviews) - before <= n
