"""What both WebSockets share: the first frame authenticates, frames are small JSON objects, slow readers are let go."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from sanic.exceptions import WebsocketClosed
from sanic.server.websockets.impl import WebsocketImplProtocol
from websockets.protocol import OPEN

from handoff.domain.errors import BadRequest, KefuError, TooLarge
from handoff.settings import Settings
from handoff.web.frames import Frames
from handoff.web.reading import read_object
from handoff.web.routing import dump

log = logging.getLogger(__name__)

AUTH_SECONDS = 10.0
# A reader that takes nothing for this long is let go; he comes back with his cursor.
SEND_SECONDS = 20.0
# A close frame waits this long for its turn; then it is put behind what the reader has not taken, for so much longer.
HANG_UP_SECONDS = 1.0
LINGER_SECONDS = 30.0
MAX_FRAME = 64 * 1024
# Every frame counts, also those that cost us only a look: a person types, reads and pings far below this.
FRAME_BURST = 200.0
FRAMES_PER_SECOND = 20.0
# Bad frames in a row before we hang up: a broken client, not a slip.
PATIENCE = 10

BAD_FRAME, UNAUTHENTICATED, ORIGIN, NO_AUTH, REVOKED = 4400, 4401, 4403, 4408, 4409
TOO_BIG, TOO_MANY, TOO_SLOW, RESTARTING = 4413, 4429, 4008, 1012


class Closed(Exception):
    """The connection ends, with a code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


def parse_frame(raw: bytes) -> dict[str, Any]:
    """A frame as an object. Raises TooLarge or BadRequest."""
    if len(raw) > MAX_FRAME:
        raise TooLarge(f"a frame may have {MAX_FRAME} bytes")
    return read_object(raw, "frame")


class Guard:
    """What one connection may do to us: frames of a bounded size, at a human pace, and not only broken ones."""

    def __init__(self) -> None:
        self._level, self._at, self._bad = FRAME_BURST, time.monotonic(), 0

    def admit(self, raw: bytes) -> None:
        """Count a frame. Raises Closed when it is too big or comes too fast."""
        if len(raw) > MAX_FRAME:
            raise Closed(TOO_BIG, f"a frame may have {MAX_FRAME} bytes")
        now = time.monotonic()
        self._level = min(FRAME_BURST, self._level + (now - self._at) * FRAMES_PER_SECOND) - 1
        self._at = now
        if self._level < 0:
            raise Closed(TOO_MANY, "too many frames")

    def good(self) -> None:
        """The last frame was fine."""
        self._bad = 0

    def bad(self, error: KefuError) -> None:
        """The last frame was refused. Raises Closed after too many that were no frames at all."""
        self._bad += isinstance(error, BadRequest)
        if self._bad >= PATIENCE:
            raise Closed(BAD_FRAME, "too many bad frames")


async def first_frame(frames: Frames) -> dict[str, Any]:
    """The `auth` frame. Raises Closed."""
    raw = await frames.get(AUTH_SECONDS)
    if raw is None:
        raise Closed(NO_AUTH, "no auth frame in time")
    try:
        frame = parse_frame(raw)
    except TooLarge as error:
        raise Closed(TOO_BIG, str(error)) from None
    except KefuError as error:
        raise Closed(BAD_FRAME, str(error)) from None
    if frame.get("type") != "auth":
        raise Closed(UNAUTHENTICATED, "the first frame must be auth")
    return frame


_open: Counter[str] = Counter()


@contextmanager
def one_of_few(address: str, settings: Settings) -> Iterator[Closed | None]:
    """Count a connection for as long as the context lasts; why it must not be, or None.

    Counted in this process: with several gateways an address may have as many at each.
    """
    _open[address] += 1
    try:
        too_many = settings.limits and _open[address] > settings.sockets_per_address
        yield Closed(TOO_MANY, "too many connections from this address") if too_many else None
    finally:
        _open[address] -= 1
        if not _open[address]:
            del _open[address]


async def hang_up(ws: WebsocketImplProtocol, closed: Closed) -> None:
    """End the connection with its code and reason."""
    reason = closed.reason[:120]
    if closed.code != TOO_SLOW:
        try:
            async with asyncio.timeout(HANG_UP_SECONDS):
                return await ws.close(closed.code, reason)
        except TimeoutError:
            pass
    log.info("a reader takes nothing and is let go (%d)", closed.code)
    # The code goes behind what waits for him, past the queue that would wait with it, and nobody here waits any longer.
    transport = ws.io_proto.transport if ws.io_proto else None
    if transport is not None and not transport.is_closing():
        if ws.ws_proto.state is OPEN:
            ws.ws_proto.send_close(closed.code, reason)
        for data in ws.ws_proto.data_to_send():
            transport.write(data)
        transport.close()
        asyncio.get_running_loop().call_later(LINGER_SECONDS, transport.abort)


async def send(ws: WebsocketImplProtocol, *frames: dict[str, Any]) -> None:
    """Send frames, together. Raises Closed when the reader takes too long, WebsocketClosed when he has hung up."""
    try:
        # As `ws.send` does it, which takes one frame at a time and only text that is not encoded yet.
        async with asyncio.timeout(SEND_SECONDS), ws.conn_mutex:
            if ws.ws_proto.state is not OPEN:
                raise WebsocketClosed("the connection is closing")
            for frame in frames:
                ws.ws_proto.send_text(dump(frame))
            await ws.send_data([b"".join(ws.ws_proto.data_to_send())])  # type: ignore[no-untyped-call]
    except TimeoutError:
        raise Closed(TOO_SLOW, "the reader is too slow") from None


async def while_reading(
    read: Coroutine[Any, Any, None], follow: Coroutine[Any, Any, None], revoked: asyncio.Future[None]
) -> None:
    """Read here and follow beside it, until either ends; raises what it raised, or Closed when the token is revoked."""
    here, beside = asyncio.current_task(), asyncio.create_task(follow)
    reading = True

    def end(_: asyncio.Future[None]) -> None:
        if reading and here is not None:
            here.cancel()

    beside.add_done_callback(end)
    revoked.add_done_callback(end)
    try:
        await read
    except asyncio.CancelledError:
        if here is None or not (revoked.done() or beside.done()):
            raise
        here.uncancel()
        if revoked.done():
            raise Closed(REVOKED, "the session was revoked") from None
        beside.result()
    finally:
        reading = False
        beside.cancel()
        await asyncio.gather(beside, return_exceptions=True)
