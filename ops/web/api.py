"""The API for people and certificates, and its readable documentation."""

from datetime import UTC, datetime, time
from typing import Any

from apiflask import APIBlueprint
from flask import current_app, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from ops import certificates, clock_time, scope, skills, staff
from ops.errors import InvalidInput, NotFound
from ops.models import Project, Skill, User
from ops.web import api_docs, mail
from ops.web import api_messages as messages
from ops.web.identity import db, user

blueprint = APIBlueprint("api", __name__, url_prefix="/api/v1", tag="People")


@blueprint.get("/docs")
@blueprint.doc(hide=True)
def docs() -> ResponseReturnValue:
    """The documentation as a page, made from the document itself."""
    spec = current_app.spec  # type: ignore[attr-defined]  # APIFlask's
    return render_template(
        "api/docs.html", spec=spec, sections=api_docs.sections(spec), labels=api_docs.labels(spec)
    )


@blueprint.get("/people")
@blueprint.input(messages.PeopleQuery, location="query", arg_name="asked")
@blueprint.output(messages.PeopleOut)
def list_people(asked: messages.PeopleQuery) -> dict[str, Any]:
    """List people

    Open accounts in the order of their names, 50 a page.
    """
    query = staff.search(text=asked.q, role=asked.role or "", at=clock_time.now())
    rows, total = staff.page(db(), query, asked.page)
    return {"people": _views(list(rows)), "page": asked.page, "total": total}


@blueprint.post("/people")
@blueprint.input(messages.PersonIn, arg_name="asked")
@blueprint.output(messages.InvitedOut, status_code=201)
def invite_person(asked: messages.PersonIn) -> dict[str, Any]:
    """Invite a person

    The answer holds the invitation link, once. Which roles you may give depends on your own.
    """
    who = staff.Invitation(
        email=asked.email,
        name=asked.name,
        role=asked.role,
        skills=[(_skill(s.skill, "skills"), s.level) for s in asked.skills],
        projects=_projects(asked.projects),
        organisation=asked.organisation,
    )
    person, secret = staff.invite(db(), who, by=user())
    return {**_views([person])[0], "invitation": mail.link_url(secret)}


@blueprint.get("/people/<int:user_id>")
@blueprint.output(messages.PersonOut)
def show_person(user_id: int) -> dict[str, Any]:
    """Get a person with their certificates"""
    return _views([staff.find(db(), user_id)])[0]


@blueprint.post("/people/<int:user_id>/certificates")
@blueprint.input(messages.CertificateIn, arg_name="asked")
@blueprint.output(messages.CertificateOut, status_code=201)
def grant_certificate(user_id: int, asked: messages.CertificateIn) -> dict[str, Any]:
    """Certify a person in a skill"""
    certificate = certificates.grant(
        db(),
        user=staff.managed(db(), user_id, by=user()),
        skill=_skill(asked.skill, "skill"),
        level=asked.level,
        source="hand",
        by=user(),
        valid_until=datetime.combine(asked.valid_until, time.max, UTC),
        reason=asked.reason,
    )
    return messages.certificate(certificate)


@blueprint.post("/people/<int:user_id>/certificates/<int:certificate_id>/revoke")
@blueprint.input(messages.RevokeIn, arg_name="asked")
@blueprint.output(messages.CertificateOut)
def revoke_certificate(
    user_id: int, certificate_id: int, asked: messages.RevokeIn
) -> dict[str, Any]:
    """Revoke a certificate"""
    holder = staff.managed(db(), user_id, by=user())
    found = certificates.find(db(), holder, certificate_id)
    certificates.revoke(db(), found, by=user(), reason=asked.reason)
    return messages.certificate(found)


def _skill(name: str, field: str) -> Skill:
    try:
        return skills.named(db(), name)
    except NotFound as error:
        raise InvalidInput(error.message, field=field) from None


def _projects(ids: list[int]) -> list[Project]:
    mine = select(Project).where(Project.id.in_(ids), Project.id.in_(scope.projects(user())))
    found = list(db().scalars(mine))
    if len(found) < len(set(ids)):
        raise InvalidInput("there is no such project, or you are no member", field="projects")
    return found


def _views(rows: list[User]) -> list[dict[str, Any]]:
    held: dict[int, list[Any]] = {row.id: [] for row in rows}
    for certificate in certificates.history(db(), held):
        held[certificate.user_id].append(messages.certificate(certificate))
    return [messages.person(row, held[row.id]) for row in rows]
