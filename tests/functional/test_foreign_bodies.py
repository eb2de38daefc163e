"""One's own in the address, another's in the body: nothing is done, and nothing is told of it."""

import pytest
from sqlalchemy import func, select

from ops.applicants import posting
from ops.models import Applicant, Asset, AuditEntry
from quality.models import Course, CourseStep
from tests.everything import everything

DAY = "2999-12-01"
AWAY = {"kind": "sick", "first_day": DAY, "last_day": DAY}
SHIFT = {"action": "shift", "day": DAY, "begins": "10:00", "ends": "11:00", "confirmed": "1"}
TERMS = {
    "title": "x", "questions": 1, "minutes": 1, "attempts": 1, "level": 1, "valid_days": 1,
    "pass_percent": 50,
}  # fmt: skip
PROPOSED = {"external_id": "{foreign[item]}", "label": {"class": "b"}}
HOOK = {"url": "https://example.com/", "events": ["batch.delivered"]}

# Who, method, address, body; {own} may be seen by them, {foreign} may not.
LEAD = (
    ("post", "/teams/{own[team_id]}/absences", {**AWAY, "person": "{foreign[person]}"}),
    ("post", "/api/v1/teams/{own[team_id]}/absences", {**AWAY, "person": "#foreign[person]"}),
    ("post", "/teams/{own[team_id]}/absences/{foreign[absence_id]}", {"action": "grant"}),
    ("post", "/api/v1/teams/{own[team_id]}/absences/{foreign[absence_id]}/decision",
     {"grant": True}),
    ("post", "/teams/{own[team_id]}/shifts/{foreign[shift_id]}", {"action": "cancel"}),
    ("delete", "/api/v1/teams/{own[team_id]}/shifts/{foreign[shift_id]}", {}),
    ("post", "/teams/{own[team_id]}/plan", {**SHIFT, "people": "{foreign[person]}"}),
    ("post", "/teams/{own[team_id]}/plan",
     {**SHIFT, "people": "{own[person]}", "project": "{foreign[project_id]}"}),
    ("post", "/api/v1/teams/{own[team_id]}/shifts",
     {"week": DAY, "people": ["#foreign[person]"]}),
    ("post", "/api/v1/teams/{own[team_id]}/shifts",
     {"week": DAY, "project": "#foreign[project_id]"}),
    ("post", "/people/{own[person]}/move",
     {"timezone": "UTC", "from_day": DAY, "team": "{foreign[team_id]}"}),
    ("post", "/people/{own[person]}/certificates/{foreign[certificate_id]}/revoke",
     {"reason": "r"}),
    ("post", "/onboarding/calibration/{own[project_id]}",
     {"deed": "promote", "who": "{foreign[person]}", "reason": "r"}),
    ("post", "/onboarding/training/new",
     {"project": "{foreign[project_id]}", "title": "T", "pass_percent": "80"}),
    ("post", "/onboarding/training/{own[course_id]}/steps/new",
     {"kind": "example", "title": "T", "gold": "{foreign[spare_gold]}"}),
    ("post", "/onboarding/training/{own[course_id]}/steps/{foreign[step_id]}/edit",
     {"title": "T", "markdown": "M"}),
    ("post", "/onboarding/training/{own[course_id]}/steps/{foreign[step_id]}/move", {"way": "up"}),
    ("post", "/onboarding/training/{own[course_id]}/steps/{foreign[step_id]}/retire", {}),
    ("post", "/onboarding/assessments/new", {**TERMS, "project": "{foreign[project_id]}"}),
    ("post", "/onboarding/assessments/{own[assessment_id]}/items/{foreign[gold_id]}",
     {"reason": "r"}),
    ("post", "/onboarding/assessments/{own[assessment_id]}/items/{foreign[gold_id]}/anew", {}),
    ("post", "/onboarding/assessments/{own[assessment_id]}/items/{foreign[gold_id]}/question", {}),
    ("post", "/onboarding/attempts/{own[attempt_id]}/doubts/{foreign[doubt_id]}", {}),
    ("post", "/onboarding/pipeline/moves",
     {"to": "{stage}", "applicant": "{foreign[applicant_id]}:{first}"}),
    ("post", "/onboarding/pipeline/duplicates",
     {"one": "{own[applicant_id]}", "other": "{foreign[applicant_id]}"}),
    ("post", "/onboarding/pipeline/duplicates",
     {"one": "{own[applicant_id]}", "other": "{foreign[applicant_id]}", "action": "apart"}),
    ("post", "/onboarding/pipeline/{own[applicant_id]}/letters/sent",
     {"letter": "{foreign[letter]}"}),
    ("post", "/onboarding/openings/new",
     {"title": "T", "consent": "C", "project": "{foreign[project_id]}"}),
    ("post", "/onboarding/openings/{own[opening_id]}",
     {"title": "T", "consent": "C", "project": "{foreign[project_id]}"}),
    ("post", "/projects/{own[project_id]}/gold/proposals/{foreign[proposal_id]}",
     {"decision": "take"}),
    ("post", "/api/v1/projects/{own[project_id]}/gold/proposals/{foreign[proposal_id]}",
     {"decision": "take"}),
    ("post", "/projects/{own[project_id]}/issues/{foreign[issue_id]}",
     {"action": "pass_on", "client_text": "x"}),
    ("post", "/api/v1/projects/{own[project_id]}/issues/{foreign[issue_id]}/client",
     {"text": "x"}),
    ("post", "/webhooks", {**HOOK, "organisation": "{foreign[client_organisation]}"}),
    ("post", "/api/v1/webhooks", {**HOOK, "organisation": "#foreign[client_organisation]"}),
    ("post", "/webhooks/{own[webhook_id]}/messages/{foreign[message_id]}", {}),
    ("post", "/api/v1/webhooks/{own[webhook_id]}/messages/{foreign[message_id]}/redeliver", {}),
)  # fmt: skip
CLIENT = (
    ("post", "/webhooks", {**HOOK, "organisation": "{foreign[client_organisation]}"}),
    ("post", "/api/v1/webhooks", {**HOOK, "organisation": "#foreign[client_organisation]"}),
    ("post", "/webhooks/{own[webhook_id]}/messages/{foreign[message_id]}", {}),
    ("post", "/api/v1/webhooks/{own[webhook_id]}/messages/{foreign[message_id]}/redeliver", {}),
    ("post", "/portal/projects/{own[project_id]}/proposals",
     {"external_id": "{foreign[item]}", "class": "b"}),
    ("post", "/api/v1/portal/projects/{own[project_id]}/proposals", PROPOSED),
    ("post", "/portal/deliveries/{own[delivery_id]}/audit/choose",
     {"external_id": "{foreign[item]}"}),
    ("post", "/api/v1/deliveries/{own[delivery_id]}/audit/items",
     {"external_id": "{foreign[item]}"}),
)  # fmt: skip
LABELLER = (
    ("post", "/hours/absences/{foreign[absence_id]}", {}),
    ("delete", "/api/v1/hours/absences/{foreign[absence_id]}", {}),
    ("post", "/training/{own[course_id]}/steps/{foreign[step_id]}", {}),
    ("post", "/onboarding/take/{own[attempt_token]}/{foreign[question_token]}", {"class": "a"}),
)  # fmt: skip
# Pages that move many, or decide on two, say at the top what was refused.
SAID_ON_TOP = ("/pipeline/moves", "/duplicates", "/letters/sent")


@pytest.fixture
def worlds(app, make, session, sessions):
    """{own, foreign}: two clients with everything, and who is who in the first."""
    own, foreign = (everything(app, make, session, sessions, scored=False) for _ in range(2))
    for one in (own, foreign):
        one["person"] = one["labeller"].id
        letter = posting.write(
            session, session.get_one(Applicant, one["applicant_id"]), "S", "B", key="k", by=None
        )
        one["letter"] = letter
        asset = session.get_one(Asset, one["asset_ids"][1])
        asset.external_id = f"item {one['project_id']}"
        one["item"] = asset.external_id
        used = select(CourseStep.gold_id).join(Course).where(Course.id == one["course_id"])
        one["spare_gold"] = one["gold_id"] if session.scalar(used) != one["gold_id"] else 0
    session.commit()
    return {"own": own, "foreign": foreign}


def _filled(body, names):
    """The body with what it names; `#name` is a number, `{name}` a text."""
    if isinstance(body, dict):
        return {key: _filled(value, names) for key, value in body.items()}
    if isinstance(body, list):
        return [_filled(value, names) for value in body]
    if isinstance(body, str) and body.startswith("#"):
        return int(f"{{{body[1:]}}}".format(**names))
    return body.format(**names) if isinstance(body, str) else body


def test_a_body_cannot_name_what_the_address_could_not(worlds, session, client_for, make):
    own = worlds["own"]
    applicant = session.get_one(Applicant, own["applicant_id"])
    names = {**worlds, "stage": applicant.stage_id + 1, "first": applicant.stage_id}
    client = make.user("client", organisation_id=own["client_organisation"])
    done = []
    count = select(func.count()).select_from(AuditEntry)
    for who, tries in ((own["lead"], LEAD), (client, CLIENT), (own["labeller"], LABELLER)):
        browser = client_for(who)
        for method, path, body in tries:
            before = session.scalar(count)
            where, sent = path.format(**names), _filled(body, names)
            more = {"json": sent} if "/api/" in path else {"data": sent}
            answer = getattr(browser, method)(where, **more)
            session.rollback()
            on_top = answer.status_code == 303 and path.endswith(SAID_ON_TOP)
            if session.scalar(count) != before or not (answer.status_code in (404, 422) or on_top):
                done.append((who.role, method, path, body, answer.status_code))
    assert not done, done
