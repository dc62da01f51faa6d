"""The log: dense, each client id once, refused to whoever is not the owner any more."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handoff.domain.conversation import Owner, OwnerType
from handoff.domain.errors import ClientIdReused, DuplicateMessage, NotFound, StaleEpoch, Unavailable
from handoff.domain.ids import ConversationId
from handoff.domain.message import Draft, Message, PrivateKind, Sender, text_content
from handoff.services.ports import Transaction
from handoff.stores import engines
from handoff.stores.database import SqliteStore, open_store
from tests.fakes.core_house import House, customer_draft, gathered


def appending(draft: Draft, owner: Owner | None = None) -> Callable[[Transaction], Message]:
    return lambda tx: tx.messages.append(draft, as_owner=owner)


async def test_that_seq_is_dense_and_prev_steps_over_private_messages(house: House) -> None:
    id = (await house.visitor()).id
    note = Draft(id, Sender.AGENT, text_content("内部"), kind=PrivateKind.NOTE)
    for draft in (customer_draft(id, "一"), note, note, customer_draft(id, "二"), note, customer_draft(id, "三")):
        await house.store.write(appending(draft))
    log = await house.log(id)
    assert [m.seq for m in log] == [1, 2, 3, 4, 5, 6]
    assert [m.prev_public for m in log] == [0, 1, 1, 1, 4, 4]
    seen = await house.log(id, private=False)
    assert [(m.prev_public, m.seq) for m in seen] == [(0, 1), (1, 4), (4, 6)]
    assert (await house.conversation(id)).last_seq == 6
    assert (await house.conversation(id)).last_public_seq == 6


async def test_that_a_repeated_client_id_answers_with_the_first_seq(house: House) -> None:
    visitor = await house.visitor()
    first = await house.says(visitor, "你好", client_id="same")
    again = await house.says(visitor, "你好", client_id="same")
    assert (again.seq, again.change) == (first.seq, None)
    assert len(await house.log(visitor.id)) == 1
    with pytest.raises(DuplicateMessage) as duplicate:
        await house.store.write(appending(customer_draft(visitor.id, "你好", "same")))
    assert duplicate.value.seq == first.seq


async def test_that_a_client_id_with_another_text_is_refused(house: House) -> None:
    visitor = await house.visitor()
    await house.says(visitor, "你好", client_id="same")
    with pytest.raises(ClientIdReused) as refused:
        await house.says(visitor, "再见", client_id="same")
    assert (refused.value.status, refused.value.code) == (422, "client_id_reused")
    assert await house.texts(visitor.id, Sender.CUSTOMER) == ["你好"]


async def test_that_the_same_message_sent_twice_at_once_is_stored_once(house: House) -> None:
    visitor = await house.visitor()
    received = await asyncio.gather(*(house.says(visitor, "在吗", client_id="same") for _ in range(12)))
    assert {r.seq for r in received} == {1}
    assert sum(r.change is not None for r in received) == 1


async def test_that_the_same_reply_sent_twice_at_once_is_stored_once(house: House) -> None:
    agent, visitor = await house.agent(), await house.waiting_visitor()
    epoch = (await house.accept(agent, visitor.id)).owner.epoch
    said = await asyncio.gather(*(house.replies(agent, visitor.id, "您好", epoch, "same") for _ in range(12)))
    assert len({m.seq for m in said}) == 1
    assert await house.texts(visitor.id, Sender.AGENT) == ["您好"]


async def test_that_a_stale_owner_is_refused_and_told_who_owns_it_now(house: House) -> None:
    agent, visitor = await house.agent("小王"), await house.waiting_visitor()
    accepted = await house.accept(agent, visitor.id)
    stale = [
        Owner.bot(1),
        Owner.bot(accepted.owner.epoch),
        Owner.agent("somebody-else", "x", accepted.owner.epoch),
        Owner.agent(agent.id, agent.name, accepted.owner.epoch - 1),
        Owner.agent(agent.id, agent.name, accepted.owner.epoch + 1),
    ]
    before = len(await house.log(visitor.id))
    for owner in stale:
        with pytest.raises(StaleEpoch) as refused:
            await house.store.write(appending(Draft(visitor.id, Sender.BOT, text_content("x")), owner))
        assert refused.value.extra["owner"] == {
            "type": "agent", "id": agent.id, "name": "小王", "epoch": accepted.owner.epoch,
        }  # fmt: skip
    assert len(await house.log(visitor.id)) == before


async def test_that_appending_to_no_conversation_is_not_found(house: House) -> None:
    for owner in (None, Owner.bot(1)):
        with pytest.raises(NotFound):
            await house.store.write(appending(customer_draft(ConversationId("nowhere"), "x"), owner))


async def test_that_two_hundred_appends_at_once_keep_every_log_dense(house: House) -> None:
    ids = [(await house.visitor()).id for _ in range(5)]
    said = await asyncio.gather(
        *(house.store.write(appending(customer_draft(ids[n % 5], f"第{n}句", f"c{n}"))) for n in range(200))
    )
    for number, id in enumerate(ids):
        log = await house.log(id)
        assert [m.seq for m in log] == list(range(1, 41))
        assert [m.prev_public for m in log] == list(range(40))
        assert {m.text for m in log} == {f"第{n}句" for n in range(number, 200, 5)}
    assert {(m.conversation_id, m.seq) for m in said} == {(id, seq) for id in ids for seq in range(1, 41)}


async def test_that_a_failing_unit_leaves_nothing_and_harms_no_neighbour(house: House) -> None:
    id = (await house.visitor()).id

    def fails(n: int) -> Callable[[Transaction], None]:
        def work(tx: Transaction) -> None:
            tx.messages.append(customer_draft(id, f"gone {n}", f"gone{n}"), as_owner=None)
            raise RuntimeError(f"unit {n}")

        return work

    jobs = [
        house.store.write(fails(n) if n % 3 == 0 else appending(customer_draft(id, f"kept {n}", f"c{n}")))
        for n in range(60)
    ]
    outcomes = await gathered(*jobs)
    for n, outcome in enumerate(outcomes):
        if n % 3 == 0:
            assert isinstance(outcome, RuntimeError)
            assert str(outcome) == f"unit {n}"
        else:
            assert outcome.text == f"kept {n}"
    log = await house.log(id)
    assert [m.seq for m in log] == list(range(1, 41))
    assert not any(m.text.startswith("gone") for m in log)


async def test_that_a_cancelled_caller_does_not_undo_or_stop_anything(house: House, database_url: str) -> None:
    id = (await house.visitor()).id
    own = open_store(database_url)
    task = asyncio.create_task(own.write(appending(customer_draft(id, "一", "c1"))))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await own.write(appending(customer_draft(id, "二", "c2")))
    await asyncio.to_thread(own.close)
    # Handed to the database before it was cancelled: it is there, once, beside the other.
    log = await house.log(id)
    assert [m.seq for m in log] == [1, 2]
    assert sorted(m.text for m in log) == ["一", "二"]


async def test_that_a_closed_store_says_unavailable(database_url: str) -> None:
    store = open_store(database_url)
    store.close()
    with pytest.raises(Unavailable) as refused:
        await asyncio.wait_for(store.write(lambda tx: None), 5)
    assert (refused.value.status, refused.value.code) == (503, "database_unavailable")
    with pytest.raises(Unavailable):
        await asyncio.wait_for(store.read(lambda tx: None), 5)


async def test_that_work_given_before_the_close_is_finished(house: House, database_url: str) -> None:
    id = (await house.visitor()).id
    store = open_store(database_url)
    jobs = [asyncio.create_task(store.write(appending(customer_draft(id, f"{n}", f"c{n}")))) for n in range(100)]
    await asyncio.sleep(0)
    await asyncio.to_thread(store.close)
    outcomes = await gathered(*jobs)
    kept = [o for o in outcomes if isinstance(o, Message)]
    assert len(kept) == 100
    assert len(await house.log(id)) == 100


def sqlite_file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "own.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


async def test_that_a_locked_database_says_unavailable_and_goes_on_after(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_MS", 100)
    store = SqliteStore(sqlite_url)
    house = House(store)
    await house.open()
    id = (await house.visitor()).id
    other = sqlite3.connect(sqlite_file(sqlite_url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    outcomes = await gathered(*(store.write(appending(customer_draft(id, f"{n}", f"c{n}"))) for n in range(3)))
    assert [type(o) for o in outcomes] == [Unavailable] * 3
    assert await house.log(id) == []  # readers are not kept waiting
    other.execute("ROLLBACK")
    other.close()
    await store.write(appending(customer_draft(id, "later", "c1")))
    assert [(m.seq, m.text) for m in await house.log(id)] == [(1, "later")]
    store.close()


class Held:
    """A unit that keeps the writer busy, so that what comes meanwhile forms one group."""

    def __init__(self) -> None:
        self.entered, self._go = threading.Event(), threading.Event()

    def __call__(self, _tx: Any) -> None:
        self.entered.set()
        assert self._go.wait(10)

    def go(self) -> None:
        self._go.set()


async def test_that_what_a_full_disk_threw_away_is_not_acknowledged(sqlite_url: str) -> None:
    store = SqliteStore(sqlite_url)
    house = House(store)
    await house.open()
    id = (await house.visitor()).id
    with store._writer.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 4}")
    held = Held()
    first = asyncio.create_task(store.write(held))
    await asyncio.to_thread(held.entered.wait, 10)
    texts = ["small one", "x" * 4000 * 40, "small two"]
    jobs = [asyncio.create_task(store.write(appending(customer_draft(id, t, f"c{n}")))) for n, t in enumerate(texts)]
    await asyncio.sleep(0)
    held.go()
    await first
    outcomes = await gathered(*jobs)
    assert isinstance(outcomes[1], Unavailable)
    acknowledged = [o.text for o in outcomes if isinstance(o, Message)]
    assert [m.text for m in await house.log(id)] == acknowledged
    assert [m.seq for m in await house.log(id)] == list(range(1, len(acknowledged) + 1))
    with store._writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    await store.write(appending(customer_draft(id, "after", "c9")))
    assert (await house.log(id))[-1].text == "after"
    store.close()


@pytest.mark.parametrize("replaced", [False, True])
async def test_that_nothing_is_acknowledged_while_the_databases_file_is_gone(sqlite_url: str, replaced: bool) -> None:
    store, file = SqliteStore(sqlite_url), sqlite_file(sqlite_url)
    house = House(store)
    await house.open()
    id = (await house.visitor()).id
    await store.write(appending(customer_draft(id, "before", "c1")))
    away = file.rename(file.with_name("elsewhere.db"))
    if replaced:
        file.write_bytes(b"")
    for number in range(2):
        with pytest.raises(Unavailable):
            await store.write(appending(customer_draft(id, "meanwhile", f"m{number}")))
        with pytest.raises(Unavailable):
            await house.log(id)
    away.replace(file)
    await store.write(appending(customer_draft(id, "after", "c2")))
    assert [m.text for m in await house.log(id)] == ["before", "after"]
    store.close()


async def test_that_a_database_that_is_none_says_unavailable(tmp_path: Path) -> None:
    (tmp_path / "kefu.db").write_bytes(b"this is not a database" * 500)
    store = SqliteStore(f"sqlite:///{tmp_path / 'kefu.db'}")
    for work in (store.write, store.read):
        with pytest.raises(Unavailable):
            await asyncio.wait_for(work(lambda tx: tx.customers.inboxes()), 10)
    store.close()


async def test_that_an_unreachable_postgres_says_unavailable() -> None:
    store = open_store("postgresql://postgres@127.0.0.1:1/none")
    for work in (store.write, store.read):
        with pytest.raises(Unavailable):
            await asyncio.wait_for(work(lambda tx: tx.customers.inboxes()), 10)
    store.close()


async def test_that_values_no_database_can_hold_are_the_callers_fault(house: House) -> None:
    visitor, agent = await house.visitor(), await house.agent()
    for bad in ("\x00", "\ud800"):
        outcomes = await gathered(
            house.visitor(website_token=bad),
            house.says(visitor, option_id=f"{bad}-0-0"),
            house.accept(agent, ConversationId(bad)),
        )
        for outcome in outcomes:
            assert getattr(outcome, "status", outcome) in (400, 404, 422), outcome
    outcomes = await gathered(house.replies(agent, visitor.id, "x", 10**30), house.visitor("长" * 191))
    assert outcomes[0].status in (400, 404, 409, 422)
    assert outcomes[1].status == 422
    assert (await house.visitor("长" * 190)).opened.session.verified
    assert (await house.conversation(visitor.id)).owner.type is OwnerType.BOT
