"""Signing in and out, forgotten passwords, and the links that set a password."""

from datetime import timedelta

from apiflask import APIBlueprint
from flask import current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from ops import clock_time, notices, people
from ops.errors import InvalidInput, NotSignedIn, TooMany
from ops.models import OneTimeLink, User
from ops.web import identity, layout, mail
from ops.web.identity import db

blueprint = APIBlueprint("signin", __name__, enable_openapi=False)

# A second request within this time sends nothing new.
RESET_PAUSE = timedelta(minutes=5)


@blueprint.get("/signin")
def form() -> ResponseReturnValue:
    """The form; whoever is signed in already goes on to where they wanted."""
    viewer = identity.viewer()
    if viewer is not None:
        return redirect(_where_to(viewer.role))
    return _page()


@blueprint.post("/signin")
def submit() -> ResponseReturnValue:
    """Begin a session, or say at the field what is wrong."""
    email, password = request.form.get("email", ""), request.form.get("password", "")
    missing = [(n, t) for n, t in (("email", email), ("password", password)) if not t.strip()]
    if missing:
        return _page([{"field": n, "message": f"enter your {n}"} for n, _ in missing], 422)
    sessions = current_app.extensions["sessions"]
    try:
        found = people.authenticate(sessions, email, password, request.remote_addr or "")
    except NotSignedIn as error:
        return _page([{"field": "password", "message": error.message}], 422)
    except TooMany as error:
        return _page([{"field": None, "message": error.message}], 429)
    person = db().get_one(User, found)
    identity.sign_in(person)
    return redirect(_where_to(person.role), 303)


@blueprint.post("/signout")
def out() -> ResponseReturnValue:
    """End this session."""
    identity.sign_out()
    return redirect(url_for("signin.form"), 303)


@blueprint.get("/signin/forgot")
def forgot() -> ResponseReturnValue:
    """Ask for a reset link."""
    return render_template("signin/forgot.html", sent=False, errors=None)


@blueprint.post("/signin/forgot")
def forgot_send() -> ResponseReturnValue:
    """Send a link, or tell the administrators. The answer is the same whoever asks."""
    try:
        address = people.clean_email(request.form.get("email", ""))
    except InvalidInput as error:
        return render_template("signin/forgot.html", sent=False, errors=error.errors), 422
    page = render_template("signin/forgot.html", sent=True, mailed=mail.configured())
    response = make_response(page)
    person = db().scalar(select(User).where(func.lower(User.email) == address, User.active))
    if person is None or _asked_lately(person):
        return response
    if not mail.configured():
        _tell_administrators(person)
        return response
    link = mail.link_url(people.start_reset(db(), person))
    text = f"Open this link within two hours to choose a new password:\n\n{link}\n"
    return mail.send_after(response, person, "Choose a new password for Touchstone", text)


@blueprint.route("/link/<secret>", methods=["GET", "POST"])
def link(secret: str) -> ResponseReturnValue:
    """Set a password through an invitation or a reset link, and sign in."""
    found, person = people.link_holder(db(), secret)
    more = {"person": person, "purpose": found.purpose, "least": people.LEAST_PASSWORD}
    if request.method == "GET":
        return render_template("signin/link.html", errors=None, **more)
    try:
        with db().begin_nested():
            people.accept_link(db(), secret, request.form.get("password", ""))
    except InvalidInput as error:
        return render_template("signin/link.html", errors=error.errors, **more), 422
    identity.sign_in(person)
    return redirect(layout.home_of(person.role), 303)


def _page(errors: list[dict[str, str | None]] | None = None, status: int = 200) -> tuple[str, int]:
    email, wanted = request.form.get("email", ""), request.values.get("next", "")
    page = render_template("signin/form.html", email=email, next=wanted, errors=errors)
    return page, status


def _where_to(role: str) -> str:
    wanted = request.values.get("next", "")
    return wanted if is_own_path(wanted) else layout.home_of(role)


def is_own_path(path: str) -> bool:
    """Whether `path` stays on this site: browsers read `//host` and `/\\host` as another one."""
    plain = path.isprintable() and "\\" not in path
    return plain and path.startswith("/") and not path.startswith("//")


def _asked_lately(person: User) -> bool:
    since = clock_time.now() - RESET_PAUSE
    live = select(OneTimeLink.id).where(
        OneTimeLink.user_id == person.id,
        OneTimeLink.purpose == "reset",
        OneTimeLink.used_at.is_(None),
        OneTimeLink.created_at > since,
    )
    return db().scalar(live.limit(1)) is not None


def _tell_administrators(person: User) -> None:
    today = clock_time.now().date().isoformat()
    for admin in db().scalars(select(User).where(User.role == "admin", User.active)):
        notices.tell(
            db(),
            admin,
            key=f"reset-asked:{person.id}:{today}",
            text=f"{person.name} has forgotten their password. Make a reset link on their page.",
            url=url_for("people.person", user_id=person.id),
        )
