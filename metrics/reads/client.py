"""What a client reads of their batches: how far, when, how good, and labels to look at.

Gold cannot be told from work here either. Its label is known from the beginning; it is counted and
shown only once as large a share of the other assets is through, so that what a client sees of a
batch looks the same with gold and without.
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


# `worked`: somebody gave the label here; of gold alone nobody did.
_ASSETS = """
    WITH going AS (
        SELECT task.asset_id, bool_or(lane.stage IN ('label', 'rework')) AS labelling,
               bool_or(lane.stage IN ('review', 'adjudicate')) AS checking
        FROM lane JOIN task ON task.lane_id = lane.id
        WHERE lane.batch_id = ANY(:batches) AND task.round > 0 AND (task.open OR task.n_leased > 0)
        GROUP BY task.asset_id
    ), said AS (
        SELECT asset_id, bool_or(method <> 'gold') AS worked
        FROM consensus WHERE batch_id = ANY(:batches) GROUP BY asset_id
    ), assets AS (
        SELECT asset.id, asset.batch_id, said.worked AND NOT coalesce(labelling, false) AS done,
               NOT said.worked AS known, coalesce(checking, false) AS checking
        FROM asset LEFT JOIN said ON said.asset_id = asset.id
        LEFT JOIN going ON going.asset_id = asset.id
        WHERE asset.batch_id = ANY(:batches)
    )
"""
_PROGRESS = text(
    f"""{_ASSETS}
    SELECT batch.id, count(assets.id) AS received, count(*) FILTER (WHERE done) AS done,
           count(*) FILTER (WHERE known) AS known,
           count(*) FILTER (WHERE done AND checking) AS checking,
           coalesce((SELECT items FROM delivery WHERE delivery.batch_id = batch.id
                     ORDER BY version DESC LIMIT 1), 0) AS delivered
    FROM batch LEFT JOIN assets ON assets.batch_id = batch.id
    WHERE batch.id = ANY(:batches) GROUP BY batch.id
    """
)


def progress(session: Session, batch_ids: Sequence[int]) -> dict[int, Progress]:
    """Batch id → how far it is. One statement."""
    rows = session.execute(_PROGRESS, {"batches": list(batch_ids)})
    return {row.id: _progress(row) for row in rows}


def _progress(row: Row[Any]) -> Progress:
    labelled = row.done + int(row.known * _share(row))
    return Progress(row.received, labelled, row.checking, row.delivered)


def _share(row: Row[Any]) -> float:
    """Of the assets that are no gold, those that are through; 1 of none."""
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


_FINISHED = f"""{_ASSETS}
    SELECT asset.id, asset.external_id, asset.uri, asset.text, asset.width, asset.height, now.label
    FROM assets JOIN asset ON asset.id = assets.id
    JOIN LATERAL (
        SELECT label FROM consensus WHERE consensus.asset_id = assets.id
        ORDER BY version DESC LIMIT 1
    ) AS now ON true
    WHERE (assets.done OR assets.known AND {{lot}} < :share)
"""
# From 0 to 1, of an asset alone: the same whoever asks, and even over all assets.
_LOT = "(hashint8extended(assets.id, 1) & 1073741823) / 1073741824.0"
_OF_CLASS = """ AND (label_key(now.label) = :key OR now.label -> 'tags' ? :key
    OR now.label -> 'objects' @> jsonb_build_array(jsonb_build_object('class', :key))
    OR now.label -> 'spans' @> jsonb_build_array(jsonb_build_object('class', :key)))"""


def sample(
    session: Session, batch: Batch, *, seed: int, of_class: str | None = None, n: int = 12
) -> Sequence[Row[Any]]:
    """`n` of the finished labels of a batch at random, the same for the same `seed`.

    id, external_id, uri, text, width, height, label; with `of_class`, those that name this class.
    """
    statement = _FINISHED.format(lot=_LOT)
    if of_class is not None:
        statement += _OF_CLASS.replace(":key", "CAST(:key AS text)")
    statement += " ORDER BY hashint8extended(asset.id, :seed), asset.id LIMIT :n"
    values = {"batches": [batch.id], "share": _through(session, batch.id), "seed": seed}
    of = {"key": of_class} if of_class is not None else {}
    return session.execute(text(statement), {**values, **of, "n": min(n, MOST_SAMPLED)}).all()


def finished(session: Session, batch: Batch, asset_id: int) -> Row[Any] | None:
    """The finished label of one asset, as `sample` has it; None while it is not finished."""
    statement = _FINISHED.format(lot=_LOT) + " AND asset.id = :asset"
    share = _through(session, batch.id)
    values = {"batches": [batch.id], "share": share, "asset": asset_id}
    return session.execute(text(statement), values).one_or_none()


def _through(session: Session, batch_id: int) -> float:
    return _share(session.execute(_PROGRESS, {"batches": [batch_id]}).one())


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
