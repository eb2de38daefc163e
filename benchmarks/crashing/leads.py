"""A lead who leaves nobody in peace, and the sweeps of the clock; both die at any moment, too.

Every act is one transaction through the verb that the pages call.
"""

import random
import time
from datetime import timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from benchmarks.crashing.claimers import Client, Place
from benchmarks.crashing.floor import MOST_WANTED
from ops import batches, clock_time, db, lanes, projects, reopening
from ops.errors import TouchstoneError
from ops.models import Asset, Batch, Project, User
from quality import gold
from quality.models import Gold
from scheduling import leases, push
from scheduling.selection import Next

PAUSES = ("pause a labeller", "pause a batch", "pause a project")


def lead(place: Place) -> None:
    """Act at random until killed."""
    client, rng = Client(place), random.Random(place.seed)
    while True:
        name = rng.choice(tuple(ACTS))
        _one(client, name, rng)
        time.sleep(rng.random() * 0.1)
        # What is paused for long shows nothing.
        if name in PAUSES:
            _one(client, f"end of: {name}", rng)


def _one(client: Client, name: str, rng: random.Random) -> None:
    act = ENDS[name] if name in ENDS else ACTS[name]
    with client.braving():
        try:
            with db.transaction(client.sessions) as session:
                act(session, client.me, rng)
            client.ledger.write("act", name)
        except TouchstoneError as refusal:
            client.ledger.write("act", f"{name}: refused as {type(refusal).__name__}")


def sweep(place: Place) -> None:
    """End what has run out, again and again."""
    client = Client(place)
    while True:
        with client.braving():
            leases.expire(client.sessions)
        time.sleep(0.1)


def resume_all(session: Session, by: User) -> None:
    """Everybody may work on everything again."""
    for project in session.scalars(select(Project)):
        projects.start(session, project, by=by)
        for member in session.scalars(_members()):
            projects.resume_member(session, project, member, by=by)
    for batch in session.scalars(select(Batch)):
        batches.resume(session, batch, by=by)


def _members() -> Any:
    return select(User).where(User.role == "labeller", User.active).order_by(User.id)


def _project(session: Session, rng: random.Random) -> Project:
    return session.get_one(Project, rng.choice((1, 1, 1, 2)))


def _labeller(session: Session, rng: random.Random) -> User:
    return rng.choice(session.scalars(_members()).all())


def _batch(session: Session, rng: random.Random) -> Batch:
    return rng.choice(session.scalars(select(Batch).order_by(Batch.id)).all())


def _pause_labeller(session: Session, by: User, rng: random.Random) -> None:
    until = clock_time.now() + timedelta(minutes=rng.randint(1, 10))
    who, where = _labeller(session, rng), _project(session, rng)
    projects.pause_member(session, where, who, until=until, reason="", by=by)


def _resume_labellers(session: Session, by: User, rng: random.Random) -> None:
    project = _project(session, rng)
    for who in session.scalars(_members()):
        projects.resume_member(session, project, who, by=by)


def _pause_batch(session: Session, by: User, rng: random.Random) -> None:
    batches.pause(session, _batch(session, rng), by=by)


def _resume_batches(session: Session, by: User, _: random.Random) -> None:
    for batch in session.scalars(select(Batch).order_by(Batch.id)):
        batches.resume(session, batch, by=by)


def _pause_project(session: Session, by: User, rng: random.Random) -> None:
    projects.pause(session, _project(session, rng), by=by)


def _start_projects(session: Session, by: User, _: random.Random) -> None:
    for project in session.scalars(select(Project).order_by(Project.id)):
        projects.start(session, project, by=by)


def _set_priority(session: Session, by: User, rng: random.Random) -> None:
    batches.set_priority(session, _batch(session, rng), rng.randint(-5, 5), by=by)


def _set_gold_rate(session: Session, by: User, rng: random.Random) -> None:
    project = _project(session, rng)
    settings = projects.settings_of(project)
    settings.gold.rate_new = rng.choice((0.1, 0.2, 0.5))
    settings.gold.rate_trusted = rng.choice((0.05, 0.1))
    projects.save_settings(session, project, settings, by)


def _make_gold(session: Session, by: User, rng: random.Random) -> None:
    asset = session.get_one(Asset, _random_id(session, "asset", rng))
    project = session.get_one(Project, asset.project_id)
    gold.make(session, project, asset, [{"class": rng.choice("abc")}], by)


def _retire_gold(session: Session, by: User, rng: random.Random) -> None:
    one = session.get_one(Gold, _random_id(session, "gold", rng))
    gold.retire(session, session.get_one(Project, one.project_id), one, by)


def _random_id(session: Session, table: str, rng: random.Random) -> int:
    """An id by chance; 0 where there is none from there on."""
    last = session.scalar(text(f"SELECT max(id) FROM {table}")) or 1
    first = text(f"SELECT id FROM {table} WHERE id >= :start ORDER BY id LIMIT 1")
    return session.scalar(first, {"start": rng.randint(1, last)}) or 0


def _some(session: Session, query: str, n: int) -> list[int]:
    picked = text(f"SELECT id FROM ({query}) found ORDER BY random() LIMIT :n")
    return list(session.scalars(picked, {"n": n})) or [0]


def _want_more(session: Session, _: User, rng: random.Random) -> None:
    # Here and there, not sorted by chance: to look at every task took longer than the act.
    starts = sorted(_random_id(session, "task", rng) for _ in range(10))
    near = f"""
        SELECT DISTINCT f.id FROM unnest(CAST(:starts AS bigint[])) start CROSS JOIN LATERAL (
        SELECT id FROM task
        WHERE id BETWEEN start AND start + 1000
          AND n_done = wanted AND wanted BETWEEN 1 AND {MOST_WANTED - 1}
        ORDER BY id LIMIT 1) f"""
    full = list(session.scalars(text(near), {"starts": starts}))
    if full:
        lanes.want_more(session, full)


def _reserve(session: Session, by: User, rng: random.Random) -> None:
    who, chosen = _labeller(session, rng), Next(rng.randint(1, 30))
    push.reserve(session, _project(session, rng), who, chosen, by=by, hours=rng.choice((0.01, 0.1)))


def _live(session: Session, project: Project, n: int) -> list[int]:
    held = "SELECT id FROM assignment WHERE state IN ('leased', 'reserved') AND project_id = "
    return _some(session, f"{held}{project.id}", n)


def _recall(session: Session, by: User, rng: random.Random) -> None:
    project = _project(session, rng)
    push.recall(session, project, _live(session, project, 5), by=by)


def _reassign(session: Session, by: User, rng: random.Random) -> None:
    project, to = _project(session, rng), _labeller(session, rng)
    push.reassign(session, project, _live(session, project, 5), to, by=by, hours=0.05)


def _discount(session: Session, _: User, rng: random.Random) -> None:
    """The newest work of a labeller loses its weight, and perhaps gets it back."""
    at, who, project = clock_time.now(), _labeller(session, rng), _project(session, rng)
    since, cause = at - timedelta(seconds=rng.randint(1, 30)), f"crash:{rng.randrange(1000)}"
    reopening.discount(session, who.id, project.id, since, at, cause=cause)
    if rng.random() < 0.5:
        reopening.count_again(session, who.id, project.id, cause, at)


ACTS = {
    "pause a labeller": _pause_labeller,
    "pause a batch": _pause_batch,
    "pause a project": _pause_project,
    "set a priority": _set_priority,
    "set a gold rate": _set_gold_rate,
    "make gold": _make_gold,
    "retire gold": _retire_gold,
    "ask for more answers": _want_more,
    "reserve": _reserve,
    "recall": _recall,
    "reassign": _reassign,
    "discount": _discount,
}
ENDS = {
    "end of: pause a labeller": _resume_labellers,
    "end of: pause a batch": _resume_batches,
    "end of: pause a project": _start_projects,
}
