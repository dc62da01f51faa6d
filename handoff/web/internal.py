"""What the bot asks: docs/interfaces.md section 3. The bot names a conversation; who its customer is, we know."""

from __future__ import annotations

import re
from typing import Any

from handoff.domain.errors import Invalid
from handoff.domain.ids import ConversationId
from handoff.services.cases import list_cases_of, open_case
from handoff.services.faq_log import search_faq
from handoff.services.idempotency import check_key
from handoff.services.orders import change_order, list_orders, lookup_order, parcels, public_order
from handoff.services.views import case_json
from handoff.web.routing import Access, Body, Call, Routes

routes = Routes()
BASE = "/internal/v1"
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}")


class Search(Body):
    """Words in a language."""

    query: str = ""
    locale: str = "zh-Hans"
    conversation_id: str = ""
    limit: int = 3


class OfConversation(Body):
    """The conversation it is about."""

    conversation_id: str
    limit: int = 10


class Lookup(OfConversation):
    """An order, and the digits that prove it is his."""

    order_number: str
    phone_last4: str | None = None


class Parcel(OfConversation):
    """By order or by tracking number."""

    order_number: str | None = None
    tracking_number: str | None = None


class Cancel(OfConversation):
    """Why, in the customer's words."""

    order_number: str
    reason: str | None = None


class Address(OfConversation):
    """The new address as one text."""

    order_number: str
    address: dict[str, Any]


class Invoice(OfConversation):
    """Made out to whom, sent where."""

    order_number: str
    title: str
    tax_number: str | None = None
    email: str


class NewCase(OfConversation):
    """What must be done."""

    kind: str
    order_number: str | None = None
    subject: str | None = None
    data: dict[str, Any] = {}


def _key(call: Call) -> str:
    key = check_key(call.request.headers.get("idempotency-key"), required=True)
    if key is None or not key.isascii() or " " in key:
        raise Invalid("Idempotency-Key", "visible_ascii_only")
    return key


def _limit(value: int) -> int:
    return max(1, min(50, value))


def _short(value: str, field: str, longest: int) -> str:
    if not 0 < len(value.strip()) <= longest:
        raise Invalid(field, f"from_1_to_{longest}_characters")
    return value.strip()


@routes.add("POST", f"{BASE}/faq/search", Access.INTERNAL, "Search the knowledge base", body=Search)
async def faq_search(call: Call) -> dict[str, Any]:
    """`{decision, results}`."""
    b: Search = call.body
    query = _short(b.query, "query", 5000)[:500]
    return await search_faq(call.services, query, b.locale, max(1, min(10, b.limit)))


@routes.add("POST", f"{BASE}/products/search", Access.INTERNAL, "Search the shop's products", body=Search)
async def product_search(call: Call) -> dict[str, Any]:
    """`{products}`."""
    b: Search = call.body
    return {"products": await call.services.shop.search_products(b.query[:200], _limit(b.limit))}


@routes.add("POST", f"{BASE}/orders/list", Access.INTERNAL, "List the customer's orders", body=OfConversation)
async def orders(call: Call) -> dict[str, Any]:
    """`{verified, orders}`."""
    b: OfConversation = call.body
    verified, found = await list_orders(call.services, ConversationId(b.conversation_id), _limit(b.limit))
    return {"verified": verified, "orders": [public_order(o) for o in found]}


@routes.add("POST", f"{BASE}/orders/lookup", Access.INTERNAL, "Open an order", body=Lookup)
async def lookup(call: Call) -> dict[str, Any]:
    """`{order}`."""
    b: Lookup = call.body
    order = await lookup_order(call.services, ConversationId(b.conversation_id), b.order_number, b.phone_last4)
    return {"order": public_order(order)}


@routes.add("POST", f"{BASE}/orders/parcel", Access.INTERNAL, "Find parcels", body=Parcel)
async def parcel(call: Call) -> dict[str, Any]:
    """`{parcels}`."""
    b: Parcel = call.body
    return {
        "parcels": await parcels(call.services, ConversationId(b.conversation_id), b.order_number, b.tracking_number)
    }


@routes.add("POST", f"{BASE}/orders/cancel", Access.INTERNAL, "Cancel an order", body=Cancel)
async def cancel(call: Call) -> dict[str, Any]:
    """`{order}`."""
    b: Cancel = call.body
    key, reason = _key(call), (b.reason or "")[:500]

    async def effect(number: str) -> dict[str, Any]:
        return {"order": public_order(await call.services.shop.cancel(number, reason, key=key))}

    id = ConversationId(b.conversation_id)
    return await change_order(call.services, id, b.order_number, "cancel", {"reason": reason}, key, effect)


@routes.add("POST", f"{BASE}/orders/address", Access.INTERNAL, "Change an order's address", body=Address)
async def address(call: Call) -> dict[str, Any]:
    """`{order}`."""
    b: Address = call.body
    key = _key(call)
    fields = {
        k: _short(str(v), f"address.{k}", 300) for k, v in b.address.items() if k in ("text", "name", "phone") and v
    }
    if "text" not in fields:
        raise Invalid("address.text", "required")

    async def effect(number: str) -> dict[str, Any]:
        return {"order": public_order(await call.services.shop.change_address(number, fields, key=key))}

    id = ConversationId(b.conversation_id)
    return await change_order(call.services, id, b.order_number, "address", fields, key, effect)


@routes.add("POST", f"{BASE}/orders/invoice", Access.INTERNAL, "Ask for an invoice", body=Invoice)
async def invoice(call: Call) -> dict[str, Any]:
    """`{invoice, order}`."""
    b: Invoice = call.body
    key = _key(call)
    if not _EMAIL.fullmatch(b.email):
        raise Invalid("email", "not_an_email")
    wanted = {"title": _short(b.title, "title", 200), "email": b.email}
    if b.tax_number:
        wanted["tax_number"] = _short(b.tax_number, "tax_number", 40)

    async def effect(number: str) -> dict[str, Any]:
        made = await call.services.shop.make_invoice(number, wanted, key=key)
        order = await call.services.shop.order(number)
        return {"invoice": made, "order": public_order(order or {})}

    id = ConversationId(b.conversation_id)
    return await change_order(call.services, id, b.order_number, "invoice", wanted, key, effect)


@routes.add("POST", f"{BASE}/cases", Access.INTERNAL, "Open a case", body=NewCase)
async def new_case(call: Call) -> dict[str, Any]:
    """`{case}`."""
    b: NewCase = call.body
    case = await open_case(
        call.services,
        ConversationId(b.conversation_id),
        kind=b.kind,
        order_number=b.order_number,
        subject=b.subject,
        data=b.data,
        key=_key(call),
    )
    return {"case": case_json(case)}


@routes.add("POST", f"{BASE}/cases/list", Access.INTERNAL, "List the customer's cases", body=OfConversation)
async def cases(call: Call) -> dict[str, Any]:
    """`{cases}`."""
    found = await list_cases_of(call.services, ConversationId(call.body.conversation_id))
    return {"cases": [case_json(c) for c in found]}
