"""Where things are, and fingerprints of what they were made from."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ops.console import OpsError, say

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
TOOLS = VAR / "tools"
STAMPS = VAR / "stamps"
LOGS = VAR / "log"
FRONTEND = ROOT / "handoff" / "frontend"
STATIC = ROOT / "handoff" / "static"

SKIPPED_FOLDERS = {"node_modules", "dist", "coverage", "__pycache__", ".vite", "test-results"}


def private_folder(path: Path) -> Path:
    """`path` as a folder of this user alone."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def fingerprint(paths: Iterable[Path], *extra: str) -> str:
    """A hash over names and contents of files and, below folders, of all files; missing ones count as absent."""
    digest = hashlib.sha256()
    for text in extra:
        digest.update(text.encode() + b"\0")
    for path in paths:
        for file in sorted(_files(path)):
            digest.update(str(file.relative_to(path.parent)).encode() + b"\0")
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for folder, subfolders, names in os.walk(path):
        subfolders[:] = [name for name in subfolders if name not in SKIPPED_FOLDERS]
        for name in names:
            if not name.endswith(".pyc"):
                yield Path(folder, name)


class Stamp:
    """Remembers which fingerprint a thing was last made from."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def matches(self, value: str) -> bool:
        try:
            return self.path.read_text() == value
        except FileNotFoundError:
            return False

    def write(self, value: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(value)

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)


@contextmanager
def only_one(lock: Path, waiting: str, *, wait: bool = True) -> Iterator[None]:
    """Hold `lock` against other processes; say `waiting` before waiting for it, or raise it as OpsError."""
    private_folder(lock.parent)
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                raise OpsError(waiting) from None
            say(waiting)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
