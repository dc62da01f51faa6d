"""The store's small durable facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from handoff.domain.ids import ConversationId, CustomerId


class Records(Protocol):
    """Small durable facts: idempotent answers, opened orders, the audit trail."""

    def answer(self, scope: str, key: str) -> tuple[str, dict[str, Any]] | None:
        """The request's hash and the answer given under this key before."""

    def keep_answer(
        self,
        scope: str,
        key: str,
        request_hash: str,
        answer: dict[str, Any],
        customer_id: CustomerId | None,
        now: datetime,
    ) -> None: ...

    def complete_answer(self, scope: str, key: str, answer: dict[str, Any]) -> None:
        """Replace the answer that is kept under this key; nothing when none is."""

    def forget_old(self, now: datetime) -> dict[str, int]:
        """Delete what has outlived its table's retention; rows by table."""

    def grant_order(
        self, conversation_id: ConversationId, customer_id: CustomerId, order_number: str, now: datetime
    ) -> None: ...

    def granted_orders(self, conversation_id: ConversationId) -> list[str]: ...

    def audit(self, at: datetime, actor: str, action: str, subject: str, data: dict[str, Any]) -> None: ...
