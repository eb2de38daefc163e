"""Two hundred hostile texts in a real browser: they stay text wherever they are shown."""

from typing import Any

import pytest
from sqlalchemy import select

from dashboards.pages import PAGES
from metrics import rollup
from ops.models import Applicant, Project
from tests.browser.desk import at_work, until
from tests.hostile import HOSTILE, infest

pytestmark = pytest.mark.browser

# What a text would have to become to do harm; ours are written without any of these.
_GREW = r"""() => [...document.querySelectorAll("*")].filter((one) =>
    // A form may hold a field of this name.
    Element.prototype.getAttributeNames.call(one).some((name) => /^(on|hx-on)/i.test(name)
      || (/^(href|src|action|formaction|data)$/i.test(name)
          && /^[\s\u0000-\u001f]*(javascript|vbscript):/i.test(one.getAttribute(name))))
    || /^x\d+$/i.test(one.localName)
    || one.matches(".js-plotly-plot svg a")  // Plotly makes links of what looks like one
    || one.matches("object, embed, applet, base, portal, plaintext"))
  .map((one) => one.outerHTML.slice(0, 200))"""


@pytest.fixture
def done(make, session, sessions):
    done = infest(make, session)
    rollup.roll_up(sessions)
    return done


def harmless(page: Any) -> None:
    """Nothing grew out of the texts, and they are there. What ran would have sprung a trap."""
    assert not page.evaluate(_GREW)
    said = page.inner_text("body") + "".join(
        page.eval_on_selector_all("input, textarea", "all => all.map((one) => one.value)")
    )
    assert any(text in said for text in HOSTILE[:20]), page.url


def test_hostile_texts_stay_text_for_a_lead_and_a_client(done, make, session, browse):
    lead = browse(done.lead)
    project = f"/projects/{done.project.id}"
    narrowed = f"?project={done.project.id}&batch={done.batch.id}&labeller={done.labellers[0].id}"
    at = ["/projects", "/people", "/batches", f"/batches/{done.batch.id}",
          "/onboarding/certificates", f"/onboarding/calibration/{done.project.id}",
          *(f"{page.PATH}{narrowed}" for page in PAGES), project,
          *(f"{project}/{page}" for page in ("assets", "classes", "guideline", "gold", "issues",
                                             "issues/1", "people", "settings", "why"))]  # fmt: skip
    for path in at:
        lead.goto(path)
        if path.startswith("/dashboards/"):
            lead.wait_for_load_state("networkidle")
        harmless(lead)
    theirs = make.user(role="client", organisation_id=done.project.organisation_id)
    session.commit()
    harmless(browse(theirs, "/portal"))


def test_hostile_texts_stay_text_of_whoever_applies(done, session, browse):
    one = session.scalars(select(Applicant)).one()
    lead = browse(done.lead)
    pipeline = ("", "/table", f"/{one.id}")
    for path in (*(f"/onboarding/pipeline{tail}" for tail in pipeline), "/onboarding/openings"):
        lead.goto(path)
        harmless(lead)
    for path in (f"/apply/{one.opening.token}", f"/application/{one.token}"):
        harmless(browse(None, path))


def test_hostile_texts_stay_text_at_the_desk(done, make, session, browse):
    lane = make.lane(done.batch, requirements={}, requirement_key="again")
    make.tasks(lane, make.assets(done.batch, 2, text=" ".join(HOSTILE), meta={"a": HOSTILE[0]}))
    done.batch.state = "open"
    session.get(Project, done.project.id).state = "running"
    session.commit()
    page = browse(done.labellers[0], "/desk")
    at_work(page)
    harmless(page)
    for key, panel in (("g", "guideline"), ("m", "progress"), ("?", "help")):
        page.keyboard.press(key)
        until(page, f"() => document.getElementById('desk-{panel}').checkVisibility()")
        harmless(page)
        page.keyboard.press("Escape")
