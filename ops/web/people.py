"""People, for managers: who there is, who may do what, inviting and letting go."""

from apiflask import APIBlueprint
from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from sqlalchemy import select

from ops import (
    affiliations,
    certificates,
    clock_time,
    erasure,
    moves,
    organisations,
    people,
    people_csv,
    projects,
    scope,
    skills,
    staff,
)
from ops.access import WORKERS
from ops.errors import Conflict, InvalidInput, TouchstoneError
from ops.models import ROLES, Project, ProjectMember, User
from ops.web import mail, people_forms
from ops.web.identity import db, user

blueprint = APIBlueprint("people", __name__, enable_openapi=False)


@blueprint.get("/people")
def index() -> ResponseReturnValue:
    """Everybody, by name; narrowed by text, role and a skill that is valid now."""
    asked = people_forms.search(request.args)
    now = clock_time.now()
    query = staff.search(
        text=asked.text, role=asked.role, skill_id=asked.skill_id, closed=asked.closed, at=now
    )
    rows, total = staff.page(db(), query, asked.page)
    held: dict[int, list[object]] = {}
    for certificate in certificates.history(db(), [row.id for row in rows]):
        if certificate.revoked_at is None:
            held.setdefault(certificate.user_id, []).append(certificate)
    return render_template(
        "people/index.html",
        people=rows,
        held=held,
        total=total,
        asked=asked,
        pages=-(-total // staff.PAGE),
        roles=ROLES,
        skills=skills.everything(db()),
        soon=now + people_forms.SOON,
    )


@blueprint.get("/people/new")
def new() -> ResponseReturnValue:
    """The form for one person."""
    return _new_page({}, None)


@blueprint.post("/people/new")
def add() -> ResponseReturnValue:
    """Invite one person; the link is on this answer and nowhere else."""
    try:
        with db().begin_nested():
            who = people_forms.invitation(db(), request.form, by=user())
            person, secret = staff.invite(db(), who, by=user())
    except (InvalidInput, Conflict) as error:
        faults = getattr(error, "errors", [{"field": error.field, "message": error.message}])
        return _new_page(request.form, faults), 422
    return _invited([(person, secret)])


@blueprint.get("/people/import")
def import_form() -> ResponseReturnValue:
    """The form for many people at once."""
    return _import_page("", None)


@blueprint.post("/people/import")
def import_csv() -> ResponseReturnValue:
    """Invite everybody in the table, or nobody and say why."""
    text = request.form.get("csv", "")
    upload = request.files.get("file")
    try:
        if upload and upload.filename:
            text = people_forms.text_of(upload.read())
        if not text.strip():
            raise InvalidInput("paste a table or choose a file", field="csv")
        with db().begin_nested():
            made = people_csv.create_all(db(), text, by=user())
    except (InvalidInput, Conflict) as error:
        faults = getattr(error, "errors", [{"field": "csv", "message": error.message}])
        return _import_page(text, faults), 422
    return _invited(made)


@blueprint.get("/people/<int:user_id>")
def person(user_id: int) -> ResponseReturnValue:
    """One person: account, certificates, projects."""
    return _person_page(staff.find(db(), user_id))


@blueprint.post("/people/<int:user_id>/certificates")
def grant(user_id: int) -> ResponseReturnValue:
    """Certify by hand, with a reason."""
    holder = staff.managed(db(), user_id, by=user())
    try:
        with db().begin_nested():
            values = people_forms.certificate(db(), request.form)
            certificates.grant(db(), user=holder, source="hand", by=user(), **values)
    except InvalidInput as error:
        return _person_page(holder, values=request.form, errors=error.errors), 422
    flash(f"{holder.name} is certified in {values['skill'].name}.", "success")
    return redirect(url_for("people.person", user_id=holder.id), 303)


@blueprint.post("/people/<int:user_id>/certificates/<int:certificate_id>/revoke")
def revoke(user_id: int, certificate_id: int) -> ResponseReturnValue:
    """End a certificate, with a reason."""
    holder = staff.managed(db(), user_id, by=user())
    certificate = certificates.find(db(), holder, certificate_id)
    try:
        reason = request.form.get("reason", "")
        certificates.revoke(db(), certificate, by=user(), reason=reason)
    except InvalidInput:
        return _person_page(holder, revoking=certificate_id), 422
    flash(f"The certificate in {certificate.skill.name} is revoked.", "success")
    return redirect(url_for("people.person", user_id=holder.id), 303)


@blueprint.post("/people/<int:user_id>/link")
def make_link(user_id: int) -> ResponseReturnValue:
    """A new invitation, or a link to choose a new password; shown once."""
    other = staff.managed(db(), user_id, by=user())
    if not other.active:
        raise Conflict("This account is closed. Reopen it first.")
    if other.password_hash is None:
        return _invited([(other, people.invite(db(), other, by=user()))])
    link = mail.link_url(people.start_reset(db(), other, by=user()))
    return make_response(_person_page(other, link=link), 201)


@blueprint.post("/people/<int:user_id>/deactivate")
def deactivate(user_id: int) -> ResponseReturnValue:
    """Close an account; sessions and tokens end at once."""
    other = staff.managed(db(), user_id, by=user())
    if other.id == user().id:
        raise Conflict("You cannot close your own account; ask another administrator.")
    people.deactivate(db(), other, by=user())
    flash(f"The account of {other.name} is closed. Their history stays.", "success")
    return redirect(url_for("people.person", user_id=other.id), 303)


@blueprint.post("/people/<int:user_id>/reopen")
def reopen(user_id: int) -> ResponseReturnValue:
    """Open a closed account again."""
    other = staff.managed(db(), user_id, by=user())
    people.reopen(db(), other, by=user())
    flash(f"The account of {other.name} is open again.", "success")
    return redirect(url_for("people.person", user_id=other.id), 303)


@blueprint.post("/people/<int:user_id>/change")
def change(user_id: int) -> ResponseReturnValue:
    """Correct a name or address, or give another role."""
    other = staff.managed(db(), user_id, by=user())
    values = {name: request.form.get(name, "") for name in ("name", "email", "role")}
    try:
        with db().begin_nested():
            staff.change(db(), other, by=user(), **values)
    except (InvalidInput, Conflict) as error:
        faults = getattr(error, "errors", [{"field": error.field, "message": error.message}])
        return _person_page(other, changing=values, change_errors=faults), 422
    flash("Saved.", "success")
    return redirect(url_for("people.person", user_id=other.id), 303)


@blueprint.post("/people/<int:user_id>/move")
def move(user_id: int) -> ResponseReturnValue:
    """Another team, vendor or time zone, from a day on."""
    other = staff.managed(db(), user_id, by=user())
    try:
        with db().begin_nested():
            there = people_forms.place(db(), request.form, other, by=user())
            moves.plan(db(), other, **there, by=user())
    except InvalidInput as error:
        return _person_page(other, moving=request.form, move_errors=error.errors), 422
    flash("Saved. What was done until then stays counted where it was done.", "success")
    return redirect(url_for("people.person", user_id=other.id), 303)


@blueprint.post("/people/<int:user_id>/stay")
def stay(user_id: int) -> ResponseReturnValue:
    """What was to come from a day on does not."""
    other = staff.managed(db(), user_id, by=user())
    moves.drop(db(), other, by=user())
    flash(f"{other.name} stays where they are.", "success")
    return redirect(url_for("people.person", user_id=other.id), 303)


@blueprint.post("/people/<int:user_id>/erase")
def erase(user_id: int) -> ResponseReturnValue:
    """Erase what names a person; what they did stays under their pseudonym."""
    other = staff.managed(db(), user_id, by=user())
    erasure.erase(db(), other, by=user())
    flash("The personal data is erased. The work stays, under a pseudonym.", "success")
    return redirect(url_for("people.person", user_id=other.id), 303)


@blueprint.post("/people/skills")
def add_skill() -> ResponseReturnValue:
    """A new skill to certify people in."""
    back = redirect(url_for("people.index"), 303)
    try:
        skill = skills.create(db(), name=request.form.get("name", ""), by=user())
    except TouchstoneError as error:
        flash(error.message, "error")
        return back
    flash(f"The skill {skill.name} exists now: certify people in it on their pages.", "success")
    return back


def _new_page(values: object, errors: object) -> str:
    return render_template(
        "people/new.html",
        values=values,
        errors=errors,
        roles=staff.roles_for(user()),
        skills=skills.everything(db()),
        projects=projects.not_closed(db(), user()),
        clients=organisations.all_of(db(), "client"),
        usual=clock_time.now() + certificates.USUAL_VALIDITY,
    )


def _import_page(text: str, errors: object) -> str:
    return render_template(
        "people/import.html",
        text=text,
        errors=errors,
        roles=staff.roles_for(user()),
        skills=skills.everything(db()),
        projects=projects.not_closed(db(), user()),
    )


def _invited(made: list[tuple[User, str]]) -> Response:
    links = [(person, mail.link_url(secret)) for person, secret in made]
    page = render_template("people/invited.html", links=links, mailed=mail.configured())
    response = make_response(page, 201)
    for person, link in links:
        text = f"You have been invited to Touchstone. Choose a password to begin:\n\n{link}\n"
        mail.send_after(response, person, "Your invitation to Touchstone", text)
    return response


def _person_page(person: User, **more: object) -> str:
    shared = select(Project, ProjectMember).join(
        ProjectMember, ProjectMember.project_id == Project.id
    )
    shared = shared.where(
        ProjectMember.user_id == person.id, Project.id.in_(scope.projects(user()))
    )
    now = clock_time.now()
    page = {"values": {}, "errors": None, "link": None, "revoking": None, **more}
    page.setdefault("changing", None)
    page.setdefault("change_errors", None)
    page.setdefault("moving", None)
    page.setdefault("move_errors", None)
    return render_template(
        "people/person.html",
        person=person,
        manageable=staff.may_manage_account(db(), user(), person),
        works=person.role in WORKERS,
        teams=people_forms.teams_for(db(), user(), person),
        seen_teams=set(db().scalars(scope.teams(user()))),
        vendors=organisations.all_of(db(), "vendor"),
        to_come=moves.of(db(), person),
        today=affiliations.today(person),
        roles=staff.roles_for(user()),
        erased=erasure.is_erased(person),
        own=certificates.history(db(), [person.id]),
        memberships=db().execute(shared.order_by(Project.name)).all(),
        skills=skills.everything(db()),
        usual=now + certificates.USUAL_VALIDITY,
        soon=now + people_forms.SOON,
        **page,
    )
