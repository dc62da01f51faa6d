"""Asks a process over HTTP whether it is healthy."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

# A busy machine may take its time; a dead port answers at once.
ANSWER_SECONDS = 5.0


def answers_ok(url: str) -> bool:
    """Whether GET `url` answers 200."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
