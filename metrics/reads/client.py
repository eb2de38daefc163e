"""What a client reads of their batches: how far, when, how good, and labels to look at.

Gold cannot be told from work here either. Its label is known from the beginning; it is counted and
shown only once as large a share of the other assets is through, so that what a client sees of a
batch looks the same with gold and without.

Of a batch that was delivered and is open again, what was taken up again is being worked on until
the next delivery, and all else is as it went out: gold is mended elsewhere and in other time, and
must not be told by that.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from metrics.reads import forecasts
from ops import delivery
from ops.models import Acceptance, Batch, Delivery
from quality import review_sample
from quality.measures.sampling import finite_bounds

MOST_SAMPLED = 24


class Progress(NamedTuple):
    """Assets of a batch: `received`; `labelled` are through with labelling, of which `checking` are
    being reviewed; `delivered` went out with the newest delivery."""

    received: int
    labelled: int
    checking: int
    delivered: int

    @property
    def open(self) -> int:
        """Those that are still being labelled."""
        return self.received - self.labelled


class Reviewed(NamedTuple):
    """The random sample of a batch: `right` of `n` reviewed labels were right as they were. `low`
    and `high` hold the share of right ones of the whole batch with 95 % confidence; None where
    nothing was reviewed."""

    n: int
    right: int
    low: float | None
    high: float | None

    @property
    def value(self) -> float | None:
        """The share that was right; None of nothing."""
        return self.right / self.n if self.n else None


class Agreeing(NamedTuple):
    """Over `n` assets with two or more independent answers, the mean share of the answers that
    agree with the label."""

    n: int
    value: float | None


# `worked`: somebody gave the label here; of gold alone nobody did. Of a batch in which nothing is
# left to do all is done, without a look at each.
_PROGRESS = text(
    """
    WITH going AS (
        SELECT task.asset_id, bool_or(lane.stage IN ('label', 'rework')) AS labelling,
               bool_or(lane.stage IN ('review', 'adjudicate')) AS checking
        FROM batch JOIN lane ON lane.batch_id = batch.id JOIN task ON task.lane_id = lane.id
        WHERE batch.id = ANY(:batches) AND batch.state = 'open'
          AND task.round > 0 AND (task.open OR task.n_leased > 0)
        GROUP BY task.asset_id
    ), said AS (
        SELECT consensus.asset_id, batch.id AS batch_id, bool_or(method <> 'gold') AS worked
        FROM batch JOIN consensus ON consensus.batch_id = batch.id
        WHERE batch.id = ANY(:batches) AND batch.state = 'open'
        GROUP BY consensus.asset_id, batch.id
    ), counted AS (
        SELECT said.batch_id,
               count(*) FILTER (WHERE worked AND labelling IS NOT TRUE) AS done,
               count(*) FILTER (WHERE NOT worked) AS known,
               count(*) FILTER (WHERE worked AND labelling IS NOT TRUE AND checking) AS checking
        FROM said LEFT JOIN going ON going.asset_id = said.asset_id GROUP BY said.batch_id
    )
    SELECT batch.id, batch.state, received.n AS received, coalesce(counted.done, 0) AS done,
           coalesce(counted.known, 0) AS known, coalesce(counted.checking, 0) AS checking,
           coalesce((SELECT items FROM delivery WHERE delivery.batch_id = batch.id
                     ORDER BY version DESC LIMIT 1), 0) AS delivered,
           (SELECT count(*) FROM reopened_asset again
            WHERE again.delivery_id = (SELECT id FROM delivery WHERE delivery.batch_id = batch.id
                                       ORDER BY version DESC LIMIT 1)) AS again
    FROM batch LEFT JOIN counted ON counted.batch_id = batch.id
    CROSS JOIN LATERAL (SELECT count(*) AS n FROM asset WHERE asset.batch_id = batch.id) received
    WHERE batch.id = ANY(:batches)
    """
)


def progress(session: Session, batch_ids: Sequence[int]) -> dict[int, Progress]:
    """Batch id → how far it is. One statement."""
    rows = session.execute(_PROGRESS, {"batches": list(batch_ids)})
    return {row.id: _progress(row) for row in rows}


def _progress(row: Row[Any]) -> Progress:
    if row.state != "open":
        return Progress(row.received, row.received, 0, row.delivered)
    if row.delivered:
        return Progress(row.received, row.received - row.again, 0, row.delivered)
    labelled = row.done + int(row.known * _share(row))
    return Progress(row.received, labelled, row.checking, row.delivered)


def _share(row: Row[Any]) -> float:
    """Of the assets that are no gold, the share that is through; 1 of none."""
    if row.state != "open" or row.delivered:
        return 1.0
    ordinary = row.received - row.known
    return row.done / ordinary if ordinary else 1.0


def reviewed(session: Session, batch: Batch) -> Reviewed:
    """What the random sample says: frozen with the last delivery, else as it is now."""
    made = delivery.of_batch(session, batch.id)
    if made is not None and batch.state == "delivered":
        said, sample = made.report["accuracy"], made.report["sample"]
        return Reviewed(said["n"], sample["accepted"], said["low"], said["high"])
    drawn = [one for one in review_sample.results(session, batch.id) if one.stratum is None]
    judged = [one.accepted for one in drawn if one.accepted is not None]
    n, right = len(judged), sum(map(bool, judged))
    if not n:
        return Reviewed(0, 0, None, None)
    low, high = finite_bounds(right, n, max(batch.n_assets, n), 0.95)
    return Reviewed(n, right, low, high)


_AGREEING = text(
    """
    SELECT count(*) AS n, avg(agreement) AS value FROM (
        SELECT DISTINCT ON (asset_id) agreement FROM consensus
        WHERE batch_id = ANY(:batches) AND agreement IS NOT NULL AND answers >= 2
        ORDER BY asset_id, version DESC
    ) AS first
    """
)


def agreeing(session: Session, batch_ids: Sequence[int]) -> Agreeing:
    """How far independent answers agree over these batches. One statement."""
    row = session.execute(_AGREEING, {"batches": list(batch_ids)}).one()
    return Agreeing(row.n, None if row.value is None else float(row.value))


# Of an asset: its label, unless it is still worked on, was taken up again after the last delivery,
# or is gold whose turn has not come.
_FINISHED = """
    SELECT asset.id, asset.external_id, asset.uri, asset.text, asset.width, asset.height, now.label
    FROM ({candidates}) AS lot
    JOIN asset ON asset.id = lot.id
    CROSS JOIN LATERAL (
        SELECT label FROM consensus WHERE consensus.asset_id = lot.id ORDER BY version DESC LIMIT 1
    ) AS now
    WHERE NOT EXISTS (
        SELECT FROM reopened_asset again WHERE again.asset_id = lot.id AND again.delivery_id = (
            SELECT id FROM delivery WHERE delivery.batch_id = asset.batch_id
            ORDER BY version DESC LIMIT 1))
    AND CASE
        WHEN EXISTS (SELECT FROM consensus c WHERE c.asset_id = lot.id AND c.method <> 'gold')
        THEN NOT EXISTS (
            SELECT FROM task WHERE task.asset_id = lot.id AND task.stage IN ('label', 'rework')
              AND task.round > 0 AND (task.open OR task.n_leased > 0))
        ELSE (hashint8extended(lot.id, 1) & 1073741823) / 1073741824.0 < :share END
"""
# In an order of chance: the first few that are finished are a random sample of those. It is settled
# before any is looked at.
_ANY = """
    SELECT id, hashint8extended(id, :seed) AS chance FROM asset WHERE batch_id = :batch
    ORDER BY chance, id OFFSET 0
"""
_OF_CLASS = """
    SELECT asset_id AS id, hashint8extended(asset_id, :seed) AS chance FROM (
        SELECT DISTINCT ON (asset_id) asset_id, label FROM consensus
        WHERE batch_id = :batch ORDER BY asset_id, version DESC
    ) AS newest
    WHERE label_key(label) = CAST(:key AS text) OR label -> 'tags' ? CAST(:key AS text)
       OR label -> 'objects' @> jsonb_build_array(jsonb_build_object('class', CAST(:key AS text)))
       OR label -> 'spans' @> jsonb_build_array(jsonb_build_object('class', CAST(:key AS text)))
    ORDER BY chance, id OFFSET 0
"""
_ONE = "SELECT CAST(:asset AS bigint) AS id"


def sample(
    session: Session, batch: Batch, *, seed: int, of_class: str | None = None, n: int = 12
) -> Sequence[Row[Any]]:
    """`n` of the finished labels of a batch at random, the same for the same `seed`.

    id, external_id, uri, text, width, height, label; with `of_class`, those that name this class.
    """
    candidates = _ANY if of_class is None else _OF_CLASS
    statement = text(_FINISHED.format(candidates=candidates) + " ORDER BY chance, lot.id LIMIT :n")
    of = {} if of_class is None else {"key": of_class}
    values = {"batch": batch.id, "share": _through(session, batch), "seed": seed, **of}
    return session.execute(statement, {**values, "n": min(n, MOST_SAMPLED)}).all()


def finished(session: Session, batch: Batch, asset_id: int) -> Row[Any] | None:
    """The finished label of one asset of the batch, as `sample` has it; None until it is."""
    values = {"asset": asset_id, "share": _through(session, batch)}
    return session.execute(text(_FINISHED.format(candidates=_ONE)), values).one_or_none()


_ANY_GOLD = text("SELECT EXISTS (SELECT FROM gold WHERE batch_id = :batch)")


def _through(session: Session, batch: Batch) -> float:
    """How large a share of the batch is through; gold alone needs to know."""
    if batch.state != "open" or not session.scalar(_ANY_GOLD, {"batch": batch.id}):
        return 1.0
    return _share(session.execute(_PROGRESS, {"batches": [batch.id]}).one())


class Delivered(NamedTuple):
    """A delivery, and the client's audit of it if they began one."""

    made: Delivery
    acceptance: Acceptance | None


class Expected(NamedTuple):
    """When a batch is expected to be through: as likely as not by `middle`, nine times in ten by
    `late`; None where nothing can be told. `at`: when this was reckoned."""

    middle: datetime | None
    late: datetime | None
    at: datetime | None


def expected(session: Session, project_id: int) -> dict[int, Expected]:
    """Batch id → the newest forecast of each open batch, without people and costs."""
    rows = forecasts.newest(session, [project_id])
    return {row.batch_id: Expected(row.finish_50, row.finish_90, row.at) for row in rows}


def batches(session: Session, project_id: int, limit: int = 200) -> Sequence[Batch]:
    """The batches of a project, the newest first."""
    mine = select(Batch).where(Batch.project_id == project_id)
    newest = mine.order_by(Batch.created_at.desc(), Batch.id.desc()).limit(limit)
    return session.scalars(newest).all()


def deliveries(session: Session, batch_ids: Sequence[int]) -> list[Delivered]:
    """The deliveries of these batches, the newest first, with what the client decided."""
    rows = session.execute(
        select(Delivery, Acceptance)
        .outerjoin(Acceptance, Acceptance.delivery_id == Delivery.id)
        .where(Delivery.batch_id.in_(batch_ids))
        .order_by(Delivery.delivered_at.desc(), Delivery.id.desc())
    )
    return [Delivered(made, decided) for made, decided in rows]
