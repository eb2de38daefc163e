"""Teams by the API: planned, shown, decided, made whole or not at all."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from ops import clock_time
from tests.teamed import base, two_teams


@pytest.fixture
def floor(make, session):
    return two_teams(make, session)


def test_the_api_plans_shows_and_decides(floor, client_for, session):
    lead, me = client_for(floor.a.lead), floor.a.people[1]
    api, own = f"/api/v1{base(floor.a)}", client_for(me)
    assert [t["name"] for t in lead.get("/api/v1/teams").json["teams"]] == ["Dawn"]
    assert len(lead.get(api).json["people"]) == 3
    asked = {"week": str(floor.week), "people": [me.id]}
    dry = lead.post(f"{api}/shifts", json=asked | {"dry": True})
    assert (dry.status_code, dry.json["planned"], dry.json["hours"]) == (201, 5, 40)
    assert lead.post(f"{api}/shifts", json=asked).json["shifts"]
    again = lead.post(f"{api}/shifts", json=asked).json
    assert (again["planned"], len(again["conflicts"])) == (0, 1)
    one = {"day": str(floor.week + timedelta(days=5)), "begins": "22:00", "ends": "06:00"}
    assert lead.post(f"{api}/shifts", json=one).json["hours"] == 24
    for bad in ({}, asked | one, {"day": one["day"]}, one | {"people": [floor.b.lead.id]}):
        assert lead.post(f"{api}/shifts", json=bad).status_code == 422
    days = {"since": floor.week, "until": floor.week + timedelta(days=6)}
    listed = lead.get(f"{api}/shifts?{urlencode(days)}").json["shifts"]
    assert len(listed) == 8
    assert lead.get(f"{api}/shifts").json["shifts"] == listed
    assert lead.get(f"{api}/shifts?since=2026-01-01&until=2027-01-01").status_code == 422
    assert lead.delete(f"{api}/shifts/{listed[0]['id']}").status_code == 204
    assert len(own.get("/api/v1/hours").json["shifts"]) == 5
    week = ["9-17", "", "", "", "", "", "22-6"]
    put = own.put("/api/v1/hours", json={"week": week, "valid_from": str(clock_time.now().date())})
    assert put.json["week"] == ["00:00-06:00, 09:00-17:00", "", "", "", "", "", "22:00-24:00"]
    wrong = own.put("/api/v1/hours", json={"week": ["x"] * 7, "valid_from": str(floor.week)})
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "week")
    away = {"kind": "holiday", "first_day": str(floor.week), "last_day": str(floor.week)}
    mine = own.post("/api/v1/hours/absences", json=away).json
    assert lead.get(f"{api}/absences").json["absences"] == [mine]
    decided = lead.post(f"{api}/absences/{mine['id']}/decision", json={"grant": True})
    assert decided.json["state"] == "granted"
    assert own.get("/api/v1/hours/absences").json["absences"][0]["state"] == "granted"
    assert own.delete(f"/api/v1/hours/absences/{mine['id']}").status_code == 204
    entered = lead.post(f"{api}/absences", json=away | {"person": me.id})
    assert (entered.status_code, entered.json["state"]) == (201, "granted")
    assert lead.post(f"{api}/absences", json=away | {"person": floor.a.lead.id}).status_code == 422


def test_a_team_is_made_by_the_api_whole_or_not_at_all(floor, client_for, session, make):
    client, lead = client_for(floor.admin), make.user(role="reviewer")
    stranger = make.user(role="client")
    session.commit()
    asked = {"name": "Noon", "people": [floor.a.people[2].id], "led_by": [lead.id]}
    for wrong in ({"people": [stranger.id]}, {"led_by": [99_999]}, {"name": "Dawn"}):
        assert client.post("/api/v1/teams", json=asked | wrong).status_code in (409, 422)
    made = client.post("/api/v1/teams", json=asked)
    assert (made.status_code, len(made.json["people"])) == (201, 1)
    assert client_for(lead).get(f"/api/v1/teams/{made.json['id']}").json == made.json
    assert client_for("ops_lead").post("/api/v1/teams", json=asked).status_code == 403
