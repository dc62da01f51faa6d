"""The bus on a real Redis: wake-ups that come together go out together, and nobody waits for long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from redis.asyncio import Redis

from handoff.stores.redis import PATIENCE_SECONDS, RedisBus

Words = asyncio.Queue[tuple[str, int]]


class Counted(Redis):
    """Counts the words that Redis is told."""

    told = 0

    async def publish(self, channel: Any, message: Any, **options: Any) -> int:
        self.told += 1
        heard: int = await super().publish(channel, message, **options)
        return heard


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Counted]:
    connected: Counted = Counted.from_url(redis_url)  # type: ignore[assignment]  # it makes one of its class
    yield connected
    await connected.aclose()


@pytest.fixture
async def heard(redis: Counted) -> AsyncIterator[Words]:
    """What a listener hears, from now on."""
    words = Words()

    async def listener(channel: str, payload: dict[str, Any]) -> None:
        words.put_nowait((channel, payload["n"]))

    listening = asyncio.create_task(RedisBus(redis).listen(listener))
    while not await redis.pubsub_numpat():  # noqa: ASYNC110 (Redis tells nobody that a listener has come)
        await asyncio.sleep(0.01)
    yield words
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening


async def next_of(words: Words, count: int) -> list[tuple[str, int]]:
    async with asyncio.timeout(10):
        return [await words.get() for _ in range(count)]


async def test_that_what_comes_together_goes_out_together_and_in_order(redis: Counted, heard: Words) -> None:
    bus = RedisBus(redis)
    await asyncio.gather(*(bus.publish("wake", {"n": n}) for n in range(100)))
    await bus.publish("typing", {"n": 100})
    assert await next_of(heard, 101) == [*(("wake", n) for n in range(100)), ("typing", 100)]
    assert redis.told == 2


async def test_that_who_gives_up_takes_nobody_elses_word_with_him(redis: Counted, heard: Words) -> None:
    bus = RedisBus(redis)
    hasty = asyncio.create_task(bus.publish("wake", {"n": 1}))
    patient = asyncio.create_task(bus.publish("wake", {"n": 2}))
    await asyncio.sleep(0)
    hasty.cancel()
    await patient
    assert await next_of(heard, 2) == [("wake", 1), ("wake", 2)]


async def test_that_nobody_waits_long_for_a_redis_that_is_away_and_the_next_word_goes_out(
    redis: Counted, heard: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus, hanging = RedisBus(redis), asyncio.Event()

    async def hang(channel: str, message: str) -> int:
        await hanging.wait()
        return 0

    with monkeypatch.context() as patched:
        patched.setattr(redis, "publish", hang)
        begin = time.monotonic()
        first = asyncio.create_task(bus.publish("wake", {"n": 1}))
        await asyncio.sleep(0.05)
        await asyncio.gather(first, bus.publish("wake", {"n": 2}))
        assert time.monotonic() - begin < PATIENCE_SECONDS + 2
    await bus.publish("wake", {"n": 3})
    assert await next_of(heard, 1) == [("wake", 3)]


async def test_that_nothing_is_published_where_it_is_switched_off(redis: Counted) -> None:
    await RedisBus(redis, publishing=False).publish("wake", {"n": 1})
    assert redis.told == 0
