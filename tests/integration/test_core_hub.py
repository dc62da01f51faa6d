"""Readers: all that comes after their cursor, once each and in order, whatever the hub drops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handoff.domain.conversation import Conversation
from handoff.domain.ids import ConversationId
from handoff.domain.message import Draft, Message, PrivateKind, Sender, text_content
from handoff.services import hub as hubs
from handoff.services import runner as runners
from handoff.services import subscription as subscriptions
from handoff.services.facts import Change, Place, Typing
from handoff.services.runner import Runner
from tests.fakes.core_house import House, customer_draft

Read = Callable[[int, int], Awaitable[list[Message]]]


def reading(house: House, id: ConversationId, *, private: bool = False, calls: list[int] | None = None) -> Read:
    async def read(after: int, limit: int) -> list[Message]:
        if calls is not None:
            calls.append(after)
        return await house.store.read(lambda tx: tx.messages.after(id, after, limit, private=private))

    return read


async def take(items: AsyncIterator[Any], count: int) -> list[Any]:
    return [await asyncio.wait_for(anext(items), 10) for _ in range(count)]


async def append(house: House, id: ConversationId, text: str, *, private: bool = False, tell: bool = True) -> Message:
    kind = PrivateKind.NOTE if private else None
    draft = Draft(id, Sender.AGENT, text_content(text), kind=kind) if private else customer_draft(id, text)
    message = await house.store.write(lambda tx: tx.messages.append(draft, as_owner=None))
    if tell:
        await house.services.hub.announce(Change(await house.conversation(id), (message,)))
    return message


async def test_that_a_reader_gets_what_was_before_and_what_follows(house: House) -> None:
    id = (await house.visitor()).id
    for n in range(1, 4):
        await append(house, id, f"{n}")
    with house.services.hub.subscribe(id) as subscription:
        items = subscription.items(1, reading(house, id), private=False)
        assert [m.seq for m in await take(items, 2)] == [2, 3]
        for n in range(4, 7):
            await append(house, id, f"{n}")
        assert [m.seq for m in await take(items, 3)] == [4, 5, 6]
    assert not house.services.hub.follows(id)


async def test_that_a_lost_wake_up_is_noticed_by_the_gap_and_repaired(house: House) -> None:
    id = (await house.visitor()).id
    calls: list[int] = []
    with house.services.hub.subscribe(id) as subscription:
        items = subscription.items(0, reading(house, id, calls=calls), private=False)
        await append(house, id, "1")
        await take(items, 1)
        calls.clear()
        for n in (2, 3):
            await append(house, id, f"{n}", tell=False)
        await append(house, id, "4")
        assert [m.text for m in await take(items, 3)] == ["2", "3", "4"]
        await append(house, id, "5")
        assert [m.text for m in await take(items, 1)] == ["5"]
    assert calls == [1], "read once, from the cursor, and not without need"


async def test_that_wake_ups_out_of_order_or_repeated_show_each_message_once(house: House) -> None:
    id = (await house.visitor()).id
    with house.services.hub.subscribe(id) as subscription:
        items = subscription.items(0, reading(house, id), private=False)
        messages = [await append(house, id, f"{n}", tell=False) for n in range(6)]
        conversation = await house.conversation(id)
        for n in (3, 1, 5, 3, 0, 4, 2, 5):
            house.services.hub.dispatch(Change(conversation, (messages[n],)))
        assert [m.seq for m in await take(items, 6)] == [1, 2, 3, 4, 5, 6]
        await append(house, id, "last")
        assert [m.text for m in await take(items, 1)] == ["last"]


async def test_that_customers_never_get_private_messages_and_see_no_gap(house: House) -> None:
    id = (await house.visitor()).id
    calls: list[int] = []
    with house.services.hub.subscribe(id) as customer, house.services.hub.subscribe(id) as desk:
        public = customer.items(0, reading(house, id, calls=calls), private=False)
        all_of_it = desk.items(0, reading(house, id, private=True), private=True)
        await append(house, id, "1")
        await take(public, 1)
        calls.clear()
        for n in (2, 3, 5):
            await append(house, id, f"secret {n}", private=True)
            await append(house, id, f"{n}")
        got = await take(public, 3)
        assert [(m.prev_public, m.seq, m.text) for m in got] == [(1, 3, "2"), (3, 5, "3"), (5, 7, "5")]
        assert calls == [], "a note is no gap"
        assert [m.seq for m in await take(all_of_it, 7)] == list(range(1, 8))


async def test_that_a_reader_who_falls_behind_reads_the_log_and_misses_nothing(house: House, monkeypatch: Any) -> None:
    monkeypatch.setattr(subscriptions, "BACKLOG", 5)
    monkeypatch.setattr(subscriptions, "PAGE", 4)
    id = (await house.visitor()).id
    with house.services.hub.subscribe(id) as subscription:
        items = subscription.items(0, reading(house, id), private=False)
        await append(house, id, "0")
        await take(items, 1)
        for n in range(1, 24):
            await append(house, id, f"{n}")
        assert len(subscription._messages) <= 5
        assert [m.text for m in await take(items, 23)] == [f"{n}" for n in range(1, 24)]
        await append(house, id, "24")
        assert [m.text for m in await take(items, 1)] == ["24"]


async def test_that_a_sleeping_reader_is_woken_by_the_sweeps_word(house: House) -> None:
    id = (await house.visitor()).id
    with house.services.hub.subscribe(id) as subscription:
        items = subscription.items(0, reading(house, id), private=False)
        await append(house, id, "read at the start", tell=False)
        assert (await asyncio.wait_for(anext(items), 10)).text == "read at the start"
        # From here on he looks at the log only when somebody wakes him.
        waiting = asyncio.ensure_future(anext(items))
        await append(house, id, "nobody told", tell=False)
        assert not waiting.done()
        subscription.fall_behind()
        assert (await asyncio.wait_for(waiting, 10)).text == "nobody told"


@pytest.mark.parametrize("skew", [timedelta(hours=-1), timedelta(hours=1)], ids=["slow", "fast"])
async def test_that_the_sweeps_find_what_a_machine_with_another_clock_wrote(
    house: House, monkeypatch: pytest.MonkeyPatch, skew: timedelta
) -> None:
    monkeypatch.setattr(runners, "FOLLOWED_AT_ONCE", 2)
    ids = [(await house.visitor()).id for _ in range(5)]
    runner = Runner(replace(house.services, clock=lambda: datetime.now(UTC) + skew))
    hub = house.services.hub
    with ExitStack() as readers:
        for id in ids:
            readers.enter_context(hub.subscribe(id))
            hub.greeted(id, (await house.conversation(id)).head)
            await append(house, id, "nobody told", tell=False)
        for _ in range(3):
            await runner.sweep()
        assert [head.last_seq >= 1 for id in ids if (head := hub.told(id))] == [True] * 5
    await runner.stop()


async def test_that_only_the_first_reader_is_told_nothing_more_by_his_greeting(house: House) -> None:
    id, hub = (await house.visitor()).id, house.services.hub
    with hub.subscribe(id):
        await append(house, id, "seen by nobody yet", tell=False)
        with hub.subscribe(id):
            hub.greeted(id, (await house.conversation(id)).head)
            assert hub.told(id) is None, "the first one may not know of it"
        hub.greeted(id, (await house.conversation(id)).head)
        assert hub.told(id) == (await house.conversation(id)).head


async def test_that_a_reader_who_is_stopped_ends_even_while_he_waits(house: House) -> None:
    id = (await house.visitor()).id
    with house.services.hub.subscribe(id) as subscription:
        items = subscription.items(0, reading(house, id), private=False)
        waiting = asyncio.ensure_future(anext(items))
        await asyncio.sleep(0)
        subscription.stop()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(waiting, 10)


async def test_that_a_change_of_owner_and_passing_things_are_told_after_the_messages(house: House) -> None:
    agent, visitor = await house.agent(), await house.visitor()
    with house.services.hub.subscribe(visitor.id) as subscription:
        items = subscription.items(0, reading(house, visitor.id), private=False)
        await house.says(visitor, "转人工")
        first = await take(items, 3)
        assert [type(i) for i in first] == [Message, Message, Conversation]
        house.services.hub.tell_place(visitor.id, Place(1, None))
        await house.services.hub.typing(Typing(visitor.id, "agent"))
        assert await take(items, 2) == [Place(1, None), Typing(visitor.id, "agent")]
        accepted = await house.accept(agent, visitor.id)
        told = await take(items, 2)
        assert told[1].owner == accepted.owner


async def test_that_a_reader_beyond_the_end_hears_only_what_is_new(house: House) -> None:
    id = (await house.visitor()).id
    await append(house, id, "1")
    with house.services.hub.subscribe(id) as subscription:
        items = subscription.items(1, reading(house, id), private=False)
        pending = asyncio.ensure_future(anext(items))
        await append(house, id, "2")
        assert (await asyncio.wait_for(pending, 10)).seq == 2


async def test_that_many_readers_and_writers_end_with_the_same_log(house: House) -> None:
    id = (await house.visitor()).id

    async def read() -> list[int]:
        with house.services.hub.subscribe(id) as subscription:
            items = subscription.items(0, reading(house, id), private=False)
            return [m.seq for m in await take(items, 40)]

    readers = [asyncio.create_task(read()) for _ in range(5)]
    await asyncio.gather(*(append(house, id, f"{n}") for n in range(40)))
    assert await asyncio.gather(*readers) == [list(range(1, 41))] * 5


async def test_that_a_desk_that_never_reads_is_told_to_start_over(house: House, monkeypatch: Any) -> None:
    monkeypatch.setattr(hubs, "DESK_BACKLOG", 3)
    with house.services.hub.desk(await house.agent()) as desk:
        for n in range(5):
            desk.push({"n": n})
        events = [event async for together in desk.events() for event in together]
    assert desk.overflowed
    assert [e["n"] for e in events] in ([0, 1, 2], [])


async def test_that_the_other_gateways_are_woken_without_any_words(house: House) -> None:
    visitor = await house.visitor()
    await house.says(visitor, "我的手机号是 13800000000")
    for _, payload in house.bus.lost:
        assert "13800000000" not in str(payload)
        assert "手机号" not in str(payload)
    assert [p["seq"] for c, p in house.bus.lost if c == "wake" and p["id"] == visitor.id][-1] == 1
