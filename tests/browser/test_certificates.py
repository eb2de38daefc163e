"""The table of certificates by keyboard: narrowed, ticked, granted and revoked for many at once."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from ops import clock_time
from ops.models import Certificate, Team
from tests.browser.desk import until

pytestmark = pytest.mark.browser

LOOK = os.environ.get("TOUCHSTONE_SCREENSHOTS")
FIRST = ("Ana", "Björn", "Chidi", "Daria", "Emeka", "Fatima", "Giulia", "Hana", "Imani", "Jun")
LAST = ("Adeyemi", "Costa", "Fischer", "Ito", "Novák", "Okafor")


def people(make: Any, session: Any) -> tuple[Any, Any]:
    """Sixty labellers of two teams and three skills, some ran out; the manager, and a skill."""
    at = clock_time.now()
    teams = [Team(name=name, created_at=at) for name in ("North", "South")]
    session.add_all(teams)
    session.flush()
    names = [f"{first} {last}" for last in LAST for first in FIRST]
    who = [make.user(name=n, team_id=teams[i % 2].id) for i, n in enumerate(sorted(names))]
    street, text, x_ray = (make.skill(name=n) for n in ("Street scenes", "News", "Chest X-ray"))
    for i, person in enumerate(who[:50]):
        make.certificate(person, street, level=1 + i % 3, days=3 + 7 * i)
        if i % 3 == 0:
            make.certificate(person, text, level=2, days=200)
        if i % 7 == 0:
            gone = make.certificate(person, x_ray, level=1, days=90)
            gone.granted_at, gone.valid_until = at - timedelta(60), at - timedelta(i)
    manager = make.user(role="onboarding_manager")
    session.commit()
    return manager, street


def test_many_are_certified_and_revoked_by_keyboard(
    browse: Any, traps: Any, make: Any, session: Any
) -> None:
    traps.expect("422")
    manager, skill = people(make, session)
    page = browse(manager, "/onboarding/certificates")
    for scheme in ("light", "dark") if LOOK else ():
        page.emulate_media(color_scheme=scheme)
        until(page, f"() => document.documentElement.dataset.bsTheme === '{scheme}'")
        page.screenshot(path=str(Path(LOOK) / f"certificates-{scheme}.png"), full_page=True)
    assert page.locator(".certificate-matrix tbody tr").count() == 60
    page.select_option("#state", "none")
    page.click("text=Find")
    until(page, "() => document.querySelectorAll('.certificate-matrix tbody tr').length === 10")

    page.focus("[data-tick-all=who]")
    for key in ("ArrowDown", "Space", "ArrowDown", "ArrowDown", "Space"):
        page.keyboard.press(key)
    assert page.inner_text("[data-ticked=who]") == "(2)"
    page.select_option("#skill", str(skill.id))
    page.press("#reason", "Enter")
    page.wait_for_selector(".bulk-bar >> text=Say why")  # and nothing else is lost
    assert page.inner_text("[data-ticked=who]") == "(2)"
    page.fill("#reason", "Came with a certificate of the client")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=2 people are certified in Street scenes")
    assert page.locator(".certificate-matrix tbody tr").count() == 8

    page.goto(f"/onboarding/certificates?in={skill.id}&state=ending")
    soon = page.locator(".certificate-matrix tbody tr").count()
    page.check("[data-tick-all=who]")
    page.select_option("#deed", "revoke")
    assert not page.is_visible("#valid_until")
    page.fill("#reason", "All of them take it again")
    page.click("button:text-is('Apply')")
    page.wait_for_selector(f"text={soon} certificates in Street scenes revoked")
    revoked = select(func.count()).where(Certificate.revoked_at.is_not(None))
    assert session.scalar(revoked) == soon == 4

    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/onboarding/certificates")
    if LOOK:
        page.screenshot(path=str(Path(LOOK) / "certificates-narrow.png"), full_page=True)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
