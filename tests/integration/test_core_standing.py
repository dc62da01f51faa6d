"""A customer comes (back): one look at the store tells who he is, how things stand, and what he has missed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from handoff.domain.conversation import OwnerType
from handoff.domain.errors import OriginNotAllowed, Unauthenticated
from handoff.services import standing as standings
from handoff.services.erase import erase
from handoff.services.reply import note
from handoff.services.runner import Runner
from handoff.services.sessions import authenticate
from handoff.services.standing import Standing, resume, standing_in, standing_of
from handoff.settings import Settings
from tests.fakes.core_house import OWN_ORIGIN, House, Visitor
from tests.fakes.core_store import CountingStore
from tests.fakes.line import connected


@pytest.fixture
def counted(house: House) -> CountingStore:
    """The house's store, counted from now on for who comes in."""
    store = CountingStore(house.store)
    house.services = replace(house.services, store=store)
    return store


async def comes_back(house: House, visitor: Visitor, after: int = 0, origin: str | None = None) -> Standing:
    session, standing = await resume(house.services, visitor.token, origin, OWN_ORIGIN, after)
    assert session.customer_id == visitor.customer_id
    return standing


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_env({"KEFU_ENV": "demo", "KEFU_BASE_URL": OWN_ORIGIN, "KEFU_VAR": str(tmp_path)})


async def test_that_all_a_customer_needs_is_one_look(house: House, counted: CountingStore) -> None:
    agent, visitor = await house.agent(), await house.waiting_visitor()
    await house.accept(agent, visitor.id)
    await note(house.services, agent, visitor.id, "他很急", "n1")
    await house.replies(agent, visitor.id, "您好")
    last = (await house.conversation(visitor.id)).last_seq
    counted.reads = counted.writes = 0
    standing = await comes_back(house, visitor, after=1)
    assert (counted.reads, counted.writes) == (1, 0)
    assert standing.conversation.id == visitor.id
    assert standing.conversation.owner.id == agent.id
    assert standing.place is None
    assert [m.seq for m in standing.page] == [m.seq for m in await house.log(visitor.id, private=False) if m.seq > 1]
    assert standing.page[-1].seq == last
    assert not any(m.private for m in standing.page)


async def test_that_a_socket_opens_with_one_look_and_shows_the_log_after_the_cursor(
    house: House, settings: Settings, counted: CountingStore
) -> None:
    visitor = await house.visitor()
    for n in range(5):
        await house.says(visitor, f"第 {n} 句")
    counted.reads = counted.writes = 0
    async with connected(house, settings, visitor, after=2) as line:
        hello = await line.until("hello")
        shown = [(await line.until("message"))["seq"] for _ in range(3)]
        assert (hello["conversation_id"], hello["last_seq"], shown) == (visitor.id, 5, [3, 4, 5])
        line.say(type="ping")
        await line.until("pong")
        assert (counted.reads, counted.writes) == (1, 0)


async def test_that_a_page_that_is_full_is_followed_by_the_rest(
    house: House, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standings, "PAGE", 3)
    monkeypatch.setattr("handoff.services.subscription.PAGE", 3)
    visitor = await house.visitor()
    for n in range(7):
        await house.says(visitor, f"第 {n} 句")
    async with connected(house, settings, visitor) as line:
        assert [(await line.until("message"))["seq"] for _ in range(7)] == list(range(1, 8))


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
async def test_that_what_is_said_between_the_look_and_the_subscription_is_not_missed(
    house: House, settings: Settings, counted: CountingStore, told: bool
) -> None:
    agent, visitor = await house.agent("小王"), await house.waiting_visitor()
    last = (await house.conversation(visitor.id)).last_seq

    async def meanwhile() -> None:
        await house.accept(agent, visitor.id)
        await house.replies(agent, visitor.id, "您好")
        if not told:  # as if another gateway had done it and its wake-up were lost
            house.services.hub._told.clear()

    counted.after_next = meanwhile
    async with connected(house, settings, visitor, after=last) as line:
        owners = [(await line.until("hello"))["owner"]]
        if not told:
            await Runner(house.services).sweep()
        texts = [(await line.until("message"))["content"]["text"] for _ in range(2)]
        assert texts == ["人工客服 小王 为您服务。", "您好"]
        if not told:
            owners.append((await line.until("owner"))["owner"])
        assert owners[-1] == {"type": "agent", "name": "小王"}


async def test_that_a_cursor_beyond_the_end_is_taken_back_to_it(house: House) -> None:
    visitor = await house.visitor()
    await house.says(visitor, "在吗")
    standing = await comes_back(house, visitor, after=2**70)
    assert (standing.cursor, standing.page) == (1, [])


async def test_that_who_waits_is_told_where_he_stands(house: House) -> None:
    await house.agent(capacity=0)
    first = await house.waiting_visitor()
    house.clock.forward(seconds=1)
    second = await house.waiting_visitor()
    places = [(await comes_back(house, visitor)).place for visitor in (first, second)]
    assert [place.position for place in places if place] == [1, 2]


async def test_that_an_ended_conversation_is_shown_until_it_may_no_longer_be_reopened(
    house: House, counted: CountingStore
) -> None:
    agent, visitor = await house.agent(), await house.waiting_visitor()
    await house.accept(agent, visitor.id)
    ended = await house.resolves(agent, visitor.id)
    counted.writes = 0
    standing = await comes_back(house, visitor)
    assert (standing.conversation.id, standing.conversation.status) == (visitor.id, ended.status)
    assert counted.writes == 0, "looking reopens nothing"
    house.clock.forward(hours=73)
    anew = await comes_back(house, visitor, after=99)
    assert anew.conversation.previous_id == visitor.id
    assert (anew.cursor, anew.page) == (0, [])
    session = await authenticate(house.services, visitor.token)
    assert (await standing_of(house.services, session, 0)).conversation.id == anew.conversation.id


async def test_that_the_one_that_goes_on_is_shown_whatever_changed_later(house: House) -> None:
    agent, known = await house.agent(), await house.visitor("c001")
    await house.says(known, "转人工")
    await house.accept(agent, known.id)
    anonymous = await house.visitor()
    await house.says(anonymous, "在吗")
    signed_in = await house.visitor("c001", token=anonymous.token)
    standing = await comes_back(house, signed_in)
    assert (standing.conversation.id, standing.conversation.owner.type) == (known.id, OwnerType.AGENT)


@pytest.mark.parametrize("token", [None, "", 7, ["x"], "x" * 201, "wrong", "\ud800"])
async def test_that_a_wrong_token_opens_nothing(house: House, token: object) -> None:
    with pytest.raises(Unauthenticated):
        await resume(house.services, token, None, OWN_ORIGIN, 0)


async def test_that_revoked_expired_and_erased_ones_are_nobody(house: House) -> None:
    expired, erased = await house.visitor(), await house.visitor()
    admin = await house.agent()
    await erase(house.services, admin, erased.customer_id)
    house.clock.forward(days=30)
    for visitor in (expired, erased):
        with pytest.raises(Unauthenticated):
            await comes_back(house, visitor)
    assert await standing_in(house.services, erased.id, 0) is None


async def test_that_a_customer_comes_back_only_from_the_websites_pages(house: House) -> None:
    visitor = await house.visitor()
    for origin in (None, OWN_ORIGIN, "https://shop.test"):
        assert (await comes_back(house, visitor, origin=origin)).conversation.id == visitor.id
    with pytest.raises(OriginNotAllowed):
        await comes_back(house, visitor, origin="https://evil.example")


async def test_that_who_hangs_up_while_his_ack_is_on_its_way_has_sent_his_message_and_nothing_has_failed(
    house: House, settings: Settings, counted: CountingStore, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = await house.visitor()
    async with connected(house, settings, visitor) as line:
        await line.until("hello")

        stored = asyncio.Event()

        async def hangs_up() -> None:
            line.hang_up()
            stored.set()

        counted.after_next = hangs_up
        line.say(type="message", client_id="last", text="再见")
        await stored.wait()
    assert [m.text for m in await house.log(visitor.id)] == ["再见"]
    assert caplog.records == []
