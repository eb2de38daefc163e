"""Rules over HTTP: made and changed by leads, read and appealed by labellers, settled."""

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from ops import clock_time, projects
from ops.models import AuditEntry, ProjectMember
from quality import gold
from quality.judging import belief, judge
from scheduling import rules
from scheduling.models import Rule, RuleFiring
from scheduling.rules import book
from tests.db.answering import answer

DECISIONS = "/api/v1/desk/decisions"


@pytest.fixture(autouse=True)
def _fresh_fits():
    belief.forget()


@pytest.fixture
def place(make, session, sessions, client_for):
    return Place(make, session, sessions, client_for)


class Place:
    """A project whose first labeller was wrong a dozen times: against gold, or beside others."""

    def __init__(self, make, session, sessions, client_for):
        self.make, self.session, self.sessions = make, session, sessions
        self.client_for = client_for
        self.at = clock_time.now()
        clock_time.use(self._seconds)
        self.floor = make.floor(labellers=4, assets=14, wanted=4, classes="abcd", name="Birds")
        self.lead = make.member(self.floor.project, make.user("ops_lead"))
        self.base = f"/projects/{self.floor.project.id}/rules"
        session.commit()

    def _seconds(self):
        return self.at.timestamp()

    def on(self, **more):
        self.at += timedelta(**more)
        return self.at

    def rule(self, signal="gold_accuracy", action="pause", **more):
        values = {"name": "R", "terms": {}, "measure": {}, **more}
        made = book.create(
            self.session, self.floor.project, signal=signal, action=action, by=self.lead, **values
        )
        self.session.commit()
        return made

    def wrong_on_gold(self, who, n=12):
        project = self.floor.project
        for asset in self.make.assets(self.floor.batch, n):
            one = gold.make(self.session, project, asset, [{"class": "a"}], self.lead)
            task = one.task_id
            answer(
                self.session, self.session.get_one(type(self.floor.tasks[0]), task), who, "b",
                at=self.on(seconds=10),
            )  # fmt: skip
        self._judge()

    def wrong_beside_others(self, who, n=12):
        others = [one for one in self.floor.labellers if one is not who]
        for task in self.floor.tasks[:n]:
            at = self.on(seconds=10)
            for one in others:
                answer(self.session, task, one, "a", at=at)
            answer(self.session, task, who, "b", at=at)
        self._judge()

    def _judge(self):
        self.session.commit()
        judge(self.sessions)

    def fire(self):
        """Look, and two hours later carry out."""
        self.session.commit()
        rules.evaluate(self.sessions)
        self.on(hours=2)
        rules.apply_due(self.sessions)
        self.session.expire_all()
        return self.session.scalars(select(RuleFiring)).all()


def test_a_lead_begins_with_the_recommended_rules_and_reads_them_in_words(place):
    client = place.client_for(place.lead)
    empty = client.get(place.base)
    assert "No rules yet" in empty.text
    assert client.post(f"{place.base}/recommended").status_code == 303
    page = client.get(place.base).text
    assert (
        "If the accuracy on checked answers is below what a good labeller shows (75 %), with at "
        "most 1 % chance of error → pause for 24 hours" in page
    )
    assert "No rule has fired" in page


def test_a_rule_is_made_changed_switched_and_deleted_on_its_pages(place, session):
    client = place.client_for(place.lead)
    form = client.get(f"{place.base}/new?signal=too_fast&action=pause")
    assert 'name="terms.share"' in form.text
    assert 'name="measure.hours"' in form.text
    values = {
        "name": "Clickers", "signal": "too_fast", "action": "pause", "terms.share": "0.1",
        "terms.alpha": "0.001", "measure.hours": "48", "measure.redo": "1",
    }  # fmt: skip
    assert client.post(f"{place.base}/new", data=values).status_code == 303
    made = session.scalars(select(Rule)).one()
    assert made.terms == {"share": 0.1, "alpha": 0.001}
    assert made.measure == {"hours": 48.0, "redo": True}
    assert "more than 10 % of the answers" in client.get(place.base).text
    one = f"{place.base}/{made.id}"
    assert 'value="0.1"' in client.get(one).text
    wrong = client.post(one, data=values | {"terms.alpha": "7"})
    assert wrong.status_code == 422
    assert "is-invalid" in wrong.text
    assert client.post(one, data=values | {"name": "Hasty"}).status_code == 303
    assert client.post(f"{one}/state", data={"action": "off"}).status_code == 303
    session.expire_all()
    assert (made.name, made.enabled, made.terms["alpha"]) == ("Hasty", False, 0.001)
    assert "switched off" in client.get(place.base).text
    assert client.post(f"{one}/state", data={"action": "delete"}).status_code == 303
    assert session.scalars(select(Rule)).all() == []


def test_training_without_an_assessment_is_warned_of(place):
    client = place.client_for(place.lead)
    form = client.get(f"{place.base}/new?signal=agreement&action=train").text
    assert "could not come back" in form
    assert "could not come back" not in client.get(f"{place.base}/new?action=warn").text


def test_markup_in_what_people_write_comes_out_as_text(place, session):
    evil = "<script>x()</script>"
    me = place.floor.labellers[0]
    rule = place.make.rule(place.floor.project, name=f"R {evil}")
    fired = place.make.firing(rule, me, appeal=evil, appealed_at=clock_time.now())
    session.commit()
    lead, mine = place.client_for(place.lead), place.client_for(me)
    pages = [
        lead.get(place.base).text,
        lead.get(f"{place.base}/{rule.id}").text,
        lead.get(f"{place.base}/firings/{fired.id}").text,
        mine.get("/desk/decisions").text,
    ]
    for page in pages:
        assert evil not in page
        assert "&lt;script&gt;x()" in page


def test_two_rules_of_one_name_are_refused_at_the_field(place):
    place.rule(name="Same")
    client = place.client_for(place.lead)
    values = {"name": "Same", "signal": "hours", "action": "warn"}
    values |= {"terms.hours": "9", "measure.hours": "20"}
    answer = client.post(f"{place.base}/new", data=values)
    assert answer.status_code == 422
    assert "There is a rule called Same already" in answer.text


def test_a_firing_is_explained_appealed_and_overridden(place, session):
    place.rule(measure={"hours": 24, "redo": True})
    me = place.floor.labellers[0]
    place.wrong_on_gold(me)
    (fired,) = place.fire()
    mine = place.client_for(me)
    told = mine.get("/desk/decisions").text
    assert "Fewer of your answers that were checked" in told
    assert "You get no new work here for 24 hours." in told
    empty = mine.post("/api/v1/desk/next", json={"tab": "t"}).json["empty"]
    assert "paused until" in empty["reason"]
    assert "About your work" in empty["reason"]
    path = f"/desk/decisions/{fired.id}/appeal"
    assert mine.post(path, data={"text": " "}).status_code == 422
    assert mine.post(path, data={"text": "The guideline says b."}).status_code == 303
    assert "A lead reads it" in mine.get("/desk/decisions").text
    lead = place.client_for(place.lead)
    assert "1 appeal to settle" in lead.get(place.base).text
    page = lead.get(f"{place.base}/firings/{fired.id}")
    assert "<polyline" in page.text
    assert "The guideline says b." in page.text
    assert "12 with gold" not in page.text  # it crossed earlier
    settled = f"{place.base}/firings/{fired.id}"
    assert lead.post(settled, data={"verdict": "override", "why": ""}).status_code == 422
    answered = lead.post(settled, data={"verdict": "override", "why": "They are right."})
    assert answered.status_code == 303
    session.expire_all()
    member = session.get_one(ProjectMember, (place.floor.project.id, me.id))
    assert (fired.state, member.paused_until) == ("overridden", None)
    assert "They are right." in mine.get("/desk/decisions").text
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "rule_firing.overridden")
    ).one()
    assert entry.actor == place.lead.pseudonym
    # Why stands where it can be erased, and not in the trail as well.
    assert (fired.settled_why, "why" in entry.data) == ("They are right.", False)
    assert entry.data["labeller"] == str(me.pseudonym)


def test_who_is_let_go_on_is_paused_by_no_rule_any_more(place, session):
    place.rule()
    me = place.floor.labellers[0]
    place.wrong_on_gold(me)
    place.fire()
    mine, lead = place.client_for(me), place.client_for(place.lead)
    assert mine.get(DECISIONS).json["decisions"][0]["state"] == "in effect"
    people = f"/projects/{place.floor.project.id}/people/{me.id}"
    assert lead.post(people, data={"action": "resume"}).status_code == 303
    (decision,) = mine.get(DECISIONS).json["decisions"]
    assert (decision["state"], decision["may_appeal"]) == ("over", True)
    session.expire_all()
    member = session.get_one(ProjectMember, (place.floor.project.id, me.id))
    assert (member.paused_until, member.pause_reason) == (None, "")
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "rule_firing.lifted")
    ).one()
    assert (entry.actor, entry.data["because"]) == (place.lead.pseudonym, "lead")
    # The same answers do not have them paused again.
    rules.evaluate(place.sessions)
    assert [f.state for f in session.scalars(select(RuleFiring))] == ["lifted"]
    # A lead may say afterwards that it was wrong.
    settled = lead.post(
        f"/api/v1/firings/{decision['id']}/settle", json={"verdict": "override", "why": "Sorry."}
    )
    assert (settled.status_code, settled.json["state"]) == (200, "overridden")


def test_a_pause_by_a_lead_is_read_on_the_same_page(place, session):
    me = place.floor.labellers[0]
    until = clock_time.now() + timedelta(days=2)
    projects.pause_member(
        session, place.floor.project, me, until=until, reason="Holidays", by=place.lead
    )
    mine = place.client_for(me)
    page = mine.get("/desk/decisions").text
    assert "A lead of the project paused your work" in page
    assert "Holidays" in page
    empty = mine.post("/api/v1/desk/next", json={"tab": "t"}).json["empty"]
    assert "About your work" in empty["reason"]


def test_what_is_decided_and_not_in_effect_shows_to_leads_only(place):
    place.rule()
    me = place.floor.labellers[0]
    place.wrong_on_gold(me)
    place.session.commit()
    rules.evaluate(place.sessions)
    mine = place.client_for(me)
    assert mine.get(DECISIONS).json == {"decisions": []}
    assert "Nothing was decided" in mine.get("/desk/decisions").text
    number = place.session.scalars(select(RuleFiring.id)).one()
    assert mine.post(f"{DECISIONS}/{number}/appeal", json={"text": "Why?"}).status_code == 404
    assert "Takes effect soon" in place.client_for(place.lead).get(place.base).text


def test_the_api_does_what_the_pages_do(place, session):
    lead = place.client_for(place.lead)
    api = f"/api/v1/projects/{place.floor.project.id}"
    asked = {"name": "A", "signal": "gold_accuracy", "action": "suspend", "terms": {"alpha": 0.02}}
    made = lead.post(f"{api}/rules", json=asked)
    assert made.status_code == 201
    assert made.json["terms"] == {"good": None, "alpha": 0.02, "with_agreement": True}
    faults = lead.post(f"{api}/rules", json=asked | {"name": "B", "terms": {"alpha": 2}})
    assert (faults.status_code, faults.json["errors"][0]["field"]) == (422, "terms.alpha")
    one = f"/api/v1/rules/{made.json['id']}"
    assert lead.put(one, json=asked | {"terms": {}}).json["terms"]["alpha"] == 0.01
    assert lead.post(f"{one}/state", json={"enabled": False}).json["enabled"] is False
    assert lead.post(f"{one}/state", json={"enabled": True}).json["enabled"] is True
    assert len(lead.post(f"{api}/rules/recommended").json["rules"]) == 5
    me = place.floor.labellers[0]
    place.wrong_on_gold(me)
    place.fire()
    (fired,) = lead.get(f"{api}/firings").json["firings"]
    assert (fired["labeller"], fired["state"]) == (me.id, "applied")
    assert lead.delete(one).status_code == 409  # it fired
    mine = place.client_for(me)
    (decision,) = mine.get(DECISIONS).json["decisions"]
    assert (decision["state"], decision["may_appeal"]) == ("in effect", True)
    path = f"{DECISIONS}/{decision['id']}/appeal"
    assert mine.post(path, json={"text": "No."}).json["may_appeal"] is False
    assert mine.post(path, json={"text": "No!"}).status_code == 409
    settle = f"/api/v1/firings/{fired['id']}/settle"
    upheld = lead.post(settle, json={"verdict": "uphold", "why": "It stays."})
    assert (upheld.status_code, upheld.json["state"]) == (200, "upheld")
    (decision,) = mine.get(DECISIONS).json["decisions"]
    assert decision["answer"] == "It stays."


def test_new_projects_have_the_recommended_rules(client_for):
    client = client_for("admin")
    asked = {"name": "P", "client": "C", "medium": "text"}
    made = client.post("/api/v1/projects", json=asked).json
    found = client.get(f"/api/v1/projects/{made['id']}/rules").json["rules"]
    assert {rule["signal"] for rule in found} >= {"gold_accuracy", "too_fast", "drift"}
    form = {"name": "Q", "client_name": "D", "medium": "image"}
    assert client.post("/projects/new", data=form).status_code == 303
    (other,) = [p for p in client.get("/api/v1/projects").json["projects"] if p["name"] == "Q"]
    listed = client.get(f"/api/v1/projects/{other['id']}/rules").json["rules"]
    assert len(listed) == len(found)


MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|\+00:00| UTC)?"), "<time>"),
    (re.compile(r"Labeller \d+|labeller\d+@example.com|[0-9a-f]{8}-[0-9a-f-]{27}"), "<who>"),
    (re.compile(r'name="csrf_token" value="[^"]+"'), "<token>"),
    (re.compile(r'(?<=/decisions/)\d+|(?<="id":)\d+|(?<=text-)\d+'), "0"),
)


def _readable(client) -> dict[str, str]:
    """Everything a labeller can read that might tell of a firing, but for times and names."""
    paths = ("/desk/decisions", DECISIONS, "/notices", "/api/v1/desk/me", "/account", "/desk")
    heard = {path: client.get(path) for path in paths}
    heard["next"] = client.post("/api/v1/desk/next", json={"tab": "t"})
    told = {}
    for path, one in heard.items():
        assert one.status_code == 200
        page = re.search(r"<main.*</main>", one.text, re.S)
        told[path] = page.group() if page else one.text
        for pattern, mark in MASKS:
            told[path] = pattern.sub(mark, told[path])
    me = json.loads(told["/api/v1/desk/me"])
    me["today"].pop("submitted")  # how much they did that day, each their own
    me["today"].pop("active_seconds")
    return told | {"/api/v1/desk/me": me}


@pytest.mark.parametrize("signal", ["gold_accuracy", "drift"])
@pytest.mark.parametrize("action", ["warn", "pause", "suspend"])
def test_nothing_the_labeller_reads_differs_when_the_wrong_answers_were_gold(place, signal, action):
    """Two labellers are wrong a dozen times: one against gold, one beside three who agree."""
    place.rule(signal, action, terms={"past": 40} if signal == "drift" else {})
    gold_one, work_one = place.floor.labellers[:2]
    if signal == "drift":
        _right_before(place, gold_one)
        _right_before(place, work_one)
    place.wrong_on_gold(gold_one)
    place.wrong_beside_others(work_one)
    fired = {f.labeller_id: f for f in place.fire()}
    assert fired.keys() == {gold_one.id, work_one.id}
    assert set(fired[gold_one.id].evidence["kinds"]) == {"gold"}
    assert set(fired[work_one.id].evidence["kinds"]) == {"consensus"}
    hidden, open_ = (_readable(place.client_for(one)) for one in (gold_one, work_one))
    if action == "warn":  # they go on, each with work of their own
        hidden.pop("next"), open_.pop("next")
    assert hidden == open_


def _right_before(place, one):
    """A past of forty right answers, known from gold, for anybody alike."""
    project = place.floor.project
    for asset in place.make.assets(place.floor.batch, 40):
        made = gold.make(place.session, project, asset, [{"class": "a"}], place.lead)
        task = place.session.get_one(type(place.floor.tasks[0]), made.task_id)
        answer(place.session, task, one, "a", at=place.on(seconds=10))
    place._judge()
