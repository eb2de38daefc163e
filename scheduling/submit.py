"""Handing in: an answer or a skip. Nothing that was submitted is ever lost."""

import uuid
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Row
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, labels, pictures
from ops.errors import Conflict, InvalidInput, NotFound, Stale
from ops.local_time import day_in
from ops.models import SKIP_REASONS, User
from scheduling import eligibility, ending_sql, leases, sql, submit_sql, verdicts, worked


@dataclass(frozen=True)
class Accepted:
    """What was handed in is kept; `surplus` says that it came too late to count."""

    revision: int
    surplus: bool = False


def submit(
    session: Session,
    labeller: User,
    token: uuid.UUID,
    *,
    label: dict[str, Any],
    key: str,
    revision: int,
    active_ms: int,
    tab: str,
    idle_ms: int = 0,
    inputs: int = 0,
) -> Accepted:
    """Take the answer to the work behind `token`; the same `key` again is the same submission.

    It counts while the lease lives and the labeller may do this work, limits aside. Once the lease
    is lost it still counts if it was not recalled, the task has room and the labeller has given no
    other answer; otherwise it is surplus: kept and paid, outside the count. Raises NotFound,
    InvalidInput naming the field, Conflict after another answer was accepted, Stale when `revision`
    is not the one the labeller was given.
    """
    work = _desk_and_work(session, labeller, token)
    checked = _checked(session, work, label)
    now = _now(session, labeller, work)
    if now.accepted_key == key:
        return Accepted(1)
    _refuse(now, revision)
    checked = verdicts.settle(session, labeller, now, checked, work.label_type)
    if now.other_lease is not None:
        _release_other(session, now)
    surplus = not now.may_hold or not (now.state == "leased" or _fits(session, labeller, now))
    counts = now.counts and not surplus
    _write(
        session,
        submit_sql.SUBMIT,
        labeller,
        now,
        audit_log.values(
            labeller,
            "assignment.submitted",
            f"assignment:{work.id}",
            organisation_id=work.organisation_id,
            revision=1,
        ),
        report=worked.Report(tab, active_ms, idle_ms, inputs),
        answers=1,
        kind="surplus" if surplus else "submitted",
        state="submitted",
        counts=counts,
        surplus=surplus,
        done=int(counts),
        reason=None,
        data={"class": checked.get("class")},
        payload=Jsonb(checked),
        ontology=work.ontology_id,
        key=key,
    )
    return Accepted(1, surplus)


def skip(
    session: Session,
    labeller: User,
    token: uuid.UUID,
    *,
    reason: str,
    note: str = "",
    active_ms: int = 0,
    tab: str = "",
    idle_ms: int = 0,
    inputs: int = 0,
) -> None:
    """Hand in that the labeller cannot answer, and why; somebody else gets the task. Twice is once.

    Raises NotFound, InvalidInput, and Conflict when an answer was accepted already.
    """
    if reason not in SKIP_REASONS:
        raise InvalidInput(f"reason must be one of {', '.join(SKIP_REASONS)}", field="reason")
    work = _desk_and_work(session, labeller, token)
    now = _now(session, labeller, work)
    if now.accepted_key is not None:
        raise Conflict("You have answered this already.")
    if now.state == "skipped" or now.other_answer:
        return
    if now.other_lease is not None:
        _release_other(session, now)
    _write(
        session,
        submit_sql.SKIP,
        labeller,
        now,
        audit_log.values(
            labeller,
            "assignment.skipped",
            f"assignment:{work.id}",
            organisation_id=work.organisation_id,
            reason=reason,
        ),
        report=worked.Report(tab, active_ms, idle_ms, inputs),
        answers=0,
        kind="skipped",
        state="skipped",
        counts=now.counts,
        surplus=False,
        done=0,
        reason=reason,
        data={"reason": reason, "note": note},
    )


def _desk_and_work(session: Session, labeller: User, token: uuid.UUID) -> Row[Any]:
    work = sql.row(session, submit_sql.DESK_AND_WORK, me=labeller.id, token=token)
    if work is None:
        raise NotFound("There is no such work on your desk.")
    return work


def _checked(session: Session, work: Row[Any], label: dict[str, Any]) -> dict[str, Any]:
    """The label, within the ontology and its asset."""
    within = labels.content(label) or labels.points(label)
    bounds = _bounds(session, work) if within else {}
    return labels.check(work.label_type, work, label, verdicts=labels.VERDICTS, **bounds)


def _bounds(session: Session, work: Row[Any]) -> dict[str, Any]:
    """The size of the picture or the length of the text, where the type of the label has bounds.

    When the size of a picture is not known and its storage does not answer, the submission fails as
    a server's failure does: the desk keeps the answer and sends it again. Taken unchecked, labels
    would get in that nothing downstream can hold; refused, the work would be lost.
    """
    if work.label_type not in (*labels.WITHIN_PICTURE, *labels.WITHIN_TEXT):
        return {}
    asset = sql.row(session, submit_sql.BOUNDS, id=work.id)
    assert asset is not None
    if work.label_type in labels.WITHIN_TEXT:
        return {"length": asset.length}
    known = asset.width and asset.height
    return {"size": (asset.width, asset.height) if known else pictures.size(session, asset.id)}


def _now(session: Session, labeller: User, work: Row[Any]) -> Row[Any]:
    """The task and the assignment, locked, as they are now."""
    at = clock_time.now()
    found = sql.row(session, submit_sql.TASK_AND_ASSIGNMENT, id=work.id, me=labeller.id, now=at)
    assert found is not None
    return found


def _refuse(now: Row[Any], revision: int) -> None:
    if now.accepted_key is not None:
        raise Conflict("An answer to this was accepted already.")
    if now.state == "skipped":
        raise Conflict("You skipped this.")
    if revision != 0:
        raise Stale


def _release_other(session: Session, now: Row[Any]) -> None:
    """The task came back to the same labeller after its lease was lost: this answer is the one."""
    leases.end(session, ending_sql.RELEASE, clock_time.now(), these=[now.other_lease])


def _fits(session: Session, labeller: User, now: Row[Any]) -> bool:
    """Whether an answer whose lease was lost may still count; gold, which never does, fits too."""
    # Both are asked of gold as well, so that how long it takes tells nothing.
    lease = {"id": now.id, "leased_at": now.leased_at}
    recalled = sql.row(session, submit_sql.RECALLED, **lease) is not None
    open_to_me = eligibility.lane_is_open(session, labeller.id, now.lane_id, clock_time.now())
    if recalled or not now.counts:
        return not recalled
    has_room = now.open or now.other_lease is not None
    return has_room and open_to_me and not now.other_answer


def _write(
    session: Session,
    statement: str,
    labeller: User,
    now: Row[Any],
    audit: dict[str, Any],
    *,
    report: worked.Report,
    data: dict[str, Any],
    **values: Any,
) -> None:
    at = clock_time.now()
    counted = worked.counted(now, report, at)
    times = {name: counted[name] for name in ("active_ms", "idle_ms", "inputs")}
    times["wall_ms"] = worked.wall_ms(now, at)
    sql.run(
        session,
        statement,
        id=now.id,
        me=labeller.id,
        now=at,
        task=now.task_id,
        project=now.project_id,
        batch=now.batch_id,
        stage=now.stage,
        unleased=int(now.counts and now.state == "leased"),
        day=day_in(labeller.timezone, at),
        data=Jsonb({**times, **data}),
        **times,
        **audit,
        **values,
    )
