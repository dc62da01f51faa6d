"""The store's house rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol


class HouseRules(Protocol):
    """Rules that people set while the system runs, by name, as JSON."""

    def all(self) -> dict[str, Any]: ...

    def lock(self, name: str) -> Any:
        """The rule, with its row held until the transaction ends; None when it was never set."""

    def save(self, name: str, value: Any, now: datetime, by: str) -> None: ...

    def forget(self, name: str) -> None: ...
