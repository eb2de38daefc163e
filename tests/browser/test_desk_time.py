"""Active time, with the clocks of browser and server moved by the test."""

import time
from datetime import timedelta

import pytest

from ops import clock_time, projects
from ops.models import Project, User
from tests.browser.desk import (
    answers,
    assignments,
    at_work,
    eventually,
    pictures,
    saved,
    until,
)

pytestmark = pytest.mark.browser

# What really passes while a page works and a request travels counts too.
SLACK_MS = 1500


class Clocks:
    """The server's clock and that of the browser, moved forward together."""

    def __init__(self):
        self.ahead = 0.0
        self.context = None
        clock_time.use(lambda: time.time() + self.ahead)

    def pass_(self, seconds: int) -> None:
        self.ahead += seconds
        self.context.clock.run_for(seconds * 1000)

    def sleep(self, seconds: int) -> None:
        """The machine sleeps: no timer runs meanwhile."""
        self.ahead += seconds
        self.context.clock.fast_forward(seconds * 1000)


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
    if clocks.context is None:
        clocks.context = page.context
        page.context.clock.install()
    with page.expect_response("**/shown"):
        page.goto("/desk")
    at_work(page)
    return page


def test_who_is_paused_reads_why_and_hands_in_what_is_on_the_screen(
    browse, floor, clocks, make, sessions, traps
):
    traps.expect("403")
    me = floor.labellers[0]
    page = open_desk(clocks, browse(me, "/account"))
    make.session.expire_all()
    projects.pause_member(
        make.session,
        make.session.get_one(Project, floor.project.id),
        make.session.get_one(User, me.id),
        until=clock_time.now() + timedelta(days=1),
        reason="Too fast",
        by=None,
    )
    make.session.commit()
    page.mouse.move(300, 300)
    clocks.pass_(12)
    until(page, "() => !document.getElementById('desk-notice').hidden")
    told = page.inner_text("#desk-notice")
    assert f"Your work in {floor.project.name} is paused until" in told
    assert "still hand in" in told
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    saved(page)
    [(_, assignment, label)] = answers(sessions)
    assert (assignment.surplus, label.payload) == (True, {"class": "b"})
    until(page, "() => document.getElementById('desk-state').dataset.kind === 'empty'")
    assert "About your work" in page.inner_text("#desk-state")


def about(ms):
    return pytest.approx(ms, abs=SLACK_MS)


def test_silence_counts_up_to_the_cut_off_and_the_rest_as_idle(browse, floor, clocks, sessions):
    page = open_desk(clocks, browse(floor.labellers[0], "/account"))
    clocks.pass_(3)
    page.mouse.move(300, 300)
    clocks.pass_(12)  # of which 5 count
    assert page.inner_text("#desk-counting").startswith("Time stands still")
    page.keyboard.press("b")
    clocks.pass_(2)
    clocks.sleep(600)  # of which 3 count, as after any sign of life; nobody was idle
    page.keyboard.down("Shift")
    for _ in range(20):  # held down it is one press
        page.keyboard.down("Shift")
    page.keyboard.up("Shift")
    # Work that a script pretends is none.
    page.evaluate(
        "() => { for (let i = 0; i < 50; i++) dispatchEvent(new KeyboardEvent('keydown')); }"
    )
    page.keyboard.press("Enter")
    saved(page)
    [(_, lease, _)] = answers(sessions)
    times = lease.active_ms, lease.idle_ms, lease.wall_ms
    assert times == (about(13_000), about(7_000), pytest.approx(617_000, abs=2 * SLACK_MS))
    assert lease.inputs == 4  # a movement and three keys


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
    assert (lease.active_ms, lease.idle_ms, lease.inputs) == (about(9_000), about(7_000), 2)


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


_FOCUS = """(on) => {
  document.hasFocus = () => on;
  dispatchEvent(new Event(on ? "focus" : "blur"));
}"""


def look_at(page, *others):
    """Move from other tabs to this one; to Playwright every page has the focus all the time."""
    for other in others:
        other.evaluate(_FOCUS, False)
    page.evaluate(_FOCUS, True)


_HIDDEN = """(hidden) => {
  const get = () => (hidden ? "hidden" : "visible");
  Object.defineProperty(document, "visibilityState", { get, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def work_on(clocks, page, seconds):
    """Work with a sign of life every two seconds."""
    for i in range(seconds // 2):
        page.mouse.move(300 + i, 300)
        clocks.pass_(2)


@pytest.mark.parametrize("tabs", [1, 2])
def test_of_20_s_of_work_30_s_away_and_10_s_of_work_30_s_count(
    browse, floor, clocks, sessions, tabs
):
    one = open_desk(clocks, browse(floor.labellers[0], "/account"))
    work_on(clocks, one, 20)
    one.evaluate(_FOCUS, False)
    reported(one, sessions, 18_000)
    if tabs == 1:
        one.evaluate(_HIDDEN, True)
        clocks.pass_(30)
        one.evaluate(_HIDDEN, False)
        one.evaluate(_FOCUS, True)
        two = one
    else:
        clocks.pass_(30)
        two = open_desk(clocks, one.context.new_page())
        elsewhere(one)
    work_on(clocks, two, 10)
    two.keyboard.press("b")
    two.keyboard.press("Enter")
    saved(two)
    [(_, lease, _)] = answers(sessions)
    assert (lease.active_ms, lease.wall_ms) == (pytest.approx(30_000, abs=2_000), about(60_000))
    assert lease.idle_ms < SLACK_MS
    assert 12 <= lease.inputs <= 17  # fifteen movements and two keys; coming back is none


def test_one_long_outline_is_work(browse, make, settings, clocks, sessions):
    floor = pictures(make, settings.home / "media", 1, label_type="polygons")
    project = make.session.get_one(Project, floor.project.id)
    project.settings = {**project.settings, "idle_seconds": 5}
    make.session.commit()
    page = open_desk(clocks, browse(floor.labellers[0], "/account"))
    page.keyboard.press("a")
    box = page.locator(".editor-picture").bounding_box()
    x, y = box["x"] + box["width"] / 4, box["y"] + box["height"] / 4
    corners = [(x, y), (x + box["width"] / 2, y), (x, y + box["height"] / 2)]
    for corner in corners:
        # Looking closely, the hand moves on slowly: no click and no key for 8 s.
        for step in range(2):
            page.mouse.move(corner[0] + step, corner[1])
            clocks.pass_(4)
        page.mouse.click(*corner)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    saved(page)
    [(_, lease, label)] = answers(sessions)
    assert len(label.payload["objects"]) == 1
    assert (lease.active_ms, lease.idle_ms) == (about(24_000), about(0))
    assert lease.inputs >= 6 + 3 + 3


def reported(page, sessions, active_ms):
    """Wait until the server knows of that much active time."""
    eventually(page, lambda: assignments(sessions)[0].active_ms >= active_ms)


def elsewhere(page):
    until(page, "() => !document.getElementById('desk-notice').hidden")
    assert page.is_visible("text=This task is open in another tab.")


def test_two_tabs_count_once(browse, floor, clocks, sessions):
    one = open_desk(clocks, browse(floor.labellers[0], "/account"))
    clocks.pass_(30)  # of which 5 count, and wall time is plenty
    reported(one, sessions, 4_800)
    two = open_desk(clocks, one.context.new_page())
    assert two.inner_text(".editor-passage") == one.inner_text(".editor-passage")
    elsewhere(one)
    look_at(two, one)
    clocks.pass_(4)  # on both screens, counted by the second
    look_at(one, two)
    reported(one, sessions, 8_600)
    one.click("text=Work on it here")
    elsewhere(two)
    clocks.pass_(3)  # counted by the first
    one.keyboard.press("c")
    one.keyboard.press("Enter")
    saved(one)
    [(_, lease, _)] = answers(sessions)
    assert abs(lease.active_ms - (5_000 + 4_000 + 3_000)) < SLACK_MS


def test_a_tab_in_the_background_takes_no_new_task(browse, floor, clocks, sessions):
    one = open_desk(clocks, browse(floor.labellers[0], "/account"))
    two = open_desk(clocks, one.context.new_page())
    two.keyboard.press("b")
    two.keyboard.press("Enter")
    saved(two)
    assert one.is_visible("text=You went on in another tab")
    eventually(two, lambda: len([a for a in assignments(sessions) if a.shown_at]) == 2)
    [_, second] = [a for a in assignments(sessions) if a.shown_at]
    [first_tab, second_tab] = [answers(sessions)[0][1].tab, second.tab]
    assert first_tab == second_tab
