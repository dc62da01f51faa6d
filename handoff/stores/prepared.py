"""Statements of the hot path: compiled once for a database, then given straight to its driver.

What runs with every message takes SQLite 2 to 15 microseconds, and SQLAlchemy's execution adds 20 to 100, whatever the statement
does. So these are written, typed and translated by SQLAlchemy Core like all others, but it does not run them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Dialect, Row, Select, UpdateBase
from sqlalchemy.engine import result_tuple
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Process = Callable[[Any], Any] | None


class Prepared:
    """A statement with fixed values and `bindparam`s, of which each run gives all; an INSERT takes every column of its table.

    Run it in a transaction that has begun. Not for lists of values (`in_`) nor for defaults that Python makes: these need
    SQLAlchemy at every run. Errors are SQLAlchemy's own.
    """

    def __init__(self, statement: Select[Any] | UpdateBase) -> None:
        self._statement = statement
        self._plans: dict[str, _Plan] = {}

    def one(self, db: Connection, given: Mapping[str, Any]) -> Row[Any] | None:
        """The first row, or None. A row has its columns as attributes, in the types of the schema."""
        plan = self._plan(db)
        row = plan.run(db, given).fetchone()
        return None if row is None else plan.read(row)

    def all(self, db: Connection, given: Mapping[str, Any]) -> list[Row[Any]]:
        """All rows."""
        plan = self._plan(db)
        return [plan.read(row) for row in plan.run(db, given).fetchall()]

    def run(self, db: Connection, given: Mapping[str, Any]) -> int:
        """Run it; how many rows it changed."""
        changed: int = self._plan(db).run(db, given).rowcount
        return changed

    def _plan(self, db: Connection) -> _Plan:
        plan = self._plans.get(db.dialect.name)
        if plan is None:
            plan = self._plans[db.dialect.name] = _Plan(self._statement, db.dialect)
        return plan


class _Plan:
    """A statement as one driver takes it."""

    def __init__(self, statement: Select[Any] | UpdateBase, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        if not isinstance(compiled, SQLCompiler) or compiled.post_compile_params or compiled.insert_prefetch:
            raise TypeError(f"this needs SQLAlchemy at every run: {compiled}")
        self._text = str(compiled)
        positions = compiled.positiontup
        # Drivers take a list by position or a dict by name; the fixed values are in it already.
        self._values: Any = {} if positions is None else [None] * len(positions)
        self._open: list[tuple[Any, str, Process]] = []
        named: list[tuple[Any, str]] = [(name, name) for name in compiled.binds]
        for key, name in named if positions is None else enumerate(positions):
            bind = compiled.binds[name]
            process: Process = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if bind.required:
                self._open.append((key, name, process))
            else:
                self._values[key] = process(bind.effective_value) if process else bind.effective_value
        columns = list(statement.exported_columns)
        self._row = result_tuple([column.name for column in columns])
        readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._readers = [(place, read) for place, read in enumerate(readers) if read is not None]

    def run(self, db: Connection, given: Mapping[str, Any]) -> Any:
        """The driver's cursor."""
        values = self._values.copy()
        for key, name, process in self._open:
            values[key] = given[name] if process is None else process(given[name])
        driver: Any = db.connection.driver_connection
        dbapi: Any = db.dialect.loaded_dbapi
        try:
            return driver.execute(self._text, values)
        except dbapi.Error as error:
            gone = db.dialect.is_disconnect(error, driver, None)
            if gone:
                db.invalidate(error)
            raise DBAPIError.instance(
                self._text, None, error, dbapi.Error, True, connection_invalidated=gone, dialect=db.dialect
            ) from error

    def read(self, row: Any) -> Row[Any]:
        """A driver's row in the types of the schema."""
        values = list(row)
        for place, read in self._readers:
            values[place] = read(values[place])
        return self._row(values)
