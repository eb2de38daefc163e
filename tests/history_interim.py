"""Roll-ups of the history by PostgreSQL alone, until the roll-up's own engine is in."""

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from metrics.definitions import TIME_BINS
from ops import clock_time
from ops.db import transaction

_HOURS = """
WITH s AS (
    SELECT DISTINCT ON (assignment_id) * FROM work_event WHERE kind IN ('submitted', 'surplus')
    ORDER BY assignment_id, at DESC, id DESC
), j AS (
    SELECT assignment_id, max((data ->> 'correct')::numeric) FILTER (WHERE kind = 'gold_scored') AS gold,
           max((data ->> 'correct')::numeric) FILTER (WHERE kind = 'consensus_scored') AS agreed,
           max((data ->> 'correct')::numeric) FILTER (WHERE kind = 'reviewed') AS accepted
    FROM work_event WHERE kind IN ('gold_scored', 'consensus_scored', 'reviewed') GROUP BY 1
), happened AS (
    SELECT s.at, s.kind, s.labeller_id, s.project_id, s.batch_id, s.stage,
           coalesce(s.data ->> 'class', '') AS label_class, coalesce((s.data ->> 'active_ms')::bigint, 0) AS active_ms,
           coalesce((s.data ->> 'idle_ms')::bigint, 0) AS idle_ms, coalesce((s.data ->> 'wall_ms')::bigint, 0) AS wall_ms,
           gold, agreed, CASE WHEN s.stage <> 'rework' THEN accepted END AS accepted
    FROM s LEFT JOIN j USING (assignment_id)
    UNION ALL
    SELECT at, kind, labeller_id, project_id, batch_id, stage, '', 0, 0, 0, NULL, NULL, NULL
    FROM work_event WHERE kind IN ('leased', 'skipped', 'released', 'expired')
), placed AS (
    SELECT h.*, date_trunc('hour', h.at) AS hour, (h.at AT TIME ZONE coalesce(p.timezone, u.timezone))::date AS day,
           coalesce(p.team_id, u.team_id, 0) AS team_id, coalesce(p.organisation_id, u.organisation_id, 0) AS vendor_id,
           CASE WHEN active_ms > 0 THEN width_bucket(active_ms, CAST(:edges AS bigint[])) END AS bin
    FROM happened h JOIN user_account u ON u.id = h.labeller_id
    LEFT JOIN past_affiliation p ON p.user_id = u.id AND h.at < p.until
), b AS (
    SELECT hour, day, labeller_id, batch_id, stage, label_class, team_id, vendor_id, bin, count(*)::int AS n
    FROM placed WHERE bin IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
), t AS (
    SELECT hour, day, labeller_id, batch_id, stage, label_class, team_id, vendor_id,
           array_agg(bin::smallint ORDER BY bin) AS bins, array_agg(n ORDER BY bin) AS counts
    FROM b GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
)
INSERT INTO hourly_rollup (hour, day, labeller_id, batch_id, stage, label_class, team_id, vendor_id, project_id,
    leased, submitted, surplus, skipped, released, expired, active_ms, idle_ms, wall_ms,
    gold_n, gold_correct, consensus_n, consensus_agreed, review_n, review_accepted, time_bins, time_counts)
SELECT hour, day, labeller_id, batch_id, stage, label_class, team_id, vendor_id, min(project_id),
    count(*) FILTER (WHERE kind = 'leased'), count(*) FILTER (WHERE kind = 'submitted'),
    count(*) FILTER (WHERE kind = 'surplus'), count(*) FILTER (WHERE kind = 'skipped'),
    count(*) FILTER (WHERE kind = 'released'), count(*) FILTER (WHERE kind = 'expired'),
    sum(active_ms), sum(idle_ms), sum(wall_ms), count(gold), coalesce(sum(gold), 0),
    count(agreed), coalesce(sum(agreed), 0), count(accepted), coalesce(sum(accepted), 0),
    coalesce(min(t.bins), '{}'), coalesce(min(t.counts), '{}')
FROM placed LEFT JOIN t USING (hour, day, labeller_id, batch_id, stage, label_class, team_id, vendor_id)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""
_DAYS = """
WITH b AS (
    SELECT day, labeller_id, batch_id, stage, label_class, team_id, vendor_id, bin, sum(n)::int AS n
    FROM hourly_rollup, unnest(time_bins, time_counts) AS t(bin, n) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
), t AS (
    SELECT day, labeller_id, batch_id, stage, label_class, team_id, vendor_id,
           array_agg(bin ORDER BY bin) AS bins, array_agg(n ORDER BY bin) AS counts
    FROM b GROUP BY 1, 2, 3, 4, 5, 6, 7
)
INSERT INTO daily_rollup (day, labeller_id, batch_id, stage, label_class, team_id, vendor_id, project_id,
    leased, submitted, surplus, skipped, released, expired, active_ms, idle_ms, wall_ms,
    gold_n, gold_correct, consensus_n, consensus_agreed, review_n, review_accepted, time_bins, time_counts)
SELECT day, labeller_id, batch_id, stage, label_class, team_id, vendor_id, min(project_id),
    sum(leased), sum(submitted), sum(surplus), sum(skipped), sum(released), sum(expired), sum(active_ms),
    sum(idle_ms), sum(wall_ms), sum(gold_n), sum(gold_correct), sum(consensus_n), sum(consensus_agreed),
    sum(review_n), sum(review_accepted), coalesce(min(t.bins), '{}'), coalesce(min(t.counts), '{}')
FROM hourly_rollup LEFT JOIN t USING (day, labeller_id, batch_id, stage, label_class, team_id, vendor_id)
GROUP BY 1, 2, 3, 4, 5, 6, 7
"""


def roll_up(sessions: sessionmaker[Session]) -> None:
    with transaction(sessions) as session:
        session.execute(text(_HOURS), {"edges": list(TIME_BINS)})
        session.execute(text(_DAYS))
        session.execute(
            text("INSERT INTO rollup_state VALUES ('daily', 0, :at)"), {"at": clock_time.now()}
        )
