"""What a new shop holds."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from examples.shop import pictures, seed
from examples.shop.seed.catalogue import read_catalogue
from examples.shop.shapes import Order
from examples.shop.store.orders import list_orders
from examples.shop.store.parcels import get_parcel
from examples.shop.store.schema import STATEMENTS
from examples.shop.times import iso, parse_iso

NOW = datetime(2026, 3, 12, 6, 30, tzinfo=UTC)


def filled(now: datetime) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    for statement in STATEMENTS:
        connection.execute(statement)
    seed.fill(connection, now)
    return connection


@pytest.fixture(scope="module")
def shop() -> Iterator[sqlite3.Connection]:
    connection = filled(NOW)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def orders(shop: sqlite3.Connection) -> list[Order]:
    ids = [row["id"] for row in shop.execute("SELECT id FROM customers ORDER BY id")]
    assert ids == [f"c{n:03d}" for n in range(1, 51)]
    return [order for customer_id in ids for order in list_orders(shop, customer_id, 100)]


def test_that_there_are_200_orders_in_all_states_with_all_kinds_of_parcels(
    shop: sqlite3.Connection, orders: list[Order]
) -> None:
    assert len(orders) == len({order["number"] for order in orders}) == 200
    assert {order["status"] for order in orders} == {
        "unpaid", "paid", "packed", "shipped", "delivered", "completed", "cancelled", "refunding", "refunded",
    }  # fmt: skip
    states = {row["status"] for row in shop.execute("SELECT DISTINCT status FROM parcels")}
    assert states == {"label", "picked_up", "in_transit", "out_for_delivery", "delivered", "exception"}
    assert {row["carrier_en"] for row in shop.execute("SELECT DISTINCT carrier_en FROM parcels")} == {
        "SF Express", "YTO Express", "ZTO Express", "JD Logistics", "EMS", "DHL Express",
    }  # fmt: skip
    assert any(len(order["parcels"]) == 2 for order in orders)
    assert any(order["invoice"] for order in orders)
    assert {back["kind"] for order in orders for back in order["returns"]} == {"return", "exchange"}


def test_that_every_customer_has_an_order(orders: list[Order]) -> None:
    assert len({order["customer_id"] for order in orders}) == 50


def test_that_the_money_adds_up(orders: list[Order]) -> None:
    for order in orders:
        goods = sum(item["price"] * item["quantity"] for item in order["items"])
        assert order["total"] == goods + order["shipping_fee"]


def test_that_times_follow_each_other_and_none_is_in_the_future(shop: sqlite3.Connection, orders: list[Order]) -> None:
    for order in orders:
        number = order["number"]
        times = [at for at in (order["placed_at"], order["paid_at"], order["delivered_at"]) if at]
        assert times == sorted(times), number
        assert times[-1] <= iso(NOW), number
        for summary in order["parcels"]:
            events = get_parcel(shop, summary["tracking_number"])["events"]
            told = [event["at"] for event in events]
            assert told == sorted(told, reverse=True), number
            assert order["placed_at"] < told[-1], number
            assert told[0] <= iso(NOW), number
            assert order["delivered_at"] in (None, told[0]), number


def test_that_delivered_states_have_a_delivery_and_unpaid_ones_no_payment(orders: list[Order]) -> None:
    for order in orders:
        assert (order["delivered_at"] is not None) == (
            order["status"] in ("delivered", "completed", "refunding", "refunded")
        ), order["number"]
        if order["status"] == "unpaid":
            assert order["paid_at"] is None


def test_that_some_delivered_orders_may_be_returned_and_some_not(orders: list[Order]) -> None:
    until = [order["returnable_until"] for order in orders if order["status"] == "delivered"]
    assert any(at and at > iso(NOW) for at in until)
    assert any(at and at < iso(NOW) for at in until)


def test_that_the_demo_customer_has_a_telling_set(shop: sqlite3.Connection) -> None:
    mine = {order["status"]: order for order in list_orders(shop, "c001", 100) if order["parcels"] == []}
    assert set(mine) == {"unpaid", "paid"}
    assert mine["paid"]["cancellable"]
    assert mine["paid"]["address_changeable"]
    shipped = [order for order in list_orders(shop, "c001", 100) if order["status"] == "shipped"]
    assert sorted(order["parcels"][0]["status"] for order in shipped) == ["exception", "in_transit"]
    delivered, completed = (
        next(order for order in list_orders(shop, "c001", 100) if order["status"] == status)
        for status in ("delivered", "completed")
    )
    assert [item["size"] for item in delivered["items"]] == ["M", "38", None]
    at = delivered["delivered_at"]
    assert at is not None
    china = timedelta(hours=8)
    assert (parse_iso(at) + china).date() == (NOW + china).date() - timedelta(days=1)
    assert completed["returnable_until"] is not None
    assert completed["returnable_until"] < iso(NOW)


@pytest.mark.parametrize("hour", [0, 16, 23])
def test_that_the_same_day_fills_the_same_shop_at_any_hour_without_a_future(hour: int) -> None:
    now = NOW.replace(hour=hour)
    one, other = filled(now), filled(now)
    try:
        assert list(one.iterdump()) == list(other.iterdump())
        future = one.execute("SELECT COUNT(*) FROM parcel_events WHERE at > ?", (iso(now),)).fetchone()[0]
        backwards = one.execute("SELECT COUNT(*) FROM orders WHERE delivered_at <= placed_at").fetchone()[0]
        assert (future, backwards) == (0, 0)
    finally:
        one.close()
        other.close()


def test_that_the_catalogue_is_complete_in_both_languages_and_has_every_picture() -> None:
    products = list(read_catalogue())
    assert len(products) >= 60
    for product in products:
        for field in ("name", "description"):
            assert product[field]["zh"]
            assert product[field]["en"].isascii(), product["sku"]
        assert "<svg" in pictures.draw(product["picture"], product["colour"])
    assert any(0 in product.get("sizes", {}).values() for product in products)
    assert not any(product["returnable"] for product in products if product["category"] == "food")
