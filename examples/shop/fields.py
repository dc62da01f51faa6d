"""Reads the fields of a request. Each raises InvalidFields naming the field and what is wrong with it."""

import re
from collections.abc import Sequence
from typing import Any

from examples.shop.errors import InvalidFields

MAX_TEXT_CHARACTERS = 500
# Beyond this no price is real, and SQLite's integers would end.
MAX_AMOUNT = 10**12
MAX_LIMIT = 100
EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,188}[A-Za-z0-9])?\.[A-Za-z]{2,24}")
TAX_NUMBER = re.compile(r"[0-9A-Z]{15,20}")
PHONE = re.compile(r"\+?[0-9][0-9 \-]{5,19}")
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Control characters have no place in a name or an address; a line break in a reason has.
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


def _refuse(field: str, code: str) -> InvalidFields:
    return InvalidFields(f"The field {field} is {code.replace('_', ' ')}.", ((field, code),))


def text(body: dict[str, Any], field: str, *, most: int = MAX_TEXT_CHARACTERS) -> str:
    """A text with something in it, without the space around it."""
    value = optional_text(body, field, most=most)
    if value is None:
        raise _refuse(field, "required")
    return value


def optional_text(body: dict[str, Any], field: str, *, most: int = MAX_TEXT_CHARACTERS) -> str | None:
    """None for absent, null and blank."""
    value = body.get(field)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _refuse(field, "not_a_text")
    value = value.strip()
    if len(value) > most:
        raise _refuse(field, "too_long")
    # JSON can carry halves of characters, which no file can hold.
    if CONTROL.search(value) or any("\ud800" <= character <= "\udfff" for character in value):
        raise _refuse(field, "invalid")
    return value or None


def matching(body: dict[str, Any], field: str, pattern: re.Pattern[str]) -> str:
    value = text(body, field)
    if not pattern.fullmatch(value):
        raise _refuse(field, "invalid")
    return value


def optional_matching(body: dict[str, Any], field: str, pattern: re.Pattern[str]) -> str | None:
    return None if optional_text(body, field) is None else matching(body, field, pattern)


def one_of(body: dict[str, Any], field: str, values: Sequence[str]) -> str:
    value = text(body, field)
    if value not in values:
        raise _refuse(field, "unknown")
    return value


def positive(body: dict[str, Any], field: str) -> int:
    value = body.get(field)
    if value is None:
        raise _refuse(field, "required")
    if isinstance(value, bool) or not isinstance(value, int):
        raise _refuse(field, "not_a_number")
    if not 1 <= value <= MAX_AMOUNT:
        raise _refuse(field, "out_of_range")
    return value


def limit(value: str | None, default: int) -> int:
    """The `limit` of a query string."""
    if value is None:
        return default
    if not re.fullmatch(r"[0-9]{1,6}", value, re.ASCII) or not 1 <= int(value) <= MAX_LIMIT:
        raise _refuse("limit", "out_of_range")
    return int(value)
