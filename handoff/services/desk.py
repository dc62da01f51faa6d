"""What agents see: lists, one conversation with everything known, and the events of their desks."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from handoff.domain.conversation import Conversation, OwnerType
from handoff.domain.errors import Invalid, KefuError
from handoff.domain.ids import ConversationId
from handoff.domain.people import Agent
from handoff.services.access import access_conversation
from handoff.services.context import Services
from handoff.services.orders import public_order
from handoff.services.ports import Transaction
from handoff.services.rules import rules_of
from handoff.services.sla import sla_json
from handoff.services.views import case_json, handoff_json, message_for_agent, moment, summary, turn_json

OWNERS = ("me", "queue", "bot", "agent", "any")
STATUSES = ("open", "snoozed", "resolved")
# Orders on the customer's card.
ORDERS_SHOWN = 5


def summarise_all(tx: Transaction, conversations: Iterable[Conversation], services: Services) -> list[dict[str, Any]]:
    """The rows of a list."""
    conversations, now = list(conversations), services.now()
    with_humans = any(c.owner.type is not OwnerType.BOT for c in conversations)
    rules = rules_of(tx, services.policy) if with_humans else None
    teams = {t.id: t for t in tx.agents.teams()}
    inboxes = {i.id: i for i in tx.customers.inboxes()}
    customers = tx.customers.by_ids({c.customer_id for c in conversations})
    handoffs = tx.handoffs.by_ids({c.handoff_id for c in conversations if c.handoff_id})
    rows = []
    for c in conversations:
        handoff = handoffs.get(c.handoff_id) if c.handoff_id else None
        team = teams.get(c.team_id) if c.team_id else None
        row = summary(c, customers.get(c.customer_id), inboxes.get(c.inbox_id), team, handoff)
        rows.append(row | {"sla": sla_json(c, rules, now) if rules else None})
    return rows


def _cursor(conversation: Conversation) -> str:
    raw = json.dumps([moment(conversation.updated_at), conversation.updated_at.isoformat() if conversation.updated_at else "",
                      conversation.id])  # fmt: skip
    return base64.urlsafe_b64encode(raw.encode()).decode()


def _read_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    if not cursor:
        return None
    try:
        _, at, id = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        moment_before = datetime.fromisoformat(at)
        if moment_before.tzinfo is None:
            raise ValueError("a moment without its zone")
        return moment_before.astimezone(UTC), str(id).replace("\x00", "")
    except (ValueError, binascii.Error, TypeError, OverflowError, RecursionError):
        raise Invalid("cursor", "unknown") from None


async def list_conversations(
    services: Services, agent: Agent, *, owner: str, status: str | None, q: str | None, cursor: str | None, limit: int
) -> dict[str, Any]:
    """`{items, next_cursor}` of what this agent may see. Raises Invalid."""
    if owner not in OWNERS:
        raise Invalid("owner", "unknown")
    if status is not None and status not in STATUSES:
        raise Invalid("status", "unknown")
    before = _read_cursor(cursor)

    def work(tx: Transaction) -> dict[str, Any]:
        found = tx.conversations.search(agent=agent, owner=owner, status=status, q=q, before=before, limit=limit + 1)
        more = len(found) > limit and owner != "queue"
        page = found[:limit]
        return {"items": summarise_all(tx, page, services), "next_cursor": _cursor(page[-1]) if more else None}

    return await services.store.read(work)


async def read_conversation(services: Services, agent: Agent, id: ConversationId) -> dict[str, Any]:
    """Everything promise 3 names. Orders come from the shop; when it is away, `orders` is empty and `shop_available` false."""

    def work(tx: Transaction) -> tuple[dict[str, Any], str | None, list[str]]:
        c = access_conversation(tx, agent, id, lock=False)
        handoffs = [handoff_json(h) for h in tx.handoffs.of(id)]
        customer = tx.customers.get(c.customer_id)
        previous = [
            {"id": p.id, "status": p.status.value, "created_at": moment(p.created_at),
             "summary": next((h.summary for h in reversed(tx.handoffs.of(p.id))), "")}
            for p in tx.conversations.of_customer(c.customer_id)
            if p.id != id
        ]  # fmt: skip
        full = summarise_all(tx, [c], services)[0] | {
            "handoff": handoffs[-1] if handoffs else None,
            "handoffs": handoffs,
            "turns": [turn_json(t) for t in tx.turns.records(id)],
            "slots": c.slots,
            "facts": c.facts,
            "cases": [case_json(k) for k in tx.cases.search(customer_id=c.customer_id, limit=50)],
            "previous": previous,
        }
        numbers = [n for n in (c.slots.get("order_number"), *tx.records.granted_orders(id)) if isinstance(n, str)]
        return full, customer.identifier if customer else None, list(dict.fromkeys(numbers))

    full, identifier, numbers = await services.store.read(work)
    try:
        orders = await _orders(services, identifier, numbers, id)
        return full | {"orders": orders, "shop_available": True}
    except KefuError:
        return full | {"orders": [], "shop_available": False}


async def _orders(
    services: Services, identifier: str | None, numbers: list[str], id: ConversationId
) -> list[dict[str, Any]]:
    """The order talked about first, then the customer's latest; only what the customer himself may see."""
    own = await services.shop.customer_orders(identifier, ORDERS_SHOWN) if identifier else []
    known = {o["number"]: o for o in own}
    granted = await services.store.read(lambda tx: tx.records.granted_orders(id))
    for number in numbers:
        if number not in known:
            order = await services.shop.order(number)
            if order and (number in granted or order["customer_id"] == identifier):
                known[number] = order
    first = [known[n] for n in numbers if n in known]
    ordered = first + [o for o in own if o not in first]
    shown = []
    for order in ordered:
        parcels = [await services.shop.parcel(p["tracking_number"]) for p in order["parcels"]] if order in first else []
        details = [p for p in parcels if p] or order["parcels"]
        shown.append(public_order(order) | {"parcels": details})
    return shown


async def read_messages(
    services: Services, agent: Agent, id: ConversationId, after: int, before: int | None, limit: int
) -> dict[str, Any]:
    """A page of the log, private messages too."""

    def work(tx: Transaction) -> dict[str, Any]:
        c = access_conversation(tx, agent, id, lock=False)
        page = (
            tx.messages.before(id, before, limit)
            if before is not None
            else tx.messages.after(id, after, limit, private=True)
        )
        return {"items": [message_for_agent(m) for m in page], "last_seq": c.last_seq}

    return await services.store.read(work)


def queue_counts(tx: Transaction) -> list[dict[str, Any]]:
    """How many wait, by team."""
    waiting = [c.team_id for c in tx.conversations.waiting()]
    return [{"id": t.id, "waiting": waiting.count(t.id)} for t in tx.agents.teams()]


async def list_teams(services: Services) -> list[dict[str, Any]]:
    """`{id, name, waiting, online}` of every team."""

    def work(tx: Transaction) -> list[dict[str, Any]]:
        counts = {row["id"]: row["waiting"] for row in queue_counts(tx)}
        agents = tx.agents.all(services.now())
        return [
            {"id": t.id, "name": t.name, "waiting": counts.get(t.id, 0),
             "online": sum(a.presence.value == "online" and t.id in a.team_ids for a in agents)}
            for t in tx.agents.teams()
        ]  # fmt: skip

    return await services.store.read(work)


async def offers_for(services: Services, agent: Agent) -> list[dict[str, Any]]:
    """What rings at this agent now: sent when his desk (re)connects."""
    return [event for _, event in await services.store.read(lambda tx: offers_at(tx, services, {agent.id}))]


def offers_at(tx: Transaction, services: Services, agent_ids: Collection[str]) -> list[tuple[str, dict[str, Any]]]:
    """What rings at these agents now: whose desk, and the event."""
    now = services.now()
    found = []
    for handoff, c in tx.handoffs.open():
        if handoff.ringing in agent_ids and handoff.ring_until and handoff.ring_until > now:
            event = {
                "type": "handoff.offered",
                "conversation_id": c.id,
                "seq": c.last_seq,
                "epoch": c.owner.epoch,
                "handoff_id": handoff.id,
                "expires_at": moment(handoff.ring_until),
                "conversation": summarise_all(tx, [c], services)[0],
            }
            found.append((str(handoff.ringing), event))
    return found
