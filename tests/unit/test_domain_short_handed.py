"""Short-handed mode: goes on and off by rule with hysteresis, and by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from handoff.domain.short_handed import Control, Load, Mode, Rule

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
RULE = Rule()
CALM, BETWEEN, BUSY = Load(1, 2, 60), Load(4, 2, 300), Load(6, 2, 300)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_that_it_goes_on_only_after_the_load_has_lasted() -> None:
    mode = Mode().after(BUSY, RULE, NOON)
    assert (mode.on, mode.crossed_at) == (False, NOON)
    assert mode.after(BUSY, RULE, later(59)) is mode
    on = mode.after(BUSY, RULE, later(60))
    assert (on.on, on.since, on.by, on.crossed_at) == (True, later(60), "rule", None)
    calm = mode.after(CALM, RULE, later(30))
    assert calm.crossed_at is None
    assert not calm.after(BUSY, RULE, later(61)).on, "it begins to count anew"


def test_that_between_the_thresholds_it_stays_as_it_is() -> None:
    on = Mode(on=True)
    assert Mode().after(BETWEEN, RULE, NOON) == Mode()
    assert on.after(BETWEEN, RULE, NOON) == on


def test_that_it_goes_off_below_both_lower_thresholds_only() -> None:
    on = Mode(on=True)
    assert on.after(Load(1, 2, 400), RULE, NOON).crossed_at is None, "few wait, but long"
    leaving = on.after(CALM, RULE, NOON)
    assert leaving.after(CALM, RULE, later(60)).on is False


def test_that_a_long_wait_alone_is_enough_and_nobody_there_counts_as_one() -> None:
    assert RULE.strained(Load(1, 5, 600))
    assert not RULE.strained(Load(0, 0, None))
    assert RULE.strained(Load(3, 0, None))
    assert RULE.relaxed(Load(0, 0, None))


def test_that_by_hand_it_stays_until_the_rule_is_given_back() -> None:
    on = Mode().set_by_hand(Control.ON, "boss", NOON)
    assert (on.on, on.by, on.since) == (True, "boss", NOON)
    assert on.after(CALM, RULE, later(10_000)) is on
    auto = on.set_by_hand(Control.AUTO, "boss", later(1))
    assert (auto.on, auto.since, auto.control) == (True, NOON, Control.AUTO)
    assert not auto.after(CALM, RULE, later(2)).after(CALM, RULE, later(62)).on
    off = on.set_by_hand(Control.OFF, "boss", later(5))
    assert off.after(BUSY, RULE, later(10_000)) is off


def test_that_it_is_stored_whole() -> None:
    for mode in (Mode(), Mode().after(BUSY, RULE, NOON), Mode().set_by_hand(Control.ON, "boss", NOON)):
        assert Mode.from_json(mode.to_json()) == mode
