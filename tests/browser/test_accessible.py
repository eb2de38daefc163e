"""Every page by axe: nothing serious, in light and in dark, whoever it is for."""

import io
from pathlib import Path
from typing import Any

import pytest
from flask import url_for
from PIL import Image

from metrics import rollup
from ops import storage
from ops.access import ANYONE, EVERYONE
from tests.browser.desk import at_work
from tests.db.every_type import CASES, HEIGHT, WIDTH, floor_of
from tests.everything import everything, values_of

pytestmark = pytest.mark.browser

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
# Who looks at a page: the first who may.
VIEWERS = ("ops_lead", "labeller", "client")
SECRETS = {"signin.link", "setup.form"}
# Every page of the dashboards is looked at on ninety days of work: test_dashboards_ninety_days.
DASHBOARDS = ("",)
# What they show comes after the page.
LATER = ("/dashboards/", "/desk")

_RUN = """async (rules) => {
  const options = rules ? {runOnly: {type: "rule", values: rules}}
                        : {runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a",
                                                           "wcag21aa", "best-practice"]}};
  const found = await axe.run(document, {...options, resultTypes: ["violations"]});
  return found.violations
    .filter(({impact}) => impact === "serious" || impact === "critical")
    .map(({id, nodes}) => id + ": " + nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join());
}"""

# Dark, and painted so.
_DARK = """() => new Promise((done) => {
  const look = () => document.documentElement.dataset.bsTheme === "dark"
    ? requestAnimationFrame(() => requestAnimationFrame(done)) : requestAnimationFrame(look);
  look();
})"""


@pytest.fixture
def things(app: Any, make: Any, session: Any, sessions: Any) -> dict[str, Any]:
    """One of everything, and the dashboards' figures of it."""
    found = everything(app, make, session, sessions)
    rollup.roll_up(sessions)
    return found


def addresses(app: Any, things: dict[str, Any], viewer: str | None) -> list[str]:
    """Every address that `viewer` is the first to be granted, outside the API."""
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            whose = _first(app.extensions["access"][rule.endpoint])
            if "GET" not in rule.methods or rule.rule.startswith("/api/") or whose != viewer:
                continue
            if rule.endpoint == "static" or rule.endpoint in SECRETS:
                continue
            if rule.endpoint == "dashboards.show":
                found += [f"/dashboards/{page}" for page in DASHBOARDS] if rule.arguments else []
            else:
                found.append(url_for(rule.endpoint, **values_of(rule, things)))
    return sorted(found)


def _first(roles: frozenset[str]) -> str | None:
    if roles == ANYONE:
        return None
    if roles == EVERYONE:
        return "labeller"
    return next((viewer for viewer in VIEWERS if viewer in roles), "admin")


def faults(page: Any) -> list[str]:
    """What axe finds serious on the page: everything in light, the colours again in dark."""
    page.evaluate(AXE.read_text())
    found = [f"light: {fault}" for fault in page.evaluate(_RUN, None)]
    page.emulate_media(color_scheme="dark")
    page.evaluate(_DARK)
    found += [f"dark: {fault}" for fault in page.evaluate(_RUN, ["color-contrast"])]
    page.emulate_media(color_scheme="light")
    return found


@pytest.mark.parametrize("viewer", [*VIEWERS, None])
def test_no_page_has_a_serious_fault(app, things, make, session, browse, traps, viewer):
    people = {
        "ops_lead": lambda: things["lead"],
        "labeller": lambda: things["labeller"],
        "client": lambda: make.user(role="client", organisation_id=things["client_organisation"]),
    }
    person = people[viewer]() if viewer else None
    session.commit()
    traps.expect("404 (NOT FOUND)", "502 (BAD GATEWAY)")  # its pictures are nowhere
    # Colours half way between light and dark are nobody's.
    page = browse(person, reduced_motion="reduce")
    bad, seen = {}, 0
    for address in addresses(app, things, viewer):
        # A file to take away would be a download, not a page.
        answer = page.request.head(address)
        if not answer.ok or "text/html" not in answer.headers.get("content-type", ""):
            continue
        page.goto(address)
        if not page.locator("main").count():
            continue  # a part of a page, which its page shows
        if address.startswith(LATER):
            page.wait_for_load_state("networkidle")
        seen += 1
        if found := faults(page):
            bad[address] = found
    assert seen, "no page was looked at"
    assert not bad, "\n".join(f"{where}: {fault}" for where, all_ in bad.items() for fault in all_)


def test_no_editor_has_a_serious_fault(make, session, settings, browse):
    drawn = io.BytesIO()
    Image.new("RGB", (WIDTH, HEIGHT), (90, 120, 90)).save(drawn, "PNG")
    uri = storage.keep_upload(drawn.getvalue(), settings)
    bad = {}
    for label_type in CASES:
        floor = floor_of(make, label_type, assets=1)
        floor.assets[0].uri = uri if floor.project.medium == "image" else None
        session.commit()
        page = browse(floor.labellers[0], "/desk", reduced_motion="reduce")
        at_work(page)
        if found := faults(page):
            bad[label_type] = found
        page.close()
    assert not bad, "\n".join(f"{kind}: {fault}" for kind, all_ in bad.items() for fault in all_)
