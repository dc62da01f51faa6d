"""The gateway's application: routes, sockets, pages, and what every answer carries."""

from __future__ import annotations

import itertools
import logging
from typing import Any

from sanic import Request, Sanic
from sanic.exceptions import PayloadTooLarge, SanicException
from sanic.response import BaseHTTPResponse, HTTPResponse
from sanic.server.websockets.impl import WebsocketImplProtocol

from handoff import __version__
from handoff.bootstrap import Gateway
from handoff.domain.errors import KefuError
from handoff.web import admin, agent, cases, customer, faq, health, internal, outbox
from handoff.web.agent_socket import serve_agent
from handoff.web.customer_socket import serve_customer
from handoff.web.heartbeat import Heartbeat
from handoff.web.openapi import describe
from handoff.web.origins import Origins
from handoff.web.pages import register_pages
from handoff.web.routing import Route, error_response, register

log = logging.getLogger(__name__)

# Uploads come later and have their own limit; nothing else is near this.
MAX_REQUEST = 1024 * 1024
MAX_SOCKET_MESSAGE = 1024 * 1024
WIDGET = "/api/v1/widget/"
TABLE: list[Route] = [
    *customer.routes.table,
    *agent.routes.table,
    *admin.routes.table,
    *cases.routes.table,
    *faq.routes.table,
    *internal.routes.table,
    *health.routes.table,
    *outbox.routes.table,
]
_numbers = itertools.count()


def create_app(gateway: Gateway, *, alone: bool = False) -> Sanic[Any, Any]:
    """The application over a built gateway. Each call makes one with a name of its own.

    `alone`: no other will be made in this process, so Sanic may take out of its own methods what nobody listens to.
    """
    app: Sanic[Any, Any] = Sanic(f"kefu-gateway-{next(_numbers)}", configure_logging=False)
    app.config.update(
        REQUEST_MAX_SIZE=MAX_REQUEST,
        WEBSOCKET_MAX_SIZE=MAX_SOCKET_MESSAGE,
        WEBSOCKET_PING_INTERVAL=0,  # by our own heartbeat
        KEEP_ALIVE_TIMEOUT=75,
        RESPONSE_TIMEOUT=60,
        GRACEFUL_SHUTDOWN_TIMEOUT=3,
        ACCESS_LOG=False,
        OAS=False,
        FALLBACK_ERROR_FORMAT="json",
        # It rewrites its own methods at start, which fails for a second application in one process.
        TOUCHUP=alone,
    )
    if gateway.settings.proxies:
        app.config.PROXIES_COUNT = gateway.settings.proxies
    app.ctx.gateway = gateway
    services, settings, heartbeat = gateway.services, gateway.settings, Heartbeat()
    register(app, TABLE, services, settings)
    register_pages(app, describe(TABLE, __version__))

    async def customer_socket(request: Request, ws: WebsocketImplProtocol) -> None:
        await serve_customer(request, ws, services, settings, heartbeat)

    async def agent_socket(request: Request, ws: WebsocketImplProtocol) -> None:
        await serve_agent(request, ws, services, settings, heartbeat)

    app.add_websocket_route(customer_socket, "/ws/customer")
    app.add_websocket_route(agent_socket, "/ws/agent")

    @app.after_server_start
    async def start(_app: Sanic[Any, Any]) -> None:
        gateway.start()
        heartbeat.start()

    @app.before_server_stop
    async def stop(_app: Sanic[Any, Any]) -> None:
        heartbeat.stop()
        await gateway.stop()

    _allow_websites(app, gateway)
    _answer_errors(app)
    return app


def _allow_websites(app: Sanic[Any, Any], gateway: Gateway) -> None:
    """CORS for the widget's routes only, and only for pages on a website's list."""
    allowed = Origins(gateway.services.store)

    async def preflight(request: Request) -> HTTPResponse:
        return HTTPResponse(status=204)

    for number, path in enumerate(sorted({r.path for r in TABLE if r.path.startswith(WIDGET)})):
        app.add_route(preflight, path, methods=["OPTIONS"], name=f"preflight_{number}")

    async def cors(request: Request, response: BaseHTTPResponse) -> None:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        if request.path.startswith(WIDGET):
            response.headers["Vary"] = "Origin"
            origin = request.headers.get("origin")
            if origin is not None and origin in await allowed.now():
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
                response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
                response.headers["Access-Control-Expose-Headers"] = "Retry-After"
                response.headers["Access-Control-Max-Age"] = "600"

    app.register_middleware(cors, "response")


def _answer_errors(app: Sanic[Any, Any]) -> None:
    @app.exception(SanicException)
    async def refused(request: Request, error: SanicException) -> HTTPResponse:
        refusal = KefuError(str(error)[:200])
        refusal.status = 413 if isinstance(error, PayloadTooLarge) else error.status_code or 500
        codes = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 400: "bad_request", 503: "unavailable"}
        refusal.code = codes.get(refusal.status, "refused")
        if refusal.status == 503:
            refusal.retry_after = 2
        return error_response(refusal)

    @app.exception(Exception)
    async def broken(request: Request, error: Exception) -> HTTPResponse:
        if isinstance(error, KefuError):
            return error_response(error)
        # The path and the kind of error, never what was said.
        log.error("%s %s: %s", request.method, request.path, type(error).__name__, exc_info=error)
        refusal = KefuError("something went wrong on our side")
        refusal.status, refusal.code = 500, "internal_error"
        return error_response(refusal)
