"""A merchant's shop in memory: refuses, goes away and recognises keys as a real one does."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable
from typing import Any

from handoff.domain.errors import Unavailable
from handoff.services.shop import JsonObject, ShopRefusal


def an_order(number: str, customer_id: str, phone_last4: str, **changes: Any) -> JsonObject:
    """A delivered order of one shirt and one cup, in one parcel."""
    return {
        "number": number,
        "customer_id": customer_id,
        "phone_last4": phone_last4,
        "status": "delivered",
        "items": [
            {"sku": "SHIRT-1", "name": {"zh": "衬衫", "en": "Shirt"}, "size": "M", "quantity": 1, "price": 9900},
            {"sku": "CUP-1", "name": {"zh": "杯子", "en": "Cup"}, "size": None, "quantity": 2, "price": 2900},
        ],
        "total": 15700,
        "currency": "CNY",
        "parcels": [
            {"tracking_number": f"SF{number[2:]}", "carrier": {"zh": "顺丰", "en": "SF"}, "status": "delivered"}
        ],
        "returns": [],
    } | changes


class MemoryShop:
    """See services.shop.ShopClient."""

    def __init__(self) -> None:
        self.orders: dict[str, JsonObject] = {}
        self.customers: dict[str, JsonObject] = {}
        self.returns: dict[str, JsonObject] = {}
        """By key: what was opened, once each."""
        self.writes: dict[str, tuple[Any, JsonObject]] = {}
        self.away = False
        self.away_for_writes = False
        self.refuses: ShopRefusal | None = None
        self.during_return: Callable[[], Awaitable[None]] | None = None
        """Something that happens while the shop works on a return."""

    def add(self, *orders: JsonObject) -> None:
        self.orders.update({order["number"]: order for order in orders})

    def _check(self, *, write: bool = False) -> None:
        if self.away or (write and self.away_for_writes):
            raise Unavailable("shop_unavailable")
        if write and self.refuses is not None:
            raise self.refuses

    def _once(self, key: str, request: Any, work: Callable[[], JsonObject]) -> JsonObject:
        if key in self.writes:
            assert self.writes[key][0] == request, "the same key came with another request"
            return copy.deepcopy(self.writes[key][1])
        answer = work()
        self.writes[key] = (copy.deepcopy(request), copy.deepcopy(answer))
        return answer

    async def search_products(self, query: str, limit: int) -> list[JsonObject]:
        self._check()
        return []

    async def customer(self, identifier: str) -> JsonObject | None:
        self._check()
        return self.customers.get(identifier)

    async def customer_orders(self, identifier: str, limit: int) -> list[JsonObject]:
        self._check()
        return [copy.deepcopy(o) for o in self.orders.values() if o["customer_id"] == identifier][:limit]

    async def order(self, number: str) -> JsonObject | None:
        self._check()
        return copy.deepcopy(self.orders.get(number))

    async def parcel(self, tracking_number: str) -> JsonObject | None:
        self._check()
        for order in self.orders.values():
            for parcel in order["parcels"]:
                if parcel["tracking_number"] == tracking_number:
                    return {**parcel, "order_number": order["number"], "events": []}
        return None

    async def cancel(self, number: str, reason: str, *, key: str) -> JsonObject:
        self._check(write=True)
        return self._once(key, [number, reason], lambda: self._change(number, status="cancelled"))

    async def change_address(self, number: str, address: JsonObject, *, key: str) -> JsonObject:
        self._check(write=True)
        return self._once(key, [number, address], lambda: self._change(number, address=address))

    async def make_invoice(self, number: str, invoice: JsonObject, *, key: str) -> JsonObject:
        self._check(write=True)
        return self._once(key, [number, invoice], lambda: {"id": f"I-{number}", **invoice})

    async def open_return(self, number: str, request: JsonObject, *, key: str) -> JsonObject:
        if self.during_return is not None:
            await self.during_return()
        self._check(write=True)

        def work() -> JsonObject:
            self.returns[key] = {"order": number, **request}
            return {"id": f"RT{len(self.returns)}", "status": "approved", "refund_amount": 9900}

        return self._once(key, [number, request], work)

    def _change(self, number: str, **values: Any) -> JsonObject:
        self.orders[number] |= values
        return copy.deepcopy(self.orders[number])
