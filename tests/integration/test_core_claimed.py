"""A turn that is claimed in the transaction that stores the customer's message, because this gateway has a place free for it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from handoff.domain.ids import ConversationId
from handoff.domain.message import Sender
from handoff.services import receive as receiving
from handoff.services.bot_turn import run_turn
from handoff.services.facts import Change
from handoff.services.ports import Transaction
from handoff.services.runner import Runner
from tests.fakes.core_bot import says
from tests.fakes.core_house import House


@pytest.fixture
def free(house: House) -> House:
    house.services = replace(house.services, bot_places=asyncio.Semaphore(1))
    return house


def heard(house: House, text: str) -> asyncio.Event:
    """Set once this was said."""
    event = asyncio.Event()

    def on_change(change: Change) -> None:
        if any(message.text == text for message in change.messages):
            event.set()

    house.services.hub.listeners.append(on_change)
    return event


async def test_that_the_message_brings_the_claim_and_all_that_the_bot_is_sent(free: House) -> None:
    visitor = await free.visitor()
    received = await free.says(visitor, "几天内可以退？")
    assert received.change is not None
    assert received.change.claimed is not None
    claimed = received.change.claimed
    assert (claimed.turn.text, claimed.turn.attempt, claimed.request["message"]) == (
        "几天内可以退？",
        1,
        "几天内可以退？",
    )
    assert not await run_turn(free.services, visitor.id)  # nobody else may
    free.bot.will(says("七天"))
    after = await run_turn(free.services, visitor.id, claimed)
    assert after is not None
    assert not after.unanswered
    assert await free.texts(visitor.id, Sender.BOT) == ["七天"]


async def test_that_a_gateway_without_a_free_place_leaves_it_to_another(free: House) -> None:
    visitor = await free.visitor()
    async with free.services.bot_places:
        received = await free.says(visitor, "在吗")
    assert received.change is not None
    assert received.change.claimed is None
    assert await free.store.read(lambda tx: tx.conversations.unanswered(free.clock(), 10)) == [visitor.id]


@pytest.mark.parametrize("text", ["转人工", "重复的"])
async def test_that_nothing_is_claimed_where_the_bot_owes_nothing(free: House, text: str) -> None:
    visitor = await free.visitor()
    if text == "重复的":
        await free.says(visitor, text, client_id="same")
    received = await free.says(visitor, text, client_id="same")
    assert received.change is None or received.change.claimed is None


async def test_that_a_gateway_killed_with_the_claim_costs_the_time_of_a_claim(free: House) -> None:
    visitor = await free.visitor()
    await free.says(visitor, "在吗")  # and its gateway is gone
    assert await free.store.read(lambda tx: tx.conversations.unanswered(free.clock(), 10)) == []
    free.clock.forward(seconds=free.services.policy.claim_seconds + 0.1)
    assert await free.store.read(lambda tx: tx.conversations.unanswered(free.clock(), 10)) == [visitor.id]
    free.bot.will(says("在的"))
    assert await free.bot_turns(visitor.id) == 1


async def test_that_a_turn_that_cannot_be_begun_does_not_keep_the_message_from_being_stored(
    free: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(tx: Transaction, services: object, id: ConversationId) -> None:
        raise RuntimeError("a fault of ours")

    visitor = await free.visitor()
    monkeypatch.setattr(receiving, "do_claim", broken)
    received = await free.says(visitor, "在吗")
    assert [m.seq for m in await free.log(visitor.id)] == [received.seq]
    assert "claiming a turn" in caplog.text


async def test_that_the_runner_runs_what_was_claimed_and_then_what_came_meanwhile(free: House) -> None:
    runner = Runner(free.services)
    runner.start()
    try:
        visitor = await free.visitor()
        second = heard(free, "答二")
        gate = free.bot.holds(says("答一"))
        free.bot.will(says("答二"))
        await free.says(visitor, "第一句")
        await gate.entered.wait()
        await free.says(visitor, "第二句")
        await free.says(visitor, "第三句")
        gate.open()
        async with asyncio.timeout(10):
            await second.wait()
    finally:
        await runner.stop()
    assert [r["message"] for r in free.bot.requests] == ["第一句", "第二句\n第三句"]
    assert await free.texts(visitor.id, Sender.BOT) == ["答一", "答二"]
