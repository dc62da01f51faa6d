"""Service levels: which clocks run, when they warn and break, in business hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from handoff.domain.conversation import Conversation, Owner, OwnerType, Priority, Status
from handoff.domain.hours import BusinessHours
from handoff.domain.ids import ConversationId, CustomerId, InboxId
from handoff.domain.sla import SlaKind, SlaPolicy, SlaState, clocks, deadlines, most_urgent, queue_due

ALWAYS = BusinessHours.parse("00:00-24:00", "Asia/Shanghai")
OFFICE = BusinessHours.parse("09:00-18:00", "Asia/Shanghai")
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
POLICY = SlaPolicy()


def waiting(priority: Priority = Priority.NORMAL, since: datetime = NOON) -> Conversation:
    """Somebody who asked for a human and waits."""
    made = Conversation(
        ConversationId("c"), CustomerId("x"), InboxId("web"), Status.OPEN, Owner(OwnerType.QUEUE, None, None, 2),
        1, 1, 1, 1, 0, 0, "zh-Hans", priority, None, None, since,
    )  # fmt: skip
    return replace(made, human_since=since, awaiting_since=since)


def limits(conversation: Conversation, hours: BusinessHours = ALWAYS) -> dict[str, timedelta]:
    return {c.kind.value: c.due_at - c.since for c in clocks(conversation, POLICY, hours)}


def test_that_the_default_promises_are_those_of_the_house() -> None:
    assert limits(waiting()) == {"first_response": timedelta(seconds=30), "resolution": timedelta(hours=24)}
    assert limits(waiting(Priority.URGENT))["resolution"] == timedelta(hours=1)
    answered = replace(waiting(), responded_at=NOON + timedelta(seconds=9))
    assert limits(answered)["next_response"] == timedelta(minutes=3)
    assert set(limits(replace(answered, awaiting_since=None))) == {"resolution"}


def test_that_no_clock_runs_with_the_bot_or_after_the_end() -> None:
    with_bot = waiting().give_to(OwnerType.BOT)
    assert limits(with_bot) == {}
    assert (with_bot.human_since, with_bot.awaiting_since, with_bot.queue_due_at) == (None, None, None)
    assert limits(replace(waiting(), status=Status.RESOLVED)) == {}


def test_that_a_clock_warns_at_three_quarters_and_breaks_at_its_limit() -> None:
    clock = most_urgent(waiting(), POLICY, ALWAYS)
    assert clock is not None
    assert clock.kind is SlaKind.FIRST_RESPONSE
    states = [clock.state(NOON + timedelta(seconds=s)) for s in (0, 22.4, 22.5, 29.9, 30, 1000)]
    assert [s.value for s in states] == ["ok", "ok", "warning", "warning", "breached", "breached"]
    assert states[-1] is SlaState.BREACHED


def test_that_the_night_does_not_count() -> None:
    evening = datetime(2026, 11, 20, 9, 59, 50, tzinfo=UTC)  # ten seconds to 18:00
    assert limits(waiting(since=evening), OFFICE)["first_response"] == timedelta(hours=15, seconds=30)
    morning = datetime(2026, 11, 21, 1, 0, 20, tzinfo=UTC)
    assert queue_due(Priority.NORMAL, evening, POLICY, OFFICE) == morning


def test_that_a_promise_that_is_not_made_has_no_clock() -> None:
    value = POLICY.to_json()
    value["normal"] = {"first_response": None, "next_response": 60, "resolution": None}
    policy = SlaPolicy.from_json(value)
    assert list(clocks(waiting(), policy, ALWAYS)) == []
    assert queue_due(Priority.NORMAL, NOON, policy, ALWAYS) == NOON
    kept = {(d.kind.value, d.priority.value) for d in deadlines(policy, [ALWAYS], NOON)}
    assert ("next_response", "normal") in kept
    assert not {("first_response", "normal"), ("resolution", "normal")} & kept
    assert SlaPolicy.from_json(policy.to_json()) == policy


LATE = BusinessHours.parse("14:00-23:00", "Asia/Shanghai")


@pytest.mark.parametrize("calendars", [(ALWAYS,), (OFFICE,), (OFFICE, LATE), (BusinessHours.parse("", "UTC"), OFFICE)])
@pytest.mark.parametrize("now", [NOON, NOON + timedelta(hours=9)], ids=["by day", "by night"])
def test_that_deadlines_find_every_late_clock_and_on_one_calendar_no_other(
    calendars: tuple[BusinessHours, ...], now: datetime
) -> None:
    found = list(deadlines(POLICY, calendars, now))
    assert len(found) == 3 * 3 * 2
    seconds = (1, 20, 22, 23, 29, 31, 134, 136, 179, 181, 2699, 2701, 3599, 3601, 17 * 3600, 25 * 3600, 100 * 3600)
    for since in (now - timedelta(seconds=s) for s in seconds):
        for priority in Priority:
            for answered in (None, since):
                conversation = replace(waiting(priority, since), responded_at=answered)
                late = {
                    (c.kind, state)
                    for hours in calendars
                    for c in clocks(conversation, POLICY, hours)
                    for state in (SlaState.WARNING, SlaState.BREACHED)
                    if now >= (c.warn_at if state is SlaState.WARNING else c.due_at)
                }
                kinds = {SlaKind.RESOLUTION, SlaKind.NEXT_RESPONSE if answered else SlaKind.FIRST_RESPONSE}
                past = {
                    (d.kind, d.state)
                    for d in found
                    if d.priority is priority and d.kind in kinds and since <= d.began_by
                }
                assert late <= past
                if len(calendars) == 1:
                    assert late == past


def test_that_who_never_opens_is_never_late() -> None:
    assert list(deadlines(POLICY, [BusinessHours.parse("", "UTC")], NOON)) == []


@pytest.mark.parametrize(
    "change",
    [{"warn_at": 0}, {"warn_at": 1}, {"warn_at": "x"}, {"warn_at": True}, {"normal": None}, {"urgent": []},
     {"high": {"first_response": 0}}, {"high": {"first_response": -1}}, {"high": {"resolution": 1.5}},
     {"high": {"resolution": 10**12}}, {"high": {"next_response": True}}, {"high": {"next_response": "60"}}],
)  # fmt: skip
def test_that_levels_that_make_no_sense_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        SlaPolicy.from_json(POLICY.to_json() | change)
