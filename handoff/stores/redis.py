"""Redis: wake-ups between gateways and rate limits. Losing it loses nothing that matters."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

PREFIX = "kefu:"
# A Redis that is away is asked again this soon; the sweep works meanwhile.
RECONNECT_SECONDS = 0.5
# One that hangs is as good as away: a message waits no longer than this for its wake-up to go out.
PATIENCE_SECONDS = 0.5

Listener = Callable[[str, dict[str, Any]], Awaitable[None]]


class RedisBus:
    """See ports.Bus. Publishing never fails: what is lost is found by the sweep.

    What comes while Redis is spoken to goes out together with the next word to it.
    """

    def __init__(self, redis: Redis, *, publishing: bool = True) -> None:
        self._redis = redis
        self._publishing = publishing
        self._waiting: dict[str, list[dict[str, Any]]] = {}
        self._told = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None

    async def publish(self, channel: str, payload: dict[str, Any]) -> None:
        """See ports.Bus."""
        if not self._publishing:
            return
        self._waiting.setdefault(channel, []).append(payload)
        told = self._told
        if self._sender is None:
            self._sender = asyncio.create_task(self._send())
        await told.wait()

    async def _send(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, {}
                told, self._told = self._told, asyncio.Event()
                try:
                    # Half of it: who comes while one round hangs waits for that and for his own.
                    async with asyncio.timeout(PATIENCE_SECONDS / 2):
                        for channel, payloads in waiting.items():
                            await self._redis.publish(PREFIX + channel, json.dumps(payloads))
                except (RedisError, OSError) as error:
                    log.debug("wake-ups lost: %s", error)
                finally:
                    told.set()
        finally:
            self._sender = None

    async def listen(self, listener: Listener) -> None:
        """Call `listener` with every wake-up, for ever; subscribes again after Redis was away."""
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.psubscribe(PREFIX + "*")
                    async for message in pubsub.listen():
                        if message["type"] == "pmessage":
                            channel = message["channel"].decode().removeprefix(PREFIX)
                            await _deliver(listener, channel, message["data"])
            except (RedisError, OSError) as error:
                log.warning("redis: %s; trying again", error)
            await asyncio.sleep(RECONNECT_SECONDS)


async def _deliver(listener: Listener, channel: str, data: bytes) -> None:
    try:
        for payload in json.loads(data):
            await listener(channel, payload)
    except Exception:  # one bad wake-up must not deafen the gateway
        log.exception("wake-up on %s", channel)


class RedisLimits:
    """See ports.Limits. Counts in this process while Redis is away, so that limits still hold."""

    def __init__(self, redis: Redis, *, enabled: bool = True) -> None:
        self._redis = redis
        self._enabled = enabled
        self._local: dict[str, tuple[int, float]] = {}

    async def hit(self, key: str, limit: int, seconds: int) -> int | None:
        """See ports.Limits."""
        if not self._enabled:
            return None
        name = f"{PREFIX}limit:{key}"
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._redis.pipeline(transaction=True) as pipe:
                # The first one sets the expiry. (EXPIRE … NX would need Redis 7; the bundled one is 6.2.)
                pipe.set(name, 0, ex=seconds, nx=True)
                pipe.incr(name)
                pipe.ttl(name)
                _, count, ttl = await pipe.execute()
        except (RedisError, OSError):
            count, ttl = self._hit_locally(name, seconds)
        return None if count <= limit else max(1, int(ttl))

    def _hit_locally(self, name: str, seconds: int) -> tuple[int, float]:
        now = time.monotonic()
        if len(self._local) > 10_000:
            self._local = {k: v for k, v in self._local.items() if v[1] > now}
        count, until = self._local.get(name, (0, 0.0))
        count, until = (count + 1, until) if until > now else (1, now + seconds)
        self._local[name] = (count, until)
        return count, until - now

    async def take_back(self, key: str) -> None:
        """See ports.Limits."""
        if not self._enabled:
            return
        name = f"{PREFIX}limit:{key}"
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._redis.pipeline(transaction=True) as pipe:
                # As in `hit`: a counter that has ended meanwhile must not come back without an end.
                pipe.set(name, 1, ex=1, nx=True)
                pipe.decr(name)
                await pipe.execute()
        except (RedisError, OSError):
            count, until = self._local.get(name, (0, 0.0))
            self._local[name] = (max(0, count - 1), until)

    async def peek(self, key: str, limit: int) -> int | None:
        """See ports.Limits."""
        if not self._enabled:
            return None
        name = f"{PREFIX}limit:{key}"
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._redis.pipeline(transaction=True) as pipe:
                pipe.get(name)
                pipe.ttl(name)
                count, ttl = await pipe.execute()
        except (RedisError, OSError):
            count, until = self._local.get(name, (0, 0.0))
            ttl = until - time.monotonic()
            count = count if ttl > 0 else 0
        return max(1, int(ttl)) if int(count or 0) >= limit else None
