"""Whether a gateway with years of messages relays as fast as a new one.

    .venv/handoff/bin/python -m bench.growth [--sizes 1000,100000,1000000] [--rounds 3] [--rate 100] [--conversations 20] [--seconds 8]

A gateway for each size, each on a SQLite file with so many stored messages; they run side by side and are measured in turns, so that a
noisy machine is noisy for all. A measurement is that of `bench.relay`: from just before sending to the arrival at the other side, between
customers and a supervisor. Last line: `{"p50_ms": {size: …}, "p95_ms": {…}, "p50_ratio", "list_ms": {size: …}, "lost"}`: `p50_ratio` is that of the
last size to the first, the median of the rounds; `list_ms` what the desk's list of all conversations takes.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from bench.history import fill
from bench.loopback import Agent, Customer, last_line, own_stack, quantile
from bench.relay import measure_latency, meet
from ops.stack import Stack

LISTS = ("owner=any", "owner=any&status=resolved", "owner=me", "owner=queue")


def say(line: str) -> None:
    """Progress."""
    print(line, file=sys.stderr, flush=True)


@dataclass
class Archive:
    """One gateway and what was measured of it."""

    size: int
    stack: Stack
    agent: Agent | None = None
    customers: list[Customer] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p95: list[float] = field(default_factory=list)
    lists: list[float] = field(default_factory=list)
    lost: int = 0

    async def open(self, conversations: int) -> None:
        """The people who talk."""
        self.agent, self.customers = await meet(self.stack, conversations)

    async def measure(self, rate: float, seconds: float) -> None:
        """One round."""
        if self.agent is None:
            raise RuntimeError("not open")
        result = await measure_latency(self.agent, self.customers, rate, seconds)
        self.p50.append(result["p50_ms"])
        self.p95.append(result["p95_ms"])
        self.lost += result["lost"]
        for query in LISTS:
            begin = time.perf_counter()
            (await self.agent.http.get(f"/conversations?{query}")).raise_for_status()
            self.lists.append((time.perf_counter() - begin) * 1000)
        say(f"{self.size} stored: p50 {self.p50[-1]:.1f} ms, p95 {self.p95[-1]:.1f} ms")

    async def close(self) -> None:
        """Hang up."""
        for customer in self.customers:
            await customer.close()
        if self.agent is not None:
            await self.agent.close()


async def run(archives: list[Archive], given: argparse.Namespace) -> dict[str, Any]:
    """All rounds; the first is a rehearsal that does not count."""
    for archive in archives:
        await archive.open(given.conversations)
        await archive.measure(given.rate, min(2.0, given.seconds))
        archive.p50, archive.p95, archive.lists = [], [], []
    for _ in range(given.rounds):
        for archive in archives:
            await archive.measure(given.rate, given.seconds)
    for archive in archives:
        await archive.close()
    ratios = [last / first for first, last in zip(archives[0].p50, archives[-1].p50, strict=True)]
    return {
        "p50_ms": {str(a.size): round(quantile(a.p50, 0.5), 1) for a in archives},
        "p95_ms": {str(a.size): round(quantile(a.p95, 0.5), 1) for a in archives},
        "p50_ratio": round(quantile(ratios, 0.5), 2),
        "list_ms": {str(a.size): round(quantile(a.lists, 0.5), 1) for a in archives},
        "lost": sum(a.lost for a in archives),
    }


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="Relay latency over stored messages.")
    parser.add_argument("--sizes", default="1000,100000,1000000", help="stored messages, by comma")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=100.0, help="messages a second (default 100)")
    parser.add_argument("--conversations", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sizes = [int(size) for size in given.sizes.split(",")]
    with ExitStack() as house:
        archives = [Archive(size, house.enter_context(own_stack(rasa=0, without={"faq", "shop"}))) for size in sizes]
        for archive in archives:
            begin = time.monotonic()
            stored = fill(archive.stack.var / "kefu.db", archive.size, given.seed)
            say(f"{stored} messages stored in {time.monotonic() - begin:.0f} s")
        result = asyncio.run(run(archives, given))
    last_line(result)
    if result["lost"]:
        sys.exit("messages were lost")


if __name__ == "__main__":
    main()
