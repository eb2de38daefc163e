"""Handing out by name, and why: the pages and the API, as a lead uses them."""

from urllib.parse import quote

import pytest
from sqlalchemy import select

from ops.models import Assignment, Notice, Task
from quality import gold
from scheduling import dispatch


@pytest.fixture
def floor(make):
    made = make.floor(labellers=3, assets=8, wanted=2)
    for person, name in zip(made.labellers, ("Ana Ang", "Bo Berg", "Cy Cox"), strict=True):
        person.name = name
    made.lead = make.member(made.project, make.user(role="ops_lead"))
    make.session.flush()
    return made


@pytest.fixture
def lead(floor, client_for):
    return client_for(floor.lead)


def _page(floor, path="hand-out"):
    return f"/projects/{floor.project.id}/{path}"


def _api(floor, path):
    return f"/api/v1/projects/{floor.project.id}/{path}"


def _held(session, who, state="reserved"):
    mine = select(Assignment).where(Assignment.labeller_id == who.id, Assignment.state == state)
    return session.scalars(mine.execution_options(populate_existing=True)).all()


def test_nobody_holds_anything_yet(floor, lead):
    page = lead.get(_page(floor)).text
    assert "Nobody holds anything right now" in page
    assert "Ana Ang" in page and "Recall" not in page


def test_a_lead_reserves_the_next_of_a_batch_and_it_comes_out_first(floor, lead, session, make):
    form = {"labeller": floor.labellers[0].id, "n": "3", "batch": floor.batch.id, "stage": "label"}
    answer = lead.post(_page(floor), data=form)
    assert answer.status_code == 303
    page = lead.get(_page(floor)).text
    assert "3 tasks are reserved for Ana Ang" in page
    assert page.count('name="assignment"') == 3
    mine = {row.id for row in _held(session, floor.labellers[0])}
    work = dispatch.claim(session, floor.labellers[0])
    assert work.id in mine


def test_nothing_reserved_is_no_success(floor, lead, session):
    floor.batch.paused = True
    session.commit()
    form = {"labeller": floor.labellers[0].id, "n": "3", "stage": "label"}
    answer = lead.post(_page(floor), data=form)
    page = lead.get(_page(floor)).text
    assert answer.status_code == 303
    assert "Nothing was reserved. 8 not reserved: the batch is paused." in page
    assert "alert-success" not in page


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("labeller", "", "Choose who gets the work"),
        ("labeller", "999999", "Choose who gets the work"),
        ("n", "", "Must be a whole number"),
        ("n", "0", "Give 1 to 10,000"),
        ("n", "99999999999999999999", "Give 1 to 10,000"),
        ("hours", "soon", "Give a number of hours"),
        ("hours", "nan", "Give more than 0 and at most 720 hours"),
        ("stage", "training", "Expected one of label, review, rework, adjudicate"),
        ("batch", "x", "Must be a whole number"),
    ],
)
def test_one_message_at_the_field(floor, lead, session, field, value, said):
    form = {"labeller": floor.labellers[0].id, "n": "3", "stage": "label", field: value}
    answer = lead.post(_page(floor), data=form)
    assert answer.status_code == 422
    assert answer.text.count(said) == 1
    assert f'id="{field}-fault"' in answer.text
    assert session.scalars(select(Assignment)).all() == []


def test_a_foreign_batch_is_not_there(floor, lead, make, session):
    other = make.floor()
    session.commit()
    form = {"labeller": floor.labellers[0].id, "n": "3", "batch": other.batch.id}
    assert lead.post(_page(floor), data=form).status_code == 404


def test_assets_are_reserved_by_tick_with_a_notice(floor, lead, session):
    chosen = floor.assets[2:4]
    form = {"labeller": floor.labellers[1].id, "asset": [a.id for a in chosen], "tell": "1"}
    answer = lead.post(_page(floor, "assets"), data={**form, "which": "ticked", "stage": "any"})
    assert answer.status_code == 303
    assets = {session.get(Task, row.task_id).asset_id for row in _held(session, floor.labellers[1])}
    assert assets == {a.id for a in chosen}
    assert "Assigned to you" in session.scalars(select(Notice)).one().text


def test_assets_are_reserved_by_what_the_filter_shows(floor, lead, session):
    name = floor.assets[5].external_id
    form = {"labeller": floor.labellers[1].id, "which": "filter", "search": name, "n": "100"}
    answer = lead.post(_page(floor, "assets"), data={**form, "stage": "any"})
    assert answer.status_code == 303 and f"search={quote(name)}" in answer.headers["Location"]
    assert len(_held(session, floor.labellers[1])) == 1


def test_nothing_ticked_is_said_at_the_choice_and_ticks_stay(floor, lead):
    answer = lead.post(_page(floor, "assets"), data={"labeller": floor.labellers[1].id})
    assert answer.status_code == 422
    assert answer.text.count("Tick at least one asset") == 1
    answer = lead.post(_page(floor, "assets"), data={"asset": floor.assets[0].id})
    assert "Choose who gets the work" in answer.text
    assert f'value="{floor.assets[0].id}"' in answer.text.partition(" checked")[0][-200:]


def _reserve(floor, lead, n=4, who=0):
    form = {"labeller": floor.labellers[who].id, "n": str(n), "stage": "label"}
    assert lead.post(_page(floor), data=form).status_code == 303


def test_recall_what_is_ticked(floor, lead, session):
    _reserve(floor, lead)
    ticked = [row.id for row in _held(session, floor.labellers[0])[:3]]
    answer = lead.post(
        _page(floor, "hand-out/held"), data={"action": "recall", "assignment": ticked}
    )
    assert answer.status_code == 303
    assert len(_held(session, floor.labellers[0])) == 1
    assert "3 tasks are recalled" in lead.get(_page(floor)).text


def test_reassign_all_that_a_filter_shows(floor, lead, session):
    _reserve(floor, lead, 4, who=0)
    _reserve(floor, lead, 2, who=2)
    ana, bo, cy = floor.labellers
    form = {"action": "reassign", "which": "filter", "of": ana.id, "state": "reserved", "to": bo.id}
    answer = lead.post(_page(floor, "hand-out/held"), data=form)
    assert answer.status_code == 303
    counts = [len(_held(session, who)) for who in (ana, bo, cy)]
    assert counts == [0, 4, 2]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"action": "recall"}, "Tick at least one"),
        ({"action": "reassign", "which": "filter"}, "Choose who gets the work"),
        (
            {"action": "reassign", "which": "filter", "to": "OTHER", "to_hours": "-3"},
            "Give more than 0 and at most 720 hours",
        ),
        ({"action": "burn", "which": "filter"}, "Expected recall or reassign"),
    ],
)
def test_what_is_held_is_refused_with_one_message(floor, lead, session, form, said):
    _reserve(floor, lead)
    sent = {k: floor.labellers[1].id if v == "OTHER" else v for k, v in form.items()}
    answer = lead.post(_page(floor, "hand-out/held"), data=sent)
    assert answer.status_code == 422
    assert answer.text.count(said) == 1
    assert len(_held(session, floor.labellers[0])) == 4


def test_the_api_reserves_lists_reassigns_and_recalls(floor, lead, session):
    ana, bo, _ = floor.labellers
    made = lead.post(
        _api(floor, "reservations"),
        json={"labeller": ana.id, "next": {"n": 5, "batches": [floor.batch.id]}, "hours": 2},
    )
    assert (made.status_code, made.json["act"], made.json["n"]) == (200, "reserved", 5)
    listed = lead.get(_api(floor, f"held?labeller={ana.id}&state=reserved")).json
    assert [one["assignment"] for one in listed["held"]] == made.json["assignments"]
    assert listed["next_after"] is None
    moved = lead.post(
        _api(floor, "reassignments"), json={"to": bo.id, "labeller": ana.id, "tell": True}
    )
    assert (moved.json["n"], moved.json["refused"]) == (5, [])
    ended = lead.post(_api(floor, "recalls"), json={"assignments": moved.json["assignments"][:2]})
    assert (ended.json["act"], ended.json["n"]) == ("recalled", 2)
    assert len(_held(session, bo)) == 3


def test_the_api_says_why_some_were_refused(floor, lead, session):
    ana = floor.labellers[0]
    done = dispatch.claim(session, ana)
    session.commit()
    made = lead.post(
        _api(floor, "reservations"),
        json={"labeller": ana.id, "assets": [a.id for a in floor.assets]},
    ).json
    assert done is not None
    assert (made["n"], [(x["reason"], x["n"]) for x in made["refused"]]) == (7, [("not_mine", 1)])


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("reservations", {"labeller": 1, "assets": [1], "next": {"n": 1}}, None),
        ("reservations", {"labeller": 1}, None),
        ("reservations", {"labeller": 999_999, "next": {"n": 1}}, "labeller"),
        ("reservations", {"labeller": "MINE", "next": {"n": 0}}, "next.n"),
        ("reservations", {"labeller": "MINE", "next": {"n": 1, "batches": [999]}}, "next.batches"),
        ("reservations", {"labeller": "MINE", "assets": [999_999]}, "assets"),
        ("reservations", {"labeller": "MINE", "next": {"n": 1}, "hours": 0}, "hours"),
        ("recalls", {"assignments": []}, "assignments"),
        ("recalls", {"labeller": "MINE"}, "labeller"),
        ("reassignments", {"assignments": [1], "to": 999_999}, "to"),
        ("reassignments", {"assignments": [1], "to": "MINE", "why": 1}, "why"),
    ],
)
def test_the_api_names_the_field(floor, lead, path, body, field):
    mine = floor.labellers[0].id
    sent = {key: mine if value == "MINE" else value for key, value in body.items()}
    answer = lead.post(_api(floor, path), json=sent)
    assert answer.status_code == 422, answer.text
    assert answer.mimetype == "application/problem+json"
    if field:
        assert field in [one["field"] for one in answer.json["errors"]]


def test_why_asks_first(floor, lead):
    page = lead.get(_page(floor, "why")).text
    assert "Why does somebody get a task" in page and "Ana Ang" in page


def test_why_a_labeller_gets_an_asset(floor, lead):
    ana, asset = floor.labellers[0], floor.assets[0]
    page = lead.get(_page(floor, f"why?labeller={ana.id}&asset={asset.id}")).text
    assert "Ana Ang gets it" in page
    assert page.count(">holds</span>") > 10 and ">does not</span>" not in page


def test_why_a_labeller_does_not_get_an_asset(floor, lead, session):
    ana, asset = floor.labellers[0], floor.assets[0]
    floor.batch.paused = True
    session.commit()
    page = lead.get(_page(floor, f"why?labeller={ana.id}&asset={quote(asset.external_id)}")).text
    assert "Ana Ang does not get it: the batch is paused." in page
    told = lead.get(_api(floor, f"why?labeller={ana.id}&asset={asset.id}")).json["tasks"][0]
    assert [c["name"] for c in told["conditions"] if not c["holds"]] == ["batch_not_paused"]


def test_why_of_gold_is_honest(floor, lead, session):
    ana, asset = floor.labellers[0], floor.assets[0]
    gold.make(session, floor.project, asset, [{"class": "a"}], floor.lead)
    session.commit()
    page = lead.get(_page(floor, f"why?labeller={ana.id}&asset={asset.id}")).text
    assert "Gold, which Ana Ang has not met." in page


def test_who_gets_an_asset(floor, lead, session):
    held = dispatch.claim(session, floor.labellers[1])
    asset = session.get(Task, held.task_id).asset_id
    session.commit()
    page = lead.get(_page(floor, f"why?asset={asset}")).text
    assert "It is on the desk of Bo Berg until" in page and "Ana Ang gets it" in page


def test_what_comes_next_is_what_comes(floor, lead, session):
    ana = floor.labellers[0]
    _reserve(floor, lead, 1)
    told = lead.get(_api(floor, f"why?labeller={ana.id}")).json
    assert (told["asset"], told["next"]["reserved"]) == (None, 1)
    page = lead.get(_page(floor, f"why?labeller={ana.id}")).text
    assert "What is reserved for Ana Ang comes first: 1 task." in page
    reserved = _held(session, ana)[0].id
    assert dispatch.claim(session, ana).id == reserved
    following = dispatch.claim(session, ana)
    assert session.get(Task, following.task_id).asset_id == told["next"]["assets"][0]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("labeller=999999", "Choose a member who works here"),
        ("asset=nothing-like-it", "There is no asset of this id"),
        ("asset=99999999999999999999999", "There is no asset of this id"),
    ],
)
def test_why_refuses_at_the_field(floor, lead, query, said):
    answer = lead.get(_page(floor, f"why?{query}"))
    assert answer.status_code == 422
    assert answer.text.count(said) == 1


def test_a_labeller_reads_none_of_it(floor, client_for):
    client = client_for(floor.labellers[0])
    for path in ("hand-out", "why"):
        assert client.get(_page(floor, path)).status_code == 403
    assert client.get(_api(floor, f"why?labeller={floor.labellers[0].id}")).status_code == 403
