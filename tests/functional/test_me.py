"""My page: own figures of own days, as plain SQL counts them; the undefined is called so."""

import html
import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from metrics.reads import own
from ops import clock_time, guidelines
from ops.models import ProjectRequirement
from quality import gold
from quality.models import Evidence, Standing
from quality.onboarding import assessments
from tests.db.answering import answer

TIMES = (2000, 3000, 4500, 9000, 100_000)


def words(client: Any) -> str:
    """What the page says, without its markup."""
    page = client.get("/desk/me")
    assert page.status_code == 200, page.text[:400]
    main = page.text[page.text.index("<main") : page.text.index("</main")]
    return " ".join(html.unescape(re.sub(r"<title>.*?</title>|<[^>]+>", " ", main)).split())


def foot(client: Any) -> str:
    page: str = client.get("/desk/me").text
    return page[page.index("<footer") :]


@pytest.fixture
def floor(make: Any) -> Any:
    return make.floor(assets=6, labellers=2, wanted=2)


def test_an_empty_page_says_what_to_do_next(floor: Any, session: Any, client_for: Any) -> None:
    session.commit()
    said = words(client_for(floor.labellers[0]))
    for part in ("You have not labelled in these days", "Undefined: not enough of your answers",
                 "None yet. Passing an assessment earns one", "Nothing to look at",
                 "Everything that your role does in your projects is open to you",
                 "Median time per label undefined"):  # fmt: skip
        assert part in said


def test_the_day_is_ones_own_and_so_are_its_figures(
    floor: Any, make: Any, session: Any, client_for: Any
) -> None:
    me, other = floor.labellers
    me.timezone = "Pacific/Auckland"
    zone = ZoneInfo(me.timezone)
    began = clock_time.now().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    now = clock_time.now()
    for task, ms in zip(floor.tasks, TIMES, strict=False):
        answer(session, task, me, "a", active_ms=ms, at=now)
    # A second before the own day began, and what somebody else did, are not of today.
    answer(session, floor.tasks[5], me, "a", active_ms=1, at=began - timedelta(seconds=1))
    answer(session, floor.tasks[0], other, "b", active_ms=77_000, at=now)
    session.commit()
    raw = session.execute(
        text("SELECT percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY active_ms)"
             " FROM assignment WHERE labeller_id = :me AND ended_at >= :since"),
        {"me": me.id, "since": began},
    ).scalar_one()  # fmt: skip
    low, middle, high = (f"{ms / 1000:.1f} s" for ms in raw)
    client = client_for(me)
    said = words(client)
    assert f"Labels {len(TIMES)} Skipped 0 Active time 2 min" in said
    assert f"Median time per label {middle} half of 5 took {low} to {high}" in said
    yesterday = f"{(began - timedelta(days=1)).date()}"
    assert f"{yesterday} 1 0 0.0 s 0.0 s" in said
    assert "Pacific/Auckland" in foot(client)

    days = own.days(session, me, 28)
    assert len(days) == 28 and days[-1].day == began.date()
    counted = session.execute(
        text("SELECT count(*), sum(active_ms) / 1000.0 FROM assignment"
             " WHERE labeller_id = :me AND state = 'submitted'"), {"me": me.id},
    ).one()  # fmt: skip
    assert (sum(d.submitted for d in days), float(sum(d.active_seconds for d in days))) == (
        counted[0], float(counted[1]),
    )  # fmt: skip
    assert days[0].median_seconds is None


def test_accuracy_is_that_shown_and_no_newer(floor: Any, session: Any, client_for: Any) -> None:
    me, skill = floor.labellers[0], floor.project.skill_id
    at = clock_time.now()
    shown = {"shown_mean": 0.9, "shown_low": 0.8, "shown_high": 0.96, "shown_n": 12}
    session.add(Standing(labeller_id=me.id, skill_id=skill, mean=0.4, low=0.3, high=0.5,
                         gold_n=50, updated_at=at, shown_at=at, **shown))  # fmt: skip
    session.commit()
    said = words(client_for(me))
    assert "(12 so far) about 90.0 % were right" in said
    assert "between 80.0 % and 96.0 %; few were checked yet" in said
    assert "40.0 %" not in said


def test_feedback_comes_the_day_after_with_names_of_classes(
    floor: Any, make: Any, session: Any, client_for: Any
) -> None:
    me, now = floor.labellers[0], clock_time.now()
    for task, kind, at in ((floor.tasks[0], "gold", now - timedelta(days=1)),
                           (floor.tasks[1], "review", now)):  # fmt: skip
        given = answer(session, task, me, "a", at=now - timedelta(days=2))
        make.decided(task.asset, "b", method=kind, at=at)
        session.add(Evidence(
            labeller_id=me.id, skill_id=floor.project.skill_id, project_id=floor.project.id,
            assignment_id=given.id, kind=kind, correct=0.0, classes=3, at=at,
        ))  # fmt: skip
    session.commit()
    said = words(client_for(me))
    assert said.count("it was decided to be") == 1
    assert "You said A ; it was decided to be B" in said
    assert floor.project.name in said


def test_what_unlocks_next_names_what_is_missing_and_where_to_earn_it(
    floor: Any, make: Any, session: Any, client_for: Any
) -> None:
    me, other = floor.labellers
    ears, eyes = make.skill(name="Ears"), make.skill(name="Eyes")
    for skill, level in ((ears, 1), (eyes, 3)):
        asked = {"project_id": floor.project.id, "stage": "label", "skill_id": skill.id}
        session.add(ProjectRequirement(level=level, **asked))
    # A labeller does not review, whatever they earn.
    session.add(ProjectRequirement(project_id=floor.project.id, stage="review", skill_id=ears.id))
    make.certificate(me, eyes, level=2, days=3)
    lead = make.member(floor.project, make.user("ops_lead"))
    gold.make(session, floor.project, make.assets(floor.batch, 1)[0], [{"class": "a"}], lead)
    terms = {"title": "Hear well", "questions": 1}
    assessments.create(session, floor.project, ears, terms, lead)
    guidelines.publish(session, floor.project, "Look.", lead, must_read=True)
    session.commit()
    client = client_for(me)
    said = words(client)
    assert "Eyes , level 2 , until" in said and "runs out soon" in said
    assert "Missing: Ears at level 1. Take the assessment “Hear well”" in said
    assert "Missing: Eyes at level 3 (you hold level 2). No assessment is offered" in said
    assert "reviews" not in said
    assert "your next task there comes after it" in said
    [one] = own.locked(session, other)
    assert [m.held for m in one.missing] == [None, None]


def test_it_is_for_those_who_do_the_work(floor: Any, session: Any, client_for: Any) -> None:
    session.commit()
    for role in ("ops_lead", "client", "onboarding_manager", "admin"):
        assert client_for(role).get("/desk/me").status_code == 403
    for role in ("labeller", "reviewer", "expert"):
        assert client_for(role).get("/desk/me").status_code == 200
