"""what may not change

Triggers that refuse to change history, and the rights of the service's role.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FROZEN = (
    "audit_entry",
    "audit_seal",
    "delivery",
    "delivery_item",
    "gate_verdict",
    "gold_version",
    "guideline_version",
    "label",
    "ontology_version",
    "work_event",
)
SERVICE = "touchstone_app"


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
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
    # The role exists on the embedded server; a database of one's own may use any single role.
    op.execute(
        f"""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{SERVICE}') THEN
                GRANT USAGE ON SCHEMA public TO {SERVICE};
                GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {SERVICE};
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {SERVICE};
                ALTER DEFAULT PRIVILEGES IN SCHEMA public
                    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {SERVICE};
                ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {SERVICE};
                REVOKE UPDATE, DELETE ON audit_entry, audit_seal FROM {SERVICE};
            END IF;
        END $$
        """
    )


def downgrade() -> None:
    for table in FROZEN:
        op.execute(f"DROP TRIGGER never_changes ON {table}")
        op.execute(f"DROP TRIGGER never_emptied ON {table}")
    op.execute("DROP FUNCTION refuse_change()")
