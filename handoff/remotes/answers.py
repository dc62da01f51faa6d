"""What Rasa answered, read with suspicion: what comes out can be stored on any database and routed by any house.

An answer without its messages is none (ValueError, TypeError or KeyError: the turn is tried again and then given up). What only
describes it (understanding, slots, a wish for a human) is made fit instead: a turn must not fail, or be tried for ever,
because of a priority that nobody knows.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from handoff.domain.conversation import Priority
from handoff.domain.message import MAX_TEXT
from handoff.domain.turns import BotAnswer

LOCALES = ("zh-Hans", "zh-Hant", "en")
TYPES = ("text", "choices", "order", "parcel", "product", "faq")
REASONS = ("asked_for_human", "complaint", "form_failed", "verification_failed", "bot_error", "legal")
# An answer is some lines and a card or two.
MAX_BYTES = 512 * 1024
MAX_MESSAGES = 20
MAX_OPTIONS = 20
MAX_LIST = 50
MAX_NAME = 100
_TEAM = re.compile(r"[A-Za-z0-9_-]{1,64}")
# No database keeps a NUL, no UTF-8 half a surrogate pair.
_UNFIT = re.compile("[\x00\ud800-\udfff]")


def read_answer(raw: bytes, took_ms: int) -> BotAnswer:
    """The answer in a body of the channel. Raises ValueError, KeyError, TypeError or RecursionError when it is none."""
    if len(raw) > MAX_BYTES:
        raise ValueError(f"longer than {MAX_BYTES} bytes")
    body = _fit(json.loads(raw, parse_constant=_no_constant))
    messages = [_message(message) for message in body["messages"][:MAX_MESSAGES]]
    handoff = _handoff(body.get("handoff"))
    if not messages and handoff is None:
        raise ValueError("neither a word nor a wish for a human")
    return BotAnswer(
        messages=messages,
        nlu=_nlu(_dict(body.get("nlu"))),
        slots=_dict(body.get("slots")),
        signals=_names(body.get("signals")),
        handoff=handoff,
        locale=body.get("locale") if body.get("locale") in LOCALES else None,
        took_ms=took_ms,
    )


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _fit(value: Any) -> Any:
    """The same without characters and numbers that cannot be stored."""
    if isinstance(value, str):
        return _UNFIT.sub("", value)
    if isinstance(value, float) and not math.isfinite(value):  # 1e999
        return None
    if isinstance(value, list):
        return [_fit(one) for one in value]
    if isinstance(value, dict):
        return {_UNFIT.sub("", key): _fit(one) for key, one in value.items()}
    return value


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)][:MAX_LIST] if isinstance(value, list) else []


def _names(value: Any) -> list[str]:
    return [one[:MAX_NAME] for one in value if isinstance(one, str)][:MAX_LIST] if isinstance(value, list) else []


def _share(value: Any) -> float:
    """A number from 0 to 1."""
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    return min(1.0, max(0.0, float(value))) if usable else 0.0


def _message(message: Any) -> dict[str, Any]:
    kind, text = message["type"], message["text"]
    if not isinstance(kind, str) or not isinstance(text, str) or not text.strip():
        raise ValueError("a message without type and text")
    # Of a kind that no channel shows, the words remain: they are always there for this.
    fit: dict[str, Any] = dict(message) if kind in TYPES else {"type": "text"}
    fit["text"] = text[:MAX_TEXT]
    if "options" in fit:
        fit["options"] = [_option(option) for option in fit["options"][:MAX_OPTIONS]]
    elif kind == "choices":
        fit["type"] = "text"
    return fit


def _option(option: Any) -> dict[str, Any]:
    title, meaning = option["title"], option["parse_data"]
    if not isinstance(title, str) or not title.strip() or not isinstance(meaning["intent"]["name"], str):
        raise ValueError("a button without title and meaning")
    return {
        "title": title[:MAX_TEXT],
        "parse_data": {
            "intent": {"name": meaning["intent"]["name"][:MAX_NAME]},
            "entities": _list(meaning.get("entities")),
        },
    }


def _handoff(wish: Any) -> dict[str, Any] | None:
    """A wish for a human is granted whatever it says of itself; who takes it is then found as usual."""
    if not wish:
        return None
    asked = _dict(wish)
    reason, team, priority = asked.get("reason"), asked.get("team"), asked.get("priority")
    return {
        "reason": reason if reason in REASONS else "asked_for_human",
        "team": team if isinstance(team, str) and _TEAM.fullmatch(team) else None,
        "priority": priority if priority in [p.value for p in Priority] else None,
    }


def _nlu(nlu: dict[str, Any]) -> dict[str, Any]:
    intent, mood = nlu.get("intent"), _dict(nlu.get("mood"))
    label = mood.get("label")
    return {
        "intent": intent[:MAX_NAME] if isinstance(intent, str) else None,
        "confidence": _share(nlu.get("confidence")),
        "ranking": _list(nlu.get("ranking")),
        "entities": _list(nlu.get("entities")),
        "mood": {
            "label": label[:MAX_NAME] if isinstance(label, str) else "neutral",
            "anger": _share(mood.get("anger")),
        },
    }
