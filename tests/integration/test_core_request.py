"""Asking for a human: in one step into the queue with everything known, or a call-back with a time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from handoff.domain.cases import CaseKind, CaseStatus
from handoff.domain.conversation import OwnerType, Priority
from handoff.domain.message import Sender
from handoff.domain.people import Presence, Role
from handoff.services.bot_turn import run_turn
from handoff.services.ports import BotUnavailable
from handoff.services.texts import wait_span
from handoff.services.views import moment
from tests.fakes.core_bot import says
from tests.fakes.core_house import House, Visitor


async def callbacks(house: House, visitor: Visitor) -> list[str]:
    cases = await house.store.read(lambda tx: tx.cases.search(customer_id=visitor.customer_id, kind="callback"))
    return [case.number for case in cases]


@pytest.mark.parametrize(
    "words", ["转人工", "轉人工", "我要人工客服！", "human please", "找真人", "人工", "转人工啊 在吗"]
)
async def test_that_asking_for_a_human_works_in_one_step_without_the_bot(house: House, words: str) -> None:
    agent, visitor = await house.agent(), await house.visitor()
    house.bot.will(BotUnavailable("down"))
    received = await house.says(visitor, words)
    owner = received.conversation.owner
    assert (owner.type, owner.epoch) == (OwnerType.QUEUE, 2)
    [told] = await house.texts(visitor.id, Sender.SYSTEM)
    assert "0" in told
    assert received.change is not None
    assert [m.seq for m in received.change.messages] == [1, 2]
    assert received.change.ring == agent.id
    assert await house.bot_turns(visitor.id) == 0
    assert house.bot.asked == []


@pytest.mark.parametrize("words", ["人工智能是什么", "人工费多少", "不用转人工", "这件是手工的吗", "不要给我转人工了"])
async def test_that_words_that_only_look_like_it_stay_with_the_bot(house: House, words: str) -> None:
    await house.agent()
    visitor = await house.visitor()
    received = await house.says(visitor, words)
    assert received.conversation.owner.type is OwnerType.BOT
    assert await house.bot_turns(visitor.id) == 1


async def test_that_the_customer_is_told_his_place_and_an_honest_wait(house: House) -> None:
    agent = await house.agent(teams=("after_sales",), capacity=1)
    first = await house.waiting_visitor()
    await house.accept(agent, first.id)
    house.clock.forward(minutes=4)
    await house.hands_back(agent, first.id)
    await house.beat(agent)
    served = await house.waiting_visitor()
    await house.accept(agent, served.id)
    visitors = []
    for _ in range(3):
        visitors.append(await house.waiting_visitor())
        house.clock.forward(seconds=1)
    told = [(await house.texts(v.id, Sender.SYSTEM))[0] for v in visitors]
    assert [f"还有 {ahead} 位" in text for ahead, text in enumerate(told)] == [True] * 3
    waits = [(await house.handoff(v.id)).told for v in visitors]
    assert [w["position"] for w in waits if w] == [1, 2, 3]
    assert [wait_span(w["p50"], w["p90"], "zh-Hans") in text for w, text in zip(waits, told, strict=True) if w] == [
        True
    ] * 3
    p50s, p90s = ([w[q] for w in waits if w] for q in ("p50", "p90"))
    assert 120 <= p50s[0] < p50s[1] < p50s[2], "one agent, four minutes each"
    assert all(p50 < p90 for p50, p90 in zip(p50s, p90s, strict=True))
    await house.says(visitors[2], "人工")
    assert "前面还有 2 位" in (await house.texts(visitors[2].id, Sender.SYSTEM))[-1]
    assert (await house.conversation(visitors[2].id)).owner.epoch == 2


async def test_that_the_urgent_overtake_and_equals_keep_their_order(house: House) -> None:
    await house.agent()
    ordinary = [await house.waiting_visitor() for _ in range(2)]
    urgent = await house.visitor()
    house.bot.will(says("抱歉", intent="complain"))
    house.clock.forward(seconds=5)
    await house.asks(urgent, "充电器起火了！")
    waiting = await house.store.read(lambda tx: tx.conversations.waiting())
    assert [c.id for c in waiting][0] == urgent.id
    assert {c.id for c in waiting[1:]} == {v.id for v in ordinary}
    assert waiting[0].priority is Priority.URGENT
    assert (await house.handoff(urgent.id)).reason == "safety"


@pytest.mark.parametrize("there", [True, False])
async def test_that_with_nobody_there_or_out_of_hours_a_call_back_is_promised_once(house: House, there: bool) -> None:
    if there:
        house.clock.at = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai
        await house.agent()
    else:
        await house.agent(presence=Presence.OFFLINE)
    visitor = await house.visitor()
    received = await house.says(visitor, "转人工")
    assert received.conversation.owner.type is OwnerType.BOT
    assert received.conversation.owner.epoch == 1
    [case] = await house.store.read(lambda tx: tx.cases.search(customer_id=visitor.customer_id))
    assert (case.kind, case.status, case.conversation_id) == (CaseKind.CALLBACK, CaseStatus.OPEN, visitor.id)
    # Four business hours' promise: from the next opening, 09:00 in Shanghai, or from now.
    assert moment(case.due_at) == ("2026-11-21T05:00:00.000Z" if there else "2026-11-20T08:00:00.000Z")
    [told] = await house.texts(visitor.id, Sender.SYSTEM)
    assert case.number in told
    assert ("2026-11-21 13:00" if there else "2026-11-20 16:00") in told
    assert await house.bot_turns(visitor.id) == 0, "the bot does not answer what the system has answered"
    await house.says(visitor, "转人工")
    assert await callbacks(house, visitor) == [case.number]
    assert case.number in (await house.texts(visitor.id, Sender.SYSTEM))[-1]
    await house.asks(visitor, "几点上班？")
    assert await house.texts(visitor.id, Sender.BOT) == ["机器人：几点上班？"]


async def test_that_a_promised_call_back_is_not_told_again_to_who_does_not_ask(house: House) -> None:
    await house.agent(presence=Presence.OFFLINE)
    visitor = await house.visitor()
    house.bot.will(
        says("非常抱歉", anger=0.9), says("真的抱歉", anger=0.95), says("可以", anger=0.0), says("请描述", anger=0.9)
    )
    for text in ("什么破店", "骗子", "能用花呗吗"):
        await house.asks(visitor, text)
    told = await house.texts(visitor.id, Sender.SYSTEM)
    assert len(told) == 1
    await house.asks(visitor, "充电宝起火了")
    assert len(await house.texts(visitor.id, Sender.SYSTEM)) == 2, "danger is always answered"
    await house.says(visitor, "转人工")
    assert len(await house.texts(visitor.id, Sender.SYSTEM)) == 3
    assert len(await callbacks(house, visitor)) == 1


async def test_that_an_agent_who_stopped_beating_is_not_there(house: House) -> None:
    await house.agent()
    visitor = await house.visitor()
    house.clock.forward(seconds=41)
    assert (await house.says(visitor, "转人工")).conversation.owner.type is OwnerType.BOT
    assert len(await callbacks(house, visitor)) == 1


async def test_that_a_call_back_can_be_taken_up_by_the_team(house: House) -> None:
    visitor = await house.visitor()
    await house.says(visitor, "转人工")
    agent = await house.agent()
    accepted = await house.accept(agent, visitor.id)
    assert accepted.owner.id == agent.id
    assert (await house.replies(agent, visitor.id, "您好，刚才找我们？")).text == "您好，刚才找我们？"


async def test_that_anger_escalates(house: House) -> None:
    await house.agent()
    visitor = await house.visitor()
    house.bot.will(says("抱歉让您不满意", intent="complain", anger=0.93))
    await house.asks(visitor, "什么破店，骗子！！")
    conversation = await house.conversation(visitor.id)
    handoff = await house.handoff(visitor.id)
    assert (conversation.owner.type, conversation.team_id) == (OwnerType.QUEUE, "complaints")
    assert (handoff.reason, handoff.priority) == ("anger_now", "high")
    assert handoff.reasons == [{"rule": "anger_now", "detail": "0.93", "seq": 1}]
    assert "情绪激动" in handoff.summary


async def test_that_rising_anger_escalates_and_steady_anger_below_does_not(house: House) -> None:
    await house.agent()
    rising, steady = await house.visitor(), await house.visitor()
    house.bot.will(says("一", anger=0.45), says("二", anger=0.7))
    await house.asks(rising, "怎么还没到")
    await house.asks(rising, "到底还送不送了")
    assert (await house.handoff(rising.id)).reason == "anger_rising"
    house.bot.will(says("一", anger=0.5), says("二", anger=0.5))
    await house.asks(steady, "怎么还没到")
    await house.asks(steady, "到底还送不送了")
    assert (await house.conversation(steady.id)).owner.type is OwnerType.BOT


async def test_that_two_misses_in_a_row_escalate_and_two_apart_do_not(house: House) -> None:
    await house.agent()
    in_a_row, apart = await house.visitor(), await house.visitor()
    miss = says("没听懂", intent="nlu_fallback", signals=("fallback",))
    house.bot.will(miss, miss)
    for words in ("呃那个啥", "就那个东西嘛"):
        await house.asks(in_a_row, words)
    handoff = await house.handoff(in_a_row.id)
    assert (handoff.reason, handoff.signals) == ("not_understood", ["fallback"])
    house.bot.will(miss, says("七天"), miss)
    for words in ("呃那个啥", "几天能退", "就那个东西嘛"):
        await house.asks(apart, words)
    assert (await house.conversation(apart.id)).owner.type is OwnerType.BOT


async def test_that_the_same_question_again_escalates(house: House) -> None:
    await house.agent()
    visitor = await house.visitor()
    await house.asks(visitor, "我的退款什么时候到账？")
    await house.asks(visitor, "我的退款什么时候到账啊")
    assert (await house.handoff(visitor.id)).reason == "repeated_question"


async def test_that_turns_before_a_hand_back_do_not_escalate_again(house: House) -> None:
    agent, visitor = await house.agent(), await house.visitor()
    miss = says("没听懂", signals=("fallback",))
    house.bot.will(miss, miss)
    await house.asks(visitor, "呃那个啥")
    await house.asks(visitor, "就那个东西嘛")
    await house.accept(agent, visitor.id)
    await house.hands_back(agent, visitor.id)
    house.bot.will(miss)
    await house.asks(visitor, "嗯嗯额")
    assert (await house.conversation(visitor.id)).owner.type is OwnerType.BOT


async def test_that_the_card_holds_reasons_summary_slots_and_signals(house: House) -> None:
    await house.agent()
    visitor = await house.visitor("c001", name="张三")
    slots = {"order_number": "KF202611200001", "return_reason": "尺码不合适"}
    house.bot.will(
        says("在运输中", intent="track_order", slots={"order_number": "KF202611200001"}),
        says("抱歉", intent="start_return", anger=0.9, slots=slots, signals=("form_failed",)),
    )
    await house.asks(visitor, "订单到哪了")
    await house.asks(visitor, "气死我了我要退货")
    handoff = await house.handoff(visitor.id)
    assert [r["rule"] for r in handoff.reasons] == ["anger_now", "form_failed"]
    assert all(r["seq"] == 3 for r in handoff.reasons)
    assert handoff.slots == slots
    assert handoff.signals == ["form_failed"]
    assert handoff.summary == "查订单、退换货；订单 KF202611200001；情绪激动；“气死我了我要退货”"
    assert (handoff.team_id, handoff.customer_id, handoff.accepted_by) == ("complaints", visitor.customer_id, None)
    assert moment(handoff.requested_at) == moment(house.clock())


async def test_that_a_request_while_the_bot_works_makes_its_answer_late(house: House) -> None:
    agent, visitor = await house.agent(), await house.visitor()
    await house.says(visitor, "订单到哪了")
    gate = house.bot.holds(says("在路上"))
    running = asyncio.create_task(run_turn(house.services, visitor.id))
    await gate.entered.wait()
    await house.says(visitor, "转人工")
    gate.open()
    await running
    assert await house.texts(visitor.id, Sender.BOT) == []
    assert await house.texts(visitor.id, Sender.BOT, private=True) == ["在路上"]
    assert (await house.accept(agent, visitor.id)).owner.id == agent.id


async def test_that_a_customer_with_a_human_who_says_the_words_changes_nothing(house: House) -> None:
    agent, visitor = await house.agent(), await house.waiting_visitor()
    epoch = (await house.accept(agent, visitor.id)).owner.epoch
    received = await house.says(visitor, "转人工")
    assert received.conversation.owner.epoch == epoch
    assert len(await house.store.read(lambda tx: tx.handoffs.of(visitor.id))) == 1


async def test_that_twenty_requests_at_once_hand_over_once(house: House) -> None:
    await house.agent()
    visitor = await house.visitor()
    received = await asyncio.gather(*(house.says(visitor, "转人工") for _ in range(20)))
    assert {r.conversation.owner.epoch for r in received} == {2}
    assert len(await house.store.read(lambda tx: tx.handoffs.of(visitor.id))) == 1
    assert [m.seq for m in await house.log(visitor.id)] == list(range(1, 41))


async def test_that_a_priority_ends_with_its_handoff(house: House) -> None:
    agent, visitor = await house.agent(role=Role.SUPERVISOR), await house.visitor()
    house.bot.will(says("抱歉"))
    await house.asks(visitor, "我要去法院起诉你们")
    assert (await house.conversation(visitor.id)).priority is Priority.URGENT
    await house.accept(agent, visitor.id)
    await house.hands_back(agent, visitor.id)
    await house.says(visitor, "转人工")
    assert (await house.conversation(visitor.id)).priority is Priority.NORMAL
    assert (await house.handoff(visitor.id)).priority == "normal"
