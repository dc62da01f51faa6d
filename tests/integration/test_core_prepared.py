"""Statements that go straight to the driver: in all else they are what SQLAlchemy would run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, create_engine, insert, select, update
from sqlalchemy.exc import DataError, IntegrityError

from handoff.stores.prepared import Prepared
from handoff.stores.schema import answers as a

ADD = Prepared(insert(a))
OF_CUSTOMER = Prepared(
    select(a).where(a.c.customer_id == bindparam("the_customer"), a.c.scope == "here").order_by(a.c.key)
)
GIVE = Prepared(update(a).where(a.c.key == bindparam("the_key")).values(customer_id=bindparam("the_customer")))
AT = datetime(2026, 3, 4, 13, 30, 0, 250_000, timezone(timedelta(hours=8)))


def answer(key: str, **fields: Any) -> dict[str, Any]:
    return {
        "scope": "here",
        "key": key,
        "request_hash": "0",
        "answer": {"said": "好的", "n": [1, None]},
        "customer_id": "c-1",
        "created_at": AT,
    } | fields


@pytest.fixture
def db(database_url: str) -> Iterator[Connection]:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        connection.begin()
        yield connection
    engine.dispose()


def test_that_values_come_back_in_the_types_of_the_schema(db: Connection) -> None:
    assert ADD.run(db, answer("b")) == 1
    ADD.run(db, answer("a", answer=[]))
    ADD.run(db, answer("elsewhere", scope="there"))
    rows = OF_CUSTOMER.all(db, {"the_customer": "c-1"})
    assert rows == [tuple(row) for row in db.execute(select(a).where(a.c.scope == "here").order_by(a.c.key))]
    assert [(row.key, row.answer) for row in rows] == [("a", []), ("b", {"said": "好的", "n": [1, None]})]
    assert {row.created_at for row in rows} == {AT.astimezone(UTC)}
    first = OF_CUSTOMER.one(db, {"the_customer": "c-1"})
    assert first == rows[0]


def test_that_what_is_not_there_is_none_and_changes_nothing(db: Connection) -> None:
    assert OF_CUSTOMER.one(db, {"the_customer": "nobody"}) is None
    assert OF_CUSTOMER.all(db, {"the_customer": "nobody"}) == []
    assert GIVE.run(db, {"the_key": "none", "the_customer": "c-2"}) == 0
    ADD.run(db, answer("a"))
    assert GIVE.run(db, {"the_key": "a", "the_customer": None}) == 1
    assert db.scalar(select(a.c.customer_id)) is None


def test_that_errors_are_those_of_sqlalchemy_and_keep_what_was_written_to_themselves(db: Connection) -> None:
    ADD.run(db, answer("a"))
    with pytest.raises(IntegrityError) as twice:
        ADD.run(db, answer("a", answer="a secret"))
    assert "secret" not in str(twice.value)
    assert not twice.value.connection_invalidated


def test_that_a_nul_is_refused_where_the_database_keeps_none(db: Connection) -> None:
    if db.dialect.name == "postgresql":
        with pytest.raises(DataError):
            ADD.run(db, answer("a", customer_id="a\x00b"))
    else:
        assert ADD.run(db, answer("a", customer_id="a\x00b")) == 1


def test_that_a_lost_connection_is_noticed(db: Connection) -> None:
    ADD.run(db, answer("a"))
    driver: Any = db.connection.driver_connection
    driver.close()
    with pytest.raises(Exception, match="closed") as lost:
        ADD.run(db, answer("b"))
    assert getattr(lost.value, "connection_invalidated", False)
    assert db.invalidated


def test_that_a_list_of_values_is_refused(db: Connection) -> None:
    some = Prepared(select(a).where(a.c.key.in_(bindparam("keys", expanding=True))))
    with pytest.raises(TypeError, match="every run"):
        some.all(db, {"keys": ["a"]})
