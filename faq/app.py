"""The search process: `POST /search`, `/suggest` and `/clusters`, `GET /healthz`, on loopback, for the gateway alone."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from sanic import HTTPResponse, Request, Sanic
from sanic.exceptions import SanicException
from sanic.response import json as json_response

from faq.progress import Progress
from faq.search import FaqSearch, Found
from faq.store import SqlEntryStore, State
from nlp.locale import LOCALES

log = logging.getLogger(__name__)
T = TypeVar("T")

# An edit is promised to be found within two seconds; indexing it takes up to one.
POLL_SECONDS = 0.5
MAX_QUERY_CHARS = 500
MAX_LIMIT = 10
MAX_TEXTS = 500
MAX_BODY_BYTES = 1024 * 1024
# One search takes about 20 ms; whoever is behind this many would wait longer than the gateway does.
MAX_WAITING = 100


class Refusal(Exception):
    """An answer that is an error: status, code, message, and the fields that are wrong."""

    def __init__(self, status: int, code: str, message: str, errors: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.errors = status, code, message, errors


@dataclass(frozen=True)
class Query:
    """A checked request."""

    query: str
    locale: str
    limit: int


class _Superseded(Exception):
    """The entries changed while many were being encoded, or the process stops; what was encoded is kept."""


class Worker:
    """Keeps the search up with SQL. Searches have one thread, indexing another: an edit does not hold up a question."""

    def __init__(self, search: FaqSearch, store: SqlEntryStore) -> None:
        self._search, self._store = search, store
        self._searching = ThreadPoolExecutor(1, "faq-search")
        self._indexing = ThreadPoolExecutor(1, "faq-index")
        self._state: State | None = None
        self._progress = Progress()
        self._waiting = 0
        self._closing = False
        self.ready = False

    @property
    def entries(self) -> int:
        """How many entries are searched."""
        return self._search.entries

    def not_ready(self) -> Refusal:
        """Says how far the first index has come."""
        return Refusal(503, "not_ready", f"the index is being built: {self._progress}")

    async def follow(self) -> None:
        """Index what changed, forever, looking each POLL_SECONDS. A database that does not answer is asked again."""
        failing = False
        while True:
            try:
                await self._run(self._indexing, self._refresh)
                failing = False
            except _Superseded:
                continue
            except Exception as error:  # whatever it is, the next look may succeed, and the old index still answers
                if not failing:
                    log.error(
                        "the entries could not be read: %s", str(error).splitlines()[0] if str(error) else repr(error)
                    )
                failing = True
            await asyncio.sleep(POLL_SECONDS)

    async def find(self, query: Query) -> Found:
        """The search in its thread. Raises Refusal when the index is not there yet or too many wait."""
        if not self.ready:
            raise self.not_ready()
        if self._waiting >= MAX_WAITING:
            raise Refusal(503, "busy", "too many searches are waiting")
        self._waiting += 1
        try:
            return await self._run(self._searching, lambda: self._search.search(query.query, query.locale, query.limit))
        finally:
            self._waiting -= 1

    async def cluster(self, texts: list[str]) -> list[list[int]]:
        """Texts by meaning, in the thread that indexes: nobody waits for it who asked a question. Raises Refusal."""
        if not self.ready:
            raise self.not_ready()
        return await self._run(self._indexing, lambda: self._search.cluster(texts))

    def close(self) -> None:
        """Stop both threads: what is being encoded ends within a batch, what was encoded is kept."""
        self._closing = True
        self._searching.shutdown(wait=False, cancel_futures=True)
        # In its thread, which may be using both just now.
        self._indexing.submit(self._finish)
        self._indexing.shutdown(wait=False)

    def _finish(self) -> None:
        self._search.save()
        self._store.close()

    def _refresh(self) -> None:
        state = self._store.state()
        if state == self._state:
            return
        entries, problems = self._store.load()
        for problem in problems:
            log.warning("an entry is left out: %s", problem)

        def told(done: int, of: int) -> None:
            self._progress(done, of)
            if self._closing or (self.ready and self._store.state() != state):
                raise _Superseded

        self._search.update(entries, told)
        self._state = state
        if not self.ready:
            self._search.warm_up()
            self.ready = True
        log.info("%d entries are searched (revision %d)", len(entries), state.newest)

    @staticmethod
    async def _run(pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, work)


def create_app(search: FaqSearch, store: SqlEntryStore, secret: str, *, name: str = "faq") -> Sanic[Any, Any]:
    """The process as a Sanic app. `secret` is what callers present as bearer token; it must not be empty."""
    if not secret:
        raise ValueError("the secret is empty")
    app: Sanic[Any, Any] = Sanic(name, configure_logging=False)
    app.config.REQUEST_MAX_SIZE = MAX_BODY_BYTES
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.config.TOUCHUP = False  # it rewrites methods of the Sanic class, once per process: a second app would fail
    worker = Worker(search, store)
    app.ctx.worker = worker

    @app.after_server_start
    async def start(app: Sanic[Any, Any]) -> None:
        app.ctx.following = asyncio.create_task(worker.follow())

    @app.before_server_stop
    async def stop(app: Sanic[Any, Any]) -> None:
        app.ctx.following.cancel()
        worker.close()

    @app.exception(Refusal)
    async def refuse(request: Request, refusal: Refusal) -> HTTPResponse:
        return _error(refusal.status, refusal.code, refusal.message, refusal.errors)

    @app.exception(Exception)
    async def fail(request: Request, error: Exception) -> HTTPResponse:
        if isinstance(error, SanicException) and error.status_code < 500:
            return _error(
                error.status_code,
                _CODES.get(error.status_code, "bad_request"),
                _CODES.get(error.status_code, "bad request"),
            )
        log.error("a search failed: %s", type(error).__name__, exc_info=error)
        return _error(500, "internal_error", "the search failed")

    @app.get("/healthz")
    async def health(request: Request) -> HTTPResponse:
        if not worker.ready:
            raise worker.not_ready()
        return json_response({"status": "ok", "entries": worker.entries})

    @app.post("/search")
    async def search_entries(request: Request) -> HTTPResponse:
        _authenticate(request, secret)
        found = await worker.find(_read(request, default_limit=3))
        results = [result.as_dict() for result in found.results]
        return json_response({"decision": found.decision, "results": results, "asked": found.asked})

    @app.post("/suggest")
    async def suggest_entries(request: Request) -> HTTPResponse:
        _authenticate(request, secret)
        found = await worker.find(_read(request, default_limit=5))
        return json_response({"results": [result.as_dict() for result in found.results]})

    @app.post("/clusters")
    async def cluster_texts(request: Request) -> HTTPResponse:
        _authenticate(request, secret)
        return json_response({"clusters": await worker.cluster(_read_texts(request))})

    return app


_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
}


def _authenticate(request: Request, secret: str) -> None:
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), f"Bearer {secret}".encode()):
        raise Refusal(401, "unauthenticated", "the internal secret is missing or wrong")


def _read_object(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Refusal(400, "bad_request", "the body is not valid JSON") from None
    if not isinstance(body, dict):
        raise Refusal(400, "bad_request", "the body is not a JSON object")
    return body


def _read_texts(request: Request) -> list[str]:
    texts = _read_object(request).get("texts")
    if not isinstance(texts, list) or len(texts) > MAX_TEXTS:
        raise Refusal(422, "invalid", f"texts must be a list of at most {MAX_TEXTS}", (("texts", "not_a_list"),))
    if not all(isinstance(text, str) and len(text) <= MAX_QUERY_CHARS for text in texts):
        raise Refusal(422, "invalid", f"a text has at most {MAX_QUERY_CHARS} characters", (("texts", "too_long"),))
    return texts


def _read(request: Request, *, default_limit: int) -> Query:
    body = _read_object(request)
    query, locale, limit = body.get("query"), body.get("locale", "zh-Hans"), body.get("limit", default_limit)
    errors: list[tuple[str, str]] = []
    if not isinstance(query, str):
        errors.append(("query", "required" if query is None else "not_a_text"))
    elif not 1 <= len(query) <= MAX_QUERY_CHARS:
        errors.append(("query", "empty" if not query else "too_long"))
    if locale not in LOCALES:
        errors.append(("locale", "unknown"))
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MAX_LIMIT:
        errors.append(("limit", "out_of_range"))
    if errors or not isinstance(query, str):
        raise Refusal(422, "invalid", "some fields have values that cannot be used", tuple(errors))
    return Query(query, locale, limit)


def _error(status: int, code: str, message: str, errors: tuple[tuple[str, str], ...] = ()) -> HTTPResponse:
    body = {"code": code, "message": message.replace("_", " "), "errors": [{"field": f, "code": c} for f, c in errors]}
    headers = {"Retry-After": "1"} if status == 503 else None
    return json_response(body, status=status, headers=headers)
