"""Business hours: spans, weekdays, holidays, zones, clocks that change; and counting time in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.domain.hours import DAYS, BusinessHours, parse_spans

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = BusinessHours.parse("mon-fri 09:00-12:00,13:30-18:00; sat 10:00-16:00", "Asia/Shanghai")
HOLIDAYS = BusinessHours.from_json(
    OFFICE.to_json() | {"holidays": {"2026-10-01": "", "2026-10-02": "", "2026-10-03": "14:00-15:00"}}
)


def at(text: str, zone: str = "Asia/Shanghai") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-20 08:59:59", False), ("2026-11-20 09:00", True), ("2026-11-20 11:59:59", True),
        ("2026-11-20 12:00", False), ("2026-11-20 13:30", True), ("2026-11-20 18:00", False),
        ("2026-11-21 09:30", False), ("2026-11-21 10:00", True), ("2026-11-22 11:00", False),
    ],
)  # fmt: skip
def test_that_it_is_open_within_a_days_spans(moment: str, is_open: bool) -> None:
    assert OFFICE.open_at(at(moment)) is is_open


@pytest.mark.parametrize(
    ("after", "opens"),
    [
        ("2026-11-20 08:00", "2026-11-20 09:00"), ("2026-11-20 09:00", "2026-11-20 13:30"),
        ("2026-11-20 20:00", "2026-11-21 10:00"), ("2026-11-21 17:00", "2026-11-23 09:00"),
        ("2026-09-30 20:00", "2026-10-03 14:00"), ("2026-10-03 15:00", "2026-10-05 09:00"),
    ],
)  # fmt: skip
def test_that_the_next_opening_minds_weekends_and_holidays(after: str, opens: str) -> None:
    assert HOLIDAYS.next_opening(at(after)) == at(opens)


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        ("2026-11-20 09:00", timedelta(hours=3), "2026-11-20 12:00"),
        ("2026-11-20 09:00", timedelta(hours=3, seconds=1), "2026-11-20 13:30:01"),
        ("2026-11-20 11:00", timedelta(hours=4), "2026-11-20 16:30"),
        ("2026-11-20 07:00", timedelta(minutes=30), "2026-11-20 09:30"),
        ("2026-11-20 17:59", timedelta(minutes=2), "2026-11-21 10:01"),
        ("2026-11-21 15:00", timedelta(hours=2), "2026-11-23 10:00"),
        ("2026-09-30 17:00", timedelta(hours=2, minutes=30), "2026-10-05 09:30"),
    ],
)
def test_that_business_time_is_added_over_nights_breaks_and_holidays(start: str, span: timedelta, end: str) -> None:
    assert HOLIDAYS.add(at(start), span) == at(end)
    assert HOLIDAYS.between(at(start), at(end)) == span


def test_that_a_week_of_office_hours_is_43_and_a_half() -> None:
    assert OFFICE.between(at("2026-11-23 00:00"), at("2026-11-30 00:00")) == timedelta(hours=43, minutes=30)
    assert OFFICE.between(at("2026-11-30 00:00"), at("2026-11-23 00:00")) == timedelta()


def test_that_a_house_that_never_opens_promises_nothing() -> None:
    closed = BusinessHours.parse("", "UTC")
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert (closed.open_at(now), closed.next_opening(now), closed.add(now, timedelta(seconds=1))) == (False, None, None)
    assert closed.before(now, timedelta(seconds=1)) is None


def test_that_a_house_that_never_closes_counts_real_time() -> None:
    always = BusinessHours.parse("00:00-24:00", "Europe/Berlin")
    now = at("2026-10-24 23:30", "Europe/Berlin")
    assert always.open_at(now)
    assert always.add(now, timedelta(days=3)) == now + timedelta(days=3)


def test_that_a_changed_clock_neither_gives_nor_takes_an_hour() -> None:
    night = BusinessHours.parse("00:00-06:00", "Europe/Berlin")
    spring, autumn = at("2026-03-29 00:00", "Europe/Berlin"), at("2026-10-25 00:00", "Europe/Berlin")
    assert night.between(spring, spring + timedelta(hours=12)) == timedelta(hours=5)
    assert night.between(autumn, autumn + timedelta(hours=12)) == timedelta(hours=7)
    assert night.open_at(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)), "02:30 for the first time"
    assert night.open_at(datetime(2026, 10, 25, 1, 30, tzinfo=UTC)), "and for the second"


def test_that_a_moment_is_asked_in_the_houses_zone() -> None:
    berlin, shanghai = (BusinessHours.parse("09:00-10:00", z) for z in ("Europe/Berlin", "Asia/Shanghai"))
    moment = at("2026-11-20 09:30", "Europe/Berlin")
    assert (berlin.open_at(moment), shanghai.open_at(moment)) == (True, False)


@pytest.mark.parametrize(
    "text",
    ["9-", "18:00-09:00", "09:00-09:00", "25:00-26:00", "09:60-10:00", "09:00-12:00,11:00-13:00", "abc", "fri-mon 09:00-10:00",
     "foo 09:00-10:00", "-1:00-02:00"],
)  # fmt: skip
def test_that_hours_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        BusinessHours.parse(text, "UTC")


@pytest.mark.parametrize(
    "value",
    [None, [], {}, {"week": [], "zone": "UTC"}, {"week": {}, "zone": "Nowhere/City"}, {"week": {}, "zone": "../etc/passwd"},
     {"week": {}}, {"week": {"someday": ""}, "zone": "UTC"}, {"week": {"mon": 9}, "zone": "UTC"},
     {"week": {}, "zone": "UTC", "holidays": {"2026-02-30": ""}}, {"week": {}, "zone": "UTC", "holidays": ["2026-02-01"]},
     {"week": {}, "zone": "UTC", "holidays": {"2026-02-01": "x"}}],
)  # fmt: skip
def test_that_json_that_makes_no_sense_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        BusinessHours.from_json(value)


spans = st.lists(st.integers(0, 24 * 12), min_size=0, max_size=6, unique=True).map(
    lambda xs: tuple((a * 5, b * 5) for a, b in zip(sorted(xs)[::2], sorted(xs)[1::2], strict=False))
)
weeks = st.tuples(*[spans] * 7)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda d: d.replace(tzinfo=UTC))  # noqa: DTZ001
zones = st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])


@settings(max_examples=60, deadline=None)
@given(weeks, zones, moments, st.integers(0, 40 * 3600))
def test_that_adding_and_measuring_agree(
    week: tuple[tuple[tuple[int, int], ...], ...], zone: str, start: datetime, seconds: int
) -> None:
    hours = BusinessHours(week, ZoneInfo(zone))
    assert BusinessHours.from_json(hours.to_json()) == hours
    span = timedelta(seconds=seconds)
    end = hours.add(start, span)
    if end is None:
        assert not any(week)
        return
    assert hours.between(start, end) == span
    assert end - start >= span
    opening = hours.next_opening(start)
    assert opening is not None
    assert hours.open_at(opening)


@settings(max_examples=60, deadline=None)
@given(weeks, zones, moments, st.integers(1, 40 * 3600))
def test_that_counting_back_finds_the_latest_start(
    week: tuple[tuple[tuple[int, int], ...], ...], zone: str, end: datetime, seconds: int
) -> None:
    hours, span = BusinessHours(week, ZoneInfo(zone)), timedelta(seconds=seconds)
    start = hours.before(end, span)
    if start is None:
        assert not any(week)
        return
    there, later = hours.add(start, span), hours.add(start + timedelta(microseconds=1), span)
    assert there is not None
    assert later is not None
    assert there <= end < later
    assert hours.between(start, end) == span


@pytest.mark.parametrize(
    ("end", "span", "start"),
    [
        ("2026-11-20 12:00", timedelta(hours=3), "2026-11-20 09:00"),
        ("2026-11-20 13:30", timedelta(hours=3), "2026-11-20 09:00"),
        ("2026-11-21 09:59", timedelta(minutes=30), "2026-11-20 17:30"),
        ("2026-11-23 10:00", timedelta(hours=2), "2026-11-21 15:00"),
        ("2026-10-05 09:30", timedelta(hours=2, minutes=30), "2026-09-30 17:00"),
    ],
)
def test_that_business_time_is_counted_back_over_nights_breaks_and_holidays(
    end: str, span: timedelta, start: str
) -> None:
    assert HOLIDAYS.before(at(end), span) == at(start)


def test_that_spans_are_put_in_order() -> None:
    assert parse_spans("13:00-14:00, 9-10") == ((540, 600), (780, 840))
    assert set(OFFICE.to_json()["week"]) == set(DAYS)
