"""The store's cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from handoff.domain.cases import Case, CaseStatus
from handoff.domain.ids import CaseId, CustomerId


class Cases(Protocol):
    """Cases and what happened to them."""

    def add(self, case: Case, key: str, request_hash: str) -> None: ...

    def by_key(self, key: str) -> tuple[Case, str] | None:
        """The case made under this idempotency key, with the hash of that request."""

    def get(self, id: CaseId) -> Case | None: ...

    def lock(self, id: CaseId) -> Case:
        """The case, with its row held until the transaction ends. Raises NotFound."""

    def live(self, subject: str) -> Case | None:
        """The case about this subject that is being dealt with; there is one at the most."""

    def save(self, case: Case) -> None: ...

    def next_number(self, letter: str, now: datetime) -> str: ...

    def search(
        self,
        *,
        status: CaseStatus | None = None,
        kind: str | None = None,
        customer_id: CustomerId | None = None,
        team_ids: Sequence[str] | None = None,
        limit: int = 200,
    ) -> list[Case]: ...

    def without_effect(self, now: datetime, limit: int) -> list[Case]:
        """After-sales cases that the shop has not heard of yet."""

    def record(self, case_id: CaseId, at: datetime, actor: str, kind: str, data: dict[str, Any]) -> None: ...

    def events(self, case_id: CaseId) -> list[dict[str, Any]]: ...
