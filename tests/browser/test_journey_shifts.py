"""A week of a team from hours to plan, an absence asked and granted, in a real browser."""

from datetime import timedelta
from typing import Any

import pytest

from ops import clock_time, teams
from ops.local_time import monday, zone_named

pytestmark = pytest.mark.browser


def test_a_lead_plans_a_week_and_grants_what_a_labeller_asks(
    browse: Any, make: Any, session: Any, traps: Any
) -> None:
    admin, lead = make.user(role="admin"), make.user(role="expert", name="Lena Lead")
    team = teams.create(session, "Dawn", by=admin)
    teams.appoint(session, team, lead, by=admin)
    who = make.user(name="Amara Costa", team_id=team.id, timezone="Asia/Kolkata")
    make.user(name="Bruno Dahl", team_id=team.id)
    stranger = make.user(name="Zoe Elsewhere")
    session.commit()
    week = monday(clock_time.now().astimezone(zone_named("UTC")).date()) + timedelta(days=7)
    tuesday = week + timedelta(days=1)

    traps.expect("422 (UNPROCESSABLE")
    hers = browse(who, "/desk")
    hers.click(".person-button")
    hers.click("text=My hours")
    hers.fill("#day0", "9-13")
    hers.fill("#day1", "22:00-06:00")
    hers.fill("#day3", "noon")
    hers.click("text=Save my hours")
    assert "Write hours as" in hers.inner_text("#day3-fault")
    hers.fill("#day3", "")
    hers.click("text=Save my hours")
    hers.wait_for_selector("text=Your hours hold from")

    his = browse(lead, "/hours")
    his.click("text=Teams I lead")
    assert stranger.name not in his.content()
    his.click("a[aria-label='Plan of Dawn']")
    his.goto(f"/teams/{team.id}/plan?week={week}&zone=Asia/Kolkata")
    his.click("text=Plan from their hours")
    assert his.inner_text("#draft") == "2 shifts, 12 h, for 1 person"
    assert "Bruno Dahl: has given no hours for this week" in his.inner_text(".plan-draft")
    # The night shift lies on two days.
    assert (
        his.locator(".plan .plan-new").count() == 3 and not his.locator(".plan-shift").count() > 1
    )
    his.click("text=Plan them")
    his.wait_for_selector("text=2 shifts are planned for one person")
    row = his.locator("tr", has_text="Amara Costa")
    assert [" ".join(t.split()) for t in row.locator(".plan-line").all_inner_texts()] == [
        "Amara Costa: 09:00–13:00", "Amara Costa: 22:00–06:00",
    ]  # fmt: skip
    assert row.locator(".plan-open").count() == 3

    hers.goto("/hours")
    assert hers.locator("section", has_text="My shifts").locator("li").count() == 2
    hers.fill("#first_day", str(tuesday))
    hers.fill("#last_day", str(tuesday))
    hers.fill("#note", "A wedding")
    hers.click("text=Ask for these days")
    hers.wait_for_selector("text=Your lead is told")

    his.goto("/notices")
    his.click("text=Amara Costa asks to be away")
    his.wait_for_selector("main >> text=A wedding")
    his.click("button:text-is('Grant')")
    his.wait_for_selector("text=granted.")
    his.goto(f"/teams/{team.id}/plan?week={week}&zone=Asia/Kolkata")
    assert row.locator("td").nth(1).locator(".plan-off").count() == 1
    assert "holiday" in row.locator("td").nth(1).inner_text()
    # A shift is moved by her clock, whatever is shown.
    row.locator(".plan-line").first.click()
    assert his.input_value("#begins") == "09:00"
    his.fill("#begins", "10:00")
    his.fill("#ends", "15:30")
    his.click("button:text-is('Move')")
    his.wait_for_selector("text=is moved; they are told")
    assert "10:00–15:30" in row.locator(".plan-line").first.inner_text()

    hers.goto("/hours")
    assert hers.locator(".tag-good", has_text="granted").count() == 1
    assert "10:00–15:30" in hers.inner_text("main")
    his.goto(f"/teams/{team.id}/hours?week={week}")
    # Of the night that begins on the day off, six hours on the next day are planned still.
    assert "of 5.5" in his.inner_text("main") and "of 6.0" in his.inner_text("main")
