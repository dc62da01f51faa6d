"""The Rasa input channel that the gateway talks to (docs/interfaces.md, section 2)."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from bot.conversation import Conversation, UnknownMeaning
from bot.processor import TurnFailed, TurnProcessor
from bot.request import BadRequest, TurnRequest, parse
from bot.tracker_store import KefuTrackerStore

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = "1"


class TurnRunning(Exception):
    """This message_id is being worked on."""


class KefuInput(InputChannel):
    """`POST webhook`, `GET health` and `POST erase` under `/webhooks/kefu/`."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._conversation: Conversation | None = None
        self._warm = False
        self._running: set[str] = set()
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    @classmethod
    def name(cls) -> str:
        return "kefu"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> KefuInput:
        """`{secret}`; a missing one stops the start."""
        secret = (credentials or {}).get("secret")
        if not isinstance(secret, str) or not secret or secret.startswith("${"):
            raise RasaException("bot.channel.KefuInput needs a secret: set KEFU_RASA_SECRET.")
        return cls(secret)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[None]]) -> Blueprint:
        """`on_new_message` hides failures and is not used: the channel drives the processor itself."""
        blueprint = Blueprint("kefu")

        @blueprint.listener("after_server_start")  # type: ignore[untyped-decorator]
        async def warm_up(app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
            await self.start(getattr(app.ctx, "agent", None))

        @blueprint.get("/health")
        async def health(request: Request) -> HTTPResponse:
            return _answer(200, {"status": "ok"}) if self._warm else _error(503, "not_ready")

        @blueprint.post("/webhook")
        async def webhook(request: Request) -> HTTPResponse:
            return await self._serve(request, self._turn)

        @blueprint.post("/erase")
        async def erase(request: Request) -> HTTPResponse:
            return await self._serve(request, self._erase)

        return blueprint

    async def start(self, agent: Agent | None) -> None:
        """Take over the loaded agent and play a turn that nobody sees; health is true only after it."""
        if agent is None or agent.processor is None:
            logger.error("No model is loaded: train one first.")
            return
        # Rasa wraps every store in one that hides its failures; ours lies inside.
        store = getattr(agent.tracker_store, "_tracker_store", agent.tracker_store)
        if not isinstance(store, KefuTrackerStore):
            logger.error("The tracker store is %s, not bot.tracker_store.KefuTrackerStore.", type(store).__name__)
            return
        conversation = Conversation(TurnProcessor(agent.processor, store), store)
        try:
            await conversation.rehearse()
        except Exception:
            logger.exception("The warm-up turn failed.")
            return
        self._conversation, self._warm = conversation, True

    async def _serve(
        self, request: Request, handle: Callable[[Conversation, bytes], Awaitable[HTTPResponse]]
    ) -> HTTPResponse:
        given = request.headers.get("authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, b"Bearer " + self._secret):
            return _error(403, "forbidden")
        if self._conversation is None:
            return _error(503, "not_ready")
        conversation = self._conversation
        # The turn outlives the connection: half a turn would leave its effects and forget the message.
        task = asyncio.ensure_future(handle(conversation, request.body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _turn(self, conversation: Conversation, body: bytes) -> HTTPResponse:
        try:
            request = parse(body)
            async with self._alone(request):
                return _answer(200, await conversation.answer(request))
        except BadRequest as error:
            return _error(error.status, error.code, error.field)
        except UnknownMeaning as error:
            return _error(422, "invalid", str(error))
        except TurnRunning:
            return _error(409, "turn_running")
        except TurnFailed as error:
            logger.error("A turn failed: %s", error)
        except Exception as error:
            # Names and places only: a message of an exception may quote the customer.
            logger.error("A turn failed: %s", type(error).__name__, exc_info=logger.isEnabledFor(logging.DEBUG))
        return _error(503, "turn_failed")

    async def _erase(self, conversation: Conversation, body: bytes) -> HTTPResponse:
        """`{senders: [...]}` → `{events: n}`: nothing of these conversations is left here."""
        try:
            senders = json.loads(body)["senders"]
            if not isinstance(senders, list) or not all(isinstance(sender, str) for sender in senders):
                raise ValueError("senders")
        except (ValueError, KeyError, TypeError, RecursionError):
            return _error(422, "invalid", "senders")
        return _answer(200, {"events": await conversation.store.forget(senders)})

    @contextlib.asynccontextmanager
    async def _alone(self, request: TurnRequest) -> AsyncIterator[None]:
        """One turn at a time in a conversation, in the order of arrival; the same message_id never twice at once."""
        if request.message_id in self._running:
            raise TurnRunning(request.message_id)
        self._running.add(request.message_id)
        lock, users = self._locks.get(request.sender, (asyncio.Lock(), 0))
        self._locks[request.sender] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            self._running.discard(request.message_id)
            lock, users = self._locks[request.sender]
            if users == 1:
                del self._locks[request.sender]
            else:
                self._locks[request.sender] = (lock, users - 1)


def _answer(status: int, body: dict[str, Any]) -> HTTPResponse:
    return json_response(body, status=status, dumps=lambda data: json.dumps(data, ensure_ascii=False))


_MESSAGES = {
    400: "The body is not a JSON object.",
    403: "The secret is missing or wrong.",
    409: "This message_id is being worked on.",
    413: "The body is too large.",
    422: "A field is missing or not valid.",
}


def _error(status: int, code: str, field: str = "") -> HTTPResponse:
    message = _MESSAGES.get(
        status, "The turn failed; nothing was saved." if code == "turn_failed" else "Not ready yet."
    )
    errors = [{"field": field, "code": code}] if field else []
    response = _answer(status, {"code": "bad_fields" if status == 422 else code, "message": message, "errors": errors})
    if status == 503:
        response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response
