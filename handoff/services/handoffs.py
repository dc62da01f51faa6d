"""A conversation's present passage to a human."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from handoff.domain.conversation import Conversation
from handoff.domain.turns import Handoff
from handoff.services.ports import Transaction


def handoff_of(tx: Transaction, conversation: Conversation) -> Handoff | None:
    """The latest, which may have ended."""
    return tx.handoffs.get(conversation.handoff_id) if conversation.handoff_id else None


def end_handoff(tx: Transaction, conversation: Conversation, outcome: str, now: datetime) -> None:
    """End it and its ringing, unless it has ended before."""
    handoff = handoff_of(tx, conversation)
    if handoff is not None and handoff.ended_at is None:
        tx.handoffs.save(replace(handoff, ended_at=now, outcome=outcome, ringing=None, ring_until=None))
