"""Kills processes and starts them again, in the middle of bot turns."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field

from handoff.remotes.slots import slot_of
from ops.stack import Stack
from tests.chaos.truth import Database

# From one kill to the next: after the first of these a turn to cut is waited for, at the second it is done without one.
EVERY_SECONDS = (3.0, 5.0)
RASA_READY_SECONDS = 10.0
RASA_TURN_SECONDS = 20.0


@dataclass
class Kill:
    """When what was killed (seconds of the monotonic clock), and the claims of turns that ran just before and after it."""

    name: str
    at: float
    back: float = 0.0
    """When it was healthy again; 0 while it is not."""
    running: set[tuple[str, int, str]] = field(default_factory=set)


class Siege:
    """Against one stack."""

    def __init__(
        self, stack: Stack, database: Database, rng: random.Random, kinds: tuple[str, ...], *, rasa_apart: bool
    ) -> None:
        """`kinds` are killed in turn; `rasa_apart`: Rasa starts slowly and has a rhythm of its own."""
        self._stack, self._database, self._rng = stack, database, rng
        names = list(stack.pids())
        self._rasas = sorted(n for n in names if n.partition(".")[0] == "rasa")
        self._kinds = [[n for n in names if n.partition(".")[0] == kind] for kind in kinds]
        self.rasa_apart = rasa_apart
        self.kills: list[Kill] = []
        self._watches: set[asyncio.Task[None]] = set()

    async def lay(self, seconds: float) -> None:
        """Kill for so long."""
        end = time.monotonic() + seconds
        works = [self._often(end)]
        if self.rasa_apart:
            works.append(self._now_and_then(end))
        await asyncio.gather(*works)

    async def _often(self, end: float) -> None:
        turn: list[list[str]] = []
        while True:
            soonest, latest = (time.monotonic() + seconds for seconds in EVERY_SECONDS)
            await asyncio.sleep(self._rng.uniform(0.0, 0.9) * (latest - soonest) + EVERY_SECONDS[0])
            if latest > end:
                return
            alive: list[str] = []
            while not alive:  # some take long to start
                turn = turn or self._rng.sample(self._kinds, len(self._kinds))
                alive = [name for name in turn.pop() if await self._is_healthy(name)]
            await self._kill(self._rng.choice(alive), latest - time.monotonic())

    async def _now_and_then(self, end: float) -> None:
        """A Rasa process that has been ready for a while, one after the other, so that another may be there to go on."""
        ready = dict.fromkeys(self._rasas, time.monotonic())
        while time.monotonic() < end:
            await asyncio.sleep(0.5)
            for name in self._rasas:
                if not await self._is_healthy(name):
                    ready.pop(name, None)
                else:
                    ready.setdefault(name, time.monotonic())
            due = [name for name, since in ready.items() if time.monotonic() - since >= RASA_READY_SECONDS]
            if due and len(ready) == len(self._rasas):
                await self._kill(due[0], RASA_TURN_SECONDS)
                ready.pop(due[0])
                # The next one of them first.
                ready = {name: ready[name] for name in self._rasas if name in ready}

    async def _is_healthy(self, name: str) -> bool:
        return await asyncio.to_thread(self._stack.is_healthy, name)

    async def _kill(self, name: str, patience: float) -> None:
        end = time.monotonic() + patience
        while True:
            before = await self._running(name)
            if before or time.monotonic() > end:
                break
            await asyncio.sleep(0.01)
        at = time.monotonic()
        await asyncio.to_thread(self._stack.kill, name)
        after = await self._running(name)
        kill = Kill(name, at, running=before & after)
        self.kills.append(kill)
        await asyncio.to_thread(self._stack.start_again, name, wait=False)
        self._watches.add(watch := asyncio.create_task(self._watch(kill)))
        watch.add_done_callback(self._watches.discard)

    async def _watch(self, kill: Kill) -> None:
        while True:
            if await self._is_healthy(kill.name):
                kill.back = time.monotonic()
                return
            await asyncio.sleep(0.2)

    async def _running(self, name: str) -> set[tuple[str, int, str]]:
        """The turns that run now: of a Rasa, those of its own conversations."""
        running = {(*turn, claim) for turn, claim in (await asyncio.to_thread(self._database.running)).items()}
        if name not in self._rasas:
            return running
        mine = self._rasas.index(name)
        return {turn for turn in running if slot_of(turn[0]) % len(self._rasas) == mine}

    def cut(self, *kinds: str) -> int:
        """How many kills (of these kinds) cut a turn: it ran before and after the kill, and had to be claimed again later."""
        last, counted, cut = self._database.claims(), set[tuple[str, int, str]](), 0
        for kill in reversed(self.kills):
            # A gateway takes the turns with it that it runs, Rasa and the actions those they answer; the others end none.
            if kill.name.partition(".")[0] not in (kinds or ("gateway", "rasa", "actions")):
                continue
            mine = {turn for turn in kill.running if last.get(turn[:2]) != turn[2]} - counted
            counted |= mine
            cut += bool(mine)
        return cut
