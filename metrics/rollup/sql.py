"""The SQL of the roll-up: one text for a rebuild and for an increment, run by duckdb.

Of several submissions of one assignment (a correction) the newest counts; of several judgements of
one kind (gold was revised and scored again) the newest counts, at the hour of the submission it
judges. Shares are summed in millionths, whole numbers, exact in any order, so that a rebuild equals
the sum of increments to the last digit.
"""

from metrics.definitions.times import BINS_PER_OCTAVE, N_TIME_BINS, SHORTEST_MS, TIME_BINS

SUBMISSION = "('submitted', 'surplus')"
JUDGEMENT = "('gold_scored', 'consensus_scored', 'reviewed')"
# What is counted where it happened, without further ado.
PLAIN = "('leased', 'skipped', 'released', 'expired')"

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US

# The key of an hour; that of a day is the same without the hour.
KEY = (
    "hour", "day", "labeller_id", "batch_id", "stage", "label_class", "team_id", "vendor_id",
)  # fmt: skip
COUNTS = ("leased", "submitted", "surplus", "skipped", "released", "expired")
TIMES = ("active_ms", "idle_ms", "wall_ms")
# What a judgement adds: how often, and the sum of its shares.
JUDGED = {
    "gold_scored": ("gold_n", "gold_correct"),
    "consensus_scored": ("consensus_n", "consensus_agreed"),
    "reviewed": ("review_n", "review_accepted"),
}
SHARES = tuple(name for pair in JUDGED.values() for name in pair)
COLUMNS = (*KEY, "project_id", *COUNTS, *TIMES, *SHARES, "time_bins", "time_counts")

_EDGES = f"[{', '.join(map(str, TIME_BINS))}]::BIGINT[]"
_GUESS = (
    f"greatest(0, least({N_TIME_BINS - 1}, "
    f"floor({BINS_PER_OCTAVE} * log2(active_ms / {SHORTEST_MS}.0))::INTEGER))"
)
# The bin of `metrics.definitions.time_histogram`: edges are whole, so the logarithm may miss it by
# one, which the edges beside it tell.
TIME_BIN = f"""
CASE WHEN active_ms > 0 THEN ({_GUESS}
    - (CASE WHEN {_GUESS} > 0 AND active_ms < ({_EDGES})[{_GUESS}] THEN 1 ELSE 0 END)
    + (CASE WHEN {_GUESS} < {N_TIME_BINS - 1} AND active_ms >= ({_EDGES})[{_GUESS} + 1]
       THEN 1 ELSE 0 END))::SMALLINT END
"""

_SHARE = "CAST(round(coalesce(correct, 0) * 1e6) AS BIGINT)"


def _newest_share(kind: str, name: str) -> str:
    newest = 'struct_pack(moment := "at", id := id)'
    return f"arg_max({_SHARE}, {newest}) FILTER (kind = '{kind}') AS {name}"


# From `event` (the columns of sealed days) and `place` (see `metrics.rollup.places`).
HOURS = f"""
WITH submission AS (
    SELECT assignment_id, "at", kind, labeller_id, project_id, batch_id, stage,
           coalesce(class, '') AS label_class, coalesce(active_ms, 0) AS active_ms,
           coalesce(idle_ms, 0) AS idle_ms, coalesce(wall_ms, 0) AS wall_ms
    FROM event WHERE kind IN {SUBMISSION}
    QUALIFY row_number() OVER (PARTITION BY assignment_id ORDER BY "at" DESC, id DESC) = 1
), judged AS (
    SELECT assignment_id, {", ".join(_newest_share(k, n[1]) for k, n in JUDGED.items())}
    FROM event WHERE kind IN {JUDGEMENT} GROUP BY assignment_id
), happened AS (
    SELECT epoch_us("at") AS us, kind, labeller_id, project_id, batch_id, stage, label_class,
           active_ms, idle_ms, wall_ms, {TIME_BIN} AS time_bin, gold_correct, consensus_agreed,
           CASE WHEN stage <> 'rework' THEN review_accepted END AS review_accepted
    FROM submission LEFT JOIN judged USING (assignment_id)
    UNION ALL
    SELECT epoch_us("at"), kind, labeller_id, project_id, batch_id, stage, '', 0, 0, 0, NULL,
           NULL, NULL, NULL
    FROM event WHERE kind IN {PLAIN}
), placed AS (
    SELECT happened.*, us // {HOUR_US} AS hour_number,
           (us + coalesce(offset_us, 0)) // {DAY_US} AS day_number,
           coalesce(team_id, 0) AS team_id, coalesce(vendor_id, 0) AS vendor_id
    FROM happened LEFT JOIN place ON place.labeller_id = happened.labeller_id
        AND happened.us >= place.since_us AND happened.us < place.until_us
), counted AS (
    SELECT hour_number, day_number, labeller_id, batch_id, stage, label_class, team_id, vendor_id,
           min(project_id) AS project_id,
           {", ".join(f"count(*) FILTER (kind = '{kind}') AS {kind}" for kind in COUNTS)},
           {", ".join(f"sum({name})::BIGINT AS {name}" for name in TIMES)},
           {
    ", ".join(
        f"count({total}) AS {n}, coalesce(sum({total}), 0)::BIGINT AS {total}"
        for n, total in JUDGED.values()
    )
},
           list_sort(list(time_bin) FILTER (time_bin IS NOT NULL)) AS times
    FROM placed GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
), run AS (
    SELECT *, list_filter(range(1, len(times) + 1),
                          lambda i: i = 1 OR times[i] <> times[i - 1]) AS starts
    FROM counted
)
SELECT to_timestamp(hour_number * {HOUR_US // 1_000_000}) AS hour,
       DATE '1970-01-01' + day_number::INTEGER AS day,
       labeller_id, batch_id, stage, label_class, team_id, vendor_id, project_id,
       {", ".join((*COUNTS, *TIMES, *SHARES))},
       coalesce(list_transform(starts, lambda i: times[i]), []) AS time_bins,
       coalesce(list_transform(starts, lambda start, i:
           coalesce(starts[i + 1], len(times) + 1) - start), []) AS time_counts
FROM run
"""

# Rows as they are compared and sent: exact decimals, and arrays as PostgreSQL writes them.
SUMS = tuple(total for _, total in JUDGED.values())
ARRAYS = ("time_bins", "time_counts")


def sent(name: str) -> str:
    """A column of HOURS in the form in which it is stored."""
    if name in SUMS:
        return f"({name}::DECIMAL(18, 0) * 0.000001::DECIMAL(7, 6))::DECIMAL(18, 6) AS {name}"
    if name in ARRAYS:
        return f"'{{' || array_to_string({name}, ',') || '}}' AS {name}"
    return name


SENT = ", ".join(map(sent, COLUMNS))
_SAME = " AND ".join(f"a.{name} = b.{name}" for name in COLUMNS)
# The rows of `stored` that `fresh` has not or has otherwise, and those of `fresh` to be stored.
GONE = f"""
SELECT ctid, day, labeller_id FROM stored a WHERE NOT EXISTS (SELECT 1 FROM fresh b WHERE {_SAME})
"""
CAME = f"""
SELECT {", ".join(COLUMNS)} FROM fresh a WHERE NOT EXISTS (SELECT 1 FROM stored b WHERE {_SAME})
"""

# The rest is for PostgreSQL: the days of the labellers and days of :labellers and :days, counted
# again from their hours.
_DAY_KEY = ", ".join(KEY[1:])
_DAY_COLUMNS = ", ".join(COLUMNS[1:])
_SUMMED = (*COUNTS, *TIMES, *SHARES)
_WRITTEN = COLUMNS[len(KEY) :]
_DAYS = "unnest(CAST(:labellers AS bigint[]), CAST(:days AS date[])) AS asked (who, their_day)"

_SAME_KEY = " AND ".join(f"h.{name} = d.{name}" for name in KEY[1:])

DELETE_DAYS = f"""
DELETE FROM daily_rollup d USING {_DAYS} WHERE d.labeller_id = who AND d.day = their_day
    AND NOT EXISTS (SELECT FROM hourly_rollup h WHERE {_SAME_KEY})
"""
COUNT_DAYS = f"""
WITH of_days AS MATERIALIZED (
    SELECT h.* FROM {_DAYS} JOIN hourly_rollup h ON h.labeller_id = who AND h.day = their_day
), total AS (
    SELECT {_DAY_KEY}, min(project_id) AS project_id,
           {", ".join(f"sum({name}) AS {name}" for name in _SUMMED)}
    FROM of_days GROUP BY {_DAY_KEY}
), bin AS (
    SELECT {_DAY_KEY}, bin, sum(n)::integer AS n
    FROM of_days, unnest(time_bins, time_counts) AS time (bin, n) GROUP BY {_DAY_KEY}, bin
), binned AS (
    SELECT {_DAY_KEY}, array_agg(bin ORDER BY bin) AS time_bins,
           array_agg(n ORDER BY bin) AS time_counts
    FROM bin GROUP BY {_DAY_KEY}
)
INSERT INTO daily_rollup AS d ({_DAY_COLUMNS})
SELECT {_DAY_KEY}, project_id, {", ".join(_SUMMED)},
       coalesce(time_bins, '{{}}'), coalesce(time_counts, '{{}}')
FROM total LEFT JOIN binned USING ({_DAY_KEY})
ON CONFLICT ({_DAY_KEY}) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in _WRITTEN)}
WHERE ({", ".join(f"d.{name}" for name in _WRITTEN)})
    IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in _WRITTEN)})
"""
# Days of which no hour is left.
DELETE_LEFT_OVER = f"""
DELETE FROM daily_rollup d WHERE NOT EXISTS (SELECT FROM hourly_rollup h WHERE {_SAME_KEY})
"""
