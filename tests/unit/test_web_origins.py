"""The pages that may use the widget's routes, from a database that may be slow or away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from handoff.domain.errors import Unavailable
from handoff.web import origins
from handoff.web.origins import Origins


class Inbox:
    def __init__(self, *pages: str) -> None:
        self.origins = pages


class Store:
    """Answers with its inboxes when it may, and counts how often it is asked."""

    def __init__(self, *inboxes: Inbox) -> None:
        self.inboxes = list(inboxes)
        self.asked = 0
        self.away = False
        self.was_asked, self.may_answer = asyncio.Event(), asyncio.Event()
        self.may_answer.set()

    async def read(self, work: Callable[[Any], Any]) -> Any:
        self.asked += 1
        self.was_asked.set()
        await self.may_answer.wait()
        if self.away:
            raise Unavailable("database_unavailable", "away")
        return self.inboxes


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(origins.time, "monotonic", lambda: now[0])
    return now


async def test_that_all_websites_pages_are_allowed_and_asked_for_once_a_second(clock: list[float]) -> None:
    store = Store(Inbox("https://a.example", "https://b.example"), Inbox("https://c.example"))
    allowed = Origins(store)  # type: ignore[arg-type]
    for _ in range(5):
        assert await allowed.now() == {"https://a.example", "https://b.example", "https://c.example"}
    assert store.asked == 1
    store.inboxes.pop()
    clock[0] += origins.KEPT_SECONDS + 0.1
    assert await allowed.now() == {"https://a.example", "https://b.example"}
    assert store.asked == 2


async def test_that_without_a_database_the_last_pages_may_still_read_why(clock: list[float]) -> None:
    store = Store(Inbox("https://a.example"))
    allowed = Origins(store)  # type: ignore[arg-type]
    await allowed.now()
    store.away = True
    clock[0] += 60
    assert await allowed.now() == {"https://a.example"}


async def test_that_nobody_waits_while_another_asks_a_slow_database(clock: list[float]) -> None:
    store = Store(Inbox("https://a.example"))
    allowed = Origins(store)  # type: ignore[arg-type]
    await allowed.now()
    clock[0] += 60
    store.may_answer.clear()
    store.was_asked.clear()
    asking = asyncio.create_task(allowed.now())
    await store.was_asked.wait()
    assert await allowed.now() == {"https://a.example"}
    store.may_answer.set()
    assert await asking == {"https://a.example"}
