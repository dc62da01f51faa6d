"""Short-handed mode and told waits: by rule and by hand, said honestly, and compared with what came."""

from __future__ import annotations

from typing import Any

import pytest

from handoff.domain.conversation import OwnerType
from handoff.domain.errors import Invalid
from handoff.domain.message import Sender
from handoff.domain.people import Agent, Role
from handoff.domain.short_handed import Rule
from handoff.domain.turns import BotAnswer
from handoff.services.accept import decline
from handoff.services.facts import Place
from handoff.services.places import measured
from handoff.services.short_handed import follow_rule, read_mode, set_mode
from handoff.services.subscription import Subscription
from handoff.services.watch import Watch
from tests.fakes.core_bot import says
from tests.fakes.core_house import House, Visitor

MISS = {"intent": "nlu_fallback", "signals": ("fallback",)}


def miss() -> BotAnswer:
    return says("没听懂", **MISS)  # type: ignore[arg-type]


async def short(house: House) -> Agent:
    """A supervisor who has switched it on."""
    boss = await house.agent(role=Role.SUPERVISOR, teams=("after_sales",))
    await set_mode(house.services, boss, "on")
    return boss


async def misses(house: House, visitor: Visitor, count: int) -> None:
    for n in range(count):
        house.bot.will(miss())
        await house.asks(visitor, f"呃那个啥 {n * 1111}")


async def offered(house: House, visitor: Visitor) -> dict[str, Any]:
    """The last choices of the system."""
    log = await house.log(visitor.id)
    return next(m.content for m in reversed(log) if m.sender is Sender.SYSTEM and m.content["type"] == "choices")


async def test_that_the_rule_switches_it_on_and_off_and_desks_hear_of_it(house: House) -> None:
    house.with_policy(short_handed=Rule(after_seconds=60))
    agent = await house.agent(capacity=1)
    watch = Watch(house.services)
    visitors = [await house.waiting_visitor() for _ in range(3)]
    states: list[bool] = []
    with house.services.hub.desk(agent) as desk:
        for seconds in (0, 59, 1):
            house.clock.forward(seconds=seconds)
            await house.beat(agent)
            await watch.look()
            states.append((await read_mode(house.services))["on"])
        assert states == [False, False, True]
        for visitor in visitors:
            await house.accept(agent, visitor.id)
            await house.resolves(agent, visitor.id)
        for seconds, on in ((0, True), (61, False)):
            house.clock.forward(seconds=seconds)
            await house.beat(agent)
            await watch.look()
            assert (await read_mode(house.services))["on"] is on
        told = [e["short_handed"]["on"] for e in desk._events if e["type"] == "short_handed.changed"]
    assert told == [True, False]


async def test_that_many_gateways_follow_one_rule(house: House) -> None:
    import asyncio

    house.with_policy(short_handed=Rule(after_seconds=0))
    await house.agent()
    for _ in range(4):
        await house.waiting_visitor()
    modes = await asyncio.gather(*(follow_rule(house.services) for _ in range(6)))
    assert {(m.on, m.since) for m in modes} == {(True, house.clock())}


async def test_that_a_supervisor_decides_until_he_gives_it_back(house: House) -> None:
    boss = await short(house)
    assert (await follow_rule(house.services)).on
    mode = await read_mode(house.services)
    assert (mode["on"], mode["control"], mode["by"]) == (True, "on", boss.id)
    await set_mode(house.services, boss, "auto")
    await follow_rule(house.services)
    house.clock.forward(seconds=60)
    assert not (await follow_rule(house.services)).on
    with pytest.raises(Invalid):
        await set_mode(house.services, boss, "maybe")


async def test_that_escalation_needs_more_while_hands_are_short(house: House) -> None:
    await short(house)
    visitor, angry = await house.visitor(), await house.visitor()
    await misses(house, visitor, 2)
    assert await house.texts(visitor.id, Sender.SYSTEM) == []
    house.bot.will(says("抱歉", anger=0.85), says("抱歉", anger=0.95))
    await house.asks(angry, "什么破店")
    assert (await house.conversation(angry.id)).owner.type is OwnerType.BOT
    await house.asks(angry, "骗子！！")
    assert (await house.conversation(angry.id)).owner.type is OwnerType.QUEUE, (
        "high priority waits for a human all the same"
    )


async def test_that_an_ordinary_escalation_is_offered_a_call_back_and_may_take_it(house: House) -> None:
    await short(house)
    visitor = await house.visitor()
    await misses(house, visitor, 3)
    conversation = await house.conversation(visitor.id)
    assert (conversation.owner.type, conversation.unanswered) == (OwnerType.BOT, False)
    content = await offered(house, visitor)
    assert "很忙" in content["text"]
    assert "2026-11-20 16:00" in content["text"]
    assert [o["title"] for o in content["options"]] == ["请客服联系我", "继续排队"]
    await house.says(visitor, option_id=content["options"][0]["id"])
    [case] = await house.store.read(lambda tx: tx.cases.search(customer_id=visitor.customer_id, kind="callback"))
    assert case.number in (await house.texts(visitor.id, Sender.SYSTEM))[-1]
    assert await house.bot_turns(visitor.id) == 0
    await house.says(visitor, option_id=content["options"][0]["id"])
    assert len(await house.store.read(lambda tx: tx.cases.search(customer_id=visitor.customer_id))) == 1


async def test_that_he_may_queue_all_the_same_and_is_told_how_it_is(house: House) -> None:
    await short(house)
    visitor = await house.visitor()
    await misses(house, visitor, 3)
    content = await offered(house, visitor)
    received = await house.says(visitor, option_id=content["options"][1]["id"])
    assert received.conversation.owner.type is OwnerType.QUEUE
    assert "现在咨询的人很多" in (await house.texts(visitor.id, Sender.SYSTEM))[-1]


async def test_that_he_may_also_leave_the_queue_for_a_call_back(house: House) -> None:
    await short(house)
    visitor = await house.visitor()
    await misses(house, visitor, 3)
    content = await offered(house, visitor)
    await house.says(visitor, option_id=content["options"][1]["id"])
    left = await house.says(visitor, option_id=content["options"][0]["id"])
    assert left.conversation.owner.type is OwnerType.BOT
    assert (await house.handoff(visitor.id)).outcome == "called_back"
    assert await house.store.read(lambda tx: tx.conversations.waiting()) == []


async def test_that_who_asks_himself_is_queued(house: House) -> None:
    await short(house)
    visitor = await house.waiting_visitor()
    assert (await house.conversation(visitor.id)).owner.type is OwnerType.QUEUE


async def a_morning(house: House, agent: Agent, count: int, minutes: int) -> None:
    """Conversations that an agent had, one after the other."""
    for _ in range(count):
        visitor = await house.waiting_visitor()
        house.clock.forward(seconds=5)
        await house.accept(agent, visitor.id)
        house.clock.forward(minutes=minutes)
        await house.resolves(agent, visitor.id)
        await house.beat(agent)


async def test_that_told_waits_are_compared_with_real_ones(house: House) -> None:
    agent = await house.agent(capacity=1)
    assert (await measured(house.services))["within_p90"] is None
    await a_morning(house, agent, 4, 4)
    first, second = await house.waiting_visitor(), await house.waiting_visitor()
    house.clock.forward(seconds=5)
    await house.accept(agent, first.id)
    told = (await house.handoff(second.id)).told
    assert told is not None
    assert told["position"] in (1, 2)
    house.clock.forward(minutes=4)
    await house.resolves(agent, first.id)
    await house.accept(agent, second.id)
    accuracy = await measured(house.services)
    assert accuracy["told"] >= 3
    assert accuracy["within_p90"] > 0.5
    assert accuracy["median_abs_error_seconds"] < 60
    assert [h.pickup_seconds for h in await house.store.read(lambda tx: tx.handoffs.of(first.id))] == [5.0]


async def test_that_a_pick_up_counts_from_the_first_ring(house: House) -> None:
    one, two = await house.agent(), await house.agent()
    visitor = await house.waiting_visitor()
    by_id = {a.id: a for a in (one, two)}
    ringing = (await house.handoff(visitor.id)).ringing
    assert ringing is not None
    house.clock.forward(seconds=30)
    await decline(house.services, by_id[ringing], visitor.id)
    house.clock.forward(seconds=4)
    await house.accept(two, visitor.id)
    assert (await house.handoff(visitor.id)).pickup_seconds == 34.0


async def test_that_places_are_pushed_first_and_when_they_change_for_the_customer(house: House) -> None:
    agent = await house.agent(capacity=1)
    await a_morning(house, agent, 1, 5)
    talks = await house.waiting_visitor()
    await house.accept(agent, talks.id)
    visitors = []
    for _ in range(2):
        visitors.append(await house.waiting_visitor())
        house.clock.forward(seconds=1)
    watch, hub = Watch(house.services), house.services.hub

    def places(subscription: Subscription) -> list[Place]:
        found = [item for item in subscription._others if isinstance(item, Place)]
        subscription._others.clear()
        return found

    with hub.subscribe(visitors[0].id) as one, hub.subscribe(visitors[1].id) as two:
        assert await watch.look()
        await watch.tell_places()
        assert [p.position for p in (*places(one), *places(two))] == [1, 2], "the first time each"
        assert not await watch.look()
        await watch.tell_places()
        assert places(one) == places(two) == []
        another = await house.agent(capacity=1)
        assert await watch.look(), "somebody came"
        await watch.tell_places()
        [shorter] = places(two)
        assert (shorter.position, shorter.wait is not None) == (2, True)
        await house.accept(another, visitors[0].id)
        assert await watch.look()
        await watch.tell_places()
        assert [p.position for p in places(two)] == [1]
