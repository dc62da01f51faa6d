"""The index of unanswered conversations names the owner first, or SQLite takes the one of all owners instead.

Revision: 0007, after: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NAME = "ix_conversations_unanswered"
UNANSWERED = sa.text("owner_type = 'bot' AND status = 'open' AND last_customer_seq > bot_seq")


def _index(columns: list[str]) -> None:
    op.drop_index(NAME, table_name="conversations")
    op.create_index(NAME, "conversations", columns, sqlite_where=UNANSWERED, postgresql_where=UNANSWERED)


def upgrade() -> None:
    """Forward."""
    _index(["owner_type", "status", "last_customer_seq"])


def downgrade() -> None:
    """Back."""
    _index(["last_customer_seq"])
