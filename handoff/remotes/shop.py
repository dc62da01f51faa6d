"""The merchant's shop over HTTP: docs/interfaces.md section 4."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from handoff.domain.errors import Unavailable
from handoff.remotes.http import NO_ANSWER, Http
from handoff.services.shop import JsonObject, ShopRefusal

TIMEOUT_SECONDS = 4.0


class HttpShop:
    """See handoff.services.shop.ShopClient."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._http = url.rstrip("/"), Http(token, TIMEOUT_SECONDS)

    async def _call(self, method: str, path: str, *, key: str | None = None, **more: Any) -> JsonObject | None:
        try:
            headers = {"Idempotency-Key": key} if key else None
            reply = await self._http.ask(method, self._url + path, headers=headers, **more)
        except NO_ANSWER as error:
            raise Unavailable("shop_unavailable") from error
        if reply.status == 404:
            return None
        if reply.status not in (200, 201, 409, 422):
            raise Unavailable("shop_unavailable")
        try:
            body = json.loads(reply.body)
        except (ValueError, RecursionError) as error:
            raise Unavailable("shop_unavailable") from error
        if not isinstance(body, dict):
            raise Unavailable("shop_unavailable")
        if reply.status in (409, 422):
            raise ShopRefusal(str(body.get("message", "")), code=str(body.get("code")), reason=body.get("reason"))
        return body

    async def _write(self, method: str, number: str, what: str, body: JsonObject, key: str) -> JsonObject:
        found = await self._call(method, f"/api/orders/{quote(number, safe='')}/{what}", key=key, json=body)
        if found is None:
            raise ShopRefusal(code="order_not_found")
        return found

    async def search_products(self, query: str, limit: int) -> list[JsonObject]:
        """See ShopClient."""
        found = await self._call("GET", "/api/products", params={"q": query, "limit": limit})
        return list(found["products"]) if found else []

    async def customer(self, identifier: str) -> JsonObject | None:
        """See ShopClient."""
        return await self._call("GET", f"/api/customers/{quote(identifier, safe='')}")

    async def customer_orders(self, identifier: str, limit: int) -> list[JsonObject]:
        """See ShopClient."""
        found = await self._call("GET", f"/api/customers/{quote(identifier, safe='')}/orders", params={"limit": limit})
        return list(found["orders"]) if found else []

    async def order(self, number: str) -> JsonObject | None:
        """See ShopClient."""
        return await self._call("GET", f"/api/orders/{quote(number, safe='')}")

    async def parcel(self, tracking_number: str) -> JsonObject | None:
        """See ShopClient."""
        return await self._call("GET", f"/api/parcels/{quote(tracking_number, safe='')}")

    async def cancel(self, number: str, reason: str, *, key: str) -> JsonObject:
        """See ShopClient."""
        return await self._write("POST", number, "cancel", {"reason": reason}, key)

    async def change_address(self, number: str, address: JsonObject, *, key: str) -> JsonObject:
        """See ShopClient."""
        return await self._write("PUT", number, "address", address, key)

    async def make_invoice(self, number: str, invoice: JsonObject, *, key: str) -> JsonObject:
        """See ShopClient."""
        return await self._write("POST", number, "invoice", invoice, key)

    async def open_return(self, number: str, request: JsonObject, *, key: str) -> JsonObject:
        """See ShopClient."""
        return await self._write("POST", number, "returns", request, key)

    async def healthy(self) -> bool:
        """Whether it answers."""
        try:
            return (await self._http.ask("GET", f"{self._url}/healthz", seconds=2.0)).status == 200
        except NO_ANSWER:
            return False

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.close()
