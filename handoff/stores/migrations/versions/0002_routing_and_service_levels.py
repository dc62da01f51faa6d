"""Routing and service levels: skills, told waits, running promises and their events, the rules of the house.

Revision: 0002, after: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "house_rules",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_house_rules")),
    )
    op.create_table(
        "sla_events",
        sa.Column("conversation_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("team_id", sa.String(length=64), nullable=True),
        sa.Column("agent_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_sla_events_conversation_id")),
        sa.PrimaryKeyConstraint("conversation_id", "kind", "since", "level", name=op.f("pk_sla_events")),
    )
    op.create_index(op.f("ix_sla_events_at"), "sla_events", ["at"])
    op.add_column("agents", sa.Column("skills", sa.JSON(), nullable=True))
    op.add_column("agents", sa.Column("presence_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("handoffs", sa.Column("needs", sa.JSON(), nullable=True))
    op.add_column("handoffs", sa.Column("told", sa.JSON(), nullable=True))
    op.add_column("handoffs", sa.Column("pickup_seconds", sa.Float(), nullable=True))
    op.create_index("ix_handoffs_ended", "handoffs", ["ended_at"])
    for name in ("human_since", "queue_due_at", "awaiting_since", "responded_at"):
        op.add_column("conversations", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    # Who waits or is served now keeps his place and gets the promises from when he asked. Whoever has an agent is taken to
    # have been answered: a warning about the past would help nobody.
    op.execute(
        "UPDATE conversations SET human_since = waiting_since, queue_due_at = waiting_since, awaiting_since = waiting_since"
        " WHERE owner_type = 'queue' AND status = 'open'"
    )
    op.execute(
        "UPDATE conversations SET human_since ="
        " (SELECT requested_at FROM handoffs WHERE handoffs.id = conversations.handoff_id),"
        " responded_at = (SELECT accepted_at FROM handoffs WHERE handoffs.id = conversations.handoff_id)"
        " WHERE owner_type = 'agent' AND status = 'open'"
    )
