"""The gateway's request, checked: what comes out is safe to put into a tracker."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

# History can hold a long talk with a human; more than this is not a turn.
MAX_BODY_BYTES = 512 * 1024
# A turn may join several messages. So much is kept; of much more, no person wrote it.
MAX_TEXT = 2000
MOST_TEXT = 20_000
MAX_HISTORY = 500
MAX_ENTITY_VALUE = 500

# Facts that the gateway keeps and sends with every turn; no other slot may be set from outside.
STANDING_SLOTS = ("open_cases", "last_order", "handoff_summary")

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_:.-]{1,150}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Keeps a typed "/intent{…}" from being read as a command (see bot/nlu/normaliser.py, which guards again).
_GUARD = "\u2060"


class BadRequest(Exception):
    """The request cannot be served as it is; `status` and `code` as in docs/interfaces.md."""

    def __init__(self, status: int, code: str, field: str = "") -> None:
        super().__init__(f"{status} {code} {field}".strip())
        self.status, self.code, self.field = status, code, field


@dataclass(frozen=True)
class Said:
    """One line of the history."""

    seq: int
    sender: str  # customer, agent or bot
    text: str


@dataclass(frozen=True)
class TurnRequest:
    """What the gateway asks. `parse_data`: `{intent: {name}, entities: [{entity, value}]}` of a pressed button."""

    sender: str
    text: str
    message_id: str
    seq: int
    metadata: dict[str, Any]
    parse_data: dict[str, Any] | None = None
    history: tuple[Said, ...] = ()
    slots: dict[str, Any] = field(default_factory=dict)


def parse(body: bytes) -> TurnRequest:
    """Raises BadRequest: 413 for its size, 400 if it is no JSON object, 422 naming a bad field."""
    if len(body) > MAX_BODY_BYTES:
        raise BadRequest(413, "body_too_large")
    try:
        data = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest(400, "bad_request") from error
    if not isinstance(data, dict):
        raise BadRequest(400, "bad_request")
    metadata = _object(data, "metadata")
    parse_data = data.get("parse_data")
    text = data.get("message", "")
    if not isinstance(text, str) or (not text and parse_data is None):
        raise BadRequest(422, "required", "message")
    if len(text) > MOST_TEXT:
        raise BadRequest(422, "too_long", "message")
    return TurnRequest(
        sender=_match(_ID, data.get("sender"), "sender"),
        text=_guarded(_clean(text[:MAX_TEXT])),
        message_id=_match(_MESSAGE_ID, metadata.get("message_id"), "metadata.message_id"),
        seq=_seq(metadata.get("seq", 0), "metadata.seq"),
        metadata={key: metadata[key] for key in ("locale", "channel", "customer_id", "verified") if key in metadata},
        parse_data=None if parse_data is None else _parse_data(parse_data),
        history=_history(data.get("history") or []),
        slots=_object(data, "slots"),
    )


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _object(data: dict[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest(422, "invalid", name)
    return value


def _match(pattern: re.Pattern[str], value: Any, name: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise BadRequest(422, "invalid", name)
    return value


def _seq(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise BadRequest(422, "invalid", name)
    return value


def _history(value: Any) -> tuple[Said, ...]:
    if not isinstance(value, list):
        raise BadRequest(422, "invalid", "history")
    lines = []
    for line in value[-MAX_HISTORY:]:
        ok = isinstance(line, dict) and isinstance(line.get("text"), str)
        if not ok or line.get("sender") not in ("customer", "agent", "bot"):
            raise BadRequest(422, "invalid", "history")
        lines.append(Said(_seq(line.get("seq"), "history.seq"), line["sender"], _clean(line["text"][:MAX_TEXT])))
    return tuple(sorted(lines, key=lambda line: line.seq))


def _parse_data(value: Any) -> dict[str, Any]:
    intent = value.get("intent") if isinstance(value, dict) else None
    name = intent.get("name") if isinstance(intent, dict) else None
    entities = (value.get("entities") or []) if isinstance(value, dict) else None
    if not isinstance(name, str) or not isinstance(entities, list):
        raise BadRequest(422, "invalid", "parse_data")
    for entity in entities:
        named = isinstance(entity, dict) and isinstance(entity.get("entity"), str)
        if not named or not isinstance(entity.get("value"), (str, int, float, bool)):
            raise BadRequest(422, "invalid", "parse_data.entities")
        if len(str(entity["value"])) > MAX_ENTITY_VALUE:
            raise BadRequest(422, "too_long", "parse_data.entities")
    kept = [{"entity": entity["entity"], "value": entity["value"]} for entity in entities]
    return {"intent": {"name": name}, "entities": kept}


def _clean(text: str) -> str:
    """The raw text as people may see it: without control characters and broken surrogate pairs."""
    return _CONTROL.sub(" ", text.encode("utf-8", "replace").decode("utf-8"))


def _guarded(text: str) -> str:
    # After NFKC, because that turns the full-width slash into one; strip() takes more than spaces, as Rasa's does.
    return _GUARD + text if unicodedata.normalize("NFKC", text).strip().startswith("/") else text
