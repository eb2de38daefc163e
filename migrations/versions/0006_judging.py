"""judging

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LABEL_TYPES = (
    "'class', 'tags', 'attributes', 'boxes', 'polygons', 'masks', 'keypoints', 'spans', "
    "'transcription', 'rating', 'preference'"
)
BEFORE = "'majority', 'dawid_skene', 'review', 'adjudication', 'gold'"
METHODS = BEFORE + ", 'merged', 'imported'"


def upgrade() -> None:
    _check("project", "label_type", LABEL_TYPES)
    _check("consensus", "method", METHODS)
    op.create_table(
        "reference_model",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("file", sa.String(), nullable=True),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("assets", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('predictions', 'network', 'embeddings')", name=op.f("ck_reference_model_kind")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_reference_model_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_reference_model_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_model")),
        sa.UniqueConstraint(
            "project_id", "name", "version", name=op.f("uq_reference_model_project_id_name_version")
        ),
    )
    op.create_table(
        "embedding",
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_embedding_asset_id")),
        sa.ForeignKeyConstraint(
            ["model_id"], ["reference_model.id"], name=op.f("fk_embedding_model_id")
        ),
        sa.PrimaryKeyConstraint("model_id", "asset_id", name=op.f("pk_embedding")),
    )
    op.create_index(op.f("ix_embedding_asset_id"), "embedding", ["asset_id"], unique=False)
    op.create_table(
        "prediction",
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("label", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("probabilities", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_prediction_asset_id")),
        sa.ForeignKeyConstraint(
            ["model_id"], ["reference_model.id"], name=op.f("fk_prediction_model_id")
        ),
        sa.PrimaryKeyConstraint("model_id", "asset_id", name=op.f("pk_prediction")),
    )
    op.create_index(op.f("ix_prediction_asset_id"), "prediction", ["asset_id"], unique=False)
    op.add_column("asset", sa.Column("width", sa.BigInteger(), nullable=True))
    op.add_column("asset", sa.Column("height", sa.BigInteger(), nullable=True))
    op.add_column("label_score", sa.Column("error", sa.String(), nullable=True))
    op.add_column(
        "label_score",
        sa.Column(
            "evidence",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
    )
    op.add_column(
        "ontology_version",
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
    )
    op.add_column(
        "ontology_version",
        sa.Column(
            "scale", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
    )
    op.add_column(
        "ontology_version",
        sa.Column(
            "reasons",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
    )
    op.add_column(
        "ontology_version",
        sa.Column("tie", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("rescore_run", sa.Column("reference_model_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_rescore_run_reference_model_id"),
        "rescore_run",
        "reference_model",
        ["reference_model_id"],
        ["id"],
    )
    op.add_column("review_sample", sa.Column("stratum", sa.String(), nullable=True))
    # What two labels have in common when they say the same: the one key of a choice, else the content
    # without what a decision adds; empty when nothing is said.
    op.execute(
        """
        CREATE FUNCTION label_key(payload jsonb) RETURNS text
        LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
            coalesce(
                payload ->> 'class', payload ->> 'rating', payload ->> 'preference',
                CASE WHEN payload - '{verdict,remark,errors,version}'::text[] = '{}' THEN ''
                     ELSE md5((payload - '{verdict,remark,errors,version}'::text[])::text) END)
        """
    )


def _check(table: str, column: str, values: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{column}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{column} IN ({values})")


def downgrade() -> None:
    op.execute("DROP FUNCTION label_key(jsonb)")
    _check("project", "label_type", "'class'")
    _check("consensus", "method", BEFORE)
    op.drop_column("review_sample", "stratum")
    op.drop_constraint(op.f("fk_rescore_run_reference_model_id"), "rescore_run", type_="foreignkey")
    op.drop_column("rescore_run", "reference_model_id")
    op.drop_column("ontology_version", "tie")
    op.drop_column("ontology_version", "reasons")
    op.drop_column("ontology_version", "scale")
    op.drop_column("ontology_version", "attributes")
    op.drop_column("label_score", "evidence")
    op.drop_column("label_score", "error")
    op.drop_column("asset", "height")
    op.drop_column("asset", "width")
    op.drop_index(op.f("ix_prediction_asset_id"), table_name="prediction")
    op.drop_table("prediction")
    op.drop_index(op.f("ix_embedding_asset_id"), table_name="embedding")
    op.drop_table("embedding")
    op.drop_table("reference_model")
