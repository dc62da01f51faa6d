"""Which pages may use the widget's routes: those on a website's list."""

from __future__ import annotations

import asyncio
import time

from handoff.domain.errors import Unavailable
from handoff.services.ports import Store

# A list that was changed counts this soon; every answer to a widget asks for it.
KEPT_SECONDS = 1.0


class Origins:
    """The lists of all websites, read again when they are older than KEPT_SECONDS."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asking = asyncio.Lock()
        self._read_at = 0.0
        self._found: frozenset[str] = frozenset()

    async def now(self) -> frozenset[str]:
        """The origins. While the database does not answer those it gave last: else a page could not read why nothing goes."""
        if self._asking.locked() and self._read_at > 0:
            return self._found  # somebody asks; nobody waits for a database that is slow
        async with self._asking:
            if not self._read_at or time.monotonic() - self._read_at > KEPT_SECONDS:
                try:
                    inboxes = await self._store.read(lambda tx: tx.customers.inboxes())
                    self._found = frozenset(origin for inbox in inboxes for origin in inbox.origins)
                except Unavailable:
                    pass  # told where the database was needed for more
                self._read_at = time.monotonic()
            return self._found
