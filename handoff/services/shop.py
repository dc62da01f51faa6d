"""The merchant's shop, as the use cases see it. Another shop is another implementation."""

from __future__ import annotations

from typing import Any, Protocol

from handoff.domain.errors import Conflict

JsonObject = dict[str, Any]


class ShopRefusal(Conflict):
    """The shop said no; `code` is its reason, e.g. `not_cancellable`."""


class ShopClient(Protocol):
    """Products, orders and what can be done with them.

    Shapes are those of docs/interfaces.md section 4. What is not there is None. Every call raises
    Unavailable("shop_unavailable") when the shop does not answer, and ShopRefusal when it refuses a write.
    Writes are idempotent by `key`.
    """

    async def search_products(self, query: str, limit: int) -> list[JsonObject]: ...

    async def customer(self, identifier: str) -> JsonObject | None: ...

    async def customer_orders(self, identifier: str, limit: int) -> list[JsonObject]: ...

    async def order(self, number: str) -> JsonObject | None: ...

    async def parcel(self, tracking_number: str) -> JsonObject | None: ...

    async def cancel(self, number: str, reason: str, *, key: str) -> JsonObject: ...

    async def change_address(self, number: str, address: JsonObject, *, key: str) -> JsonObject: ...

    async def make_invoice(self, number: str, invoice: JsonObject, *, key: str) -> JsonObject: ...

    async def open_return(self, number: str, request: JsonObject, *, key: str) -> JsonObject: ...
