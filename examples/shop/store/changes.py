"""Changes to an order that has not left: cancel, another address. And its invoice."""

import secrets
import sqlite3
from datetime import datetime

from examples.shop import rules
from examples.shop.errors import AddressLocked, NotCancellable, NotInvoiceable
from examples.shop.shapes import Invoice, Order
from examples.shop.store.orders import get_order
from examples.shop.store.products import put_back
from examples.shop.times import CHINA, iso


def new_id(prefix: str, now: datetime) -> str:
    """Readable on the phone, and not to be guessed from the one before: `RT261122-4F0A9C31`."""
    return f"{prefix}{now.astimezone(CHINA):%y%m%d}-{secrets.token_hex(4).upper()}"


def refunded_amount(connection: sqlite3.Connection, number: str) -> int:
    amounts = connection.execute("SELECT amount FROM refunds WHERE order_number = ?", (number,))
    return sum(row["amount"] for row in amounts)


def cancel_order(connection: sqlite3.Connection, number: str, reason: str | None, now: datetime) -> Order:
    """Cancel, put the goods back on the shelf, give back what was paid. Raises NotFound, NotCancellable."""
    order = get_order(connection, number)
    number = order["number"]
    if not order["cancellable"]:
        raise NotCancellable("The order has been shipped or is closed.", reason=order["status"])
    connection.execute("UPDATE orders SET status = 'cancelled' WHERE number = ?", (number,))
    connection.execute("UPDATE invoices SET status = 'voided' WHERE order_number = ?", (number,))
    for item in order["items"]:
        put_back(connection, item["sku"], item["size"] or "", item["quantity"])
    amount = order["total"] - refunded_amount(connection, number)
    if order["paid_at"] and amount > 0:
        connection.execute(
            "INSERT INTO refunds (id, order_number, amount, reason, status, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            (new_id("RF", now), number, amount, reason or "cancelled", "processing", iso(now)),
        )
    return get_order(connection, number)


def change_address(
    connection: sqlite3.Connection, number: str, text: str, name: str | None, phone: str | None
) -> Order:
    """Send it elsewhere; a name or phone not given stays. Raises NotFound, AddressLocked."""
    order = get_order(connection, number)
    if not order["address_changeable"]:
        raise AddressLocked("The order has been shipped or is closed.", reason=order["status"])
    connection.execute(
        "UPDATE orders SET address = ?, receiver = COALESCE(?, receiver), phone = COALESCE(?, phone) WHERE number = ?",
        (text, name, phone, order["number"]),
    )
    return get_order(connection, number)


def issue_invoice(
    connection: sqlite3.Connection, number: str, title: str, tax_number: str | None, email: str, now: datetime
) -> Invoice:
    """Issue over what was paid and not given back; an earlier invoice is voided. Raises NotFound, NotInvoiceable."""
    order = get_order(connection, number)
    number = order["number"]
    amount = order["total"] - refunded_amount(connection, number)
    if order["status"] not in rules.PAID or amount < 1:
        raise NotInvoiceable("There is nothing paid to invoice.", reason=order["status"])
    connection.execute("UPDATE invoices SET status = 'voided' WHERE order_number = ?", (number,))
    identifier = new_id("IV", now)
    connection.execute(
        """INSERT INTO invoices (id, order_number, title, tax_number, email, status, amount)
           VALUES (?, ?, ?, ?, ?, 'issued', ?)""",
        (identifier, number, title, tax_number, email, amount),
    )
    return {
        "id": identifier,
        "title": title,
        "tax_number": tax_number,
        "email": email,
        "status": "issued",
        "amount": amount,
    }
