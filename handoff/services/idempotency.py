"""The same key answers with the first answer; the same key with another request is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from handoff.domain.errors import Invalid, KeyReused
from handoff.domain.ids import CustomerId
from handoff.services.ports import Transaction


def request_hash(request: Any) -> str:
    """A fingerprint of a request's meaning."""
    return hashlib.sha256(
        json.dumps(request, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")
    ).hexdigest()


def check_key(key: str | None, *, required: bool = False) -> str | None:
    """A usable Idempotency-Key. Raises Invalid."""
    if not key:
        if required:
            raise Invalid("Idempotency-Key", "required")
        return None
    if len(key) > 200 or not key.isprintable():
        raise Invalid("Idempotency-Key", "too_long")
    return key


def once(
    tx: Transaction,
    scope: str,
    key: str | None,
    request: Any,
    now: datetime,
    work: Callable[[], dict[str, Any]],
    customer_id: CustomerId | None = None,
) -> tuple[dict[str, Any], bool]:
    """`work`'s answer and True, or the answer it gave under this key before and False. Raises KeyReused."""
    if key is None:
        return work(), True
    digest = request_hash(request)
    before = tx.records.answer(scope, key)
    if before is not None:
        if before[0] != digest:
            raise KeyReused(f"Idempotency-Key {key} was used before for another request")
        return before[1], False
    answer = work()
    tx.records.keep_answer(scope, key, digest, answer, customer_id, now)
    return answer, True
