"""The gateway's internal API (docs/interfaces.md, section 3) as a small real HTTP server, strict about what it is sent.

Standard library only: it serves the bot's tests, whose environment has no current Sanic.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.fakes.server import FakeServer, Reply, Request

SECRET = "internal-secret"
WRITES = (
    "/internal/v1/orders/cancel",
    "/internal/v1/orders/address",
    "/internal/v1/orders/invoice",
    "/internal/v1/cases",
)


def item(sku: str, zh: str, en: str, size: str, returned: bool = False) -> dict[str, Any]:
    return {"sku": sku, "name": {"zh": zh, "en": en}, "size": size, "quantity": 1, "price": 12900, "returned": returned}


CARDIGAN = item("KN-01", "羊毛针织开衫", "Wool knit cardigan", "M")
SHOES = item("SH-02", "轻便帆布鞋", "Light canvas shoes", "40")


def order(
    number: str, status: str, *items: dict[str, Any], customer: str = "c001", digits: str = "1234"
) -> dict[str, Any]:
    early = status in ("unpaid", "paid", "packed")
    return {
        "number": number,
        "customer_id": customer,
        "phone_last4": digits,
        "status": status,
        "placed_at": "2026-11-10T03:00:00Z",
        "paid_at": None,
        "delivered_at": None,
        "items": list(items),
        "total": 12900 * len(items),
        "currency": "CNY",
        "shipping_fee": 0,
        "address": {"name": "王小明", "phone_masked": "138****1234", "text": "杭州市西湖区文三路1号"},
        "parcels": []
        if early
        else [{"tracking_number": "SF1234567890", "carrier": {"zh": "顺丰", "en": "SF"}, "status": "in_transit"}],
        "invoice": None,
        "returns": [],
        "cancellable": early,
        "address_changeable": early,
        "returnable_until": "2026-12-01T00:00:00Z",
    }


DELIVERED, PAID, SHIPPED, FOREIGN = "KF202611100001", "KF202611180002", "KF202611150003", "KF202611120009"


def orders() -> dict[str, dict[str, Any]]:
    """Three orders of c001 and one of somebody else's."""
    every = [
        order(PAID, "paid", SHOES),
        order(SHIPPED, "shipped", SHOES),
        order(DELIVERED, "delivered", CARDIGAN, SHOES),
        order(FOREIGN, "delivered", SHOES, customer="c002", digits="9876"),
    ]
    return {one["number"]: one for one in copy.deepcopy(every)}


def product(
    sku: str, zh: str, en: str, price: int, sizes: dict[str, int], list_price: int | None = None
) -> dict[str, Any]:
    return {
        "sku": sku,
        "name": {"zh": zh, "en": en},
        "category": "clothes",
        "description": {"zh": zh + "，舒适百搭。", "en": en + "."},
        "price": price,
        "currency": "CNY",
        "list_price": list_price or price,
        "sizes": [{"size": size, "stock": stock} for size, stock in sizes.items()],
        "stock": sum(sizes.values()),
        "delivery_days": [2, 4],
        "returnable": True,
        "url": "/p/" + sku,
        "image": "/i/" + sku,
    }


AT_THE_HUB = {
    "at": "2026-11-20T02:00:00Z",
    "place": {"zh": "杭州", "en": "Hangzhou"},
    "text": {"zh": "已到达转运中心", "en": "Arrived at the hub"},
}
PRODUCTS = [
    product("KN-01", "羊毛针织开衫", "Wool knit cardigan", 12900, {"S": 3, "M": 0, "L": 5}, 19900),
    product("SH-02", "轻便帆布鞋", "Light canvas shoes", 15900, {"39": 2, "40": 4}),
    product("MG-03", "保温杯", "Thermos bottle", 8900, {"500ml": 9}),
]
FAQ = {
    "entry_id": "ship-when",
    "category": "shipping",
    "score": 0.91,
    "question": {"zh": "多久发货", "en": "When do you ship?"},
    "answer": {"zh": "付款后48小时内发货。", "en": "We ship within 48 hours of payment."},
}


class FakeGateway(FakeServer):
    """`with FakeGateway() as gateway:` then `gateway.url`. `calls` has every request as (path, body, key)."""

    def __init__(self, customer: str | None = "c001") -> None:
        super().__init__()
        self.customer = customer  # None: not verified
        self.orders = orders()
        self.opened: set[str] = set()
        self.cases: list[dict[str, Any]] = []
        self.calls: list[tuple[str, dict[str, Any], str | None]] = []
        self.answers: dict[str, tuple[int, dict[str, Any]]] = {}
        self.faq_decision = "answer"
        self.refuse: dict[str, tuple[int, str]] = {}  # path → what it answers instead

    def written(self, path: str) -> list[dict[str, Any]]:
        """The bodies of the writes to this path, each key once."""
        return list({key: body for called, body, key in self.calls if called == "/internal/v1/" + path}.values())

    def answer(self, request: Request) -> Reply:
        if request.method != "POST":
            return Reply(*_refusal(405, "method_not_allowed"))
        if request.header("Authorization") != f"Bearer {SECRET}":
            return Reply(*_refusal(403, "forbidden"))
        return Reply(*self._post(request.path, json.loads(request.body), request.header("Idempotency-Key") or None))

    def _post(self, path: str, body: dict[str, Any], key: str | None) -> tuple[int, dict[str, Any]]:
        self.calls.append((path, body, key))
        if path in self.refuse:
            status, code = self.refuse[path]
            return status, {"code": code, "message": code, "errors": []}
        if path not in WRITES:
            return self._answer(path, body)
        if not key:
            return _refusal(422, "key_missing")
        if key not in self.answers:
            self.answers[key] = self._answer(path, body)
        return self.answers[key]

    def _answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        name = path.removeprefix("/internal/v1/").replace("/", "_")
        method = getattr(self, "_" + name, None)
        if method is None:
            return _refusal(404, "not_found")
        if name not in ("products_search",) and "conversation_id" not in body:
            return _refusal(422, "conversation_id_missing")
        status, answer = method(body)
        return status, answer

    def _faq_search(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        lang = "en" if body["locale"] == "en" else "zh"
        result = {**FAQ, "question": FAQ["question"][lang], "answer": FAQ["answer"][lang]}  # type: ignore[index]
        return 200, {"decision": self.faq_decision, "results": [] if self.faq_decision == "unknown" else [result]}

    def _products_search(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        query = body["query"].lower()
        hits = [
            p for p in PRODUCTS if not query or any(_meets(query, text) for text in (*p["name"].values(), p["sku"]))
        ]
        return 200, {"products": hits[: body.get("limit", 5)]}

    def _orders_list(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        mine = [o for o in self.orders.values() if self._open(o["number"])]
        return 200, {
            "verified": self.customer is not None,
            "orders": [_public(o) for o in mine][: body.get("limit", 5)],
        }

    def _orders_lookup(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        found = self.orders.get(body["order_number"])
        if self._open(body["order_number"]):
            return 200, {"order": _public(self.orders[body["order_number"]])}
        digits = body.get("phone_last4")
        if self.customer is None and digits is None:
            return _refusal(403, "verification_required")
        if self.customer is not None or found is None or found["phone_last4"] != digits:
            return _refusal(404, "order_not_found")
        self.opened.add(found["number"])
        return 200, {"order": _public(found)}

    def _orders_parcel(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        number = body.get("order_number")
        if number is None:
            number = next((o["number"] for o in self.orders.values() if o["parcels"]), "")
        if not self._open(number):
            return _refusal(
                403 if self.customer is None else 404,
                "verification_required" if self.customer is None else "order_not_found",
            )
        parcels = [
            {
                **parcel,
                "order_number": number,
                "eta": "2026-11-25T10:00:00Z",
                "events": [AT_THE_HUB],
            }
            for parcel in self.orders[number]["parcels"]
        ]
        return 200, {"parcels": parcels}

    def _orders_cancel(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return self._change(body, "cancellable", "not_cancellable", {"status": "cancelled", "cancellable": False})

    def _orders_address(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return self._change(
            body, "address_changeable", "address_locked", {"address": {"text": body["address"]["text"]}}
        )

    def _orders_invoice(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        status, answer = self._change(body, "total", "not_invoiceable", {"invoice": {"title": body["title"]}})
        return status, answer if status != 200 else {
            **answer,
            "invoice": {"title": body["title"], "email": body["email"]},
        }

    def _cases(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        number = body.get("order_number")
        if body["kind"] in ("return", "exchange"):
            if not number or not self._open(number):
                return _refusal(404, "order_not_found")
            if body["data"]["sku"] not in {one["sku"] for one in self.orders[number]["items"]}:
                return _refusal(422, "bad_sku")
            about = (number, body["data"]["sku"])
            live = next((c for c in self.cases if (c["order_number"], c["data"].get("sku")) == about), None)
            if live is not None:
                status, refusal = _refusal(409, "already_open")
                return status, refusal | {"case": {name: live[name] for name in ("number", "kind", "status")}}
        case = {
            "id": f"case{len(self.cases)}",
            "number": f"R26112200{len(self.cases):02d}",
            "kind": body["kind"],
            "status": "open",
            "order_number": number,
            "summary": "",
            "data": body["data"],
            "due_at": "2026-11-24T10:00:00Z",
            "created_at": "2026-11-22T10:00:00Z",
        }
        self.cases.insert(0, case)
        return 200, {"case": case}

    def _cases_list(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return 200, {"cases": self.cases}

    def _open(self, number: str) -> bool:
        found = self.orders.get(number)
        return found is not None and (found["customer_id"] == self.customer or number in self.opened)

    def _change(
        self, body: dict[str, Any], flag: str, refusal: str, change: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        if not self._open(body["order_number"]):
            return _refusal(404, "order_not_found")
        found = self.orders[body["order_number"]]
        if not found[flag]:
            return _refusal(409, refusal)
        found.update(change)
        return 200, {"order": _public(found)}


def _meets(query: str, text: str) -> bool:
    """Half of the name in the query, or the query in the name: by pairs of characters."""
    text = text.lower()
    pairs = {text[at : at + 2] for at in range(len(text) - 1)} - {" "}
    return query in text or sum(pair in query for pair in pairs) * 2 >= len(pairs)


def _public(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in ("customer_id", "phone_last4")}


def _refusal(status: int, code: str) -> tuple[int, dict[str, Any]]:
    return status, {"code": code, "message": code, "errors": []}
