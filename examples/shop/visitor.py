"""Who is looking, in which language, and what the widget is told about them."""

import hashlib
import hmac
import json

from examples.shop.errors import NotFound
from examples.shop.requests import ShopRequest, shop_of
from examples.shop.settings import Settings
from examples.shop.shapes import Customer, Language
from examples.shop.store.customers import get_customer

CUSTOMER_COOKIE, LANGUAGE_COOKIE = "shop_customer", "shop_language"
# Only these can be taken on: a cookie with another id is nobody.
DEMO_CUSTOMERS = ("c001", "c002", "c003", "c004", "c005")
WIDGET_LOCALES: dict[Language, str] = {"zh": "zh-Hans", "en": "en"}


def language_of(request: ShopRequest) -> Language:
    """The chosen language, else the browser's first that we speak, else Chinese."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in ("zh", "en"):
        return "en" if chosen == "en" else "zh"
    for part in request.headers.get("accept-language", "").lower().split(","):
        if part.strip().startswith(("zh", "en")):
            return "zh" if part.strip().startswith("zh") else "en"
    return "zh"


async def visitor_of(request: ShopRequest) -> Customer | None:
    """The demo customer who is signed in, or None."""
    customer_id = request.cookies.get(CUSTOMER_COOKIE)
    if customer_id not in DEMO_CUSTOMERS:
        return None
    try:
        return await shop_of(request).database.read(lambda connection: get_customer(connection, customer_id))
    except NotFound:
        return None


def identifier_hash(secret: str, customer_id: str) -> str:
    return hmac.new(secret.encode(), customer_id.encode(), hashlib.sha256).hexdigest()


def widget_config(settings: Settings, visitor: Customer | None, language: Language) -> str | None:
    """What static/widget.js reads, as JSON; None without a widget. The secret itself never leaves."""
    if settings.widget_origin is None:
        return None
    config: dict[str, object] = {
        "baseUrl": settings.base_url,
        "websiteToken": settings.website_token,
        "locale": WIDGET_LOCALES[language],
    }
    if visitor is not None and settings.website_secret:
        config["user"] = {
            "id": visitor["id"],
            "name": visitor["name"],
            "email": visitor["email"],
            "identifier_hash": identifier_hash(settings.website_secret, visitor["id"]),
        }
    return json.dumps(config, ensure_ascii=False)
