"""What the outbox needs of a social network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from handoff.domain.message import Message
from handoff.domain.people import Inbox


class Undeliverable(Exception):
    """The network will never take it: the customer has blocked us, the account is gone, the words are refused."""


class TryLater(Exception):
    """The network does not take it now. `retry_after`: seconds, when it said so; then nothing of this inbox is sent before."""

    def __init__(self, why: str, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Address:
    """Where a customer is reached: an account of ours on a network, and his id there."""

    inbox: Inbox
    external_id: str


class Channel(Protocol):
    """One kind of network."""

    async def deliver(self, to: Address, message: Message, token: str) -> str | None:
        """Hand a message over; its id there. `token` is the same for each attempt. Raises Undeliverable or TryLater; anything
        else that is raised counts as TryLater."""
