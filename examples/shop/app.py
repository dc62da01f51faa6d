"""Puts the shop together."""

import json
from functools import partial
from pathlib import Path

from sanic import Sanic
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from examples.shop import seed, web
from examples.shop.api import api
from examples.shop.pages import pages
from examples.shop.requests import App, Shop, ShopRequest
from examples.shop.search import ProductIndex
from examples.shop.settings import Settings
from examples.shop.store.customers import get_customer
from examples.shop.store.database import Database
from examples.shop.store.products import list_cards
from examples.shop.visitor import DEMO_CUSTOMERS

MAX_BODY_BYTES = 64 * 1024
STATIC = Path(__file__).parent / "static"


async def healthz(request: ShopRequest) -> HTTPResponse:
    await request.app.ctx.shop.database.read(lambda connection: connection.execute("SELECT 1").fetchone())
    return json_response({"status": "ok"})


def create_app(settings: Settings, name: str = "kefu-shop") -> App:
    """The shop, not yet started. Its database is opened, and a new one filled, when the server starts."""
    dumps = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))
    app: App = Sanic(name, dumps=dumps, configure_logging=False)
    app.config.REQUEST_MAX_SIZE = MAX_BODY_BYTES
    # Sanic would rewrite its own methods at start to save microseconds, which fails for a second app in one process.
    app.config.TOUCHUP = False
    app.config.FALLBACK_ERROR_FORMAT = "json"
    shop = Shop(settings, Database(settings.database), ProductIndex([]))
    app.ctx.shop = shop

    async def open_database(_: App) -> None:
        await shop.database.open(lambda connection: seed.fill(connection, settings.now()))
        cards = await shop.database.read(lambda connection: list_cards(connection, settings.shop_url))
        shop.index = ProductIndex(cards)
        shop.demo_customers = await shop.database.read(
            lambda connection: [get_customer(connection, customer_id) for customer_id in DEMO_CUSTOMERS]
        )

    async def close_database(_: App) -> None:
        await shop.database.close()

    app.register_listener(open_database, "before_server_start")
    app.register_listener(close_database, "after_server_stop")
    app.add_route(healthz, "/healthz", name="healthz")
    app.static("/static", STATIC, name="static")
    app.blueprint(api)
    app.blueprint(pages)
    web.install(app)
    return app
