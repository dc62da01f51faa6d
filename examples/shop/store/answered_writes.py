"""Idempotent writes: the answer is stored in the transaction of its effect, so a retry can never do it twice."""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from typing import Any

from examples.shop.errors import KeyReused, Refused


def fingerprint(method: str, path: str, body: dict[str, Any]) -> str:
    """The same for the same request, however its JSON was spaced or ordered."""
    canonical = json.dumps([method, path, body], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def answer_once(
    connection: sqlite3.Connection, key: str, print_: str, now: str, act: Callable[[sqlite3.Connection], Any]
) -> tuple[int, Any]:
    """Status and body of the first answer to this key; `act` runs only the first time.

    A refusal (409) is an answer too and is kept without its effects; other errors are not: the request may be mended.
    Raises KeyReused when the key was used for another request.
    """
    row = connection.execute("SELECT fingerprint, status, body FROM answered_writes WHERE key = ?", (key,)).fetchone()
    if row is not None:
        if row["fingerprint"] != print_:
            raise KeyReused("This Idempotency-Key was used for another request.")
        return row["status"], json.loads(row["body"])
    connection.execute("SAVEPOINT act")
    status, body = 200, None
    try:
        body = act(connection)
    except Refused as refusal:
        connection.execute("ROLLBACK TO act")
        status, body = refusal.status, refusal.body()
    connection.execute("RELEASE act")
    connection.execute(
        "INSERT INTO answered_writes (key, fingerprint, status, body, at) VALUES (?, ?, ?, ?, ?)",
        (key, print_, status, json.dumps(body), now),
    )
    return status, body
