"""`/ws/agent`: events of what an agent may see. No cursor: after (re)connecting the desk reads its lists again."""

from __future__ import annotations

import asyncio
from typing import Any

from sanic import Request
from sanic.exceptions import WebsocketClosed
from sanic.server.websockets.impl import WebsocketImplProtocol

from handoff.domain.conversation import OwnerType
from handoff.domain.errors import Invalid, KefuError, Unauthenticated
from handoff.domain.ids import ConversationId
from handoff.domain.people import Agent
from handoff.services.context import Services
from handoff.services.desk import offers_for
from handoff.services.facts import Typing
from handoff.services.hub import Desk
from handoff.services.login import agent_of, beat
from handoff.services.presence import arrive
from handoff.services.sessions import hash_token
from handoff.settings import Settings
from handoff.web.addresses import client_address
from handoff.web.frames import Frames
from handoff.web.heartbeat import Heartbeat
from handoff.web.sockets import (
    ORIGIN,
    RESTARTING,
    TOO_SLOW,
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


class AgentSocket:
    """One desk."""

    def __init__(self, ws: WebsocketImplProtocol, services: Services, settings: Settings) -> None:
        self._ws, self._services, self._settings = ws, services, settings
        self._frames = Frames(ws)

    async def run(self, origin: str | None) -> None:
        """Serve until either side ends it."""
        try:
            if origin is not None and origin != self._settings.base_url:
                raise Closed(ORIGIN, "not our own page")
            frame = await first_frame(self._frames)
            try:
                agent = await agent_of(self._services, frame.get("token"))
            except Unauthenticated as error:
                raise Closed(UNAUTHENTICATED, str(error)) from None
            token = str(frame["token"])
            with self._services.hub.socket(hash_token(token)) as revoked, self._services.hub.desk(agent) as desk:
                await self._welcome(agent, desk)
                await while_reading(self._read(agent, token), self._send_events(desk), revoked)
        except Closed as closed:
            await hang_up(self._ws, closed)
        except WebsocketClosed:  # as with customers; a desk that comes back reads its lists again
            pass
        except asyncio.CancelledError:
            await hang_up(self._ws, Closed(RESTARTING, "restarting"))
            raise

    async def _welcome(self, agent: Agent, desk: Desk) -> None:
        await arrive(self._services, agent)
        fresh = await self._services.store.read(lambda tx: tx.agents.get(agent.id, self._services.now()))
        await send(self._ws, {"type": "hello", "agent": (fresh or agent).to_json()})
        for offer in await offers_for(self._services, agent):
            desk.offer(offer)

    async def _send_events(self, desk: Desk) -> None:
        async for events in desk.events():
            await send(self._ws, *events)
        raise Closed(TOO_SLOW, "too far behind; read the lists again")

    async def _read(self, agent: Agent, token: str) -> None:
        guard = Guard()
        async for raw in self._frames:
            guard.admit(raw)
            try:
                await self._handle(agent, token, parse_frame(raw))
                guard.good()
            except Unauthenticated as error:
                raise Closed(UNAUTHENTICATED, str(error)) from None
            except KefuError as error:
                await send(self._ws, {"type": "error", "code": error.code, "message": str(error)})
                guard.bad(error)

    async def _handle(self, agent: Agent, token: str, frame: dict[str, Any]) -> None:
        kind = frame.get("type")
        if kind == "ping":
            await agent_of(self._services, token)  # an expired log-in ends here
            await beat(self._services, agent)
            await send(self._ws, {"type": "pong"})
        elif kind == "typing":
            await self._typing(agent, frame.get("conversation_id"))
        else:
            raise Invalid("type", "unknown_frame_type")

    async def _typing(self, agent: Agent, id: object) -> None:
        """Only the owner's typing is shown; anybody else's is nobody's business."""
        if not isinstance(id, str):
            raise Invalid("conversation_id", "required")
        conversation = await self._services.store.read(lambda tx: tx.conversations.get(ConversationId(id)))
        if conversation and conversation.owner.type is OwnerType.AGENT and conversation.owner.id == agent.id:
            await self._services.hub.typing(Typing(conversation.id, "agent"))


async def serve_agent(
    request: Request, ws: WebsocketImplProtocol, services: Services, settings: Settings, heartbeat: Heartbeat
) -> None:
    """Sanic's handler."""
    with one_of_few(client_address(request), settings) as refusal, heartbeat.of(ws):
        if refusal is not None:
            await hang_up(ws, refusal)
            return
        await AgentSocket(ws, services, settings).run(request.headers.get("origin"))
