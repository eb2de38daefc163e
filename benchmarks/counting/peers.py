"""The same roll-up by polars and by duckdb, each written as its own users would.

Both read the same files and the same table of places, and are to give the same hours: the newest
submission of an assignment, the newest judgement of each kind at the hour of its submission, days,
teams and vendors as of the event, histograms of active time with the empty bins left out.
"""

from typing import Any

import pyarrow as pa

from metrics.definitions import TIME_BINS
from metrics.rollup.sql import TIME_BIN

HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
JUDGED = {
    "gold_scored": ("gold_n", "gold_correct"),
    "consensus_scored": ("consensus_n", "consensus_agreed"),
    "reviewed": ("review_n", "review_accepted"),
}
COUNTS = ("leased", "submitted", "surplus", "skipped", "released", "expired")
TIMES = ("active_ms", "idle_ms", "wall_ms")
KEY = (
    "hour", "day", "labeller_id", "batch_id", "stage", "label_class", "team_id", "vendor_id",
)  # fmt: skip


def with_polars(files: list[str], places: pa.Table) -> Any:
    """Lazily, on the streaming engine; the hours as a polars frame.

    It may rely on the order of the files, by time and number.
    """
    import polars as pl

    about = ["labeller_id", "project_id", "batch_id", "stage", "assignment_id"]
    event = pl.scan_parquet(files).select(
        *about, "id", "at", "kind", *TIMES, "class", "correct"
    )  # fmt: skip
    submission = (
        event.filter(pl.col("kind").is_in(["submitted", "surplus"]))
        .unique("assignment_id", keep="last", maintain_order=True)
        .drop("correct", "id")
    )
    judged = (
        event.filter(pl.col("kind").is_in(list(JUDGED)))
        .group_by("assignment_id", maintain_order=True)
        .agg(
            (pl.col("correct").filter(pl.col("kind") == kind).last() * 1e6)
            .round()
            .cast(pl.Int64)
            .alias(total)
            for kind, (_, total) in JUDGED.items()
        )
    )
    answers = submission.join(judged, on="assignment_id", how="left").with_columns(
        label_class=pl.col("class").fill_null(""),
        review_accepted=pl.when(pl.col("stage") != "rework").then("review_accepted"),
        bin=pl.when(pl.col("active_ms") > 0).then(
            pl.lit(pl.Series(TIME_BINS)).search_sorted(pl.col("active_ms"), side="right")
        ),
    )
    plain = event.filter(
        pl.col("kind").is_in(["leased", "skipped", "released", "expired"])
    ).with_columns(label_class=pl.lit(""), active_ms=0, idle_ms=0, wall_ms=0)
    happened = pl.concat([answers, plain], how="diagonal_relaxed").with_columns(
        pl.col(name).fill_null(0) for name in TIMES
    )
    place = pl.from_arrow(places)
    assert isinstance(place, pl.DataFrame)
    us = pl.col("at").dt.epoch("us")
    placed = (
        happened.join(place.lazy(), on="labeller_id")
        .filter(us >= pl.col("since_us"), us < pl.col("until_us"))
        .with_columns(hour=us // HOUR_US, day=(us + pl.col("offset_us")) // DAY_US)
    )
    hours = placed.group_by(KEY).agg(
        pl.col("project_id").min(),
        *((pl.col("kind") == kind).sum().alias(kind) for kind in COUNTS),
        *(pl.col(name).sum() for name in TIMES),
        *(pl.col(total).count().alias(n) for n, total in JUDGED.values()),
        *(pl.col(total).sum() for _, total in JUDGED.values()),
        pl.col("bin").drop_nulls().sort().rle().alias("times"),
    )
    return hours.with_columns(
        time_bins=pl.col("times").list.eval(pl.element().struct.field("value")),
        time_counts=pl.col("times").list.eval(pl.element().struct.field("len")),
    ).collect(engine="streaming")


WITH_DUCKDB = f"""
WITH submission AS (
    SELECT * FROM event WHERE kind IN ('submitted', 'surplus')
    QUALIFY row_number() OVER (PARTITION BY assignment_id ORDER BY "at" DESC, id DESC) = 1
), newest AS (
    SELECT assignment_id, kind, correct FROM event
    WHERE kind IN ('gold_scored', 'consensus_scored', 'reviewed')
    QUALIFY row_number() OVER (PARTITION BY assignment_id, kind ORDER BY "at" DESC, id DESC) = 1
), judged AS (
    SELECT assignment_id, {
    ", ".join(
        f"any_value(round(correct * 1e6)::BIGINT) FILTER (kind = '{kind}') AS {total}"
        for kind, (_, total) in JUDGED.items()
    )
} FROM newest GROUP BY assignment_id
), happened AS (
    SELECT "at", kind, labeller_id, project_id, batch_id, stage, coalesce(class, '') AS label_class,
           coalesce(active_ms, 0) AS active_ms, coalesce(idle_ms, 0) AS idle_ms,
           coalesce(wall_ms, 0) AS wall_ms, gold_correct, consensus_agreed,
           CASE WHEN stage <> 'rework' THEN review_accepted END AS review_accepted
    FROM submission LEFT JOIN judged USING (assignment_id)
    UNION ALL
    SELECT "at", kind, labeller_id, project_id, batch_id, stage, '', 0, 0, 0, NULL, NULL, NULL
    FROM event WHERE kind IN ('leased', 'skipped', 'released', 'expired')
), placed AS (
    SELECT happened.*, epoch_us("at") // {HOUR_US} AS hour,
           (epoch_us("at") + offset_us) // {DAY_US} AS day, team_id, vendor_id,
           {TIME_BIN} AS bin
    FROM happened JOIN place ON place.labeller_id = happened.labeller_id
        AND epoch_us("at") >= since_us AND epoch_us("at") < until_us
)
SELECT {", ".join(KEY)}, min(project_id) AS project_id,
       {", ".join(f"count(*) FILTER (kind = '{kind}') AS {kind}" for kind in COUNTS)},
       {", ".join(f"sum({name})::BIGINT AS {name}" for name in TIMES)},
       {", ".join(f"count({total}) AS {n}" for n, total in JUDGED.values())},
       {", ".join(f"coalesce(sum({total}), 0)::BIGINT AS {total}" for _, total in JUDGED.values())},
       histogram(bin) FILTER (bin IS NOT NULL) AS times
FROM placed GROUP BY ALL
"""


def with_duckdb(files: list[str], places: pa.Table) -> Any:
    """With duckdb's own settings; the hours as a table of an open connection."""
    import duckdb

    duck = duckdb.connect(config={"threads": 2})
    duck.register("place", places)
    duck.read_parquet(files).create_view("event")
    duck.execute(
        "CREATE TABLE hours AS SELECT * EXCLUDE times, "
        "coalesce(map_keys(times), []) AS time_bins, "
        f"coalesce(map_values(times), []) AS time_counts FROM ({WITH_DUCKDB})"
    )
    return duck
