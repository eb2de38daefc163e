"""What labellers and leads write at the desk: answers, questions, readings, appeals."""

from ops import guidelines, talk

ANSWER = {"label": {"class": "a"}, "key": "0123456789", "revision": 0, "tab": "t", "active_ms": 0}


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


def _pass_on(w):
    w.make.user(role="client", organisation_id=w.project.organisation_id)
    return _issue("{api}/issues/{id}/client", json={"text": "Which, Ada Private?"})(w)


CASES = {
    "desk_api.submit_label": _desk("submit", ANSWER),
    "desk_api.skip": _desk("skip", {"reason": "unclear"}),
    "desk_api.release": _desk("release", {}),
    "desk.read": lambda w: _reading(w, f"/desk/guideline/{w.project.id}", data={"version": "1"}),
    "guideline_api.read_guideline": lambda w: _reading(
        w, "/api/v1/desk/guideline", json={"project": w.project.id, "version": 1}
    ),
    "desk.appeal": _appeal("/desk/decisions/{}/appeal", data={"text": "No."}),
    "decisions_api.appeal_decision": _appeal(
        "/api/v1/desk/decisions/{}/appeal", json={"text": "No."}
    ),
    "desk_talk.ask": _ask,
    "desk_talk.reply": _issue("/api/v1/desk/issues/{token}/comments", json=SAID),
    "desk_talk.resolve": _issue("/api/v1/desk/issues/{token}/resolve", json={}),
    "projects.change_issue": _issue("{base}/issues/{id}", data={"action": "escalate"}),
    "api_projects.reply_to_issue": _issue("{api}/issues/{id}/comments", json=SAID),
    "api_projects.change_issue": _issue("{api}/issues/{id}/state", json={"action": "resolve"}),
    "api_projects.enter_issue": _issue("{api}/issues/{id}/entry", json={"markdown": "Q and A"}),
    "api_projects.pass_on_issue": _pass_on,
}  # fmt: skip
