"""Times: kept and sent as ISO 8601 UTC, shown and numbered in China's."""

from datetime import UTC, datetime, timedelta, timezone

# China has one time zone and no summer time, so no time zone database is needed.
CHINA = timezone(timedelta(hours=8))


def iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_iso(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def china_minutes(text: str) -> str:
    """A stored time as people in China read it, to the minute."""
    return parse_iso(text).astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
