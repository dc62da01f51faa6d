"""An answer that is asked for once and told to many."""

from __future__ import annotations

import asyncio

import pytest

from handoff.services.kept import Kept


class Source:
    """Counts how often it is asked; answers when it may."""

    def __init__(self) -> None:
        self.now = 100.0
        self.asked = 0
        self.broken = False
        self.was_asked, self.may_answer = asyncio.Event(), asyncio.Event()
        self.may_answer.set()

    async def ask(self) -> int:
        self.asked += 1
        self.was_asked.set()
        await self.may_answer.wait()
        if self.broken:
            raise ValueError("broken")
        return self.asked

    def kept(self) -> Kept[int]:
        return Kept(self.ask, 1.0, lambda: self.now)


async def test_that_it_is_asked_again_only_when_its_answer_is_old() -> None:
    source = Source()
    kept = source.kept()
    assert [await kept.now() for _ in range(3)] == [1, 1, 1]
    source.now += 1.0
    assert await kept.now() == 1
    source.now += 0.1
    assert [await kept.now(), await kept.now_or_last()] == [2, 2]


async def test_that_all_who_come_at_once_share_one_answer() -> None:
    source = Source()
    kept = source.kept()
    assert await asyncio.gather(*(kept.now() for _ in range(20)), *(kept.now_or_last() for _ in range(20))) == [1] * 40


@pytest.mark.parametrize("patient", [True, False])
async def test_that_who_may_take_the_one_before_does_not_wait(patient: bool) -> None:
    source = Source()
    kept = source.kept()
    await kept.now()
    source.now += 60
    source.may_answer.clear()
    source.was_asked.clear()
    asking = asyncio.create_task(kept.now())
    await source.was_asked.wait()
    another = asyncio.create_task(kept.now() if patient else kept.now_or_last())
    if not patient:
        assert await another == 1
    source.may_answer.set()
    assert await asking == 2
    assert await another == (2 if patient else 1)


async def test_that_a_failure_is_told_and_not_kept() -> None:
    source = Source()
    kept = source.kept()
    source.broken = True
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            await kept.now()
    source.broken = False
    assert await kept.now() == 3
