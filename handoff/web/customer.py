"""What the widget asks over HTTP: sessions, and messages where no WebSocket gets through."""

from __future__ import annotations

import asyncio
from typing import Any

from sanic.response import HTTPResponse

from handoff.channels.web import place_json
from handoff.domain.conversation import Conversation, OwnerType
from handoff.domain.errors import Invalid, RateLimited
from handoff.services.places import place_of
from handoff.services.receive import check_incoming, receive
from handoff.services.sessions import open_session, reset
from handoff.services.standing import Standing, reading, standing_of
from handoff.services.subscription import PAGE
from handoff.services.texts import both
from handoff.services.views import message_for_customer, public_owner
from handoff.web.addresses import address_hash, client_address
from handoff.web.limits import check_message_rate
from handoff.web.routing import Access, Body, Call, Routes, json_response

# New sessions from one address in a minute: a family behind one router, not a crawler.
SESSIONS_PER_MINUTE = 60
MAX_WAIT_SECONDS = 25


class NewSession(Body):
    """Who comes, from which website."""

    website_token: str
    identifier: str | None = None
    identifier_hash: str | None = None
    name: str | None = None
    email: str | None = None
    locale: str | None = None
    token: str | None = None


class NewMessage(Body):
    """Words, or a pressed button."""

    client_id: str
    text: str | None = None
    option_id: str | None = None


routes = Routes()


@routes.add(
    "POST", "/api/v1/widget/sessions", Access.PUBLIC, "Open, resume or identify a customer's session", body=NewSession
)
async def new_session(call: Call) -> dict[str, Any]:
    """`{token, conversation_id, customer_id, verified, locale, config}`."""
    body: NewSession = call.body
    wait = await call.services.limits.hit(f"sessions:{client_address(call.request)}", SESSIONS_PER_MINUTE, 60)
    if wait is not None:
        raise RateLimited("too many new sessions from this address", retry_after=wait)
    opened = await open_session(
        call.services,
        website_token=body.website_token,
        origin=call.request.headers.get("origin"),
        own_origin=call.settings.base_url,
        identifier=body.identifier,
        given_hash=body.identifier_hash,
        name=body.name,
        email=body.email,
        locale=body.locale,
        token=body.token,
        address=address_hash(call.request, call.settings),
    )
    return {
        "token": opened.token,
        "conversation_id": opened.conversation.id,
        "customer_id": opened.session.customer_id,
        "verified": opened.session.verified,
        "locale": opened.session.locale,
        "config": {"title": both("title"), "greeting": both("greeting")},
    }


@routes.add("POST", "/api/v1/widget/sessions/reset", Access.CUSTOMER, "Revoke the session")
async def reset_session(call: Call) -> dict[str, Any]:
    """The token is worth nothing afterwards."""
    await reset(call.services, call.token)
    return {"reset": True}


async def queue_place(call: Call, conversation: Conversation) -> dict[str, Any] | None:
    """Where a waiting customer stands."""
    if conversation.owner.type is not OwnerType.QUEUE:
        return None
    place = await call.services.store.read(lambda tx: place_of(tx, conversation, call.services.now()))
    return place_json(place)


@routes.add("POST", "/api/v1/widget/messages", Access.CUSTOMER, "Send a message", body=NewMessage, status=202)
async def send_message(call: Call) -> HTTPResponse:
    """202: it is stored; `owner` says who has it now, `queue` where it waits."""
    body: NewMessage = call.body
    check_message_rate(call.settings, call.session.customer_id)
    incoming = check_incoming(body.client_id, body.text, body.option_id)
    session = call.session
    received = await receive(call.services, session.customer_id, session.inbox_id, session.locale, incoming)
    answer: dict[str, Any] = {
        "seq": received.seq,
        "conversation_id": received.conversation.id,
        "owner": public_owner(received.conversation.owner),
    }
    if place := await queue_place(call, received.conversation):
        answer["queue"] = place
    return json_response(answer, 202)


@routes.add(
    "GET", "/api/v1/widget/messages", Access.CUSTOMER, "Read messages after a cursor, waiting up to 25 s for the next"
)
async def read_messages(call: Call) -> dict[str, Any]:
    """`{items, last_seq, owner, conversation_id, queue?}`."""
    after = call.number("after", 0, -(2**31), 2**31 - 1)
    if after < 0:
        raise Invalid("after", "negative")
    wait = call.number("wait", 0, 0, MAX_WAIT_SECONDS)
    limit = call.number("limit", PAGE, 1, PAGE)
    standing = await standing_of(call.services, call.session, after, limit)
    if not standing.page and wait:
        await _next_message(call, standing, wait)
        standing = await standing_of(call.services, call.session, after, limit)
    answer = {
        "items": [message_for_customer(m) for m in standing.page],
        "last_seq": standing.conversation.last_public_seq,
        "conversation_id": standing.conversation.id,
        "owner": public_owner(standing.conversation.owner),
    }
    if standing.place is not None:
        answer["queue"] = place_json(standing.place)
    return answer


async def _next_message(call: Call, standing: Standing, seconds: float) -> None:
    """Wait for what comes after the customer's look, so long at most."""
    id = standing.conversation.id
    with call.services.hub.subscribe(id) as subscription:
        read = reading(call.services, id, [])  # again: something may have come before the subscription
        try:
            async with asyncio.timeout(seconds):
                async for _ in subscription.items(standing.cursor, read, private=False):
                    break
        except TimeoutError:
            pass
