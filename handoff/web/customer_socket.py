"""`/ws/customer`: a visible state machine. Waiting for auth → following one conversation → closed with a code."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from sanic import Request
from sanic.exceptions import WebsocketClosed
from sanic.server.websockets.impl import WebsocketImplProtocol

from handoff.channels.web import error_frame, parse, place_json, render
from handoff.domain.conversation import OwnerType
from handoff.domain.errors import Invalid, KefuError, OriginNotAllowed, Unauthenticated, Unavailable
from handoff.domain.ids import ConversationId
from handoff.domain.people import Session
from handoff.services.context import Services
from handoff.services.facts import Typing
from handoff.services.receive import receive
from handoff.services.sessions import customer_read, hash_token, shown_conversation
from handoff.services.standing import Standing, reading, resume, standing_in, standing_of
from handoff.services.subscription import Subscription
from handoff.services.views import public_owner
from handoff.settings import Settings
from handoff.web.addresses import client_address
from handoff.web.frames import Frames
from handoff.web.heartbeat import Heartbeat
from handoff.web.limits import check_message_rate
from handoff.web.sockets import (
    BAD_FRAME,
    ORIGIN,
    RESTARTING,
    REVOKED,
    UNAUTHENTICATED,
    Closed,
    Guard,
    first_frame,
    hang_up,
    one_of_few,
    parse_frame,
    send,
    while_reading,
)

log = logging.getLogger(__name__)


class CustomerSocket:
    """One connection of one customer."""

    def __init__(self, ws: WebsocketImplProtocol, services: Services, settings: Settings) -> None:
        self._ws, self._services, self._settings = ws, services, settings
        self._frames = Frames(ws)
        self._conversation_id = ""
        self._standing: Standing | None = None
        self._subscription: Subscription | None = None

    async def run(self, origin: str | None) -> None:
        """Serve until either side ends it."""
        try:
            session, token = await self._authenticate(origin)
            with self._services.hub.socket(hash_token(token)) as revoked:
                await while_reading(self._read(session), self._follow(session), revoked)
        except Closed as closed:
            await hang_up(self._ws, closed)
        except WebsocketClosed:  # he has hung up while something was on its way to him; it is in the log
            pass
        except asyncio.CancelledError:
            await hang_up(self._ws, Closed(RESTARTING, "restarting"))
            raise

    async def _authenticate(self, origin: str | None) -> tuple[Session, str]:
        frame = await first_frame(self._frames)
        after = frame.get("after", 0)
        if not isinstance(after, int) or isinstance(after, bool) or after < 0:
            raise Closed(BAD_FRAME, "after must be a whole number from 0")
        base_url = self._settings.base_url
        try:
            session, self._standing = await resume(self._services, frame.get("token"), origin, base_url, after)
        except Unauthenticated as error:
            raise Closed(UNAUTHENTICATED, str(error)) from None
        except OriginNotAllowed as error:
            raise Closed(ORIGIN, str(error)) from None
        return session, str(frame["token"])

    async def _follow(self, session: Session) -> None:
        """Send the log after the cursor, for ever; when the customer moves to a new conversation, follow that from its start."""
        while True:
            standing, self._standing = self._standing or await standing_of(self._services, session, 0), None
            id = self._conversation_id = standing.conversation.id
            with self._services.hub.subscribe(id) as subscription:
                self._subscription = subscription
                if self._services.hub.told_beyond(id, standing.conversation.head):
                    standing = await self._look_again(id, standing.cursor)
                await self._hello(standing)
                items = subscription.items(standing.cursor, reading(self._services, id, [standing.page]), private=False)
                del standing  # the connection may be idle for hours
                async for item in items:
                    await send(self._ws, render(item))

    async def _look_again(self, id: ConversationId, after: int) -> Standing:
        """Followed before it is looked at: what changes from here on is told after the hello, not missed."""
        standing = await standing_in(self._services, id, after)
        if standing is None:
            raise Closed(REVOKED, "the conversation was erased")
        return standing

    async def _hello(self, standing: Standing) -> None:
        """Say where it stands."""
        conversation = standing.conversation
        self._services.hub.greeted(conversation.id, conversation.head)
        hello: dict[str, Any] = {
            "type": "hello",
            "conversation_id": conversation.id,
            "owner": public_owner(conversation.owner),
            "last_seq": conversation.last_public_seq,
            "read_seq": conversation.customer_read_seq,
            "agent_read_seq": conversation.public_read_seq,
        }
        if standing.place is not None:
            hello["queue"] = place_json(standing.place)
        await send(self._ws, hello)

    async def _read(self, session: Session) -> None:
        guard = Guard()
        async for raw in self._frames:
            guard.admit(raw)
            frame: dict[str, Any] = {}
            try:
                frame = parse_frame(raw)
                await self._handle(session, frame)
                guard.good()
            except KefuError as error:
                await send(self._ws, error_frame(error, frame.get("client_id")))
                guard.bad(error)
            except (Closed, WebsocketClosed):
                raise
            except Exception:  # our fault: the customer is told, his message is sent again by the widget
                log.exception("customer frame")
                broken = Unavailable("unavailable", "something went wrong on our side; please send it again")
                await send(self._ws, error_frame(broken, frame.get("client_id")))

    async def _handle(self, session: Session, frame: dict[str, Any]) -> None:
        kind = frame.get("type")
        if kind in ("message", "choice"):
            incoming = parse(frame)
            check_message_rate(self._settings, session.customer_id)
            received = await receive(self._services, session.customer_id, session.inbox_id, session.locale, incoming)
            await send(self._ws, {"type": "ack", "client_id": incoming.client_id, "seq": received.seq})
            if received.conversation.id != self._conversation_id and self._subscription is not None:
                self._subscription.stop()
        elif kind == "read":
            await customer_read(self._services, session, frame.get("seq"))
        elif kind == "typing":
            await self._typing(session)
        elif kind == "ping":
            await send(self._ws, {"type": "pong"})
        elif kind == "auth":
            raise Invalid("type", "already_authenticated")
        else:
            raise Invalid("type", "unknown_frame_type")

    async def _typing(self, session: Session) -> None:
        services = self._services
        conversation = await services.store.read(lambda tx: shown_conversation(tx, session, services.now()))
        if conversation is not None and conversation.owner.type is OwnerType.AGENT:
            await services.hub.typing(Typing(conversation.id, "customer", conversation.owner.id))


async def serve_customer(
    request: Request, ws: WebsocketImplProtocol, services: Services, settings: Settings, heartbeat: Heartbeat
) -> None:
    """Sanic's handler."""
    with one_of_few(client_address(request), settings) as refusal, heartbeat.of(ws):
        if refusal is not None:
            await hang_up(ws, refusal)
            return
        await CustomerSocket(ws, services, settings).run(request.headers.get("origin"))
