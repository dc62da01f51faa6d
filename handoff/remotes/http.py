"""How the gateway asks other services: JSON over kept connections, every answer within a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

CONNECT_SECONDS = 2.0
# Shorter than the time after which our servers close a connection that is idle: 5 s.
KEPT_SECONDS = 4.0


class Nobody(Exception):
    """Nobody listens there: nothing ran and nothing will."""


class TooSlow(Exception):
    """No answer in time; it may yet be worked on."""


class Broken(Exception):
    """The connection ended before the answer; it may have been worked on."""


# All of them.
NO_ANSWER = (Nobody, TooSlow, Broken)


@dataclass(frozen=True)
class Reply:
    """An answer as it came."""

    status: int
    body: bytes


class Http:
    """Connections to one service or several, as many as are asked at once. They belong to the event loop that first asks."""

    def __init__(self, secret: str, seconds: float) -> None:
        self._secret, self._seconds = secret, seconds
        self._session: aiohttp.ClientSession | None = None

    async def ask(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> Reply:
        """The answer to `url`, whose path is percent-encoded already, within `seconds` in all. Raises Nobody, TooSlow, Broken."""
        # Encoded: a path of dots that somebody typed stays what it is.
        address = URL(url, encoded=True)
        within = aiohttp.ClientTimeout(total=self._seconds if seconds is None else seconds, connect=CONNECT_SECONDS)
        try:
            async with self._open().request(
                method, address, json=json, params=params, headers=headers, timeout=within, allow_redirects=False
            ) as response:
                return Reply(response.status, await response.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Nobody(type(error).__name__) from error
        except TimeoutError as error:
            raise TooSlow(type(error).__name__) from error
        except aiohttp.ClientError as error:
            raise Broken(type(error).__name__) from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Authorization": f"Bearer {self._secret}"},
            )
        return self._session

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()
