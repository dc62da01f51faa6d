"""The shop API for the gateway (docs/interfaces.md, section 4)."""

import sqlite3
from collections.abc import Callable
from typing import Any

from sanic import Blueprint
from sanic.response import HTTPResponse, json

from examples.shop import fields, rules
from examples.shop.errors import NotFound
from examples.shop.requests import ShopRequest, check_token, idempotency_key, json_object, shop_of
from examples.shop.store import after_sales, changes
from examples.shop.store.answered_writes import answer_once, fingerprint
from examples.shop.store.customers import get_customer
from examples.shop.store.orders import get_order, list_orders
from examples.shop.store.parcels import get_parcel
from examples.shop.store.products import get_card, list_cards
from examples.shop.times import iso

DEFAULT_LIMIT = 20

api = Blueprint("api", url_prefix="/api")


@api.on_request
async def authenticate(request: ShopRequest) -> None:
    check_token(request)


async def read(request: ShopRequest, work: Callable[[sqlite3.Connection], Any]) -> HTTPResponse:
    return json(await shop_of(request).database.read(work))


async def write(request: ShopRequest, body: dict[str, Any], act: Callable[[sqlite3.Connection], Any]) -> HTTPResponse:
    """Run `act` once per Idempotency-Key."""
    key = idempotency_key(request)
    shop = shop_of(request)
    now = iso(shop.settings.now())
    try:
        print_ = fingerprint(request.method, request.path, body)
    except (ValueError, RecursionError):  # halves of characters in fields that nobody reads
        print_ = fingerprint(request.method, request.path, {"raw": request.body.hex()})
    status, answer = await shop.database.write(lambda connection: answer_once(connection, key, print_, now, act))
    return json(answer, status=status)


def checked(identifier: str) -> str:
    """An id from the path. What no id can look like was never found."""
    if not fields.ID.fullmatch(identifier):
        raise NotFound("There is nothing by this id.")
    return identifier


@api.get("/products", name="list_products")
async def list_products(request: ShopRequest) -> HTTPResponse:
    limit = fields.limit(request.args.get("limit"), DEFAULT_LIMIT)
    shop = shop_of(request)
    found = shop.index.find(request.args.get("q", ""))[:limit]
    cards = await shop.database.read(lambda connection: list_cards(connection, shop.settings.shop_url))
    by_sku = {card.product["sku"]: card.product for card in cards}
    return json({"products": [by_sku[sku] for sku in found]})


@api.get("/products/<sku:str>", name="get_product")
async def get_product(request: ShopRequest, sku: str) -> HTTPResponse:
    url = shop_of(request).settings.shop_url
    return await read(request, lambda connection: get_card(connection, checked(sku), url).product)


@api.get("/customers/<customer_id:str>", name="get_customer")
async def show_customer(request: ShopRequest, customer_id: str) -> HTTPResponse:
    return await read(request, lambda connection: get_customer(connection, checked(customer_id)))


@api.get("/customers/<customer_id:str>/orders", name="list_orders")
async def list_customer_orders(request: ShopRequest, customer_id: str) -> HTTPResponse:
    limit = fields.limit(request.args.get("limit"), DEFAULT_LIMIT)
    return await read(request, lambda connection: {"orders": list_orders(connection, checked(customer_id), limit)})


@api.get("/orders/<number:str>", name="get_order")
async def show_order(request: ShopRequest, number: str) -> HTTPResponse:
    return await read(request, lambda connection: get_order(connection, checked(number)))


@api.get("/parcels/<tracking_number:str>", name="get_parcel")
async def show_parcel(request: ShopRequest, tracking_number: str) -> HTTPResponse:
    return await read(request, lambda connection: get_parcel(connection, checked(tracking_number)))


@api.post("/orders/<number:str>/cancel", name="cancel_order")
async def cancel(request: ShopRequest, number: str) -> HTTPResponse:
    body = json_object(request)
    reason = fields.optional_text(body, "reason")
    now = shop_of(request).settings.now()
    return await write(request, body, lambda c: changes.cancel_order(c, checked(number), reason, now))


@api.put("/orders/<number:str>/address", name="change_address")
async def address(request: ShopRequest, number: str) -> HTTPResponse:
    body = json_object(request)
    text, name = fields.text(body, "text"), fields.optional_text(body, "name", most=60)
    phone = fields.optional_matching(body, "phone", fields.PHONE)
    return await write(request, body, lambda c: changes.change_address(c, checked(number), text, name, phone))


@api.post("/orders/<number:str>/invoice", name="issue_invoice")
async def invoice(request: ShopRequest, number: str) -> HTTPResponse:
    body = json_object(request)
    title, email = fields.text(body, "title", most=100), fields.matching(body, "email", fields.EMAIL)
    tax_number = fields.optional_matching(body, "tax_number", fields.TAX_NUMBER)
    now = shop_of(request).settings.now()

    def issue(connection: sqlite3.Connection) -> Any:
        return changes.issue_invoice(connection, checked(number), title, tax_number, email, now)

    return await write(request, body, issue)


@api.post("/orders/<number:str>/returns", name="start_return")
async def start_return(request: ShopRequest, number: str) -> HTTPResponse:
    body = json_object(request)
    wanted = after_sales.ReturnRequest(
        case_id=fields.matching(body, "case_id", fields.ID),
        kind=fields.one_of(body, "kind", rules.KINDS),
        sku=fields.matching(body, "sku", fields.ID),
        quantity=fields.positive(body, "quantity"),
        reason=fields.text(body, "reason"),
        pickup=fields.one_of(body, "pickup", ("door", "drop_off")),
        exchange_size=fields.optional_text(body, "exchange_size", most=20),
    )
    now = shop_of(request).settings.now()
    return await write(request, body, lambda c: after_sales.start_return(c, checked(number), wanted, now))


@api.post("/orders/<number:str>/refunds", name="refund")
async def refund(request: ShopRequest, number: str) -> HTTPResponse:
    body = json_object(request)
    case_id = fields.matching(body, "case_id", fields.ID)
    amount, reason = fields.positive(body, "amount"), fields.text(body, "reason")
    now = shop_of(request).settings.now()
    return await write(request, body, lambda c: after_sales.refund(c, checked(number), case_id, amount, reason, now))
