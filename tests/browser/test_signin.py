"""Signing in, setting up and inviting in a real browser under the strict policy."""

from urllib.parse import urlsplit

import pytest

from ops import first_admin
from tests.factories import PASSWORD

pytestmark = pytest.mark.browser

UNREADABLE = """() => {
  // WCAG 2 contrast of every visible text against the first opaque background behind it.
  const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1});
  const ctx = canvas.getContext("2d", {willReadFrequently: true});
  const rgba = (colour) => {
    ctx.clearRect(0, 0, 1, 1); ctx.fillStyle = colour; ctx.fillRect(0, 0, 1, 1);
    return [...ctx.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const found = rgba(getComputedStyle(node).backgroundColor);
      if (found[3] > 250) return found;
    }
    return [255, 255, 255, 255];
  };
  const bad = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim());
    const box = node.getBoundingClientRect();
    if (!own || box.width < 2 || box.height < 2 || !node.checkVisibility()) continue;
    const style = getComputedStyle(node);
    const [a, b] = [light(rgba(style.color)), light(behind(node))].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize), bold = style.fontWeight >= 700;
    const needed = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
    const ratio = (a + 0.05) / (b + 0.05);
    const what = `${node.tagName} ${node.textContent.trim().slice(0, 30)}`;
    if (ratio < needed) bad.push(`${what} ${ratio.toFixed(2)}`);
  }
  return bad;
}"""

UNLABELLED = """() => [...document.querySelectorAll(
    "input:not([type=hidden]):not([aria-hidden]), select, textarea")]
  .filter((f) => !f.labels?.length && !f.ariaLabel).map((f) => f.outerHTML.slice(0, 80))"""


def check(page):
    """What must hold on every page: readable, labelled, no wider than the window."""
    assert page.evaluate(UNREADABLE) == []
    assert page.evaluate(UNLABELLED) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_first_administrator_sets_the_system_up(browse, session, traps):
    traps.expect("422")  # Chromium notes the refused form in its console
    secret = first_admin.start(session)
    session.commit()
    page = browse(None, "/")
    assert "touchstone users setup-link" in page.inner_text("main")
    page.goto(f"/setup/{secret}")
    check(page)
    page.fill("#name", "Ada Lovelace")
    page.fill("#email", "ada@example.com")
    page.fill("#password", "short")
    page.keyboard.press("Enter")
    page.wait_for_selector("#password-fault")
    assert page.evaluate("document.activeElement.id") == "password"
    page.fill("#password", "a long enough password")
    page.keyboard.press("Enter")
    page.wait_for_selector(".person-button")
    assert "Ada Lovelace" in page.inner_text(".person-button")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    ["/people", "/people/new", "/people/import", "/account", "/notices", "/api/v1/docs"],
)
def test_pages_are_readable_and_fit(browse, make, session, path, scheme):
    skill = make.skill()
    make.certificate(make.user("labeller"), skill, days=10)
    admin = make.user("admin")
    session.commit()
    page = browse(admin, path, color_scheme=scheme)
    assert page.evaluate("document.documentElement.dataset.bsTheme") == scheme
    check(page)


def test_sign_in_fits_a_phone_and_lets_in(browse, make, session):
    lead = make.user("ops_lead")
    session.commit()
    page = browse(None, "/signin", viewport={"width": 360, "height": 640})
    check(page)
    page.fill("input[name=email]", lead.email)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: urlsplit(url).path == "/projects")
    assert page.locator(".person-button").count() == 1


def test_everything_goes_by_keyboard(browse, make, session):
    admin = make.user("admin")
    session.commit()
    page = browse(admin, "/people")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.focus(".person-button")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    assert "Notices" in page.evaluate("document.activeElement.innerText")
    page.keyboard.press("Escape")
    page.focus(".person-button")
    page.keyboard.press("Enter")
    page.click("text=Sign out")
    page.wait_for_url(lambda url: urlsplit(url).path == "/signin")


def test_a_link_of_an_invitation_is_copied(browse, make, session):
    admin = make.user("admin")
    session.commit()
    page = browse(admin, "/people/new", permissions=["clipboard-read", "clipboard-write"])
    page.fill("#name", "Bo")
    page.fill("#email", "bo@example.com")
    page.select_option("#role", "labeller")
    page.click("text=Make an invitation")
    page.wait_for_selector("[data-copy]")
    check(page)
    link = page.input_value("input.secret")
    page.click("[data-copy]")
    page.wait_for_selector("button:text('Copied')")
    assert page.evaluate("navigator.clipboard.readText()") == link
