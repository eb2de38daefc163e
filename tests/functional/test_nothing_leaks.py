"""What each role must not see, planted and looked for at every address that the role may open.

Two clients with everything there is. Whatever names somebody, costs something, is another client's
or tells gold has a name that occurs nowhere else, so that finding it is a leak. HTML, JSON, CSV and
the text of PDFs are read; addresses are the application's own list.
"""

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from flask import url_for
from sqlalchemy import select

from ops.access import ANYONE
from ops.models import Asset, Batch, Organisation, Project, User
from quality import gold
from quality.models import Gold
from tests.everything import everything, values_of
from tests.factories import Make

COST = 7319.25
REASON = "Qgoldreasonq"
Planted = dict[str, dict[str, User | None]]
# What is planted, by kind: → the roles that must not see it. Own: of the client's own project;
# foreign: of another client's. A colleague is anybody who works here but is not who looks.
HIDDEN: Mapping[str, tuple[str, ...]] = {
    "colleague": ("client", "labeller"),
    "e-mail": ("client", "labeller"),
    "pseudonym": ("client", "labeller"),
    "cost": ("client", "labeller"),
    "money": ("client",),
    "foreign organisation": ("client", "labeller"),
    "foreign project": ("client", "labeller"),
    "foreign batch": ("client", "labeller"),
    "foreign asset": ("client", "labeller"),
    "own batch": ("labeller",),
    "own asset": ("labeller",),
    "gold": ("client", "labeller"),
    "label of gold": ("client", "labeller"),
}
# Whoever runs the project may: what is planted can be found, so that not finding it says something.
SHOWN = {
    "colleague": "/people",
    "e-mail": "/people",
    "own batch": "/projects/{project_id}/batches",
    "own asset": "/projects/{project_id}/assets",
    "cost": "/projects/{project_id}/settings",
    "label of gold": "/projects/{project_id}/gold",
}
# Leads and managers are named to those who work for them, in threads and letters.
KNOWN_TO_LABELLERS = ("admin", "ops_lead", "onboarding_manager")
# Pages and files that show finished labels.
FINISHED = ("/samples", "/sample", "/labels.", "/export")
# What an address needs beside its parts.
QUERIES = {name: {"external_id": "{asset}"} for name in ("portal.item", "portal.new_proposal")}


class Planting(Make):
    """Everything that is made has a name of its own that stands nowhere else."""

    def user(self, role: str = "labeller", **more: Any) -> User:
        n = self._next()
        more.setdefault("name", f"Qwyx{n}q Vantz{n}q")
        more.setdefault("email", f"qmail{n}q@qsecret.example")
        return super().user(role, **more)

    def organisation(self, kind: str = "client", **more: Any) -> Organisation:
        more.setdefault("name", f"Qorg{self._next()}q")
        return super().organisation(kind, **more)

    def project(self, **more: Any) -> Any:
        more.setdefault("name", f"Qproject{self._next()}q")
        more["settings"] = {**more.get("settings", {}), "cost_per_hour": COST}
        return super().project(**more)

    def batch(self, project: Any, **more: Any) -> Any:
        return super().batch(project, name=f"Qbatch{self._next()}q", **more)

    def assets(self, batch: Any, n: int = 1, **more: Any) -> list[Asset]:
        found = super().assets(batch, n, **more)
        for asset in found:
            asset.external_id = f"Qasset{asset.id}q"
        self.session.flush()
        return found

    def _next(self) -> int:
        self.n = getattr(self, "n", 1000) + 1
        return self.n


@pytest.fixture
def make(session):
    return Planting(session)


def _planted(session: Any, own: Mapping[str, Any], foreign: Mapping[str, Any]) -> Planted:
    """Kind → what it looks like, and who it is where it is somebody."""
    people = session.scalars(select(User).where(User.role != "client")).all()
    batches = session.scalars(select(Batch)).all()
    assets = session.scalars(select(Asset)).all()
    mine = own["project_id"]
    golds = select(Asset.external_id).join(Gold, Gold.asset_id == Asset.id)
    other = session.get_one(Organisation, foreign["client_organisation"])
    names = {
        "cost": [f"{COST:.2f}", f"{COST:,.2f}", f"{COST:g}"],
        "money": ["EUR", "€"],
        "foreign organisation": [other.name],
        "foreign project": [foreign["name"]],
        "foreign batch": [one.name for one in batches if one.project_id != mine],
        "foreign asset": [one.external_id for one in assets if one.project_id != mine],
        "own batch": [one.name for one in batches if one.project_id == mine],
        "own asset": [one.external_id for one in assets if one.project_id == mine],
        "gold": [REASON],
        # Its label is known before anybody labelled: it must not stand among the finished ones.
        "label of gold": session.scalars(golds.where(Asset.project_id == mine)).all(),
    }
    return {
        "colleague": {one.name: one for one in people},
        "e-mail": {str(one.email): one for one in people},
        "pseudonym": {str(one.pseudonym): one for one in people},
        **{kind: dict.fromkeys(some) for kind, some in names.items()},
    }


@pytest.fixture
def world(app, make, session, sessions):
    """Two clients with everything; gold of the first is put right with a reason."""
    own, foreign = (everything(app, make, session, sessions, scored=False) for _ in range(2))
    project, one = (
        session.get_one(*x) for x in ((Project, own["project_id"]), (Gold, own["gold_id"]))
    )
    gold.revise(session, project, one, [{"class": "b"}], own["lead"], reason=REASON)
    session.commit()
    return own, foreign


def _addresses(app: Any, role: str, things: Mapping[str, Any], *, named: bool) -> Iterable[str]:
    """What `role` may open; with `named` only what names one of the things."""
    for rule in app.url_map.iter_rules():
        roles = app.extensions["access"][rule.endpoint]
        if "GET" not in rule.methods or rule.endpoint == "static" or named > bool(rule.arguments):
            continue
        if (roles == ANYONE and rule.arguments) or (roles != ANYONE and role not in roles):
            continue  # the one is for whoever holds a secret, the other is refused
        more = {k: v.format(**things) for k, v in QUERIES.get(rule.endpoint, {}).items()}
        for form in ("jsonl", "csv") if "form" in rule.arguments else ("",):
            values = {**values_of(rule, {**things, "form": form or "jsonl"}), **more}
            with app.test_request_context():
                yield url_for(rule.endpoint, **values)


def _text(answer: Any) -> str:
    """What a reader sees of an answer, and what a program does."""
    if answer.mimetype == "application/pdf":
        program = shutil.which("pdftotext")
        if program is None:
            return ""
        return subprocess.run(
            [program, "-", "-"], input=answer.data, capture_output=True, check=True
        ).stdout.decode()
    if answer.mimetype.startswith("image/"):
        return ""
    return answer.data.decode("utf-8", "replace") + str(answer.headers)


def _leaks(kind: str, secrets: Mapping[str, User | None], text: str, viewer: User) -> list[str]:
    own = {viewer.name, viewer.email, str(viewer.pseudonym)}
    found = []
    for secret, person in secrets.items():
        if secret in own or secret not in text:
            continue
        named = person is not None and person.role in KNOWN_TO_LABELLERS and kind == "colleague"
        whole = re.search(rf"(?<![\w.,]){re.escape(secret)}(?!\w)", text)
        if whole and not (named and viewer.role != "client"):
            found.append(secret)
    return found


def _looked_at(kind: str, role: str, address: str) -> bool:
    if kind == "label of gold":
        return any(part in address for part in FINISHED)
    return role in HIDDEN[kind]


def test_no_address_shows_what_its_reader_must_not_see(app, world, session, client_for, make):
    own, foreign = world
    planted = _planted(session, own, foreign)
    assert planted.keys() == HIDDEN.keys()
    asset = {"asset": next(iter(planted["own asset"]))}
    client = make.user(role="client", organisation_id=own["client_organisation"])
    leaks, seen = [], dict.fromkeys(("client", "labeller"), 0)
    for viewer in (client, own["labeller"]):
        browser = client_for(viewer)
        mine = _addresses(app, viewer.role, {**own, **asset}, named=False)
        for address in [*mine, *_addresses(app, viewer.role, {**foreign, **asset}, named=True)]:
            answer = browser.get(address)
            seen[viewer.role] += answer.status_code == 200
            text = _text(answer)
            for kind, secrets in planted.items():
                if _looked_at(kind, viewer.role, address):
                    found = _leaks(kind, secrets, text, viewer)
                    leaks += [(viewer.role, address, kind, one) for one in found]
    assert min(seen.values()) > 20, f"hardly anything was looked at: {seen}"
    assert not leaks, leaks[:20]
    # What was planted is there to be found by whoever may.
    browser = client_for("admin")
    for kind, address in SHOWN.items():
        text = _text(browser.get(address.format(**own)))
        assert any(one in text for one in planted[kind]), (kind, address)
