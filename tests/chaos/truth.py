"""What the system holds, read past its own code: plain SQL on its database and on the shop's."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text

from handoff.stores.engines import normal_url
from tests.chaos.ledger import Case, Row, Truth, Turn
from tests.chaos.lives import Return

# Deliverable, in time, and not returned yet; two of each item are bought, so that the shop itself would take a second return.
_RETURNABLE = """
SELECT o.customer_id, o.number, i.sku, p.name_zh FROM orders o
JOIN order_items i ON i.order_number = o.number JOIN products p ON p.sku = i.sku
WHERE o.status IN ('delivered', 'completed') AND p.returnable = 1
AND julianday('now') - julianday(o.delivered_at) < 6.5
AND NOT EXISTS (SELECT 1 FROM returns r WHERE r.order_number = o.number) ORDER BY o.number, i.position
"""


class Database:
    """The gateways' database, for looking."""

    def __init__(self, url: str) -> None:
        self._engine: Engine = create_engine(normal_url(url))

    def rows(self, query: str, **values: Any) -> list[Any]:
        """All rows of a query."""
        with self._engine.connect() as connection:
            return list(connection.execute(text(query), values))

    def close(self) -> None:
        """Let go of it."""
        self._engine.dispose()

    def running(self) -> dict[tuple[str, int], str]:
        """The turns that are claimed and unanswered, with their claims."""
        rows = self.rows("SELECT conversation_id, turn_no, claim FROM bot_turns WHERE state = 'running'")
        return {(row[0], row[1]): row[2] for row in rows}

    def is_quiet(self) -> bool:
        """Whether no answer is owed and no case still waits for the shop."""
        owed = self.rows(
            "SELECT 1 FROM conversations WHERE owner_type = 'bot' AND status = 'open' AND last_customer_seq > bot_seq LIMIT 1"
        )
        waiting = self.rows("SELECT 1 FROM cases WHERE kind = 'return' AND effect IS NULL AND status = 'open' LIMIT 1")
        return not (owed or waiting or self.running())

    def claims(self) -> dict[tuple[str, int], str]:
        """Every turn's last claim."""
        return {(row[0], row[1]): row[2] for row in self.rows("SELECT conversation_id, turn_no, claim FROM bot_turns")}

    def truth(self) -> Truth:
        """The log, the turns and the cases."""
        found = Truth(log=defaultdict(list), turns=defaultdict(list))
        query = (
            "SELECT conversation_id, seq, sender, kind, client_id, content FROM messages ORDER BY conversation_id, seq"
        )
        for id, seq, sender, kind, client_id, content in self.rows(query):
            words = _json(content).get("text", "")
            found.log[id].append(Row(seq, sender, kind is not None, client_id, words))
        for id, *turn in self.rows("SELECT conversation_id, turn_no, first_seq, last_seq, state FROM bot_turns"):
            found.turns[id].append(Turn(*turn))
        query = "SELECT number, order_number, data, effect FROM cases WHERE kind IN ('return', 'exchange')"
        for number, order_number, data, effect in self.rows(query):
            found.cases.append(Case(number, order_number, _json(data)["sku"], effect is not None))
        return found


def _json(value: Any) -> dict[str, Any]:
    """SQLite has JSON as text."""
    found: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
    return found


class ShopDatabase:
    """The demo shop's file."""

    def __init__(self, var: Path) -> None:
        self._db = sqlite3.connect(var / "shop.db", timeout=10)
        self._seeded = {row[0] for row in self._db.execute("SELECT id FROM returns")}

    def buy_twice(self) -> dict[str, list[Return]]:
        """Make two of every item that can be returned, and tell what can be, by customer."""
        found: dict[str, list[Return]] = defaultdict(list)
        for customer, number, sku, name in self._db.execute(_RETURNABLE).fetchall():
            found[customer].append((number, sku, name))
            self._db.execute("UPDATE order_items SET quantity = 2 WHERE order_number = ? AND sku = ?", (number, sku))
        self._db.commit()
        return found

    def returns(self) -> list[tuple[str, str]]:
        """What was booked since the start."""
        rows = self._db.execute("SELECT id, order_number, sku FROM returns").fetchall()
        return [(number, sku) for id, number, sku in rows if id not in self._seeded]

    def count_returns(self, number: str, sku: str) -> int:
        """How often an item of an order goes back."""
        query = "SELECT COUNT(*) FROM returns WHERE order_number = ? AND sku = ?"
        return int(self._db.execute(query, (number, sku)).fetchone()[0])

    def close(self) -> None:
        """Let go of it."""
        self._db.close()
