"""How facts look to those who may see them. Customers never get private fields; agents get all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from handoff.domain.cases import Case
from handoff.domain.conversation import Conversation, Owner
from handoff.domain.message import Content, Message, Sender
from handoff.domain.people import Customer, Inbox, Team
from handoff.domain.turns import Handoff, TurnRecord

JsonObject = dict[str, Any]


def moment(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with Z."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def owner_json(owner: Owner) -> JsonObject:
    """For agents."""
    return {"type": owner.type.value, "id": owner.id, "name": owner.name, "epoch": owner.epoch}


def public_owner(owner: Owner) -> JsonObject:
    """For customers: who answers, nothing else."""
    return {"type": owner.type.value, "name": owner.name}


def public_content(content: Content) -> Content:
    """Content without what buttons mean: the browser gets opaque ids only."""
    shown = {k: v for k, v in content.items() if k not in ("parse_data", "option_id")}
    if "options" in shown:
        shown["options"] = [{"id": o["id"], "title": o["title"]} for o in shown["options"]]
    return shown


def message_for_customer(message: Message) -> JsonObject:
    """A message as the customer may see it; `prev` is the seq before it that he may see."""
    shown: JsonObject = {
        "seq": message.seq,
        "prev": message.prev_public,
        "sender": message.sender.value,
        "name": message.name,
        "content": public_content(message.content),
        "created_at": moment(message.created_at),
    }
    if message.sender is Sender.CUSTOMER:
        shown["client_id"] = message.client_id
    return shown


def message_for_agent(message: Message) -> JsonObject:
    """A message as agents see it."""
    return {
        "seq": message.seq,
        "prev": message.seq - 1,
        "sender": message.sender.value,
        "sender_id": message.sender_id,
        "name": message.name,
        "content": public_content(message.content),
        "private": message.private,
        "kind": message.kind.value if message.kind else None,
        "client_id": message.client_id,
        "created_at": moment(message.created_at),
    }


def summary(
    conversation: Conversation,
    customer: Customer | None,
    inbox: Inbox | None,
    team: Team | None,
    handoff: Handoff | None,
) -> JsonObject:
    """A conversation in the desk's lists."""
    waiting = handoff is not None and handoff.ended_at is None
    return {
        "id": conversation.id,
        "status": conversation.status.value,
        "owner": owner_json(conversation.owner),
        "customer": {
            "id": conversation.customer_id,
            "name": customer.name if customer else None,
            "identifier": customer.identifier if customer else None,
            "verified": bool(customer and customer.identifier),
            "vip": bool(customer and customer.vip),
        },
        "inbox": {
            "id": conversation.inbox_id,
            "name": inbox.name if inbox else "",
            "channel": inbox.kind if inbox else "",
        },
        "locale": conversation.locale,
        "last_seq": conversation.last_seq,
        "last_message": {"seq": conversation.last_public_seq, **conversation.last_message}
        if conversation.last_message
        else None,
        "read_seq": conversation.read_seq,
        "customer_read_seq": conversation.customer_read_seq,
        "priority": conversation.priority.value,
        "team": {"id": team.id, "name": team.name} if team else None,
        "waiting_since": moment(conversation.waiting_since),
        "reason": handoff.reason if handoff and waiting else None,
        "created_at": moment(conversation.created_at),
        "updated_at": moment(conversation.updated_at),
    }


def handoff_json(handoff: Handoff) -> JsonObject:
    """The handoff card."""
    by = {"id": handoff.accepted_by, "name": handoff.accepted_name} if handoff.accepted_by else None
    return {
        "id": handoff.id,
        "reason": handoff.reason,
        "reasons": handoff.reasons,
        "signals": handoff.signals,
        "summary": handoff.summary,
        "slots": handoff.slots,
        "team": handoff.team_id,
        "priority": handoff.priority,
        "requested_at": moment(handoff.requested_at),
        "accepted_at": moment(handoff.accepted_at),
        "accepted_by": by,
        "ended_at": moment(handoff.ended_at),
        "outcome": handoff.outcome,
        "needs": handoff.needs,
        "told_wait": handoff.told,
    }


def turn_json(turn: TurnRecord) -> JsonObject:
    """What the bot understood of one turn."""
    return {
        "turn_no": turn.turn_no,
        "first_seq": turn.first_seq,
        "last_seq": turn.last_seq,
        "state": turn.state.value,
        "intent": turn.intent,
        "confidence": turn.confidence,
        "ranking": turn.ranking,
        "entities": turn.entities,
        "mood": turn.mood,
        "signals": turn.signals,
        "took_ms": turn.took_ms,
    }


def case_json(case: Case) -> JsonObject:
    """A case, for agents and for the bot."""
    return {
        "id": case.id,
        "number": case.number,
        "kind": case.kind.value,
        "status": case.status.value,
        "order_number": case.order_number,
        "conversation_id": case.conversation_id,
        "summary": case.summary,
        "data": case.data,
        "effect": case.effect,
        "team": case.team_id,
        "due_at": moment(case.due_at),
        "created_at": moment(case.created_at),
    }
