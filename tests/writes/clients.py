"""What clients write, what leads decide of it, and webhooks."""

from ops import client_questions, clock_time, guidelines, talk
from ops.config import Settings
from ops.webhooks import hooks
from quality import proposals

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


WORD = {"version": 1, "word": "changes_asked", "remark": "Ask Ada Private."}


ANSWERED = {"body": "Ask Ada Private.", "key": "k" * 10}


CASES = {
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
}  # fmt: skip
