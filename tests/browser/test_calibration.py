"""The page of calibration: who is nested, let go by hand, and curves that show what was counted."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metrics import definitions
from metrics.models import DailyRollup, HourlyRollup
from ops import clock_time, projects
from ops.models import ProjectMember, Team
from quality import calibration, trust
from quality.models import Evidence
from tests.browser.desk import until
from tests.db.answering import answer

pytestmark = pytest.mark.browser

LOOK = os.environ.get("TOUCHSTONE_SCREENSHOTS")
NESTING = {"on": True, "answers": 20, "promote_low": 0.8, "demote_high": 0.75}
LABELS, GOLD, REVIEWED = 25, 6, 9


def learning(session: Any, floor: Any) -> None:
    """Eight hours of each labeller, of two teams, who become better and faster; 25 labels an hour,
    two hours a step."""
    rng, start = np.random.default_rng(5), clock_time.now() - timedelta(days=70)
    for i, who in enumerate(floor.labellers):
        began = (start + timedelta(days=30 * (i % 2))).replace(minute=0, second=0, microsecond=0)
        for hour in range(16):
            skill = 0.75 + 0.012 * hour
            times = rng.lognormal(9.4 - 0.04 * hour + 0.02 * i, 0.4, LABELS).astype(int)
            counts = definitions.time_histogram(times)
            bins = np.flatnonzero(counts)
            row = {
                "labeller_id": who.id, "batch_id": floor.batch.id, "stage": "label",
                "project_id": floor.project.id, "label_class": "a", "team_id": 0, "vendor_id": 0,
                "submitted": LABELS, "gold_n": GOLD, "review_n": REVIEWED,
                "gold_correct": int(rng.binomial(GOLD, skill)),
                "review_accepted": int(rng.binomial(REVIEWED, skill)),
                "time_bins": bins.tolist(), "time_counts": counts[bins].tolist(),
            }  # fmt: skip
            at = began + timedelta(days=hour // 4, hours=hour % 4)
            session.add(HourlyRollup(hour=at, day=at.date(), **row))
            if hour % 4 == 0:
                session.add(DailyRollup(day=at.date(), **row))


@pytest.fixture
def floor(make: Any, session: Any) -> Any:
    made = make.floor(labellers=0, assets=60, name="Street scenes", settings={"nesting": NESTING})
    teams = [Team(name=name, created_at=clock_time.now()) for name in ("North", "South")]
    session.add_all(teams)
    session.flush()
    made.lead = make.member(made.project, make.user(role="onboarding_manager", name="Mona Ek"))
    names = ("Ana Ito", "Björn Costa", "Chidi Okafor", "Daria Novák", "Emeka Fischer", "Hana Ito")
    made.labellers = [make.user(name=n, team_id=teams[i % 2].id) for i, n in enumerate(names)]
    for who in made.labellers:
        projects.add_member(session, made.project, who, by=made.lead)
    at = clock_time.now()
    for i, task in enumerate(made.tasks[:45]):
        who = made.labellers[i % 3]
        given = answer(session, task, who, "a", at=at)
        session.add(Evidence(
            labeller_id=who.id, skill_id=made.project.skill_id, project_id=made.project.id,
            assignment_id=given.id, kind="gold", classes=3, at=at,
            correct=float((i % 3, i // 3 % 5) != (2, 0) and i % 9 != 1),
        ))  # fmt: skip
    session.flush()
    trust.recompute(session, [(w.id, made.project.skill_id) for w in made.labellers[:3]])
    calibration.promote(
        session, made.project, made.labellers[5], by=made.lead, reason="Known from another client"
    )
    learning(session, made)
    session.commit()
    return made


def test_newcomers_are_seen_let_go_and_compared(browse: Any, session: Any, floor: Any) -> None:
    page = browse(floor.lead, f"/onboarding/calibration/{floor.project.id}")
    rows = page.locator("section[aria-labelledby=nested] tbody tr")
    assert rows.count() == 5 and "more judged answers" in rows.nth(0).inner_text()
    assert page.locator(".cohort-charts svg").count() == 3
    # Two cohorts, eight steps each, three figures.
    assert page.locator(".cohort-charts circle").count() == 2 * 8 * 3
    for scheme in ("light", "dark") if LOOK else ():
        page.emulate_media(color_scheme=scheme)
        until(page, f"() => document.documentElement.dataset.bsTheme === '{scheme}'")
        page.screenshot(path=str(Path(LOOK) / f"calibration-{scheme}.png"), full_page=True)
    page.click("nav[aria-label=Cohorts] a:has-text('team')")
    page.wait_for_url("**by=team")
    assert "North" in page.inner_text(".cohort-keys")
    name = rows.nth(0).locator("a").inner_text()
    page.click("summary:has-text('Let go') >> nth=0")
    page.keyboard.press("Tab")
    page.keyboard.type("Seen at work")
    if LOOK:
        page.screenshot(path=str(Path(LOOK) / "calibration-form.png"))
    page.keyboard.press("Enter")
    page.wait_for_selector(f"text={name} is let go in Street scenes")
    assert rows.count() == 4
    who = next(one for one in floor.labellers if one.name == name)
    member = session.get(ProjectMember, (floor.project.id, who.id), populate_existing=True)
    assert member.nesting_since is None
    page.set_viewport_size({"width": 390, "height": 800})
    if LOOK:
        page.screenshot(path=str(Path(LOOK) / "calibration-narrow.png"), full_page=True)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
