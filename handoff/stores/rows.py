"""Rows as the domain sees them, for the stores that share them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from handoff.domain.conversation import Conversation, Owner, OwnerType, Priority, Status


def to_conversation(row: Row[Any]) -> Conversation:
    """A row as the domain sees it."""
    return Conversation(
        id=row.id,
        customer_id=row.customer_id,
        inbox_id=row.inbox_id,
        status=Status(row.status),
        owner=Owner(OwnerType(row.owner_type), row.owner_id, row.owner_name, row.epoch),
        last_seq=row.last_seq,
        last_public_seq=row.last_public_seq,
        last_customer_seq=row.last_customer_seq,
        bot_seq=row.bot_seq,
        known_seq=row.known_seq,
        turn_no=row.turn_no,
        locale=row.locale,
        priority=Priority(row.priority),
        team_id=row.team_id,
        handoff_id=row.handoff_id,
        waiting_since=row.waiting_since,
        slots=row.slots,
        facts=row.facts,
        last_message=row.last_message,
        read_seq=row.read_seq,
        customer_read_seq=row.customer_read_seq,
        previous_id=row.previous_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
        resolved_at=row.resolved_at,
        human_since=row.human_since,
        queue_due_at=row.queue_due_at,
        awaiting_since=row.awaiting_since,
        responded_at=row.responded_at,
    )
