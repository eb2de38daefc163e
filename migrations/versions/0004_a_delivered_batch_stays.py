"""a delivered batch stays

No label is decided in a batch that was delivered, not even by a writer who began before.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The lock is the one that the foreign key takes anyway. It waits for a delivery under way, which
    # holds the batch, and then reads what that left. Once a statement, however many rows it brings.
    op.execute(
        """
        CREATE FUNCTION refuse_in_delivered_batch() RETURNS trigger LANGUAGE plpgsql AS $$
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
    )
    op.execute(
        "CREATE TRIGGER never_after_delivery AFTER INSERT ON consensus "
        "REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_in_delivered_batch()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER never_after_delivery ON consensus")
    op.execute("DROP FUNCTION refuse_in_delivered_batch()")
