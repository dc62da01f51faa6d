"""Returns, exchanges, repairs and refunds."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from examples.shop import rules
from examples.shop.errors import InvalidFields, NotReturnable, OverRefund
from examples.shop.shapes import Item, Label, Order, Refund, Return, Size
from examples.shop.store.changes import new_id, refunded_amount
from examples.shop.store.orders import get_order
from examples.shop.store.products import get_card, take_stock
from examples.shop.times import CHINA, iso, parse_iso

PICKUP_HOUR = 10  # couriers come the next morning, China time


@dataclass(frozen=True)
class ReturnRequest:
    case_id: str
    kind: str
    sku: str
    quantity: int
    reason: str
    pickup: str
    """`door` or `drop_off`."""
    exchange_size: str | None


def start_return(connection: sqlite3.Connection, number: str, request: ReturnRequest, now: datetime) -> Return:
    """Open a return, exchange, refund or repair. Raises NotFound, InvalidFields, NotReturnable with its reason."""
    order = get_order(connection, number)
    item = _item(order, request.sku)
    left = item["quantity"] - item["returned"]
    delivered_at = parse_iso(order["delivered_at"]) if order["delivered_at"] else None
    card = get_card(connection, item["sku"], "")
    why_not = rules.why_not_returnable(request.kind, delivered_at, now, card.product["returnable"], left)
    if why_not:
        raise NotReturnable("This item cannot be returned.", reason=why_not)
    if request.quantity > left:
        raise InvalidFields("More than were bought.", (("quantity", "too_many"),))
    if request.kind == "exchange":
        _reserve_exchange(connection, card.product["sizes"], item, request)
    identifier = new_id("RT", now)
    amount = item["price"] * request.quantity if request.kind in rules.REFUNDING_KINDS else 0
    amount = min(amount, order["total"] - refunded_amount(connection, order["number"]))
    # Money only: nothing travels. Goods: approved, and refunded once the warehouse has them.
    status = "refunding" if request.kind == "refund_only" else "approved"
    connection.execute(
        """INSERT INTO returns (id, order_number, case_id, kind, sku, quantity, reason, pickup, exchange_size, status,
               refund_amount, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (identifier, order["number"], request.case_id, request.kind, item["sku"], request.quantity, request.reason,
         request.pickup, request.exchange_size, status, amount, iso(now)),
    )  # fmt: skip
    if amount > 0:
        # Booked at once, so that no later refund can pay the same goods again.
        connection.execute(
            """INSERT INTO refunds (id, order_number, case_id, return_id, amount, reason, status, created_at)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            (new_id("RF", now), order["number"], request.case_id, identifier, amount, request.reason, "processing",
             iso(now)),
        )  # fmt: skip
    _follow_status(connection, order["number"])
    label = None if request.kind == "refund_only" else _label(identifier, request.pickup, now)
    return {"id": identifier, "status": status, "refund_amount": amount, "label": label}


def refund(
    connection: sqlite3.Connection, number: str, case_id: str, amount: int, reason: str, now: datetime
) -> Refund:
    """Give money back without goods. Raises NotFound, OverRefund when more than is left of what was paid."""
    order = get_order(connection, number)
    left = order["total"] - refunded_amount(connection, order["number"]) if order["paid_at"] else 0
    if amount > left:
        raise OverRefund(f"At most {left} can be refunded.")
    identifier = new_id("RF", now)
    connection.execute(
        """INSERT INTO refunds (id, order_number, case_id, amount, reason, status, created_at)
           VALUES (?, ?, ?, ?, ?, 'processing', ?)""",
        (identifier, order["number"], case_id, amount, reason, iso(now)),
    )
    _follow_status(connection, order["number"])
    return {"id": identifier, "amount": amount, "status": "processing"}


def _item(order: Order, sku: str) -> Item:
    for item in order["items"]:
        if item["sku"] == sku.upper():
            return item
    raise InvalidFields("This order has no such item.", (("sku", "not_in_order"),))


def _reserve_exchange(connection: sqlite3.Connection, sizes: list[Size], item: Item, request: ReturnRequest) -> None:
    """Set the other size aside now, so that it is still there when the first one comes back."""
    size = request.exchange_size or ""
    if sizes and not size:
        raise InvalidFields("Which size?", (("exchange_size", "required"),))
    if size and size not in {entry["size"] for entry in sizes}:
        raise InvalidFields("There is no such size.", (("exchange_size", "unknown"),))
    if not take_stock(connection, item["sku"], size, request.quantity):
        raise NotReturnable("The replacement is sold out.", reason="sold_out")


def _label(identifier: str, pickup: str, now: datetime) -> Label:
    tomorrow = now.astimezone(CHINA) + timedelta(days=1)
    at = iso(tomorrow.replace(hour=PICKUP_HOUR, minute=0, second=0)) if pickup == "door" else None
    code = identifier.replace("RT", "SFR").replace("-", "")
    return {"carrier": {"zh": "顺丰速运", "en": "SF Express"}, "code": code, "pickup_at": at}


def _follow_status(connection: sqlite3.Connection, number: str) -> None:
    """An order of which all the money goes back is `refunding`; a cancelled one stays cancelled."""
    connection.execute(
        """UPDATE orders SET status = 'refunding' WHERE number = ? AND status <> 'cancelled'
           AND (SELECT SUM(amount) FROM refunds WHERE order_number = orders.number) >= total - shipping_fee""",
        (number,),
    )
