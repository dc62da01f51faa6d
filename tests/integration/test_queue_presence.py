"""Agents who leave: what they have goes back to the front, and nobody waits where nobody is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from handoff.domain.conversation import OwnerType
from handoff.domain.message import Sender
from handoff.domain.people import Agent, Presence
from handoff.services import house as rules
from handoff.services.presence import call_back_stranded, give_back_silent, set_presence
from handoff.services.runner import Runner
from handoff.services.views import moment
from handoff.services.watch import Watch
from handoff.stores.schema import audit
from tests.fakes.core_house import House, Visitor

SILENT_FOR = 40 + 60  # until he counts as gone, and the grace period


async def audited(house: House, action: str) -> list[tuple[str, str, dict[str, Any]]]:
    def work(tx: Any) -> list[tuple[str, str, dict[str, Any]]]:
        query = select(audit).where(audit.c.action == action).order_by(audit.c.id)
        return [(r.actor, r.subject, r.data) for r in tx._connection.execute(query)]

    return await house.store.read(work)


async def served_by(house: House, agent: Agent, count: int) -> list[Visitor]:
    """Customers whom the agent talks with, a second apart."""
    visitors = []
    for _ in range(count):
        visitors.append(await house.waiting_visitor())
        await house.accept(agent, visitors[-1].id)
        await house.replies(agent, visitors[-1].id, "您好")
        house.clock.forward(seconds=1)
    return visitors


async def queue(house: House) -> list[str]:
    return [c.id for c in await house.store.read(lambda tx: tx.conversations.waiting())]


async def test_that_who_goes_offline_gives_back_to_the_front_in_the_order_they_asked(house: House) -> None:
    agent, other = await house.agent("小王"), await house.agent(capacity=0)
    has = await served_by(house, agent, 2)
    waits = await house.waiting_visitor()
    await set_presence(house.services, agent, "offline")
    assert await queue(house) == [has[0].id, has[1].id, waits.id]
    conversation = await house.conversation(has[0].id)
    assert (conversation.owner.type, conversation.owner.epoch, conversation.team_id) == (
        OwnerType.QUEUE,
        4,
        "after_sales",
    )
    told = (await house.texts(has[1].id, Sender.SYSTEM))[-1]
    assert "小王" in told
    assert "前面还有 1 位" in told
    assert [(a, s, d["why"]) for a, s, d in await audited(house, "give_back")] == [
        ("system", has[0].id, "offline"), ("system", has[1].id, "offline"),
    ]  # fmt: skip
    before, after = (await house.store.read(lambda tx: tx.handoffs.of(has[0].id)))[-2:]
    assert (before.outcome, after.accepted_at, after.team_id) == ("agent_offline", None, before.team_id)
    await rules.change_agent(house.services, agent, other.id, {"capacity": 1})
    assert (await house.handoff(has[0].id)).ringing == other.id
    assert (await house.accept(other, has[0].id)).owner.id == other.id


async def test_that_a_silent_desk_keeps_its_conversations_for_the_grace_period(house: House) -> None:
    agent, other = await house.agent(), await house.agent()
    [visitor] = await served_by(house, agent, 1)
    await house.beat(agent)
    house.clock.forward(seconds=SILENT_FOR)
    await house.beat(other)
    assert await give_back_silent(house.services) == 0
    house.clock.forward(seconds=1)
    await house.beat(other)
    assert await give_back_silent(house.services) == 1
    assert await give_back_silent(house.services) == 0
    handoff = await house.handoff(visitor.id)
    assert handoff.ringing == other.id, "and it rings at who is there"
    assert [d["why"] for _, _, d in await audited(house, "give_back")] == ["silent"]


async def test_that_a_beat_within_the_grace_period_saves_them(house: House) -> None:
    agent = await house.agent()
    [visitor] = await served_by(house, agent, 1)
    for _ in range(5):
        house.clock.forward(seconds=SILENT_FOR)
        await house.beat(agent)
        assert await give_back_silent(house.services) == 0
    assert (await house.conversation(visitor.id)).owner.id == agent.id


async def test_that_what_he_accepts_is_a_sign_of_life(house: House) -> None:
    agent = await house.agent()
    visitor = await house.waiting_visitor()
    house.clock.forward(seconds=SILENT_FOR + 500)
    await house.accept(agent, visitor.id)
    assert await give_back_silent(house.services) == 0
    house.clock.forward(seconds=SILENT_FOR + 1)
    assert await give_back_silent(house.services) == 1


async def test_that_being_away_gives_nothing_back(house: House) -> None:
    agent = await house.agent()
    [visitor] = await served_by(house, agent, 1)
    await set_presence(house.services, agent, "away")
    house.clock.forward(minutes=30)
    await house.beat(agent)
    await give_back_silent(house.services)
    assert (await house.conversation(visitor.id)).owner.id == agent.id


async def test_that_who_waits_where_nobody_is_left_is_promised_a_time(house: House) -> None:
    agent = await house.agent()
    [talks] = await served_by(house, agent, 1)
    waits = await house.waiting_visitor()
    await set_presence(house.services, agent, "offline")
    house.clock.forward(seconds=60)
    assert await call_back_stranded(house.services) == 0, "he may be back in a minute"
    house.clock.forward(seconds=1)
    assert await call_back_stranded(house.services) == 2
    assert await queue(house) == []
    for visitor in (talks, waits):
        conversation = await house.conversation(visitor.id)
        assert (conversation.owner.type, conversation.handoff_id) == (OwnerType.BOT, None)
        [case] = await house.store.read(
            lambda tx, v=visitor: tx.cases.search(customer_id=v.customer_id, kind="callback")
        )  # type: ignore[misc]
        told = (await house.texts(visitor.id, Sender.SYSTEM))[-1]
        assert case.number in told
        assert "都已离开" in told
        assert (await house.handoff(visitor.id)).outcome == "called_back"
    assert await house.bot_turns(waits.id) == 0, "the system has answered"
    await house.asks(waits, "几点上班？")
    assert await house.texts(waits.id, Sender.BOT) == ["机器人：几点上班？"]


async def test_that_a_call_back_is_due_in_business_hours(house: House) -> None:
    house.clock.at = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)  # 20:30 in Shanghai, an hour and a half to closing
    visitor = await house.visitor()
    await house.says(visitor, "转人工")
    [case] = await house.store.read(lambda tx: tx.cases.search(customer_id=visitor.customer_id))
    assert moment(case.due_at) == "2026-11-21T03:30:00.000Z", "two and a half hours into the next day"
    assert "2026-11-21 11:30" in (await house.texts(visitor.id, Sender.SYSTEM))[-1]


async def test_that_hours_are_set_for_the_house_and_for_a_team(house: House) -> None:
    agent = await house.agent()
    lunch = {
        "zone": "Asia/Shanghai",
        "week": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-11:30,13:00-18:00"),
    }
    await rules.set_hours(house.services, agent, lunch)
    closed = await house.visitor()
    await house.says(closed, "转人工")
    [told] = await house.texts(closed.id, Sender.SYSTEM)
    assert "2026-11-20 13:00" in told
    assert "不是人工服务时间" in told
    read = await rules.set_hours(house.services, agent, lunch | {"week": {"fri": "09:00-20:00"}}, "after_sales")
    assert read["open"] is False
    assert list(read["teams"]) == ["after_sales"]
    served = await house.visitor()
    assert (await house.says(served, "转人工")).conversation.owner.type is OwnerType.QUEUE
    holiday = lunch | {"holidays": {"2026-11-20": ""}}
    await rules.set_hours(house.services, agent, holiday, "after_sales")
    visitor = await house.visitor()
    await house.says(visitor, "转人工")
    assert "2026-11-23 09:00" in (await house.texts(visitor.id, Sender.SYSTEM))[-1]
    assert (await rules.set_hours(house.services, agent, None, "after_sales"))["teams"] == {}


async def test_that_a_team_without_people_is_helped_by_another(house: House) -> None:
    helper = await house.agent(teams=("pre_sales",))
    visitor = await house.waiting_visitor()
    conversation = await house.conversation(visitor.id)
    assert (conversation.owner.type, conversation.team_id) == (OwnerType.QUEUE, "pre_sales")
    assert (await house.handoff(visitor.id)).ringing == helper.id


async def test_that_the_sweep_does_all_of_it_and_tells_desks_without_any_wake_up(house: House) -> None:
    agent, other = await house.agent("小王"), await house.agent()
    [visitor] = await served_by(house, agent, 1)
    runner = Runner(house.services)
    runner._watch = Watch(house.services, settle_seconds=0)
    with house.services.hub.desk(other) as desk:
        await runner.sweep()
        house.clock.forward(seconds=SILENT_FOR + 5)
        await house.beat(other)
        await runner.sweep()
        assert (await house.handoff(visitor.id)).ringing == other.id
        await runner.sweep()
        events = [desk._events.popleft() for _ in range(len(desk._events))]
    offers = [e for e in events if e["type"] == "handoff.offered"]
    assert [(e["conversation_id"], e["expires_at"]) for e in offers] == [
        (visitor.id, moment(house.clock() + timedelta(seconds=30)))
    ], "once, although it looked twice"
    assert {"type": "presence.changed", "agent_id": agent.id, "status": Presence.OFFLINE.value} in events
    await runner.stop()


async def test_that_after_a_silence_of_our_own_desks_get_time_to_be_heard(house: House) -> None:
    back, lost = await house.agent(), await house.agent()
    [kept] = await served_by(house, back, 1)
    [given] = await served_by(house, lost, 1)
    watch = Watch(house.services)
    await watch.look()
    house.clock.forward(minutes=10)  # the database was gone, or the machine slept
    await watch.look()
    assert await queue(house) == []
    for _ in range(5):
        house.clock.forward(seconds=8)
        await house.beat(back)
        await watch.look()
    assert await queue(house) == [given.id]
    assert (await house.conversation(kept.id)).owner.id == back.id
