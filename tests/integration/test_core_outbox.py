"""Words for customers on a social network: each arrives, once and in order, whatever the network does; what cannot is kept for people."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.domain.conversation import OwnerType
from handoff.domain.errors import Invalid, NotFound
from handoff.domain.hours import BusinessHours
from handoff.domain.ids import CustomerId, IdentityId, InboxId
from handoff.domain.message import Draft, Sender, text_content
from handoff.domain.outbox import LONGEST_WAIT_SECONDS, MAX_ATTEMPTS, OutgoingState, wait_after
from handoff.domain.people import Customer, Inbox, Role
from handoff.services.erase import erase
from handoff.services.outbox import LEASE_SECONDS, NotDead, Outbox, list_outbox, outgoing_json, resend
from handoff.services.ports import Transaction
from handoff.services.receive import Received, check_incoming, receive
from handoff.services.reply import note
from tests.fakes.core_bot import says
from tests.fakes.core_house import House
from tests.fakes.network import ACCESS, FakeNetwork, NetworkChannel

ACCOUNT = Inbox(InboxId("account-1"), "network", "Our account", secret=ACCESS)


@pytest.fixture
def network() -> Iterator[FakeNetwork]:
    with FakeNetwork() as running:
        yield running
        assert running.violations == []


@pytest.fixture
async def outbox(house: House, network: FakeNetwork) -> Outbox:
    """The sender of a gateway, with one account on the network."""
    house.clock.at = datetime.now(UTC) + timedelta(seconds=1)  # the log is dated by the wall's clock
    house.with_policy(hours=BusinessHours.parse("00:00-24:00", "Asia/Shanghai"))
    house.services = replace(house.services, channels={"network": NetworkChannel(network.url)})
    await house.store.write(lambda tx: tx.customers.save_inbox(ACCOUNT))
    return Outbox(house.services)


async def write(house: House, user: str, text: str) -> Received:
    """A customer of the network writes."""
    id = CustomerId(f"customer-{user}")

    def known(tx: Transaction) -> None:
        if tx.customers.get(id) is None:
            tx.customers.create(Customer(id, user, None, None, False, house.clock()))
            tx.customers.add_identity(IdentityId(f"identity-{user}"), id, ACCOUNT.id, user, False)

    await house.store.write(known)
    incoming = check_incoming(f"in-{house.number()}", text)
    return await receive(house.services, id, ACCOUNT.id, "zh-Hans", incoming)


async def ask(house: House, user: str, text: str) -> Received:
    received = await write(house, user, text)
    await house.bot_turns(received.conversation.id)
    return received


async def send(outbox: Outbox, looks: int = 6) -> None:
    outbox._services.clock.at = max(outbox._services.clock.at, datetime.now(UTC))  # type: ignore[attr-defined]
    for _ in range(looks):
        await outbox.look()
        await outbox.settled()


async def states(house: House) -> list[str]:
    rows = [r for s in OutgoingState for r in (await list_outbox(house.services, s.value, 100))["items"]]
    return [r["state"] for r in sorted(rows, key=lambda r: r["seq"])]


async def test_that_what_the_bot_says_reaches_the_network_once_and_in_order(
    house: House, outbox: Outbox, network: FakeNetwork
) -> None:
    house.bot.will(says("一", "二", "三"))
    received = await ask(house, "anna", "在吗")
    assert network.shown == []
    await send(outbox)
    assert network.shown == [("anna", "一"), ("anna", "二"), ("anna", "三")]
    assert network.tokens == [f"{received.conversation.id}:1:{n}" for n in range(3)]
    assert await states(house) == ["sent"] * 3
    await send(outbox)
    assert len(network.tokens) == 3


async def test_that_only_public_words_to_customers_of_networks_are_sent(
    house: House, outbox: Outbox, network: FakeNetwork
) -> None:
    agent = await house.agent()
    web = await house.visitor()
    await house.asks(web, "网站上的问题")
    received = await write(house, "anna", "转人工")
    await house.accept(agent, received.conversation.id)
    await note(house.services, agent, received.conversation.id, "只给同事看", "n1")
    await house.replies(agent, received.conversation.id, "您好，我是客服")
    await send(outbox, 10)
    log = await house.log(received.conversation.id, private=False)
    assert network.shown == [("anna", m.text) for m in log if m.sender.value != "customer"]
    assert ("anna", "您好，我是客服") in network.shown
    assert "只给同事看" not in str(network.shown)


async def test_that_a_row_is_written_with_its_message_or_not_at_all(house: House, outbox: Outbox) -> None:
    received = await write(house, "anna", "在吗")
    assert received.conversation.owner.type is OwnerType.BOT

    def work(tx: Transaction) -> None:
        tx.messages.append(Draft(received.conversation.id, Sender.SYSTEM, text_content("x")), as_owner=None)
        raise RuntimeError("killed before the commit")

    with pytest.raises(RuntimeError):
        await house.store.write(work)
    assert await states(house) == []


async def test_that_a_failing_network_is_asked_again_later_and_later_and_the_order_is_kept(
    house: House, outbox: Outbox, network: FakeNetwork
) -> None:
    house.bot.will(says("一", "二"))
    await ask(house, "anna", "在吗")
    network.will(500, "drop", 503)
    waits = []
    for _ in range(3):
        await send(outbox)
        before = len(network.tokens)
        await send(outbox)
        assert len(network.tokens) == before, "not at once"
        [row, *_] = sorted((await list_outbox(house.services, "pending", 9))["items"], key=lambda r: r["seq"])
        assert row["error"]
        item = await house.store.read(lambda tx, id=row["id"]: tx.outbox.get(id))  # type: ignore[misc]
        assert item is not None
        waits.append((item.due_at - house.clock()).total_seconds())
        house.clock.at = item.due_at
    assert [0.5 <= w / 2**n <= 1 for n, w in enumerate(waits)] == [True] * 3
    await send(outbox)
    assert network.shown == [("anna", "一"), ("anna", "二")]
    assert len(set(network.tokens)) == 2, "the same token each time"


async def test_that_a_network_that_says_when_is_left_alone_until_then(
    house: House, outbox: Outbox, network: FakeNetwork
) -> None:
    await ask(house, "anna", "在吗")
    await send(outbox)
    network.will(*["limit"] * 200)
    await ask(house, "anna", "还在吗")
    for _ in range(MAX_ATTEMPTS + 2):
        await send(outbox)
        asked = len(network.tokens)
        await ask(house, "bert", "我也想问")
        house.clock.forward(seconds=19)
        await send(outbox)
        assert len(network.tokens) == asked, "neither this one nor another of the same account"
        house.clock.forward(seconds=120)
    assert "dead" not in await states(house), "to wait when told to is no failure"
    network._script.clear()
    house.clock.forward(seconds=600)
    await send(outbox, 30)
    # The order is kept within a conversation; which of two goes on first is nobody's promise.
    assert [words for to, words in network.shown if to == "anna"] == ["机器人：在吗", "机器人：还在吗"]
    assert set(await states(house)) == {"sent"}


async def test_that_a_lost_answer_shows_nothing_twice(house: House, outbox: Outbox, network: FakeNetwork) -> None:
    network.will("lost")
    await ask(house, "anna", "在吗")
    await send(outbox)
    house.clock.forward(seconds=2)
    await send(outbox)
    assert network.shown == [("anna", "机器人：在吗")]
    assert len(network.tokens) == 2
    assert len(set(network.tokens)) == 1


async def test_that_a_sender_that_was_killed_leaves_its_message_to_the_next(
    house: House, outbox: Outbox, network: FakeNetwork
) -> None:
    await ask(house, "anna", "在吗")
    [row] = (await list_outbox(house.services, "pending", 9))["items"]
    killed = await house.store.write(lambda tx: tx.outbox.claim(row["id"], "killed", house.clock(), LEASE_SECONDS))
    assert killed is not None
    await send(outbox)
    assert network.shown == []
    house.clock.forward(seconds=LEASE_SECONDS + 1)
    await send(outbox)
    assert network.shown == [("anna", "机器人：在吗")]
    late = await house.store.write(lambda tx: tx.outbox.settle(killed, OutgoingState.DEAD, house.clock()))
    assert not late, "who lost the claim settles nothing"
    assert await states(house) == ["sent"]


async def test_that_two_senders_share_the_work_and_send_each_once(
    house: House, outbox: Outbox, network: FakeNetwork
) -> None:
    other = Outbox(house.services)
    users = [f"user-{n}" for n in range(8)]
    for user in users:
        house.bot.will(says(f"一 {user}", f"二 {user}"))
        await ask(house, user, "在吗")
    for _ in range(12):
        await asyncio.gather(outbox.look(), other.look())
        await asyncio.gather(outbox.settled(), other.settled())
        # On a busy machine the network may take too long to answer: what was claimed or failed meanwhile is due again.
        house.clock.forward(seconds=LONGEST_WAIT_SECONDS)
    assert sorted(network.shown) == sorted((u, f"{n} {u}") for u in users for n in "一二")
    assert len(network.tokens) == 16
    for user in users:
        assert [t[0] for u, t in network.shown if u == user] == ["一", "二"]


@pytest.mark.parametrize("how", ["refused", "tired"])
async def test_that_what_was_given_up_can_be_listed_and_sent_again_by_a_supervisor(
    house: House, outbox: Outbox, network: FakeNetwork, how: str
) -> None:
    boss = await house.agent(role=Role.SUPERVISOR)
    network.will(*([403] if how == "refused" else [500] * MAX_ATTEMPTS))
    await ask(house, "anna", "在吗")
    for _ in range(MAX_ATTEMPTS):
        await send(outbox, 1)
        house.clock.forward(seconds=LONGEST_WAIT_SECONDS)
    [row] = (await list_outbox(house.services, "dead", 9))["items"]
    assert row["attempts"] == (1 if how == "refused" else MAX_ATTEMPTS)
    assert row["error"] == f"status {403 if how == 'refused' else 500}"
    assert "机器人" not in str(row), "no words"
    assert network.shown == []
    await ask(house, "anna", "后来的话")
    await send(outbox)
    assert network.shown == [("anna", "机器人：后来的话")], "what was given up holds nothing up"
    again = await resend(house.services, boss, row["id"])
    assert (again["state"], again["attempts"]) == ("pending", 0)
    with pytest.raises(NotDead):
        await resend(house.services, boss, row["id"])
    with pytest.raises(NotFound):
        await resend(house.services, boss, "nothing")
    with pytest.raises(Invalid):
        await list_outbox(house.services, "lost", 9)
    await send(outbox)
    assert network.shown[-1] == ("anna", "机器人：在吗")
    assert await states(house) == ["sent", "sent"]


async def test_that_a_running_sender_is_woken_and_ends(house: House, outbox: Outbox, network: FakeNetwork) -> None:
    running = asyncio.create_task(outbox.run())
    await ask(house, "anna", "在吗")
    outbox.wake()
    async with asyncio.timeout(10):
        while await states(house) != ["sent"]:
            pass
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert network.shown == [("anna", "机器人：在吗")]


async def test_that_old_rows_and_erased_customers_leave_nothing(
    house: House, outbox: Outbox, network: FakeNetwork
) -> None:
    admin = await house.agent(role=Role.ADMIN)
    network.will(200, 403)
    await ask(house, "anna", "在吗")
    await send(outbox)
    await ask(house, "anna", "还在吗")
    await send(outbox)
    await ask(house, "bert", "在吗")
    now = house.clock()
    assert await house.store.write(lambda tx: tx.outbox.forget(now - timedelta(days=1), now - timedelta(days=1))) == 0
    assert await house.store.write(lambda tx: tx.outbox.forget(now + timedelta(days=1), now - timedelta(days=1))) == 1
    counts = await erase(house.services, admin, CustomerId("customer-anna"))
    assert counts["outbox"] == 1
    assert await states(house) == ["pending"]
    [row] = (await list_outbox(house.services, "pending", 9))["items"]
    assert row["customer_id"] == "customer-bert"
    item = await house.store.read(lambda tx: tx.outbox.get(row["id"]))
    assert item is not None
    assert outgoing_json(item) == row


@given(st.integers(1, MAX_ATTEMPTS), st.floats(0, 1), st.none() | st.floats(0, 3600))
def test_that_waits_grow_are_spread_and_never_shorter_than_told(
    attempt: int, share: float, retry_after: float | None
) -> None:
    wait = wait_after(attempt, share, retry_after)
    if retry_after is None:
        assert min(LONGEST_WAIT_SECONDS, 2 ** (attempt - 1)) / 2 <= wait <= LONGEST_WAIT_SECONDS
        assert wait <= 2 ** (attempt - 1)
    else:
        assert retry_after <= wait <= retry_after + LONGEST_WAIT_SECONDS / 5
