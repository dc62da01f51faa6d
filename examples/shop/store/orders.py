"""Orders as the API shows them, gathered from their tables."""

import sqlite3

from examples.shop import rules
from examples.shop.errors import NotFound
from examples.shop.shapes import Invoice, Item, Order, ParcelSummary, ReturnSummary
from examples.shop.store.customers import get_customer
from examples.shop.times import iso, parse_iso


def get_order(connection: sqlite3.Connection, number: str) -> Order:
    """Raises NotFound."""
    row = connection.execute("SELECT * FROM orders WHERE number = ?", (number.upper(),)).fetchone()
    if row is None:
        raise NotFound("There is no such order.")
    return _order(connection, row)


def list_orders(connection: sqlite3.Connection, customer_id: str, limit: int) -> list[Order]:
    """The customer's orders, newest first. Raises NotFound for an unknown customer."""
    get_customer(connection, customer_id)
    rows = connection.execute(
        "SELECT * FROM orders WHERE customer_id = ? ORDER BY placed_at DESC, number DESC LIMIT ?", (customer_id, limit)
    ).fetchall()
    return [_order(connection, row) for row in rows]


def mask_phone(phone: str) -> str:
    """The first three and the last four digits; nothing of the middle."""
    return f"{phone[:3]}****{phone[-4:]}"


def _order(connection: sqlite3.Connection, row: sqlite3.Row) -> Order:
    number, status = row["number"], row["status"]
    items, any_returnable = _items(connection, number)
    delivered = parse_iso(row["delivered_at"]) if row["delivered_at"] else None
    return {
        "number": number,
        "customer_id": row["customer_id"],
        "phone_last4": row["phone"][-4:],
        "status": status,
        "placed_at": row["placed_at"],
        "paid_at": row["paid_at"],
        "delivered_at": row["delivered_at"],
        "items": items,
        "total": row["total"],
        "currency": row["currency"],
        "shipping_fee": row["shipping_fee"],
        "address": {"name": row["receiver"], "phone_masked": mask_phone(row["phone"]), "text": row["address"]},
        "parcels": _parcels(connection, number),
        "invoice": _invoice(connection, number),
        "returns": _returns(connection, number),
        "cancellable": rules.may_change(status),
        "address_changeable": rules.may_change(status),
        "returnable_until": iso(rules.return_deadline(delivered)) if delivered and any_returnable else None,
    }


def _items(connection: sqlite3.Connection, number: str) -> tuple[list[Item], bool]:
    rows = connection.execute(
        """SELECT i.*, p.name_zh, p.name_en, p.returnable, COALESCE((SELECT SUM(r.quantity) FROM returns r
               WHERE r.order_number = i.order_number AND r.sku = i.sku AND r.status <> 'rejected'), 0) AS returned
           FROM order_items i JOIN products p USING (sku) WHERE i.order_number = ? ORDER BY i.position""",
        (number,),
    ).fetchall()
    items: list[Item] = [
        {
            "sku": row["sku"],
            "name": {"zh": row["name_zh"], "en": row["name_en"]},
            "size": row["size"] or None,
            "quantity": row["quantity"],
            "price": row["price"],
            "returned": row["returned"],
        }
        for row in rows
    ]
    return items, any(row["returnable"] and row["returned"] < row["quantity"] for row in rows)


def _parcels(connection: sqlite3.Connection, number: str) -> list[ParcelSummary]:
    rows = connection.execute("SELECT * FROM parcels WHERE order_number = ? ORDER BY position", (number,))
    return [
        {
            "tracking_number": row["tracking_number"],
            "carrier": {"zh": row["carrier_zh"], "en": row["carrier_en"]},
            "status": row["status"],
        }
        for row in rows
    ]


def _invoice(connection: sqlite3.Connection, number: str) -> Invoice | None:
    row = connection.execute(
        "SELECT * FROM invoices WHERE order_number = ? AND status <> 'voided' ORDER BY rowid DESC", (number,)
    ).fetchone()
    if row is None:
        return None
    return {
        "id": row["id"],
        "title": row["title"],
        "tax_number": row["tax_number"],
        "email": row["email"],
        "status": row["status"],
        "amount": row["amount"],
    }


def _returns(connection: sqlite3.Connection, number: str) -> list[ReturnSummary]:
    rows = connection.execute("SELECT * FROM returns WHERE order_number = ? ORDER BY created_at, id", (number,))
    return [{"id": row["id"], "kind": row["kind"], "sku": row["sku"], "status": row["status"]} for row in rows]
