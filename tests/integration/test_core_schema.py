"""The tables: what the migrations make is what the schema says, and an erased customer leaves no trace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, event, inspect, select

from handoff.domain.errors import NotFound, Unauthenticated, Unavailable
from handoff.domain.people import Role
from handoff.services import sla
from handoff.services.cases import move_case, open_case
from handoff.services.erase import erase
from handoff.services.orders import lookup_order
from handoff.services.reply import note
from handoff.services.sessions import authenticate
from handoff.stores.engines import sqlite_engine
from handoff.stores.migrate import upgrade
from handoff.stores.schema import metadata
from handoff.stores.transaction import SqlTransaction
from tests.fakes.core_bot import says
from tests.fakes.core_house import House
from tests.fakes.core_shop import an_order


def test_that_migrations_make_exactly_the_schema(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_that_partial_indexes_are_there(database_url: str) -> None:
    engine = create_engine(database_url)
    found = {i["name"]: i for table in metadata.tables for i in inspect(engine).get_indexes(table)}
    engine.dispose()
    for table in metadata.tables.values():
        for index in table.indexes:
            assert index.name in found
            where = index.dialect_options["sqlite"]["where"]
            partial = any("where" in key for key in (found[str(index.name)].get("dialect_options") or {}))
            assert partial == (where is not None), index.name


def test_that_the_unanswered_are_found_without_a_look_at_the_rest(sqlite_template: Path) -> None:
    engine, plans = sqlite_engine(f"sqlite:///{sqlite_template}", writer=False), []

    @event.listens_for(engine, "before_cursor_execute")
    def explain(connection: Any, cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            plans.append(" ".join(row[3] for row in cursor.fetchall() if "conversations" in row[3]))

    with engine.connect() as connection, connection.begin():
        tx = SqlTransaction(connection)
        tx.conversations.unanswered(datetime.now(UTC), 10)
        tx.turns.overdue(datetime.now(UTC), "slow", 10)
    engine.dispose()
    assert ["ix_conversations_unanswered" in plan for plan in plans] == [True, True]


def test_that_migrating_twice_changes_nothing(database_url: str) -> None:
    upgrade(database_url)
    engine = create_engine(database_url)
    assert set(inspect(engine).get_table_names()) == {*metadata.tables, "alembic_version"}
    engine.dispose()


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda t: t.name)
def test_that_every_table_names_its_customer_and_its_retention(table: Any) -> None:
    assert set(table.info) == {"customer", "retention", "ends"}
    how = table.info["customer"]
    assert table.info["retention"]
    # What lasts a time is deleted after it; the outbox has two times, by state.
    assert (table.info["ends"] is not None) == (table.info["retention"][0].isdigit() and table.name != "outbox")
    if how == "conversation":
        assert "conversation_id" in table.c
    elif how == "case":
        assert "case_id" in table.c
    elif how is not None:
        assert how in table.c
    else:
        assert not [c.name for c in table.c if "customer" in c.name or c.name == "conversation_id"]


async def test_that_what_is_past_its_time_is_forgotten_and_nothing_else(house: House) -> None:
    agent, visitor = await house.agent(), await house.visitor("c001")

    def leave_traces(tx: Any) -> None:
        now = house.clock()
        tx.records.keep_answer("verb", "key-1", "digest", {"done": True}, None, now)
        tx.records.audit(now, agent.id, "look", visitor.id, {})
        tx.agents.open_session("t" * 64, agent.id, now + timedelta(hours=12))

    async def rows() -> dict[str, int]:
        found = await everything(house)
        return {name: len(found[name]) for name in ("answers", "customer_sessions", "agent_sessions", "audit")}

    async def forget() -> None:
        await house.store.write(lambda tx: tx.records.forget_old(house.clock()))

    await house.store.write(leave_traces)
    before, all_before = await rows(), await everything(house)
    await forget()
    assert await everything(house) == all_before
    assert (before["answers"], before["customer_sessions"], before["agent_sessions"]) == (1, 1, 1)
    house.clock.forward(hours=25)
    await forget()
    assert await rows() == {**before, "answers": 0, "agent_sessions": 0}
    house.clock.forward(hours=24 * 31)
    await forget()
    assert await rows() == {**before, "answers": 0, "agent_sessions": 0, "customer_sessions": 0}
    house.clock.forward(hours=24 * 731)
    await forget()
    assert not any((await rows()).values())
    found = await everything(house)
    assert found["conversations"] == all_before["conversations"]
    assert found["customers"] == all_before["customers"]


async def everything(house: House) -> dict[str, list[str]]:
    """Every row of every table as text."""

    def work(tx: Any) -> dict[str, list[str]]:
        return {
            table.name: [str(tuple(row)) for row in tx._connection.execute(select(table))]
            for table in metadata.sorted_tables
        }

    return await house.store.read(work)


async def live_a_little(house: House, identifier: str, words: str, email: str) -> tuple[str, list[str]]:
    """A customer with everything: two conversations, turns, handoffs, notes, cases, grants, answers; and what tells of him."""
    agent, boss = await house.agent(), await house.agent(role=Role.SUPERVISOR)
    number = f"KF-{identifier}-1".upper()
    house.shop.add(an_order(number, identifier, "1234"), an_order(f"KF-{identifier}-2".upper(), "somebody", "4321"))
    visitor = await house.visitor(identifier, name=f"Name of {identifier}", email=email)
    house.bot.will(says(f"answer to {words}", slots={"order_number": number}, intent="start_return"))
    await house.asks(visitor, f"{words} one")
    await lookup_order(house.services, visitor.id, f"KF-{identifier}-2", "4321")
    data = {"sku": "SHIRT-1", "reason": f"{words} reason", "pickup": "door"}
    case = await open_case(
        house.services, visitor.id, kind="return", order_number=number, subject=None, data=data, key=f"{identifier}:k"
    )
    await move_case(house.services, agent, case.id, "in_progress", f"{words} in a case note")
    await house.store.write(
        lambda tx: tx.records.keep_answer(
            "s", identifier, "digest", {"text": words}, visitor.customer_id, house.clock()
        )
    )
    await house.says(visitor, f"转人工 {words}")
    house.clock.forward(seconds=31)
    assert await sla.watch(house.services) == 1
    await house.accept(agent, visitor.id)
    await house.replies(agent, visitor.id, f"reply {words}")
    await note(house.services, agent, visitor.id, f"note {words}", f"note-{identifier}")
    await house.accept(boss, visitor.id)
    await house.hands_back(boss, visitor.id, f"summary {words}")
    await house.resolves(boss, visitor.id)
    house.clock.forward(hours=80)
    second = (await house.says(visitor, f"{words} again")).conversation
    await house.bot_turns(second.id)
    await house.store.write(
        lambda tx: tx.outbox.add(second.id, 1, visitor.customer_id, second.inbox_id, "network", house.clock())
    )
    return visitor.customer_id, [
        visitor.customer_id,
        visitor.id,
        second.id,
        identifier,
        words,
        email,
        case.id,
        visitor.token,
    ]


async def test_that_an_erased_customer_leaves_no_trace_and_others_keep_theirs(house: House) -> None:
    admin = await house.agent(role=Role.ADMIN)
    other_id, _ = await live_a_little(house, "cust-keep", "preserved words", "keep@example.test")
    kept = await everything(house)
    gone_id, traces = await live_a_little(house, "cust-gone", "forgotten words", "gone@example.test")
    before = await everything(house)
    full = {name for name, rows in before.items() if any(t in row for row in rows for t in traces)}
    about = {t.name for t in metadata.sorted_tables if t.info["customer"] is not None}
    assert full >= about, f"the test must fill every table that is about customers: {about - full}"
    counts = await erase(house.services, admin, gone_id)  # type: ignore[arg-type]
    assert set(counts) == about
    assert all(counts.values()), counts
    after = await everything(house)
    # The audit trail keeps that a human took over which conversation, by its random id, for its two years.
    audit_ids = {"audit"}
    left = [(n, t) for n, rows in after.items() if n not in audit_ids for row in rows for t in traces if t in row]
    assert left == []
    words = [t for t in traces if t not in (traces[1], traces[2])]
    assert not [row for row in after["audit"] if any(t in row for t in words)]
    for name in about:
        assert after[name] == kept[name], "nothing of anybody else is touched"
    assert (await house.store.read(lambda tx: tx.customers.get(other_id))) is not None  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        await erase(house.services, admin, gone_id)  # type: ignore[arg-type]


async def test_that_an_erased_customer_is_signed_out_and_may_begin_anew(house: House) -> None:
    admin, visitor = await house.agent(role=Role.ADMIN), await house.visitor("c001", name="张三")
    await house.says(visitor, "在吗")
    await erase(house.services, admin, visitor.customer_id)
    with pytest.raises(Unauthenticated):
        await authenticate(house.services, visitor.token)
    again = await house.visitor("c001", token=visitor.token)
    assert again.customer_id != visitor.customer_id
    assert await house.log(again.id) == []


async def test_that_the_bot_forgets_too_and_while_it_cannot_nothing_is_erased(house: House) -> None:
    admin, visitor = await house.agent(role=Role.ADMIN), await house.visitor()
    await house.says(visitor, "在吗")
    house.bot.away = True
    with pytest.raises(Unavailable) as refused:
        await erase(house.services, admin, visitor.customer_id)
    assert refused.value.code == "bot_unavailable"
    assert [m.text for m in await house.log(visitor.id)] == ["在吗"]
    house.bot.away = False
    await erase(house.services, admin, visitor.customer_id)
    assert set(house.bot.erased) == {visitor.id}


async def test_that_erasing_in_the_middle_of_a_turn_is_survived(house: House) -> None:
    import asyncio

    from handoff.services.bot_turn import run_turn
    from tests.fakes.core_house import gathered

    admin, visitor = await house.agent(role=Role.ADMIN), await house.visitor()
    await house.says(visitor, "在吗")
    gate = house.bot.holds(says("在的"))
    running = asyncio.create_task(run_turn(house.services, visitor.id))
    await gate.entered.wait()
    await erase(house.services, admin, visitor.customer_id)
    gate.open()
    [outcome] = await gathered(running)
    assert isinstance(outcome, NotFound)
    rows = await everything(house)
    assert rows["messages"] == rows["bot_turns"] == []
