"""Customers."""

import sqlite3

from examples.shop.errors import NotFound
from examples.shop.shapes import Customer

VIP_LEVELS = frozenset({"gold", "diamond"})


def get_customer(connection: sqlite3.Connection, customer_id: str) -> Customer:
    """Raises NotFound."""
    row = connection.execute("SELECT * FROM customers WHERE id = ?", (customer_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such customer.")
    return {
        "id": row["id"],
        "name": row["name"],
        "email": row["email"],
        "phone_last4": row["phone"][-4:],
        "level": row["level"],
        "joined_at": row["joined_at"],
        "vip": row["level"] in VIP_LEVELS,
    }
