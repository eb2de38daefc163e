"""Openings and applicants."""

from ops.applicants import moving, posting
from tests import applying


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


CASES = {
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
}  # fmt: skip
