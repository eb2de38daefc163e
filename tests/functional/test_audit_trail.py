"""Every write by a person leaves an audit entry: each endpoint that writes, called with success."""

import io
import json
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import func, select

from ops import (
    client_questions,
    clock_time,
    guidelines,
    moves,
    people,
    reserving,
    talk,
    teams,
    tokens,
)
from ops.applicants import moving, posting
from ops.config import Settings
from ops.flags import raise_flag
from ops.models import ApiToken, AuditEntry, Skill
from ops.shifts import absences, drafting, planning
from ops.webhooks import hooks
from quality import gold, proposals
from quality.models import Assessment, AttemptDoubt, Gold, GoldVersion
from quality.onboarding import (
    assessments,
    attempts,
    changes,
    course_steps,
    courses,
    exclusions,
    revisions,
)
from scheduling import dispatch
from tests import applying, paid
from tests.factories import PASSWORD
from tests.finished import finished

NEW_PASSWORD = "another long password"
ANSWER = {"label": {"class": "a"}, "key": "0123456789", "revision": 0, "tab": "t", "active_ms": 0}

# What writes nothing by a person that anybody could be asked about later.
SILENT = {
    "signin.submit": "beginning a session; failures are counted, by hash",
    "signin.out": "ends the cookie",
    "account.read_notices": "one's own notices were read",
    "desk_api.next_work": "a lease; the work event tells of it",
    "desk_api.shown": "a sign of life",
    "desk_api.heartbeat": "a sign of life",
    "desk_talk.read": "one's own notices were read",
    "desk_drafts.save_draft": "nothing is said yet; the answer is what is recorded",
    "projects.guideline_preview": "writes nothing",
    "courses.try_step": "a preview: nothing of it is kept",
    "api_projects.upload": "a file without a name; its import is what is recorded",
    "audits.go_on": "an item is on the screen; what is said of it is recorded",
    "dashboards.show": "draws pages; what a lead does there is recorded by what does it",
}


def _png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (2, 2)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def world(make, session, client_for, settings):
    return World(make, session, client_for)


class World:
    """Makes what a case asks for; the caller is an administrator unless a case says otherwise."""

    def __init__(self, make, session, client_for):
        self.make, self.session, self.client_for = make, session, client_for
        self.admin = make.user(role="admin", name="Ada Private")
        self.floor = make.floor(assets=4)
        self.project, self.batch = self.floor.project, self.floor.batch
        self.labeller = self.floor.labellers[0]
        self.caller = self.admin
        self.base = f"/projects/{self.project.id}"
        self.api = f"/api/v1/projects/{self.project.id}"

    def post(self, path, **more):
        return lambda client: client.post(path, **more)

    def gold(self, n=0):
        asset = self.floor.assets[n]
        return gold.make(self.session, self.project, asset, [{"class": "a"}], self.admin)

    def work(self):
        self.caller = self.labeller
        return dispatch.claim(self.session, self.labeller)

    def assessment(self):
        self.gold(0), self.gold(1)
        terms = {"title": "Entry", "questions": 2}
        skill = self.make.skill()
        return assessments.create(self.session, self.project, skill, terms, self.admin)

    def done(self):
        return finished(self.make, self.session)

    def drafted(self):
        self.project.state = "draft"
        return self.project

    def certificate(self):
        return self.make.certificate(self.labeller, self.make.skill())


def _desk(action, body):
    return lambda w: w.post(f"/api/v1/desk/{w.work().token}/{action}", json=body)


ASKED = {"pin": {"at": "asset"}, "body": "Which, if Ada Private sees it?", "key": "0123456789"}
SAID = {"body": "This one.", "key": "a-comment-key"}


def _ask(w):
    return w.post(f"/api/v1/desk/{w.work().token}/issues", json=ASKED)


def _issue(path, **more):
    """Something done with a question of the labeller."""

    def case(w):
        one = talk.open_issue(
            w.session, w.project, w.labeller, ASKED["pin"], ASKED["body"], key=ASKED["key"],
            asset=w.floor.assets[0],
        )  # fmt: skip
        if path.startswith("/api/v1/desk"):
            w.caller = w.labeller
        named = {"api": w.api, "base": w.base, "token": one.token, "id": one.id}
        return w.post(path.format(**named), **more)

    return case


def _questioned(w):
    """A gold that a reviewer disputes."""
    one = w.gold(1)
    raise_flag(
        w.session, project_id=w.project.id, kind="gold_disputed", reason="r",
        asset_id=one.asset_id, evidence={"answered": "b"},
    )  # fmt: skip
    return one


def _decided(w):
    """An asset whose label a reviewer decided."""
    w.make.decided(w.floor.assets[2], "a", method="review")
    return w.floor.assets[2]


def _page(path, **data):
    return lambda w: w.post(w.base + path, data=data)


def _person(action, **data):
    return lambda w: w.post(f"/people/{w.labeller.id}/{action}", data=data)


def _batch(path, **data):
    return lambda w: w.post(f"/batches/{w.done().batch.id}/{path}", data=data)


def _predictions(w):
    line = f"external_id,label\n{w.floor.assets[0].external_id},a\n".encode()
    return {"name": "m", "kind": "predictions", "file": (io.BytesIO(line), "p.csv")}


def _begin(w):
    found = w.assessment()
    w.caller = w.labeller
    return w.post(f"/onboarding/assessments/{found.id}/begin")


def _answer(w):
    attempt = attempts.begin(w.session, w.assessment(), w.labeller)
    question = attempts.questions_of(w.session, attempt)[0]
    w.caller = w.labeller
    return w.post(f"/onboarding/take/{attempt.token}/{question.token}", data={"class": "a"})


def _course(address="", opened=True, **data):
    """A post to a course of two pages, or to the second of them."""

    def case(w):
        made = courses.create(w.session, w.project, {"title": "T"}, w.admin)
        page = {"title": "Look", "markdown": "Twice."}
        steps = [course_steps.add(w.session, made, "page", page, w.admin) for _ in range(2)]
        if opened:
            courses.open_it(w.session, made, w.admin)
        home = f"/onboarding/training/{made.id}"
        return w.post(home + address.format(step=steps[1].id), data=data)

    return case


def _learn(w):
    made = courses.create(w.session, w.project, {"title": "T"}, w.admin)
    page = {"title": "Look", "markdown": "Twice."}
    step = course_steps.add(w.session, made, "page", page, w.admin)
    courses.open_it(w.session, made, w.admin)
    w.caller = w.labeller
    return w.post(f"/training/{made.id}/steps/{step.id}")


def _taken(w):
    """An attempt that is over, and the gold that it asked."""
    attempt = attempts.begin(w.session, w.assessment(), w.labeller)
    for question in attempts.questions_of(w.session, attempt):
        attempts.answer(w.session, attempt, question.token, {"class": "a"})
    version = w.session.get_one(GoldVersion, question.gold_version_id)
    w.session.commit()
    return attempt, w.session.get_one(Gold, version.gold_id)


def _attempt(deed, **data):
    return lambda w: w.post(f"/onboarding/attempts/{_taken(w)[0].id}/{deed}", data=data)


def _take_out(w):
    attempt, asked = _taken(w)
    assessment = w.session.get_one(Assessment, attempt.assessment_id)
    seen = changes.fingerprint(exclusions.without(w.session, assessment, asked.id))
    return w.post(
        f"/onboarding/assessments/{assessment.id}/items/{asked.id}",
        data={"reason": "wrong", "seen": seen},
    )


def _question(w):
    attempt, asked = _taken(w)
    return w.post(f"/onboarding/assessments/{attempt.assessment_id}/items/{asked.id}/question")


def _score_anew(w):
    attempt, asked = _taken(w)
    gold.revise(w.session, w.project, asked, [{"class": "b"}], None, reason="wrong")
    assessment = w.session.get_one(Assessment, attempt.assessment_id)
    seen = changes.fingerprint(revisions.anew(w.session, assessment, asked))
    w.session.commit()
    return w.post(
        f"/onboarding/assessments/{assessment.id}/items/{asked.id}/anew", data={"seen": seen}
    )


def _settle_doubt(w):
    attempt, _ = _taken(w)
    evidence = {"ratio": 0.2, "distance": -5, "questions": 9}
    doubt = AttemptDoubt(
        attempt_id=attempt.id, kind="too_fast", evidence=evidence, at=clock_time.now()
    )
    w.session.add(doubt)
    w.session.commit()
    return w.post(f"/onboarding/attempts/{attempt.id}/doubts/{doubt.id}")


def _revoke_token(w):
    tokens.create(w.session, w.admin, "t", ["read"])
    token = w.session.scalars(select(ApiToken)).one()
    return w.post(f"/account/tokens/{token.id}/revoke")


def _closed(action):
    def case(w):
        people.deactivate(w.session, w.labeller, by=w.admin)
        return w.post(f"/people/{w.labeller.id}/{action}")

    return case


def _link(w):
    secret = people.invite(w.session, w.labeller, by=w.admin)
    w.caller = w.labeller
    return w.post(f"/link/{secret}", data={"password": NEW_PASSWORD})


def _grant(w):
    form = {"skill": w.make.skill().id, "level": 1, "valid_until": "2999-01-01", "reason": "r"}
    return w.post(f"/people/{w.labeller.id}/certificates", data=form)


def _api_grant(w):
    form = {"skill": w.make.skill().name, "level": 1, "valid_until": "2999-01-01", "reason": "r"}
    return w.post(f"/api/v1/people/{w.labeller.id}/certificates", json=form)


def _require(w):
    skill = w.session.scalars(select(Skill)).first()
    return w.post(f"{w.base}/requirements", data={"skill.label": skill.id, "level.label": 2})


def _nest(w):
    w.project.settings = {**w.project.settings, "nesting": {"on": True}}
    nested = {"deed": "demote", "who": w.labeller.id, "reason": "Ada Private asks for it"}
    return w.post(f"/onboarding/calibration/{w.project.id}", data=nested)


def _certify(w):
    terms = {"deed": "grant", "level": "1", "valid_until": "2999-01-01", "reason": "r"}
    who = {"who": [w.labeller.id], "skill": w.project.skill_id}
    return w.post("/onboarding/certificates", data={**terms, **who})


def _assess(w):
    w.assessment()
    form = {
        "project": w.project.id, "title": "T", "questions": 1, "minutes": 5, "attempts": 1,
        "level": 1, "valid_days": 9, "pass_percent": 50,
    }  # fmt: skip
    return w.post("/onboarding/assessments/new", data=form)


def _held(w):
    tasks, at = [task.id for task in w.floor.tasks], clock_time.now()
    return reserving.reserve(w.session, tasks, w.labeller.id, at + timedelta(hours=1), at)


def _another(w):
    return w.make.member(w.project, w.make.user()).id


RULE = {"name": "Long days", "signal": "hours", "action": "warn"}
RULE_FORM = RULE | {"terms.hours": "9", "measure.hours": "20"}


def _rule(path, **more):
    return lambda w: w.post(f"{w.base}/rules/{w.make.rule(w.project).id}{path}", **more)


def _one_rule(w, method, **more):
    path = f"/api/v1/rules/{w.make.rule(w.project).id}"
    return lambda client: getattr(client, method)(path, **more)


def _appeal(path, **more):
    def case(w):
        w.caller = w.labeller
        firing = w.make.firing(w.make.rule(w.project), w.labeller)
        return w.post(path.format(firing.id), **more)

    return case


def _reading(w, path, **more):
    guidelines.publish(w.session, w.project, "Look.", w.admin)
    w.caller = w.labeller
    return w.post(path, **more)


def _settle(w):
    firing = w.make.firing(w.make.rule(w.project), w.labeller)
    return w.post(f"{w.base}/rules/firings/{firing.id}", data={"verdict": "override", "why": "r"})


HOOK = {"url": "https://example.com/hook", "events": ["batch.delivered"]}


def _hooked(w):
    return {**HOOK, "organisation": w.project.organisation_id}


def _hook(w, stopped=False):
    theirs = w.project.organisation_id
    w.hook = hooks.create(
        w.session, organisation_id=theirs, by=w.admin, settings=Settings(), **HOOK
    )
    w.hook.stopped_at = clock_time.now() if stopped else None
    w.session.flush()
    return f"/webhooks/{w.hook.id}"


def _by(method, path, **more):
    return lambda client: getattr(client, method)(path, **more)


def _message(w):
    return hooks.test(w.session, w.hook, by=w.admin)


def _adjusted(w):
    return {"adjusted": w.labeller.id, "amount": "1", "currency": "EUR", "reason": "A bonus",
            "day": clock_time.now().date()}  # fmt: skip


def _earned(w):
    yesterday = clock_time.now().date() - timedelta(days=1)
    paid.rate(w.session, w.admin, since=yesterday, reason="agreed")
    paid.work(w.session, w.labeller, w.project, yesterday)
    paid.counted(w.session)
    return {"last": yesterday}


def _settle_by_api(w):
    firing = w.make.firing(w.make.rule(w.project), w.labeller)
    path = f"/api/v1/firings/{firing.id}/settle"
    return w.post(path, json={"verdict": "override", "why": "r"})


def _settings(w):
    page = {"name": "Renamed", "purpose": ""}
    from ops.projects import settings_of
    from scheduling.projects.settings_pages import fields

    for field in fields(settings_of(w.project)):
        if field.value is not None and field.value is not False:
            page[field.name] = field.value
    return w.post(f"{w.base}/settings", data=page)


def _client(path, **more):
    """As the client, who was asked a question and has a guideline to read."""

    def case(w):
        w.caller = w.make.user(role="client", organisation_id=w.project.organisation_id)
        guidelines.publish(w.session, w.project, "Look.", w.admin)
        issue = talk.open_issue(
            w.session, w.project, w.labeller, {"at": "asset"}, "Which?", key="0123456789",
            asset=w.floor.assets[0],
        )  # fmt: skip
        client_questions.pass_on(w.session, issue, w.admin, "Which of the two?")
        return w.post(path.format(issue=issue.id, project=w.project.id), **more)

    return case


def _proposed(path, **more):
    def case(w):
        client = w.make.user(role="client", organisation_id=w.project.organisation_id)
        asset = w.floor.assets[0]
        made = proposals.propose(w.session, w.project, asset, {"class": "a"}, client)
        return w.post(path.format(base=w.base, api=w.api, id=made.id), **more)

    return case


def _pass_on(w):
    w.make.user(role="client", organisation_id=w.project.organisation_id)
    return _issue("{api}/issues/{id}/client", json={"text": "Which, Ada Private?"})(w)


WORD = {"version": 1, "word": "changes_asked", "remark": "Ask Ada Private."}
ANSWERED = {"body": "Ask Ada Private.", "key": "k" * 10}
CLASSES = [{"key": k, "name": k} for k in "de"]
PERSON = {"name": "Bo Private", "email": "bo.private@example.com", "role": "labeller"}
CASES = {
    "account.password": lambda w: w.post(
        "/account/password", data={"current": PASSWORD, "password": NEW_PASSWORD}
    ),
    "account.make_token": lambda w: w.post(
        "/account/tokens", data={"name": "t", "days": "9", "scopes": "read"}
    ),
    "account.revoke_token": _revoke_token,
    "signin.link": _link,
    "desk_api.submit_label": _desk("submit", ANSWER),
    "desk_api.skip": _desk("skip", {"reason": "unclear"}),
    "desk_api.release": _desk("release", {}),
    "people.add": lambda w: w.post("/people/new", data=PERSON),
    "people.import_csv": lambda w: w.post(
        "/people/import",
        data={"csv": "email,name,role,skills\nbo.private@example.com,Bo Private,labeller,\n"},
    ),
    "people.add_skill": lambda w: w.post("/people/skills", data={"name": "Birds"}),
    "people.grant": _grant,
    "people.revoke": lambda w: w.post(
        f"/people/{w.labeller.id}/certificates/{w.certificate().id}/revoke", data={"reason": "r"}
    ),
    "people.make_link": _person("link"),
    "people.deactivate": _person("deactivate"),
    "people.change": _person("change", **PERSON),
    "people.reopen": _closed("reopen"),
    "people.erase": _closed("erase"),
    "api.invite_person": lambda w: w.post("/api/v1/people", json=PERSON),
    "api.grant_certificate": _api_grant,
    "api.revoke_certificate": lambda w: w.post(
        f"/api/v1/people/{w.labeller.id}/certificates/{w.certificate().id}/revoke",
        json={"reason": "r"},
    ),
    "projects.new": lambda w: w.post(
        "/projects/new", data={"name": "N", "client_name": "C", "medium": "text"}
    ),
    "projects.start": lambda w: w.drafted() and _page("/start")(w),
    "projects.pause": _page("/pause"),
    "projects.batches": _page("/batches", name="B"),
    "projects.change_batch": lambda w: w.post(
        f"{w.base}/batches/{w.batch.id}", data={"action": "pause"}
    ),
    "projects.classes": _page(
        "/classes", key=["d", "e"], name=["D", "E"], colour=["#112233", "#445566"]
    ),
    "projects.guideline": _page("/guideline", markdown="# Look"),
    "projects.import_assets": _page("/import", batch="new", batch_name="B2", lines="one\ntwo"),
    "projects.add_member": lambda w: w.post(f"{w.base}/people", data={"user": w.make.user().id}),
    "projects.change_member": lambda w: w.post(
        f"{w.base}/people/{w.labeller.id}", data={"action": "remove"}
    ),
    "projects.requirements": _require,
    "projects.settings": _settings,
    "projects.recommended_rules": _page("/rules/recommended"),
    "projects.new_rule": _page("/rules/new", **RULE_FORM),
    "projects.rule": _rule("", data=RULE_FORM),
    "projects.change_rule": _rule("/state", data={"action": "off"}),
    "projects.firing": _settle,
    "desk.read": lambda w: _reading(w, f"/desk/guideline/{w.project.id}", data={"version": "1"}),
    "guideline_api.read_guideline": lambda w: _reading(
        w, "/api/v1/desk/guideline", json={"project": w.project.id, "version": 1}
    ),
    "desk.appeal": _appeal("/desk/decisions/{}/appeal", data={"text": "No."}),
    "decisions_api.appeal_decision": _appeal(
        "/api/v1/desk/decisions/{}/appeal", json={"text": "No."}
    ),
    "api_projects.create_rule": lambda w: w.post(f"{w.api}/rules", json=RULE),
    "api_projects.recommended_rules": lambda w: w.post(f"{w.api}/rules/recommended"),
    "api_projects.change_rule": lambda w: _one_rule(w, "put", json=RULE),
    "api_projects.switch_rule": lambda w: w.post(
        f"/api/v1/rules/{w.make.rule(w.project).id}/state", json={"enabled": False}
    ),
    "api_projects.delete_rule": lambda w: _one_rule(w, "delete"),
    "api_projects.settle_firing": _settle_by_api,
    "projects.reserve_work": lambda w: w.post(
        f"{w.base}/hand-out", data={"labeller": w.labeller.id, "n": "2"}
    ),
    "projects.reserve_assets": lambda w: w.post(
        f"{w.base}/assets", data={"labeller": w.labeller.id, "asset": w.floor.assets[0].id,
                                  "stage": "any", "tell": "1"}
    ),
    "projects.change_held": lambda w: w.post(
        f"{w.base}/hand-out/held", data={"action": "recall", "assignment": _held(w)}
    ),
    "projects.make_gold": lambda w: w.post(
        f"{w.base}/gold", data={"asset": w.floor.assets[0].id, "class": "a"}
    ),
    "projects.change_gold": lambda w: w.post(
        f"{w.base}/gold/{w.gold().id}", data={"action": "retire", "reason": "r"}
    ),
    "projects.retire_gold": lambda w: w.post(
        f"{w.base}/gold/retire", data={"gold": w.gold().id, "reason": "r"}
    ),
    "projects.decide_gold": lambda w: w.post(
        f"{w.base}/gold/contention/{_questioned(w).id}", data={"decision": "keep"}
    ),
    "projects.make_reviewed_gold": lambda w: w.post(
        f"{w.base}/gold/reviewed", data={"asset": _decided(w).id}
    ),
    "api_projects.make_gold": lambda w: w.post(
        f"{w.api}/gold", json={"assets": [_decided(w).id]}
    ),
    "api_projects.revise_gold": lambda w: w.post(
        f"{w.api}/gold/{w.gold().id}", json={"answers": [{"class": "b"}], "reason": "r"}
    ),
    "api_projects.retire_gold": lambda w: w.post(
        f"{w.api}/gold/retire", json={"gold": [w.gold().id], "reason": "r"}
    ),
    "api_projects.decide_contention": lambda w: w.post(
        f"{w.api}/gold/contention/{_questioned(w).id}", json={"decision": "retire"}
    ),
    "api_projects.create_project": lambda w: w.post(
        "/api/v1/projects", json={"name": "N", "client": "C", "medium": "text"}
    ),
    "api_projects.start_project": lambda w: w.drafted() and w.post(f"{w.api}/start"),
    "api_projects.pause_project": lambda w: w.post(f"{w.api}/pause"),
    "api_projects.add_member": lambda w: w.post(
        f"{w.api}/members", json={"user": w.make.user().id}
    ),
    "api_projects.publish_ontology": lambda w: lambda c: c.put(
        f"{w.api}/ontology", json={"classes": CLASSES}
    ),
    "api_projects.publish_guideline": lambda w: lambda c: c.put(
        f"{w.api}/guideline", json={"markdown": "x"}
    ),
    "api_projects.create_batch": lambda w: w.post(f"{w.api}/batches", json={"name": "B"}),
    "api_projects.import_assets": lambda w: w.post(
        f"/api/v1/batches/{w.batch.id}/assets",
        json={"rows": [{"external_id": "x1", "text": "y"}]},
    ),
    "api_projects.import_file": lambda w: w.post(
        f"/api/v1/batches/{w.batch.id}/files",
        data={"file": (io.BytesIO(b"external_id,text\nx2,y\n"), "t.csv")},
    ),
    "api_projects.reserve_work": lambda w: w.post(
        f"{w.api}/reservations", json={"labeller": w.labeller.id, "next": {"n": 2}, "tell": True}
    ),
    "api_projects.recall_work": lambda w: w.post(
        f"{w.api}/recalls", json={"assignments": _held(w)}
    ),
    "api_projects.reassign_work": lambda w: w.post(
        f"{w.api}/reassignments", json={"assignments": _held(w), "to": _another(w)}
    ),
    "api_projects.set_wanted": lambda w: w.post(
        f"/api/v1/batches/{w.batch.id}/wanted", json={"wanted": 2}
    ),
    "batches.draw": lambda w: w.post(
        f"/batches/{finished(w.make, w.session, reviewed=False).batch.id}/sample", data={"n": "2"}
    ),
    "batches.rescore": _batch("rescore"),
    "batches.deliver": _batch("deliver"),
    "deliveries.draw": lambda w: w.post(
        f"/api/v1/batches/{finished(w.make, w.session, reviewed=False).batch.id}/review-sample",
        json={"n": 2},
    ),
    "rescoring_api.start": lambda w: w.post(
        f"/api/v1/batches/{w.done().batch.id}/rescore-runs", json={}
    ),
    "rescoring_api.give": lambda w: w.post(f"{w.api}/reference-models", data=_predictions(w)),
    "rescoring.start": _batch("rescoring"),
    "rescoring.give": lambda w: w.post(
        f"/projects/{w.project.id}/references", data=_predictions(w)
    ),
    "deliveries.deliver_batch": lambda w: w.post(
        f"/api/v1/batches/{w.done().batch.id}/deliver"
    ),
    "calibration.move": _nest,
    "certificates.change": _certify,
    "certificates.change_skill": lambda w: w.post(
        f"/onboarding/certificates/skills/{w.project.skill_id}",
        data={"requalify_below": "80", "requalify_days": "7"},
    ),
    "assessing.add": _assess,
    "assessing.take_out": _take_out,
    "assessing.question": _question,
    "assessing.score_anew": _score_anew,
    "attempts.void": _attempt("void", reason="because"),
    "attempts.again": _attempt("again"),
    "attempts.settle": _settle_doubt,
    "assessing.set_open": lambda w: w.post(
        f"/onboarding/assessments/{w.assessment().id}/open", data={"open": "0"}
    ),
    "desk_talk.ask": _ask,
    "desk_talk.reply": _issue("/api/v1/desk/issues/{token}/comments", json=SAID),
    "desk_talk.resolve": _issue("/api/v1/desk/issues/{token}/resolve", json={}),
    "projects.change_issue": _issue("{base}/issues/{id}", data={"action": "escalate"}),
    "api_projects.reply_to_issue": _issue("{api}/issues/{id}/comments", json=SAID),
    "api_projects.change_issue": _issue("{api}/issues/{id}/state", json={"action": "resolve"}),
    "api_projects.enter_issue": _issue("{api}/issues/{id}/entry", json={"markdown": "Q and A"}),
    "api_projects.pass_on_issue": _pass_on,
    "projects.decide_proposal": _proposed(
        "{base}/gold/proposals/{id}", data={"decision": "decline", "reason": "Ada Private knows."}
    ),
    "api_projects.decide_proposal": _proposed(
        "{api}/gold/proposals/{id}", json={"decision": "take"}
    ),
    "portal.answer_question": _client("/portal/questions/{issue}", data=ANSWERED),
    "api_portal.answer": _client("/api/v1/portal/questions/{issue}/answer", json=ANSWERED),
    "portal.say_of_guideline": _client("/portal/projects/{project}/guideline", data=WORD),
    "api_portal.say_of_guideline": _client(
        "/api/v1/portal/projects/{project}/guideline/words", json=WORD
    ),
    "portal.propose": lambda w: _client(
        "/portal/projects/{project}/proposals",
        data={"external_id": w.floor.assets[1].external_id, "class": "a"},
    )(w),
    "api_portal.propose": lambda w: _client(
        "/api/v1/portal/projects/{project}/proposals",
        json={"external_id": w.floor.assets[1].external_id, "label": {"class": "a"}},
    )(w),
    "onboarding.begin": _begin,
    "onboarding.answer": _answer,
}  # fmt: skip


def _team(path="", act="", **data):
    """A team of the labeller, next week, with a shift planned and an absence asked for."""

    def case(w):
        team = teams.create(w.session, "Dawn", by=w.admin)
        w.labeller.team_id = team.id
        day = clock_time.now().date() + timedelta(days=10)
        draft = drafting.one_each(w.session, [w.labeller], day, 600, 660)
        (shift,) = planning.make(w.session, draft, team=team, by=w.admin)
        asked = {"kind": "holiday", "first": day, "last": day, "note": "Ada Private knows"}
        off = absences.ask(w.session, w.labeller, **asked, by=w.labeller)
        named = {"team": team.id, "shift": shift, "off": off.id, "day": day, "me": w.labeller.id,
                 "today": clock_time.now().date()}  # fmt: skip
        if path.startswith(("/hours", "/api/v1/hours")):
            w.caller = w.labeller
        filled = {k: _filled(v, named) for k, v in data.items()}
        more = {"json": filled} if path.startswith("/api") else {"data": filled}
        where = path.format(**named) or f"/teams/{team.id}"
        return lambda client: getattr(client, act or "post")(where, **more)

    return case


def _filled(value, named):
    if value is int:
        return named["me"]
    return value.format(**named) if isinstance(value, str) else value


TODAY = {"first_day": "{today}", "last_day": "{today}"}


def _to_come(w):
    day = clock_time.now().date() + timedelta(days=3)
    there = {"team": None, "organisation": None, "timezone": "Asia/Tokyo"}
    moves.plan(w.session, w.labeller, **there, from_day=day, by=w.admin)
    return w.post(f"/people/{w.labeller.id}/stay")


def _move(w):
    form = {"timezone": "Asia/Kolkata", "from_day": clock_time.now().date()}
    return w.post(f"/people/{w.labeller.id}/move", data=form)


CASES |= {
    "teams.add": lambda w: w.post("/teams", data={"name": "Dawn"}),
    "teams.change": _team(action="rename", name="Dusk"),
    "teams.away": _team("/teams/{team}/absences", person="{me}", kind="sick", **TODAY),
    "teams.decide": _team("/teams/{team}/absences/{off}", action="grant"),
    "team_plan.plan": _team(
        "/teams/{team}/plan", action="shift", day="{day}", begins="20:00", ends="21:00",
        people="{me}", confirmed="1",
    ),
    "team_plan.change": _team("/teams/{team}/shifts/{shift}", action="cancel"),
    "hours.put": _team("/hours", day0="9-17", valid_from="{day}"),
    "hours.ask": _team("/hours/absences", kind="sick", **TODAY),
    "hours.withdraw": _team("/hours/absences/{off}"),
    "people.move": _move,
    "people.stay": _to_come,
    "teams_api.make_team": lambda w: w.post("/api/v1/teams", json={"name": "Dawn"}),
    "teams_api.plan_shifts": _team(
        "/api/v1/teams/{team}/shifts", day="{day}", begins="20:00", ends="21:00"
    ),
    "teams_api.cancel_shift": _team("/api/v1/teams/{team}/shifts/{shift}", "delete"),
    "teams_api.enter_absence": _team(
        "/api/v1/teams/{team}/absences", person=int, kind="sick", **TODAY
    ),
    "teams_api.decide_absence": _team(
        "/api/v1/teams/{team}/absences/{off}/decision", grant=True
    ),
    "teams_api.set_hours": _team(
        "/api/v1/hours", "put", week=["9-17"] + [""] * 6, valid_from="{day}"
    ),
    "teams_api.ask_absence": _team("/api/v1/hours/absences", kind="sick", **TODAY),
    "teams_api.withdraw_absence": _team("/api/v1/hours/absences/{off}", "delete"),
}  # fmt: skip


CASES |= {
    "courses.add": lambda w: w.post(
        "/onboarding/training/new",
        data={"project": w.project.id, "title": "T", "purpose": "", "pass_percent": "80"},
    ),
    "courses.change": _course(title="U", purpose="", pass_percent="70"),
    "courses.set_state": _course("/state", opened=False, state="open"),
    "courses.set_required": _course("/required", required_of="everybody"),
    "courses.add_step": _course("/steps/new", kind="page", title="More", markdown="More."),
    "courses.change_step": _course("/steps/{step}/edit", title="Look", markdown="Thrice."),
    "courses.move_step": _course("/steps/{step}/move", way="up"),
    "courses.retire_step": _course("/steps/{step}/retire"),
    "training.answer": _learn,
}
CASES |= {
    "pay.set_rate": lambda w: w.post(
        "/pay/rates", data={"amount": "0.1", "currency": "EUR", "basis": "label",
                            "valid_from": clock_time.now().date()}
    ),
    "webhooks.add": lambda w: w.post("/webhooks", data=_hooked(w)),
    "webhooks.change": lambda w: w.post(_hook(w), data=HOOK),
    "webhooks.act": lambda w: w.post(f"{_hook(w)}/act", data={"action": "rotate"}),
    "webhooks.redeliver": lambda w: w.post(f"{_hook(w)}/messages/{_message(w)}"),
    "webhooks_api.create_webhook": lambda w: w.post("/api/v1/webhooks", json=_hooked(w)),
    "webhooks_api.change_webhook": lambda w: _by("put", f"/api/v1{_hook(w)}", json=HOOK),
    "webhooks_api.delete_webhook": lambda w: _by("delete", f"/api/v1{_hook(w)}"),
    "webhooks_api.rotate_secret": lambda w: w.post(f"/api/v1{_hook(w)}/secret"),
    "webhooks_api.test_webhook": lambda w: w.post(f"/api/v1{_hook(w)}/test"),
    "webhooks_api.resume_webhook": lambda w: w.post(f"/api/v1{_hook(w, stopped=True)}/resume"),
    "webhooks_api.redeliver_message": lambda w: w.post(
        f"/api/v1{_hook(w)}/messages/{_message(w)}/redeliver"
    ),
    "pay.adjust": lambda w: w.post("/pay/adjustments", data=_adjusted(w)),
    "pay.settle": lambda w: w.post("/pay/settle", data=_earned(w)),
}  # fmt: skip


def _applied(path, stage="", **more):
    """Something done with an applicant, moved to `stage` before."""

    def case(w):
        one = applying.applied(w.session, applying.opened(w.session, w.admin))
        named = {"one": one.id, "from": one.stage_id, "left": _stage(w, "Left").id}
        if stage:
            moving.enter(w.session, one, _stage(w, stage), by=w.admin)
        data = {name: str(value).format(**named) for name, value in more.items()}
        return w.post(f"/onboarding/pipeline/{one.id}{path}", data=data)

    return case


def _stage(w, name):
    return applying.stage(w.session, name)


def _move_many(w):
    one = applying.applied(w.session, applying.opened(w.session, w.admin))
    data = {"applicant": f"{one.id}:{one.stage_id}", "to": _stage(w, "Interview").id}
    return w.post("/onboarding/pipeline/moves", data=data)


def _move_by_api(w):
    one = applying.applied(w.session, applying.opened(w.session, w.admin))
    path = f"/api/v1/applicants/{one.id}/move"
    return w.post(path, json={"to": "Interview", "expected": "Applied", "reason": "Ada Private"})


def _twins(w):
    opening = applying.opened(w.session, w.admin)
    one, other = (applying.applied(w.session, opening) for _ in range(2))
    return w.post("/onboarding/pipeline/duplicates", data={"one": one.id, "other": other.id})


def _unmerge(w):
    opening = applying.opened(w.session, w.admin)
    one, other = (applying.applied(w.session, opening) for _ in range(2))
    other.same_as = one.id
    return w.post(f"/onboarding/pipeline/{other.id}/unmerge")


def _letter_sent(w):
    one = applying.applied(w.session, applying.opened(w.session, w.admin))
    letter = posting.write(w.session, one, "S", "B", key="k", by=w.admin)
    return w.post(f"/onboarding/pipeline/{one.id}/letters/sent", data={"letter": letter})


def _opening(path, **data):
    return lambda w: w.post(
        f"/onboarding/openings/{applying.opened(w.session, w.admin).id}{path}", data=data
    )


CASES |= {
    "pipeline.move": _move_many,
    "pipeline.move_one": _applied("/move", to="{left}", expected="{from}", reason="Ada Private"),
    "pipeline.note": _applied("/notes", body="Ada Private thinks so."),
    "pipeline.letter": _applied("/letters", subject="S", body="Dear Ada Private", key="k"),
    "pipeline.letter_sent": _letter_sent,
    "pipeline.take_on": _applied("/take-on", stage="Assessment"),
    "pipeline.export": _applied("/data.json"),
    "pipeline.erase": _applied("/erase"),
    "pipeline.unmerge": _unmerge,
    "pipeline.reshape": lambda w: w.post(
        "/onboarding/pipeline/stages",
        data={"action": "add", "name": "Trial", "before": _stage(w, "Left").id},
    ),
    "pipeline.save_letter": lambda w: w.post(
        "/onboarding/pipeline/letters", data={"name": "L", "subject": "S", "body": "B"}
    ),
    "pipeline.decide_twins": _twins,
    "pipeline.make_opening": lambda w: w.post(
        "/onboarding/openings/new", data={"title": "Ada Private", "consent": "Yes."}
    ),
    "pipeline.change_opening": _opening("", title="Ada Private", consent="Yes."),
    "pipeline.set_opening_open": _opening("/open", open="0"),
    "api_applicants.move_applicant": _move_by_api,
}
# Covered where they live: without mail a forgotten password only tells the administrators, and the
# first administrator is made before there is anybody, as an application is (`test_pipeline`).
ELSEWHERE = {"signin.forgot_send", "setup.submit", "apply.send", "apply.ask_erasure"}


# One delivery takes them all: `test_client_audit` looks at the entry of each.
ELSEWHERE |= {
    "audits.draw", "audits.choose", "audits.look", "audits.decide", "acceptance.correct",
    "api_audits.draw_audit", "api_audits.choose_item", "api_audits.look_at_item",
    "api_audits.decide_delivery",
}  # fmt: skip


def test_every_endpoint_that_writes_is_accounted_for(app):
    unsafe = {r.endpoint for r in app.url_map.iter_rules() if r.methods & {"POST", "PUT", "PATCH",
                                                                          "DELETE"}}  # fmt: skip
    assert unsafe == CASES.keys() | SILENT.keys() | ELSEWHERE


@pytest.mark.parametrize("endpoint", sorted(CASES))
def test_a_write_leaves_an_entry_under_a_pseudonym(endpoint, world, session):
    call = CASES[endpoint](world)
    client = world.client_for(world.caller)
    newest = session.scalar(select(func.coalesce(func.max(AuditEntry.id), 0)))
    session.commit()
    answer = call(client)
    assert answer.status_code < 400, (answer.status_code, answer.text[-600:])
    session.expire_all()
    entries = session.scalars(select(AuditEntry).where(AuditEntry.id > newest)).all()
    told = [(e.action, e.subject, e.data) for e in entries]
    assert told, "no audit entry"
    assert world.caller.pseudonym in {e.actor for e in entries}, told
    text = json.dumps(told).lower()
    for private in ("@example.com", "private", world.labeller.name.lower(), PASSWORD, NEW_PASSWORD):
        assert private not in text, told


def test_a_refused_write_leaves_none(world, session):
    client = world.client_for(world.admin)
    newest = session.scalar(select(func.coalesce(func.max(AuditEntry.id), 0)))
    session.commit()
    assert client.post(f"{world.base}/batches", data={"name": ""}).status_code == 422
    assert session.scalar(select(func.coalesce(func.max(AuditEntry.id), 0))) == newest
