"""JSON as it comes in, for bodies and frames alike: what no database keeps is dropped, what no JSON is refused."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from handoff.domain.errors import BadRequest

# Nothing we take is nested deeper than a case's data; Python's own limit is reached at about a thousand.
MAX_DEPTH = 32
# What fits into 64 bits: databases refuse more.
MAX_WHOLE_NUMBER = 2**63 - 1
# PostgreSQL keeps no NUL; a lone surrogate is half a character that nothing can encode.
_NEVER_KEPT = re.compile("[\x00\ud800-\udfff]")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


# Made once: `json.loads` makes one for each call that sets it up.
_DECODER = json.JSONDecoder(parse_constant=_refuse)


def _clean(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _NEVER_KEPT.sub("", value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is too large")
    if isinstance(value, int) and abs(value) > MAX_WHOLE_NUMBER:
        raise ValueError("a number is too large")
    if isinstance(value, dict | list):
        if depth == 0:
            raise ValueError("too deeply nested")
        if isinstance(value, list):
            return [_clean(item, depth - 1) for item in value]
        return {_NEVER_KEPT.sub("", key): _clean(item, depth - 1) for key, item in value.items()}
    return value


def read_object(raw: str | bytes, what: str) -> dict[str, Any]:
    """The JSON object in `raw`, without characters that cannot be kept. Raises BadRequest, naming `what`."""
    try:
        text = raw if isinstance(raw, str) else raw.decode(json.detect_encoding(raw), "surrogatepass")
        value = _clean(_DECODER.decode(text), MAX_DEPTH)
    except (ValueError, RecursionError):
        raise BadRequest(f"the {what} is not JSON that we can use") from None
    if not isinstance(value, dict):
        raise BadRequest(f"the {what} is not a JSON object")
    return value
