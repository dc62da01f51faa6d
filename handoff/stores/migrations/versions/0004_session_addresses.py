"""Sessions know where the visitor came from, as a keyed hash, so that order tries are counted by address.

Revision: 0004, after: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("customer_sessions", sa.Column("address_hash", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Back."""
    op.drop_column("customer_sessions", "address_hash")
