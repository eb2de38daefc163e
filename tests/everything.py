"""Something of every kind that can be named in an address, all of one project."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from metrics.deliver import deliver
from ops import client_questions, clock_time, guidelines, sealer, talk, teams
from ops.models import Shift
from ops.shifts import absences, drafting, planning
from ops.web import media
from ops.webhooks import hooks
from quality import gold, proposals
from quality.acceptance import drawing
from quality.models import AttemptDoubt
from quality.onboarding import assessments, attempts, course_gold, course_steps, courses
from quality.rescoring import job, runs
from scheduling import dispatch
from tests import applying, paid
from tests.factories import Make
from tests.finished import finished


def everything(
    app: Any,
    make: Make,
    session: Session,
    sessions: sessionmaker[Session],
    *,
    scored: bool = True,
) -> dict[str, Any]:
    """A delivered batch and what else there is, by the names that addresses give their parts.

    Without `scored` its re-score run waits: to learn a model takes longer than all the rest.

    Beside those: `lead` and `labeller`, the people of the project, and `client_organisation`.
    """
    done = finished(make, session)
    spare = make.batch(done.project)
    assets = make.assets(spare, 3)
    golds = [gold.make(session, done.project, a, [{"class": "a"}], done.lead) for a in assets[:2]]
    lane = make.lane(spare, requirements={}, requirement_key="other")
    make.tasks(lane, assets[2:])
    labeller = make.member(done.project, make.user())
    skill = make.skill()
    terms = {"title": "Entry", "questions": 1, "minutes": 30}
    test = assessments.create(session, done.project, skill, terms, done.lead)
    attempt = attempts.begin(session, test, labeller)
    question = attempts.questions_of(session, attempt)[0]
    at, of = clock_time.now(), attempt.id
    told = {"ratio": 0.2, "distance": -4.0, "questions": 1}
    doubt = AttemptDoubt(attempt_id=of, kind="too_fast", evidence=told, at=at)
    session.add(doubt)
    course = courses.create(session, done.project, {"title": "First steps"}, done.lead)
    told = {"title": "Look", "gold": course_gold.offered(session, course)[0].gold_id}
    step = course_steps.add(session, course, "example", told, done.lead)
    courses.open_it(session, course, done.lead)
    work = dispatch.claim(session, labeller, project_id=done.project.id)
    assert work is not None
    asked = talk.open_issue(
        session, done.project, labeller, {"at": "asset"}, "Which?", key="everything",
        asset=assets[2],
    )  # fmt: skip
    client = make.user(role="client", organisation_id=done.project.organisation_id)
    client_questions.pass_on(session, asked, done.lead, "Which of the two?")
    proposal = proposals.propose(session, done.project, assets[2], {"class": "b"}, client)
    run = runs.request(session, done.batch, done.lead)
    session.commit()
    if scored:
        job.run(sessions, run.id)
    made = deliver(session, done.batch, done.lead)
    admin = make.user(role="admin")
    team, shift, absence = _planned(session, labeller, done.lead, admin)
    opening = applying.opened(session, done.lead, project_id=done.project.id)
    applicant = applying.applied(session, opening)
    rule = make.rule(done.project)
    firing = make.firing(rule, labeller)
    hook = hooks.create(
        session, organisation_id=done.project.organisation_id, url="https://example.com/",
        events=["batch.delivered"], by=admin, settings=app.extensions["settings"],
    )  # fmt: skip
    message = hooks.test(session, hook, by=admin)
    statement = paid.statement(session, labeller, done.project, admin)
    certificate = make.certificate(labeller, skill)
    for text in ("Look.", "Look twice."):
        guidelines.publish(session, done.project, text, done.lead)
    pictured = make.assets(spare, 1, uri="upload:" + "0" * 64 + ".png", text=None)[0]
    session.commit()
    sealer.seal(sessions)
    client = make.user("client", organisation_id=done.project.organisation_id)
    drawing.draw(session, made, client, n=1)
    session.commit()
    with app.test_request_context():
        signed = media.url(pictured.id).rpartition("/")[2]
    return {
        "lead": done.lead,
        "labeller": labeller,
        "project_id": done.project.id,
        "batch_id": done.batch.id,
        "gold_id": golds[0].id,
        "proposal_id": proposal.id,
        "delivery_id": made.id,
        "version": made.version,
        "position": 1,
        "place": 1,
        "assessment_id": test.id,
        "course_id": course.id,
        "step_id": step.id,
        "rule_id": rule.id,
        "firing_id": firing.id,
        "team_id": team.id,
        "shift_id": shift.id,
        "absence_id": absence.id,
        "opening_id": opening.id,
        "applicant_id": applicant.id,
        "link": opening.token,
        "own_link": applicant.token,
        "issue_id": asked.id,
        "issue": asked.token,
        "run_id": run.id,
        "other_id": run.id,
        "decision_id": firing.id,
        "webhook_id": hook.id,
        "message_id": message,
        "statement_id": statement.id,
        "own_statement_id": statement.id,
        "user_id": admin.id,
        "certificate_id": certificate.id,
        "skill_id": skill.id,
        "desk_token": work.token,
        "attempt_token": attempt.token,
        "attempt_id": attempt.id,
        "doubt_id": doubt.id,
        "question_token": question.token,
        "token_id": 1,
        "signed": signed,
        "form": "jsonl",
        "asset": assets[0].id,
        "client_organisation": done.project.organisation_id,
        "asset_ids": [asset.id for asset in assets],
        "name": done.project.name,
    }


def _planned(session: Session, labeller: Any, lead: Any, admin: Any) -> tuple[Any, Any, Any]:
    """A team of one and its lead, a shift to come, an absence that is asked for."""
    team = teams.create(session, f"Team of {labeller.name}", by=admin)
    teams.join(session, labeller, team, by=admin)
    teams.appoint(session, team, lead, by=admin)
    day = clock_time.now().date() + timedelta(days=10)
    draft = drafting.one_each(session, [labeller], day, 600, 660)
    (shift_id,) = planning.make(session, draft, team=team, by=admin)
    asked = {"kind": "holiday", "first": day, "last": day, "note": ""}
    absence = absences.ask(session, labeller, **asked, by=labeller)
    return team, session.get_one(Shift, shift_id), absence


def values_of(rule: Any, things: dict[str, Any]) -> dict[str, Any]:
    """What to put into the address of `rule` so that it names the things."""
    values = {name: things[name] for name in rule.arguments if name != "token"}
    if "token" in rule.arguments:
        kind = "attempt_token" if rule.endpoint.startswith("onboarding.") else "desk_token"
        values["token"] = things[kind]
    return values
