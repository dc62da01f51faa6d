"""A customer's message comes in: stored first, then the owner decides."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from handoff.domain.conversation import Conversation, OwnerType, Status
from handoff.domain.errors import DuplicateMessage, Invalid, KefuError
from handoff.domain.escalation import TurnView, decide, team_for
from handoff.domain.human_request import asks_for_human
from handoff.domain.ids import ConversationId, CustomerId, InboxId
from handoff.domain.message import Draft, Message, Sender, check_client_id, check_text, text_content
from handoff.services.call_back import REQUEST_CALLBACK, do_call_back
from handoff.services.context import Policy, Services
from handoff.services.facts import Change
from handoff.services.ports import Transaction
from handoff.services.request import decision_for, do_request, known_team, summarise
from handoff.services.rules import rules_of, thresholds_now
from handoff.services.turn_request import do_claim

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Incoming:
    """What a channel understood of a customer's frame or request: words, or a pressed button."""

    client_id: str
    text: str | None = None
    option_id: str | None = None


@dataclass(frozen=True)
class Received:
    """The stored message's place, and what it did."""

    seq: int
    conversation: Conversation
    change: Change | None = None
    """None when the message was stored before."""


def check_incoming(client_id: object, text: object = None, option_id: object = None) -> Incoming:
    """A well-formed message of a customer. Raises Invalid or TooLarge."""
    identifier = check_client_id(client_id)
    if option_id is not None:
        if not isinstance(option_id, str) or not 0 < len(option_id) <= 64:
            raise Invalid("option_id", "unknown_option")
        return Incoming(identifier, option_id=option_id)
    return Incoming(identifier, text=check_text(text))


async def receive(
    services: Services, customer_id: CustomerId, inbox_id: InboxId, locale: str, incoming: Incoming
) -> Received:
    """Store a message of a customer and say who has it now. The same `client_id` again changes nothing.

    Where this process has a place free for it, the bot's turn is claimed in the same transaction.
    """

    def store(tx: Transaction) -> Received:
        return do_receive(tx, services.policy, customer_id, inbox_id, locale, incoming, services.now())

    def store_and_claim(tx: Transaction) -> Received:
        received = store(tx)
        if received.change is None or not received.conversation.unanswered:
            return received
        claimed = do_claim(tx, services, received.conversation.id)
        return replace(received, change=replace(received.change, claimed=claimed))

    if services.bot_places.locked():
        received = await services.store.write(store)
    else:
        try:
            received = await services.store.write(store_and_claim)
        except KefuError:
            raise
        except Exception:  # a turn that cannot be begun must not keep a message from being stored
            log.exception("claiming a turn")
            received = await services.store.write(store)
    if received.change is not None:
        await services.hub.announce(received.change)
    return received


def do_receive(
    tx: Transaction,
    policy: Policy,
    customer_id: CustomerId,
    inbox_id: InboxId,
    locale: str,
    incoming: Incoming,
    now: datetime,
) -> Received:
    """The transaction of `receive`."""
    # A retry must neither reopen an ended conversation that has the message already nor say it again in a new one.
    id = tx.conversations.ended_with(customer_id, incoming.client_id) or tx.conversations.lock_current(customer_id)
    if id is None:
        id = open_conversation(tx, customer_id, inbox_id, locale, now).id
    content, meaning = _content(tx, id, incoming)
    draft = Draft(id, Sender.CUSTOMER, content, client_id=incoming.client_id)
    try:
        message, conversation = tx.messages.append_and_read(draft, as_owner=None, at=now)
    except DuplicateMessage as duplicate:
        return Received(duplicate.seq, tx.conversations.lock(id))
    if meaning == REQUEST_CALLBACK:
        change = _ask_for_call_back(tx, policy, conversation, message, now)
        return Received(message.seq, change.conversation, change)
    wants_human = meaning == "request_human" or (incoming.text is not None and asks_for_human(incoming.text))
    if wants_human and conversation.owner.type is not OwnerType.AGENT:
        change = _ask_for_human(tx, policy, conversation, message, now)
    else:
        change = Change(conversation, (message,))
    return Received(message.seq, change.conversation, change)


def _ask_for_human(
    tx: Transaction, policy: Policy, conversation: Conversation, message: Message, now: datetime
) -> Change:
    """Into the queue in one step; what else he said (a lawyer, a burn, money gone) decides where and how urgently."""
    views = [t.view() for t in tx.turns.records(conversation.id)]
    customer = tx.customers.get(conversation.customer_id)
    said = TurnView(seq=message.seq, text=message.text)
    plain = decision_for(
        "asked_for_human", message.text, message.seq, team_for([v.intent for v in views], "asked_for_human")
    )
    decision = decide([*views, said], thresholds_now(tx, policy), vip=bool(customer and customer.vip)) or plain
    change = do_request(tx, conversation, decision, policy, now)
    return replace(change, messages=(message, *change.messages))


def _ask_for_call_back(
    tx: Transaction, policy: Policy, conversation: Conversation, message: Message, now: datetime
) -> Change:
    """The customer pressed the button for it. With an agent already there it is only his words."""
    if conversation.owner.type is OwnerType.AGENT:
        return Change(conversation, (message,))
    records = tx.turns.records(conversation.id)
    team = team_for([r.intent for r in records], "asked_for_human")
    decision = decision_for("callback", message.text, message.seq, team)
    rules = rules_of(tx, policy)
    summary = summarise(conversation, records, decision)
    change = do_call_back(tx, conversation, decision, known_team(tx, team), rules, now, summary, "callback_asked")
    return replace(change, messages=(message, *change.messages))


def open_conversation(
    tx: Transaction, customer_id: CustomerId, inbox_id: InboxId, locale: str, now: datetime
) -> Conversation:
    """The customer's one conversation that goes on: the current, the reopened, or a new one linked to the last."""
    current = tx.conversations.current(customer_id)
    if current is not None:
        return current
    latest = tx.conversations.latest(customer_id)
    if latest is not None and latest.may_reopen(now):
        reopened = replace(latest, status=Status.OPEN, resolved_at=None)
        tx.conversations.save(reopened)
        return reopened
    return tx.conversations.create(customer_id, inbox_id, locale, latest.id if latest else None)


def _content(tx: Transaction, id: ConversationId, incoming: Incoming) -> tuple[dict[str, Any], str | None]:
    if incoming.option_id is None:
        return text_content(incoming.text or ""), None
    # {turn}-{message}-{n}: the button's meaning stays with us, the browser only gets this.
    turn, _, rest = incoming.option_id.partition("-")
    message = tx.messages.by_client_id(id, f"{id}:{turn}:{rest.partition('-')[0]}")
    options = message.content.get("options", []) if message else []
    option = next((o for o in options if o["id"] == incoming.option_id), None)
    if option is None:
        raise Invalid("option_id", "unknown_option")
    content = text_content(option["title"]) | {"option_id": incoming.option_id, "parse_data": option["parse_data"]}
    return content, str(option["parse_data"]["intent"]["name"])
