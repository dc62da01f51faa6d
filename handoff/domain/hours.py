"""Business hours: several spans a day by weekday, holidays, one time zone; and counting time in them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

Spans = tuple[tuple[int, int], ...]
"""Minutes after local midnight, half-open, in order, not overlapping."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Nobody closes for longer; a search for the next opening ends here.
HORIZON_DAYS = 400
MAX_HOLIDAYS = 400


def _minutes(text: str) -> int:
    found = re.fullmatch(r"(\d{1,2}):(\d{2})|(\d{1,2})", text.strip())
    value = int(found[1] or found[3]) * 60 + int(found[2] or 0) if found else -1
    if not 0 <= value <= 24 * 60 or found and int(found[2] or 0) > 59:
        raise ValueError(f"{text!r} is not a time of day")
    return value


def parse_spans(text: str) -> Spans:
    """From ``09:00-12:00,13:30-22:00``; nothing means closed. Raises ValueError with the part that is wrong."""
    spans = []
    for span in filter(None, (s.strip() for s in text.split(","))):
        start, dash, end = span.partition("-")
        if not dash or _minutes(start) >= _minutes(end):
            raise ValueError(f"{span!r} is not a span such as 09:00-18:00")
        spans.append((_minutes(start), _minutes(end)))
    spans.sort()
    for earlier, later in zip(spans, spans[1:]):  # noqa: B905 (one shorter on purpose)
        if later[0] < earlier[1]:
            raise ValueError(f"spans overlap in {text!r}")
    return tuple(spans)


def format_spans(spans: Spans) -> str:
    """As `parse_spans` reads it."""
    return ",".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in spans)


@dataclass(frozen=True)
class BusinessHours:
    """When humans answer. `week` from Monday; `holidays` replace their date's spans (none: closed all day)."""

    week: tuple[Spans, ...]
    zone: ZoneInfo
    holidays: Mapping[date, Spans] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, zone: str) -> BusinessHours:
        """The same spans every day, or by weekday: ``mon-fri 09:00-12:00,13:30-18:00; sat 10:00-16:00``. Raises ValueError."""
        week: list[Spans] = [()] * 7
        for part in filter(None, (p.strip() for p in text.split(";"))):
            days, spans = range(7), part
            if found := re.fullmatch(r"([A-Za-z]{3})(?:-([A-Za-z]{3}))?\s+(.*)", part):
                first, last = _day(found[1]), _day(found[2] or found[1])
                days = range(first, last + 1)
                if first > last:
                    raise ValueError(f"{part!r}: days go from Monday to Sunday")
                spans = found[3]
            for day in days:
                week[day] = parse_spans(spans)
        return cls(tuple(week), _zone(zone))

    @classmethod
    def from_json(cls, value: Any) -> BusinessHours:
        """From `{"zone", "week": {"mon": "09:00-18:00", …}, "holidays": {"2026-10-01": ""}}`. Days left out are closed.

        Raises ValueError with the part that is wrong.
        """
        if not isinstance(value, dict) or not isinstance(value.get("week"), dict):
            raise ValueError("week must be an object of weekdays")
        holidays = value.get("holidays") or {}
        if not isinstance(holidays, dict) or len(holidays) > MAX_HOLIDAYS:
            raise ValueError("holidays must be an object of dates")
        week: list[Spans] = [()] * 7
        for name, spans in value["week"].items():
            week[_day(name)] = parse_spans(_text(spans, name))
        dates = {date.fromisoformat(day): parse_spans(_text(spans, day)) for day, spans in holidays.items()}
        return cls(tuple(week), _zone(_text(value.get("zone"), "zone")), dates)

    def to_json(self) -> dict[str, Any]:
        """As `from_json` reads it."""
        return {
            "zone": self.zone.key,
            "week": {day: format_spans(spans) for day, spans in zip(DAYS, self.week)},  # noqa: B905 (both are 7)
            "holidays": {day.isoformat(): format_spans(spans) for day, spans in sorted(self.holidays.items())},
        }

    def spans_on(self, day: date) -> Spans:
        """The spans of a date."""
        special = self.holidays.get(day)
        return self.week[day.weekday()] if special is None else special

    def open_at(self, at: datetime) -> bool:
        """Whether humans answer at this moment."""
        start, end = next(self._spans_from(at), (None, None))
        return start is not None and end is not None and start <= at < end

    def next_opening(self, after: datetime) -> datetime | None:
        """The next moment at which humans begin to answer, in the zone's time; None when they never do."""
        for start, _ in self._spans_from(after):
            if start > after:
                return start.astimezone(self.zone)
        return None

    def add(self, start: datetime, span: timedelta) -> datetime | None:
        """The moment, in UTC, when `span` of business time has passed since `start`; None when it never will.

        A start out of hours counts from the next opening. The end of a day's hours belongs to that day.
        """
        left = span
        for opening, closing in self._spans_from(start):
            begin = max(opening, start)
            if begin + left <= closing:
                return begin + left
            left -= closing - begin
        return None

    def before(self, end: datetime, span: timedelta) -> datetime | None:
        """The latest start, in UTC, from which `add` comes to `end` or earlier; None when none does. `span` is not nothing."""
        left = span
        for opening, closing in self._spans_until(end):
            until = min(closing, end)
            if until - opening >= left:
                return until - left
            left -= until - opening
        return None

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much business time lies between two moments; nothing when `end` is not after `start`."""
        total = timedelta()
        for opening, closing in self._spans_from(start):
            if opening >= end:
                break
            total += min(closing, end) - max(opening, start)
        return total

    def _spans_from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Spans that end after `at`, as moments in UTC, so that a change to summer time neither adds nor takes an hour."""
        first = at.astimezone(self.zone).date()
        for offset in range(HORIZON_DAYS):
            day = first + timedelta(days=offset)
            for opening, closing in _moments(self.spans_on(day), day, self.zone):
                if closing > at:
                    yield opening, closing

    def _spans_until(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Spans that begin before `at`, the latest first."""
        last = at.astimezone(self.zone).date()
        for offset in range(HORIZON_DAYS):
            day = last - timedelta(days=offset)
            for opening, closing in reversed(_moments(self.spans_on(day), day, self.zone)):
                if opening < at:
                    yield opening, closing


# Asked of the same few days again and again: a desk's list asks four times for each row.
@lru_cache(maxsize=4 * HORIZON_DAYS)
def _moments(spans: Spans, day: date, zone: ZoneInfo) -> tuple[tuple[datetime, datetime], ...]:
    """The spans of a date as moments in UTC."""
    found = ((_moment(day, start, zone, fold=0), _moment(day, end, zone, fold=1)) for start, end in spans)
    return tuple((opening, closing) for opening, closing in found if closing > opening)


def _moment(day: date, minutes: int, zone: ZoneInfo, *, fold: int) -> datetime:
    """An hour that the clocks repeat is worked twice; one that they skip is not worked."""
    day, minutes = (day + timedelta(days=1), 0) if minutes == 24 * 60 else (day, minutes)
    return datetime.combine(day, time(minutes // 60, minutes % 60, fold=fold), zone).astimezone(timezone.utc)


def _day(name: str) -> int:
    try:
        return DAYS.index(name.lower())
    except ValueError:
        raise ValueError(f"{name!r} is not a weekday such as mon") from None


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} must be text")
    return value


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"{name!r} is not a time zone such as Asia/Shanghai") from None
