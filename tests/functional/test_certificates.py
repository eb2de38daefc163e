"""The table of certificates over HTTP: its file, what is refused, and who may not."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from ops import clock_time
from ops.models import Certificate, Notice

PAGE = "/onboarding/certificates"
TERMS = {"deed": "grant", "level": "2", "valid_until": "2999-01-01", "reason": "known from before"}


@pytest.fixture
def world(make, session, client_for):
    skill, lead = make.skill(name="=SUM(A1)"), make.user(role="ops_lead")
    who = [make.user(name=name) for name in ("Ada", "Ben", "Cyd")]
    make.certificate(who[0], skill, level=3, days=12)
    session.commit()
    client = client_for(make.user(role="onboarding_manager"))
    return client, skill, who, lead


def held(session):
    return session.scalar(select(func.count()).select_from(Certificate))


def test_the_file_says_what_the_page_shows_and_runs_no_formula(world):
    client, _, _, _ = world
    rows = list(
        csv.DictReader(io.StringIO(client.get(f"{PAGE}/file.csv").text.removeprefix("\ufeff")))
    )
    assert [row["person"] for row in rows] == ["Ada", "Ben", "Cyd"]
    ada = rows[0]
    assert (ada["skill"], ada["level"], ada["state"]) == ("'=SUM(A1)", "3", "ending")
    assert ada["days_left"] == "11" and rows[1]["skill"] == ""
    narrowed = client.get(f"{PAGE}/file.csv?state=none&q=ben").text
    assert "Ben" in narrowed and "Ada" not in narrowed and "Cyd" not in narrowed


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"who": []}, "Choose at least one person"),
        ({"skill": ""}, "Choose a skill"),
        ({"level": "9"}, "A level is 1 to 5"),
        ({"valid_until": "soon"}, "Give a date as"),
        ({"valid_until": "2001-01-01"}, "Must lie in the future"),
        ({"reason": " "}, "Say why"),
        ({"deed": "revoke"}, "Nobody chosen holds a certificate"),
        ({"deed": "shorten"}, "Nobody chosen has a certificate"),
        ({"deed": "burn"}, "Choose what to do"),
    ],
)
def test_what_is_wrong_is_said_and_nobody_is_certified(world, session, changed, message):
    client, skill, who, _ = world
    form = {**TERMS, "skill": skill.id, "who": [who[1].id, who[2].id], **changed}
    answer = client.post(PAGE, data=form)
    assert answer.status_code == 422 and message in answer.text
    assert held(session) == 1


def test_many_are_certified_cut_short_and_revoked_and_holders_are_told(world, session):
    client, skill, who, lead = world
    everybody = {"skill": skill.id, "who": [person.id for person in who]}
    assert client.post(PAGE, data={**TERMS, **everybody}).status_code == 303
    assert held(session) == 4
    week = f"{clock_time.now() + timedelta(days=7):%Y-%m-%d}"
    shortened = client.post(
        PAGE, data={**TERMS, **everybody, "deed": "shorten", "valid_until": week}
    )
    assert shortened.status_code == 303
    session.expire_all()
    ends = session.scalars(select(Certificate.valid_until)).all()
    assert {f"{end:%Y-%m-%d}" for end in ends} == {week}
    assert client.post(PAGE, data={**TERMS, **everybody, "deed": "revoke"}).status_code == 303
    session.expire_all()
    assert all(session.scalars(select(Certificate.revoked_at)))
    told = session.execute(select(Notice.user_id, func.count()).group_by(Notice.user_id))
    assert {row[0]: row[1] for row in told} == {who[0].id: 4, who[1].id: 2, who[2].id: 2}
    # Who is no labeller, reviewer or expert holds none; who is unknown is not found.
    assert client.post(PAGE, data={**TERMS, **everybody, "who": [lead.id]}).status_code == 403
    assert client.post(PAGE, data={**TERMS, **everybody, "who": [10**8]}).status_code == 404


def test_a_skills_bar_is_checked_at_its_row(world, session):
    client, skill, _, _ = world
    address = f"{PAGE}/skills/{skill.id}"
    for below, days in (("120", "7"), ("high", "7"), ("80", ""), ("80", "400")):
        answer = client.post(address, data={"requalify_below": below, "requalify_days": days})
        assert answer.status_code == 422 and "invalid-feedback" in answer.text
    kept = {"requalify_below": "82.5", "requalify_days": "7"}
    assert client.post(address, data=kept).status_code == 303
    session.refresh(skill)
    assert (skill.requalify_below, skill.requalify_days) == (0.825, 7)
