"""Measures how soon new messages flow after a kill: through each gateway a customer and an agent talk without a pause."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from tests.chaos.customer import Customer
from tests.chaos.desk import Desk
from tests.chaos.lives import until
from tests.chaos.siege import Kill

EVERY_SECONDS = 0.25
# Longer than any outage of a run.
PATIENCE_SECONDS = 240.0


class Probe:
    """One pair. `flights` holds for each direction when each message was sent first and when the other side had it."""

    def __init__(self, name: str, customer: Customer, desk: Desk) -> None:
        self.name, self.customer, self.desk = name, customer, desk
        self.flights: tuple[list[tuple[float, float]], ...] = ([], [])
        self.stopping = False
        self._arrived: set[str] = set()
        customer.on_shown = lambda message: self._arrived.add(message.text)
        desk.on_shown = lambda id, message: self._arrived.add(message.text)

    async def meet(self) -> None:
        """The customer asks for a human, the agent takes him, from whoever has him."""
        if not await until(lambda: self.customer.is_up and self.desk.is_up, PATIENCE_SECONDS):
            raise TimeoutError("a probe does not come online")
        self.customer.say("转人工")
        await until(lambda: self.customer.owner != "bot", PATIENCE_SECONDS)
        if not await self.desk.accept(self.customer.diary.conversation_id, force=True):
            raise AssertionError("a supervisor could not take a conversation")

    async def talk(self) -> None:
        """Both directions, each message once the last one has arrived."""
        await asyncio.gather(self._forth(), self._back())

    def has_talked_since(self, at: float) -> bool:
        """Whether a message that was sent after this moment has arrived, in both directions."""
        return all(flights and flights[-1][0] >= at for flights in self.flights)

    async def _forth(self) -> None:
        number = 0
        while not self.stopping:
            number += 1
            began = time.monotonic()
            said = self.customer.say(f"{self.name} → {number}")
            await self._landed(said.text, began, 0)

    async def _back(self) -> None:
        id, number = self.customer.diary.conversation_id, 0
        while not self.stopping:
            number += 1
            text = f"{self.name} ← {number}"
            began = time.monotonic()
            if not await self.desk.reply(id, text):
                raise AssertionError("a probe's agent lost the conversation")
            await self._landed(text, began, 1)

    async def _landed(self, text: str, began: float, direction: int) -> None:
        if not await until(lambda: text in self._arrived, PATIENCE_SECONDS, every=0.02):
            raise TimeoutError(f"{text} did not arrive in {PATIENCE_SECONDS:.0f} s")
        self.flights[direction].append((began, time.monotonic()))
        await asyncio.sleep(EVERY_SECONDS)


def recovery(kill: Kill, probes: Iterable[Probe]) -> float:
    """Seconds from a kill until messages flow: until, in both directions of every pair, one has arrived that was sent after the
    kill, or that the kill held up until what was killed is back. Each is sent once the one before it has arrived."""
    worst = 0.0
    for probe in probes:
        for flights in probe.flights:
            arrived = [at for began, at in flights if began >= kill.at or (kill.back and at >= kill.back)]
            worst = max(worst, min(arrived, default=kill.at + PATIENCE_SECONDS) - kill.at)
    return worst
