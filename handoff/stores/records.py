"""Small durable facts in SQL: idempotent answers, opened orders, the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from handoff.domain.ids import ConversationId, CustomerId
from handoff.stores.schema import answers, audit, metadata, order_grants


class SqlRecords:
    """See ports.Records."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def answer(self, scope: str, key: str) -> tuple[str, dict[str, Any]] | None:
        """See ports.Records."""
        query = select(answers.c.request_hash, answers.c.answer).where(answers.c.scope == scope, answers.c.key == key)
        row = self._db.execute(query).one_or_none()
        return (row.request_hash, row.answer) if row else None

    def keep_answer(
        self,
        scope: str,
        key: str,
        request_hash: str,
        answer: dict[str, Any],
        customer_id: CustomerId | None,
        now: datetime,
    ) -> None:
        """See ports.Records."""
        self._db.execute(
            insert(answers),
            {
                "scope": scope,
                "key": key,
                "request_hash": request_hash,
                "answer": answer,
                "customer_id": customer_id,
                "created_at": now,
            },
        )

    def complete_answer(self, scope: str, key: str, answer: dict[str, Any]) -> None:
        """See ports.Records."""
        self._db.execute(update(answers).where(answers.c.scope == scope, answers.c.key == key).values(answer=answer))

    def forget_old(self, now: datetime) -> dict[str, int]:
        """See ports.Records."""
        counts: dict[str, int] = {}
        for table in metadata.sorted_tables:
            if (ends := table.info["ends"]) is not None:
                column, lasts = ends
                counts[table.name] = self._db.execute(delete(table).where(table.c[column] < now - lasts)).rowcount
        return counts

    def grant_order(
        self, conversation_id: ConversationId, customer_id: CustomerId, order_number: str, now: datetime
    ) -> None:
        """See ports.Records."""
        if order_number not in self.granted_orders(conversation_id):
            self._db.execute(
                insert(order_grants),
                {
                    "conversation_id": conversation_id,
                    "order_number": order_number,
                    "customer_id": customer_id,
                    "created_at": now,
                },
            )

    def granted_orders(self, conversation_id: ConversationId) -> list[str]:
        """See ports.Records."""
        query = select(order_grants.c.order_number).where(order_grants.c.conversation_id == conversation_id)
        return list(self._db.scalars(query))

    def audit(self, at: datetime, actor: str, action: str, subject: str, data: dict[str, Any]) -> None:
        """See ports.Records."""
        self._db.execute(insert(audit), {"at": at, "actor": actor, "action": action, "subject": subject, "data": data})
