"""The bot's way to the gateway: the internal API (docs/interfaces.md, section 3) as async methods.

Stands alone: httpx and the standard library, Python 3.10 and newer.
"""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any

import httpx

# Below the five seconds that an action may take: the customer hears that something is wrong in the same turn.
TIMEOUT_SECONDS = 4.0
DEFAULT_GATEWAY_URL = "http://127.0.0.1:8080"


class HandoffError(Exception):
    """The gateway refused, or could not be reached (status 503, code `gateway_unavailable`)."""

    def __init__(self, status: int, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.details = details or {}

    @property
    def unavailable(self) -> bool:
        """True when trying later may help: our side or the shop's is down."""
        return self.status >= 500


class HandoffClient:
    """One connection pool. `base_url`: a gateway, or several by comma, any of which may answer.

    Every method raises HandoffError for any answer but 200.
    """

    def __init__(self, base_url: str, secret: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._urls = [url.strip().rstrip("/") for url in base_url.split(",") if url.strip()]
        # trust_env off: a proxy meant for the outside must never see these calls.
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {secret}"},
            timeout=TIMEOUT_SECONDS,
            transport=transport,
            trust_env=False,
        )

    @classmethod
    def from_env(cls) -> HandoffClient:
        """Read KEFU_GATEWAY_URL and KEFU_INTERNAL_SECRET; nothing connects before the first call."""
        return cls(os.environ.get("KEFU_GATEWAY_URL", DEFAULT_GATEWAY_URL), os.environ.get("KEFU_INTERNAL_SECRET", ""))

    async def __aenter__(self) -> HandoffClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def faq_search(self, conversation_id: str, query: str, locale: str, limit: int = 3) -> dict[str, Any]:
        """`{decision: answer|choices|unknown, results: [{entry_id, category, question, answer, score}]}`."""
        body = {"query": query, "locale": locale, "conversation_id": conversation_id, "limit": limit}
        return await self._post("/internal/v1/faq/search", body)

    async def products_search(self, query: str, locale: str, limit: int = 5) -> list[dict[str, Any]]:
        """Best match first; an empty query gives the best-sellers."""
        answer = await self._post("/internal/v1/products/search", {"query": query, "locale": locale, "limit": limit})
        return list(answer["products"])

    async def orders_list(self, conversation_id: str, limit: int = 5) -> dict[str, Any]:
        """`{verified, orders}`, newest first; an unverified customer sees what was opened in this conversation."""
        return await self._post("/internal/v1/orders/list", {"conversation_id": conversation_id, "limit": limit})

    async def orders_lookup(
        self, conversation_id: str, order_number: str, phone_last4: str | None = None
    ) -> dict[str, Any]:
        """The order. 404 `order_not_found`, 403 `verification_required`, 429 `too_many_tries`."""
        body = _order_body(conversation_id, order_number, phone_last4=phone_last4)
        return dict((await self._post("/internal/v1/orders/lookup", body))["order"])

    async def orders_parcel(
        self, conversation_id: str, order_number: str | None = None, tracking_number: str | None = None
    ) -> list[dict[str, Any]]:
        """The parcels of an order, or the one with this tracking number. Refusals as `orders_lookup`."""
        body = _order_body(conversation_id, order_number, tracking_number=tracking_number)
        return list((await self._post("/internal/v1/orders/parcel", body))["parcels"])

    async def orders_cancel(
        self, conversation_id: str, order_number: str, *, key: str, reason: str | None = None
    ) -> dict[str, Any]:
        """The cancelled order. 409 `not_cancellable`."""
        body = _order_body(conversation_id, order_number, reason=reason)
        return dict((await self._post("/internal/v1/orders/cancel", body, key))["order"])

    async def orders_address(self, conversation_id: str, order_number: str, text: str, *, key: str) -> dict[str, Any]:
        """The order with its new address. 409 `address_locked`."""
        body = _order_body(conversation_id, order_number, address={"text": text})
        return dict((await self._post("/internal/v1/orders/address", body, key))["order"])

    async def orders_invoice(
        self, conversation_id: str, order_number: str, title: str, email: str, tax_number: str | None, *, key: str
    ) -> dict[str, Any]:
        """`{invoice, order}`. 409 `not_invoiceable`."""
        body = _order_body(conversation_id, order_number, title=title, email=email, tax_number=tax_number)
        return await self._post("/internal/v1/orders/invoice", body, key)

    async def cases_create(
        self,
        conversation_id: str,
        kind: str,
        data: dict[str, Any],
        *,
        key: str,
        order_number: str | None = None,
        subject: str | None = None,
    ) -> dict[str, Any]:
        """The new case, or the one that this key opened before. 409 `not_returnable`."""
        body = _order_body(conversation_id, order_number, kind=kind, subject=subject, data=data)
        return dict((await self._post("/internal/v1/cases", body, key))["case"])

    async def cases_list(self, conversation_id: str) -> list[dict[str, Any]]:
        """The customer's cases, newest first."""
        return list((await self._post("/internal/v1/cases/list", {"conversation_id": conversation_id}))["cases"])

    async def _post(self, path: str, body: dict[str, Any], key: str | None = None) -> dict[str, Any]:
        headers = {"Idempotency-Key": key} if key else {}
        try:
            response = await self._post_to_one(path, body, headers)
            answer = response.json()
        except httpx.HTTPError as error:
            raise HandoffError(503, "gateway_unavailable", type(error).__name__) from error
        except ValueError as error:
            raise HandoffError(502, "bad_answer", "The gateway's answer is not JSON.") from error
        if response.status_code == 200 and isinstance(answer, dict):
            return answer
        details = answer if isinstance(answer, dict) else {}
        raise HandoffError(
            response.status_code, str(details.get("code", "unknown")), str(details.get("message", "")), details
        )

    async def _post_to_one(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
        """Ask the gateway that answered last, and the next when it is gone.

        Asking twice is harmless: what changes something carries a key, which every gateway knows from the same database.
        """
        for last in [False] * (len(self._urls) - 1) + [True]:
            try:
                return await self._http.post(self._urls[0] + path, json=body, headers=headers)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.RemoteProtocolError, httpx.ReadError):
                if last:
                    raise
                self._urls.append(self._urls.pop(0))
        raise httpx.ConnectError("no gateway's address is known")


def _order_body(conversation_id: str, order_number: str | None, **more: Any) -> dict[str, Any]:
    """The fields that are set: the gateway takes an absent field, not null."""
    fields = {"conversation_id": conversation_id, "order_number": order_number, **more}
    return {name: value for name, value in fields.items() if value is not None}
