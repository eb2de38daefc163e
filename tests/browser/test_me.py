"""My page in a browser: figures that plain SQL counts as well, in light and in dark."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from ops import clock_time
from ops.models import ProjectRequirement
from quality.models import Evidence, Standing
from tests.browser.desk import pictures, until
from tests.db.answering import answer

pytestmark = pytest.mark.browser

LOOK = os.environ.get("TOUCHSTONE_SCREENSHOTS")
RAW = text("""
    SELECT (ended_at AT TIME ZONE 'Asia/Tokyo')::date::text AS day, count(*) AS n,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY active_ms) / 1000.0 AS median
    FROM assignment WHERE labeller_id = :me GROUP BY 1 ORDER BY 1 DESC""")


def test_my_page_is_true_in_light_and_in_dark(
    browse: Any, make: Any, session: Any, settings: Any
) -> None:
    floor = pictures(make, settings.home / "media", 24)
    me, now = floor.labellers[0], clock_time.now()
    me.timezone = "Asia/Tokyo"
    for i, task in enumerate(floor.tasks):
        at = now - timedelta(days=i // 4, minutes=i)
        given = answer(session, task, me, "a", active_ms=1500 + 700 * (i % 5), at=at)
        if i in (9, 14):
            make.decided(task.asset, "b", method="review", at=now - timedelta(days=1))
            session.add(Evidence(
                labeller_id=me.id, skill_id=floor.project.skill_id, project_id=floor.project.id,
                assignment_id=given.id, kind="review", correct=0.0, classes=3,
                at=now - timedelta(days=1),
            ))  # fmt: skip
    session.add(Standing(
        labeller_id=me.id, skill_id=floor.project.skill_id, mean=0.9, low=0.8, high=0.95,
        updated_at=now, shown_mean=0.913, shown_low=0.842, shown_high=0.957, shown_n=64,
        shown_at=now,
    ))  # fmt: skip
    eyes = make.skill(name="Eyes")
    session.add(ProjectRequirement(project_id=floor.project.id, stage="label", skill_id=eyes.id))
    make.certificate(me, make.skill(name="Ears"), days=12)
    session.commit()
    page = browse(me, "/desk", color_scheme="light")
    page.keyboard.press("m")
    page.click("text=My page: pace")
    page.wait_for_url("**/desk/me")

    page.click("summary")
    rows = page.locator("#own-days tbody tr")
    told = [rows.nth(i).locator("td").all_inner_texts() for i in range(rows.count())]
    raw = session.execute(RAW, {"me": me.id}).all()
    assert [(day, n, median) for day, n, _, _, median, _ in told] == [
        (row.day, str(row.n), f"{row.median:.1f} s") for row in raw
    ]
    assert page.locator(".own-chart >> nth=0").locator("circle").count() == len(raw)
    assert "91.3 %" in page.inner_text("section[aria-labelledby=accuracy]")
    assert "between 84.2 % and 95.7 %" in page.inner_text("section[aria-labelledby=accuracy]")
    assert page.locator(".own-feedback li").count() == 2
    until(page, "() => [...document.querySelectorAll('.own-feedback img')]"
                ".every((img) => img.complete && img.naturalWidth === 8)")  # fmt: skip
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        until(page, f"() => document.documentElement.dataset.bsTheme === '{scheme}'")
        if LOOK:
            page.screenshot(path=str(Path(LOOK) / f"me-{scheme}.png"), full_page=True)
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
