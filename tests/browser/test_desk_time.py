"""Active time, with the clocks of browser and server moved by the test."""

import time

import pytest

from ops import clock_time
from ops.models import Project
from tests.browser.desk import answers, at_work, saved, until

pytestmark = pytest.mark.browser

# What really passes while a page works and a request travels counts too.
SLACK_MS = 1500


class Clocks:
    """The server's clock and those of all pages, moved forward together."""

    def __init__(self):
        self.ahead = 0.0
        self.pages = []
        clock_time.use(lambda: time.time() + self.ahead)

    def pass_(self, seconds: int) -> None:
        self.ahead += seconds
        for page in self.pages:
            page.clock.run_for(seconds * 1000)
            page.wait_for_timeout(100)


@pytest.fixture
def clocks():
    return Clocks()


@pytest.fixture
def floor(make):
    floor = make.floor(assets=3, classes="abc")
    project = make.session.get_one(Project, floor.project.id)
    project.settings = {**project.settings, "idle_seconds": 5}
    make.session.commit()
    return floor


def open_desk(clocks, page):
    page.clock.install()
    clocks.pages.append(page)
    page.goto("/desk")
    at_work(page)
    return page


def test_time_counts_until_there_is_no_activity(browse, floor, clocks, sessions):
    page = open_desk(clocks, browse(floor.labellers[0], "/account"))
    clocks.pass_(3)
    page.mouse.move(300, 300)
    clocks.pass_(12)  # of which 5 count
    assert page.inner_text("#desk-counting").startswith("Time stands still")
    page.keyboard.press("b")
    clocks.pass_(2)
    page.keyboard.press("Enter")
    saved(page)
    [(_, lease, _)] = answers(sessions)
    assert abs(lease.active_ms - 10_000) < SLACK_MS
    assert abs(lease.wall_ms - 17_000) < 2 * SLACK_MS


def test_a_reload_loses_no_time(browse, floor, clocks, sessions):
    page = open_desk(clocks, browse(floor.labellers[0], "/account"))
    clocks.pass_(4)
    page.reload()
    at_work(page)
    clocks.pass_(12)  # of which 5 count
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    saved(page)
    [(_, lease, _)] = answers(sessions)
    assert abs(lease.active_ms - 9_000) < SLACK_MS


def test_a_break_does_not_count(browse, floor, clocks, sessions):
    page = open_desk(clocks, browse(floor.labellers[0], "/account"))
    clocks.pass_(2)
    page.keyboard.press("p")
    clocks.pass_(30)
    page.keyboard.press("p")
    clocks.pass_(1)
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    saved(page)
    [(_, lease, _)] = answers(sessions)
    assert abs(lease.active_ms - 3_000) < SLACK_MS
    assert lease.wall_ms > 30_000


def elsewhere(page):
    until(page, "() => !document.getElementById('desk-notice').hidden")
    assert page.is_visible("text=This task is open in another tab.")


def test_two_tabs_count_once(browse, floor, clocks, sessions):
    one = open_desk(clocks, browse(floor.labellers[0], "/account"))
    clocks.pass_(30)  # of which 5 count, and wall time is plenty
    two = open_desk(clocks, one.context.new_page())
    assert two.inner_text(".editor-passage") == one.inner_text(".editor-passage")
    elsewhere(one)
    for page in (one, two):
        page.mouse.move(300, 300)
    clocks.pass_(4)  # seen by both, counted by the second
    one.mouse.move(310, 310)
    one.click("text=Work on it here")
    elsewhere(two)
    clocks.pass_(3)  # counted by the first
    one.keyboard.press("c")
    one.keyboard.press("Enter")
    saved(one)
    [(_, lease, _)] = answers(sessions)
    assert abs(lease.active_ms - (5_000 + 4_000 + 3_000)) < 2 * SLACK_MS
