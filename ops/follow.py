"""Shows the processes' logs on the console as they grow, each line behind its process's name in its colour."""

from __future__ import annotations

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
    """Prints what is appended to NAME.log in a folder, as long as the block lasts."""

    def __init__(self, logs: Path, names: Iterable[str]) -> None:
        self._files = {name: logs / f"{name}.log" for name in names}
        self._printer = Printer(width=max(map(len, self._files), default=0))
        self._colours = dict(zip(self._files, get_colours(), strict=False))
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()

    def _follow(self) -> None:
        opened: dict[str, IO[str]] = {}
        last = False
        while not last:
            last = self._done.wait(POLL_SECONDS)  # one more look, for what was said on the way out
            for name, path in self._files.items():
                if name not in opened and path.exists():
                    opened[name] = path.open(encoding="utf-8", errors="replace")
                if name in opened:
                    self._print(name, opened[name].read())
        for file in opened.values():
            file.close()

    def _print(self, name: str, text: str) -> None:
        now = datetime.now().astimezone()
        for line in text.splitlines():
            self._printer.write(Message(type="line", data=line, time=now, name=name, colour=self._colours.get(name)))
