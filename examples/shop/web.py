"""Turns errors into answers and puts the protective headers on every page."""

import logging
from typing import Any

from sanic.exceptions import SanicException
from sanic.response import BaseHTTPResponse, HTTPResponse, html, json

from examples.shop.errors import ShopError
from examples.shop.pages import content_security_policy, render_error
from examples.shop.requests import App, ShopRequest, shop_of

logger = logging.getLogger("shop")

CODES = {400: "bad_request", 401: "unauthenticated", 404: "not_found", 405: "method_not_allowed", 408: "timeout",
         413: "too_large", 415: "unsupported_media_type", 417: "bad_request", 503: "unavailable"}  # fmt: skip


async def answer_error(request: ShopRequest, error: Exception) -> HTTPResponse:
    status, body = _describe(error)
    if status >= 500:
        logger.error("%s %s failed", request.method, request.path, exc_info=error)
    if request.path.startswith(("/api", "/healthz")) or "text/html" not in request.headers.get("accept", "text/html"):
        headers = {"www-authenticate": "Bearer"} if status == 401 else None
        return json(body, status=status, headers=headers)
    return html(render_error(request, status), status=status)


def _describe(error: Exception) -> tuple[int, dict[str, Any]]:
    if isinstance(error, ShopError):
        return error.status, error.body()
    if isinstance(error, SanicException):
        status = error.status_code or 500
        code = CODES.get(status, "error")
        return status, {"code": code, "message": code.replace("_", " "), "errors": []}
    return 500, {"code": "error", "message": "Something went wrong.", "errors": []}


async def protect(request: ShopRequest, response: BaseHTTPResponse) -> None:
    headers = response.headers
    headers["x-content-type-options"] = "nosniff"
    headers["referrer-policy"] = "strict-origin-when-cross-origin"
    page = (response.content_type or "").startswith("text/html")
    headers["content-security-policy"] = (
        content_security_policy(shop_of(request).settings) if page else "default-src 'none'; frame-ancestors 'none'"
    )
    if page or request.path.startswith("/api"):
        headers["cache-control"] = "no-store"


def install(app: App) -> None:
    app.error_handler.add(Exception, answer_error)
    app.register_middleware(protect, "response")
