"""Offers and free places: who rings next, that room is filled at once, and that nobody gets more than he can hold."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from handoff.domain.conversation import OwnerType
from handoff.domain.errors import AtCapacity, Invalid, NotFound
from handoff.domain.ids import AgentId
from handoff.domain.message import PrivateKind
from handoff.domain.people import Agent, Presence, Role
from handoff.services import house as rules
from handoff.services import pass_on
from handoff.services.accept import decline
from handoff.services.desk_feed import DeskFeed
from handoff.services.facts import Change
from handoff.services.offers import fill
from handoff.services.presence import arrive, set_presence
from handoff.services.reply import note
from tests.fakes.core_bot import says
from tests.fakes.core_house import House, Visitor, gathered


async def ringing(house: House, *visitors: Any) -> list[str | None]:
    return [(await house.handoff(v.id)).ringing for v in visitors]


async def queue_of(house: House, count: int) -> list[Visitor]:
    """That many customers, who asked one after the other."""
    visitors = []
    for _ in range(count):
        house.clock.forward(milliseconds=10)
        visitors.append(await house.waiting_visitor())
    return visitors


async def test_that_one_who_accepts_ten_at_once_with_room_for_five_gets_five(house: House) -> None:
    agent = await house.agent(capacity=5)
    visitors = [await house.waiting_visitor() for _ in range(10)]
    outcomes = await gathered(*(house.accept(agent, v.id) for v in visitors))
    assert sum(not isinstance(o, BaseException) for o in outcomes) == 5
    assert sum(isinstance(o, AtCapacity) for o in outcomes) == 5
    assert len(await house.store.read(lambda tx: tx.conversations.owned_by(agent.id))) == 5
    assert len(await house.store.read(lambda tx: tx.conversations.waiting())) == 5


@pytest.mark.parametrize("verb", ["resolve", "hand_back", "to_team", "to_agent", "taken_over"])
async def test_that_a_place_that_becomes_free_rings_for_the_next_at_once(house: House, verb: str) -> None:
    agent = await house.agent(capacity=1, teams=("after_sales",))
    has, waits, later = await queue_of(house, 3)
    epoch = (await house.accept(agent, has.id)).owner.epoch
    await fill(house.services)
    house.clock.forward(seconds=31)
    await house.beat(agent)
    await fill(house.services)
    assert await ringing(house, waits, later) == [None, None], "he is full"
    boss = await house.agent(role=Role.SUPERVISOR, teams=("complaints",), presence=Presence.ONLINE)
    services = house.services
    if verb == "resolve":
        await house.resolves(agent, has.id)
    elif verb == "hand_back":
        await house.hands_back(agent, has.id)
    elif verb == "to_team":
        await pass_on.transfer(services, agent, has.id, epoch, "complaints", None, None)
    elif verb == "to_agent":
        await pass_on.transfer(services, agent, has.id, epoch, None, boss.id, None)
    else:
        await house.accept(boss, has.id)
    assert await ringing(house, waits, later) == [agent.id, None], "the first, without any sweep"


async def test_that_who_comes_online_or_may_take_more_is_offered_what_waits(house: House) -> None:
    agent, boss = await house.agent(capacity=1), await house.agent(role=Role.ADMIN, teams=())
    away = await house.agent(presence=Presence.AWAY)
    one, two, three = await queue_of(house, 3)
    assert await ringing(house, one, two, three) == [agent.id, None, None]
    await rules.change_agent(house.services, boss, agent.id, {"capacity": 2})
    assert await ringing(house, one, two, three) == [agent.id, agent.id, None]
    await set_presence(house.services, away, "online")
    assert await ringing(house, three) == [away.id]


async def test_that_a_desk_that_is_back_is_offered_what_waits(house: House) -> None:
    agent = await house.agent(teams=("after_sales",))
    colleague = await house.agent(presence=Presence.AWAY)
    house.clock.forward(seconds=41)
    await house.beat(colleague)
    visitor = await house.waiting_visitor()
    assert await ringing(house, visitor) == [None]
    await arrive(house.services, agent)
    assert await ringing(house, visitor) == [agent.id]


async def test_that_an_offer_moves_on_when_whom_it_rings_at_leaves_or_lets_its_time_pass(house: House) -> None:
    one, two = await house.agent(), await house.agent()
    agents = {a.id: a for a in (one, two)}
    visitor = await house.waiting_visitor()
    [first] = await ringing(house, visitor)
    assert first is not None
    await set_presence(house.services, agents[AgentId(first)], "away")
    [second] = await ringing(house, visitor)
    assert second == ({one.id, two.id} - {first}).pop()
    house.clock.forward(seconds=29)
    await house.beat(one, two)
    assert await fill(house.services) == 0
    await set_presence(house.services, agents[AgentId(first)], "online")
    house.clock.forward(seconds=1)
    assert await fill(house.services) == 1
    assert await ringing(house, visitor) == [first]


async def test_that_a_declined_offer_with_nobody_else_rings_again(house: House) -> None:
    agent, visitor = await house.agent(), await house.waiting_visitor()
    await decline(house.services, agent, visitor.id)
    assert await ringing(house, visitor) == [agent.id]


async def test_that_urgent_ones_ring_although_ordinary_ones_ring_already(house: House) -> None:
    agent = await house.agent(capacity=1)
    ordinary = await house.waiting_visitor()
    assert await ringing(house, ordinary) == [agent.id]
    urgent = await house.visitor()
    house.bot.will(says("抱歉", intent="complain"))
    await house.asks(urgent, "充电器起火了！")
    assert await ringing(house, urgent) == [agent.id]
    [later] = await queue_of(house, 1)
    assert await ringing(house, later) == [None]


async def test_that_it_rings_at_who_has_the_skill(house: House) -> None:
    everything, boss = await house.agent(), await house.agent(role=Role.SUPERVISOR, teams=())
    expert, other = await house.agent(), await house.agent()
    for agent, skills in ((expert, ["Returns "]), (other, ["invoices"])):
        changed = await rules.change_agent(house.services, boss, agent.id, {"skills": skills})
        assert changed.skills == (skills[0].strip().lower(),)
    visitor = await house.visitor()
    house.bot.will(says("请问哪一件", intent="start_return"))
    await house.asks(visitor, "我要退货")
    await house.says(visitor, "转人工")
    handoff = await house.handoff(visitor.id)
    assert (handoff.needs, handoff.ringing) == (["returns"], expert.id)
    rang = [handoff.ringing]
    for agent in (expert, everything, expert):
        await decline(house.services, agent, visitor.id)
        rang += await ringing(house, visitor)
    assert rang == [expert.id, everything.id, expert.id, everything.id], "never at who takes only invoices"


async def test_that_an_agents_work_is_changed_by_supervisors_with_sense_and_audited(house: House) -> None:
    agent, boss = await house.agent(), await house.agent(role=Role.SUPERVISOR)
    changed = await rules.change_agent(
        house.services, boss, agent.id, {"team_ids": ["complaints"], "languages": ["EN"], "capacity": 9}
    )
    fresh = await house.store.read(lambda tx: tx.agents.get(agent.id, house.clock()))
    assert fresh == changed
    assert (fresh.team_ids, fresh.languages, fresh.capacity) == (frozenset({"complaints"}), ("en",), 9)
    for wrong in (
        {"team_ids": ["nowhere"]},
        {"capacity": -1},
        {"capacity": 101},
        {"skills": [""]},
        {"skills": ["x" * 51]},
    ):
        with pytest.raises(Invalid):
            await rules.change_agent(house.services, boss, agent.id, wrong)
    with pytest.raises(NotFound):
        await rules.change_agent(house.services, boss, AgentId("nobody"), {})
    assert await house.store.read(lambda tx: tx.agents.get(agent.id, house.clock())) == fresh


async def test_that_a_whisper_reaches_the_owner_and_never_the_customer(house: House) -> None:
    agent, boss = await house.agent(), await house.agent(role=Role.SUPERVISOR)
    visitor = await house.waiting_visitor()
    epoch = (await house.accept(agent, visitor.id)).owner.epoch
    message = await note(house.services, boss, visitor.id, "给他一张券", "w1")
    assert message.kind is PrivateKind.WHISPER
    conversation = await house.conversation(visitor.id)
    assert (conversation.owner.id, conversation.owner.epoch) == (agent.id, epoch)
    with house.services.hub.desk(agent) as desk:
        DeskFeed(house.services).on_change(Change(conversation, (message,)))
        [event] = await anext(desk.events())
    assert (event["type"], event["message"]["kind"], event["message"]["private"]) == (
        "message.created",
        "whisper",
        True,
    )
    assert message.seq not in [m.seq for m in await house.log(visitor.id, private=False)]


async def test_that_all_who_wait_are_shared_out_and_none_is_left(house: House) -> None:
    agents: list[Agent] = [await house.agent(capacity=5) for _ in range(4)]
    visitors = await queue_of(house, 30)
    by_id = {a.id: a for a in agents}
    served: list[str] = []
    while len(served) < len(visitors):
        waiting = await house.store.read(lambda tx: tx.handoffs.open())
        offered = [(h, c) for h, c in waiting if h.ringing]
        assert offered, "something always rings while there is room"
        assert [c.id for _, c in offered] == [c.id for _, c in waiting][: len(offered)], "in order"
        await asyncio.gather(*(house.accept(by_id[AgentId(str(h.ringing))], c.id) for h, c in offered))
        for _, conversation in offered:
            owner = (await house.conversation(conversation.id)).owner
            assert owner.type is OwnerType.AGENT
            await house.resolves(by_id[AgentId(str(owner.id))], conversation.id)
            served.append(conversation.id)
    assert served == [v.id for v in visitors]


async def test_that_the_feed_ends_also_when_it_is_told_to_in_the_moment_of_a_ring(house: House) -> None:
    feed = DeskFeed(house.services)
    running = asyncio.create_task(feed.run())
    feed._wake.set()
    for _ in range(3):  # now it waits for something urgent
        await asyncio.sleep(0)
    feed._urgent.set()
    running.cancel()
    done, _ = await asyncio.wait([running], timeout=5)
    assert running in done
    assert running.cancelled()
