"""Dashboards over HTTP: who gets in, what is sent, and that nobody sees another's projects."""

import csv
import io
import json
import re
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

import wsgi
from dashboards.door import READER
from dashboards.pages import overview
from dashboards.tables import Column, as_csv
from ops import clock_time
from tests.factories import PASSWORD
from tests.http import Client
from tests.shown import Shown, shown
from tests.unit.test_house import HEAVY

PAGES = ("/dashboards/", "/dashboards/labellers", "/dashboards/assets")
UPDATE = "/dashboards/_dash-update-component"
HOSTILE = "=<script>alert(1)</script>"


def asking(path: str = "/dashboards/", search: str = "") -> dict[str, Any]:
    """What the browser asks for when it is at an address."""
    return {
        "output": "page.children",
        "outputs": {"id": "page", "property": "children"},
        "inputs": [
            {"id": "at", "property": "pathname", "value": path},
            {"id": "at", "property": "search", "value": search},
        ],
        "changedPropIds": ["at.pathname"],
    }


def draw(client: Client, path: str = "/dashboards/", search: str = "") -> Any:
    """The page at an address."""
    return client.post(UPDATE, json=asking(path, search))


def figure(answer: Any, key: str) -> str:
    """The big number of one figure on the overview."""
    return next(
        part["props"]["children"][1]["props"]["children"]
        for part in components(answer.json)
        if part["props"].get("data-figure") == key
    )


def components(node: Any) -> list[dict[str, Any]]:
    """Every component of a drawn page."""
    if isinstance(node, list):
        return [found for child in node for found in components(child)]
    if not isinstance(node, dict):
        return []
    own = [node] if "props" in node and "type" in node else []
    return own + [found for child in node.values() for found in components(child)]


@pytest.fixture
def mine(make, session, sessions) -> Shown:
    return shown(make, session, sessions)


@pytest.fixture
def lead(mine: Shown, client_for) -> Client:
    return client_for(mine.lead)


def test_a_page_comes_in_the_frame_of_every_other_page(lead: Client):
    for path in PAGES:
        page = lead.get(path)
        assert page.status_code == 200
        assert '<a href="/dashboards/" aria-current="page">Dashboards</a>' in page.text
        assert lead.user.name in page.text
        assert 'id="react-entry-point"' in page.text


def test_the_notice_that_labellers_are_simulated_shows(mine, settings, engine):
    demo = wsgi.create_app(settings.model_copy(update={"demo": True}), engine)
    client = Client(demo)
    client.sign_in(mine.lead.email, PASSWORD)
    assert "The labellers here are simulated" in client.get("/dashboards/").text


def test_the_policy_stays_strict(lead: Client):
    policy = lead.get("/dashboards/").headers["Content-Security-Policy"]
    script = re.search(r"script-src ([^;]+)", policy)[1]
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in script
    assert "'sha256-" in script
    assert "http:" not in policy and "https:" not in policy
    # Wider for this prefix only.
    elsewhere = lead.get("/projects").headers["Content-Security-Policy"]
    assert "sha256" not in elsewhere
    assert "style-src 'self';" in elsewhere


def test_nothing_comes_from_elsewhere(lead: Client):
    page = lead.get("/dashboards/").text
    for address in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert address.startswith(("/", "#")), address


def test_a_worker_that_never_drew_a_page_serves_its_scripts(lead: Client, settings, engine):
    scripts = re.findall(r'src="(/dashboards/_dash-[^"]+)"', lead.get("/dashboards/").text)
    assert len(scripts) > 5
    other = Client(wsgi.create_app(settings, engine))
    other.sign_in(lead.user.email, PASSWORD)
    for script in scripts:
        assert other.get(script).status_code == 200, script


def test_a_callback_without_the_form_token_is_refused(lead: Client):
    assert lead.http.post(UPDATE, json=asking()).status_code == 400
    lead.get("/dashboards/")
    cookie = lead.http.get_cookie("csrf_token", path="/dashboards/")
    assert not cookie.http_only  # the browser code reads it
    wrong = {"X-CSRFToken": cookie.value[::-1]}
    assert lead.http.post(UPDATE, json=asking(), headers=wrong).status_code == 400
    right = {"X-CSRFToken": cookie.value}
    assert lead.http.post(UPDATE, json=asking(), headers=right).status_code == 200


@pytest.mark.parametrize("role", ["labeller", "reviewer", "client", "onboarding_manager"])
def test_only_leads_get_in(mine, client_for, role: str):
    client = client_for(role)
    for path in PAGES:
        assert client.get(path).status_code == 403
    assert draw(client).status_code == 403


def test_unknown_addresses_are_not_found(lead: Client):
    for path in ("/dashboards/nothing", "/dashboards/assets/app.py", "/dashboards/labellers/1"):
        assert lead.get(path).status_code == 404
    assert lead.get("/dashboards").status_code in (301, 308)
    assert lead.get("/dashboards/_nothing").status_code in (200, 404)


def test_figures_are_those_of_the_events(lead: Client, mine: Shown, session):
    for days in (7, 14, 30):
        answer = draw(lead, search=f"?days={days}")
        first = clock_time.now().date() - timedelta(days=days - 1)
        n, active = session.execute(
            text(
                "SELECT count(*), sum((data ->> 'active_ms')::bigint) FROM work_event "
                "WHERE kind = 'submitted' AND project_id = :project AND at >= :first"
            ),
            {"project": mine.project.id, "first": first},
        ).one()
        assert figure(answer, "labels") == f"{n:,}"
        assert figure(answer, "efficiency") == f"{n / (float(active) / 3_600_000):,.0f}"


def test_another_leads_projects_never_appear(mine, lead, make, session, sessions, client_for):
    theirs = shown(make, session, sessions, seed=2, answers=60)
    names = [
        theirs.project.name,
        theirs.floor.batch.name,
        *(p.name for p in theirs.floor.labellers),
    ]
    external = [asset.external_id for asset in theirs.floor.assets[:3]]
    alone = figure(draw(lead), "labels")
    searches = ("", f"?project={theirs.project.id}", f"?project={theirs.project.id}&colour=red")
    for path in PAGES:
        for search in searches:
            answer = draw(lead, path, search)
            assert answer.status_code == 200
            for name in names:
                assert f'"{name}"' not in answer.text, (path, search)
            for name in external:
                assert f'"{name}"' not in answer.text, (path, search)
    assert figure(draw(lead, search=searches[1]), "labels") == alone
    them = client_for(theirs.lead)
    assert theirs.project.name in draw(them).text
    assert f'"{mine.project.name}"' not in draw(them).text
    both = draw(client_for("admin"))
    assert int(figure(both, "labels")) > int(alone)


def test_the_project_filter_narrows(mine, lead, make, session, sessions):
    other = shown(make, session, sessions, seed=3, answers=30)
    make.member(other.project, mine.lead)
    session.commit()
    both = int(figure(draw(lead), "labels"))
    one = int(figure(draw(lead, search=f"?project={mine.project.id}"), "labels"))
    two = int(figure(draw(lead, search=f"?project={other.project.id}"), "labels"))
    assert one + two == both
    assert 0 < two < one


def test_assets_narrow_by_colour_and_class(lead: Client, mine: Shown):
    hard = [asset.external_id for asset in mine.floor.assets[:3]]
    for search, expected in (
        ("", 3), ("?colour=red", 3), ("?colour=yellow", 0), ("?class=a", 3), ("?class=b", 0),
        (f"?project={mine.project.id}&colour=red&class=a", 3),
    ):  # fmt: skip
        drawn = draw(lead, "/dashboards/assets", search).text
        assert sum(f'"{name}"' in drawn for name in hard) == expected, search


def part(node: Any, name: str, of: str) -> dict[str, Any]:
    """The properties of a part of the table `name` in what was drawn."""
    if isinstance(node, dict):
        if node.get("props", {}).get("id") == {"name": name, "part": of}:
            return node["props"]
        node = list(node.values())
    if not isinstance(node, list):
        return {}
    return next((found for child in node if (found := part(child, name, of))), {})


def test_the_file_holds_the_table_and_no_formula(mine, lead, session):
    mine.floor.labellers[0].name = HOSTILE
    session.commit()
    drawn = draw(lead, "/dashboards/labellers", "?days=30").json
    columns = [Column(**one) for one in part(drawn, "labellers", "columns")["data"]]
    made = as_csv(part(drawn, "labellers", "grid")["rowData"], columns)
    rows = list(csv.DictReader(io.StringIO(made)))
    assert len(rows) == len(mine.floor.labellers)
    assert sum(int(row["Labels"]) for row in rows) == 120
    assert f"'{HOSTILE}" in [row["Labeller"] for row in rows]
    assert {row["Why flagged"] for row in rows} >= {
        "",
        "Twice as fast as others and wrong in 31 of 40.",
    }
    for row in rows:
        low, gold = row["Gold accuracy, 95 % low"], row["Gold accuracy"]
        assert gold == "" or 0 <= float(low) <= float(gold) <= 1


def test_a_lead_without_projects_is_told_what_to_do(client_for):
    for path in PAGES:
        assert "No projects yet" in draw(client_for("ops_lead"), path).text


def test_a_project_without_work_is_undefined_not_zero(make, session, client_for):
    lead = make.member(make.project(), make.user(role="ops_lead"))
    client = client_for(lead)
    answer = draw(client)
    assert figure(answer, "gold") == figure(answer, "efficiency") == "undefined"
    assert "mark known assets as gold" in answer.text
    assert "Nothing was submitted in these 14 days" in answer.text
    assert "No asset has been judged yet" in draw(client, "/dashboards/assets").text
    assert "Nobody submitted a label" in draw(client, "/dashboards/labellers").text


def test_figures_that_take_too_long_are_stopped(lead: Client, monkeypatch):
    def slow(*_: Any) -> Any:
        raise OperationalError("select", {}, Exception("canceling statement due to timeout"))

    monkeypatch.setattr(overview, "layout", slow)
    answer = draw(lead)
    assert answer.status_code == 200
    assert "could not be read in time" in answer.text


def test_what_nobody_foresaw_is_logged_and_said(lead: Client, monkeypatch):
    monkeypatch.setattr(overview, "layout", lambda *_: 1 / 0)
    assert "Something went wrong on our side" in draw(lead).text


def test_readers_are_limited_and_cannot_write(app):
    with app.extensions[READER]() as session:
        assert session.scalar(text("SHOW statement_timeout")) == "5s"
        assert session.scalar(text("SHOW transaction_read_only")) == "on"
        assert session.scalar(text("SHOW transaction_isolation")) == "repeatable read"
        pool = session.get_bind().pool
    assert pool is not app.extensions["engine"].pool
    assert pool.size() == 3


def test_an_application_serves_the_desk_without_anything_heavy(
    database_url: str, tmp_path, make, session
):
    labeller = make.user(role="labeller")
    session.commit()
    code = (
        "import wsgi, sys, json; from tests.http import Client; "
        "client = Client(wsgi.create_app()); "
        f"client.sign_in({labeller.email!r}, {PASSWORD!r}); "
        "shown = [client.get(path).status_code for path in ('/desk', '/desk/me')]; "
        "print(json.dumps([shown, [m for m in sys.modules if '.' not in m]]))"
    )
    environment = {
        "PATH": "/usr/bin:/bin", "DATABASE_URL": database_url, "TOUCHSTONE_HOME": str(tmp_path),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    shown, loaded = json.loads(done.stdout.splitlines()[-1])
    assert shown == [200, 200]
    assert set(loaded).isdisjoint(HEAVY)
