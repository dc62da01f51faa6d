"""Writes the planned orders: money, times, parcels, invoices and returns that fit each other."""

import random
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from examples.shop.seed.parcels import SeedParcel, make_parcel
from examples.shop.seed.people import Person
from examples.shop.seed.plans import Plan
from examples.shop.times import CHINA, iso

FREE_SHIPPING_FROM = 9900
SHIPPING_FEE = 800
FREIGHT_ABROAD = 3500

# The order's status in each scene; the others are shipped.
STATUS_OF = {
    "unpaid": "unpaid", "paid": "paid", "packed": "packed", "delivered": "delivered", "completed": "completed",
    "cancelled": "cancelled", "return_approved": "delivered", "exchange_approved": "delivered",
    "refunding": "refunding", "refunded": "refunded",
}  # fmt: skip
# The state of the only parcel in each scene that has one and is not delivered.
PARCEL_OF = {"cross_border": "in_transit", "two_parcels": "in_transit"}
WITHOUT_PARCEL = frozenset({"unpaid", "paid", "cancelled"})
# Kind and state of the return in each scene that has one.
RETURN_OF = {
    "return_approved": ("return", "approved"),
    "exchange_approved": ("exchange", "approved"),
    "refunding": ("return", "received"),
    "refunded": ("return", "refunded"),
}
RETURN_REASONS = ("尺码不合适", "与描述不符", "不想要了", "质量问题")


@dataclass
class Numbering:
    """`KF` + China's date + a sequence within the day, in the order of placing."""

    used: dict[str, int] = field(default_factory=dict)

    def next(self, placed: datetime) -> str:
        day = f"{placed.astimezone(CHINA):%Y%m%d}"
        self.used[day] = self.used.get(day, 0) + 1
        return f"KF{day}{self.used[day]:04d}"


def seed_orders(
    connection: sqlite3.Connection, rng: random.Random, now: datetime, people: list[Person], plans: list[Plan],
    products: dict[str, dict[str, Any]],
) -> None:  # fmt: skip
    by_id = {person.id: person for person in people}
    timed = sorted(((_placed_at(rng, now, plan), plan) for plan in plans), key=lambda pair: (pair[0], pair[1].customer))
    numbering = Numbering()
    for placed, plan in timed:
        number = numbering.next(placed)
        _write(connection, rng, now, number, placed, plan, by_id[plan.customer], products)


def _placed_at(rng: random.Random, now: datetime, plan: Plan) -> datetime:
    """Within the hours before this one, so that nothing is placed in the future."""
    return now - timedelta(days=plan.placed, minutes=rng.randint(20, 300))


def _delivered_at(rng: random.Random, now: datetime, days: int) -> datetime:
    """So many days ago, by day in China, when couriers ring."""
    minutes = rng.randint(10 * 60, 18 * 60)
    day = (now.astimezone(CHINA) - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
    return min(day + timedelta(minutes=minutes), now - timedelta(minutes=10))


def _write(
    connection: sqlite3.Connection, rng: random.Random, now: datetime, number: str, placed: datetime, plan: Plan,
    person: Person, products: dict[str, dict[str, Any]],
) -> None:  # fmt: skip
    status = STATUS_OF.get(plan.scene, "shipped")
    goods = sum(products[sku]["price"] * quantity for sku, _, quantity in plan.items)
    abroad = any(products[sku]["cross_border"] for sku, _, _ in plan.items)
    fee = FREIGHT_ABROAD if abroad else 0 if goods >= FREE_SHIPPING_FROM else SHIPPING_FEE
    unpaid = plan.scene == "unpaid" or (plan.scene == "cancelled" and rng.random() < 0.5)
    paid = None if unpaid else placed + timedelta(minutes=rng.randint(1, 15))
    delivered = None if plan.delivered is None else _delivered_at(rng, now, plan.delivered)
    connection.execute(
        "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, 'CNY', ?, ?, ?, ?)",
        (number, person.id, status, iso(placed), iso(paid) if paid else None, iso(delivered) if delivered else None,
         goods + fee, fee, person.name, person.phone, person.address),
    )  # fmt: skip
    for position, (sku, size, quantity) in enumerate(plan.items):
        connection.execute(
            "INSERT INTO order_items VALUES (?, ?, ?, ?, ?, ?)",
            (number, position, sku, size, quantity, products[sku]["price"]),
        )
    for position, parcel in enumerate(_parcels(rng, now, placed, delivered, plan, person)):
        _write_parcel(connection, number, position, parcel)
    if plan.invoice:
        connection.execute(
            "INSERT INTO invoices VALUES (?, ?, ?, NULL, ?, 'issued', ?)",
            (f"IV{number[4:]}", number, person.name, person.email, goods + fee),
        )
    _write_money_back(connection, rng, now, number, plan, products, goods + fee, paid, delivered)


def _parcels(
    rng: random.Random, now: datetime, placed: datetime, delivered: datetime | None, plan: Plan, person: Person
) -> list[SeedParcel]:
    if plan.scene in WITHOUT_PARCEL:
        return []
    shipped = placed + (now - placed) * 0.25
    latest = now - timedelta(minutes=rng.randint(10, 180))
    if plan.scene == "packed":
        return [make_parcel(rng, plan.carrier, person.city, latest, latest, "label", plan.origin)]
    if delivered:
        left = placed + (delivered - placed) * 0.3
        return [make_parcel(rng, plan.carrier, person.city, left, delivered, "delivered", plan.origin)]
    state = PARCEL_OF.get(plan.scene, plan.scene)
    parcels = [make_parcel(rng, plan.carrier, person.city, shipped, latest, state, plan.origin)]
    if plan.scene == "two_parcels":
        arrived = now - timedelta(hours=rng.randint(5, 20))
        parcels.append(make_parcel(rng, plan.second_carrier, person.city, shipped, arrived, "delivered"))
    return parcels


def _write_parcel(connection: sqlite3.Connection, number: str, position: int, parcel: SeedParcel) -> None:
    connection.execute(
        "INSERT INTO parcels VALUES (?, ?, ?, ?, ?, ?, ?)",
        (parcel.tracking_number, number, position, parcel.carrier["zh"], parcel.carrier["en"], parcel.status,
         iso(parcel.eta) if parcel.eta else None),
    )  # fmt: skip
    for n, event in enumerate(parcel.events):
        connection.execute(
            "INSERT INTO parcel_events VALUES (?, ?, ?, ?, ?, ?, ?)",
            (parcel.tracking_number, n, iso(event.at), event.place["zh"], event.place["en"], event.text["zh"],
             event.text["en"]),
        )  # fmt: skip


def _write_money_back(
    connection: sqlite3.Connection, rng: random.Random, now: datetime, number: str, plan: Plan,
    products: dict[str, dict[str, Any]], total: int, paid: datetime | None, delivered: datetime | None,
) -> None:  # fmt: skip
    """The return of a scene that has one, and the refund it or a cancellation brings."""
    if plan.scene == "cancelled" and paid:
        connection.execute(
            "INSERT INTO refunds VALUES (?, ?, NULL, NULL, ?, '不想要了', 'done', ?)",
            (f"RF{number[4:]}", number, total, iso(paid + timedelta(hours=5))),
        )
    if plan.scene not in RETURN_OF or delivered is None:
        return
    kind, state = RETURN_OF[plan.scene]
    opened = min(delivered + timedelta(hours=rng.randint(20, 60)), now - timedelta(minutes=30))
    # An order whose money goes back has all its goods coming back; the others one item.
    coming = plan.items if plan.scene in ("refunding", "refunded") else plan.items[:1]
    for n, (sku, size, quantity) in enumerate(coming, start=1):
        identifier = f"RT{number[4:]}-{n}"
        amount = 0 if kind == "exchange" else products[sku]["price"] * quantity
        connection.execute(
            "INSERT INTO returns VALUES (?, ?, NULL, ?, ?, ?, ?, 'door', ?, ?, ?, ?)",
            (identifier, number, kind, sku, quantity, rng.choice(RETURN_REASONS), size if kind == "exchange" else None,
             state, amount, iso(opened)),
        )  # fmt: skip
        if amount:
            connection.execute(
                "INSERT INTO refunds VALUES (?, ?, NULL, ?, ?, '退货', ?, ?)",
                (f"RF{number[4:]}-{n}", number, identifier, amount, "done" if state == "refunded" else "processing",
                 iso(opened)),
            )  # fmt: skip
