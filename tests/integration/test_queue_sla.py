"""Service levels as they run: started and stopped by what people say, told once, in business hours; and what the queue orders by."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from handoff.domain.errors import Invalid
from handoff.domain.hours import DAYS
from handoff.domain.people import Agent, Role
from handoff.domain.sla import deadlines
from handoff.services import house as rules
from handoff.services import pass_on, sla
from handoff.services.desk import summarise_all
from handoff.services.ports import Transaction
from handoff.services.reply import note
from handoff.services.rules import rules_of
from handoff.services.views import moment
from handoff.services.watch import Watch
from tests.fakes.core_bot import says
from tests.fakes.core_house import House, Visitor


async def promise(house: House, visitor: Visitor) -> tuple[str, str] | None:
    """The kind and the state of the promise in the summary."""
    conversation = await house.conversation(visitor.id)
    [row] = await house.store.read(lambda tx: summarise_all(tx, [conversation], house.services))
    return (row["sla"]["kind"], row["sla"]["state"]) if row["sla"] else None


async def late(house: House) -> list[tuple[str, str]]:
    """All events so far, oldest first."""
    await sla.watch(house.services)
    return [(e["kind"], e["level"]) for e in reversed(await sla.list_events(house.services, 24 * 90, 1000))]


async def test_that_the_clocks_follow_what_people_say(house: House) -> None:
    agent, visitor = await house.agent(), await house.visitor()
    await house.asks(visitor, "在吗")
    assert await promise(house, visitor) is None, "with the bot nothing is promised"
    await house.says(visitor, "转人工")
    assert await promise(house, visitor) == ("first_response", "ok")
    house.clock.forward(seconds=25)
    assert await promise(house, visitor) == ("first_response", "warning")
    await house.accept(agent, visitor.id)
    house.clock.forward(seconds=5)
    assert await promise(house, visitor) == ("first_response", "breached"), "accepting is no answer yet"
    await note(house.services, agent, visitor.id, "看看", "n1")
    assert await promise(house, visitor) == ("first_response", "breached"), "nor is a note"
    await house.replies(agent, visitor.id, "您好")
    assert await promise(house, visitor) == ("resolution", "ok")
    await house.says(visitor, "我的退款呢")
    house.clock.forward(seconds=100)
    await house.says(visitor, "？？")
    house.clock.forward(seconds=79)
    assert await promise(house, visitor) == ("next_response", "warning"), "counted from the first words"
    house.clock.forward(seconds=1)
    assert await promise(house, visitor) == ("next_response", "breached")
    await house.replies(agent, visitor.id, "马上查")
    assert await promise(house, visitor) == ("resolution", "ok")
    await house.hands_back(agent, visitor.id)
    assert await promise(house, visitor) is None


async def test_that_each_warning_and_breach_is_written_once_however_many_look(house: House) -> None:
    await house.agent()
    await house.waiting_visitor()
    house.clock.forward(seconds=22)
    assert await late(house) == []
    house.clock.forward(seconds=1)
    counts = await asyncio.gather(*(sla.watch(house.services) for _ in range(8)))
    assert sum(counts) == 1
    assert await late(house) == [("first_response", "warning")]
    house.clock.forward(seconds=7)
    assert await late(house) == [("first_response", "warning"), ("first_response", "breach")]
    house.clock.forward(hours=1)
    assert len(await late(house)) == 2


async def loaded(house: House) -> set[str]:
    """The conversations that a look for late promises reads now."""

    def work(tx: Transaction) -> set[str]:
        now = rules_of(tx, house.services.policy)
        return {c.id for c in tx.conversations.late(list(deadlines(now.sla, now.calendars, house.clock())))}

    return await house.store.read(work)


async def test_that_only_what_is_late_and_not_written_down_is_read(house: House) -> None:
    agent = await house.agent(capacity=9)
    with_bot, ended, handed_back = await house.visitor(), await house.waiting_visitor(), await house.waiting_visitor()
    await house.asks(with_bot, "在吗")
    for visitor in (ended, handed_back):
        await house.accept(agent, visitor.id)
    await house.resolves(agent, ended.id)
    await house.hands_back(agent, handed_back.id)
    waits, silent, answered = [await house.waiting_visitor() for _ in range(3)]
    for visitor in (silent, answered):
        await house.accept(agent, visitor.id)
        await house.replies(agent, visitor.id, "您好")
    await house.says(silent, "我的退款呢")
    assert await loaded(house) == set(), "nothing is late"
    house.clock.forward(seconds=23)
    assert await loaded(house) == {waits.id}
    assert await late(house) == [("first_response", "warning")]
    assert await loaded(house) == set(), "written down"
    house.clock.forward(seconds=8)
    assert await loaded(house) == {waits.id}, "now it is a breach"
    await late(house)
    house.clock.forward(seconds=104)
    assert await loaded(house) == {silent.id}
    house.clock.forward(seconds=46)
    assert await loaded(house) == {silent.id}
    await late(house)
    assert [e for e in await late(house) if e[0] == "next_response"] == [("next_response", "breach")]
    assert await loaded(house) == set(), "a breach tells of the warning, too"
    await house.replies(agent, silent.id, "马上查")
    await house.says(silent, "好的")
    house.clock.forward(seconds=136)
    assert await loaded(house) == {silent.id}, "a new silence"
    await late(house)
    house.clock.forward(hours=10)  # to closing time, and into the night
    await late(house)
    assert await loaded(house) == set()
    house.clock.forward(hours=9)
    assert await loaded(house) == set(), "the night does not count"


async def test_that_a_team_with_hours_of_its_own_is_late_by_these(house: House) -> None:
    admin = await house.agent(role=Role.ADMIN, teams=("after_sales",))
    visitor = await house.waiting_visitor()
    await house.accept(admin, visitor.id)
    await house.replies(admin, visitor.id, "您好")
    policy = await rules.read_sla(house.services)
    policy["normal"]["resolution"] = 3600
    await rules.set_sla(house.services, admin, policy)
    around_the_clock = {"zone": "Asia/Shanghai", "week": dict.fromkeys(DAYS, "00:00-24:00"), "holidays": {}}
    house.clock.forward(hours=9, minutes=59)
    await late(house)
    await house.says(visitor, "在吗")
    house.clock.forward(minutes=3)  # two of them after closing time
    assert ("next_response", "breach") not in await late(house)
    team = (await house.conversation(visitor.id)).team_id
    assert team is not None
    await rules.set_hours(house.services, admin, around_the_clock, team)
    assert ("next_response", "breach") in await late(house)


async def test_that_a_new_silence_is_a_new_promise(house: House) -> None:
    agent, visitor = await house.agent(), await house.waiting_visitor()
    await house.accept(agent, visitor.id)
    await house.replies(agent, visitor.id, "您好")
    for _ in range(2):
        await house.says(visitor, "在吗")
        house.clock.forward(minutes=3)
        await sla.watch(house.services)
        await house.replies(agent, visitor.id, "在")
    assert await late(house) == [("next_response", "breach")] * 2


async def test_that_urgent_ones_must_be_done_in_an_hour(house: House) -> None:
    agent, visitor = await house.agent(), await house.visitor()
    house.bot.will(says("抱歉", intent="complain"))
    await house.asks(visitor, "充电器起火了！")
    await house.accept(agent, visitor.id)
    await house.replies(agent, visitor.id, "您没受伤吧？")
    house.clock.forward(minutes=45)
    assert await promise(house, visitor) == ("resolution", "warning")
    house.clock.forward(minutes=15)
    assert ("resolution", "breach") in await late(house)


async def test_that_the_night_does_not_count_and_limits_hold_as_they_are_set(house: House) -> None:
    admin = await house.agent(role=Role.ADMIN)
    visitor = await house.waiting_visitor()
    await house.accept(admin, visitor.id)
    await house.replies(admin, visitor.id, "明天给您答复")
    house.clock.forward(hours=20)  # ten hours to closing, and all night
    assert await promise(house, visitor) == ("resolution", "ok")
    policy = await rules.read_sla(house.services)
    policy["normal"]["resolution"] = 11 * 3600
    await rules.set_sla(house.services, admin, policy)
    assert await promise(house, visitor) == ("resolution", "warning")
    assert await rules.read_sla(house.services) == policy
    with pytest.raises(Invalid):
        await rules.set_sla(house.services, admin, policy | {"warn_at": 7})


async def told(house: House, watch: Watch, *agents: Agent) -> list[list[dict[str, Any]]]:
    """What one look tells each desk of promises."""
    hub = house.services.hub
    desks = []
    try:
        for agent in agents:
            context = hub.desk(agent)
            desks.append((context, context.__enter__()))
        await watch.look()
        return [[e for e in desk._events if e["type"].startswith("sla.")] for _, desk in desks]
    finally:
        for context, _ in desks:
            context.__exit__(None, None, None)


async def test_that_late_promises_are_told_to_the_owner_the_waiting_team_and_supervisors(house: House) -> None:
    owner, mate = await house.agent(teams=("after_sales",)), await house.agent(teams=("after_sales",))
    other, boss = await house.agent(teams=("complaints",)), await house.agent(role=Role.SUPERVISOR, teams=())
    everybody = (owner, mate, other, boss)
    watch, visitor = Watch(house.services), await house.waiting_visitor()
    house.clock.forward(seconds=23)
    waiting = await told(house, watch, *everybody)
    assert [[e["type"] for e in events] for events in waiting] == [
        ["sla.warning"],
        ["sla.warning"],
        [],
        ["sla.warning"],
    ]
    event = waiting[0][0]
    assert event["conversation_id"] == event["conversation"]["id"] == visitor.id
    assert event["sla"]["kind"] == "first_response"
    assert event["sla"]["state"] == "warning"
    epoch = (await house.accept(owner, visitor.id)).owner.epoch
    house.clock.forward(seconds=7)
    owned = await told(house, watch, *everybody)
    assert [[(e["type"], e["epoch"]) for e in events] for events in owned] == [
        [("sla.breach", epoch)], [], [], [("sla.breach", epoch)],
    ]  # fmt: skip
    assert await told(house, watch, *everybody) == [[], [], [], []], "once"


async def test_that_two_gateways_both_tell_their_desks_and_write_once(house: House) -> None:
    boss = await house.agent(role=Role.SUPERVISOR)
    await house.waiting_visitor()
    house.clock.forward(seconds=30)
    one, two = Watch(house.services), Watch(house.services)
    assert [[e["type"] for e in events] for events in await told(house, one, boss)] == [["sla.breach"]]
    assert [[e["type"] for e in events] for events in await told(house, two, boss)] == [["sla.breach"]]
    assert len(await sla.list_events(house.services, 1, 10)) == 1


async def test_that_the_queue_is_in_order_of_priority_due_answer_and_arrival(house: House) -> None:
    agent = await house.agent("小王", teams=("after_sales",))
    await house.agent(capacity=0)
    first = await house.waiting_visitor()
    await house.accept(agent, first.id)
    house.clock.forward(seconds=5)
    second = await house.waiting_visitor()
    house.clock.forward(seconds=5)
    urgent = await house.visitor()
    house.bot.will(says("抱歉", intent="complain"))
    await house.asks(urgent, "我要去法院起诉你们")
    epoch = (await house.conversation(first.id)).owner.epoch
    await pass_on.transfer(house.services, agent, first.id, epoch, "complaints", None, None)
    waiting = await house.store.read(lambda tx: tx.conversations.waiting())
    assert [c.id for c in waiting] == [urgent.id, second.id, first.id]
    assert moment(waiting[1].queue_due_at) == moment(house.clock.at.replace(second=35)), "30 s from asking"
    shown = await house.store.read(
        lambda tx: tx.conversations.search(agent=agent, owner="queue", status=None, q=None, before=None, limit=9)
    )
    assert [c.id for c in shown] == [second.id]


async def test_that_a_transfer_owes_the_customer_a_word(house: House) -> None:
    agent, other = await house.agent(), await house.agent()
    visitor = await house.waiting_visitor()
    epoch = (await house.accept(agent, visitor.id)).owner.epoch
    await house.replies(agent, visitor.id, "您好")
    await pass_on.transfer(house.services, agent, visitor.id, epoch, None, other.id, None)
    house.clock.forward(minutes=3)
    assert await promise(house, visitor) == ("next_response", "breached")
