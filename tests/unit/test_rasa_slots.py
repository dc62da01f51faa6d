"""Conversations and the bot's processes: pinned, moved when their process is gone, and back when it is well again."""

from __future__ import annotations

from collections import Counter

import pytest

from handoff.remotes.slots import SETTLE_SECONDS, SLOTS, TIMEOUTS, SlotTable, State, slot_of

IDS = [f"conversation-{n}" for n in range(2000)]


class Clock:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(clock: Clock) -> SlotTable:
    return SlotTable(["http://a", "http://b", "http://c"], clock)


def served(table: SlotTable) -> dict[str, str | None]:
    found = {id: table.serving(id) for id in IDS}
    return {id: process.url if process else None for id, process in found.items()}


def test_that_slots_are_used_evenly_and_are_the_same_in_every_gateway() -> None:
    counts = Counter(slot_of(id) for id in IDS)
    assert set(counts) == set(range(SLOTS))
    assert max(counts.values()) < 3 * min(counts.values())
    assert [slot_of(f"conversation-{n}") for n in range(4)] == [23, 32, 59, 52]


def test_that_only_the_conversations_of_a_dead_process_move_and_every_gateway_moves_them_alike(
    table: SlotTable, clock: Clock
) -> None:
    before = served(table)
    assert set(before.values()) == {"http://a", "http://b", "http://c"}
    table.down(table.processes[1])
    after = served(table)
    assert {id for id in IDS if before[id] != after[id]} == {id for id in IDS if before[id] == "http://b"}
    assert "http://b" not in after.values()
    other = SlotTable(["http://a", "http://b", "http://c"], clock)
    other.down(other.processes[1])
    assert served(other) == after


def test_that_conversations_go_home_when_it_has_been_healthy_for_a_while(table: SlotTable, clock: Clock) -> None:
    before, process = served(table), table.processes[1]
    assert table.down(process)
    assert not table.down(process), "told once"
    away = served(table)
    assert not table.healthy(process)
    assert process.state is State.SETTLING
    assert served(table) == away
    clock.at += SETTLE_SECONDS - 0.1
    assert not table.healthy(process)
    assert served(table) == away
    clock.at += 0.2
    assert table.healthy(process)
    assert served(table) == before


def test_that_one_that_dies_while_it_settles_starts_over(table: SlotTable, clock: Clock) -> None:
    process = table.processes[1]
    table.down(process)
    table.healthy(process)
    clock.at += SETTLE_SECONDS - 1
    table.down(process)
    clock.at += 2
    assert not table.healthy(process)
    assert "http://b" not in served(table).values()


def test_that_with_all_down_nobody_serves_and_the_first_that_comes_back_serves_all(
    table: SlotTable, clock: Clock
) -> None:
    for process in table.processes:
        table.down(process)
    assert set(served(table).values()) == {None}
    table.healthy(table.processes[2])
    assert set(served(table).values()) == {"http://c"}


def test_that_a_single_process_serves_as_soon_as_it_is_healthy() -> None:
    table = SlotTable(["http://only"])
    table.down(table.processes[0])
    assert table.serving("x") is None
    assert table.healthy(table.processes[0])
    assert table.serving("x") is table.processes[0]


def test_that_only_time_outs_in_a_row_raise_a_doubt(table: SlotTable) -> None:
    process = table.processes[0]
    for _ in range(5):
        for _ in range(TIMEOUTS - 1):
            assert not table.timed_out(process)
        table.answered(process)
    for _ in range(TIMEOUTS - 1):
        table.timed_out(process)
    assert table.timed_out(process)
    assert process.state is State.UP, "slow is not dead: whoever doubts asks it"
