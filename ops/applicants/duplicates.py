"""Who may have applied twice, and why one thinks so; merged, or found to be two people."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from ops import audit_log, clock_time
from ops.applicants import moving, stages, visible
from ops.applicants.keys import ALIKE, blocks, likeness
from ops.errors import Conflict, InvalidInput
from ops.models import Applicant, ApplicantsApart, User

# Where more than so many share a word of their names and a place, each is compared with as many as
# applied next.
CROWD, NEIGHBOURS = 200, 20


@dataclass(frozen=True)
class Pair:
    """Two applications, the earlier one first, and what they share, in words."""

    one: Applicant
    other: Applicant
    why: list[str]


def pairs(session: Session, user: User) -> list[Pair]:
    """Every pair that `user` may see and nobody has decided on, the newest first."""
    return _whole(session, _found(session, user))


def count(session: Session, user: User) -> int:
    """How many pairs there are."""
    return len(_found(session, user))


def of(session: Session, user: User, applicant: Applicant) -> list[Pair]:
    """The pairs of one applicant."""
    if applicant.erased_at is not None or applicant.same_as is not None:
        return []
    apart, found = _apart(session), {}
    for row in _candidates(session, user):
        key = (min(row.id, applicant.id), max(row.id, applicant.id))
        if row.id != applicant.id and key not in apart:
            found[key] = shared(row, applicant)
    return _whole(session, {key: why for key, why in found.items() if why})


def _found(session: Session, user: User) -> dict[tuple[int, int], list[str]]:
    apart, found = _apart(session), {}
    for one, other in _met(_candidates(session, user)):
        key = (one.id, other.id)
        if key not in found and key not in apart:
            found[key] = shared(one, other)
    return {key: why for key, why in found.items() if why}


def _whole(session: Session, found: dict[tuple[int, int], list[str]]) -> list[Pair]:
    """The applicants of the pairs, with what is shown of them."""
    ids = {one for key in found for one in key}
    rows = (
        select(Applicant)
        .options(joinedload(Applicant.opening), joinedload(Applicant.stage))
        .where(Applicant.id.in_(ids))
    )
    by_id = {row.id: row for row in session.scalars(rows)} if ids else {}
    newest = sorted(found.items(), key=lambda item: item[0][::-1], reverse=True)
    return [Pair(by_id[one], by_id[other], why) for (one, other), why in newest]


def shared(one: Any, other: Any) -> list[str]:
    """Why two may be one person; empty when there is too little. Takes applicants, or the columns
    of them that `_candidates` reads."""
    why = []
    if one.email_key and one.email_key == other.email_key:
        same = (one.email or "").lower() == (other.email or "").lower()
        why.append("same e-mail address" if same else "addresses of the same mailbox")
    place = _place(one, other)
    alike = likeness(one.name_key, other.name_key)
    if alike >= ALIKE and (place or why):
        why.append("same name" if alike == 1 else f"names {alike:.0%} alike".replace("%", " %"))
    return [*why, *place] if why else []


def _place(one: Any, other: Any) -> list[str]:
    place = []
    if one.country.casefold() == other.country.casefold():
        place.append("same country")
    if one.timezone == other.timezone:
        place.append("same time zone")
    return place


def _candidates(session: Session, user: User) -> Sequence[Any]:
    """What is compared of everybody who is shown, by id: not the whole of thousands."""
    rows = (
        select(
            Applicant.id, Applicant.name_key, Applicant.email, Applicant.email_key,
            Applicant.country, Applicant.timezone,
        )
        .where(
            Applicant.opening_id.in_(visible.openings(user)),
            Applicant.erased_at.is_(None),
            Applicant.same_as.is_(None),
        )
        .order_by(Applicant.id)
    )  # fmt: skip
    return session.execute(rows).all()


def _apart(session: Session) -> set[tuple[int, int]]:
    rows = session.execute(select(ApplicantsApart.one_id, ApplicantsApart.other_id))
    return {(row[0], row[1]) for row in rows}


def _met(rows: Iterable[Any]) -> Iterable[tuple[Any, Any]]:
    """Pairs worth comparing: of one mailbox, or of one place and with a word or initials shared."""
    groups: dict[object, list[Any]] = defaultdict(list)
    for row in rows:
        if row.email_key:
            groups["mailbox", row.email_key].append(row)
        for block in blocks(row.name_key):
            groups["country", row.country.casefold(), block].append(row)
            groups["zone", row.timezone, block].append(row)
    for group in groups.values():
        # Anybody may apply a thousand times under one name: the board is not to wait for that.
        far = len(group) if len(group) <= CROWD else NEIGHBOURS
        for n, one in enumerate(group):
            yield from ((one, other) for other in group[n + 1 : n + 1 + far])


def merge(session: Session, keep_id: int, repeat_id: int, *, by: User) -> Applicant:
    """The second application repeats the first: it leaves the board, its history stays.

    Raises NotFound, InvalidInput, and Conflict when it has an account or was decided on meanwhile.
    """
    keep, repeat = _both(session, keep_id, repeat_id, by)
    if repeat.user_id is not None:
        raise Conflict(f"{repeat.name} has an account with this application: keep this one.")
    session.execute(update(Applicant).where(Applicant.same_as == repeat.id).values(same_as=keep.id))
    repeat.same_as = keep.id
    if repeat.stage.meaning != "left":
        moving.enter(session, repeat, stages.first_of(session, "left"), by=by, letter="none")
    subject = f"applicant:{repeat.pseudonym}"
    audit_log.record(session, by, "applicant.merged", subject, into=str(keep.pseudonym))
    return keep


def unmerge(session: Session, applicant_id: int, *, by: User) -> None:
    """An application is one of its own again, where the merging left it. Raises NotFound."""
    applicant = visible.applicant(session, by, applicant_id, lock=True)
    if applicant.same_as is not None and applicant.erased_at is None:
        applicant.same_as = None
        session.flush()
        audit_log.record(session, by, "applicant.unmerged", f"applicant:{applicant.pseudonym}")


def keep_apart(session: Session, one_id: int, other_id: int, *, by: User) -> None:
    """Two people, whatever they share; they are not shown as a pair again."""
    one, other = _both(session, min(one_id, other_id), max(one_id, other_id), by)
    if session.get(ApplicantsApart, (one.id, other.id)) is None:
        now = clock_time.now()
        session.add(ApplicantsApart(one_id=one.id, other_id=other.id, by=by.id, at=now))
        session.flush()
        subject = f"applicant:{one.pseudonym}"
        audit_log.record(session, by, "applicant.kept_apart", subject, other=str(other.pseudonym))


def merged_into(session: Session, applicant: Applicant, user: User) -> list[Applicant]:
    """The applications that repeat this one, as far as `user` may see them."""
    rows = select(Applicant).options(joinedload(Applicant.opening))
    mine = Applicant.opening_id.in_(visible.openings(user))
    rows = rows.where(Applicant.same_as == applicant.id, mine).order_by(Applicant.id)
    return list(session.scalars(rows))


def _both(session: Session, one_id: int, other_id: int, by: User) -> tuple[Applicant, Applicant]:
    if one_id == other_id:
        raise InvalidInput("choose two applications", field="other")
    # By id, so that two who decide at once cannot wait for each other.
    locked = {i: visible.applicant(session, by, i, lock=True) for i in sorted((one_id, other_id))}
    if any(a.erased_at is not None or a.same_as is not None for a in locked.values()):
        raise Conflict("One of them was merged or erased meanwhile.")
    return locked[one_id], locked[other_id]
