"""What each client of a chaos run writes down for itself: what it sent, what was acknowledged, what it showed."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Said:
    """A message that a client sent; `seq` is what the gateway acknowledged it with, None while it has not."""

    client_id: str
    text: str
    seq: int | None = None


@dataclass(frozen=True)
class Shown:
    """A message as a reader had it on his screen. Customers learn the client ids of their own messages only."""

    seq: int
    sender: str
    text: str
    client_id: str | None = None


@dataclass
class Diary:
    """One customer's: in the order of sending and of showing."""

    conversation_id: str = ""
    said: list[Said] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    intended: set[tuple[str, str]] = field(default_factory=set)
    """`(order number, sku)` of the returns he asked for."""
    promised: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Case number → the return that he was told it stands for."""


@dataclass
class DeskDiary:
    """One agent's, by conversation."""

    said: dict[str, list[Said]] = field(default_factory=dict)
    shown: dict[str, list[Shown]] = field(default_factory=dict)
    accepts: list[tuple[str, int, int]] = field(default_factory=list)
    """`(conversation, epoch, last seq)` of each accept that was answered with 200."""
    ends: list[tuple[str, int]] = field(default_factory=list)
    """`(conversation, last seq)` of each hand-back or end that was answered with 200."""
    holds: set[str] = field(default_factory=set)
    """What he owned when the run ended."""


@dataclass(frozen=True)
class Row:
    """A message of the log, as the database holds it."""

    seq: int
    sender: str
    private: bool
    client_id: str | None
    text: str


@dataclass(frozen=True)
class Turn:
    """A bot turn, as the database holds it."""

    turn_no: int
    first_seq: int
    last_seq: int
    state: str


@dataclass(frozen=True)
class Case:
    """A case about an item of an order, as the database holds it."""

    number: str
    order_number: str
    sku: str
    done: bool
    """Whether the shop has answered to it."""


@dataclass
class Truth:
    """What the system holds when all is quiet."""

    log: dict[str, list[Row]] = field(default_factory=dict)
    api: dict[str, list[Shown]] = field(default_factory=dict)
    """Each customer's conversation as the API gives it to him."""
    turns: dict[str, list[Turn]] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)
    returns: list[tuple[str, str]] = field(default_factory=list)
    """`(order number, sku)` of each return that the shop has booked since the start."""
