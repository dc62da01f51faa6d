"""Customers come in: unknown, known, coming back, and from anonymous to identified without losing a word."""

from __future__ import annotations

import asyncio

import pytest

from handoff.domain.conversation import OwnerType, Status
from handoff.domain.errors import (
    BadIdentifierHash,
    Invalid,
    KefuError,
    OriginNotAllowed,
    StaleEpoch,
    Unauthenticated,
    UnknownWebsite,
)
from handoff.domain.message import Sender
from handoff.domain.people import Role
from handoff.services.sessions import authenticate, customer_read, identifier_hash, reset
from tests.fakes.core_house import OWN_ORIGIN, WEBSITE, House, gathered


@pytest.mark.parametrize("token", ["", "website-tokem", None, 7, "' OR 1=1 --", "x" * 10_000])
async def test_that_an_unknown_website_opens_nothing(house: House, token: object) -> None:
    with pytest.raises(UnknownWebsite) as refused:
        await house.visitor(website_token=token)
    assert (refused.value.status, refused.value.code) == (404, "unknown_website")


async def test_that_only_the_websites_pages_and_our_own_may_open_a_session(house: House) -> None:
    for origin in ("https://shop.test", OWN_ORIGIN, None):
        assert (await house.visitor(origin=origin)).token
    for origin in ("https://evil.test", "https://shop.test.evil.test", "http://shop.test", "null", ""):
        with pytest.raises(OriginNotAllowed):
            await house.visitor(origin=origin)


@pytest.mark.parametrize("given", [None, "", "0" * 64, "ÿ" * 64, 7, identifier_hash("another secret", "c001")])
async def test_that_an_identifier_without_its_hash_is_refused_and_never_reaches_the_shop(
    house: House, given: object
) -> None:
    asked: list[str] = []

    async def customer(identifier: str) -> None:
        asked.append(identifier)

    house.shop.customer = customer  # type: ignore[method-assign,assignment]
    with pytest.raises(BadIdentifierHash) as refused:
        await house.visitor("c001", given_hash=given, name="张三")
    assert (refused.value.status, refused.value.code) == (401, "bad_identifier_hash")
    assert asked == []
    assert await house.store.read(lambda tx: tx.customers.by_identifier("c001")) is None


async def test_that_a_hash_is_good_for_its_own_identifier_only(house: House) -> None:
    with pytest.raises(BadIdentifierHash):
        await house.visitor("c002", given_hash=identifier_hash(str(WEBSITE.secret), "c001"))
    assert (await house.visitor("c001")).opened.session.verified


@pytest.mark.parametrize("identifier", ["", "x" * 191, "a\nb", "\x00", 7, ["c001"]])
async def test_that_a_strange_identifier_is_refused(house: House, identifier: object) -> None:
    with pytest.raises(Invalid):
        await house.visitor(identifier=identifier, given_hash="0" * 64)


@pytest.mark.parametrize("field", ["name", "email"])
async def test_that_strange_details_are_refused_or_cleaned(house: House, field: str) -> None:
    for bad in (7, {}, "x" * 201):
        with pytest.raises(Invalid):
            await house.visitor("c001", **{field: bad})
    visitor = await house.visitor("c001", **{field: " 张\x00三\ud800\n "})
    customer = await house.store.read(lambda tx: tx.customers.get(visitor.customer_id))
    assert getattr(customer, field) == "张三"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("zh-CN", "zh-Hans"),
        ("zh_TW", "zh-Hant"),
        ("zh-Hant-HK", "zh-Hant"),
        ("en-US", "en"),
        ("de", "en"),
        (None, "zh-Hans"),
    ],
)
async def test_that_the_browsers_language_becomes_one_of_ours(house: House, said: str | None, kept: str) -> None:
    assert (await house.visitor(locale=said)).opened.session.locale == kept


async def test_that_an_old_token_goes_on_where_it_was_for_thirty_days(house: House) -> None:
    visitor = await house.visitor()
    await house.says(visitor, "在吗")
    for _ in range(3):
        house.clock.forward(days=29)
        again = await house.visitor(token=visitor.token)
        assert (again.token, again.id, again.customer_id) == (visitor.token, visitor.id, visitor.customer_id)
    house.clock.forward(days=30, seconds=1)
    with pytest.raises(Unauthenticated):
        await authenticate(house.services, visitor.token)
    fresh = await house.visitor(token=visitor.token)
    assert fresh.token != visitor.token
    assert fresh.customer_id != visitor.customer_id


@pytest.mark.parametrize("token", ["", "x", "x" * 201, None, 7, "\ud800", "\x00"])
async def test_that_a_wrong_token_is_nobody(house: House, token: object) -> None:
    with pytest.raises(Unauthenticated):
        await authenticate(house.services, token)


async def test_that_reset_revokes(house: House) -> None:
    visitor, other = await house.visitor(), await house.visitor()
    assert (await authenticate(house.services, visitor.token)).customer_id == visitor.customer_id
    await reset(house.services, visitor.token)
    with pytest.raises(Unauthenticated):
        await authenticate(house.services, visitor.token)
    assert (await authenticate(house.services, other.token)).customer_id == other.customer_id


async def test_that_the_tokens_in_the_database_cannot_be_used(house: House) -> None:
    visitor = await house.visitor()
    from handoff.services.sessions import hash_token

    with pytest.raises(Unauthenticated):
        await authenticate(house.services, hash_token(visitor.token))


async def test_that_one_customer_has_one_conversation_on_all_his_devices(house: House) -> None:
    visitors = await asyncio.gather(*(house.visitor("c001") for _ in range(6)))
    assert len({v.id for v in visitors}) == 1
    assert len({v.customer_id for v in visitors}) == 1
    assert len({v.token for v in visitors}) == 6


async def test_that_identifying_keeps_what_the_visitor_said(house: House) -> None:
    anonymous = await house.visitor()
    await house.asks(anonymous, "你们发货吗")
    known = await house.visitor("c001", token=anonymous.token, name="张三")
    assert (known.id, known.opened.session.verified) == (anonymous.id, True)
    assert known.customer_id != anonymous.customer_id
    assert await house.texts(known.id, Sender.CUSTOMER) == ["你们发货吗"]
    with pytest.raises(Unauthenticated):
        await authenticate(house.services, anonymous.token)
    assert await house.store.read(lambda tx: tx.customers.get(anonymous.customer_id)) is None
    await house.asks(known, "我的订单呢")
    assert house.bot.requests[-1]["metadata"]["verified"] is True


async def test_that_signing_in_as_somebody_else_shows_nothing_of_the_first(house: House) -> None:
    first = await house.visitor("c001")
    await house.says(first, "我的地址是…")
    second = await house.visitor("c002", token=first.token)
    assert second.id != first.id
    assert second.customer_id != first.customer_id
    assert await house.log(second.id) == []
    with pytest.raises(Unauthenticated):
        await authenticate(house.services, first.token)


STATES = ("none", "empty", "bot", "queue", "agent", "resolved")


@pytest.mark.parametrize("mine", STATES)
@pytest.mark.parametrize("theirs", STATES[1:])
async def test_that_a_merge_leaves_one_open_conversation_and_loses_no_human(
    house: House, mine: str, theirs: str
) -> None:
    """The customer's own conversation in one state, the anonymous visitor's in another; then he signs in."""
    agent = await house.agent(capacity=10, role=Role.SUPERVISOR)

    async def bring(state: str, identifier: str | None):  # type: ignore[no-untyped-def]
        visitor = await house.visitor(identifier)
        if state != "empty":
            await house.asks(visitor, f"{state}-{identifier}")
        if state == "queue":
            await house.says(visitor, "转人工")
        if state in ("agent", "resolved"):
            await house.accept(agent, visitor.id)
        if state == "resolved":
            await house.resolves(agent, visitor.id)
        return visitor

    old = None if mine == "none" else await bring(mine, "c001")
    anonymous = await bring(theirs, None)
    before = {v.id: await house.conversation(v.id) for v in (old, anonymous) if v is not None}
    known = await house.visitor("c001", token=anonymous.token)
    current = await house.store.write(lambda tx: tx.conversations.current(known.customer_id))
    after = {id: await house.conversation(id) for id in before}
    assert {c.customer_id for c in after.values()} == {known.customer_id}
    open_ones = [c for c in after.values() if c.status is not Status.RESOLVED]
    assert len(open_ones) <= 1
    if current is not None:
        assert known.id == current.id, "the session shows the conversation that messages go to"
    for id, c in after.items():
        assert c.owner.epoch >= before[id].owner.epoch
        if c.status is Status.RESOLVED and before[id].status is not Status.RESOLVED:
            assert c.owner.epoch == before[id].owner.epoch + 1
            assert c.owner.type is OwnerType.BOT
            with pytest.raises(KefuError):
                await house.replies(agent, id, "zu spät", before[id].owner.epoch)
    human = [c for c in before.values() if c.owner.type is not OwnerType.BOT]
    if human:
        assert open_ones
        assert open_ones[0].owner.type is not OwnerType.BOT, "a human or a place in the queue is not lost"
    assert len(await house.store.read(lambda tx: tx.conversations.waiting())) == sum(
        c.owner.type is OwnerType.QUEUE for c in open_ones
    )
    waiting = await house.store.read(lambda tx: tx.handoffs.of(anonymous.id))
    if after[anonymous.id].status is Status.RESOLVED:
        assert all(h.ended_at for h in waiting), "no passage stays open on what has ended"
    if len(before) == 2 and "agent" in (mine, theirs):
        assert open_ones[0].owner.type is OwnerType.AGENT, "who talks to a human goes on with him"
    received = await house.says(known, "我登录了")
    assert received.conversation.id == known.id


async def test_that_a_merge_closes_the_late_bots_mouth(house: House) -> None:
    known = await house.visitor("c001")
    await house.asks(known, "一")
    anonymous = await house.visitor()
    await house.says(anonymous, "二")
    from handoff.services.bot_turn import run_turn
    from tests.fakes.core_bot import says

    gate = house.bot.holds(says("答二"))
    running = asyncio.create_task(run_turn(house.services, anonymous.id))
    await gate.entered.wait()
    await house.visitor("c001", token=anonymous.token)
    gate.open()
    outcomes = await gathered(running)
    assert not isinstance(outcomes[0], BaseException) or isinstance(outcomes[0], StaleEpoch)
    assert await house.texts(anonymous.id, Sender.BOT) == []


async def test_that_a_session_of_another_website_is_not_resumed(house: House) -> None:
    from dataclasses import replace

    from handoff.domain.ids import InboxId

    other = replace(WEBSITE, id=InboxId("web-2"), website_token="other-token", secret="another-secret")
    await house.store.write(lambda tx: tx.customers.save_inbox(other))
    visitor = await house.visitor()
    elsewhere = await house.visitor(website_token="other-token", token=visitor.token)
    assert elsewhere.token != visitor.token
    assert elsewhere.customer_id != visitor.customer_id


async def test_that_what_the_customer_read_is_kept_and_never_goes_back(house: House) -> None:
    visitor = await house.visitor()
    await house.asks(visitor, "在吗")
    session = visitor.opened.session
    for seq, kept in ((1, 1), (2, 2), (1, 2), (10**30, 2)):
        await customer_read(house.services, session, seq)
        assert (await house.conversation(visitor.id)).customer_read_seq == kept
    for bad in (-1, "1", None, True):
        with pytest.raises(Invalid):
            await customer_read(house.services, session, bad)


async def test_that_an_important_customer_is_marked_and_a_shop_that_is_away_keeps_nobody_out(house: House) -> None:
    house.shop.customers["c001"] = {"id": "c001", "vip": True}
    vip = await house.visitor("c001")
    house.shop.away = True
    other = await house.visitor("c002")
    again = await house.visitor("c001")
    for visitor, marked in ((vip, True), (other, False), (again, True)):
        customer = await house.store.read(lambda tx, id=visitor.customer_id: tx.customers.get(id))  # type: ignore[misc]
        assert customer is not None
        assert customer.vip is marked
