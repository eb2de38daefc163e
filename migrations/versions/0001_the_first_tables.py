"""the first tables

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "xid",
            sa.BigInteger(),
            server_default=sa.text("pg_current_xact_id()::text::bigint"),
            nullable=False,
        ),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.UUID(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(
        "ix_audit_entry_order", "audit_entry", ["organisation_id", "xid", "id"], unique=False
    )
    op.create_table(
        "audit_seal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("after_xid", sa.BigInteger(), nullable=False),
        sa.Column("upto_xid", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint(
            "organisation_id", "after_xid", name=op.f("uq_audit_seal_organisation_id_after_xid")
        ),
        sa.UniqueConstraint(
            "organisation_id", "upto_xid", name=op.f("uq_audit_seal_organisation_id_upto_xid")
        ),
    )
    op.create_table(
        "login_failure",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("account_hash", sa.String(length=64), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_failure")),
    )
    op.create_index(
        "ix_login_failure_account", "login_failure", ["account_hash", "at"], unique=False
    )
    op.create_index(
        "ix_login_failure_address", "login_failure", ["address_hash", "at"], unique=False
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('client', 'vendor')", name=op.f("ck_organisation_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("name", name=op.f("uq_organisation_name")),
    )
    op.create_table(
        "rollup_state",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("below_xid", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rollup_state")),
    )
    op.create_table(
        "skill",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skill")),
        sa.UniqueConstraint("name", name=op.f("uq_skill_name")),
    )
    op.create_table(
        "team",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("name", name=op.f("uq_team_name")),
    )
    op.create_table(
        "project",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("medium", sa.String(), nullable=False),
        sa.Column("label_type", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("skill_id", sa.BigInteger(), nullable=False),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("label_type IN ('class')", name=op.f("ck_project_label_type")),
        sa.CheckConstraint("medium IN ('image', 'text')", name=op.f("ck_project_medium")),
        sa.CheckConstraint(
            "state IN ('draft', 'running', 'paused', 'closed')", name=op.f("ck_project_state")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_project_organisation_id")
        ),
        sa.ForeignKeyConstraint(["skill_id"], ["skill.id"], name=op.f("fk_project_skill_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint(
            "organisation_id", "name", name=op.f("uq_project_organisation_id_name")
        ),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("pseudonym", sa.UUID(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("session_epoch", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role <> 'client' OR organisation_id IS NOT NULL",
            name=op.f("ck_user_account_client_has_org"),
        ),
        sa.CheckConstraint(
            "role IN ('admin', 'ops_lead', 'onboarding_manager', 'labeller', 'reviewer', 'expert', 'client')",
            name=op.f("ck_user_account_role"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_user_account_organisation_id")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_user_account_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_user_account_pseudonym")),
    )
    op.create_index(
        "uq_user_account_email", "user_account", [sa.literal_column("lower(email)")], unique=True
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_api_token_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_table(
        "assessment",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("skill_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("questions", sa.BigInteger(), nullable=False),
        sa.Column("pass_mark", sa.Double(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("valid_days", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_assessment_level")),
        sa.CheckConstraint(
            "pass_mark > 0 AND pass_mark <= 1", name=op.f("ck_assessment_pass_mark")
        ),
        sa.CheckConstraint("questions > 0", name=op.f("ck_assessment_questions")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_assessment_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_assessment_project_id")
        ),
        sa.ForeignKeyConstraint(["skill_id"], ["skill.id"], name=op.f("fk_assessment_skill_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
    )
    op.create_table(
        "batch",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'complete', 'delivered')", name=op.f("ck_batch_state")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_batch_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_batch_project_id_name")),
    )
    op.create_table(
        "certificate",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("skill_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("granted_by", sa.BigInteger(), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "source IN ('assessment', 'hand', 'import')", name=op.f("ck_certificate_source")
        ),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_certificate_level")),
        sa.CheckConstraint("valid_until > granted_at", name=op.f("ck_certificate_validity")),
        sa.ForeignKeyConstraint(
            ["granted_by"], ["user_account.id"], name=op.f("fk_certificate_granted_by")
        ),
        sa.ForeignKeyConstraint(["skill_id"], ["skill.id"], name=op.f("fk_certificate_skill_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_certificate_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
    )
    op.create_index(
        "ix_certificate_holder", "certificate", ["user_id", "skill_id", "valid_until"], unique=False
    )
    op.create_table(
        "desk",
        sa.Column("labeller_id", sa.BigInteger(), nullable=False),
        sa.Column("claims", sa.BigInteger(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["labeller_id"], ["user_account.id"], name=op.f("fk_desk_labeller_id")
        ),
        sa.PrimaryKeyConstraint("labeller_id", name=op.f("pk_desk")),
    )
    op.create_table(
        "gold_pace",
        sa.Column("labeller_id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("until_next", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["labeller_id"], ["user_account.id"], name=op.f("fk_gold_pace_labeller_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_gold_pace_project_id")
        ),
        sa.PrimaryKeyConstraint("labeller_id", "project_id", name=op.f("pk_gold_pace")),
    )
    op.create_table(
        "guideline_version",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("markdown", sa.String(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_guideline_version_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_guideline_version_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guideline_version")),
        sa.UniqueConstraint(
            "project_id", "version", name=op.f("uq_guideline_version_project_id_version")
        ),
    )
    op.create_table(
        "labeller_pace",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("labeller_id", sa.BigInteger(), nullable=False),
        sa.Column("answers", sa.BigInteger(), nullable=False),
        sa.Column("median_seconds", sa.Double(), nullable=True),
        sa.Column("mad_log", sa.Double(), nullable=True),
        sa.Column("pace", sa.Double(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["labeller_id"], ["user_account.id"], name=op.f("fk_labeller_pace_labeller_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_labeller_pace_project_id")
        ),
        sa.PrimaryKeyConstraint("project_id", "labeller_id", name=op.f("pk_labeller_pace")),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_notice_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("user_id", "key", name=op.f("uq_notice_user_id_key")),
    )
    op.create_table(
        "one_time_link",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('setup', 'invitation', 'reset')", name=op.f("ck_one_time_link_purpose")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_one_time_link_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_one_time_link_token_hash")),
    )
    op.create_table(
        "ontology_version",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("classes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_ontology_version_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_ontology_version_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ontology_version")),
        sa.UniqueConstraint(
            "project_id", "version", name=op.f("uq_ontology_version_project_id_version")
        ),
    )
    op.create_table(
        "project_member",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_project_member_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_project_member_user_id")
        ),
        sa.PrimaryKeyConstraint("project_id", "user_id", name=op.f("pk_project_member")),
    )
    op.create_index(op.f("ix_project_member_user_id"), "project_member", ["user_id"], unique=False)
    op.create_table(
        "project_requirement",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("skill_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('label', 'review', 'rework', 'adjudicate', 'assessment', 'training')",
            name=op.f("ck_project_requirement_stage"),
        ),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_project_requirement_level")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_project_requirement_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["skill_id"], ["skill.id"], name=op.f("fk_project_requirement_skill_id")
        ),
        sa.PrimaryKeyConstraint(
            "project_id", "stage", "skill_id", name=op.f("pk_project_requirement")
        ),
    )
    op.create_table(
        "standing",
        sa.Column("labeller_id", sa.BigInteger(), nullable=False),
        sa.Column("skill_id", sa.BigInteger(), nullable=False),
        sa.Column("mean", sa.Double(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("gold_n", sa.BigInteger(), nullable=False),
        sa.Column("gold_correct", sa.Double(), nullable=False),
        sa.Column("review_n", sa.BigInteger(), nullable=False),
        sa.Column("review_correct", sa.Double(), nullable=False),
        sa.Column("consensus_n", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shown_mean", sa.Double(), nullable=True),
        sa.Column("shown_low", sa.Double(), nullable=True),
        sa.Column("shown_high", sa.Double(), nullable=True),
        sa.Column("shown_n", sa.BigInteger(), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["labeller_id"], ["user_account.id"], name=op.f("fk_standing_labeller_id")
        ),
        sa.ForeignKeyConstraint(["skill_id"], ["skill.id"], name=op.f("fk_standing_skill_id")),
        sa.PrimaryKeyConstraint("labeller_id", "skill_id", name=op.f("pk_standing")),
    )
    op.create_table(
        "asset",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("uri", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("meta", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(uri IS NULL) <> (text IS NULL)", name=op.f("ck_asset_uri_or_text")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_asset_batch_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_asset_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
        sa.UniqueConstraint(
            "project_id", "external_id", name=op.f("uq_asset_project_id_external_id")
        ),
    )
    op.create_index("ix_asset_batch", "asset", ["batch_id", "id"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.UUID(), nullable=False),
        sa.Column("assessment_id", sa.BigInteger(), nullable=False),
        sa.Column("labeller_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("correct", sa.Double(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("certificate_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessment.id"], name=op.f("fk_attempt_assessment_id")
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_attempt_certificate_id")
        ),
        sa.ForeignKeyConstraint(
            ["labeller_id"], ["user_account.id"], name=op.f("fk_attempt_labeller_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint(
            "assessment_id",
            "labeller_id",
            "number",
            name=op.f("uq_attempt_assessment_id_labeller_id_number"),
        ),
        sa.UniqueConstraint("token", name=op.f("uq_attempt_token")),
    )
    op.create_index(
        "uq_attempt_running",
        "attempt",
        ["assessment_id", "labeller_id"],
        unique=True,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
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
    op.create_table(
        "gate_verdict",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_gate_verdict_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_verdict")),
        sa.UniqueConstraint(
            "id", "batch_id", "passed", name=op.f("uq_gate_verdict_id_batch_id_passed")
        ),
    )
    op.create_index(op.f("ix_gate_verdict_batch_id"), "gate_verdict", ["batch_id"], unique=False)
    op.create_table(
        "lane",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("requirement_key", sa.String(), nullable=False),
        sa.Column("requirements", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('label', 'review', 'rework', 'adjudicate', 'assessment', 'training')",
            name=op.f("ck_lane_stage"),
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_lane_batch_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_lane_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lane")),
        sa.UniqueConstraint(
            "batch_id",
            "stage",
            "requirement_key",
            name=op.f("uq_lane_batch_id_stage_requirement_key"),
        ),
    )
    op.create_index(op.f("ix_lane_project_id"), "lane", ["project_id"], unique=False)
    op.create_table(
        "rescore_run",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("provenance", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("chunks", sa.BigInteger(), nullable=False),
        sa.Column("summary", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("requested_by", sa.BigInteger(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_rescore_run_state")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_rescore_run_batch_id")),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["user_account.id"], name=op.f("fk_rescore_run_requested_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rescore_run")),
        sa.UniqueConstraint("batch_id", "version", name=op.f("uq_rescore_run_batch_id_version")),
    )
    op.create_index(
        "uq_rescore_run_active",
        "rescore_run",
        ["batch_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_table(
        "asset_difficulty",
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("difficulty", sa.Double(), nullable=False),
        sa.Column("colour", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "colour IN ('green', 'yellow', 'red')", name=op.f("ck_asset_difficulty_colour")
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_asset_difficulty_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_asset_difficulty_project_id")
        ),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_asset_difficulty")),
    )
    op.create_index(
        op.f("ix_asset_difficulty_project_id"), "asset_difficulty", ["project_id"], unique=False
    )
    op.create_table(
        "consensus",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("label", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("answers", sa.BigInteger(), nullable=False),
        sa.Column("agreement", sa.Double(), nullable=True),
        sa.Column("posterior", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "method IN ('majority', 'dawid_skene', 'review', 'adjudication', 'gold')",
            name=op.f("ck_consensus_method"),
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_consensus_asset_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_consensus_batch_id")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_consensus_decided_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consensus")),
        sa.UniqueConstraint("asset_id", "version", name=op.f("uq_consensus_asset_id_version")),
    )
    op.create_index(op.f("ix_consensus_batch_id"), "consensus", ["batch_id"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("verdict_id", sa.BigInteger(), nullable=False),
        sa.Column("verdict_passed", sa.Boolean(), nullable=False),
        sa.Column("ontology_version_id", sa.BigInteger(), nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("report_digest", sa.String(length=64), nullable=False),
        sa.Column("delivered_by", sa.BigInteger(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("audit_entry_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("verdict_passed", name=op.f("ck_delivery_verdict_passed")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_delivery_batch_id")),
        sa.ForeignKeyConstraint(
            ["delivered_by"], ["user_account.id"], name=op.f("fk_delivery_delivered_by")
        ),
        sa.ForeignKeyConstraint(
            ["ontology_version_id"],
            ["ontology_version.id"],
            name=op.f("fk_delivery_ontology_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["verdict_id", "batch_id", "verdict_passed"],
            ["gate_verdict.id", "gate_verdict.batch_id", "gate_verdict.passed"],
            name="passing_verdict",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("batch_id", "version", name=op.f("uq_delivery_batch_id_version")),
    )
    op.create_table(
        "desk_cursor",
        sa.Column("labeller_id", sa.BigInteger(), nullable=False),
        sa.Column("lane_id", sa.BigInteger(), nullable=False),
        sa.Column("npri", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["labeller_id"], ["user_account.id"], name=op.f("fk_desk_cursor_labeller_id")
        ),
        sa.ForeignKeyConstraint(["lane_id"], ["lane.id"], name=op.f("fk_desk_cursor_lane_id")),
        sa.PrimaryKeyConstraint("labeller_id", "lane_id", name=op.f("pk_desk_cursor")),
    )
    op.create_table(
        "flag",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=True),
        sa.Column("labeller_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(asset_id IS NULL) <> (labeller_id IS NULL)", name=op.f("ck_flag_one_subject")
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_flag_asset_id")),
        sa.ForeignKeyConstraint(
            ["labeller_id"], ["user_account.id"], name=op.f("fk_flag_labeller_id")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_flag_project_id")),
        sa.ForeignKeyConstraint(
            ["resolved_by"], ["user_account.id"], name=op.f("fk_flag_resolved_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag")),
    )
    op.create_index(
        "uq_flag_open",
        "flag",
        [
            "project_id",
            "kind",
            sa.literal_column("coalesce(asset_id, 0)"),
            sa.literal_column("coalesce(labeller_id, 0)"),
        ],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "rescore_chunk",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["rescore_run.id"], name=op.f("fk_rescore_chunk_run_id")
        ),
        sa.PrimaryKeyConstraint("run_id", "index", name=op.f("pk_rescore_chunk")),
    )
    op.create_table(
        "task",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("lane_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("npri", sa.BigInteger(), nullable=False),
        sa.Column("wanted", sa.SmallInteger(), nullable=False),
        sa.Column("n_done", sa.SmallInteger(), nullable=False),
        sa.Column("n_leased", sa.SmallInteger(), nullable=False),
        sa.Column("returned", sa.Boolean(), nullable=False),
        sa.Column(
            "open",
            sa.Boolean(),
            sa.Computed("n_done + n_leased < wanted", persisted=True),
            nullable=False,
        ),
        sa.CheckConstraint("n_done + n_leased <= wanted", name=op.f("ck_task_never_over")),
        sa.CheckConstraint(
            "n_leased >= 0 AND n_done >= 0 AND wanted >= 0", name=op.f("ck_task_counters")
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_task_asset_id")),
        sa.ForeignKeyConstraint(["lane_id"], ["lane.id"], name=op.f("fk_task_lane_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint(
            "asset_id", "stage", "round", name=op.f("uq_task_asset_id_stage_round")
        ),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_task_open",
        "task",
        ["lane_id", "npri", "id"],
        unique=False,
        postgresql_where=sa.text("open"),
    )
    op.create_index(
        "ix_task_returned",
        "task",
        ["lane_id", "npri", "id"],
        unique=False,
        postgresql_where=sa.text("open AND returned"),
    )
    op.create_table(
        "assignment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("token", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("labeller_id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), server_default="leased", nullable=False),
        sa.Column("counts", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("surplus", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("leased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("skip_reason", sa.String(), nullable=True),
        sa.Column("tab", sa.String(), nullable=True),
        sa.Column("beat", sa.Integer(), server_default="0", nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("active_before_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("wall_ms", sa.BigInteger(), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('leased', 'submitted', 'skipped', 'released', 'expired')",
            name=op.f("ck_assignment_state"),
        ),
        sa.ForeignKeyConstraint(
            ["labeller_id"], ["user_account.id"], name=op.f("fk_assignment_labeller_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_assignment_project_id")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_assignment_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
        sa.UniqueConstraint("token", name=op.f("uq_assignment_token")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_assignment_held",
        "assignment",
        ["labeller_id", "expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'leased'"),
    )
    op.create_index(
        "ix_assignment_lost",
        "assignment",
        ["labeller_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('released', 'expired')"),
    )
    op.create_index("ix_assignment_mine", "assignment", ["labeller_id", "id"], unique=False)
    op.create_index("ix_assignment_task", "assignment", ["task_id", "labeller_id"], unique=False)
    op.create_index(
        "ix_assignment_unjudged",
        "assignment",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'submitted' AND judged_at IS NULL"),
    )
    op.create_index(
        "uq_assignment_live",
        "assignment",
        ["task_id", "labeller_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('leased', 'submitted', 'skipped') AND NOT surplus"),
    )
    op.create_table(
        "delivery_item",
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.String(collation="C"), nullable=False),
        sa.Column("label", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("answers", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_delivery_item_asset_id")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_item_delivery_id")
        ),
        sa.PrimaryKeyConstraint("delivery_id", "asset_id", name=op.f("pk_delivery_item")),
        sa.UniqueConstraint(
            "delivery_id", "external_id", name=op.f("uq_delivery_item_delivery_id_external_id")
        ),
    )
    op.create_table(
        "gold",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("exposures", sa.BigInteger(), nullable=False),
        sa.Column("for_assessment", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('active', 'retired')", name=op.f("ck_gold_state")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_gold_asset_id")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_gold_created_by")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_gold_project_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_gold_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gold")),
        sa.UniqueConstraint("asset_id", name=op.f("uq_gold_asset_id")),
        sa.UniqueConstraint("task_id", name=op.f("uq_gold_task_id")),
    )
    op.create_index(
        "ix_gold_active",
        "gold",
        ["project_id"],
        unique=False,
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "label_score",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("consensus_id", sa.BigInteger(), nullable=False),
        sa.Column("given", sa.String(), nullable=False),
        sa.Column("predicted", sa.String(), nullable=False),
        sa.Column("quality", sa.Double(), nullable=False),
        sa.Column("probabilities", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("suspect", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("review_task_id", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('accepted', 'changed')", name=op.f("ck_label_score_outcome")
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_label_score_asset_id")),
        sa.ForeignKeyConstraint(
            ["consensus_id"], ["consensus.id"], name=op.f("fk_label_score_consensus_id")
        ),
        sa.ForeignKeyConstraint(
            ["review_task_id"], ["task.id"], name=op.f("fk_label_score_review_task_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["rescore_run.id"], name=op.f("fk_label_score_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_score")),
        sa.UniqueConstraint("run_id", "asset_id", name=op.f("uq_label_score_run_id_asset_id")),
    )
    op.create_index(
        "ix_label_score_suspect",
        "label_score",
        ["run_id", "rank"],
        unique=False,
        postgresql_where=sa.text("suspect"),
    )
    op.create_table(
        "review_sample",
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_review_sample_asset_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_review_sample_batch_id")),
        sa.ForeignKeyConstraint(
            ["drawn_by"], ["user_account.id"], name=op.f("fk_review_sample_drawn_by")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_review_sample_task_id")),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_review_sample")),
        sa.UniqueConstraint("task_id", name=op.f("uq_review_sample_task_id")),
    )
    op.create_index(op.f("ix_review_sample_batch_id"), "review_sample", ["batch_id"], unique=False)
    op.create_table(
        "evidence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("labeller_id", sa.BigInteger(), nullable=False),
        sa.Column("skill_id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("assignment_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("correct", sa.Double(), nullable=False),
        sa.Column("certainty", sa.Double(), nullable=False),
        sa.Column("classes", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('gold', 'review', 'consensus')", name=op.f("ck_evidence_kind")
        ),
        sa.CheckConstraint(
            "correct BETWEEN 0 AND 1 AND certainty BETWEEN 0 AND 1", name=op.f("ck_evidence_range")
        ),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_evidence_assignment_id")
        ),
        sa.ForeignKeyConstraint(
            ["labeller_id"], ["user_account.id"], name=op.f("fk_evidence_labeller_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_evidence_project_id")
        ),
        sa.ForeignKeyConstraint(["skill_id"], ["skill.id"], name=op.f("fk_evidence_skill_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("assignment_id", "kind", name=op.f("uq_evidence_assignment_id_kind")),
    )
    op.create_index(
        "ix_evidence_labeller", "evidence", ["labeller_id", "skill_id", "at"], unique=False
    )
    op.create_table(
        "gold_version",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("gold_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_gold_version_created_by")
        ),
        sa.ForeignKeyConstraint(["gold_id"], ["gold.id"], name=op.f("fk_gold_version_gold_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gold_version")),
        sa.UniqueConstraint("gold_id", "version", name=op.f("uq_gold_version_gold_id_version")),
    )
    op.create_table(
        "label",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("assignment_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("ontology_version_id", sa.BigInteger(), nullable=False),
        sa.Column("client_key", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_label_assignment_id")
        ),
        sa.ForeignKeyConstraint(
            ["ontology_version_id"],
            ["ontology_version.id"],
            name=op.f("fk_label_ontology_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
        sa.UniqueConstraint(
            "assignment_id", "client_key", name=op.f("uq_label_assignment_id_client_key")
        ),
        sa.UniqueConstraint(
            "assignment_id", "revision", name=op.f("uq_label_assignment_id_revision")
        ),
    )
    op.create_table(
        "work_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "xid",
            sa.BigInteger(),
            server_default=sa.text("pg_current_xact_id()::text::bigint"),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("labeller_id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("assignment_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "data",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind IN ('leased', 'submitted', 'skipped', 'released', 'expired', 'surplus', 'gold_scored', 'consensus_scored', 'reviewed')",
            name=op.f("ck_work_event_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_work_event_assignment_id")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_work_event_batch_id")),
        sa.ForeignKeyConstraint(
            ["labeller_id"], ["user_account.id"], name=op.f("fk_work_event_labeller_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_work_event_project_id")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_work_event_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_event")),
    )
    op.create_index("ix_work_event_assignment", "work_event", ["assignment_id"], unique=False)
    op.create_index("ix_work_event_at", "work_event", ["at"], unique=False, postgresql_using="brin")
    op.create_index(
        "ix_work_event_xid",
        "work_event",
        ["xid"],
        unique=False,
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_table(
        "attempt_question",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.UUID(), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("gold_version_id", sa.BigInteger(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("correct", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_attempt_question_attempt_id")
        ),
        sa.ForeignKeyConstraint(
            ["gold_version_id"],
            ["gold_version.id"],
            name=op.f("fk_attempt_question_gold_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_question")),
        sa.UniqueConstraint(
            "attempt_id", "position", name=op.f("uq_attempt_question_attempt_id_position")
        ),
        sa.UniqueConstraint("token", name=op.f("uq_attempt_question_token")),
    )
    op.create_table(
        "gold_score",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("assignment_id", sa.BigInteger(), nullable=False),
        sa.Column("gold_version_id", sa.BigInteger(), nullable=False),
        sa.Column("label_id", sa.BigInteger(), nullable=False),
        sa.Column("correct", sa.Double(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_gold_score_assignment_id")
        ),
        sa.ForeignKeyConstraint(
            ["gold_version_id"], ["gold_version.id"], name=op.f("fk_gold_score_gold_version_id")
        ),
        sa.ForeignKeyConstraint(["label_id"], ["label.id"], name=op.f("fk_gold_score_label_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gold_score")),
        sa.UniqueConstraint(
            "assignment_id",
            "gold_version_id",
            name=op.f("uq_gold_score_assignment_id_gold_version_id"),
        ),
    )


def downgrade() -> None:
    op.drop_table("gold_score")
    op.drop_table("attempt_question")
    op.drop_index(
        "ix_work_event_xid",
        table_name="work_event",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.drop_index("ix_work_event_at", table_name="work_event", postgresql_using="brin")
    op.drop_index("ix_work_event_assignment", table_name="work_event")
    op.drop_table("work_event")
    op.drop_table("label")
    op.drop_table("gold_version")
    op.drop_index("ix_evidence_labeller", table_name="evidence")
    op.drop_table("evidence")
    op.drop_index(op.f("ix_review_sample_batch_id"), table_name="review_sample")
    op.drop_table("review_sample")
    op.drop_index(
        "ix_label_score_suspect", table_name="label_score", postgresql_where=sa.text("suspect")
    )
    op.drop_table("label_score")
    op.drop_index("ix_gold_active", table_name="gold", postgresql_where=sa.text("state = 'active'"))
    op.drop_table("gold")
    op.drop_table("delivery_item")
    op.drop_index(
        "uq_assignment_live",
        table_name="assignment",
        postgresql_where=sa.text("state IN ('leased', 'submitted', 'skipped') AND NOT surplus"),
    )
    op.drop_index(
        "ix_assignment_unjudged",
        table_name="assignment",
        postgresql_where=sa.text("state = 'submitted' AND judged_at IS NULL"),
    )
    op.drop_index("ix_assignment_task", table_name="assignment")
    op.drop_index("ix_assignment_mine", table_name="assignment")
    op.drop_index(
        "ix_assignment_lost",
        table_name="assignment",
        postgresql_where=sa.text("state IN ('released', 'expired')"),
    )
    op.drop_index(
        "ix_assignment_held", table_name="assignment", postgresql_where=sa.text("state = 'leased'")
    )
    op.drop_table("assignment")
    op.drop_index(
        "ix_task_returned", table_name="task", postgresql_where=sa.text("open AND returned")
    )
    op.drop_index("ix_task_open", table_name="task", postgresql_where=sa.text("open"))
    op.drop_table("task")
    op.drop_table("rescore_chunk")
    op.drop_index(
        "uq_flag_open", table_name="flag", postgresql_where=sa.text("resolved_at IS NULL")
    )
    op.drop_table("flag")
    op.drop_table("desk_cursor")
    op.drop_table("delivery")
    op.drop_index(op.f("ix_consensus_batch_id"), table_name="consensus")
    op.drop_table("consensus")
    op.drop_index(op.f("ix_asset_difficulty_project_id"), table_name="asset_difficulty")
    op.drop_table("asset_difficulty")
    op.drop_index(
        "uq_rescore_run_active",
        table_name="rescore_run",
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.drop_table("rescore_run")
    op.drop_index(op.f("ix_lane_project_id"), table_name="lane")
    op.drop_table("lane")
    op.drop_index(op.f("ix_gate_verdict_batch_id"), table_name="gate_verdict")
    op.drop_table("gate_verdict")
    op.drop_index(op.f("ix_daily_rollup_project_id"), table_name="daily_rollup")
    op.drop_table("daily_rollup")
    op.drop_index(
        "uq_attempt_running", table_name="attempt", postgresql_where=sa.text("finished_at IS NULL")
    )
    op.drop_table("attempt")
    op.drop_index("ix_asset_batch", table_name="asset")
    op.drop_table("asset")
    op.drop_table("standing")
    op.drop_table("project_requirement")
    op.drop_index(op.f("ix_project_member_user_id"), table_name="project_member")
    op.drop_table("project_member")
    op.drop_table("ontology_version")
    op.drop_table("one_time_link")
    op.drop_table("notice")
    op.drop_table("labeller_pace")
    op.drop_table("guideline_version")
    op.drop_table("gold_pace")
    op.drop_table("desk")
    op.drop_index("ix_certificate_holder", table_name="certificate")
    op.drop_table("certificate")
    op.drop_table("batch")
    op.drop_table("assessment")
    op.drop_table("api_token")
    op.drop_index("uq_user_account_email", table_name="user_account")
    op.drop_table("user_account")
    op.drop_table("project")
    op.drop_table("team")
    op.drop_table("skill")
    op.drop_table("rollup_state")
    op.drop_table("organisation")
    op.drop_index("ix_login_failure_address", table_name="login_failure")
    op.drop_index("ix_login_failure_account", table_name="login_failure")
    op.drop_table("login_failure")
    op.drop_table("audit_seal")
    op.drop_index("ix_audit_entry_order", table_name="audit_entry")
    op.drop_table("audit_entry")
