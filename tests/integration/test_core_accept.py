"""Taking, letting pass, passing on, giving back and ending: the first wins, the stale are told who has it now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select

from handoff.domain.conversation import OwnerType, Status
from handoff.domain.errors import (
    AtCapacity,
    Conflict,
    ConversationTaken,
    Invalid,
    KefuError,
    NotFound,
    NotWaiting,
    StaleEpoch,
)
from handoff.domain.ids import ConversationId
from handoff.domain.message import PrivateKind, Sender
from handoff.domain.people import Agent, Presence, Role
from handoff.services import pass_on
from handoff.services.accept import decline
from handoff.services.reply import mark_read, note
from handoff.stores.schema import audit
from tests.fakes.core_bot import says
from tests.fakes.core_house import House, gathered


async def audited(house: House) -> list[tuple[str, str, str]]:
    def work(tx: Any) -> list[tuple[str, str, str]]:
        return [(r.actor, r.action, r.subject) for r in tx._connection.execute(select(audit).order_by(audit.c.id))]

    return await house.store.read(work)


async def test_that_of_fifty_who_accept_at_once_one_gets_it(house: House) -> None:
    agents = await asyncio.gather(*(house.agent() for _ in range(50)))
    visitor = await house.waiting_visitor()
    outcomes = await gathered(*(house.accept(agent, visitor.id) for agent in agents))
    winners = [o for o in outcomes if not isinstance(o, BaseException)]
    losers = [o for o in outcomes if isinstance(o, ConversationTaken)]
    assert (len(winners), len(losers)) == (1, 49)
    owner = (await house.conversation(visitor.id)).owner
    assert winners[0].owner == owner
    assert owner.epoch == 3
    assert {tuple(loser.extra["owner"].items()) for loser in losers} == {
        (("type", "agent"), ("id", owner.id), ("name", owner.name), ("epoch", 3))
    }
    assert len(await house.texts(visitor.id, Sender.SYSTEM)) == 2, "queued, and one accepted"
    assert (await house.handoff(visitor.id)).accepted_by == owner.id


async def test_that_accepting_ones_own_again_changes_nothing(house: House) -> None:
    agent, visitor = await house.agent(), await house.waiting_visitor()
    accepted = await asyncio.gather(*(house.accept(agent, visitor.id) for _ in range(8)))
    assert {c.owner.epoch for c in accepted} == {3}
    assert len(await house.texts(visitor.id, Sender.SYSTEM)) == 2


async def test_that_nobody_takes_more_than_his_capacity(house: House) -> None:
    agent, boss = await house.agent(capacity=2), await house.agent(role=Role.SUPERVISOR, capacity=0)
    visitors = [await house.waiting_visitor() for _ in range(6)]
    outcomes = await gathered(*(house.accept(agent, v.id, force=True) for v in visitors))
    assert sum(not isinstance(o, BaseException) for o in outcomes) == 2
    assert sum(isinstance(o, AtCapacity) for o in outcomes) == 4
    left = next(v for v, o in zip(visitors, outcomes, strict=True) if isinstance(o, AtCapacity))
    with pytest.raises(AtCapacity):
        await house.accept(boss, left.id)
    assert (await house.accept(boss, left.id, force=True)).owner.id == boss.id


async def test_that_a_conversation_with_the_bot_is_not_waiting(house: House) -> None:
    visitor = await house.visitor()
    await house.asks(visitor, "在吗")
    with pytest.raises(NotFound):
        await house.accept(await house.agent(), visitor.id)
    boss = await house.agent(role=Role.SUPERVISOR)
    assert (await house.accept(boss, visitor.id)).owner.id == boss.id


async def test_that_a_supervisor_takes_over_and_it_is_audited(house: House) -> None:
    agent, boss = await house.agent("小王"), await house.agent("李主管", Role.SUPERVISOR)
    visitor = await house.waiting_visitor()
    first = await house.accept(agent, visitor.id)
    second = await house.accept(boss, visitor.id)
    assert (second.owner.id, second.owner.epoch) == (boss.id, first.owner.epoch + 1)
    assert await audited(house) == [(boss.id, "take_over", visitor.id)]
    with pytest.raises(ConversationTaken) as refused:
        await house.replies(agent, visitor.id, "我来回答", first.owner.epoch)
    assert refused.value.extra["owner"] == {
        "type": "agent",
        "id": boss.id,
        "name": "李主管",
        "epoch": second.owner.epoch,
    }
    old, new = await house.store.read(lambda tx: tx.handoffs.of(visitor.id))
    assert (old.accepted_by, old.outcome, new.accepted_by, new.ended_at) == (agent.id, "taken_over", boss.id, None)


async def test_that_who_may_not_see_it_finds_nothing(house: House) -> None:
    agent = await house.agent(teams=("after_sales",))
    outsider = await house.agent(teams=("pre_sales",))
    visitor = await house.waiting_visitor()
    services = house.services

    async def tries(epoch: int) -> list[Any]:
        return await gathered(
            house.accept(outsider, visitor.id),
            decline(services, outsider, visitor.id),
            house.replies(outsider, visitor.id, "hi", epoch),
            note(services, outsider, visitor.id, "hi", "n1"),
            pass_on.hand_back(services, outsider, visitor.id, epoch, None),
            pass_on.resolve(services, outsider, visitor.id, epoch, None),
            pass_on.reopen(services, outsider, visitor.id),
            pass_on.transfer(services, outsider, visitor.id, epoch, "pre_sales", None, None),
            mark_read(services, outsider, visitor.id, 1),
            house.accept(outsider, ConversationId("nowhere")),
        )

    assert [type(o) for o in await tries(2)] == [NotFound] * 10
    await house.accept(agent, visitor.id)
    assert [type(o) for o in await tries(3)] == [NotFound] * 10
    await house.resolves(agent, visitor.id)
    assert [type(o) for o in await tries(4)] == [NotFound] * 10
    assert len(await house.log(visitor.id)) == 4


Verb = Callable[[House, Agent, ConversationId, Any], Awaitable[Any]]
VERBS: dict[str, Verb] = {
    "reply": lambda h, a, id, epoch: h.replies(a, id, "x", epoch if epoch is not None else "none"),  # type: ignore[arg-type]
    "hand_back": lambda h, a, id, epoch: pass_on.hand_back(h.services, a, id, epoch, None),
    "resolve": lambda h, a, id, epoch: pass_on.resolve(h.services, a, id, epoch, None),
    "to_team": lambda h, a, id, epoch: pass_on.transfer(h.services, a, id, epoch, "pre_sales", None, None),
    "to_agent": lambda h, a, id, epoch: pass_on.transfer(h.services, a, id, epoch, None, a.id, None),
}


@pytest.mark.parametrize("verb", VERBS)
async def test_that_every_verb_refuses_an_epoch_that_is_not_the_owners(house: House, verb: str) -> None:
    agent, other, visitor = await house.agent(), await house.agent(), await house.waiting_visitor()
    epoch = (await house.accept(agent, visitor.id)).owner.epoch
    log = len(await house.log(visitor.id))
    for wrong in (epoch - 1, epoch + 1, 0, -1, 2**31 - 1):
        with pytest.raises(StaleEpoch) as stale:
            await VERBS[verb](house, agent, visitor.id, wrong)
        assert stale.value.extra["owner"]["epoch"] == epoch
        assert (stale.value.status, stale.value.code) == (409, "stale_epoch")
    for none in (None, "3", 3.0, True, 10**30):
        with pytest.raises(Invalid) as missing:
            await VERBS[verb](house, agent, visitor.id, none)
        assert missing.value.status == 422
    with pytest.raises((NotFound, ConversationTaken)):
        await VERBS[verb](house, other, visitor.id, epoch)
    assert (await house.conversation(visitor.id)).owner.epoch == epoch
    assert len(await house.log(visitor.id)) == log


@pytest.mark.parametrize("verb", VERBS)
async def test_that_who_had_it_a_moment_ago_is_told_who_has_it_now(house: House, verb: str) -> None:
    agent, visitor = await house.agent(), await house.waiting_visitor()
    epoch = (await house.accept(agent, visitor.id)).owner.epoch
    await house.hands_back(agent, visitor.id)
    with pytest.raises(ConversationTaken) as taken:
        await VERBS[verb](house, agent, visitor.id, epoch)
    assert taken.value.extra["owner"] == {"type": "bot", "id": None, "name": None, "epoch": epoch + 1}


async def test_that_of_two_verbs_with_one_epoch_one_wins(house: House) -> None:
    agent = await house.agent(capacity=100)
    for first in VERBS:
        for second in ("hand_back", "resolve", "to_team"):
            visitor = await house.waiting_visitor()
            epoch = (await house.accept(agent, visitor.id)).owner.epoch
            outcomes = await gathered(
                VERBS[first](house, agent, visitor.id, epoch), VERBS[second](house, agent, visitor.id, epoch)
            )
            refused = [o for o in outcomes if isinstance(o, BaseException)]
            assert all(isinstance(o, Conflict) for o in refused), outcomes
            assert len(refused) == 1 or first == "reply"
            assert (await house.conversation(visitor.id)).owner.epoch == epoch + 1


async def test_that_a_declined_offer_rings_at_the_next_and_comes_round_again(house: House) -> None:
    agents: dict[str, Agent] = {a.id: a for a in [await house.agent() for _ in range(3)]}
    visitor = await house.waiting_visitor()
    rang: list[str] = []
    for _ in range(6):
        ringing = (await house.handoff(visitor.id)).ringing
        assert ringing is not None
        rang.append(ringing)
        await decline(house.services, agents[ringing], visitor.id)
    assert set(rang[:3]) == set(agents)
    assert set(rang[3:]) == set(agents)
    assert all(a != b for a, b in zip(rang, rang[1:], strict=False))
    # An offer is a ring, not a reservation: whoever declined may still accept.
    assert (await house.accept(agents[rang[0]], visitor.id)).owner.id == rang[0]
    with pytest.raises(NotWaiting):
        await decline(house.services, agents[rang[0]], visitor.id)


async def test_that_it_rings_at_the_last_agent_first_then_at_the_least_loaded(house: House) -> None:
    one, two, full = await house.agent(), await house.agent(), await house.agent(capacity=0)
    visitor = await house.waiting_visitor()
    await house.accept(two, visitor.id)
    other = await house.waiting_visitor()
    assert (await house.handoff(other.id)).ringing == one.id
    await house.hands_back(two, visitor.id)
    await house.says(visitor, "转人工")
    assert (await house.handoff(visitor.id)).ringing == two.id
    assert full.id not in {(await house.handoff(v.id)).ringing for v in (visitor, other)}


async def test_that_it_rings_only_at_the_team_and_not_at_who_is_away(house: House) -> None:
    await house.agent(teams=("complaints",))
    await house.agent(presence=Presence.AWAY)
    visitor = await house.waiting_visitor()
    assert (await house.handoff(visitor.id)).ringing is None
    assert (await house.conversation(visitor.id)).owner.type is OwnerType.QUEUE


async def test_that_a_transfer_to_a_team_waits_there_with_its_note(house: House) -> None:
    agent, expert = await house.agent(teams=("after_sales",)), await house.agent(teams=("pre_sales",))
    visitor = await house.waiting_visitor()
    epoch = (await house.accept(agent, visitor.id)).owner.epoch
    passed = await pass_on.transfer(house.services, agent, visitor.id, epoch, "pre_sales", None, "客户想买新款")
    assert (passed.owner.type, passed.team_id, passed.owner.epoch) == (OwnerType.QUEUE, "pre_sales", epoch + 1)
    handoff = await house.handoff(visitor.id)
    assert (handoff.team_id, handoff.ringing, handoff.accepted_by) == ("pre_sales", expert.id, None)
    [secret] = [m for m in await house.log(visitor.id) if m.private]
    assert (secret.text, secret.kind, secret.sender_id) == ("客户想买新款", PrivateKind.NOTE, agent.id)
    assert "售前" in (await house.texts(visitor.id, Sender.SYSTEM))[-1]
    assert (await house.accept(expert, visitor.id)).owner.id == expert.id
    for team in ("nowhere", 7, "\x00"):
        with pytest.raises(Invalid):
            await pass_on.transfer(house.services, expert, visitor.id, epoch + 2, team, None, None)


async def test_that_a_transfer_to_an_agent_needs_him_there_and_free(house: House) -> None:
    agent, free = await house.agent(), await house.agent("小赵")
    away, full = await house.agent(presence=Presence.AWAY), await house.agent(capacity=0)
    visitor = await house.waiting_visitor()
    epoch = (await house.accept(agent, visitor.id)).owner.epoch

    async def pass_to(receiver: object, team: object = None) -> Any:
        return await pass_on.transfer(house.services, agent, visitor.id, epoch, team, receiver, None)

    for receiver, code in ((away.id, "agent_not_available"), (full.id, "at_capacity")):
        with pytest.raises(Conflict) as refused:
            await pass_to(receiver)
        assert (refused.value.code, refused.value.extra["owner"]["id"]) == (code, agent.id)
    for nobody, team in (("nobody", None), (None, None), (free.id, "pre_sales")):
        with pytest.raises(Invalid):
            await pass_to(nobody, team)
    passed = await pass_to(free.id)
    assert (passed.owner.id, passed.owner.name, passed.owner.epoch) == (free.id, "小赵", epoch + 1)
    assert (await house.replies(free, visitor.id, "我是小赵")).seq == passed.last_seq + 1
    assert [h.outcome for h in await house.store.read(lambda tx: tx.handoffs.of(visitor.id))].count("transferred") == 1


async def test_that_the_bot_comes_back_knowing_what_was_said(house: House) -> None:
    agent, visitor = await house.agent("小王"), await house.visitor()
    house.bot.will(says("请稍等", intent="start_return", slots={"order_number": "KF1"}))
    await house.asks(visitor, "我要退货")
    await house.says(visitor, "转人工")
    await house.accept(agent, visitor.id)
    await house.replies(agent, visitor.id, "已经给您登记退货")
    await note(house.services, agent, visitor.id, "客户很急", "n1")
    await house.says(visitor, "好的谢谢")
    back = await house.hands_back(agent, visitor.id, "退货已登记，等取件")
    assert (back.owner.type, back.team_id, back.handoff_id) == (OwnerType.BOT, None, None)
    assert await house.bot_turns(visitor.id) == 0, "what the customer said to the human is not the bot's to answer"
    house.bot.will(says("明天上门"))
    await house.asks(visitor, "什么时候取件？")
    request = house.bot.requests[-1]
    assert [(h["sender"], h["text"]) for h in request["history"]] == [
        ("customer", "转人工"), ("agent", "已经给您登记退货"), ("customer", "好的谢谢"),
    ]  # fmt: skip
    # The private note stays private: the bot might repeat it to the customer.
    assert request["slots"]["handoff_summary"] == "小王: 已经给您登记退货"
    assert request["slots"]["last_order"] == "KF1"
    await house.asks(visitor, "谢谢")
    assert house.bot.requests[-1]["history"] == []
    ended = await house.handoff(visitor.id)
    assert (ended.outcome, ended.ended_at is not None) == ("handed_back", True)


async def test_that_without_a_note_the_last_words_are_remembered(house: House) -> None:
    agent, visitor = await house.agent("小王"), await house.waiting_visitor()
    await house.accept(agent, visitor.id)
    await house.replies(agent, visitor.id, "已补发优惠券")
    await house.hands_back(agent, visitor.id)
    await house.asks(visitor, "优惠券呢")
    assert house.bot.requests[-1]["slots"]["handoff_summary"] == "小王: 已补发优惠券"


async def test_that_a_reply_is_public_and_a_note_is_not(house: House) -> None:
    agent, boss = await house.agent("小王"), await house.agent("李主管", Role.SUPERVISOR)
    visitor = await house.waiting_visitor()
    await house.accept(agent, visitor.id)
    said = await house.replies(agent, visitor.id, "您好")
    assert (said.sender, said.name, said.sender_id, said.private) == (Sender.AGENT, "小王", agent.id, False)
    noted = await note(house.services, agent, visitor.id, "老客户", "n1")
    whispered = await note(house.services, boss, visitor.id, "给他免邮", "n2")
    assert (noted.kind, whispered.kind) == (PrivateKind.NOTE, PrivateKind.WHISPER)
    assert (await note(house.services, agent, visitor.id, "老客户", "n1")).seq == noted.seq
    public = await house.log(visitor.id, private=False)
    assert not {"老客户", "给他免邮"} & {m.text for m in public}
    assert (await house.conversation(visitor.id)).last_public_seq == said.seq


async def test_that_an_ended_conversation_goes_on_within_72_hours(house: House) -> None:
    agent, visitor = await house.agent(), await house.waiting_visitor()
    await house.accept(agent, visitor.id)
    ended = await house.resolves(agent, visitor.id)
    assert (ended.status, ended.owner.type) == (Status.RESOLVED, OwnerType.BOT)
    assert (await house.store.read(lambda tx: tx.agents.get(agent.id, house.clock()))).load == 0  # type: ignore[union-attr]
    house.clock.forward(hours=72)
    received = await house.says(visitor, "还有个问题")
    assert received.conversation.id == visitor.id
    assert (received.conversation.status, received.conversation.resolved_at) == (Status.OPEN, None)
    assert await house.bot_turns(visitor.id) == 1


async def test_that_looking_at_an_ended_conversation_does_not_reopen_it(house: House) -> None:
    agent, visitor = await house.agent(), await house.waiting_visitor()
    await house.accept(agent, visitor.id)
    await house.resolves(agent, visitor.id)
    again = await house.visitor(token=visitor.token)
    assert (again.id, again.opened.conversation.status) == (visitor.id, Status.RESOLVED)
    assert (await house.conversation(visitor.id)).status is Status.RESOLVED


async def test_that_after_72_hours_a_new_linked_conversation_begins(house: House) -> None:
    agent, visitor = await house.agent(), await house.waiting_visitor()
    await house.accept(agent, visitor.id)
    await house.resolves(agent, visitor.id)
    house.clock.forward(hours=72, seconds=1)
    received = await asyncio.gather(*(house.says(visitor, f"新的问题 {n}") for n in range(5)))
    assert len({r.conversation.id for r in received}) == 1
    fresh = received[0].conversation
    assert fresh.id != visitor.id
    assert (fresh.previous_id, fresh.owner.epoch, sorted(r.seq for r in received)) == (visitor.id, 1, [1, 2, 3, 4, 5])
    assert (await house.conversation(visitor.id)).status is Status.RESOLVED


async def test_that_a_retried_message_does_not_reopen_what_has_ended(house: House) -> None:
    agent, visitor = await house.agent(), await house.visitor()
    await house.says(visitor, "转人工", client_id="again")
    await house.accept(agent, visitor.id)
    await house.resolves(agent, visitor.id)
    for hours in (0, 100):
        house.clock.forward(hours=hours)
        received = await house.says(visitor, "转人工", client_id="again")
        assert (received.seq, received.conversation.id, received.change) == (1, visitor.id, None)
        assert (await house.conversation(visitor.id)).status is Status.RESOLVED


async def test_that_an_agent_takes_an_ended_conversation_up_again(house: House) -> None:
    agent, visitor = await house.agent(), await house.waiting_visitor()
    await house.accept(agent, visitor.id)
    epoch = (await house.resolves(agent, visitor.id)).owner.epoch
    reopened = await pass_on.reopen(house.services, agent, visitor.id)
    assert (reopened.status, reopened.owner.id, reopened.owner.epoch) == (Status.OPEN, agent.id, epoch + 1)
    assert (await house.replies(agent, visitor.id, "补充一句")).text == "补充一句"
    with pytest.raises(Conflict) as refused:
        await pass_on.reopen(house.services, agent, visitor.id)
    assert refused.value.code == "not_resolved"
    await house.resolves(agent, visitor.id)
    house.clock.forward(hours=73)
    await house.says(visitor, "新的")
    with pytest.raises(Conflict) as newer:
        await pass_on.reopen(house.services, agent, visitor.id)
    assert newer.value.code == "has_open_conversation"


async def test_that_a_supervisor_ends_any_and_resolving_twice_changes_nothing(house: House) -> None:
    agent, boss = await house.agent(), await house.agent(role=Role.SUPERVISOR)
    visitor = await house.waiting_visitor()
    with pytest.raises(KefuError):
        await house.resolves(agent, visitor.id)
    ended = await house.resolves(boss, visitor.id)
    assert (ended.status, ended.waiting_since, ended.team_id) == (Status.RESOLVED, None, None)
    assert await house.store.read(lambda tx: tx.conversations.waiting()) == []
    log = len(await house.log(visitor.id))
    assert (await house.resolves(boss, visitor.id)).owner.epoch == ended.owner.epoch
    assert len(await house.log(visitor.id)) == log


async def test_that_an_agent_sees_his_own_his_teams_queue_and_what_he_resolved(house: House) -> None:
    agent, boss = await house.agent(teams=("after_sales",)), await house.agent(role=Role.SUPERVISOR)
    mine, queued, resolved, bots, others = [await house.waiting_visitor() for _ in range(3)] + [
        await house.visitor(), await house.waiting_visitor(),
    ]  # fmt: skip
    await house.accept(agent, mine.id)
    await house.accept(agent, resolved.id)
    await house.resolves(agent, resolved.id)
    await house.accept(boss, others.id)

    async def seen(who: Agent, owner: str) -> set[str]:
        found = await house.store.read(
            lambda tx: tx.conversations.search(agent=who, owner=owner, status=None, q=None, before=None, limit=50)
        )
        return {c.id for c in found}

    assert await seen(agent, "any") == {mine.id, queued.id, resolved.id}
    assert await seen(agent, "me") == {mine.id}
    assert await seen(agent, "queue") == {queued.id}
    assert await seen(agent, "bot") == {resolved.id}
    assert await seen(boss, "any") == {v.id for v in (mine, queued, resolved, bots, others)}


async def test_that_reading_is_remembered_and_never_goes_back(house: House) -> None:
    agent, visitor = await house.agent(), await house.waiting_visitor()
    await house.accept(agent, visitor.id)
    for seq, kept in ((2, 2), (1, 2), (10**30, 3)):
        assert (await mark_read(house.services, agent, visitor.id, seq)).read_seq == kept
    for bad in (-1, "1", None, True):
        with pytest.raises(Invalid):
            await mark_read(house.services, agent, visitor.id, bad)


async def test_that_a_message_sent_again_after_a_new_conversation_began_is_not_said_twice(house: House) -> None:
    agent, visitor = await house.agent(), await house.visitor()
    await house.says(visitor, "转人工", client_id="again")
    await house.accept(agent, visitor.id)
    await house.resolves(agent, visitor.id)
    house.clock.forward(hours=100)
    fresh = (await house.says(visitor, "新的问题")).conversation
    received = await house.says(visitor, "转人工", client_id="again")
    assert (received.seq, received.conversation.id, received.change) == (1, visitor.id, None)
    assert await house.texts(fresh.id, Sender.CUSTOMER) == ["新的问题"]
