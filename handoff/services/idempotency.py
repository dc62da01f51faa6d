"""The same key answers with the first answer; the same key with another request is refused."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from handoff.domain.errors import Invalid


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
