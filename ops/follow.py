"""Shows the processes' logs on the console as they grow, each line behind its process's name in its colour."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from honcho.colour import get_colours
from honcho.printer import Message, Printer

POLL_SECONDS = 0.2


class Follower:
    """Prints what is written to these logs as long as the block lasts, but nothing of files that were there before."""

    def __init__(self, logs: Iterable[Path], printer: Printer | None = None) -> None:
        self._logs = {path.stem: path for path in logs}
        self._old = {path.stat().st_ino for path in self._logs.values() if path.exists()}
        self._files: dict[str, IO[str]] = {}
        self._printer = printer or Printer(width=max(map(len, self._logs), default=0))
        self._colours = dict(zip(self._logs, get_colours(), strict=False))
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()

    def _follow(self) -> None:
        last = False
        while not last:
            last = self._done.wait(POLL_SECONDS)  # one more look, for what was said on the way out
            for name in self._logs:
                self._print(name, self._read(name))
        for file in self._files.values():
            file.close()

    def _read(self, name: str) -> str:
        if name not in self._files:
            try:
                file = self._logs[name].open(encoding="utf-8", errors="replace")
            except FileNotFoundError:
                return ""
            # A log of the run before is moved away when its process starts.
            if os.fstat(file.fileno()).st_ino in self._old:
                file.close()
                return ""
            self._files[name] = file
        return self._files[name].read()

    def _print(self, name: str, text: str) -> None:
        now = datetime.now().astimezone()
        for line in text.splitlines():
            self._printer.write(Message(type="line", data=line, time=now, name=name, colour=self._colours.get(name)))
