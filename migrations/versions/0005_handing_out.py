"""handing out

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ASSIGNMENT = "'reserved', 'leased', 'submitted', 'skipped', 'released', 'expired'"
EVENTS = (
    "'reserved', 'leased', 'submitted', 'skipped', 'released', 'expired', 'recalled', 'reopened', "
    "'surplus', 'gold_scored', 'consensus_scored', 'reviewed'"
)


def upgrade() -> None:
    _checks(ASSIGNMENT, EVENTS)
    op.create_table(
        "gold_seen",
        sa.Column("labeller_id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("class_key", sa.String(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["labeller_id"], ["user_account.id"], name=op.f("fk_gold_seen_labeller_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_gold_seen_project_id")
        ),
        sa.PrimaryKeyConstraint(
            "labeller_id", "project_id", "class_key", name=op.f("pk_gold_seen")
        ),
    )
    op.create_table(
        "review_stratum",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("layer", sa.SmallInteger(), nullable=False),
        sa.Column("labeller_id", sa.BigInteger(), nullable=False),
        sa.Column("class_key", sa.String(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.Double(), nullable=False),
        sa.Column("drawn", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["labeller_id"], ["user_account.id"], name=op.f("fk_review_stratum_labeller_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_review_stratum_project_id")
        ),
        sa.PrimaryKeyConstraint(
            "project_id", "layer", "labeller_id", "class_key", name=op.f("pk_review_stratum")
        ),
    )
    op.create_table(
        "rule",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("signal", sa.String(), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("measure", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "action IN ('warn', 'train', 'pause', 'restrict', 'suspend')",
            name=op.f("ck_rule_action"),
        ),
        sa.CheckConstraint(
            "signal IN ('too_fast', 'skips_in_row', 'gold_accuracy', 'agreement', 'review_acceptance', 'hours', 'drift')",
            name=op.f("ck_rule_signal"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_rule_created_by")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_rule_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_rule_project_id_name")),
    )
    op.create_table(
        "rule_look",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_rule_look_project_id")
        ),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_rule_look")),
    )
    op.create_table(
        "desk_tally",
        sa.Column("labeller_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("answers", sa.BigInteger(), nullable=False),
        sa.Column("active_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_desk_tally_batch_id")),
        sa.ForeignKeyConstraint(
            ["labeller_id"], ["user_account.id"], name=op.f("fk_desk_tally_labeller_id")
        ),
        sa.PrimaryKeyConstraint("labeller_id", "batch_id", "day", name=op.f("pk_desk_tally")),
    )
    op.create_index("ix_desk_tally_day", "desk_tally", ["labeller_id", "day"], unique=False)
    op.create_table(
        "rule_firing",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("labeller_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("told", sa.String(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("takes_effect_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal", sa.String(), nullable=False),
        sa.Column("appealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_why", sa.String(), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'applied', 'appealed', 'upheld', 'lifted', 'overridden')",
            name=op.f("ck_rule_firing_state"),
        ),
        sa.ForeignKeyConstraint(
            ["labeller_id"], ["user_account.id"], name=op.f("fk_rule_firing_labeller_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_rule_firing_project_id")
        ),
        sa.ForeignKeyConstraint(["rule_id"], ["rule.id"], name=op.f("fk_rule_firing_rule_id")),
        sa.ForeignKeyConstraint(
            ["settled_by"], ["user_account.id"], name=op.f("fk_rule_firing_settled_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_firing")),
    )
    op.create_index("ix_rule_firing_labeller", "rule_firing", ["labeller_id", "id"], unique=False)
    op.create_index("ix_rule_firing_project", "rule_firing", ["project_id", "id"], unique=False)
    op.create_index(
        "uq_rule_firing_standing",
        "rule_firing",
        ["rule_id", "labeller_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('pending', 'applied', 'appealed', 'upheld')"),
    )
    op.create_table(
        "hard_task",
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("routed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_hard_task_task_id")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_hard_task")),
    )
    op.create_index(op.f("ix_hard_task_due_at"), "hard_task", ["due_at"], unique=False)
    op.create_table(
        "review_draw",
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("layer", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason IN ('standing', 'layer', 'rework', 'restricted')",
            name=op.f("ck_review_draw_reason"),
        ),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_review_draw_task_id")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_review_draw")),
    )
    op.create_table(
        "review_look",
        sa.Column("assignment_id", sa.BigInteger(), nullable=False),
        sa.Column("drawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_review_look_assignment_id")
        ),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_review_look")),
    )
    op.create_index(
        "ix_asset_difficulty_red",
        "asset_difficulty",
        ["project_id", "at"],
        unique=False,
        postgresql_where=sa.text("colour = 'red'"),
    )
    op.create_index(
        "ix_assignment_reserved",
        "assignment",
        ["labeller_id", "expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'reserved'"),
    )
    op.drop_constraint(op.f("fk_assignment_project_id"), "assignment", type_="foreignkey")
    op.add_column(
        "batch", sa.Column("n_assets", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("desk", sa.Column("project_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_desk_project_id"), "desk", "project", ["project_id"], ["id"])
    op.create_index("ix_evidence_at", "evidence", ["project_id", "at"], unique=False)
    op.add_column("gold", sa.Column("batch_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "gold", sa.Column("lot", sa.Double(), server_default=sa.text("random()"), nullable=False)
    )
    op.add_column("gold", sa.Column("class_key", sa.String(), server_default="", nullable=False))
    op.add_column("gold", sa.Column("difficulty", sa.Double(), nullable=True))
    op.add_column("gold", sa.Column("discrimination", sa.Double(), nullable=True))
    op.add_column(
        "gold", sa.Column("answers_n", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.drop_index(
        op.f("ix_gold_active"),
        table_name="gold",
        postgresql_where="((state)::text = 'active'::text)",
    )
    op.create_index(
        "ix_gold_batch",
        "gold",
        ["batch_id", "lot"],
        unique=False,
        postgresql_where=sa.text("state = 'active' AND NOT for_assessment"),
    )
    op.create_index(
        "ix_gold_project",
        "gold",
        ["project_id", "lot"],
        unique=False,
        postgresql_where=sa.text("state = 'active' AND NOT for_assessment"),
    )
    op.create_foreign_key(op.f("fk_gold_batch_id"), "gold", "batch", ["batch_id"], ["id"])
    op.add_column("gold_pace", sa.Column("gold_id", sa.BigInteger(), nullable=True))
    op.add_column("gold_pace", sa.Column("gap_after", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_gold_pace_gold_id"), "gold_pace", "gold", ["gold_id"], ["id"])
    op.create_index(
        "ix_label_score_review",
        "label_score",
        ["review_task_id"],
        unique=False,
        postgresql_where=sa.text("review_task_id IS NOT NULL"),
    )
    op.add_column("lane", sa.Column("kind", sa.String(), server_default="ordinary", nullable=False))
    op.drop_constraint(op.f("uq_lane_batch_id_stage_requirement_key"), "lane", type_="unique")
    op.create_unique_constraint(
        op.f("uq_lane_batch_id_stage_kind_requirement_key"),
        "lane",
        ["batch_id", "stage", "kind", "requirement_key"],
    )
    op.add_column(
        "project_member", sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "project_member", sa.Column("restricted_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "project_member", sa.Column("training_since", sa.DateTime(timezone=True), nullable=True)
    )
    op.drop_constraint(op.f("fk_work_event_batch_id"), "work_event", type_="foreignkey")
    op.drop_constraint(op.f("fk_work_event_assignment_id"), "work_event", type_="foreignkey")
    op.drop_constraint(op.f("fk_work_event_labeller_id"), "work_event", type_="foreignkey")
    op.drop_constraint(op.f("fk_work_event_task_id"), "work_event", type_="foreignkey")
    op.drop_constraint(op.f("fk_work_event_project_id"), "work_event", type_="foreignkey")
    op.create_check_constraint(
        op.f("ck_lane_kind"), "lane", "kind IN ('ordinary', 'hard', 'layer_2', 'layer_3')"
    )
    _live("'reserved', 'leased', 'submitted', 'skipped'")
    op.execute(
        """
        UPDATE gold SET class_key = coalesce(
            (SELECT v.answers -> 0 ->> 'class' FROM gold_version v
             WHERE v.gold_id = gold.id ORDER BY v.version DESC LIMIT 1), ''),
            batch_id = (SELECT batch_id FROM asset WHERE asset.id = gold.asset_id)
        """
    )
    _count_assets()
    # The priority of a batch orders lanes now, npri only what lies within one.
    op.execute("UPDATE task SET npri = npri & 2147483647 WHERE npri < 0 OR npri > 2147483647")
    op.execute("UPDATE lane SET generation = generation + 1")


def _count_assets() -> None:
    op.execute(
        """
        UPDATE batch SET n_assets = counted.n
        FROM (SELECT batch_id, count(*) AS n FROM asset GROUP BY batch_id) counted
        WHERE counted.batch_id = batch.id
        """
    )
    # Whoever adds assets holds the batch already, so this makes nobody wait who did not before.
    op.execute(
        """
        CREATE FUNCTION count_assets() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE batch SET n_assets = n_assets + counted.n
            FROM (SELECT batch_id, count(*) AS n FROM added GROUP BY batch_id) counted
            WHERE counted.batch_id = batch.id;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER counted AFTER INSERT ON asset REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION count_assets()"
    )


def _checks(states: str, kinds: str) -> None:
    op.drop_constraint(op.f("ck_assignment_state"), "assignment")
    op.create_check_constraint(op.f("ck_assignment_state"), "assignment", f"state IN ({states})")
    op.drop_constraint(op.f("ck_work_event_kind"), "work_event")
    op.create_check_constraint(op.f("ck_work_event_kind"), "work_event", f"kind IN ({kinds})")


def _live(states: str) -> None:
    op.drop_index("uq_assignment_live", table_name="assignment")
    op.create_index(
        "uq_assignment_live",
        "assignment",
        ["task_id", "labeller_id"],
        unique=True,
        postgresql_where=sa.text(f"state IN ({states}) AND NOT surplus"),
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER counted ON asset")
    op.execute("DROP FUNCTION count_assets()")
    # What was reserved is given back: the tables before this one do not know of it.
    op.execute(
        """
        UPDATE task SET n_leased = n_leased - 1, returned = true FROM assignment a
        WHERE a.task_id = task.id AND a.state = 'reserved' AND a.counts
        """
    )
    op.execute("UPDATE assignment SET state = 'released' WHERE state = 'reserved'")
    op.drop_constraint(op.f("ck_lane_kind"), "lane")
    _live("'leased', 'submitted', 'skipped'")
    op.create_foreign_key(
        op.f("fk_work_event_project_id"), "work_event", "project", ["project_id"], ["id"]
    )
    op.create_foreign_key(op.f("fk_work_event_task_id"), "work_event", "task", ["task_id"], ["id"])
    op.create_foreign_key(
        op.f("fk_work_event_labeller_id"), "work_event", "user_account", ["labeller_id"], ["id"]
    )
    op.create_foreign_key(
        op.f("fk_work_event_assignment_id"), "work_event", "assignment", ["assignment_id"], ["id"]
    )
    op.create_foreign_key(
        op.f("fk_work_event_batch_id"), "work_event", "batch", ["batch_id"], ["id"]
    )
    op.drop_column("project_member", "training_since")
    op.drop_column("project_member", "restricted_at")
    op.drop_column("project_member", "suspended_at")
    op.drop_constraint(op.f("uq_lane_batch_id_stage_kind_requirement_key"), "lane", type_="unique")
    op.create_unique_constraint(
        op.f("uq_lane_batch_id_stage_requirement_key"),
        "lane",
        ["batch_id", "stage", "requirement_key"],
        postgresql_nulls_not_distinct=False,
    )
    op.drop_column("lane", "kind")
    op.drop_index(
        "ix_label_score_review",
        table_name="label_score",
        postgresql_where=sa.text("review_task_id IS NOT NULL"),
    )
    op.drop_constraint(op.f("fk_gold_pace_gold_id"), "gold_pace", type_="foreignkey")
    op.drop_column("gold_pace", "gap_after")
    op.drop_column("gold_pace", "gold_id")
    op.drop_constraint(op.f("fk_gold_batch_id"), "gold", type_="foreignkey")
    op.drop_index(
        "ix_gold_project",
        table_name="gold",
        postgresql_where=sa.text("state = 'active' AND NOT for_assessment"),
    )
    op.drop_index(
        "ix_gold_batch",
        table_name="gold",
        postgresql_where=sa.text("state = 'active' AND NOT for_assessment"),
    )
    op.create_index(
        op.f("ix_gold_active"),
        "gold",
        ["project_id"],
        unique=False,
        postgresql_where="((state)::text = 'active'::text)",
    )
    op.drop_column("gold", "answers_n")
    op.drop_column("gold", "discrimination")
    op.drop_column("gold", "difficulty")
    op.drop_column("gold", "class_key")
    op.drop_column("gold", "lot")
    op.drop_column("gold", "batch_id")
    op.drop_index("ix_evidence_at", table_name="evidence")
    op.drop_constraint(op.f("fk_desk_project_id"), "desk", type_="foreignkey")
    op.drop_column("desk", "project_id")
    op.drop_column("batch", "n_assets")
    op.create_foreign_key(
        op.f("fk_assignment_project_id"), "assignment", "project", ["project_id"], ["id"]
    )
    op.drop_index(
        "ix_assignment_reserved",
        table_name="assignment",
        postgresql_where=sa.text("state = 'reserved'"),
    )
    op.drop_index(
        "ix_asset_difficulty_red",
        table_name="asset_difficulty",
        postgresql_where=sa.text("colour = 'red'"),
    )
    op.drop_table("review_look")
    op.drop_table("review_draw")
    op.drop_index(op.f("ix_hard_task_due_at"), table_name="hard_task")
    op.drop_table("hard_task")
    op.drop_index(
        "uq_rule_firing_standing",
        table_name="rule_firing",
        postgresql_where=sa.text("state IN ('pending', 'applied', 'appealed', 'upheld')"),
    )
    op.drop_index("ix_rule_firing_project", table_name="rule_firing")
    op.drop_index("ix_rule_firing_labeller", table_name="rule_firing")
    op.drop_table("rule_firing")
    op.drop_index("ix_desk_tally_day", table_name="desk_tally")
    op.drop_table("desk_tally")
    op.drop_table("rule_look")
    op.drop_table("rule")
    op.drop_table("review_stratum")
    op.drop_table("gold_seen")
