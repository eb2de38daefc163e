"""people and clients

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# What was said, moved, rated or settled stays as it was written.
FROZEN = (
    "earnings_statement",
    "guideline_word",
    "pay_adjustment",
    "pay_rate",
    "step_try",
)
STAGES = (
    ("Applied", "begin"),
    ("Screened", "open"),
    ("Interview", "open"),
    ("Assessment", "open"),
    ("Training", "open"),
    ("Certified", "certified"),
    ("Active", "active"),
    ("Paused", "paused"),
    ("Left", "left"),
)

# Of a batch that was delivered only labels that were taken up again may change. Its newest delivery
# says which: with the next one, all stay again.
LABEL_STAYS = """
    CREATE FUNCTION label_stays(of_batch bigint, of_asset bigint) RETURNS boolean
    LANGUAGE sql STABLE AS $$
        SELECT EXISTS (
            SELECT FROM delivery
            WHERE delivery.batch_id = of_batch
              AND delivery.version = (SELECT max(version) FROM delivery one
                                      WHERE one.batch_id = of_batch)
              AND NOT EXISTS (SELECT FROM reopened_asset again
                              WHERE again.delivery_id = delivery.id AND again.asset_id = of_asset))
    $$
"""
# As in 0004, which knew of no second delivery; what stays is refused one by one.
REFUSE = """
    CREATE OR REPLACE FUNCTION refuse_in_delivered_batch() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE one record;
    BEGIN
        FOR one IN
            SELECT id, state FROM batch
            WHERE id IN (SELECT batch_id FROM added) ORDER BY id FOR KEY SHARE
        LOOP
            IF one.state = 'delivered' THEN
                RAISE EXCEPTION 'batch % was delivered', one.id
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            IF EXISTS (SELECT FROM delivery WHERE delivery.batch_id = one.id)
               AND EXISTS (SELECT FROM added WHERE added.batch_id = one.id
                             AND label_stays(one.id, added.asset_id)) THEN
                RAISE EXCEPTION 'labels of batch % were delivered and stay', one.id
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
        END LOOP;
        RETURN NULL;
    END $$
"""
REFUSE_BEFORE = """
    CREATE OR REPLACE FUNCTION refuse_in_delivered_batch() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE one record;
    BEGIN
        FOR one IN
            SELECT id, state FROM batch
            WHERE id IN (SELECT batch_id FROM added) ORDER BY id FOR KEY SHARE
        LOOP
            IF one.state = 'delivered' THEN
                RAISE EXCEPTION 'batch % was delivered', one.id
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
        END LOOP;
        RETURN NULL;
    END $$
"""
# What a client decided of a delivery, and what that rests on, stays.
AFTER_DECISION = """
    CREATE FUNCTION refuse_after_decision() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM acceptance WHERE state <> 'open'
                     AND id = CASE TG_OP WHEN 'INSERT' THEN NEW.acceptance_id
                                         ELSE OLD.acceptance_id END) THEN
            RAISE EXCEPTION 'the delivery was decided'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$
"""
DECISIONS = (
    "CREATE TRIGGER never_after_decision BEFORE UPDATE OR DELETE ON acceptance "
    "FOR EACH ROW WHEN (OLD.state <> 'open') EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER never_after_decision BEFORE INSERT OR DELETE OR UPDATE OF acceptance_id, "
    "asset_id, delivery_id, position, chosen, verdict, errors, remark, looked_by, looked_at "
    "ON acceptance_item FOR EACH ROW EXECUTE FUNCTION refuse_after_decision()",
    "CREATE TRIGGER never_changes BEFORE UPDATE OF delivery_id, asset_id, reason, at OR DELETE "
    "ON reopened_asset FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER never_changes BEFORE UPDATE OR DELETE ON consensus "
    "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
)


def upgrade() -> None:
    op.create_table(
        "pipeline_stage",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("meaning", sa.String(), nullable=False),
        sa.Column("accounts_from", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "meaning IN ('begin', 'open', 'certified', 'active', 'paused', 'left')",
            name=op.f("ck_pipeline_stage_meaning"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pipeline_stage")),
        sa.UniqueConstraint("name", name=op.f("uq_pipeline_stage_name")),
    )
    op.create_index(
        "uq_pipeline_stage_accounts_from",
        "pipeline_stage",
        ["accounts_from"],
        unique=True,
        postgresql_where=sa.text("accounts_from"),
    )
    op.create_index(
        "uq_pipeline_stage_begin",
        "pipeline_stage",
        ["meaning"],
        unique=True,
        postgresql_where=sa.text("meaning = 'begin'"),
    )
    op.create_table(
        "mail_template",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("stage_id", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["stage_id"], ["pipeline_stage.id"], name=op.f("fk_mail_template_stage_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_template")),
        sa.UniqueConstraint("name", name=op.f("uq_mail_template_name")),
        sa.UniqueConstraint("stage_id", name=op.f("uq_mail_template_stage_id")),
    )
    op.create_table(
        "absence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(user_id, user_id, '[]')"), "&&"),
            (sa.text("daterange(first_day, last_day, '[]')"), "&&"),
            where=sa.text("state IN ('asked', 'granted')"),
            using="gist",
            name="ex_absence_apart",
        ),
        sa.CheckConstraint(
            "kind IN ('holiday', 'sick', 'training', 'other')", name=op.f("ck_absence_kind")
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'granted', 'refused', 'withdrawn')", name=op.f("ck_absence_state")
        ),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_absence_order")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_absence_decided_by")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_absence_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index("ix_absence_user", "absence", ["user_id", "first_day"], unique=False)
    op.create_table(
        "calibration_move",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("move", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "move IN ('nested', 'promoted', 'demoted')", name=op.f("ck_calibration_move_move")
        ),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_calibration_move_by")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_calibration_move_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_calibration_move_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_move")),
    )
    op.create_index(
        "uq_calibration_move_member",
        "calibration_move",
        ["project_id", "user_id", "at"],
        unique=True,
    )
    op.create_table(
        "course",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("required_of", sa.String(), nullable=True),
        sa.Column("required_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pass_mark", sa.Double(), nullable=False),
        sa.CheckConstraint(
            "required_of IN ('newcomers', 'everybody')", name=op.f("ck_course_required_of")
        ),
        sa.CheckConstraint(
            "required_of IS NULL OR state = 'open'", name=op.f("ck_course_required_is_open")
        ),
        sa.CheckConstraint("state IN ('draft', 'open', 'retired')", name=op.f("ck_course_state")),
        sa.CheckConstraint(
            "(required_of IS NULL) = (required_at IS NULL)", name=op.f("ck_course_required_at")
        ),
        sa.CheckConstraint("pass_mark >= 0 AND pass_mark <= 1", name=op.f("ck_course_pass_mark")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_course_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course")),
    )
    op.create_index(op.f("ix_course_project_id"), "course", ["project_id"], unique=False)
    op.create_table(
        "earnings_shown",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_earnings_shown_user_id")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_earnings_shown")),
    )
    op.create_table(
        "earnings_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("total", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("settled_by", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_earnings_statement_order")),
        sa.ForeignKeyConstraint(
            ["settled_by"], ["user_account.id"], name=op.f("fk_earnings_statement_settled_by")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_earnings_statement_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_earnings_statement")),
        sa.UniqueConstraint(
            "user_id",
            "currency",
            "first_day",
            name=op.f("uq_earnings_statement_user_id_currency_first_day"),
        ),
    )
    op.create_table(
        "opening",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("markdown", sa.String(), nullable=False),
        sa.Column("consent", sa.String(), nullable=False),
        sa.Column("languages", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("skill_id", sa.BigInteger(), nullable=True),
        sa.Column("project_id", sa.BigInteger(), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_opening_project_id")),
        sa.ForeignKeyConstraint(["skill_id"], ["skill.id"], name=op.f("fk_opening_skill_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening")),
        sa.UniqueConstraint("token", name=op.f("uq_opening_token")),
    )
    op.create_table(
        "pay_adjustment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_pay_adjustment_currency")),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_pay_adjustment_amount")),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_pay_adjustment_by")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_pay_adjustment_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_adjustment")),
    )
    op.create_index("ix_pay_adjustment_user", "pay_adjustment", ["user_id", "day"], unique=False)
    op.create_table(
        "pay_rate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("vendor_id", sa.BigInteger(), nullable=True),
        sa.Column("project_id", sa.BigInteger(), nullable=True),
        sa.Column("stage", sa.String(), nullable=True),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint(
            "basis IN ('hour', 'label', 'accepted')", name=op.f("ck_pay_rate_basis")
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_pay_rate_currency")),
        sa.CheckConstraint(
            "stage IN ('label', 'review', 'rework', 'adjudicate', 'assessment', 'training')",
            name=op.f("ck_pay_rate_stage"),
        ),
        sa.CheckConstraint("amount IS NULL OR amount >= 0", name=op.f("ck_pay_rate_amount")),
        sa.CheckConstraint(
            "num_nonnulls(user_id, team_id, vendor_id) <= 1", name=op.f("ck_pay_rate_one_whom")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_pay_rate_project_id")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_pay_rate_team_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_pay_rate_user_id")),
        sa.ForeignKeyConstraint(
            ["vendor_id"], ["organisation.id"], name=op.f("fk_pay_rate_vendor_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_rate")),
    )
    op.create_index("ix_pay_rate_from", "pay_rate", ["valid_from"], unique=False)
    op.create_table(
        "planned_move",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("organisation_id", sa.BigInteger(), nullable=True),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("planned_by", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_planned_move_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["planned_by"], ["user_account.id"], name=op.f("fk_planned_move_planned_by")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_planned_move_team_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_planned_move_user_id")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_planned_move")),
    )
    op.create_table(
        "shift",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_by", sa.BigInteger(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(user_id, user_id, '[]')"), "&&"),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            where=sa.text("cancelled_at IS NULL"),
            using="gist",
            name="ex_shift_apart",
        ),
        sa.CheckConstraint(
            "ends_at - starts_at <= interval '25 hours'", name=op.f("ck_shift_length")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_shift_order")),
        sa.ForeignKeyConstraint(
            ["planned_by"], ["user_account.id"], name=op.f("fk_shift_planned_by")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_shift_project_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_shift_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    op.create_index("ix_shift_starts", "shift", ["starts_at"], unique=False)
    op.create_table(
        "team_lead",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_team_lead_team_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_team_lead_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_lead")),
    )
    op.create_index("ix_team_lead_user", "team_lead", ["user_id"], unique=False)
    op.create_index(
        "uq_team_lead_now",
        "team_lead",
        ["team_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "webhook",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("old_salt", sa.String(length=64), nullable=True),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_webhook_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_webhook_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_index(
        op.f("ix_webhook_organisation_id"), "webhook", ["organisation_id"], unique=False
    )
    op.create_table(
        "weekly_hours",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("begins", sa.SmallInteger(), nullable=False),
        sa.Column("ends", sa.SmallInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(user_id, user_id, '[]')"), "&&"),
            (sa.text("int4range(weekday, weekday, '[]')"), "&&"),
            (sa.text("int4range(begins, ends)"), "&&"),
            (sa.text("daterange(valid_from, valid_until)"), "&&"),
            using="gist",
            name="ex_weekly_hours_apart",
        ),
        sa.CheckConstraint(
            "0 <= begins AND begins < ends AND ends <= 1440", name=op.f("ck_weekly_hours_order")
        ),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until >= valid_from",
            name=op.f("ck_weekly_hours_validity"),
        ),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_weekly_hours_weekday")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_weekly_hours_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weekly_hours")),
    )
    op.create_index("ix_weekly_hours_user", "weekly_hours", ["user_id", "valid_from"], unique=False)
    op.create_table(
        "applicant",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("pseudonym", sa.UUID(), nullable=False),
        sa.Column("opening_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("client_key", sa.String(), nullable=False),
        sa.Column("stage_id", sa.BigInteger(), nullable=False),
        sa.Column("stage_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("email_key", sa.String(), nullable=True),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("languages", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("equipment", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("availability", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("consent", sa.String(), nullable=False),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("same_as", sa.BigInteger(), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erasure_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["opening_id"], ["opening.id"], name=op.f("fk_applicant_opening_id")
        ),
        sa.ForeignKeyConstraint(["same_as"], ["applicant.id"], name=op.f("fk_applicant_same_as")),
        sa.ForeignKeyConstraint(
            ["stage_id"], ["pipeline_stage.id"], name=op.f("fk_applicant_stage_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_applicant_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applicant")),
        sa.UniqueConstraint("client_key", name=op.f("uq_applicant_client_key")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_applicant_pseudonym")),
        sa.UniqueConstraint("token", name=op.f("uq_applicant_token")),
        sa.UniqueConstraint("user_id", name=op.f("uq_applicant_user_id")),
    )
    op.create_index("ix_applicant_email", "applicant", ["email_key"], unique=False)
    op.create_index("ix_applicant_name", "applicant", ["name_key"], unique=False)
    op.create_index(op.f("ix_applicant_opening_id"), "applicant", ["opening_id"], unique=False)
    op.create_index("ix_applicant_stage", "applicant", ["stage_id", "stage_since"], unique=False)
    op.create_table(
        "guideline_word",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("guideline_version_id", sa.BigInteger(), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("remark", sa.String(), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "word IN ('approved', 'changes_asked')", name=op.f("ck_guideline_word_word")
        ),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_guideline_word_by")),
        sa.ForeignKeyConstraint(
            ["guideline_version_id"],
            ["guideline_version.id"],
            name=op.f("fk_guideline_word_guideline_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guideline_word")),
    )
    op.create_index(
        "ix_guideline_word_version", "guideline_word", ["guideline_version_id", "at"], unique=False
    )
    op.create_table(
        "webhook_message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("token", sa.UUID(), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name=op.f("fk_webhook_message_webhook_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_message")),
        sa.UniqueConstraint("token", name=op.f("uq_webhook_message_token")),
        sa.UniqueConstraint("webhook_id", "key", name=op.f("uq_webhook_message_webhook_id_key")),
    )
    op.create_index(
        "ix_webhook_message_due",
        "webhook_message",
        ["next_try_at"],
        unique=False,
        postgresql_where=sa.text("taken_at IS NULL AND given_up_at IS NULL"),
    )
    op.create_table(
        "applicant_mail",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("applicant_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["applicant_id"], ["applicant.id"], name=op.f("fk_applicant_mail_applicant_id")
        ),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_applicant_mail_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applicant_mail")),
        sa.UniqueConstraint("applicant_id", "key", name=op.f("uq_applicant_mail_applicant_id_key")),
    )
    op.create_table(
        "applicant_move",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("applicant_id", sa.BigInteger(), nullable=False),
        sa.Column("from_stage_id", sa.BigInteger(), nullable=True),
        sa.Column("to_stage_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["applicant_id"], ["applicant.id"], name=op.f("fk_applicant_move_applicant_id")
        ),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_applicant_move_by")),
        sa.ForeignKeyConstraint(
            ["from_stage_id"], ["pipeline_stage.id"], name=op.f("fk_applicant_move_from_stage_id")
        ),
        sa.ForeignKeyConstraint(
            ["to_stage_id"], ["pipeline_stage.id"], name=op.f("fk_applicant_move_to_stage_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applicant_move")),
    )
    op.create_index(
        "ix_applicant_move_applicant", "applicant_move", ["applicant_id", "at"], unique=False
    )
    op.create_table(
        "applicant_note",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("applicant_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["applicant_id"], ["applicant.id"], name=op.f("fk_applicant_note_applicant_id")
        ),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_applicant_note_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applicant_note")),
    )
    op.create_index(
        op.f("ix_applicant_note_applicant_id"), "applicant_note", ["applicant_id"], unique=False
    )
    op.create_table(
        "applicants_apart",
        sa.Column("one_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("one_id < other_id", name=op.f("ck_applicants_apart_order")),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_applicants_apart_by")),
        sa.ForeignKeyConstraint(
            ["one_id"], ["applicant.id"], name=op.f("fk_applicants_apart_one_id")
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["applicant.id"], name=op.f("fk_applicants_apart_other_id")
        ),
        sa.PrimaryKeyConstraint("one_id", "other_id", name=op.f("pk_applicants_apart")),
    )
    op.create_table(
        "attempt_doubt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_by", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('too_fast', 'too_alike', 'exposed')", name=op.f("ck_attempt_doubt_kind")
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_attempt_doubt_attempt_id")
        ),
        sa.ForeignKeyConstraint(
            ["looked_by"], ["user_account.id"], name=op.f("fk_attempt_doubt_looked_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_doubt")),
        sa.UniqueConstraint("attempt_id", "kind", name=op.f("uq_attempt_doubt_attempt_id_kind")),
    )
    op.create_table(
        "acceptance",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("opened_by", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remarks", sa.String(), nullable=False),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at IS NULL)", name=op.f("ck_acceptance_decided")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'rejected')", name=op.f("ck_acceptance_state")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_acceptance_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_acceptance_delivery_id")
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["user_account.id"], name=op.f("fk_acceptance_opened_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acceptance")),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_acceptance_delivery_id")),
    )
    op.create_table(
        "acceptance_item",
        sa.Column("acceptance_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.Column("shown_to", sa.BigInteger(), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("errors", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("remark", sa.String(), nullable=False),
        sa.Column("looked_by", sa.BigInteger(), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("cause_by", sa.BigInteger(), nullable=True),
        sa.Column("cause_reason", sa.String(), nullable=False),
        sa.CheckConstraint(
            "cause IN ('guideline', 'labeller', 'gold', 'model', 'unknown')",
            name=op.f("ck_acceptance_item_cause"),
        ),
        sa.CheckConstraint(
            "verdict IN ('right', 'wrong')", name=op.f("ck_acceptance_item_verdict")
        ),
        sa.CheckConstraint(
            "(verdict IS NULL) = (looked_at IS NULL)", name=op.f("ck_acceptance_item_looked")
        ),
        sa.ForeignKeyConstraint(
            ["acceptance_id"], ["acceptance.id"], name=op.f("fk_acceptance_item_acceptance_id")
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_acceptance_item_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["cause_by"], ["user_account.id"], name=op.f("fk_acceptance_item_cause_by")
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id", "asset_id"],
            ["delivery_item.delivery_id", "delivery_item.asset_id"],
            name="delivered",
        ),
        sa.ForeignKeyConstraint(
            ["looked_by"], ["user_account.id"], name=op.f("fk_acceptance_item_looked_by")
        ),
        sa.ForeignKeyConstraint(
            ["shown_to"], ["user_account.id"], name=op.f("fk_acceptance_item_shown_to")
        ),
        sa.PrimaryKeyConstraint("acceptance_id", "asset_id", name=op.f("pk_acceptance_item")),
        sa.UniqueConstraint(
            "acceptance_id", "position", name=op.f("uq_acceptance_item_acceptance_id_position")
        ),
    )
    op.create_table(
        "course_step",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("course_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("markdown", sa.String(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("gold_id", sa.BigInteger(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kind IN ('example', 'practice')) = (gold_id IS NOT NULL)",
            name=op.f("ck_course_step_gold"),
        ),
        sa.CheckConstraint(
            "kind IN ('page', 'example', 'practice', 'quiz')", name=op.f("ck_course_step_kind")
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_course_step_course_id")
        ),
        sa.ForeignKeyConstraint(["gold_id"], ["gold.id"], name=op.f("fk_course_step_gold_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_step")),
    )
    op.create_index(
        "ix_course_step_gold",
        "course_step",
        ["gold_id"],
        unique=False,
        postgresql_where=sa.text("gold_id IS NOT NULL"),
    )
    op.create_index("ix_course_step_order", "course_step", ["course_id", "position"], unique=False)
    op.create_table(
        "gold_proposal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("label", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("remark", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("gold_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'taken') = (gold_id IS NOT NULL)", name=op.f("ck_gold_proposal_taken")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'taken', 'declined')", name=op.f("ck_gold_proposal_state")
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_gold_proposal_asset_id")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_gold_proposal_decided_by")
        ),
        sa.ForeignKeyConstraint(["gold_id"], ["gold.id"], name=op.f("fk_gold_proposal_gold_id")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_gold_proposal_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["user_account.id"], name=op.f("fk_gold_proposal_proposed_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gold_proposal")),
    )
    op.create_index(
        op.f("ix_gold_proposal_project_id"), "gold_proposal", ["project_id"], unique=False
    )
    op.create_index(
        "uq_gold_proposal_open",
        "gold_proposal",
        ["asset_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "item_exclusion",
        sa.Column("assessment_id", sa.BigInteger(), nullable=False),
        sa.Column("gold_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessment.id"], name=op.f("fk_item_exclusion_assessment_id")
        ),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_item_exclusion_by")),
        sa.ForeignKeyConstraint(["gold_id"], ["gold.id"], name=op.f("fk_item_exclusion_gold_id")),
        sa.PrimaryKeyConstraint("assessment_id", "gold_id", name=op.f("pk_item_exclusion")),
    )
    op.create_table(
        "reopened_asset",
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "reason IN ('rejected', 'sample')", name=op.f("ck_reopened_asset_reason")
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_reopened_asset_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id", "asset_id"],
            ["delivery_item.delivery_id", "delivery_item.asset_id"],
            name="delivered",
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_reopened_asset_delivery_id")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_reopened_asset_task_id")),
        sa.PrimaryKeyConstraint("delivery_id", "asset_id", name=op.f("pk_reopened_asset")),
    )
    op.create_index(op.f("ix_reopened_asset_task_id"), "reopened_asset", ["task_id"], unique=False)
    op.create_table(
        "course_progress",
        sa.Column("course_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown_step_id", sa.BigInteger(), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_course_progress_course_id")
        ),
        sa.ForeignKeyConstraint(
            ["shown_step_id"], ["course_step.id"], name=op.f("fk_course_progress_shown_step_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_course_progress_user_id")
        ),
        sa.PrimaryKeyConstraint("course_id", "user_id", name=op.f("pk_course_progress")),
    )
    op.create_index(
        op.f("ix_course_progress_user_id"), "course_progress", ["user_id"], unique=False
    )
    op.create_table(
        "step_try",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("step_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("correct", sa.Double(), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["step_id"], ["course_step.id"], name=op.f("fk_step_try_step_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_step_try_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_try")),
        sa.UniqueConstraint(
            "step_id", "user_id", "number", name=op.f("uq_step_try_step_id_user_id_number")
        ),
    )
    op.create_index("ix_step_try_user", "step_try", ["user_id", "step_id"], unique=False)
    op.add_column("assessment", sa.Column("fail_mark", sa.Double(), nullable=True))
    op.add_column(
        "assessment", sa.Column("false_pass", sa.Double(), server_default="0.05", nullable=False)
    )
    op.add_column(
        "assessment", sa.Column("false_fail", sa.Double(), server_default="0.05", nullable=False)
    )
    op.add_column(
        "assessment",
        sa.Column("least_questions", sa.BigInteger(), server_default="1", nullable=False),
    )
    op.add_column(
        "assessment",
        sa.Column("cool_down_hours", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.add_column(
        "assessment",
        sa.Column(
            "mix",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
    )
    op.add_column(
        "assessment", sa.Column("doubted_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("attempt", sa.Column("counted", sa.BigInteger(), nullable=True))
    op.add_column("attempt", sa.Column("ended_by", sa.String(), server_default="", nullable=False))
    op.add_column("attempt", sa.Column("given_again_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("attempt", sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("attempt", sa.Column("voided_by", sa.BigInteger(), nullable=True))
    op.add_column(
        "attempt", sa.Column("void_reason", sa.String(), server_default="", nullable=False)
    )
    op.create_foreign_key(
        op.f("fk_attempt_voided_by"), "attempt", "user_account", ["voided_by"], ["id"]
    )
    op.add_column(
        "attempt_question", sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_index(
        "ix_attempt_question_gold_version", "attempt_question", ["gold_version_id"], unique=False
    )
    op.add_column(
        "certificate", sa.Column("requalify_from", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "certificate", sa.Column("requalify_reason", sa.String(), server_default="", nullable=False)
    )
    op.add_column("issue", sa.Column("client_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("issue", sa.Column("client_text", sa.String(), server_default="", nullable=False))
    op.add_column(
        "issue", sa.Column("client_answer", sa.String(), server_default="", nullable=False)
    )
    op.add_column(
        "issue", sa.Column("client_answered_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "project", sa.Column("courses_due", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column(
        "project_member",
        sa.Column("courses_done", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.add_column(
        "project_member", sa.Column("nesting_since", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("skill", sa.Column("requalify_below", sa.Double(), nullable=True))
    op.add_column(
        "skill", sa.Column("requalify_days", sa.BigInteger(), server_default="14", nullable=False)
    )

    # Attempts of before asked all their questions of everybody, and showed them.
    op.execute(
        "UPDATE attempt SET counted = (SELECT count(*) FROM attempt_question asked "
        "WHERE asked.attempt_id = attempt.id), ended_by = CASE WHEN finished_at < ends_at "
        "THEN 'all_answered' ELSE 'time' END WHERE finished_at IS NOT NULL"
    )
    for table in FROZEN:
        op.execute(
            f"CREATE TRIGGER never_changes BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    # A reason is free text and may name somebody: it can be erased.
    op.execute(
        "CREATE TRIGGER never_changes "
        "BEFORE UPDATE OF applicant_id, from_stage_id, to_stage_id, at OR DELETE ON applicant_move "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    stages = sa.table(
        "pipeline_stage", *(sa.column(n) for n in ("name", "position", "meaning", "accounts_from"))
    )
    op.bulk_insert(
        stages,
        [
            {
                "name": name,
                "position": position,
                "meaning": meaning,
                "accounts_from": name == "Assessment",
            }
            for position, (name, meaning) in enumerate(STAGES, 1)
        ],
    )
    for statement in (LABEL_STAYS, REFUSE, AFTER_DECISION, *DECISIONS):
        op.execute(statement)

    op.execute(
        "CREATE TRIGGER never_changes "
        "BEFORE UPDATE OF project_id, user_id, move, evidence, by, at OR DELETE ON calibration_move "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER never_emptied BEFORE TRUNCATE ON calibration_move "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )

    op.drop_constraint(op.f("ck_review_draw_reason"), "review_draw")
    op.create_check_constraint(
        op.f("ck_review_draw_reason"),
        "review_draw",
        "reason IN ('standing', 'layer', 'rework', 'restricted', 'nesting')",
    )


def downgrade() -> None:

    op.drop_constraint(op.f("ck_review_draw_reason"), "review_draw")
    op.execute("UPDATE review_draw SET reason = 'restricted' WHERE reason = 'nesting'")
    op.create_check_constraint(
        op.f("ck_review_draw_reason"),
        "review_draw",
        "reason IN ('standing', 'layer', 'rework', 'restricted')",
    )

    op.execute("DROP TRIGGER never_changes ON consensus")
    op.execute(REFUSE_BEFORE)
    op.execute("DROP FUNCTION label_stays(bigint, bigint)")
    op.execute("DROP FUNCTION refuse_after_decision() CASCADE")
    op.drop_column("skill", "requalify_days")
    op.drop_column("skill", "requalify_below")
    op.drop_column("project_member", "nesting_since")
    op.drop_column("project_member", "courses_done")
    op.drop_column("project", "courses_due")
    op.drop_column("issue", "client_answered_at")
    op.drop_column("issue", "client_answer")
    op.drop_column("issue", "client_text")
    op.drop_column("issue", "client_at")
    op.drop_column("certificate", "requalify_reason")
    op.drop_column("certificate", "requalify_from")
    op.drop_index("ix_attempt_question_gold_version", table_name="attempt_question")
    op.drop_column("attempt_question", "shown_at")
    op.drop_constraint(op.f("fk_attempt_voided_by"), "attempt", type_="foreignkey")
    op.drop_column("attempt", "void_reason")
    op.drop_column("attempt", "voided_by")
    op.drop_column("attempt", "voided_at")
    op.drop_column("attempt", "given_again_at")
    op.drop_column("attempt", "ended_by")
    op.drop_column("attempt", "counted")
    op.drop_column("assessment", "doubted_until")
    op.drop_column("assessment", "mix")
    op.drop_column("assessment", "cool_down_hours")
    op.drop_column("assessment", "least_questions")
    op.drop_column("assessment", "false_fail")
    op.drop_column("assessment", "false_pass")
    op.drop_column("assessment", "fail_mark")
    op.drop_index("ix_step_try_user", table_name="step_try")
    op.drop_table("step_try")
    op.drop_index(op.f("ix_course_progress_user_id"), table_name="course_progress")
    op.drop_table("course_progress")
    op.drop_index(op.f("ix_reopened_asset_task_id"), table_name="reopened_asset")
    op.drop_table("reopened_asset")
    op.drop_table("item_exclusion")
    op.drop_index(
        "uq_gold_proposal_open",
        table_name="gold_proposal",
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index(op.f("ix_gold_proposal_project_id"), table_name="gold_proposal")
    op.drop_table("gold_proposal")
    op.drop_index("ix_course_step_order", table_name="course_step")
    op.drop_index(
        "ix_course_step_gold",
        table_name="course_step",
        postgresql_where=sa.text("gold_id IS NOT NULL"),
    )
    op.drop_table("course_step")
    op.drop_table("acceptance_item")
    op.drop_table("acceptance")
    op.drop_table("attempt_doubt")
    op.drop_table("applicants_apart")
    op.drop_index(op.f("ix_applicant_note_applicant_id"), table_name="applicant_note")
    op.drop_table("applicant_note")
    op.drop_index("ix_applicant_move_applicant", table_name="applicant_move")
    op.drop_table("applicant_move")
    op.drop_table("applicant_mail")
    op.drop_index(
        "ix_webhook_message_due",
        table_name="webhook_message",
        postgresql_where=sa.text("taken_at IS NULL AND given_up_at IS NULL"),
    )
    op.drop_table("webhook_message")
    op.drop_index("ix_guideline_word_version", table_name="guideline_word")
    op.drop_table("guideline_word")
    op.drop_index("ix_applicant_stage", table_name="applicant")
    op.drop_index(op.f("ix_applicant_opening_id"), table_name="applicant")
    op.drop_index("ix_applicant_name", table_name="applicant")
    op.drop_index("ix_applicant_email", table_name="applicant")
    op.drop_table("applicant")
    op.drop_index("ix_weekly_hours_user", table_name="weekly_hours")
    op.drop_table("weekly_hours")
    op.drop_index(op.f("ix_webhook_organisation_id"), table_name="webhook")
    op.drop_table("webhook")
    op.drop_index(
        "uq_team_lead_now", table_name="team_lead", postgresql_where=sa.text("until IS NULL")
    )
    op.drop_index("ix_team_lead_user", table_name="team_lead")
    op.drop_table("team_lead")
    op.drop_index("ix_shift_starts", table_name="shift")
    op.drop_table("shift")
    op.drop_table("planned_move")
    op.drop_index("ix_pay_rate_from", table_name="pay_rate")
    op.drop_table("pay_rate")
    op.drop_index("ix_pay_adjustment_user", table_name="pay_adjustment")
    op.drop_table("pay_adjustment")
    op.drop_table("opening")
    op.drop_table("earnings_statement")
    op.drop_table("earnings_shown")
    op.drop_index(op.f("ix_course_project_id"), table_name="course")
    op.drop_table("course")
    op.drop_index("uq_calibration_move_member", table_name="calibration_move")
    op.drop_table("calibration_move")
    op.drop_index("ix_absence_user", table_name="absence")
    op.drop_table("absence")
    op.drop_table("mail_template")
    op.drop_index(
        "uq_pipeline_stage_begin",
        table_name="pipeline_stage",
        postgresql_where=sa.text("meaning = 'begin'"),
    )
    op.drop_index(
        "uq_pipeline_stage_accounts_from",
        table_name="pipeline_stage",
        postgresql_where=sa.text("accounts_from"),
    )
    op.drop_table("pipeline_stage")
