"""workbench

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


# Words that a column may hold. The lists of a check are read anew in every statement, which took
# longer than the rest of an insert; a function is read once in a session.
_WORDS = {
    ("assignment", "state"): (
        "is_assignment_state",
        ("reserved", "leased", "submitted", "skipped", "released", "expired"),
    ),
    ("work_event", "kind"): (
        "is_work_event_kind",
        (
            "reserved",
            "leased",
            "submitted",
            "skipped",
            "released",
            "expired",
            "recalled",
            "reopened",
            "surplus",
            "gold_scored",
            "consensus_scored",
            "reviewed",
        ),
    ),
}


def _words_in_functions() -> None:
    for (table, column), (function, words) in _WORDS.items():
        op.execute(
            f"""
            CREATE FUNCTION {function}(word text) RETURNS boolean
            LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
            BEGIN RETURN word = ANY ('{{{",".join(words)}}}'); END $$
            """
        )
        op.drop_constraint(op.f(f"ck_{table}_{column}"), table)
        op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{function}({column})")


def _words_in_checks() -> None:
    for (table, column), (function, words) in _WORDS.items():
        op.drop_constraint(op.f(f"ck_{table}_{column}"), table)
        op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{column} IN {words}")
        op.execute(f"DROP FUNCTION {function}(text)")


def upgrade() -> None:
    op.create_table(
        "assistance",
        sa.Column("assignment_id", sa.BigInteger(), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("withheld", sa.Boolean(), nullable=False),
        sa.Column("show_above", sa.Double(), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept", sa.BigInteger(), nullable=True),
        sa.Column("changed", sa.BigInteger(), nullable=True),
        sa.Column("thrown", sa.BigInteger(), nullable=True),
        sa.Column("added", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(compared_at IS NULL) = (kept IS NULL)", name=op.f("ck_assistance_compared")
        ),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_assistance_assignment_id")
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["reference_model.id"], name=op.f("fk_assistance_model_id")
        ),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_assistance")),
    )
    op.create_index(op.f("ix_assistance_model_id"), "assistance", ["model_id"], unique=False)
    op.create_table(
        "draft",
        sa.Column("assignment_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column(
            "value", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("remark", sa.String(), server_default="", nullable=False),
        sa.Column("tab", sa.String(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_draft_assignment_id")
        ),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_draft")),
    )
    op.create_index(op.f("ix_draft_saved_at"), "draft", ["saved_at"], unique=False)
    op.create_table(
        "issue",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("token", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("asset_id", sa.BigInteger(), nullable=True),
        sa.Column("assignment_id", sa.BigInteger(), nullable=True),
        sa.Column("guideline_version_id", sa.BigInteger(), nullable=True),
        sa.Column("pin", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(), server_default="open", nullable=False),
        sa.Column("opened_by", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.BigInteger(), nullable=True),
        sa.Column("entry_version_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'resolved') = (resolved_at IS NOT NULL)", name=op.f("ck_issue_resolved")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'answered', 'resolved')", name=op.f("ck_issue_state")
        ),
        sa.CheckConstraint(
            "(asset_id IS NULL) = (batch_id IS NULL)", name=op.f("ck_issue_batch_of_asset")
        ),
        sa.CheckConstraint(
            "asset_id IS NOT NULL OR guideline_version_id IS NOT NULL",
            name=op.f("ck_issue_subject"),
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_issue_asset_id")),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_issue_assignment_id")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_issue_batch_id")),
        sa.ForeignKeyConstraint(
            ["entry_version_id"], ["guideline_version.id"], name=op.f("fk_issue_entry_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["guideline_version_id"],
            ["guideline_version.id"],
            name=op.f("fk_issue_guideline_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["user_account.id"], name=op.f("fk_issue_opened_by")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_issue_project_id")),
        sa.ForeignKeyConstraint(
            ["resolved_by"], ["user_account.id"], name=op.f("fk_issue_resolved_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue")),
        sa.UniqueConstraint("token", name=op.f("uq_issue_token")),
    )
    op.create_index(op.f("ix_issue_asset_id"), "issue", ["asset_id"], unique=False)
    op.create_index(
        "ix_issue_batch_unresolved",
        "issue",
        ["batch_id"],
        unique=False,
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.create_index(op.f("ix_issue_opened_by"), "issue", ["opened_by"], unique=False)
    op.create_index(op.f("ix_issue_project_id"), "issue", ["project_id"], unique=False)
    op.create_index(
        "ix_issue_unresolved",
        "issue",
        ["project_id", "id"],
        unique=False,
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.create_table(
        "comment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("issue_id", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column(
            "mentions",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("client_key", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["user_account.id"], name=op.f("fk_comment_by")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_comment_issue_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
        sa.UniqueConstraint("issue_id", "client_key", name=op.f("uq_comment_issue_id_client_key")),
    )
    op.create_index("ix_comment_by", "comment", ["by", "at"], unique=False)
    op.add_column(
        "assignment", sa.Column("idle_ms", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "assignment", sa.Column("idle_before_ms", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "assignment", sa.Column("inputs", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "assignment", sa.Column("inputs_before", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "project", sa.Column("guideline_due", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column(
        "project_member",
        sa.Column("guideline_read", sa.BigInteger(), server_default="0", nullable=False),
    )

    _words_in_functions()


def downgrade() -> None:
    _words_in_checks()
    op.drop_column("project_member", "guideline_read")
    op.drop_column("project", "guideline_due")
    op.drop_column("assignment", "inputs_before")
    op.drop_column("assignment", "inputs")
    op.drop_column("assignment", "idle_before_ms")
    op.drop_column("assignment", "idle_ms")
    op.drop_index("ix_comment_by", table_name="comment")
    op.drop_table("comment")
    op.drop_index(
        "ix_issue_unresolved", table_name="issue", postgresql_where=sa.text("state <> 'resolved'")
    )
    op.drop_index(op.f("ix_issue_project_id"), table_name="issue")
    op.drop_index(op.f("ix_issue_opened_by"), table_name="issue")
    op.drop_index(
        "ix_issue_batch_unresolved",
        table_name="issue",
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.drop_index(op.f("ix_issue_asset_id"), table_name="issue")
    op.drop_table("issue")
    op.drop_index(op.f("ix_draft_saved_at"), table_name="draft")
    op.drop_table("draft")
    op.drop_index(op.f("ix_assistance_model_id"), table_name="assistance")
    op.drop_table("assistance")
