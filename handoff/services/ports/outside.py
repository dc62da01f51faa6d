"""What is not the store: the bus, the counters, and the other processes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from handoff.domain.ids import ConversationId
from handoff.domain.turns import BotAnswer, BotTurn


class Bus(Protocol):
    """Wakes the other gateways. It may lose anything at any time; SQL is the truth."""

    async def publish(self, channel: str, payload: dict[str, Any]) -> None: ...


class Limits(Protocol):
    """Counters with an expiry."""

    async def hit(self, key: str, limit: int, seconds: int) -> int | None:
        """Count one; None while at most `limit` in `seconds`, else the seconds until the next is free."""

    async def peek(self, key: str, limit: int) -> int | None:
        """As `hit` would answer for one more, without counting."""

    async def take_back(self, key: str) -> None:
        """One `hit` that does not count after all."""


class BotUnavailable(Exception):
    """The bot did not answer. Nothing was saved, or the same turn may be asked again and is answered the same."""


class BotBusy(BotUnavailable):
    """The bot still works on this very turn: alive, but slow."""


class Bot(Protocol):
    """Rasa behind its channel."""

    def process_for(self, conversation_id: ConversationId) -> str:
        """Which of its processes answers this conversation now. Raises BotUnavailable when none can."""

    async def answer(self, turn: BotTurn, request: dict[str, Any], process: str) -> BotAnswer:
        """Ask that process. Raises BotUnavailable (nothing ran or nothing was saved) or BotBusy (it is being worked on)."""

    async def erase(self, conversation_ids: Sequence[str]) -> None:
        """Forget what was said in these conversations. Raises BotUnavailable."""

    async def healthy(self) -> bool: ...


class Faq(Protocol):
    """The FAQ search process."""

    async def search(self, query: str, locale: str, limit: int) -> dict[str, Any]:
        """`{decision, results, asked}`, `asked` being the masked question. Raises Unavailable("faq_unavailable")."""

    async def suggest(self, query: str, locale: str, limit: int) -> dict[str, Any]: ...

    async def cluster(self, texts: Sequence[str]) -> list[list[int]]:
        """Places of texts that mean the same, the first of each the most typical. Raises Unavailable("faq_unavailable")."""
