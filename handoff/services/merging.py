"""A visitor turns out to be a customer we know: what he said goes to the customer, and of two conversations one stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from handoff.domain.conversation import Conversation, OwnerType, Priority, Status
from handoff.domain.ids import CustomerId
from handoff.services.facts import Change
from handoff.services.handoffs import end_handoff
from handoff.services.ports import Transaction

# The further a conversation has come towards a human, the more its end would cost.
_RANK = {OwnerType.BOT: 0, OwnerType.QUEUE: 1, OwnerType.AGENT: 2}


def merge(tx: Transaction, anonymous: CustomerId, customer_id: CustomerId, now: datetime) -> Change | None:
    """Give the visitor's conversation to the customer. Of two that go on one stays: the one that a human has, then one that
    waits for a human, then the one in which something was said, then the customer's own. The other ends."""
    mine, theirs = tx.conversations.current(customer_id), tx.conversations.current(anonymous)
    change = None
    if mine is not None and theirs is not None:
        change = _end_other(tx, theirs if _worth(mine) >= _worth(theirs) else mine, now)
    tx.customers.move(anonymous, customer_id)
    return change


def _worth(conversation: Conversation) -> tuple[int, bool]:
    return _RANK[conversation.owner.type], conversation.last_seq > 0


def _end_other(tx: Transaction, closes: Conversation, now: datetime) -> Change:
    tx.turns.close_running(closes.id)
    end_handoff(tx, closes, "merged", now)
    ended = replace(
        closes.give_to(OwnerType.BOT),
        status=Status.RESOLVED,
        resolved_at=now,
        bot_seq=closes.last_customer_seq,
        priority=Priority.NORMAL,
        team_id=None,
        waiting_since=None,
    )
    tx.conversations.change_owner(closes, ended)
    waited = closes.owner.type is OwnerType.QUEUE
    return Change(ended, owner_changed=True, previous_owner=closes.owner.id, queue_changed=waited)
