"""What a case is about, so that one item of an order is sent back once at a time.

Revision: 0005, after: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LIVE = sa.text("status IN ('open', 'in_progress')")


def upgrade() -> None:
    """Forward. Cases from before have no subject: two of them may be about one thing, and people deal with them."""
    op.add_column("cases", sa.Column("subject", sa.String(length=200), nullable=True))
    op.create_index("uq_cases_live", "cases", ["subject"], unique=True, sqlite_where=LIVE, postgresql_where=LIVE)


def downgrade() -> None:
    """Back."""
    op.drop_index("uq_cases_live", table_name="cases")
    op.drop_column("cases", "subject")
