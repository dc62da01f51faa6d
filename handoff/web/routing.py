"""One table of routes: each says who may call it, what it takes, and is registered, documented and tested from there."""

from __future__ import annotations

import asyncio
import hmac
import json
import re
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from weakref import WeakValueDictionary

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError
from sanic import Request, Sanic
from sanic.response import HTTPResponse

from handoff.domain.errors import BadRequest, Forbidden, KefuError, NotFound, TooLarge, Unauthenticated
from handoff.domain.people import Agent, Role, Session
from handoff.services.context import Services
from handoff.services.idempotency import check_key
from handoff.services.login import agent_of
from handoff.services.sessions import authenticate
from handoff.settings import Settings
from handoff.web.addresses import is_internal
from handoff.web.once import once
from handoff.web.reading import read_object

# Everything but uploads fits easily; a text of 5,000 Chinese characters is 15 kB.
MAX_BODY = 64 * 1024
# Of a file that is too large so much is read and thrown away before it is refused.
MOST_READ_AWAY = 256 * 1024 * 1024
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Access(Enum):
    """Who may call a route."""

    PUBLIC = "public"
    """Anybody."""
    CUSTOMER = "customer"
    """A customer's session token."""
    AGENT = "agent"
    """Any agent who is logged in; what he may see is decided by object."""
    SUPERVISOR = "supervisor"
    """Supervisors and admins."""
    ADMIN = "admin"
    """Admins."""
    INTERNAL = "internal"
    """Our own processes, by the internal secret, from loopback."""


class Body(BaseModel):
    """A JSON body. Unknown fields are ignored, so that newer callers work with older servers."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


@dataclass
class Call:
    """One request, authenticated and read."""

    request: Request
    services: Services
    settings: Settings
    body: Any = None
    file: bytes = field(default=b"", repr=False)
    agent_or_none: Agent | None = None
    session_or_none: Session | None = None
    token: str = ""

    @property
    def agent(self) -> Agent:
        """The agent who calls."""
        if self.agent_or_none is None:
            raise Unauthenticated("log in again")
        return self.agent_or_none

    @property
    def session(self) -> Session:
        """The customer's session."""
        if self.session_or_none is None:
            raise Unauthenticated("no valid session")
        return self.session_or_none

    @property
    def key(self) -> str | None:
        """The Idempotency-Key. Raises Invalid."""
        return check_key(self.request.headers.get("idempotency-key"))

    def query(self, name: str) -> str | None:
        """A query parameter."""
        value = self.request.args.get(name)
        # PostgreSQL keeps no NUL; undecodable bytes were replaced before.
        return value.replace("\x00", "") or None if isinstance(value, str) else None

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number of the query, kept within bounds. Raises BadRequest."""
        value = self.query(name)
        if value is None:
            return default
        try:
            return max(low, min(high, int(value)))
        except ValueError:
            raise BadRequest(
                f"{name} must be a whole number", errors=[{"field": name, "code": "not_a_number"}]
            ) from None


Handler = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Route:
    """One line of the table."""

    method: str
    path: str
    access: Access
    handler: Handler
    body: type[Body] | None
    summary: str
    status: int = 200
    once: bool = False
    """Whether an Idempotency-Key makes a repeat answer as the first time."""
    again: Handler | None = None
    """What answers a repeat whose first answer went down with its gateway; None: doing it again does no harm."""
    upload: int | None = None
    """The body is a file of at most so many bytes, as it is: `call.file`."""


@dataclass
class Routes:
    """The routes of one module."""

    table: list[Route] = field(default_factory=list)

    def add(
        self,
        method: str,
        path: str,
        access: Access,
        summary: str,
        *,
        body: type[Body] | None = None,
        status: int = 200,
        once: bool = False,
        again: Handler | None = None,
        upload: int | None = None,
    ) -> Callable[[Handler], Handler]:
        """Register a handler: `async def f(call, **path_parameters) -> JSON object or HTTPResponse`."""

        def decorate(handler: Handler) -> Handler:
            self.table.append(Route(method, path, access, handler, body, summary, status, once, again, upload))
            return handler

        return decorate


def dump(value: Any) -> bytes:
    """JSON as it goes out; lone surrogates cannot, so they are replaced."""
    try:
        return orjson.dumps(value)
    except TypeError:  # half a character, or a number of more than 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def json_response(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> HTTPResponse:
    """A JSON answer that nobody caches or sniffs."""
    fixed = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return HTTPResponse(dump(value), status, fixed | (headers or {}), "application/json")


def error_response(error: KefuError) -> HTTPResponse:
    """A refusal as the caller sees it."""
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = {"code": error.code, "message": str(error), "errors": []} | error.extra
    return json_response(body, error.status, headers)


def bearer(request: Request) -> str:
    """The token of the Authorization header, or nothing. Never from the address."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def _authenticate(call: Call, route: Route) -> None:
    if route.access is Access.PUBLIC:
        return
    call.token = bearer(call.request)
    if route.access is Access.INTERNAL:
        right = call.settings.internal_secret.encode()
        if not hmac.compare_digest(call.token.encode("utf-8", "replace"), right):
            raise Unauthenticated("wrong secret")
        if not is_internal(call.request, call.settings.internal_from):
            raise Forbidden("only from our own processes")
    elif route.access is Access.CUSTOMER:
        call.session_or_none = await authenticate(call.services, call.token)
    else:
        agent = await agent_of(call.services, call.token)
        if route.access is Access.SUPERVISOR and not agent.oversees:
            raise Forbidden("this needs a supervisor")
        if route.access is Access.ADMIN and agent.role is not Role.ADMIN:
            raise Forbidden("this needs an admin")
        call.agent_or_none = agent


def _read_body(request: Request, model: type[Body]) -> Body:
    if len(request.body) > MAX_BODY:
        raise TooLarge(f"the body is longer than {MAX_BODY} bytes")
    raw = read_object(request.body or b"{}", "body")
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        fields = [{"field": ".".join(map(str, e["loc"])), "code": e["type"]} for e in error.errors()]
        refusal = KefuError("some fields are missing or wrong", errors=fields)
        refusal.status, refusal.code = 422, "invalid"
        raise refusal from None


async def _read_file(request: Request, most: int) -> bytes:
    """The body of a route that takes a file. Raises TooLarge, but only after the rest of it: who still sends would not read why."""
    parts: list[bytes] = []
    size = 0
    while (part := await request.stream.read()) is not None:  # type: ignore[union-attr]
        size += len(part)
        if size <= most:
            parts.append(part)
        elif size > MOST_READ_AWAY:
            break
        else:
            parts.clear()
    if size > most:
        raise TooLarge(f"the file is larger than {most // 2**20} MB")
    return b"".join(parts)


async def _answer(call: Call, route: Route, parameters: dict[str, str]) -> HTTPResponse:
    for value in parameters.values():
        if not _ID.fullmatch(value):
            raise NotFound("no such thing")
    await _authenticate(call, route)
    if route.upload is not None:
        call.file = await _read_file(call.request, route.upload)
    if route.body is not None:
        call.body = _read_body(call.request, route.body)
    key = call.key if route.once else None
    if key is None:
        return _respond(await route.handler(call, **parameters), route)
    # The same key twice at once: the second waits and gets the first one's answer.
    async with _under_way.setdefault(f"{call.agent.id}:{key}", asyncio.Lock()):
        return _respond(await once(call, route, parameters, key), route)


# Requests under way by their key; forgotten with the last one that waits.
_under_way: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


def _respond(result: Any, route: Route) -> HTTPResponse:
    return result if isinstance(result, HTTPResponse) else json_response(result, route.status)


def register(app: Sanic[Any, Any], table: list[Route], services: Services, settings: Settings) -> None:
    """Put the table's routes into the application."""
    for number, route in enumerate(table):
        app.add_route(
            _wrap(route, services, settings),
            route.path,
            methods=[route.method],
            name=f"{route.handler.__name__}_{number}",
            stream=route.upload is not None,
        )


def _wrap(route: Route, services: Services, settings: Settings) -> Callable[..., Coroutine[Any, Any, HTTPResponse]]:
    async def handle(request: Request, **parameters: str) -> HTTPResponse:
        call = Call(request, services, settings)
        try:
            return await _answer(call, route, parameters)
        except KefuError as error:
            return error_response(error)

    return handle
