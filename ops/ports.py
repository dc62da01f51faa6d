"""Chooses ports on the loopback interface."""

from __future__ import annotations

import random
import socket
from collections.abc import Collection

from ops.console import OpsError

# Below the range from which Linux takes the ports of outgoing connections (32768 and up), so that none of those
# sits on a port between our choosing it and the process listening on it.
FREE_RANGE = (20000, 32000)
TRIES = 100


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        # As servers do: connections that are merely closing do not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def next_free(first: int, taken: Collection[int] = ()) -> int:
    """`first`, or the next port above it that is free and not in `taken`."""
    for port in range(first, min(first + TRIES, 65536)):
        if port not in taken and is_free(port):
            return port
    raise OpsError(f"no free port from {first} to {first + TRIES - 1}: stop something that listens there.")


def any_free(taken: Collection[int] = ()) -> int:
    """Some free port that is not in `taken`."""
    for _ in range(TRIES):
        port = random.randint(*FREE_RANGE)  # noqa: S311 (nothing secret)
        if port not in taken and is_free(port):
            return port
    raise OpsError("no free port was found.")
