"""The FAQ search process (docs/interfaces.md, section 5) as a small real HTTP server over a handful of entries.

Strict about what it is sent: what breaks the contract is refused and remembered in `violations`. Standard library only:

    python -m tests.fakes.faq --port 8091
"""

from __future__ import annotations

import argparse
import hmac
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fakes.server import FakeServer, JsonObject, Reply, Request

SECRET = "internal-secret"
MAX_QUERY = 5000
# id, category, words that find it, question and answer in zh and en
ENTRIES = [
    (
        "ship-when",
        "shipping",
        ("发货", "發貨", "ship"),
        ("多久发货？", "When do you ship?"),
        ("付款后 48 小时内发货。", "Within 48 hours."),
    ),
    (
        "return-how",
        "returns",
        ("退货", "退貨", "return"),
        ("怎么退货？", "How do I return?"),
        ("签收七天内可以退货。", "Within seven days."),
    ),
]


class FakeFaq(FakeServer):
    """`with FakeFaq() as faq:` then `faq.url`. `asked` has (path, body) of every accepted request."""

    def __init__(self, secret: str = SECRET, port: int = 0) -> None:
        super().__init__(port)
        self.secret = secret
        self.asked: list[tuple[str, JsonObject]] = []
        self.violations: list[str] = []
        self._failing: str | None = None

    @contextmanager
    def failing(self, raw: str = "") -> Iterator[None]:
        """It answers 503; with `raw`, 200 and that text, which may be no JSON at all."""
        self._failing = raw
        try:
            yield
        finally:
            self._failing = None

    @property
    def healthy(self) -> bool:
        return self._failing is None

    def answer(self, request: Request) -> Reply:
        if request.method == "GET":
            found = request.path == "/healthz" and self.healthy
            return Reply(200 if found else 503, {"ok": self.healthy})
        if request.path not in ("/search", "/suggest", "/clusters"):
            return Reply(404, {"code": "not_found", "message": "", "errors": []})
        return Reply(*self._post(request.path, request.header("Authorization"), request.body))

    def _post(self, path: str, authorization: str, raw: bytes) -> tuple[int, JsonObject | str]:
        if not hmac.compare_digest(authorization.encode(), f"Bearer {self.secret}".encode()):
            return self._refuse(403, "forbidden", "a wrong secret")
        if self._failing is not None:
            return (200, self._failing) if self._failing else (503, {"code": "not_ready", "message": "", "errors": []})
        if path == "/clusters":
            return self._cluster(raw)
        try:
            body = json.loads(raw)
            query, locale, limit = body["query"], body["locale"], body.get("limit", 3)
        except (ValueError, KeyError, TypeError):
            return self._refuse(400, "bad_request", "a body without query and locale")
        if (
            not isinstance(query, str)
            or not 0 < len(query) <= MAX_QUERY
            or not isinstance(limit, int)
            or not 1 <= limit <= 10
        ):
            return self._refuse(422, "invalid", "a query or limit out of bounds")
        self.asked.append((path, body))
        lang = locale == "en"
        results = [
            {"entry_id": id, "category": category, "question": question[lang], "answer": answer[lang], "score": 0.9}
            for id, category, words, question, answer in ENTRIES
            if any(word in query.lower() for word in words)
        ][:limit]
        if path == "/suggest":
            return 200, {"results": results}
        return 200, {"decision": "answer" if results else "unknown", "results": results, "asked": query[:120]}

    def _cluster(self, raw: bytes) -> tuple[int, JsonObject]:
        """Texts that begin with the same two characters mean the same."""
        try:
            texts = json.loads(raw)["texts"]
        except (ValueError, KeyError, TypeError):
            return self._refuse(400, "bad_request", "a body without texts")
        if not isinstance(texts, list) or not 0 < len(texts) <= 500:
            return self._refuse(422, "invalid", "no texts, or too many")
        self.asked.append(("/clusters", {"texts": texts}))
        alike: dict[str, list[int]] = {}
        for place, text in enumerate(texts):
            alike.setdefault(text[:2], []).append(place)
        return 200, {"clusters": list(alike.values())}

    def _refuse(self, status: int, code: str, why: str) -> tuple[int, JsonObject]:
        self.violations.append(why)
        return status, {"code": code, "message": why, "errors": []}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8091)
    with FakeFaq(os.environ.get("KEFU_INTERNAL_SECRET", SECRET), parser.parse_args().port):
        threading.Event().wait()


if __name__ == "__main__":
    main()
