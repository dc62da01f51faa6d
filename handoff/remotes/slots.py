"""Which Rasa process answers which conversation, and which processes can.

Every conversation has one of 64 slots for good, every slot a home among the processes. While the home is down, the slot is served
by the next process in line that is up; it goes home when the home has been healthy for a while. Each gateway watches for itself:
that two of them may differ for a moment is harmless, because SQL gives a turn to one runner, remembers with which process each
turn was answered, and whoever asks another one sends along what that one may not know.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

SLOTS = 64
# A process that came back must stay healthy for this long before its slots go home: one that dies again with its first turn
# would throw conversations about. Where there is nowhere else to go, it serves at once.
SETTLE_SECONDS = 5.0
# Time-outs in a row after which a process is asked whether it lives; one slow turn tells nothing.
TIMEOUTS = 2


def slot_of(conversation_id: str) -> int:
    """The conversation's slot, 0 to SLOTS - 1, the same in every gateway."""
    return int.from_bytes(hashlib.sha256(conversation_id.encode()).digest()[:4], "big") % SLOTS


class State(Enum):
    """Whether turns go to a process: its circuit breaker."""

    UP = "up"
    """Closed: turns go there."""
    DOWN = "down"
    """Open: nobody listens, or its health check fails."""
    SETTLING = "settling"
    """Half open: healthy again, not yet for long."""


@dataclass
class Process:
    """One Rasa process as this gateway sees it."""

    url: str
    state: State = State.UP
    since: float = 0.0
    timeouts: int = 0


class SlotTable:
    """The processes and who serves what."""

    def __init__(self, urls: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        self.processes = [Process(url) for url in urls]
        self._clock = clock

    def serving(self, conversation_id: str) -> Process | None:
        """The process that answers this conversation now; None when all are down."""
        home = slot_of(conversation_id) % len(self.processes)
        in_line = self.processes[home:] + self.processes[:home]
        up = next((p for p in in_line if p.state is State.UP), None)
        return up or next((p for p in in_line if p.state is State.SETTLING), None)

    def answered(self, process: Process) -> None:
        """It answered a turn, be it with a refusal: it lives and is not too slow."""
        process.timeouts = 0

    def timed_out(self, process: Process) -> bool:
        """It did not answer in time. Whether to ask now if it lives at all."""
        process.timeouts += 1
        return process.timeouts >= TIMEOUTS

    def down(self, process: Process) -> bool:
        """It cannot answer anything. Whether that is news."""
        news = process.state is not State.DOWN
        process.state, process.since, process.timeouts = State.DOWN, self._clock(), 0
        return news

    def healthy(self, process: Process) -> bool:
        """Its health check says so. Whether it is UP only now."""
        process.timeouts = 0
        if process.state is State.UP:
            return False
        if process.state is State.DOWN:
            process.state, process.since = State.SETTLING, self._clock()
        if len(self.processes) > 1 and self._clock() - process.since < SETTLE_SECONDS:
            return False
        process.state = State.UP
        return True
