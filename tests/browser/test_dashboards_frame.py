"""The frame of the dashboards by keyboard: filters, views, alerts, a file of what is shown."""

import csv
from typing import Any

import pytest
from sqlalchemy import text

from metrics import alerts
from metrics.alerts import book
from ops.models import Project, User
from tests.browser.desk import until
from tests.history import History

pytestmark = pytest.mark.browser


def said(page: Any, selector: str, words: str) -> None:
    """Wait until such a part says these words."""
    page.locator(selector, has_text=words).first.wait_for()


def choose(page: Any, label: str, name: str) -> None:
    """Choose in a drop-down without a pointer: its field, then the letters of the choice."""
    page.get_by_label(label, exact=True).first.focus()
    page.keyboard.type(name)
    page.keyboard.press("Enter")


def test_a_lead_finds_their_way_by_keyboard(
    ninety_days: History, session, sessions, browse, tmp_path
):
    lead = session.get(User, ninety_days.lead)
    street = session.get(Project, ninety_days.projects["Street scenes"])
    book.change(session, street, "gold_exhausted", enabled=True, terms={"few": 999}, by=lead)
    session.commit()
    alerts.look(sessions)
    page = browse(lead, "/dashboards/throughput?days=90&by=labeller")
    page.set_default_timeout(30_000)
    # A filter by letters; it stands in the address and as a chip, and comes along to other pages.
    page.wait_for_selector(".js-plotly-plot")
    choose(page, "Team", "Dusk")
    said(page, ".dash-chip", "team: Dusk")
    assert f"team={ninety_days.teams['Dusk']}" in page.url
    names = _file(page, tmp_path)
    dusk = "SELECT count(*) FROM user_account WHERE team_id = :team"
    members = session.scalar(text(dusk), {"team": ninety_days.teams["Dusk"]})
    moved = 1  # who belongs to Dawn now, and did not before
    assert len(names) == members + moved
    # Kept under a name, left, opened again, deleted.
    page.locator(".dash-views-menu > summary").press("Enter")
    page.locator('.dash-views [data-field="name-0"] input').fill("Dusk at work")
    page.locator(".dash-views").get_by_text("Save", exact=True).press("Enter")
    said(page, ".dash-views", "Kept as Dusk at work.")
    page.get_by_role("navigation", name="Dashboards", exact=True).get_by_text("Alerts").press(
        "Enter"
    )
    said(page, "h1", "Alerts")
    assert "team=" in page.url, "filters rest on a page that does not use them"
    said(page, ".dash-chips", "Not used on this page: team")
    _alerts(page, session, street)
    page.locator(".dash-views-menu > summary").press("Enter")
    page.locator(".dash-views").get_by_text("Dusk at work", exact=True).press("Enter")
    said(page, "h1", "Throughput")
    said(page, ".dash-chip", "team: Dusk")
    page.get_by_text("Clear all").press("Enter")
    until(page, "() => !document.querySelector('.dash-chip')")
    page.locator(".dash-views-menu > summary").press("Enter")
    page.get_by_label("Change Dusk at work").press("Enter")
    page.locator(".dash-views").get_by_text("Delete", exact=True).press("Enter")
    said(page, ".dash-views", "Deleted.")
    assert page.locator(".dash-views").get_by_text("Dusk at work").count() == 0


def _file(page: Any, folder: Any) -> list[str]:
    with page.expect_download() as waiting:
        page.get_by_text("Download as CSV").press("Enter")
    path = folder / "throughput.csv"
    waiting.value.save_as(path)
    return [row["Labeller"] for row in csv.DictReader(path.read_text().splitlines())]


def _alerts(page: Any, session: Any, street: Project) -> None:
    """Seen: it leaves the top, and stands; thresholds are set in words and numbers."""
    strip = page.locator("#alerts-strip")
    before = strip.get_by_text("Seen", exact=True).count()
    assert before >= 1
    strip.get_by_text("Seen", exact=True).first.press("Enter")
    for _ in range(100):
        if _seen(session):
            break
        page.wait_for_timeout(50)
    assert _seen(session) == 1
    choose(page, "Project", "Street scenes")
    said(page, ".dash-thresholds", "Gold exhausted")
    form = page.get_by_role("region", name="Gold exhausted")
    form.get_by_label("Fewer unmet gold than this").fill("0")
    form.get_by_text("Save", exact=True).press("Enter")
    said(page, ".dash-thresholds", "few:")
    form.get_by_label("Fewer unmet gold than this").fill("7")
    form.get_by_text("Save", exact=True).press("Enter")
    said(page, ".dash-thresholds", "Saved.")
    session.rollback()
    assert book.of_project(session, street.id)["gold_exhausted"][1].few == 7


def _seen(session: Any) -> int:
    session.rollback()
    return session.scalar(text("SELECT count(*) FROM alert_firing WHERE seen_at IS NOT NULL"))
