"""What the web gives to handlers: the shop behind a request, and a body that was checked."""

import hmac
import json
import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sanic import Request, Sanic
from sanic.config import Config

from examples.shop.errors import BadRequest, InvalidFields, NotJson, Unauthenticated
from examples.shop.search import ProductIndex
from examples.shop.settings import Settings
from examples.shop.shapes import Customer
from examples.shop.store.database import Database

IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass
class Shop:
    """All a handler needs. `index` and `demo_customers` are read when the database is open."""

    settings: Settings
    database: Database
    index: ProductIndex
    demo_customers: list[Customer] = field(default_factory=list)


App: TypeAlias = Sanic[Config, Any]
ShopRequest: TypeAlias = Request[App, Any]


def shop_of(request: ShopRequest) -> Shop:
    shop: Shop = request.app.ctx.shop
    return shop


def check_token(request: ShopRequest) -> None:
    """Raises Unauthenticated unless the gateway's token is presented."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    expected = shop_of(request).settings.shop_token.encode()
    given = token.strip().encode(errors="surrogateescape")
    if not (scheme.lower() == "bearer" and expected and hmac.compare_digest(given, expected)):
        raise Unauthenticated("A valid bearer token is needed.")


def idempotency_key(request: ShopRequest) -> str:
    key = request.headers.get("idempotency-key", "")
    if not IDEMPOTENCY_KEY.fullmatch(key):
        code = "invalid" if key else "required"
        raise BadRequest("Writes carry an Idempotency-Key of at most 255 characters.", (("Idempotency-Key", code),))
    return key


def json_object(request: ShopRequest) -> dict[str, Any]:
    """The body; an empty one is an empty object. Raises NotJson, BadRequest, InvalidFields."""
    if not request.body:
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NotJson("The body must be application/json.")
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise InvalidFields("The body must be an object.", (("body", "not_an_object"),))
    return body
