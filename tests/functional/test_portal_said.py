"""What a client says: answers, words on the guideline, known answers; what leads make of it."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from ops import clock_time, guidelines, talk
from ops.models import Comment, Issue, Notice
from quality.models import Gold, GoldVersion

EVIL = '<img src=x onerror="alert(1)"> **no** </textarea><script>alert(2)</script>'


@pytest.fixture
def floor(make, session):
    floor = make.floor(labellers=1, assets=4)
    floor.lead = make.member(floor.project, make.user("ops_lead", name="Leo Lead"))
    floor.labellers[0].name = "Secret Name"
    floor.person = make.user("client", organisation_id=floor.project.organisation_id)
    session.commit()
    return floor


def _asked(session, floor):
    one = talk.open_issue(
        session, floor.project, floor.labellers[0], {"at": "passage", "start": 0, "end": 4},
        "Is this one rude?", key="0123456789", asset=floor.assets[0],
    )  # fmt: skip
    session.commit()
    return one


def _told(session, person, part):
    texts = session.scalars(select(Notice.text).where(Notice.user_id == person.id)).all()
    return [text for text in texts if part in text]


def test_a_question_goes_to_the_client_in_a_leads_words_and_its_answer_into_the_thread(
    client_for, session, floor
):
    issue = _asked(session, floor)
    lead, client = client_for(floor.lead), client_for(floor.person)
    page = f"/projects/{floor.project.id}/issues/{issue.id}"
    mine = f"/portal/questions/{issue.id}"
    assert client.get(mine).status_code == 404
    refused = lead.post(page, data={"action": "client", "client_text": " "})
    assert (refused.status_code, "Write 1 to 4,000" in refused.text) == (422, True)
    assert client_for(floor.labellers[0]).get(mine).status_code == 403
    lead.post(page, data={"action": "client", "client_text": f"Does this count as rude? {EVIL}"})
    assert _told(session, floor.person, "waits for your answer")
    shown = client.get(mine)
    for hidden in ("Secret Name", "Is this one rude?", "<script>", 'onerror="alert'):
        assert hidden not in shown.text, hidden
    assert "<mark>text</mark>" in shown.text
    assert "1 question waits" in client.get("/portal").text
    # Nobody hurries the client before the time is up.
    assert "overdue" not in client.get("/portal").text
    later = clock_time.now() + timedelta(hours=49)
    clock_time.use(later.timestamp)
    assert "1 overdue" in client.get("/portal").text
    assert "overdue" in lead.get(page).text
    assert "Overdue with the client" in lead.get("/questions").text
    key = re.search(r'name="key" value="(\w+)"', client.get(mine).text)[1]
    empty = client.post(mine, data={"body": "", "key": key})
    assert (empty.status_code, key in empty.text) == (422, True)
    for _ in range(2):
        sent = client.post(mine, data={"body": "No, only swear words.", "key": key})
        assert sent.status_code == 303
    assert "answered already" not in client.get("/portal").text
    other = client.post(mine, data={"body": "Or yes.", "key": "another-key"})
    assert "has its answer already" in client.get(other.location).text
    session.expire_all()
    thread = session.scalars(select(Comment.body).where(Comment.issue_id == issue.id)).all()
    assert thread == ["Is this one rude?", "No, only swear words."]
    assert session.get_one(Issue, issue.id).state == "answered"
    assert _told(session, floor.labellers[0], "has an answer")
    assert _told(session, floor.lead, "the client has answered")
    # To those who label, and to leads, it is the client who spoke.
    said = client_for(floor.labellers[0]).get(f"/api/v1/desk/issues/{issue.token}/comments")
    assert "The client" in said.text
    assert floor.person.name not in said.text + lead.get(page).text
    # Asked again, it waits again; settled otherwise it does not.
    again = f"/api/v1/projects/{floor.project.id}/issues/{issue.id}/client"
    assert lead.post(again, json={"text": "And this word?"}).json["client_answered_at"] is None
    assert client.get("/api/v1/portal/projects").json["projects"][0]["waiting"]["questions"] == 1
    lead.post(page, data={"action": "resolve"})
    assert client.get("/api/v1/portal/projects").json["projects"][0]["waiting"]["questions"] == 0
    listed = client.get(f"/api/v1/portal/projects/{floor.project.id}/questions").json["questions"]
    assert [(q["text"], q["waiting"]) for q in listed] == [("And this word?", False)]


def test_without_a_client_nobody_can_be_asked(client_for, session, floor):
    issue = _asked(session, floor)
    floor.person.active = False
    session.commit()
    path = f"/api/v1/projects/{floor.project.id}/issues/{issue.id}/client"
    answer = client_for(floor.lead).post(path, json={"text": "x"})
    assert (answer.status_code, "nobody here" in answer.json["detail"]) == (409, True)


def test_a_client_approves_a_guideline_version_by_version(client_for, session, floor):
    client, lead = client_for(floor.person), client_for(floor.lead)
    page = f"/portal/projects/{floor.project.id}/guideline"
    assert "No guideline yet" in client.get(page).text
    guidelines.publish(session, floor.project, f"Name what you see. {EVIL}", floor.lead)
    session.commit()
    assert "Version 1 of the guideline waits" in client.get("/portal").text
    assert _told(session, floor.person, "waits for your word")
    assert "<script>alert" not in client.get(page).text
    without = client.post(page, data={"version": 1, "word": "changes_asked", "remark": ""})
    assert (without.status_code, "Say what should be otherwise" in without.text) == (422, True)
    client.post(page, data={"version": 1, "word": "approved"})
    assert _told(session, floor.lead, "approved version 1")
    guidelines.publish(session, floor.project, "Name what you see, and only that.", floor.lead)
    session.commit()
    shown = client.get(page).text
    assert "since version 1, which you approved" in shown
    assert "<ins" in shown
    assert "<del" in shown
    late = client.post(page, data={"version": 1, "word": "approved"})
    assert "Version 2 is in force by now" in client.get(late.location).text
    words = f"/api/v1/portal/projects/{floor.project.id}/guideline/words"
    asked = {"version": 2, "word": "changes_asked", "remark": "Only what?"}
    for _ in range(2):
        said = client.post(words, json=asked)
        assert said.status_code == 201, said.text
        assert [w["word"] for w in said.json["words"]] == ["changes_asked", "approved"]
        assert said.json["approved"] == 1
    assert len(_told(session, floor.lead, "asks for changes")) == 1
    seen = lead.get(f"/projects/{floor.project.id}/guideline").text
    assert "asks for changes" in seen
    assert "Only what?" in seen
    assert client.post(words, json=asked | {"version": 9}).status_code == 404


def test_a_known_answer_is_proposed_taken_or_declined(client_for, session, floor):
    client, lead = client_for(floor.person), client_for(floor.lead)
    project, (first, second, *_) = floor.project, floor.assets
    base, decide = f"/portal/projects/{project.id}", f"/projects/{project.id}/gold/proposals"
    assert client.get(f"{base}/item?external_id=nobody").status_code == 404
    found = client.get(f"{base}/proposals?external_id={first.external_id}")
    assert found.status_code == 303 and found.location.endswith(f"={first.external_id}")
    unknown = client.get(f"{base}/proposals?external_id=nowhere")
    assert unknown.status_code == 404 and "is called “nowhere”" in unknown.text
    assert 'value="nowhere"' in unknown.text
    bad = client.post(f"{base}/proposals", data={"external_id": first.external_id})
    assert bad.status_code == 422
    for asset, key in ((first, "a"), (second, "b")):
        form = {"external_id": asset.external_id, "class": key, "remark": EVIL}
        assert client.post(f"{base}/proposals", data=form).status_code == 303
    twice = client.post(
        f"/api/v1{base}/proposals",
        json={"external_id": first.external_id, "label": {"class": "c"}},
    )
    assert twice.status_code == 409
    assert len(_told(session, floor.lead, "proposes a known answer")) == 2
    listed = lead.get(f"/api/v1{decide}").json["proposals"]
    one, other = (p["id"] for p in listed)
    assert "<script>" not in lead.get(decide).text
    unsaid = lead.post(f"{decide}/{other}", data={"decision": "decline", "reason": ""})
    assert (unsaid.status_code, "Say why" in unsaid.text) == (422, True)
    lead.post(f"{decide}/{one}", data={"decision": "take"})
    lead.post(f"{decide}/{other}", data={"decision": "decline", "reason": "It is both."})
    assert lead.post(f"/api/v1{decide}/{one}", json={"decision": "take"}).status_code == 409
    session.expire_all()
    made = session.scalars(select(Gold)).one()
    version = session.scalars(select(GoldVersion).where(GoldVersion.gold_id == made.id)).one()
    assert (made.asset_id, version.answers) == (first.id, [{"class": "a"}])
    shown = client.get(f"{base}/proposals").text
    assert "It is both." in shown
    assert "taken" in shown
    assert _told(session, floor.person, "was taken")
    # Of what is gold already a proposal looks the same, and puts it right when it is taken.
    again = {"external_id": first.external_id, "label": {"class": "c"}}
    kept = client.post(f"/api/v1{base}/proposals", json=again)
    assert (kept.status_code, kept.json["state"]) == (201, "open")
    lead.post(f"/api/v1{decide}/{kept.json['id']}", json={"decision": "take"})
    session.expire_all()
    versions = select(GoldVersion.answers).where(GoldVersion.gold_id == made.id)
    assert session.scalars(versions.order_by(GoldVersion.version)).all()[-1] == [{"class": "c"}]
