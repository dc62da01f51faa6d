"""The shop's pages: home and search, a product, my orders. All of them embed the widget."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from sanic import Blueprint
from sanic.response import HTTPResponse, html, raw, redirect

from examples.shop import pictures
from examples.shop.errors import CrossSite, NotFound
from examples.shop.fields import ID
from examples.shop.requests import ShopRequest, shop_of
from examples.shop.settings import Settings
from examples.shop.store.customers import get_customer
from examples.shop.store.orders import list_orders
from examples.shop.store.parcels import get_parcel
from examples.shop.store.products import get_card, list_cards
from examples.shop.views import CATEGORIES, render
from examples.shop.visitor import CUSTOMER_COOKIE, DEMO_CUSTOMERS, LANGUAGE_COOKIE, language_of, visitor_of

ORDERS_ON_A_PAGE = 10
MOST_ORDERS = 100
RELATED = 4
NOBODY = "'none'"
COOKIE_SECONDS = 30 * 24 * 3600

pages = Blueprint("pages")


def content_security_policy(settings: Settings) -> str:
    """Our own files and the gateway's; nothing else and nothing inline: the widget adopts its style sheet by script."""
    widget = settings.widget_origin or ""
    socket = widget.replace("http", "ws", 1)
    return "; ".join(
        " ".join(part.split())
        for part in (
            "default-src 'none'",
            f"script-src 'self' {widget}",
            f"style-src 'self' {widget}",
            f"img-src 'self' data: blob: {widget}",
            f"font-src 'self' data: {widget}",
            f"media-src 'self' blob: {widget}",
            f"connect-src 'self' {widget} {socket}",
            f"frame-src {widget or NOBODY}",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def render_error(request: ShopRequest, status: int) -> str:
    return render(request, "error.html", None, status=status)


async def page(request: ShopRequest, template: str, **content: object) -> HTTPResponse:
    return html(render(request, template, await visitor_of(request), **content))


@pages.get("/", name="home")
async def home(request: ShopRequest) -> HTTPResponse:
    shop = shop_of(request)
    query, category = request.args.get("q", "").strip()[:200], request.args.get("category", "")
    cards = await shop.database.read(lambda connection: list_cards(connection, shop.settings.shop_url))
    if query:
        by_sku = {card.product["sku"]: card for card in cards}
        cards = [by_sku[sku] for sku in shop.index.find(query)]
    elif category in CATEGORIES:
        cards = [card for card in cards if card.product["category"] == category]
    else:
        category = ""
    return await page(request, "home.html", cards=cards, query=query, category=category)


@pages.get("/products/<sku:str>", name="product")
async def product(request: ShopRequest, sku: str) -> HTTPResponse:
    if not ID.fullmatch(sku):
        raise NotFound("There is no such product.")
    shop = shop_of(request)
    card = await shop.database.read(lambda connection: get_card(connection, sku, shop.settings.shop_url))
    cards = await shop.database.read(lambda connection: list_cards(connection, shop.settings.shop_url))
    same = [
        other for other in cards if other.product["category"] == card.product["category"]
        and other.product["sku"] != card.product["sku"]
    ]  # fmt: skip
    return await page(request, "product.html", card=card, related=same[:RELATED])


@pages.get("/pictures/<file:str>", name="picture")
async def picture(request: ShopRequest, file: str) -> HTTPResponse:
    sku, dot, kind = file.partition(".")
    if not ID.fullmatch(sku) or (dot, kind) != (".", "svg"):
        raise NotFound("There is no such picture.")
    card = await shop_of(request).database.read(lambda connection: get_card(connection, sku, ""))
    # Chat windows on the gateway's pages show it too.
    headers = {"cache-control": "public, max-age=86400", "cross-origin-resource-policy": "cross-origin"}
    return raw(pictures.draw(card.picture, card.colour).encode(), content_type="image/svg+xml", headers=headers)


@pages.get("/orders", name="orders")
async def orders(request: ShopRequest) -> HTTPResponse:
    visitor = await visitor_of(request)
    limit = MOST_ORDERS if request.args.get("all") else ORDERS_ON_A_PAGE
    if visitor is None:
        return html(render(request, "orders.html", None, orders=[], cards={}, parcels={}, more=False))
    shop = shop_of(request)
    found = await shop.database.read(lambda connection: list_orders(connection, visitor["id"], limit + 1))
    shown = found[:limit]
    numbers = [parcel["tracking_number"] for order in shown for parcel in order["parcels"]]
    parcels = await shop.database.read(lambda connection: {each: get_parcel(connection, each) for each in numbers})
    cards = await shop.database.read(lambda connection: list_cards(connection, shop.settings.shop_url))
    by_sku = {card.product["sku"]: card for card in cards}
    more = len(found) > limit and limit < MOST_ORDERS
    return html(render(request, "orders.html", visitor, orders=shown, cards=by_sku, parcels=parcels, more=more))


@pages.post("/session", name="switch_customer")
async def switch_customer(request: ShopRequest) -> HTTPResponse:
    """Become one of the demo customers, or nobody with an empty `customer`."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise CrossSite("Customers are switched on the shop's own pages.")
    customer = request.form.get("customer", "") if request.form else ""
    response = redirect(_back(request))
    if customer in DEMO_CUSTOMERS:
        await shop_of(request).database.read(lambda connection: get_customer(connection, customer))
        response.add_cookie(
            CUSTOMER_COOKIE, customer, httponly=True, samesite="Lax", secure=False, max_age=COOKIE_SECONDS
        )
    else:
        # Ended by hand: the framework's own deletion is a Secure cookie, which plain http on this machine refuses.
        response.add_cookie(CUSTOMER_COOKIE, "", httponly=True, samesite="Lax", secure=False, max_age=0)
    return response


@pages.post("/language", name="switch_language")
async def switch_language(request: ShopRequest) -> HTTPResponse:
    response = redirect(_back(request))
    other = "en" if language_of(request) == "zh" else "zh"
    response.add_cookie(LANGUAGE_COOKIE, other, httponly=True, samesite="Lax", secure=False, max_age=COOKIE_SECONDS)
    return response


def _back(request: ShopRequest) -> str:
    """The page it came from, if it is one of ours; only its path is used, so nobody is sent elsewhere."""
    try:
        parts = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    known = parts.path in ("/", "/orders") or (
        parts.path.startswith("/products/") and ID.fullmatch(parts.path.removeprefix("/products/"))
    )
    if not known:
        return "/"
    query = urlencode([(key, value) for key, value in _pairs(parts.query) if key in ("q", "category", "all")])
    return f"{parts.path}?{query}" if query else parts.path


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, max_num_fields=10)
    except ValueError:
        return []
