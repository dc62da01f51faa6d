"""Business hours: several spans a day in one time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class BusinessHours:
    """When humans answer. Spans are minutes after local midnight, half-open."""

    spans: tuple[tuple[int, int], ...]
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str, zone: str) -> BusinessHours:
        """From ``09:00-12:00,13:30-22:00``. Raises ValueError with the part that is wrong."""

        def minutes(part: str) -> int:
            hour, _, minute = part.strip().partition(":")
            value = int(hour) * 60 + int(minute or 0)
            if not 0 <= value <= 24 * 60:
                raise ValueError(f"{part!r} is not a time of day")
            return value

        spans = []
        for span in filter(None, (s.strip() for s in text.split(","))):
            start, dash, end = span.partition("-")
            if not dash or minutes(start) >= minutes(end):
                raise ValueError(f"{span!r} is not a span such as 09:00-18:00")
            spans.append((minutes(start), minutes(end)))
        return cls(tuple(sorted(spans)), ZoneInfo(zone))

    def open_at(self, at: datetime) -> bool:
        """Whether humans answer at this moment."""
        local = at.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self.spans)

    def next_opening(self, after: datetime) -> datetime | None:
        """The next moment at which humans begin to answer, in the zone's time; None when they never do."""
        local = after.astimezone(self.zone)
        for day in range(8):
            date = local.date() + timedelta(days=day)
            for start, _ in self.spans:
                opening = datetime.combine(date, time(start // 60 % 24, start % 60), self.zone)
                if opening > local:
                    return opening
        return None
