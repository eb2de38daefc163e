"""The random sample of reviews: drawn among all assets of a batch, recorded, and read.

It alone speaks for the whole batch at the gate: every asset has the same chance, whatever is known
of it or of its labeller. Reviews by standing, rework, further layers and suspects are asked for
beside it, where errors are looked for; they never enter it, and where both want the same asset
reviewed one review serves both.
"""

import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import String, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, consensus, delivery, lanes, reopened
from ops.errors import Frozen, InvalidInput, NotReady
from ops.models import Batch, Project, User
from quality import review_tasks
from quality.models import ReviewSample

# Labels known to be right at the draw, as far as anyone knows: they need no further review.
KNOWN = ("review", "adjudication", "gold")


class Sampled(NamedTuple):
    """One asset of the sample. `accepted` is None until its review is in; `given` is the key of the
    label that was judged and `given_id` that consensus, `now` and `now_id` those in force; `fixed`
    says whether an error was put right, `known` that it needed no review, and `stratum` of which
    class it was drawn, where it was not drawn among all."""

    asset_id: int
    step: int
    given: str | None
    accepted: bool | None
    fixed: bool
    known: bool
    given_id: int | None
    now: str | None
    now_id: int | None
    task_id: int | None
    stratum: str | None


_RESULTS = text(
    """
    SELECT sample.asset_id, sample.step, sample.task_id, sample.stratum,
           sample.task_id IS NULL AS known, drawn.key AS drawn, drawn.id AS drawn_id,
           review.key AS answered, review.verdict, review.by_labeller, before.key AS before,
           before.id AS before_id, now.key AS now, now.id AS now_id, now.method,
           coalesce(now.method = ANY(:known), false)
               AND (review.at IS NULL OR now.method = 'gold' OR now.at >= review.at) AS decided
    FROM review_sample sample
    LEFT JOIN LATERAL (
        SELECT nullif(label_key(label.payload), '') AS key, label.payload ->> 'verdict' AS verdict,
               label.created_at AS at,
               EXISTS (
                   SELECT FROM assignment own JOIN task ON task.id = own.task_id
                   WHERE task.asset_id = sample.asset_id AND task.stage IN ('label', 'rework')
                     AND own.labeller_id = assignment.labeller_id AND own.state = 'submitted'
               ) AS by_labeller
        FROM assignment JOIN label ON label.assignment_id = assignment.id
        WHERE assignment.task_id = sample.task_id AND assignment.state = 'submitted'
        ORDER BY assignment.surplus, assignment.id, label.revision DESC LIMIT 1
    ) review ON true
    LEFT JOIN LATERAL (
        SELECT id, label_key(label) AS key FROM consensus
        WHERE consensus.asset_id = sample.asset_id AND consensus.at < review.at
        ORDER BY version DESC LIMIT 1
    ) before ON true
    LEFT JOIN LATERAL (
        SELECT id, label_key(label) AS key FROM consensus
        WHERE consensus.asset_id = sample.asset_id AND consensus.at <= sample.drawn_at
        ORDER BY version DESC LIMIT 1
    ) drawn ON true
    LEFT JOIN LATERAL (
        SELECT id, label_key(label) AS key, method, at FROM consensus
        WHERE consensus.asset_id = sample.asset_id ORDER BY version DESC LIMIT 1
    ) now ON true
    WHERE sample.batch_id = :batch ORDER BY sample.asset_id
    """
)


def results(session: Session, batch_id: int) -> list[Sampled]:
    """The sample of a batch and what its reviews came to.

    The last person who decided is believed: a label is accepted that a later layer or an expert
    left as it was. One that was sent back is not, until an expert says that it was right: left out
    meanwhile, it would make the others look better. A review by somebody who labelled the asset is
    not counted: the asset stays unjudged.
    """
    rows = session.execute(_RESULTS, {"batch": batch_id, "known": list(KNOWN)})
    return [_sampled(row) for row in rows]


def _sampled(row: Any) -> Sampled:
    drawn, before = (row.drawn, row.drawn_id), (row.before, row.before_id)
    given, given_id = drawn if row.known else before
    if given is None:
        given, given_id = row.now, row.now_id
    accepted = _accepted(row, given)
    by_review = row.answered is not None and row.now == row.answered
    right_now = by_review or (row.decided and row.now != given)
    fixed = accepted is False and right_now
    return Sampled(
        row.asset_id, row.step, given, accepted, fixed, row.known, given_id, row.now, row.now_id,
        row.task_id, row.stratum,
    )  # fmt: skip


def _accepted(row: Any, given: str | None) -> bool | None:
    if row.known:
        return not row.decided or row.now == given
    if row.by_labeller or (row.verdict is None and row.answered is None):
        return None
    # A review that sees gold otherwise is a dispute, which gold does not settle by itself.
    if row.decided and row.before and (row.method != "gold" or row.verdict == "return"):
        return bool(row.now == row.before)
    return row.answered == row.before if row.before else row.verdict == "accept"


def draw_review_sample(
    session: Session,
    batch: Batch,
    n: int,
    by: User,
    *,
    seed: int | None = None,
    of_class: str | None = None,
) -> int:
    """Draw n more assets of the batch at random and open their reviews; returns how many it drew.

    All that are left are drawn when n is larger. Each asset has the same chance, whatever is known
    of it, and each class (of whole labels) gets its share of the sample: one whose label a person
    has decided already is in the sample without another review. With `of_class`, n more of that
    class alone. Raises InvalidInput when n < 1, NotReady while labels are still coming in, Frozen.
    """
    if n < 1:
        raise InvalidInput("expected a number of at least 1", field="n")
    batch = lanes.lock_batch(session, batch.id)
    if batch.state == "delivered":
        raise Frozen
    _refuse_unfinished(session, batch)
    left = session.execute(_LEFT, {"batch": batch.id, "key": of_class}).all()
    if not left:
        return 0
    last = select(func.max(ReviewSample.step)).where(ReviewSample.batch_id == batch.id)
    step = 1 + (session.scalar(last) or 0)
    seed = secrets.randbits(62) if seed is None else seed
    drawn = sorted(left[i].id for i in _spread([row.key for row in left], n, seed))
    _take_up(session, batch, drawn)
    tasks = _open_reviews(session, batch, drawn)
    _record(session, batch, drawn, tasks, step, seed, by, of_class)
    audit_log.record(
        session,
        by,
        "batch.review_sample_drawn",
        f"batch:{batch.id}",
        organisation_id=session.get_one(Project, batch.project_id).organisation_id,
        drawn=len(drawn),
        step=step,
        seed=str(seed),
        **({"of_class": of_class} if of_class else {}),
    )
    return len(drawn)


# What a class alone drew is still to be drawn among all: else it would be missing there.
_LEFT = text(
    """
    SELECT asset.id, now.key FROM asset
    LEFT JOIN review_sample sample ON sample.asset_id = asset.id
    LEFT JOIN LATERAL (
        SELECT label_key(label) AS key FROM consensus
        WHERE consensus.asset_id = asset.id ORDER BY version DESC LIMIT 1
    ) now ON true
    WHERE asset.batch_id = :batch
      AND CASE WHEN :key IS NULL THEN sample.asset_id IS NULL OR sample.stratum IS NOT NULL
               ELSE sample.asset_id IS NULL AND now.key = :key END
    ORDER BY asset.id
    """
).bindparams(bindparam("key", type_=String))


def _spread(keys: Sequence[str | None], n: int, seed: int) -> list[int]:
    """Positions of n of the assets with these classes, each as likely as any other.

    Every (N/n)-th of a row that is in order of class and random within it: a class is never further
    than one from its share. The exact bounds for a plain random sample hold for it too, as the
    number of errors found varies less (W. Hoeffding, Annals of Mathematical Statistics 27 (1956)).
    """
    rng = np.random.default_rng(seed)
    _, code = np.unique([key or "" for key in keys], return_inverse=True)
    row = np.lexsort((rng.random(len(keys)), code))
    step = max(len(keys) / n, 1.0)
    places = ((rng.random() + np.arange(min(n, len(keys)))) * step).astype(int)
    return [int(row[i]) for i in np.minimum(places, len(keys) - 1)]


def not_drawn(session: Session, asset_ids: Sequence[int]) -> list[int]:
    """Those of the assets that are in no sample yet."""
    found = select(ReviewSample.asset_id).where(ReviewSample.asset_id.in_(asset_ids))
    before = set(session.scalars(found)) if asset_ids else set()
    return [a for a in asset_ids if a not in before]


def note(session: Session, batch: Batch, tasks: dict[int, int]) -> None:
    """Record reviews (asset id → task) drawn by chance as labels came in: step 0 of the sample."""
    at = clock_time.now()
    common = {"batch_id": batch.id, "step": 0, "seed": 0, "drawn_at": at}
    rows = [{"asset_id": asset, "task_id": task, **common} for asset, task in tasks.items()]
    if rows:
        session.execute(pg_insert(ReviewSample).values(rows).on_conflict_do_nothing())


_UNFINISHED = text(
    """
    SELECT EXISTS (
        SELECT FROM task JOIN lane ON lane.id = task.lane_id
        WHERE lane.batch_id = :batch AND task.stage IN ('label', 'rework', 'adjudicate')
          AND (task.open OR task.n_leased > 0)
    ) OR EXISTS (
        SELECT FROM asset WHERE asset.batch_id = :batch
          AND NOT EXISTS (SELECT FROM consensus WHERE consensus.asset_id = asset.id)
    )
    """
)


def _refuse_unfinished(session: Session, batch: Batch) -> None:
    # A sample of the labels that happen to be in says nothing of those that are not.
    if session.scalar(_UNFINISHED, {"batch": batch.id}):
        raise NotReady("A sample can be drawn when every asset of the batch has its label.")


def _take_up(session: Session, batch: Batch, drawn: Sequence[int]) -> None:
    """Delivered and open again: what is looked at once more may change once more."""
    made = delivery.of_batch(session, batch.id)
    stay = reopened.staying(session, drawn)
    if made is None or not stay:
        return
    now = consensus.current(session, sorted(stay))
    fresh = [asset for asset in stay if now[asset].method not in KNOWN]
    reopened.reopen(session, batch, made, fresh, "sample", clock_time.now())


def _open_reviews(session: Session, batch: Batch, drawn: Sequence[int]) -> dict[int, int]:
    """Asset id → the task that reviews it; assets whose label is known already are not in it."""
    now = consensus.current(session, drawn)
    return review_tasks.ask(session, batch, [a for a in drawn if now[a].method not in KNOWN])


def _record(
    session: Session,
    batch: Batch,
    drawn: Sequence[int],
    tasks: dict[int, int],
    step: int,
    seed: int,
    by: User,
    of_class: str | None,
) -> None:
    common = {
        "batch_id": batch.id,
        "step": step,
        "seed": seed,
        "drawn_at": clock_time.now(),
        "drawn_by": by.id,
        "stratum": of_class,
    }
    rows = [{"asset_id": asset, "task_id": tasks.get(asset), **common} for asset in drawn]
    # What its class drew before keeps its review, and speaks for the whole batch from now on.
    again = pg_insert(ReviewSample).on_conflict_do_update(
        index_elements=[ReviewSample.asset_id], set_={"stratum": None}
    )
    session.execute(again, rows)
