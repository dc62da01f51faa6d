"""The pages that may use the widget's routes, from a database that may be slow or away."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import pytest

from handoff.domain.errors import Unavailable
from handoff.domain.ids import InboxId
from handoff.web.origins import KEPT_SECONDS, Origins
from tests.fakes.core_house import WEBSITE, House
from tests.fakes.core_store import CountingStore

SECOND = replace(
    WEBSITE, id=InboxId("web-2"), website_token="second-token", origins=("https://b.test", "https://c.test")
)
BOTH = {*WEBSITE.origins, *SECOND.origins}


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def counted(house: House) -> CountingStore:
    """With two websites."""
    await house.store.write(lambda tx: tx.customers.save_inbox(SECOND))
    return CountingStore(house.store)


async def test_that_the_pages_of_all_websites_are_asked_for_once_and_a_change_counts_soon(
    house: House, counted: CountingStore, clock: Clock
) -> None:
    allowed = Origins(counted, clock)
    assert [await allowed.now() for _ in range(5)] == [BOTH] * 5
    assert counted.reads == 1
    await house.store.write(lambda tx: tx.customers.save_inbox(replace(SECOND, origins=("https://b.test",))))
    clock.now += KEPT_SECONDS + 0.1
    assert await allowed.now() == BOTH - {"https://c.test"}
    assert counted.reads == 2


async def test_that_without_a_database_the_last_pages_may_still_read_why(counted: CountingStore, clock: Clock) -> None:
    async def away() -> None:
        raise Unavailable("database_unavailable", "away")

    allowed = Origins(counted, clock)
    counted.after_next = away
    assert await allowed.now() == frozenset()
    clock.now += 60
    assert await allowed.now() == BOTH
    clock.now += 60
    counted.after_next = away
    assert await allowed.now() == BOTH
    assert counted.reads == 3


async def test_that_nobody_waits_while_another_asks_a_slow_database(counted: CountingStore, clock: Clock) -> None:
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        asked.set()
        await may_answer.wait()

    allowed = Origins(counted, clock)
    await allowed.now()
    clock.now += 60
    counted.after_next = slow
    asking = asyncio.create_task(allowed.now())
    await asked.wait()
    assert await allowed.now() == BOTH
    assert not asking.done()
    may_answer.set()
    assert await asking == BOTH
    assert counted.reads == 2
