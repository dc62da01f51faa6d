"""The shop API: what it answers, what it refuses, and that nothing is done twice."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fixtures.running_shop import TOKEN, running_shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with running_shop(tmp_path) as client:
        yield client


async def order_of(shop: httpx.AsyncClient, status: str, customer: str = "c001") -> dict[str, Any]:
    """The customer's newest order in that state."""
    orders = (await shop.get(f"/api/customers/{customer}/orders", params={"limit": 100})).json()["orders"]
    found: dict[str, Any] = next(order for order in orders if order["status"] == status)
    return found


async def post(
    shop: httpx.AsyncClient, path: str, body: object, key: str = "turn-1", method: str = "POST"
) -> httpx.Response:
    return await shop.request(method, path, json=body, headers={"idempotency-key": key})


def a_return(**changes: object) -> dict[str, object]:
    body = {"case_id": "R1", "kind": "return", "sku": "AP-1001", "quantity": 1, "reason": "不合适", "pickup": "door"}
    return {**body, **changes}


# Reading


async def test_that_products_are_found_and_limited(shop: httpx.AsyncClient) -> None:
    found = (await shop.get("/api/products", params={"q": "有没有黑色的连衣裙", "limit": 1})).json()["products"]
    assert [product["sku"] for product in found] == ["AP-1001"]
    assert (await shop.get("/api/products", params={"q": "asdfgh"})).json() == {"products": []}
    assert len((await shop.get("/api/products")).json()["products"]) == 20


async def test_that_a_product_has_the_agreed_shape(shop: httpx.AsyncClient) -> None:
    product = (await shop.get("/api/products/AP-1001")).json()
    assert set(product) == {
        "sku", "name", "category", "description", "price", "currency", "list_price", "sizes", "stock",
        "delivery_days", "returnable", "url", "image",
    }  # fmt: skip
    assert product["sizes"][-1] == {"size": "XL", "stock": 0}
    assert product["stock"] == sum(size["stock"] for size in product["sizes"])
    assert product["url"] == "http://shop.test/products/AP-1001"


async def test_that_a_customer_and_his_orders_are_given(shop: httpx.AsyncClient) -> None:
    customer = (await shop.get("/api/customers/c001")).json()
    assert set(customer) == {"id", "name", "email", "phone_last4", "level", "joined_at", "vip"}
    assert (customer["name"], customer["vip"]) == ("林小雨", True)
    orders = (await shop.get("/api/customers/c001/orders")).json()["orders"]
    placed = [order["placed_at"] for order in orders]
    assert placed == sorted(placed, reverse=True)
    assert len((await shop.get("/api/customers/c001/orders?limit=2")).json()["orders"]) == 2


async def test_that_an_order_and_its_parcel_have_the_agreed_shape(shop: httpx.AsyncClient) -> None:
    shipped = await order_of(shop, "shipped")
    order = (await shop.get(f"/api/orders/{shipped['number'].lower()}")).json()
    assert order == shipped
    assert set(order) == {
        "number", "customer_id", "phone_last4", "status", "placed_at", "paid_at", "delivered_at", "items", "total",
        "currency", "shipping_fee", "address", "parcels", "invoice", "returns", "cancellable", "address_changeable",
        "returnable_until",
    }  # fmt: skip
    summary = order["parcels"][0]
    parcel = (await shop.get(f"/api/parcels/{summary['tracking_number']}")).json()
    assert set(parcel) == {"tracking_number", "order_number", "carrier", "status", "eta", "events"}
    assert parcel["order_number"] == order["number"]
    assert set(parcel["events"][0]) == {"at", "place", "text"}


@pytest.mark.parametrize(
    "path",
    ["products/XX-1", "customers/c999", "customers/c999/orders", "orders/KF1", "parcels/SF0", "orders/%00",
     "orders/'%20OR%201=1", "orders/" + "9" * 300, "products/%ff%fe", "nothing"],
)  # fmt: skip
async def test_that_what_does_not_exist_is_404_in_the_agreed_shape(shop: httpx.AsyncClient, path: str) -> None:
    answer = await shop.get(f"/api/{path}")
    assert answer.status_code == 404
    assert set(answer.json()) == {"code", "message", "errors"}
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize("limit", ["0", "-1", "101", "x", "1e3", "９", "999999999999"])
async def test_that_a_limit_that_is_none_is_422(shop: httpx.AsyncClient, limit: str) -> None:
    for path in ("/api/products", "/api/customers/c001/orders"):
        answer = await shop.get(path, params={"limit": limit})
        assert answer.status_code == 422
        assert answer.json()["errors"] == [{"field": "limit", "code": "out_of_range"}]


# Who may call


async def test_that_every_api_route_needs_the_token(shop: httpx.AsyncClient) -> None:
    app = shop.app  # type: ignore[attr-defined]
    routes = [(method, f"/{route.path}") for route in app.router.routes for method in route.methods
              if route.path.startswith("api") and method != "OPTIONS"]  # fmt: skip
    assert len(routes) == 11
    for method, path in routes:
        url = path.replace("<", "").replace(">", "").replace(":str", "")
        for token in ("", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN} x"):
            answer = await shop.request(method, url, headers={"authorization": token})
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), (method, path, token)


# Cancel


async def test_that_a_paid_order_is_cancelled_restocked_and_refunded(shop: httpx.AsyncClient) -> None:
    order = await order_of(shop, "paid")
    before = (await shop.get("/api/products/HM-4006")).json()["stock"]
    answer = await post(shop, f"/api/orders/{order['number']}/cancel", {"reason": "不想要了"})
    assert answer.status_code == 200
    cancelled = answer.json()
    assert (cancelled["status"], cancelled["cancellable"]) == ("cancelled", False)
    assert (await shop.get("/api/products/HM-4006")).json()["stock"] == before + 2
    body = {"case_id": "R", "amount": 1, "reason": "x"}
    refund = await post(shop, f"/api/orders/{order['number']}/refunds", body, "k2")
    assert (refund.status_code, refund.json()["code"]) == (409, "over_refund")  # all of it went back already


@pytest.mark.parametrize("status", ["shipped", "delivered", "completed"])
async def test_that_an_order_that_left_is_neither_cancelled_nor_moved(shop: httpx.AsyncClient, status: str) -> None:
    order = await order_of(shop, status)
    refused = await post(shop, f"/api/orders/{order['number']}/cancel", {}, "k1")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_cancellable")
    refused = await post(shop, f"/api/orders/{order['number']}/address", {"text": "北京市"}, "k2", "PUT")
    assert (refused.status_code, refused.json()["code"]) == (409, "address_locked")
    assert (await shop.get(f"/api/orders/{order['number']}")).json() == order


# Address


async def test_that_the_address_changes_and_keeps_what_was_not_said(shop: httpx.AsyncClient) -> None:
    order = await order_of(shop, "paid")
    path = f"/api/orders/{order['number']}/address"
    changed = (await post(shop, path, {"text": " 上海市静安区南京西路1号 "}, "k1", "PUT")).json()
    assert changed["address"] == {**order["address"], "text": "上海市静安区南京西路1号"}
    changed = (await post(shop, path, {"text": "上海", "name": "林大雨", "phone": "13800009876"}, "k2", "PUT")).json()
    assert changed["address"] == {"name": "林大雨", "phone_masked": "138****9876", "text": "上海"}
    assert changed["phone_last4"] == "9876"


# Invoice


async def test_that_an_invoice_is_issued_and_issued_anew(shop: httpx.AsyncClient) -> None:
    order = await order_of(shop, "delivered")
    path = f"/api/orders/{order['number']}/invoice"
    first = (await post(shop, path, {"title": "个人", "email": "a@example.com"}, "k1")).json()
    assert set(first) == {"id", "title", "tax_number", "email", "status", "amount"}
    assert (first["amount"], first["status"], first["tax_number"]) == (order["total"], "issued", None)
    body = {"title": "云杉有限公司", "tax_number": "91330100MA27XXXX0A", "email": "a@example.com"}
    second = (await post(shop, path, body, "k2")).json()
    assert (await shop.get(f"/api/orders/{order['number']}")).json()["invoice"] == second
    assert second["id"] != first["id"]


@pytest.mark.parametrize(("customer", "status"), [("c001", "unpaid"), ("c003", "cancelled"), ("c002", "refunded")])
async def test_that_nothing_paid_is_not_invoiced(shop: httpx.AsyncClient, customer: str, status: str) -> None:
    order = await order_of(shop, status, customer)
    answer = await post(shop, f"/api/orders/{order['number']}/invoice", {"title": "个人", "email": "a@example.com"})
    assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (409, "not_invoiceable", status)


# Returns


async def test_that_a_return_gets_a_label_and_its_money(shop: httpx.AsyncClient) -> None:
    order = await order_of(shop, "delivered")
    answer = await post(shop, f"/api/orders/{order['number']}/returns", a_return())
    assert answer.status_code == 200
    made = answer.json()
    assert set(made) == {"id", "status", "refund_amount", "label"}
    assert (made["status"], made["refund_amount"]) == ("approved", 25900)
    assert set(made["label"]) == {"carrier", "code", "pickup_at"}
    assert made["label"]["pickup_at"] == "2026-03-13T02:00:00Z"  # ten in the morning in China
    fresh = (await shop.get(f"/api/orders/{order['number']}")).json()
    assert fresh["returns"] == [{"id": made["id"], "kind": "return", "sku": "AP-1001", "status": "approved"}]
    assert fresh["items"][0]["returned"] == 1
    again = await post(shop, f"/api/orders/{order['number']}/returns", a_return(), "another-key")
    assert (again.status_code, again.json()["reason"]) == (409, "already_returned")


async def test_that_a_drop_off_has_no_hour_and_money_alone_no_label(shop: httpx.AsyncClient) -> None:
    path = f"/api/orders/{(await order_of(shop, 'delivered'))['number']}/returns"
    assert (await post(shop, path, a_return(pickup="drop_off"), "k1")).json()["label"]["pickup_at"] is None
    only = (await post(shop, path, a_return(kind="refund_only", sku="SH-2002"), "k2")).json()
    assert (only["label"], only["status"], only["refund_amount"]) == (None, "refunding", 27900)


async def test_that_an_exchange_sets_the_other_size_aside(shop: httpx.AsyncClient) -> None:
    path = f"/api/orders/{(await order_of(shop, 'delivered'))['number']}/returns"
    for size, status, detail in ((None, 422, "required"), ("5XL", 422, "unknown"), ("XL", 409, "sold_out")):
        refused = await post(shop, path, a_return(kind="exchange", exchange_size=size), f"k-{size}")
        assert refused.status_code == status
        assert detail in (refused.json().get("reason"), *(error["code"] for error in refused.json()["errors"]))
    made = await post(shop, path, a_return(kind="exchange", exchange_size="L"), "k")
    assert (made.status_code, made.json()["refund_amount"]) == (200, 0)
    sizes = {size["size"]: size["stock"] for size in (await shop.get("/api/products/AP-1001")).json()["sizes"]}
    assert sizes["L"] == 8


@pytest.mark.parametrize(
    ("customer", "status", "sku", "reason"),
    [
        ("c001", "shipped", "EL-3001", "not_delivered"),
        ("c001", "delivered", "FD-6001", "non_returnable"),
        ("c001", "completed", "EL-3010", "too_late"),
        ("c002", "refunded", "BT-5008", "already_returned"),
    ],
)
async def test_that_what_cannot_come_back_says_why(
    shop: httpx.AsyncClient, customer: str, status: str, sku: str, reason: str
) -> None:
    order = await order_of(shop, status, customer)
    answer = await post(shop, f"/api/orders/{order['number']}/returns", a_return(sku=sku))
    assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (409, "not_returnable", reason)


async def test_that_eleven_days_are_too_late_to_return_but_not_to_exchange(shop: httpx.AsyncClient) -> None:
    path = f"/api/orders/{(await order_of(shop, 'delivered', 'c003'))['number']}/returns"
    late = await post(shop, path, a_return(sku="SH-2006"), "k1")
    assert (late.status_code, late.json()["reason"]) == (409, "too_late")
    made = await post(shop, path, a_return(sku="SH-2006", kind="exchange", exchange_size="38"), "k2")
    assert made.status_code == 200


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"sku": "AP-1009"}, "sku", "not_in_order"),
        ({"quantity": 2}, "quantity", "too_many"),
        ({"quantity": 0}, "quantity", "out_of_range"),
        ({"quantity": 10**40}, "quantity", "out_of_range"),
        ({"quantity": True}, "quantity", "not_a_number"),
        ({"quantity": "1"}, "quantity", "not_a_number"),
        ({"quantity": 1.0}, "quantity", "not_a_number"),
        ({"kind": "gift"}, "kind", "unknown"),
        ({"kind": ["return"]}, "kind", "not_a_text"),
        ({"pickup": None}, "pickup", "required"),
        ({"reason": "  "}, "reason", "required"),
        ({"reason": "长" * 501}, "reason", "too_long"),
        ({"reason": "a\x00b"}, "reason", "invalid"),
        ({"case_id": "a b"}, "case_id", "invalid"),
    ],
)
async def test_that_a_field_that_is_wrong_is_named(
    shop: httpx.AsyncClient, changes: dict[str, object], field: str, code: str
) -> None:
    order = await order_of(shop, "delivered")
    answer = await post(shop, f"/api/orders/{order['number']}/returns", a_return(**changes))
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": field, "code": code}]


# Refunds


async def test_that_no_more_is_refunded_than_was_paid(shop: httpx.AsyncClient) -> None:
    order = await order_of(shop, "delivered")
    path, total = f"/api/orders/{order['number']}/refunds", order["total"]
    first = await post(shop, path, {"case_id": "C1", "amount": total - 100, "reason": "瑕疵补偿"}, "k1")
    assert first.json()["amount"] == total - 100
    assert set(first.json()) == {"id", "amount", "status"}
    over = await post(shop, path, {"case_id": "C1", "amount": 101, "reason": "瑕疵补偿"}, "k2")
    assert (over.status_code, over.json()["code"]) == (409, "over_refund")
    assert (await post(shop, path, {"case_id": "C1", "amount": 100, "reason": "瑕疵补偿"}, "k3")).status_code == 200
    assert (await shop.get(f"/api/orders/{order['number']}")).json()["status"] == "refunding"


async def test_that_goods_returned_are_not_paid_twice(shop: httpx.AsyncClient) -> None:
    order = await order_of(shop, "delivered")
    await post(shop, f"/api/orders/{order['number']}/returns", a_return(), "k1")
    body = {"case_id": "C1", "amount": order["total"] - 25900 + 1, "reason": "x"}
    assert (await post(shop, f"/api/orders/{order['number']}/refunds", body, "k2")).status_code == 409


async def test_that_an_unpaid_order_gives_nothing_back(shop: httpx.AsyncClient) -> None:
    order = await order_of(shop, "unpaid")
    answer = await post(shop, f"/api/orders/{order['number']}/refunds", {"case_id": "C", "amount": 1, "reason": "x"})
    assert (answer.status_code, answer.json()["code"]) == (409, "over_refund")


# Once and only once


async def test_that_concurrent_duplicates_do_it_once(shop: httpx.AsyncClient) -> None:
    order = await order_of(shop, "delivered")
    path = f"/api/orders/{order['number']}/refunds"
    body = {"case_id": "C1", "amount": 1000, "reason": "补偿"}
    answers = await asyncio.gather(*(post(shop, path, body, "same") for _ in range(12)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    rest = {"case_id": "C1", "amount": order["total"] - 1000, "reason": "补偿"}
    assert (await post(shop, path, rest, "rest")).status_code == 200  # so only 1000 had been given


async def test_that_concurrent_returns_of_one_item_under_two_keys_open_one(shop: httpx.AsyncClient) -> None:
    path = f"/api/orders/{(await order_of(shop, 'delivered'))['number']}/returns"
    answers = await asyncio.gather(*(post(shop, path, a_return(), f"key-{n}") for n in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]


async def test_that_a_key_answers_the_same_after_the_order_has_moved_on_and_after_a_restart(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        order = await order_of(shop, "paid")
        path = f"/api/orders/{order['number']}/address"
        first = await post(shop, path, {"text": "上海", "name": "甲"}, "k1", "PUT")
        await post(shop, f"/api/orders/{order['number']}/cancel", {}, "k2")
    async with running_shop(tmp_path) as shop:
        headers = {"idempotency-key": "k1", "content-type": "application/json; charset=utf-8"}
        again = await shop.put(path, content=b'{ "name":"\\u7532", "text":"\\u4e0a\\u6d77" }', headers=headers)
        assert (again.status_code, again.json()) == (200, first.json())
        assert (await shop.get(f"/api/orders/{order['number']}")).json()["status"] == "cancelled"


async def test_that_a_refusal_is_an_answer_to_its_key_too(shop: httpx.AsyncClient) -> None:
    order = await order_of(shop, "shipped")
    first = await post(shop, f"/api/orders/{order['number']}/cancel", {}, "k1")
    again = await post(shop, f"/api/orders/{order['number']}/cancel", {}, "k1")
    assert (again.status_code, again.json()) == (first.status_code, first.json()) == (409, first.json())


async def test_that_a_key_used_for_something_else_is_refused(shop: httpx.AsyncClient) -> None:
    order = await order_of(shop, "paid")
    path = f"/api/orders/{order['number']}/address"
    await post(shop, path, {"text": "上海"}, "k1", "PUT")
    for other, body, method in ((path, {"text": "北京"}, "PUT"), (path.replace("address", "cancel"), {}, "POST")):
        answer = await post(shop, other, body, "k1", method)
        assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    assert (await shop.get(f"/api/orders/{order['number']}")).json()["address"]["text"] == "上海"


async def test_that_a_mended_request_may_use_its_key_again(shop: httpx.AsyncClient) -> None:
    path = f"/api/orders/{(await order_of(shop, 'delivered'))['number']}/returns"
    assert (await post(shop, path, a_return(quantity=2), "k1")).status_code == 422
    assert (await post(shop, path, a_return(), "k1")).status_code == 200


# Bad input


@pytest.mark.parametrize("key", ["", "k" * 256, "a b"])
async def test_that_a_write_without_a_proper_key_is_400(shop: httpx.AsyncClient, key: str) -> None:
    order = await order_of(shop, "paid")
    answer = await shop.post(f"/api/orders/{order['number']}/cancel", json={}, headers={"idempotency-key": key})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "Idempotency-Key")
    assert (await shop.get(f"/api/orders/{order['number']}")).json() == order


WRITES = (("POST", "cancel"), ("PUT", "address"), ("POST", "invoice"), ("POST", "returns"), ("POST", "refunds"))
BODIES = (
    b"{", b"\xff\xfe", b"[]", b"null", b'"x"', b"1e999", b"[" * 60_000, b'{"text": NaN}', b'{"reason": {"a": 1}}',
    b'{"text": "\\ud800", "reason": "\\udfff"}', b'{"extra": "\\ud800"}', b'{"text": 1, "title": [], "amount": {}}',
    json.dumps({"text": "x" * 30_000, "reason": "x" * 5000, "title": "😀" * 1000}).encode(),
    b'{"text": "<script>alert(1)</script>\'; DROP TABLE orders; --", "title": "<b>", "email": "x"}',
    b'{"amount": 1' + b"0" * 5000 + b', "case_id": "c", "reason": "r"}',
)  # fmt: skip


@pytest.mark.parametrize("number", range(len(BODIES)))
async def test_that_no_body_breaks_it(shop: httpx.AsyncClient, number: int) -> None:
    order = await order_of(shop, "shipped")
    for method, verb in WRITES:
        for content_type in ("application/json", "text/plain"):
            headers = {"idempotency-key": f"{verb}-{content_type}", "content-type": content_type}
            path = f"/api/orders/{order['number']}/{verb}"
            answer = await shop.request(method, path, content=BODIES[number], headers=headers)
            assert 400 <= answer.status_code < 500, (verb, answer.text)
            assert {"code", "message", "errors"} <= set(answer.json())
            if content_type == "text/plain":
                assert answer.status_code == 415
    assert (await shop.get(f"/api/orders/{order['number']}")).json() == order


async def test_that_too_much_is_413_and_a_wrong_verb_405_in_the_agreed_shape(shop: httpx.AsyncClient) -> None:
    big = await post(shop, "/api/orders/KF1/cancel", {"reason": "x" * 100_000})
    assert (big.status_code, big.json()["code"]) == (413, "too_large")
    verb = await shop.delete("/api/orders/KF1")
    assert (verb.status_code, verb.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("query", ["%00", "%ff", "'%22%3C", "%F0%9F%8E%89", "x" * 5000, "(((", "q=1&q=2"])
async def test_that_no_search_breaks_it(shop: httpx.AsyncClient, query: str) -> None:
    answer = await shop.get(f"/api/products?q={query}")
    assert answer.status_code == 200
    assert answer.json() == {"products": []}
