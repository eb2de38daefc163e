"""Seal the audit trail: every second a seal per organisation over what nobody can add to any more.

Writers never wait: an entry carries its transaction's number, and the sealer takes entries below
the oldest transaction still running, in the order (transaction, id). A seal holds the Merkle root
over them and the seal before it, so one changed, missing or added entry breaks every later seal.
"""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session, sessionmaker

from ops import canonical, clock_time, merkle
from ops.db import transaction
from ops.errors import ConfigError
from ops.models import AuditEntry, AuditSeal

FIRST = "0" * 64  # what the first seal of an organisation names as the one before
_ONE_SEALER = "SELECT pg_try_advisory_xact_lock(hashtextextended('audit.seal', 0))"
_HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"

# Organisations are few: one look into the index of entries for each.
_WAITING = text(
    """
    SELECT who.id, coalesce(last.upto_xid, 0), coalesce(last.seal, :first)
    FROM (SELECT id FROM organisation UNION ALL SELECT 0) who
    LEFT JOIN LATERAL (
        SELECT upto_xid, seal FROM audit_seal
        WHERE organisation_id = who.id ORDER BY upto_xid DESC LIMIT 1
    ) last ON true
    WHERE EXISTS (
        SELECT FROM audit_entry WHERE organisation_id = who.id
          AND xid > coalesce(last.upto_xid, 0) AND xid < :horizon
    )
    ORDER BY who.id
    """
)


class Broken(NamedTuple):
    """The first seal that does not hold, and why."""

    seal_id: int
    organisation_id: int
    why: str


class Verification(NamedTuple):
    """What was recomputed: seals, the entries under them, entries still without a seal."""

    seals: int
    entries: int
    unsealed: int
    broken: Broken | None


def seal(sessions: sessionmaker[Session]) -> int:
    """Seal what can be sealed; returns the number of entries. Two sealers at once: one does it."""
    with transaction(sessions) as session:
        if not session.scalar(text(_ONE_SEALER)):
            return 0
        # In a statement of its own: whatever lies below has ended before the next one looks.
        horizon = session.scalars(text(_HORIZON)).one()
        _refuse_younger_database(session, horizon)
        waiting = session.execute(_WAITING, {"first": FIRST, "horizon": horizon}).all()
        return sum(
            _seal_one(session, organisation, after, previous, horizon)
            for organisation, after, previous in waiting
        )


def is_sealed(session: Session, entry_id: int | None) -> bool:
    """Whether a seal covers the audit entry."""
    return entry_id is not None and entry_id in sealed(session, [entry_id])


def sealed(session: Session, entry_ids: Collection[int]) -> set[int]:
    """Those of the audit entries that a seal covers. One statement."""
    covered = select(AuditEntry.id).where(
        AuditEntry.id.in_(entry_ids),
        AuditSeal.organisation_id == AuditEntry.organisation_id,
        AuditSeal.after_xid < AuditEntry.xid,
        AuditSeal.upto_xid >= AuditEntry.xid,
    )
    return set(session.scalars(covered))


def verify(session: Session) -> Verification:
    """Recompute every seal from the entries, up to the first that does not hold."""
    seals = entries = 0
    ordered = select(AuditSeal).order_by(AuditSeal.organisation_id, AuditSeal.upto_xid)
    upto, previous, organisation = 0, FIRST, None
    for one in session.scalars(ordered):
        if one.organisation_id != organisation:
            upto, previous, organisation = 0, FIRST, one.organisation_id
        why = _fault(session, one, upto, previous)
        if why:
            broken = Broken(one.id, one.organisation_id, why)
            return Verification(seals, entries, _unsealed(session), broken)
        seals, entries = seals + 1, entries + one.entries
        upto, previous = one.upto_xid, one.seal
    return Verification(seals, entries, _unsealed(session), None)


def _refuse_younger_database(session: Session, horizon: int) -> None:
    newest = session.scalar(text("SELECT max(upto_xid) FROM audit_seal"))
    if newest is not None and newest >= horizon:
        raise ConfigError(
            "This database counts transactions from below its own seals, as after a restore into "
            f"a new server. Advance its transaction counter beyond {newest}."
        )


def _seal_one(
    session: Session, organisation_id: int, after: int, previous: str, horizon: int
) -> int:
    seen = _Counting(_entries(session, organisation_id, after, horizon - 1))
    root = merkle.root(seen).hex()
    made = AuditSeal(
        organisation_id=organisation_id,
        after_xid=after,
        upto_xid=seen.last_xid,
        entries=seen.count,
        root=root,
        previous=previous,
        seal=_chain(organisation_id, after, seen.last_xid, seen.count, root, previous),
        at=clock_time.now(),
    )
    session.add(made)
    session.flush()
    return seen.count


class _Counting:
    """The leaves of entries, counted as they pass."""

    def __init__(self, rows: Iterator[Row[Any]]):
        self.rows, self.count, self.last_xid = rows, 0, 0

    def __iter__(self) -> Iterator[bytes]:
        for row in self.rows:
            self.count, self.last_xid = self.count + 1, row.xid
            yield leaf_text(row)


def leaf_text(row: Any) -> bytes:
    """An entry as the text that is sealed."""
    return canonical.text(
        {
            "id": row.id,
            "xid": row.xid,
            "organisation_id": row.organisation_id,
            "at": row.at.isoformat(),
            "actor": str(row.actor) if row.actor else None,
            "action": row.action,
            "subject": row.subject,
            "data": row.data,
        }
    ).encode()


def _entries(session: Session, organisation_id: int, after: int, upto: int) -> Iterator[Row[Any]]:
    table = AuditEntry.__table__
    ordered = (
        select(table)
        .where(table.c.organisation_id == organisation_id, table.c.xid > after, table.c.xid <= upto)
        .order_by(table.c.xid, table.c.id)
        .execution_options(yield_per=5000)
    )
    yield from session.execute(ordered)


def _chain(
    organisation_id: int, after: int, upto: int, entries: int, root: str, previous: str
) -> str:
    return canonical.digest(
        {
            "organisation_id": organisation_id,
            "after_xid": after,
            "upto_xid": upto,
            "entries": entries,
            "root": root,
            "previous": previous,
        }
    )


def _fault(session: Session, one: AuditSeal, upto: int, previous: str) -> str | None:
    if one.after_xid != upto:
        return "it does not begin where the seal before it ends"
    if one.previous != previous:
        return "it does not name the seal before it"
    seen = _Counting(_entries(session, one.organisation_id, one.after_xid, one.upto_xid))
    if merkle.root(seen).hex() != one.root:
        return f"the entries under it are not those that were sealed ({seen.count} found)"
    if seen.count != one.entries:
        return f"it says {one.entries} entries, {seen.count} were found"
    chained = _chain(
        one.organisation_id, one.after_xid, one.upto_xid, one.entries, one.root, one.previous
    )
    return None if chained == one.seal else "its own hash does not hold"


def _unsealed(session: Session) -> int:
    return session.scalars(
        text(
            """
            SELECT count(*) FROM audit_entry entry WHERE NOT EXISTS (
                SELECT FROM audit_seal seal WHERE seal.organisation_id = entry.organisation_id
                  AND seal.after_xid < entry.xid AND seal.upto_xid >= entry.xid)
            """
        )
    ).one()
