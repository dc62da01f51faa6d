"""Static pages: the widget's script, the desk, the API docs. Strict about what they may load and who may frame them."""

from __future__ import annotations

import asyncio
import mimetypes
from pathlib import Path
from typing import Any

from sanic import Request, Sanic
from sanic.response import HTTPResponse, file, redirect

from handoff.domain.errors import NotFound
from handoff.web.routing import dump, error_response

STATIC = Path(__file__).parent.parent / "static"
# The component library writes style elements; scripts come from our own files only.
PAGE_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; media-src 'self' blob: data:; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS = {
    "Content-Security-Policy": PAGE_CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_DOCS = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Kefu API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>
"""
_START = "SwaggerUIBundle({url: '/openapi.json', domNode: document.getElementById('ui'), deepLinking: true, validatorUrl: null});\n"


def _find(path: Path) -> Path | None:
    """The file, if it is one of ours."""
    try:
        resolved = path.resolve()
        return resolved if resolved.is_relative_to(STATIC.resolve()) and resolved.is_file() else None
    except (OSError, ValueError):  # a name that no file can have
        return None


async def _static(path: Path, headers: dict[str, str]) -> HTTPResponse:
    resolved = await asyncio.to_thread(_find, path)
    if resolved is None:
        return error_response(NotFound("no such page; if the front end is not built yet, run make setup"))
    return await file(
        resolved, headers=headers, mime_type=mimetypes.guess_type(resolved.name)[0] or "application/octet-stream"
    )


def register_pages(app: Sanic[Any, Any], document: dict[str, Any]) -> None:
    """Put the pages into the application."""
    openapi = dump(document)
    # One build is one set of names: what has a hash in its name never changes.
    lasting = PAGE_HEADERS | {"Cache-Control": "public, max-age=31536000, immutable"}

    @app.get("/sdk.js")
    async def sdk(request: Request) -> HTTPResponse:
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=300",
                   "Cross-Origin-Resource-Policy": "cross-origin"}  # fmt: skip
        return await _static(STATIC / "sdk.js", headers)

    @app.get("/")
    async def home(request: Request) -> HTTPResponse:
        return redirect("/desk/")

    @app.get("/desk/", name="desk_index")
    @app.get("/desk/<path:path>")
    async def desk(request: Request, path: str = "") -> HTTPResponse:
        # Files have an ending; everything else is a page of the application, which finds its own way.
        if "." in path:
            return await _static(STATIC / "desk" / path, lasting if path.startswith("assets/") else PAGE_HEADERS)
        return await _static(STATIC / "desk" / "index.html", PAGE_HEADERS)

    @app.get("/openapi.json")
    async def openapi_json(request: Request) -> HTTPResponse:
        return HTTPResponse(openapi, 200, {"X-Content-Type-Options": "nosniff"}, "application/json")

    @app.get("/docs")
    async def docs(request: Request) -> HTTPResponse:
        return HTTPResponse(_DOCS, 200, PAGE_HEADERS, "text/html; charset=utf-8")

    @app.get("/docs/start.js")
    async def docs_start(request: Request) -> HTTPResponse:
        return HTTPResponse(_START, 200, PAGE_HEADERS, "text/javascript; charset=utf-8")

    @app.get("/docs/<name:str>")
    async def docs_file(request: Request, name: str) -> HTTPResponse:
        return await _static(STATIC / "swagger" / name, PAGE_HEADERS)
