"""Who may see an order, and what may be done with it. The service calls the shop, never the bot.

A verified customer sees his own; anybody else needs the number and the last four digits of its phone. Wrong number, wrong
digits and somebody else's order give one answer.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from handoff.domain.errors import (
    Invalid,
    KeyReused,
    NotFound,
    OrderNotFound,
    TooManyTries,
    VerificationRequired,
)
from handoff.domain.ids import ConversationId, CustomerId
from handoff.services.context import Services
from handoff.services.idempotency import request_hash
from handoff.services.ports import Transaction
from handoff.services.shop import JsonObject

# Tries per conversation, customer and address in an hour: enough for typos, hopeless for guessing four digits.
TRIES = 5
TRY_WINDOW_SECONDS = 3600
# Tries for one order number by anybody in an hour: new conversations cost nothing, and four digits are only ten thousand.
NUMBER_TRIES = 20
_PRIVATE = ("customer_id", "phone_last4")
_NUMBER = re.compile(r"[A-Z0-9-]{4,40}")


@dataclass(frozen=True)
class Asker:
    """The customer behind a conversation, as our own tables know him."""

    conversation_id: ConversationId
    customer_id: CustomerId
    identifier: str | None
    granted: tuple[str, ...]
    address: str | None


def public_order(order: JsonObject) -> JsonObject:
    """An order without what identifies its owner."""
    return {k: v for k, v in order.items() if k not in _PRIVATE}


def check_order_number(value: object) -> str:
    """An order number as the shop writes it. Raises OrderNotFound: what no order is called, no order is."""
    if not isinstance(value, str):
        raise Invalid("order_number", "not_a_string")
    number = re.sub(r"\s+", "", value).upper()
    if not _NUMBER.fullmatch(number):
        raise OrderNotFound("no order with this number and these digits")
    return number


async def asker(services: Services, conversation_id: ConversationId) -> Asker:
    """Raises NotFound."""

    def work(tx: Transaction) -> Asker:
        conversation = tx.conversations.get(conversation_id)
        if conversation is None:
            raise NotFound("no such conversation")
        customer = tx.customers.get(conversation.customer_id)
        return Asker(
            conversation_id,
            conversation.customer_id,
            customer.identifier if customer else None,
            tuple(tx.records.granted_orders(conversation_id)),
            tx.customers.last_address(conversation.customer_id),
        )

    return await services.store.read(work)


async def _fetch(services: Services, who: Asker, number: str, digits: str | None) -> JsonObject:
    """The order, if this customer may see it; counts a try when he has to prove it."""
    order = await services.shop.order(number)
    if order is not None and (number in who.granted or (who.identifier and order["customer_id"] == who.identifier)):
        return order
    keys = [f"order:{who.conversation_id}", f"order:{who.customer_id}"]
    by_address = f"order-address:{who.address}"
    if who.address:
        keys.append(by_address)
    if digits is None:
        # Before any digits are seen nothing is told: not even whether the number exists.
        for key in keys:
            if (wait := await services.limits.peek(key, TRIES)) is not None:
                raise TooManyTries("too many tries for now", retry_after=wait)
        raise VerificationRequired("the last four digits of the order's phone are needed")
    for key, tries in [(key, TRIES) for key in keys] + [(f"order-number:{number}", NUMBER_TRIES)]:
        if (wait := await services.limits.hit(key, tries, TRY_WINDOW_SECONDS)) is not None:
            raise TooManyTries("too many tries for now", retry_after=wait)
    # Chinese keyboards type full-width digits.
    said = unicodedata.normalize("NFKC", digits).strip()
    right = hmac.compare_digest(
        str(order["phone_last4"] if order else "----").encode(), said.encode("utf-8", "replace")
    )
    if order is None or not right:
        raise OrderNotFound("no order with this number and these digits")
    if who.address:
        # A family or an office behind one address looks up many orders, but rarely guesses wrong.
        await services.limits.take_back(by_address)
    now = services.now()
    await services.store.write(lambda tx: tx.records.grant_order(who.conversation_id, who.customer_id, number, now))
    return order


async def lookup_order(
    services: Services, conversation_id: ConversationId, order_number: object, digits: object = None
) -> JsonObject:
    """The order, with its private fields. Raises OrderNotFound, VerificationRequired, TooManyTries, Unavailable."""
    if digits is not None and not isinstance(digits, str):
        raise Invalid("phone_last4", "not_a_string")
    who = await asker(services, conversation_id)
    number = check_order_number(order_number)
    return await _fetch(services, who, number, digits or None)


async def access_order(services: Services, conversation_id: ConversationId, number: object) -> JsonObject:
    """As lookup_order without digits: for writes, after the order was opened."""
    return await lookup_order(services, conversation_id, number)


async def list_orders(services: Services, conversation_id: ConversationId, limit: int) -> tuple[bool, list[JsonObject]]:
    """Whether the customer is verified, and his orders; unverified: only those opened in this conversation."""
    who = await asker(services, conversation_id)
    if who.identifier:
        return True, await services.shop.customer_orders(who.identifier, limit)
    found = await asyncio.gather(*(services.shop.order(number) for number in who.granted[:limit]))
    return False, [order for order in found if order is not None]


async def parcels(
    services: Services, conversation_id: ConversationId, order_number: object, tracking_number: object
) -> list[JsonObject]:
    """The parcels of an order, or the one with this tracking number, under the same rules as the order itself."""
    if order_number is None and tracking_number is None:
        raise Invalid("order_number", "required")
    if order_number is None:
        if not isinstance(tracking_number, str):
            raise Invalid("tracking_number", "not_a_string")
        parcel = await services.shop.parcel(check_order_number(tracking_number))
        who = await asker(services, conversation_id)
        # An unknown tracking number and somebody else's end alike.
        await _fetch(services, who, parcel["order_number"] if parcel else "-", None)
        return [parcel] if parcel else []
    order = await lookup_order(services, conversation_id, order_number)
    found = await asyncio.gather(*(services.shop.parcel(p["tracking_number"]) for p in order["parcels"]))
    return [parcel for parcel in found if parcel is not None]


Effect = Callable[[], Awaitable[JsonObject]]


async def change_order(
    services: Services,
    conversation_id: ConversationId,
    order_number: object,
    action: str,
    request: dict[str, Any],
    key: str,
    effect: Callable[[str], Awaitable[JsonObject]],
) -> JsonObject:
    """Do something with an order once per `key`: the shop is asked with the same key until its answer is stored."""
    order = await access_order(services, conversation_id, order_number)
    number = order["number"]
    scope, digest = f"order:{action}", request_hash([number, request])
    before = await services.store.read(lambda tx: tx.records.answer(scope, key))
    if before is not None:
        if before[0] != digest:
            raise KeyReused(f"Idempotency-Key {key} was used before for another request")
        return before[1]
    answer = await effect(number)
    who = await asker(services, conversation_id)

    def keep(tx: Transaction) -> None:
        if tx.records.answer(scope, key) is None:
            tx.records.keep_answer(scope, key, digest, answer, who.customer_id, services.now())

    await services.store.write(keep)
    return answer
