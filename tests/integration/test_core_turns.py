"""Bot turns: claimed once, fixed for good, and never a word to the customer after a human has taken over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from handoff.domain.conversation import Conversation, Owner, OwnerType
from handoff.domain.errors import Invalid, StaleEpoch
from handoff.domain.ids import ConversationId
from handoff.domain.message import Draft, Message, PrivateKind, Sender, text_content
from handoff.domain.people import Role
from handoff.domain.turns import BotAnswer, BotTurn, TurnState
from handoff.services.bot_turn import _do_say_slow, do_finish, run_turn, say_overdue
from handoff.services.ports import BotBusy, BotUnavailable, Transaction
from handoff.stores.schema import bot_turns
from tests.fakes.core_bot import Gate, says
from tests.fakes.core_house import House, Visitor, gathered
from tests.fakes.core_store import CountingStore

CHOICES: dict[str, Any] = {
    "type": "choices",
    "text": "您要退哪一件？",
    "options": [
        {"title": "衬衫", "parse_data": {"intent": {"name": "inform"}, "entities": [{"entity": "item", "value": "S"}]}},
        {"title": "转人工", "parse_data": {"intent": {"name": "request_human"}, "entities": []}},
    ],
}


async def claim(house: House, id: ConversationId, name: str = "me", lease: float = 5.0) -> BotTurn | None:
    return await house.store.write(lambda tx: tx.turns.claim(id, name, house.clock(), lease))


async def claimed(house: House, id: ConversationId, name: str = "me", lease: float = 5.0) -> BotTurn:
    turn = await claim(house, id, name, lease)
    assert turn is not None
    return turn


async def test_that_a_question_is_answered_in_one_turn(house: House) -> None:
    visitor = await house.visitor()
    house.bot.will(says("七天之内", intent="ask_faq", slots={"order_number": "KF1"}, locale="zh-Hant"))
    await house.asks(visitor, "几天内可以退？")
    log = await house.log(visitor.id)
    assert [(m.sender, m.text, m.client_id) for m in log[1:]] == [(Sender.BOT, "七天之内", f"{visitor.id}:1:0")]
    conversation = await house.conversation(visitor.id)
    assert (conversation.bot_seq, conversation.slots, conversation.locale) == (1, {"order_number": "KF1"}, "zh-Hant")
    assert not conversation.unanswered
    [turn] = await house.turns(visitor.id)
    assert (turn.state, turn.intent, turn.first_seq, turn.last_seq, turn.took_ms) == (
        TurnState.ANSWERED,
        "ask_faq",
        1,
        1,
        12,
    )
    [request] = house.bot.requests
    assert (request["sender"], request["message"], request["history"]) == (visitor.id, "几天内可以退？", [])
    assert request["metadata"] | {"customer_id": ""} == {
        "message_id": f"{visitor.id}:1", "seq": 1, "locale": "zh-Hans", "channel": "web", "customer_id": "", "verified": False,
    }  # fmt: skip


def finish(house: House, turn: BotTurn, tx: Transaction) -> None:
    do_finish(tx, house.services, turn, says("在的"), house.clock())


async def test_that_only_one_of_many_claims_the_turn(house: House) -> None:
    visitor = await house.visitor()
    await house.says(visitor, "在吗")
    turns = await asyncio.gather(*(claim(house, visitor.id, f"gateway-{n}") for n in range(20)))
    assert sum(turn is not None for turn in turns) == 1
    assert await house.store.read(lambda tx: tx.conversations.unanswered(house.clock(), 10)) == []


async def test_that_what_arrives_meanwhile_is_the_next_turn(house: House) -> None:
    visitor = await house.visitor()
    await house.says(visitor, "第一句")
    gate = house.bot.holds(says("答一"))
    running = asyncio.create_task(run_turn(house.services, visitor.id))
    await gate.entered.wait()
    await house.says(visitor, "第二句")
    await house.says(visitor, "第三句")
    assert not await run_turn(house.services, visitor.id)
    gate.open()
    assert await running
    house.bot.will(says("答二"))
    assert await house.bot_turns(visitor.id) == 1
    assert [r["message"] for r in house.bot.requests] == ["第一句", "第二句\n第三句"]
    assert [r["history"] for r in house.bot.requests] == [[], []]
    assert [(t.first_seq, t.last_seq) for t in await house.turns(visitor.id)] == [(1, 1), (2, 3)]
    assert await house.texts(visitor.id, Sender.BOT) == ["答一", "答二"]


async def test_that_a_pressed_button_is_a_turn_of_its_own_with_its_meaning(house: House) -> None:
    visitor = await house.visitor()
    house.bot.will(says(contents=(CHOICES,)))
    await house.asks(visitor, "我要退货")
    asked = (await house.log(visitor.id))[-1]
    options = asked.content["options"]
    assert [o["title"] for o in options] == ["衬衫", "转人工"]
    await house.says(visitor, "等一下")
    await house.says(visitor, option_id=options[0]["id"])
    await house.says(visitor, "谢谢")
    await house.bot_turns(visitor.id)
    assert [r["message"] for r in house.bot.requests] == ["我要退货", "等一下", "衬衫", "谢谢"]
    assert [r.get("parse_data") for r in house.bot.requests] == [None, None, CHOICES["options"][0]["parse_data"], None]


@pytest.mark.parametrize("option_id", ["1-0-7", "9-0-0", "nonsense", "", "x" * 65])
async def test_that_a_button_nobody_offered_is_refused(house: House, option_id: str) -> None:
    visitor = await house.visitor()
    house.bot.will(says(contents=(CHOICES,)))
    await house.asks(visitor, "我要退货")
    with pytest.raises(Invalid):
        await house.says(visitor, option_id=option_id)
    other = await house.visitor()
    with pytest.raises(Invalid):
        await house.says(other, option_id="1-0-0")


async def test_that_a_button_that_asks_for_a_human_needs_no_bot(house: House) -> None:
    await house.agent()
    visitor = await house.visitor()
    house.bot.will(says(contents=(CHOICES,)))
    await house.asks(visitor, "我要退货")
    option = (await house.log(visitor.id))[-1].content["options"][1]["id"]
    received = await house.says(visitor, option_id=option)
    assert received.conversation.owner.type is OwnerType.QUEUE
    assert await house.bot_turns(visitor.id) == 0


async def test_that_a_claim_can_be_renewed_released_and_taken_over_when_it_expires(house: House) -> None:
    visitor = await house.visitor()
    await house.says(visitor, "在吗")
    first = await claimed(house, visitor.id, "first", lease=5)
    house.clock.forward(seconds=4)
    until = house.clock() + timedelta(seconds=5)
    assert await house.store.write(lambda tx: tx.turns.renew(first, until))
    house.clock.forward(seconds=4)
    assert await claim(house, visitor.id, "second") is None
    await house.says(visitor, "人呢")
    house.clock.forward(seconds=2)
    assert await house.store.read(lambda tx: tx.conversations.unanswered(house.clock(), 10)) == [visitor.id]
    second = await claimed(house, visitor.id, "second")
    assert (second.turn_no, second.text, second.last_seq, second.epoch) == (1, "在吗", 1, first.epoch)
    assert second.attempt == 2
    assert not await house.store.write(lambda tx: tx.turns.renew(first, until))
    await house.store.write(lambda tx: tx.turns.release(first, house.clock()))
    assert await claim(house, visitor.id, "third") is None, "who lost the claim cannot release it"
    await house.store.write(lambda tx: tx.turns.release(second, house.clock()))
    third = await claimed(house, visitor.id, "third")
    assert (third.turn_no, third.attempt) == (1, 3)


async def test_that_whoever_lost_the_claim_stores_nothing(house: House) -> None:
    visitor = await house.visitor()
    await house.says(visitor, "在吗")
    first = await claimed(house, visitor.id, "first")
    house.clock.forward(seconds=6)
    second = await claimed(house, visitor.id, "second")
    for turn in (first, second, second, first):
        await house.store.write(partial(finish, house, turn))
    assert await house.texts(visitor.id, Sender.BOT, private=True) == ["在的"]
    assert await claim(house, visitor.id) is None


async def test_that_a_turn_keeps_its_claim_while_the_bot_is_slow(house: House) -> None:
    house.with_policy(claim_seconds=0.09)
    visitor = await house.visitor()
    await house.says(visitor, "在吗")
    gate = house.bot.holds(says("在的"))
    running = asyncio.create_task(run_turn(house.services, visitor.id))
    await gate.entered.wait()
    until = house.clock() + timedelta(seconds=0.09)
    house.clock.forward(seconds=0.08)

    async def renewed() -> None:
        # Renewed from the later "now": the claim outlives the moment at which the first one would have ended.
        while await claim_ends(house, visitor.id) <= until:
            pass

    await asyncio.wait_for(renewed(), 10)
    house.clock.forward(seconds=0.02)
    assert await claim(house, visitor.id, "other") is None
    gate.open()
    assert await running


async def claim_ends(house: House, id: ConversationId) -> datetime:
    query = select(bot_turns.c.claimed_until).where(bot_turns.c.conversation_id == id)

    def work(tx: Any) -> datetime:
        found: datetime = tx._connection.scalar(query)
        return found

    return await house.store.read(work)


async def test_that_a_retry_sends_the_same_words_and_gets_the_same_answer(house: House) -> None:
    visitor = await house.visitor()
    await house.says(visitor, "退货")
    # Rasa answered, but the line broke: the bot has it, we do not.
    house.bot.answered[f"{visitor.id}:1"] = says("已为您登记退货")
    house.bot.asked.clear()
    real, house.bot.answer = house.bot.answer, broken(house)  # type: ignore[method-assign,assignment]
    assert not await run_turn(house.services, visitor.id)
    await house.says(visitor, "在吗")
    house.bot.answer = real  # type: ignore[method-assign]
    house.clock.forward(seconds=1)
    await house.bot_turns(visitor.id)
    assert [(t.id, t.text) for t, _ in house.bot.asked] == [(f"{visitor.id}:1", "退货")] * 2 + [
        (f"{visitor.id}:2", "在吗")
    ]
    assert await house.texts(visitor.id, Sender.BOT) == ["已为您登记退货", "机器人：在吗"]


def broken(house: House) -> Callable[[BotTurn, dict[str, Any], str], Awaitable[BotAnswer]]:
    async def answer(turn: BotTurn, request: dict[str, Any], process: str) -> BotAnswer:
        house.bot.asked.append((turn, request))
        raise BotUnavailable("the connection was lost")

    return answer


async def test_that_a_failed_bot_is_tried_three_times_and_the_customer_is_told_once(house: House) -> None:
    agent = await house.agent()
    visitor = await house.visitor()
    await house.says(visitor, "在吗")
    house.bot.will(*[BotUnavailable("down")] * 3)
    for _ in range(6):
        await run_turn(house.services, visitor.id)
        house.clock.forward(seconds=10)
    assert len(house.bot.asked) == 3
    told = [m for m in await house.log(visitor.id) if m.sender is Sender.SYSTEM]
    assert len(told) == 1
    assert told[0].content["type"] == "choices"
    assert (await house.turns(visitor.id))[0].state is TurnState.FAILED
    await house.beat(agent)
    received = await house.says(visitor, option_id=told[0].content["options"][0]["id"])
    assert received.conversation.owner.type is OwnerType.QUEUE
    assert "bot_error" in (await house.turns(visitor.id))[0].signals


async def test_that_a_failed_turn_does_not_stop_the_next_and_the_bot_learns_what_it_missed(house: House) -> None:
    visitor = await house.visitor()
    house.with_policy(bot_attempts=1)
    house.bot.will(BotUnavailable("down"), says("您好"))
    await house.asks(visitor, "我的订单是 KF1")
    await house.asks(visitor, "在吗")
    assert await house.texts(visitor.id, Sender.BOT) == ["您好"]
    assert [h["text"] for h in house.bot.requests[1]["history"]] == ["我的订单是 KF1"]


async def test_that_a_busy_bot_is_slow_not_dead(house: House) -> None:
    visitor = await house.visitor()
    await house.says(visitor, "在吗")
    house.bot.will(*[BotBusy("works on it")] * 8, says("在的"))
    for _ in range(9):
        await run_turn(house.services, visitor.id)
        house.clock.forward(seconds=1)
    assert await house.texts(visitor.id, Sender.BOT) == ["在的"]
    assert await house.texts(visitor.id, Sender.SYSTEM) == []


async def test_that_a_slow_bot_is_excused_once(house: House) -> None:
    house.with_policy(slow_after=0.0)
    visitor = await house.visitor()
    await house.says(visitor, "在吗")
    gate = house.bot.holds(says("在的"))
    with house.services.hub.subscribe(visitor.id) as subscription:
        items = subscription.items(1, reading(house, visitor.id), private=False)
        running = asyncio.create_task(run_turn(house.services, visitor.id))
        word = await asyncio.wait_for(anext(items), 5)
    assert getattr(word, "sender", None) is Sender.SYSTEM
    await asyncio.wait_for(gate.entered.wait(), 5)
    [turn] = [t for t, _ in house.bot.asked]
    assert await house.store.write(lambda tx: _do_say_slow(tx, visitor.id, turn.turn_no)) is None, "only once"
    gate.open()
    assert await running
    assert [m.sender for m in await house.log(visitor.id)] == [Sender.CUSTOMER, Sender.SYSTEM, Sender.BOT]


async def test_that_nobody_is_asked_to_wait_after_the_answer(house: House) -> None:
    visitor = await house.visitor()
    await house.asks(visitor, "在吗")
    [turn] = [t for t, _ in house.bot.asked]
    assert await house.store.write(lambda tx: _do_say_slow(tx, visitor.id, turn.turn_no)) is None
    assert await house.texts(visitor.id, Sender.SYSTEM) == []


def reading(
    house: House, id: ConversationId, *, private: bool = False
) -> Callable[[int, int], Awaitable[list[Message]]]:
    async def read(after: int, limit: int) -> list[Message]:
        return await house.store.read(lambda tx: tx.messages.after(id, after, limit, private=private))

    return read


async def test_that_an_answer_that_comes_after_a_human_took_over_is_a_private_draft(house: House) -> None:
    agent, visitor = await house.agent(), await house.visitor()
    await house.says(visitor, "订单到哪了")
    gate = house.bot.holds(says("在路上", "明天到", handoff={"reason": "complaint"}, slots={"order_number": "KF9"}))
    running = asyncio.create_task(run_turn(house.services, visitor.id))
    await gate.entered.wait()
    await house.says(visitor, "转人工")
    accepted = await house.accept(agent, visitor.id)
    gate.open()
    assert await running
    log = await house.log(visitor.id)
    drafts = [m for m in log if m.sender is Sender.BOT]
    assert [(m.text, m.kind) for m in drafts] == [
        ("在路上", PrivateKind.LATE_DRAFT),
        ("明天到", PrivateKind.LATE_DRAFT),
    ]
    assert not any(m.sender is Sender.BOT for m in await house.log(visitor.id, private=False))
    after = await house.conversation(visitor.id)
    assert after.owner == accepted.owner, "a late wish for a human changes nothing"
    assert after.slots == {}
    [turn] = await house.turns(visitor.id)
    assert turn.state is TurnState.LATE
    assert await house.bot_turns(visitor.id) == 0


async def test_that_a_late_answer_after_the_hand_back_stays_private_too(house: House) -> None:
    agent, visitor = await house.agent(), await house.visitor()
    await house.says(visitor, "订单到哪了")
    gate = house.bot.holds(says("旧答案"))
    running = asyncio.create_task(run_turn(house.services, visitor.id))
    await gate.entered.wait()
    await house.says(visitor, "转人工")
    await house.accept(agent, visitor.id)
    await house.hands_back(agent, visitor.id)
    gate.open()
    assert await running
    assert await house.texts(visitor.id, Sender.BOT) == []
    assert await house.texts(visitor.id, Sender.BOT, private=True) == ["旧答案"]


async def test_that_accept_and_answer_racing_never_lets_the_bot_talk_over_a_human(house: House) -> None:
    """The heart of promise 2, in many interleavings: a supervisor takes over while the bot's answer is being stored."""
    supervisor = await house.agent(role=Role.SUPERVISOR, capacity=1000)
    random = Random(7)
    outcomes: list[bool] = []

    async def pause(visitor: Visitor, steps: int) -> None:
        for _ in range(steps):
            await house.conversation(visitor.id)

    async def finish(visitor: Visitor, gate: Gate, steps: int) -> None:
        await pause(visitor, steps)
        gate.open()

    async def take(visitor: Visitor, steps: int) -> Conversation:
        await pause(visitor, steps)
        return await house.accept(supervisor, visitor.id)

    for round in range(40):
        visitor = await house.visitor()
        await house.says(visitor, f"第{round}问")
        gate = house.bot.holds(says("一", "二"))
        turn = asyncio.create_task(run_turn(house.services, visitor.id))
        await gate.entered.wait()
        first, second = random.randrange(3), random.randrange(4)
        accepted, _, _ = await asyncio.gather(take(visitor, second), finish(visitor, gate, first), turn)
        log = await house.log(visitor.id)
        told = next(m.seq for m in log if m.sender is Sender.SYSTEM and supervisor.name in m.text)
        bot = [m for m in log if m.sender is Sender.BOT]
        assert [m.text for m in bot] == ["一", "二"]
        assert len({m.private for m in bot}) == 1, "an answer is public as a whole or not at all"
        assert all(m.seq < told for m in bot if not m.private), "no public word of the bot after the accept"
        assert accepted.owner.id == supervisor.id
        outcomes.append(bot[0].private)
    assert set(outcomes) == {True, False}, "both were first at times"


async def test_that_answers_and_the_change_of_owner_are_stored_together(house: House) -> None:
    await house.agent()
    visitor = await house.visitor()
    house.bot.will(says("我帮您转接人工", handoff={"reason": "form_failed", "team": "after_sales", "priority": "high"}))
    await house.asks(visitor, "退货一直不成功")
    conversation = await house.conversation(visitor.id)
    assert (conversation.owner.type, conversation.owner.epoch, conversation.priority.value) == (
        OwnerType.QUEUE,
        2,
        "high",
    )
    assert [m.sender for m in await house.log(visitor.id)] == [Sender.CUSTOMER, Sender.BOT, Sender.SYSTEM]
    assert (await house.handoff(visitor.id)).reason == "form_failed"


async def test_that_an_answer_that_cannot_be_stored_leaves_no_half(house: House) -> None:
    visitor = await house.visitor()
    await house.says(visitor, "在吗")
    turn = await claimed(house, visitor.id)

    def work(tx: Transaction) -> None:
        do_finish(tx, house.services, turn, says("一", "二"), house.clock())
        raise RuntimeError("killed before the commit")

    with pytest.raises(RuntimeError):
        await house.store.write(work)
    assert await house.texts(visitor.id, Sender.BOT, private=True) == []
    assert (await house.turns(visitor.id))[0].state is TurnState.RUNNING
    house.clock.forward(seconds=6)
    assert await house.bot_turns(visitor.id) == 1
    assert len(await house.texts(visitor.id, Sender.BOT)) == 1


async def test_that_many_gateways_running_the_same_conversations_answer_each_message_once(house: House) -> None:
    visitors = [await house.visitor() for _ in range(6)]

    async def gateway() -> None:
        for _ in range(6):
            for visitor in visitors:
                await run_turn(house.services, visitor.id)

    async def customer(n: int) -> None:
        for number in range(4):
            await house.says(visitors[n], f"{n}-{number}")

    outcomes = await gathered(*(customer(n) for n in range(6)), *(gateway() for _ in range(4)))
    assert [o for o in outcomes if o is not None] == []
    for n, visitor in enumerate(visitors):
        await house.bot_turns(visitor.id)
        turns = await house.turns(visitor.id)
        assert [t.turn_no for t in turns] == list(range(1, len(turns) + 1))
        assert "\n".join(t.text for t in turns).split("\n") == [f"{n}-{i}" for i in range(4)]
        assert await house.texts(visitor.id, Sender.BOT) == [f"机器人：{t.text}" for t in turns]


async def test_that_a_human_who_never_had_it_cannot_speak_for_the_bot(house: House) -> None:
    agent, visitor = await house.agent(), await house.visitor()
    draft = Draft(visitor.id, Sender.AGENT, text_content("x"), sender_id=agent.id)
    with pytest.raises(StaleEpoch):
        await house.store.write(lambda tx: tx.messages.append(draft, as_owner=Owner.agent(agent.id, agent.name, 1)))


async def test_that_what_the_customer_wrote_beside_a_turn_is_known_to_the_bot_after_the_hand_back(house: House) -> None:
    agent, visitor = await house.agent(), await house.visitor()
    await house.says(visitor, "我要退货")
    gate = house.bot.holds(says("哪一单？"))
    running = asyncio.create_task(run_turn(house.services, visitor.id))
    await gate.entered.wait()
    await house.says(visitor, "是蓝色那件")
    gate.open()
    assert await running
    await house.says(visitor, "转人工")
    await house.accept(agent, visitor.id)
    await house.replies(agent, visitor.id, "已帮您处理")
    await house.hands_back(agent, visitor.id)
    await house.asks(visitor, "谢谢，还要多久？")
    history = [(h["sender"], h["text"]) for h in house.bot.requests[-1]["history"]]
    assert history == [("customer", "是蓝色那件"), ("customer", "转人工"), ("agent", "已帮您处理")]
    assert house.bot.requests[-1]["message"] == "谢谢，还要多久？"


async def test_that_what_came_during_a_turn_that_ended_in_a_call_back_is_still_answered(house: House) -> None:
    visitor = await house.visitor()
    await house.says(visitor, "你们太过分了")
    gate = house.bot.holds(says("非常抱歉", handoff={"reason": "complaint"}))
    running = asyncio.create_task(run_turn(house.services, visitor.id))
    await gate.entered.wait()
    await house.says(visitor, "那运费多少？")
    gate.open()
    assert await running
    assert (await house.conversation(visitor.id)).owner.type is OwnerType.BOT
    assert await house.bot_turns(visitor.id) == 1
    assert house.bot.requests[-1]["message"] == "那运费多少？"


async def test_that_a_busy_bot_uses_up_no_attempts_but_patience(house: House) -> None:
    visitor = await house.visitor()
    house.with_policy(bot_busy_seconds=20.0)
    await house.says(visitor, "在吗")
    house.bot.will(*[BotBusy("works on it")] * 5, *[BotUnavailable("down")] * 2, says("在的"))
    for _ in range(8):
        await run_turn(house.services, visitor.id)
        house.clock.forward(seconds=2)
    assert await house.texts(visitor.id, Sender.BOT) == ["在的"], "two of three failed"
    await house.says(visitor, "还在吗")
    house.bot.will(*[BotBusy("works on it")] * 30)
    for _ in range(30):
        await run_turn(house.services, visitor.id)
        house.clock.forward(seconds=2)
    assert 10 <= sum(turn.turn_no == 2 for turn, _ in house.bot.asked) <= 12, "not for ever"
    told = [m for m in await house.log(visitor.id) if m.sender is Sender.SYSTEM]
    assert [m.content["type"] for m in told] == ["choices"], "told honestly, once"


async def test_that_an_answer_that_no_database_keeps_is_given_up_in_the_end(house: House) -> None:
    visitor = await house.visitor()
    await house.says(visitor, "在吗")
    house.bot.will(*[says("在的", intent="\ud800")] * 9)
    house.bot.answered = _Forgetful()
    for _ in range(9):
        await run_turn(house.services, visitor.id)
        house.clock.forward(seconds=10)
    assert len(house.bot.asked) == house.services.policy.bot_attempts
    assert [m.sender for m in await house.log(visitor.id)] == [Sender.CUSTOMER, Sender.SYSTEM]


class _Forgetful(dict[str, BotAnswer]):
    def __setitem__(self, key: str, value: BotAnswer) -> None:
        """Keep nothing: the bot gives its next answer each time."""


async def test_that_a_customer_gets_a_word_of_patience_when_nobody_runs_his_turn(house: House) -> None:
    house.with_policy(slow_after=2.0)
    waiting, answered, killed = [await house.visitor() for _ in range(3)]
    for visitor in (waiting, answered, killed):
        await house.says(visitor, "在吗")
    await house.bot_turns(answered.id)
    await claimed(house, killed.id, "a gateway that is gone")
    await say_overdue(house.services)
    assert await house.texts(waiting.id, Sender.SYSTEM) == [], "not before its time"
    house.clock.forward(seconds=2.1)
    for _ in range(3):
        await say_overdue(house.services)
    for visitor, words in ((waiting, 1), (answered, 0), (killed, 1)):
        assert len(await house.texts(visitor.id, Sender.SYSTEM)) == words, "once each"
    await house.bot_turns(waiting.id)
    assert [m.sender for m in await house.log(waiting.id)] == [Sender.CUSTOMER, Sender.SYSTEM, Sender.BOT]
    await house.says(waiting, "还有一句")
    house.clock.forward(seconds=2.1)
    await say_overdue(house.services)
    assert len(await house.texts(waiting.id, Sender.SYSTEM)) == 2, "and for the next turn again"
    store = CountingStore(house.store)
    await say_overdue(replace(house.services, store=store))
    assert (store.reads, store.writes) == (1, 0), "who was told is not looked at again, however long he waits"


async def test_that_a_process_is_told_what_another_one_answered(house: House) -> None:
    visitor = await house.visitor()
    house.bot.will(says("七天之内"))
    await house.asks(visitor, "几天内可以退？")
    await house.asks(visitor, "运费谁出？")
    assert house.bot.requests[-1]["history"] == [], "the same process knows"
    house.bot.process = "process-1"
    await house.asks(visitor, "那怎么寄？")
    told = [(h["seq"], h["sender"], h["text"]) for h in house.bot.requests[-1]["history"]]
    assert told == [
        (1, "customer", "几天内可以退？"),
        (2, "bot", "七天之内"),
        (3, "customer", "运费谁出？"),
        (4, "bot", "机器人：运费谁出？"),
    ]
    await house.asks(visitor, "谢谢")
    assert house.bot.requests[-1]["history"] == []
    house.bot.process = "process-0"
    await house.asks(visitor, "还有")
    assert [h["seq"] for h in house.bot.requests[-1]["history"]] == list(range(1, 9)), "it skips what it knows"


async def test_that_the_history_of_long_talks_fits_into_a_request(house: House) -> None:
    agent, visitor = await house.agent(), await house.visitor()
    await house.says(visitor, "转人工")
    await house.accept(agent, visitor.id)
    for n in range(45):
        await house.says(visitor, f"{n}" + "长" * 4900)
    await house.hands_back(agent, visitor.id)
    await house.asks(visitor, "谢谢")
    history = house.bot.requests[-1]["history"]
    assert 10 < len(history) < 45
    assert history[-1]["text"].startswith("44"), "the newest of it"
    assert len(json.dumps(house.bot.requests[-1], ensure_ascii=False).encode()) < 512 * 1024
