"""The store's knowledge base: its entries, and what it was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from handoff.domain.faq import Entry, StoredEntry


class FaqEntries(Protocol):
    """The entries of the knowledge base."""

    def get(self, id: str) -> StoredEntry | None: ...

    def all(self) -> list[StoredEntry]:
        """By id."""

    def ids(self) -> set[str]: ...

    def categories(self) -> set[str]: ...

    def add(self, entries: Sequence[Entry], now: datetime, by: str) -> None:
        """Store new ones; the caller has looked that their ids are free."""

    def change(self, changes: Sequence[tuple[Entry, int]], now: datetime, by: str) -> list[str]:
        """Store each over the version named beside it; the ids of those that have another one by now, which stay as they are."""


@dataclass(frozen=True)
class FaqSearch:
    """One search as it is logged: masked, of an hour, of nobody."""

    hour: datetime
    text: str
    text_hash: str
    outcome: str
    entry_id: str | None
    score: float | None
    locale: str


@dataclass(frozen=True)
class Unanswered:
    """A question that found nothing, and how often it was asked."""

    text: str
    text_hash: str
    count: int
    first_at: datetime
    last_at: datetime


class FaqSearches(Protocol):
    """What the knowledge base was asked."""

    def add(self, search: FaqSearch) -> None: ...

    def outcomes(self, since: datetime, until: datetime) -> dict[tuple[datetime, str], int]:
        """How many searches of each hour came to each outcome."""

    def found(self, since: datetime, until: datetime, limit: int) -> list[tuple[str, int]]:
        """The entries that were given as the answer most often."""

    def unanswered(self, since: datetime, until: datetime, limit: int) -> list[Unanswered]:
        """The questions that found nothing, those asked most first; without those that a draft was made of."""

    def take_up(self, text_hashes: Sequence[str], draft_id: str) -> None:
        """A draft was made of these questions."""
