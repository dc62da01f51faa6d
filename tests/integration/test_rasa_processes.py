"""The way to the bot's processes over real HTTP: slow, hung, dead and mad ones, and back again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from handoff.domain.ids import ConversationId
from handoff.domain.turns import BotTurn, TurnState
from handoff.remotes import rasa, slots
from handoff.remotes.rasa import HttpBot
from handoff.services.ports import BotBusy, BotUnavailable
from tests.fakes.rasa import SECRET, FakeRasa, text_answer

TIMEOUT = 0.3


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rasa, "WATCH_SECONDS", 0.02)
    monkeypatch.setattr(slots, "SETTLE_SECONDS", 0.1)


@pytest.fixture
def two() -> Iterator[tuple[FakeRasa, FakeRasa]]:
    with FakeRasa() as first, FakeRasa() as second:
        yield first, second
        assert first.violations == second.violations == []


@asynccontextmanager
async def bot_of(*urls: str) -> AsyncIterator[HttpBot]:
    bot = HttpBot(urls, SECRET, TIMEOUT)
    watching = asyncio.create_task(bot.watch())
    try:
        yield bot
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await bot.close()


def a_turn(home: int = 0, of: int = 2, number: int = 1) -> BotTurn:
    """A turn of a conversation whose home is the process `home`."""
    id = next(f"c{n}" for n in range(1000) if slots.slot_of(f"c{n}") % of == home)
    return BotTurn(ConversationId(id), number, 1, 1, 1, 1, "claim", TurnState.RUNNING, "你好")


def request(turn: BotTurn) -> dict[str, Any]:
    metadata = {
        "message_id": turn.id,
        "seq": 1,
        "locale": "zh-Hans",
        "channel": "web",
        "customer_id": "x",
        "verified": False,
    }
    return {"sender": turn.conversation_id, "message": turn.text, "history": [], "slots": {}, "metadata": metadata}  # fmt: skip


async def ask(bot: HttpBot, turn: BotTurn) -> str:
    """The process that answered."""
    answer = await bot.answer(turn, request(turn), bot.process_for(turn.conversation_id))
    assert answer.process is not None
    return answer.process


async def until(fact: Callable[[], bool]) -> None:
    for _ in range(2000):
        if fact():
            return
        await asyncio.sleep(0.005)
    pytest.fail("it never came true")


async def test_that_a_dead_process_is_noticed_at_once_and_its_conversations_move_and_come_back() -> None:
    with FakeRasa() as first:
        second = FakeRasa()
        url, port = second.url, second._server.server_port
        second._server.server_close()
        turn = a_turn(home=1)
        async with bot_of(first.url, url) as bot:
            with pytest.raises(BotUnavailable):
                await ask(bot, turn)
            assert await ask(bot, turn) == first.url
            with FakeRasa(port=port):
                await until(lambda: bot.process_for(turn.conversation_id) == url)
                assert await ask(bot, a_turn(home=1, number=2)) == url


async def test_that_a_slow_process_keeps_its_conversations(two: tuple[FakeRasa, FakeRasa]) -> None:
    first, second = two
    turn = a_turn(home=0)
    async with bot_of(first.url, second.url) as bot:
        with first.holding():
            for _ in range(4):  # a time-out, then that it works on it
                with pytest.raises(BotBusy):
                    await ask(bot, turn)
            for number in range(2, 6):
                with pytest.raises(BotBusy):
                    await ask(bot, a_turn(home=0, number=number))
            assert bot.process_for(turn.conversation_id) == first.url
        await until(lambda: not first._running)
        assert await ask(bot, turn) == first.url
    assert second.turns == []
    assert len(first.said_to(turn.conversation_id)) == 5, "each turn ran once"


async def test_that_a_hung_process_is_told_apart_from_a_slow_one(
    two: tuple[FakeRasa, FakeRasa], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rasa, "HEALTH_SECONDS", 0.1)
    _, second = two
    connections: list[asyncio.StreamWriter] = []

    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    hung = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    turn = a_turn(home=0)
    async with bot_of(hung, second.url) as bot:
        for _ in range(slots.TIMEOUTS):
            with pytest.raises(BotBusy):
                await ask(bot, turn)
        assert await ask(bot, turn) == second.url
    for writer in connections:
        writer.close()
    server.close()
    await server.wait_closed()


async def test_that_a_process_that_dies_under_a_turn_is_down(two: tuple[FakeRasa, FakeRasa]) -> None:
    first, second = two
    turn = a_turn(home=0)
    async with bot_of(first.url, second.url) as bot:
        with first.failing(0):
            with pytest.raises(BotUnavailable):
                await ask(bot, turn)
            assert await ask(bot, turn) == second.url
        await until(lambda: bot.process_for(turn.conversation_id) == first.url)


async def test_that_a_refused_turn_says_nothing_of_the_process(two: tuple[FakeRasa, FakeRasa]) -> None:
    first, second = two
    first.when("你好", text_answer("x"), status=503)
    turn = a_turn(home=0)
    async with bot_of(first.url, second.url) as bot:
        for _ in range(5):
            with pytest.raises(BotUnavailable) as failed:
                await ask(bot, turn)
            assert not isinstance(failed.value, BotBusy)
        assert bot.process_for(turn.conversation_id) == first.url


async def test_that_with_all_down_nobody_waits(two: tuple[FakeRasa, FakeRasa]) -> None:
    first, second = two
    async with bot_of(first.url, second.url) as bot:
        with first.failing(0), second.failing(0):
            for home in (0, 1):
                with pytest.raises(BotUnavailable):
                    await ask(bot, a_turn(home=home))
            started = time.monotonic()
            for _ in range(20):
                with pytest.raises(BotUnavailable):
                    bot.process_for("anybody")
            assert time.monotonic() - started < TIMEOUT
        turn = a_turn(home=1)
        await until(lambda: bot._table.serving(turn.conversation_id) is not None)
        assert await ask(bot, turn) in (first.url, second.url)
