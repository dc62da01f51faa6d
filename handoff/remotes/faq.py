"""FAQ search over HTTP."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from handoff.domain.errors import Unavailable
from handoff.remotes.http import NO_ANSWER, Http

TIMEOUT_SECONDS = 3.0
# Hundreds of questions that were never encoded take it ten seconds, at a low priority.
CLUSTER_SECONDS = 45.0


class HttpFaq:
    """See ports.Faq."""

    def __init__(self, url: str, secret: str) -> None:
        self._url, self._http = url.rstrip("/"), Http(secret, TIMEOUT_SECONDS)

    async def _post(
        self, path: str, body: dict[str, Any], answer: str, seconds: float = TIMEOUT_SECONDS
    ) -> dict[str, Any]:
        try:
            reply = await self._http.ask("POST", self._url + path, json=body, seconds=seconds)
        except NO_ANSWER as error:
            raise Unavailable("faq_unavailable") from error
        if reply.status != 200:
            raise Unavailable("faq_unavailable")
        try:
            found = json.loads(reply.body)
        except (ValueError, RecursionError) as error:
            raise Unavailable("faq_unavailable") from error
        if not isinstance(found, dict) or not isinstance(found.get(answer), list):
            raise Unavailable("faq_unavailable")
        return found

    async def search(self, query: str, locale: str, limit: int) -> dict[str, Any]:
        """See ports.Faq."""
        return await self._post("/search", {"query": query, "locale": locale, "limit": limit}, "results")

    async def suggest(self, query: str, locale: str, limit: int) -> dict[str, Any]:
        """See ports.Faq."""
        return await self._post("/suggest", {"query": query, "locale": locale, "limit": limit}, "results")

    async def cluster(self, texts: Sequence[str]) -> list[list[int]]:
        """See ports.Faq."""
        body = {"texts": list(texts)}
        clusters: list[list[int]] = (await self._post("/clusters", body, "clusters", CLUSTER_SECONDS))["clusters"]
        return clusters

    async def healthy(self) -> bool:
        """Whether it answers after its warm-up."""
        try:
            return (await self._http.ask("GET", f"{self._url}/healthz", seconds=2.0)).status == 200
        except NO_ANSWER:
            return False

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.close()
