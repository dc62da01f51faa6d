"""How far a long indexing has come: a bar where somebody watches, lines in a log."""

from __future__ import annotations

import logging
import sys
import time

log = logging.getLogger(__name__)
# What is done sooner needs no telling.
SILENT_SECONDS = 3.0
LOG_EVERY_SECONDS = 10.0
_WIDTH = 30


class Progress:
    """Called with (done, of); remembers them for whoever asks, and tells how long it will still take."""

    def __init__(self) -> None:
        self.done, self.of = 0, 0
        self._started = self._told = 0.0

    def __call__(self, done: int, of: int) -> None:
        """`done` texts of `of` are encoded."""
        now = time.monotonic()
        if self.of != of or done < self.done:
            self._started = self._told = now
        self.done, self.of = done, of
        if now - self._started < SILENT_SECONDS:
            return
        if sys.stderr.isatty():
            full = _WIDTH * done // of
            end = "\n" if done == of else ""
            print(f"\r{'█' * full}{'░' * (_WIDTH - full)} {self}", end=end, file=sys.stderr, flush=True)
        elif now - self._told >= LOG_EVERY_SECONDS or done == of:
            self._told = now
            log.info("indexing: %s", self)

    def __str__(self) -> str:
        if not self.of:
            return "the entries are being read"
        elapsed = time.monotonic() - self._started
        left = elapsed * (self.of - self.done) / max(self.done, 1)
        share = self.done / self.of
        return f"{self.done:,} of {self.of:,} phrasings ({share:.0%}), {left:.0f} s left"
