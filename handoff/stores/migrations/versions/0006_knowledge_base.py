"""The knowledge base is edited while it runs: drafts and archived entries, who changed one, and what was searched.

Revision: 0006, after: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("faq_entries") as batch:
        batch.add_column(sa.Column("status", sa.String(length=20), nullable=True))
        batch.add_column(sa.Column("updated_by", sa.String(length=100), nullable=True))
    op.execute(
        "UPDATE faq_entries SET updated_by = 'seed', status = CASE WHEN enabled THEN 'published' ELSE 'archived' END"
    )
    with op.batch_alter_table("faq_entries") as batch:
        batch.alter_column("status", existing_type=sa.String(length=20), nullable=False)
        batch.alter_column("updated_by", existing_type=sa.String(length=100), nullable=False)
        batch.drop_column("enabled")
    op.create_table(
        "faq_searches",
        sa.Column("id", sa.Integer().with_variant(sa.BigInteger(), "postgresql"), autoincrement=True, nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("entry_id", sa.String(length=100), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("locale", sa.String(length=20), nullable=False),
        sa.Column("draft_id", sa.String(length=100), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faq_searches")),
    )
    op.create_index(op.f("ix_faq_searches_hour"), "faq_searches", ["hour"])
    op.create_index(op.f("ix_faq_searches_text_hash"), "faq_searches", ["text_hash"])


def downgrade() -> None:
    """Back."""
    op.drop_table("faq_searches")
    with op.batch_alter_table("faq_entries") as batch:
        batch.add_column(sa.Column("enabled", sa.Boolean(), nullable=True))
    op.execute("UPDATE faq_entries SET enabled = (status = 'published')")
    with op.batch_alter_table("faq_entries") as batch:
        batch.alter_column("enabled", existing_type=sa.Boolean(), nullable=False)
        batch.drop_column("status")
        batch.drop_column("updated_by")
