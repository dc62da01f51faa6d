"""Notices that somebody took the database's file away under us: SQLite would go on writing into what no name leads to any more."""

from __future__ import annotations

import logging
import os

from sqlalchemy import make_url

from handoff.domain.errors import Unavailable

log = logging.getLogger(__name__)


class OpenFile:
    """The file behind a SQLite address, as our connections have it open."""

    def __init__(self, url: str) -> None:
        self._path = make_url(url).database or ""
        self._opened: tuple[int, int] | None = None

    def check(self) -> None:
        """Raise Unavailable if it was deleted or replaced since the first look; put back, it is as good as before."""
        if not self._path or self._path == ":memory:":
            return
        try:
            found = os.stat(self._path)
            now = (found.st_dev, found.st_ino)
        except OSError:
            now = None
        if self._opened is None:
            self._opened = now
        elif now != self._opened:
            log.error("database: its file was deleted or replaced; put it back, or start the gateway again")
            raise Unavailable("database_unavailable", "the database is gone; nothing was changed")
