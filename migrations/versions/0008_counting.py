"""counting

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Days are the labellers' own now, and have more columns: everything is counted anew from events.
    op.drop_table("daily_rollup")
    op.execute("DELETE FROM rollup_state")
    op.create_table(
        "confusion_line",
        sa.Column("assignment_id", sa.BigInteger(), nullable=False),
        sa.Column("truth", sa.String(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("truth_by", sa.String(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("labeller_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "truth_by IN ('gold', 'review', 'consensus')", name=op.f("ck_confusion_line_truth_by")
        ),
        sa.PrimaryKeyConstraint(
            "assignment_id", "truth", "said", "fault", name=op.f("pk_confusion_line")
        ),
    )
    op.create_index(
        "ix_confusion_line_key",
        "confusion_line",
        ["project_id", "day", "labeller_id"],
        unique=False,
    )
    op.create_index(
        "ix_confusion_line_pair",
        "confusion_line",
        ["project_id", "truth", "said", "day"],
        unique=False,
        postgresql_where=sa.text("fault <> ''"),
    )
    op.create_table(
        "confusion_rollup",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("labeller_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("truth_by", sa.String(), nullable=False),
        sa.Column("truth", sa.String(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "project_id",
            "day",
            "labeller_id",
            "batch_id",
            "stage",
            "team_id",
            "vendor_id",
            "truth_by",
            "truth",
            "said",
            "fault",
            name=op.f("pk_confusion_rollup"),
        ),
    )
    op.create_table(
        "daily_rollup",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("labeller_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("label_class", sa.String(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("leased", sa.BigInteger(), nullable=False),
        sa.Column("submitted", sa.BigInteger(), nullable=False),
        sa.Column("surplus", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.BigInteger(), nullable=False),
        sa.Column("released", sa.BigInteger(), nullable=False),
        sa.Column("expired", sa.BigInteger(), nullable=False),
        sa.Column("active_ms", sa.BigInteger(), nullable=False),
        sa.Column("idle_ms", sa.BigInteger(), nullable=False),
        sa.Column("wall_ms", sa.BigInteger(), nullable=False),
        sa.Column("gold_n", sa.BigInteger(), nullable=False),
        sa.Column("gold_correct", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("consensus_n", sa.BigInteger(), nullable=False),
        sa.Column("consensus_agreed", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("review_n", sa.BigInteger(), nullable=False),
        sa.Column("review_accepted", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("time_bins", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("time_counts", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.PrimaryKeyConstraint(
            "day",
            "labeller_id",
            "batch_id",
            "stage",
            "label_class",
            "team_id",
            "vendor_id",
            name=op.f("pk_daily_rollup"),
        ),
    )
    op.create_index("ix_daily_rollup_project", "daily_rollup", ["project_id", "day"], unique=False)
    op.create_table(
        "event_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("below_xid", sa.BigInteger(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dropped", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_event_day_sha256")),
        sa.CheckConstraint(
            "version > 0 AND rows > 0 AND bytes > 0", name=op.f("ck_event_day_filled")
        ),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_event_day")),
    )
    op.create_table(
        "hourly_rollup",
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("labeller_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("label_class", sa.String(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("leased", sa.BigInteger(), nullable=False),
        sa.Column("submitted", sa.BigInteger(), nullable=False),
        sa.Column("surplus", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.BigInteger(), nullable=False),
        sa.Column("released", sa.BigInteger(), nullable=False),
        sa.Column("expired", sa.BigInteger(), nullable=False),
        sa.Column("active_ms", sa.BigInteger(), nullable=False),
        sa.Column("idle_ms", sa.BigInteger(), nullable=False),
        sa.Column("wall_ms", sa.BigInteger(), nullable=False),
        sa.Column("gold_n", sa.BigInteger(), nullable=False),
        sa.Column("gold_correct", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("consensus_n", sa.BigInteger(), nullable=False),
        sa.Column("consensus_agreed", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("review_n", sa.BigInteger(), nullable=False),
        sa.Column("review_accepted", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("time_bins", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("time_counts", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.PrimaryKeyConstraint(
            "hour",
            "day",
            "labeller_id",
            "batch_id",
            "stage",
            "label_class",
            "team_id",
            "vendor_id",
            name=op.f("pk_hourly_rollup"),
        ),
    )
    op.create_index(
        "ix_hourly_rollup_labeller", "hourly_rollup", ["labeller_id", "day"], unique=False
    )
    op.create_index(
        "ix_hourly_rollup_project", "hourly_rollup", ["project_id", "hour"], unique=False
    )
    op.create_table(
        "line_task",
        sa.Column("task_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_at", sa.String(), nullable=True),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.Column("repeats", sa.SmallInteger(), nullable=False),
        sa.Column("alike", sa.SmallInteger(), nullable=False),
        sa.Column("repeated_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_line_task")),
    )
    op.create_index(
        "ix_line_task_open",
        "line_task",
        ["project_id", "arrived_at"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_table(
        "line_touched",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_touched")),
    )
    op.create_table(
        "alert_rule",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('accuracy_drop', 'forecast_past_due', 'gold_exhausted', 'queue_starved')",
            name=op.f("ck_alert_rule_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_alert_rule_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_alert_rule_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_rule")),
        sa.UniqueConstraint("project_id", "kind", name=op.f("uq_alert_rule_project_id_kind")),
    )
    op.create_table(
        "past_affiliation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "xid",
            sa.BigInteger(),
            server_default=sa.text("pg_current_xact_id()::text::bigint"),
            nullable=False,
        ),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("organisation_id", sa.BigInteger(), nullable=True),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_past_affiliation_organisation_id"),
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_past_affiliation_team_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_past_affiliation_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_affiliation")),
    )
    op.create_index(
        "ix_past_affiliation_user", "past_affiliation", ["user_id", "until"], unique=False
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_saved_view_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_saved_view_user_id_name")),
    )
    op.create_table(
        "slice_difficulty",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("assets", sa.BigInteger(), nullable=False),
        sa.Column("answers", sa.BigInteger(), nullable=False),
        sa.Column("judged", sa.BigInteger(), nullable=False),
        sa.Column("time_ratio", sa.Double(), nullable=True),
        sa.Column("time_low", sa.Double(), nullable=True),
        sa.Column("time_high", sa.Double(), nullable=True),
        sa.Column("wrong_ratio", sa.Double(), nullable=True),
        sa.Column("wrong_low", sa.Double(), nullable=True),
        sa.Column("wrong_high", sa.Double(), nullable=True),
        sa.Column("colour", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "colour IN ('green', 'yellow', 'red')", name=op.f("ck_slice_difficulty_colour")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_slice_difficulty_project_id")
        ),
        sa.PrimaryKeyConstraint(
            "project_id", "dimension", "value", name=op.f("pk_slice_difficulty")
        ),
    )
    op.create_table(
        "timing_fit",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("answers", sa.BigInteger(), nullable=False),
        sa.Column("usable", sa.Boolean(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("model", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_timing_fit_project_id")
        ),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_timing_fit")),
    )
    op.create_table(
        "alert_firing",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_alert_firing_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["alert_rule.id"], name=op.f("fk_alert_firing_rule_id")
        ),
        sa.ForeignKeyConstraint(
            ["seen_by"], ["user_account.id"], name=op.f("fk_alert_firing_seen_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_firing")),
    )
    op.create_index("ix_alert_firing_project", "alert_firing", ["project_id", "id"], unique=False)
    op.create_index(
        "uq_alert_firing_standing",
        "alert_firing",
        ["rule_id", "subject"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "balance_rollup",
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("label_class", sa.String(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("assets", sa.BigInteger(), nullable=False),
        sa.Column("labelled", sa.BigInteger(), nullable=False),
        sa.Column("objects", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_balance_rollup_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_balance_rollup_project_id")
        ),
        sa.PrimaryKeyConstraint(
            "batch_id", "day", "dimension", "value", "label_class", name=op.f("pk_balance_rollup")
        ),
    )
    op.create_index(
        "ix_balance_rollup_project", "balance_rollup", ["project_id", "dimension"], unique=False
    )
    op.create_table(
        "balance_state",
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("labels", sa.BigInteger(), nullable=False),
        sa.Column("assets", sa.BigInteger(), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_out", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_balance_state_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_balance_state")),
    )
    op.create_table(
        "forecast",
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finish_50", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finish_90", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cost_50", sa.Double(), nullable=True),
        sa.Column("cost_90", sa.Double(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("basis", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_forecast_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", "at", name=op.f("pk_forecast")),
    )
    op.create_table(
        "line_rollup",
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("arrived", sa.BigInteger(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("finished", sa.BigInteger(), nullable=False),
        sa.Column("looked", sa.BigInteger(), nullable=False),
        sa.Column("passed", sa.BigInteger(), nullable=False),
        sa.Column("repeats", sa.BigInteger(), nullable=False),
        sa.Column("alike", sa.BigInteger(), nullable=False),
        sa.Column("wait_bins", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("wait_counts", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("cycle_bins", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("cycle_counts", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("lead_bins", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("lead_counts", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_line_rollup_batch_id")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_line_rollup_project_id")
        ),
        sa.PrimaryKeyConstraint("hour", "batch_id", "stage", name=op.f("pk_line_rollup")),
    )
    op.create_index("ix_line_rollup_project", "line_rollup", ["project_id", "hour"], unique=False)
    op.create_table(
        "model_study",
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("of", sa.BigInteger(), nullable=False),
        sa.Column("summary", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("requested_by", sa.BigInteger(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('map', 'errors')", name=op.f("ck_model_study_kind")),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_model_study_state")
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["reference_model.id"], name=op.f("fk_model_study_model_id")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["user_account.id"], name=op.f("fk_model_study_requested_by")
        ),
        sa.PrimaryKeyConstraint("model_id", "kind", name=op.f("pk_model_study")),
    )
    op.create_table(
        "map_point",
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("x", sa.REAL(), nullable=False),
        sa.Column("y", sa.REAL(), nullable=False),
        sa.Column("cluster", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_map_point_asset_id")),
        sa.ForeignKeyConstraint(
            ["model_id"], ["reference_model.id"], name=op.f("fk_map_point_model_id")
        ),
        sa.PrimaryKeyConstraint("model_id", "asset_id", name=op.f("pk_map_point")),
    )
    op.create_index(op.f("ix_map_point_asset_id"), "map_point", ["asset_id"], unique=False)
    op.create_table(
        "model_error",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("truth", sa.String(), nullable=False),
        sa.Column("predicted", sa.String(), nullable=False),
        sa.Column("confidence", sa.REAL(), nullable=True),
        sa.Column("overlap", sa.REAL(), nullable=True),
        sa.Column("causes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("distance", sa.REAL(), nullable=True),
        sa.Column("given_box", postgresql.ARRAY(sa.REAL()), nullable=True),
        sa.Column("seen_box", postgresql.ARRAY(sa.REAL()), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_model_error_asset_id")),
        sa.ForeignKeyConstraint(
            ["model_id"], ["reference_model.id"], name=op.f("fk_model_error_model_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_error")),
    )
    op.create_index(op.f("ix_model_error_asset_id"), "model_error", ["asset_id"], unique=False)
    op.create_index(
        "ix_model_error_classes", "model_error", ["model_id", "truth", "predicted"], unique=False
    )
    op.create_index(
        "ix_model_error_confidence",
        "model_error",
        ["model_id", sa.literal_column("confidence DESC NULLS LAST"), "id"],
        unique=False,
    )
    op.create_index(
        "ix_asset_difficulty_worst",
        "asset_difficulty",
        ["project_id", "colour", sa.literal_column("difficulty DESC"), "asset_id"],
        unique=False,
    )
    op.add_column(
        "assistance", sa.Column("spoke", sa.Boolean(), server_default="true", nullable=False)
    )
    op.add_column(
        "labeller_pace",
        sa.Column(
            "signals",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
    )
    op.add_column("task", sa.Column("created_at", sa.DateTime(timezone=True), nullable=True))

    op.execute(
        "UPDATE task SET created_at = asset.created_at FROM asset WHERE asset.id = task.asset_id"
    )
    # What came after the first labels came to be with the last answer before its own first lease.
    op.execute(
        """
        UPDATE task SET created_at = known.at FROM (
            SELECT later.id, max(given.ended_at) AS at
            FROM task later
            JOIN task earlier ON earlier.asset_id = later.asset_id AND earlier.id < later.id
            JOIN assignment given ON given.task_id = earlier.id AND given.state = 'submitted'
            WHERE later.stage <> 'label' AND given.ended_at <= coalesce(
                (SELECT min(leased_at) FROM assignment WHERE task_id = later.id), given.ended_at)
            GROUP BY later.id
        ) known WHERE known.id = task.id
        """
    )
    op.alter_column("task", "created_at", nullable=False)
    # Which tasks the line must look at again: new ones, and those that want another number of
    # answers. All else that happens to a task is a work event. A claim changes neither.
    op.execute(
        """
        CREATE FUNCTION touch_line() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO line_touched (task_id) SELECT id FROM changed;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER line_arrived AFTER INSERT ON task REFERENCING NEW TABLE AS changed "
        "FOR EACH STATEMENT EXECUTE FUNCTION touch_line()"
    )
    op.execute(
        """
        CREATE FUNCTION touch_line_of() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO line_touched (task_id) VALUES (NEW.id);
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER line_wanted AFTER UPDATE OF wanted ON task FOR EACH ROW "
        "WHEN (OLD.wanted <> NEW.wanted) EXECUTE FUNCTION touch_line_of()"
    )


def downgrade() -> None:
    op.execute("DELETE FROM rollup_state")
    op.execute("DROP TRIGGER line_arrived ON task")
    op.execute("DROP TRIGGER line_wanted ON task")
    op.execute("DROP FUNCTION touch_line()")
    op.execute("DROP FUNCTION touch_line_of()")
    op.drop_column("task", "created_at")
    op.drop_column("labeller_pace", "signals")
    op.drop_column("assistance", "spoke")
    op.drop_index("ix_asset_difficulty_worst", table_name="asset_difficulty")
    op.drop_index("ix_model_error_confidence", table_name="model_error")
    op.drop_index("ix_model_error_classes", table_name="model_error")
    op.drop_index(op.f("ix_model_error_asset_id"), table_name="model_error")
    op.drop_table("model_error")
    op.drop_index(op.f("ix_map_point_asset_id"), table_name="map_point")
    op.drop_table("map_point")
    op.drop_table("model_study")
    op.drop_index("ix_line_rollup_project", table_name="line_rollup")
    op.drop_table("line_rollup")
    op.drop_table("forecast")
    op.drop_table("balance_state")
    op.drop_index("ix_balance_rollup_project", table_name="balance_rollup")
    op.drop_table("balance_rollup")
    op.drop_index(
        "uq_alert_firing_standing",
        table_name="alert_firing",
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index("ix_alert_firing_project", table_name="alert_firing")
    op.drop_table("alert_firing")
    op.drop_table("timing_fit")
    op.drop_table("slice_difficulty")
    op.drop_table("saved_view")
    op.drop_index("ix_past_affiliation_user", table_name="past_affiliation")
    op.drop_table("past_affiliation")
    op.drop_table("alert_rule")
    op.drop_table("line_touched")
    op.drop_index(
        "ix_line_task_open", table_name="line_task", postgresql_where=sa.text("finished_at IS NULL")
    )
    op.drop_table("line_task")
    op.drop_index("ix_hourly_rollup_project", table_name="hourly_rollup")
    op.drop_index("ix_hourly_rollup_labeller", table_name="hourly_rollup")
    op.drop_table("hourly_rollup")
    op.drop_table("event_day")
    op.drop_index("ix_daily_rollup_project", table_name="daily_rollup")
    op.drop_table("daily_rollup")
    op.drop_table("confusion_rollup")
    op.drop_index(
        "ix_confusion_line_pair",
        table_name="confusion_line",
        postgresql_where=sa.text("fault <> ''"),
    )
    op.drop_index("ix_confusion_line_key", table_name="confusion_line")
    op.drop_table("confusion_line")
    op.create_table(
        "daily_rollup",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("labeller_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("leased", sa.BigInteger(), nullable=False),
        sa.Column("submitted", sa.BigInteger(), nullable=False),
        sa.Column("surplus", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.BigInteger(), nullable=False),
        sa.Column("released", sa.BigInteger(), nullable=False),
        sa.Column("expired", sa.BigInteger(), nullable=False),
        sa.Column("active_ms", sa.BigInteger(), nullable=False),
        sa.Column("wall_ms", sa.BigInteger(), nullable=False),
        sa.Column("gold_n", sa.BigInteger(), nullable=False),
        sa.Column("gold_correct", sa.Double(), nullable=False),
        sa.Column("consensus_n", sa.BigInteger(), nullable=False),
        sa.Column("consensus_agreed", sa.Double(), nullable=False),
        sa.Column("review_n", sa.BigInteger(), nullable=False),
        sa.Column("review_accepted", sa.Double(), nullable=False),
        sa.Column("log_time_histogram", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_daily_rollup_batch_id")),
        sa.ForeignKeyConstraint(
            ["labeller_id"], ["user_account.id"], name=op.f("fk_daily_rollup_labeller_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_daily_rollup_project_id")
        ),
        sa.PrimaryKeyConstraint(
            "day", "labeller_id", "batch_id", "stage", name=op.f("pk_daily_rollup")
        ),
    )
    op.create_index(
        op.f("ix_daily_rollup_project_id"), "daily_rollup", ["project_id"], unique=False
    )
