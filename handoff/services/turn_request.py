"""What the bot is sent for a turn, and claiming the turn with it: both in one transaction, so that they are of one moment."""

from __future__ import annotations

from typing import Any

from handoff.domain.cases import CaseStatus
from handoff.domain.conversation import Conversation
from handoff.domain.errors import NotFound
from handoff.domain.ids import ConversationId, new_id
from handoff.domain.message import Sender
from handoff.domain.turns import BotTurn, ClaimedTurn
from handoff.services.context import Services
from handoff.services.ports import BotUnavailable, Transaction

# What the bot is told of the talk it missed: the last of it, within Rasa's body limit of 512 KiB (a character is 4 bytes
# at the most). A process that has never heard of a conversation is told more.
HISTORY = 50
WHOLE_HISTORY = 200
HISTORY_CHARACTERS = 90_000


def do_claim(tx: Transaction, services: Services, id: ConversationId) -> ClaimedTurn | None:
    """Claim what the bot owes this conversation; None when it owes nothing now (or somebody else runs it)."""
    turn = tx.turns.claim(id, new_id(), services.now(), services.policy.claim_seconds)
    if turn is None:
        return None
    try:
        process = services.bot.process_for(id)
    except BotUnavailable:
        process = None  # the turn is claimed all the same: it has failed, and is tried again
    return ClaimedTurn(turn, build_request(tx, turn, process), process)


def build_request(tx: Transaction, turn: BotTurn, process: str | None = None) -> dict[str, Any]:
    """What the bot's `process` is sent for a turn: docs/interfaces.md section 2."""
    conversation = tx.conversations.get(turn.conversation_id)
    if conversation is None:  # erased since the claim
        raise NotFound("no such conversation")
    customer = tx.customers.get(conversation.customer_id)
    inbox = tx.customers.inbox(conversation.inbox_id)
    history = _history(tx, conversation, turn, process)
    request: dict[str, Any] = {
        "sender": turn.conversation_id,
        "message": turn.text,
        "history": history,
        "slots": standing_facts(tx, conversation),
        "metadata": {
            "message_id": turn.id,
            "seq": turn.last_seq,
            "locale": conversation.locale,
            "channel": inbox.kind if inbox else "web",
            "customer_id": conversation.customer_id,
            "verified": bool(customer and customer.identifier),
        },
    }
    if turn.parse_data is not None:
        request["parse_data"] = turn.parse_data
    return request


def _history(tx: Transaction, conversation: Conversation, turn: BotTurn, process: str | None) -> list[dict[str, Any]]:
    """What the process may not know: what was said since the bot's last turn, or, when another process had that, everything.

    It skips what it knows: a process that the conversation comes back to, or one that shares its memory with the other.
    """
    last = tx.turns.last_process(conversation.id)
    moved = last is not None and process is not None and last != process
    senders = (Sender.CUSTOMER, Sender.AGENT, Sender.BOT) if moved else (Sender.CUSTOMER, Sender.AGENT)
    known = 0 if moved else conversation.known_seq
    earliest = max(known + 1, turn.first_seq - (WHOLE_HISTORY if moved else HISTORY))
    lines: list[dict[str, Any]] = []
    characters = 0
    for m in reversed(tx.messages.between(conversation.id, earliest, turn.first_seq - 1)):
        if m.private or m.sender not in senders:
            continue
        characters += len(m.text)
        if characters > HISTORY_CHARACTERS:
            break
        at = m.created_at.isoformat() if m.created_at else ""
        lines.append({"seq": m.seq, "sender": m.sender.value, "text": m.text, "at": at})
    return lines[::-1]


def standing_facts(tx: Transaction, conversation: Conversation) -> dict[str, Any]:
    """What stays true between turns and across hand-backs."""
    cases = [
        c for c in tx.cases.search(customer_id=conversation.customer_id, limit=20)
        if c.status in (CaseStatus.OPEN, CaseStatus.IN_PROGRESS)
    ]  # fmt: skip
    return {
        "open_cases": [
            {"number": c.number, "kind": c.kind.value, "status": c.status.value, "order_number": c.order_number,
             "summary": c.summary}
            for c in cases
        ],
        "last_order": conversation.slots.get("order_number") or conversation.facts.get("last_order"),
        "handoff_summary": conversation.facts.get("handoff_summary"),
    }  # fmt: skip
