"""What the data is made of, counted batch by batch: classes, metadata, difficulty.

A batch is never added to: when a label, an asset or a difficulty of it is new, all of it is
counted again. So this may run twice, be killed, or meet late labels, and always leaves what a
rebuild would.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, sessionmaker

from metrics.models import BalanceRollup, BalanceState
from ops import clock_time
from ops.db import transaction

# A key of the metadata with more values than this tells no slices apart, but assets.
MOST_VALUES, MOST_KEYS, LONGEST = 50, 20, 60
# Labels are looked for among the newest so many: one that was written earlier and committed later
# is still among them.
WINDOW = 100_000

_DUE = text(
    """
    WITH recent AS (
        SELECT DISTINCT batch_id FROM consensus
        WHERE id > (SELECT coalesce(max(id), 0) FROM consensus) - :window
    ), judged AS (
        SELECT project_id, max(at) AS at FROM (
            SELECT project_id, at FROM labeller_pace UNION ALL
            SELECT project_id, greatest(at, seen_at) FROM timing_fit) looked
        GROUP BY 1
    )
    SELECT batch.id AS batch_id, batch.project_id, batch.n_assets AS assets,
           judged.at AS judged_at,
           (SELECT count(*) FROM consensus WHERE consensus.batch_id = batch.id) AS labels
    FROM batch LEFT JOIN balance_state state ON state.batch_id = batch.id
    LEFT JOIN judged ON judged.project_id = batch.project_id
    LEFT JOIN recent ON recent.batch_id = batch.id
    WHERE state.batch_id IS NULL OR state.assets <> batch.n_assets
       OR batch.state <> 'delivered' AND state.judged_at IS DISTINCT FROM judged.at
       OR recent.batch_id IS NOT NULL AND state.labels <>
          (SELECT count(*) FROM consensus WHERE consensus.batch_id = batch.id)
    ORDER BY batch.id
    """
)
_KEYS = text(
    """
    SELECT key, count(DISTINCT value) AS n, max(length(value)) AS longest
    FROM asset, jsonb_each_text(asset.meta)
    WHERE asset.batch_id = :batch AND length(key) <= :longest
      AND jsonb_typeof(asset.meta -> key) IN ('string', 'number', 'boolean')
    GROUP BY key ORDER BY key
    """
)
_COUNT = text(
    """
    WITH force AS MATERIALIZED (
        SELECT DISTINCT ON (asset_id) asset_id, label FROM consensus
        WHERE batch_id = :batch ORDER BY asset_id, version DESC
    ), one AS MATERIALIZED (
        SELECT asset.id, asset.meta, (asset.created_at AT TIME ZONE 'UTC')::date AS day,
               force.label, hard.colour
        FROM asset LEFT JOIN force ON force.asset_id = asset.id
        LEFT JOIN asset_difficulty hard ON hard.asset_id = asset.id
        WHERE asset.batch_id = :batch
    ), said AS MATERIALIZED (
        SELECT one.id, named.key, count(*) AS objects FROM one CROSS JOIN LATERAL (
            SELECT coalesce(label ->> 'class', label ->> 'rating', label ->> 'preference') AS key
            UNION ALL SELECT object ->> 'class' FROM jsonb_array_elements(
                coalesce(label -> 'objects', label -> 'spans', '[]')) object
            UNION ALL SELECT jsonb_array_elements_text(coalesce(label -> 'tags', '[]'))) named
        WHERE one.label IS NOT NULL AND named.key IS NOT NULL
        GROUP BY 1, 2
        UNION ALL SELECT id, '', 0 FROM one
    ), slice AS (
        SELECT id, day, label IS NOT NULL AS labelled, '' AS dimension, '' AS value FROM one
        UNION ALL SELECT id, day, label IS NOT NULL, 'colour', colour FROM one
        WHERE colour IS NOT NULL
        UNION ALL SELECT id, day, label IS NOT NULL, 'meta.' || meta.key, meta.value
        FROM one, jsonb_each_text(one.meta) meta WHERE meta.key = ANY(:keys)
    )
    INSERT INTO balance_rollup (batch_id, day, dimension, value, label_class, project_id, assets,
                                labelled, objects)
    SELECT CAST(:batch AS bigint), slice.day, slice.dimension, coalesce(slice.value, ''), said.key,
           CAST(:project AS bigint), count(*), count(*) FILTER (WHERE slice.labelled),
           sum(said.objects)
    FROM slice JOIN said ON said.id = slice.id GROUP BY 2, 3, 4, 5
    """
)


def update(sessions: sessionmaker[Session]) -> int:
    """Count every batch again in which something moved; returns how many."""
    with transaction(sessions) as session:
        due = session.execute(_DUE, {"window": WINDOW}).all()
    return sum(_counted(sessions, row) for row in due)


def rebuild(
    sessions: sessionmaker[Session], progress: Callable[[float], None] | None = None
) -> int:
    """Count everything again from raw; `progress` is told the share that is done."""
    with transaction(sessions) as session:
        session.execute(delete(BalanceState))
        session.execute(delete(BalanceRollup))
        due = session.execute(_DUE, {"window": WINDOW}).all()
    for i, row in enumerate(due):
        _counted(sessions, row)
        if progress is not None:
            progress((i + 1) / len(due))
    return len(due)


def _counted(sessions: sessionmaker[Session], row: Any) -> bool:
    """Count one batch in a transaction of its own; False when another process is at it."""
    with transaction(sessions) as session:
        mine = text("SELECT pg_try_advisory_xact_lock(hashtextextended('metrics.balance', :batch))")
        if not session.scalar(mine, {"batch": row.batch_id}):
            return False
        keys, left_out = _keys(session, row.batch_id)
        session.execute(delete(BalanceRollup).where(BalanceRollup.batch_id == row.batch_id))
        values = {"batch": row.batch_id, "project": row.project_id, "keys": keys}
        session.execute(_COUNT, values)
        # What was there before the counting: what came in between is counted once more.
        state = {
            "labels": row.labels,
            "assets": row.assets,
            "judged_at": row.judged_at,
            "left_out": left_out,
            "at": clock_time.now(),
        }
        new = upsert(BalanceState).values(batch_id=row.batch_id, **state)
        session.execute(new.on_conflict_do_update(index_elements=["batch_id"], set_=state))
    return True


def _keys(session: Session, batch_id: int) -> tuple[list[str], list[str]]:
    """The keys of the metadata by which assets are told apart, and those left out."""
    rows = session.execute(_KEYS, {"batch": batch_id, "longest": LONGEST}).all()
    kept = [r.key for r in rows if r.n <= MOST_VALUES and (r.longest or 0) <= LONGEST][:MOST_KEYS]
    return kept, [r.key for r in rows if r.key not in kept]
