"""the job queue

procrastinate's own SQL, as it stands in the version named here; a later version of the library
brings its own SQL in a revision of its own.

Revision ID: 0003
Revises: 0002
"""

from importlib.metadata import version

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PROCRASTINATE = "3.10.0"


def upgrade() -> None:
    from procrastinate.schema import SchemaManager

    if version("procrastinate") != PROCRASTINATE:
        raise RuntimeError(f"this revision installs the schema of procrastinate {PROCRASTINATE}")
    # Straight to psycopg: several statements, and '%' that are no placeholders.
    op.get_bind().connection.driver_connection.execute(SchemaManager.get_schema())


def downgrade() -> None:
    op.execute(
        """
        DO $$ DECLARE thing record; BEGIN
            FOR thing IN SELECT tablename FROM pg_tables
                WHERE schemaname = 'public' AND tablename LIKE 'procrastinate%' LOOP
                EXECUTE format('DROP TABLE %I CASCADE', thing.tablename);
            END LOOP;
            FOR thing IN SELECT p.oid::regprocedure AS name FROM pg_proc p
                JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname = 'public' AND p.proname LIKE 'procrastinate%' LOOP
                EXECUTE format('DROP FUNCTION %s CASCADE', thing.name);
            END LOOP;
            FOR thing IN SELECT typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
                WHERE n.nspname = 'public' AND typname LIKE 'procrastinate%' AND typtype IN ('e', 'c')
                LOOP
                EXECUTE format('DROP TYPE IF EXISTS %I CASCADE', thing.typname);
            END LOOP;
        END $$
        """
    )
