"""What idle customers cost one gateway: memory, its growth, and processor time.

    .venv/handoff/bin/python -m bench.sockets [--connections 10000] [--minutes 5] [--processes 2]

So many customers open a session and a WebSocket, follow their conversation, and from then on only send the widget's heartbeat every 25
seconds and answer the gateway's pings; the gateway looks after all of them once a second. They live in processes of their own, each with
a loopback address of its own. Last line: `{"connections", "rss_mb", "rss_growth_mb", "cpu_percent", "pongs_missing"}`: the gateway's resident
memory at the end, by how much it grew in those minutes, and its processor time (100 is one core). A lost connection fails the run.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench.idlers import PING_SECONDS, Crowd, hold, room_for_files
from bench.loopback import last_line, own_stack
from ops.stack import Stack

TICKS = 100  # USER_HZ, the same on every Linux
REPORT_SECONDS = 30.0
# After the rush: caches of the database and of connections find their size.
SETTLE_SECONDS = 15.0


def say(line: str) -> None:
    """Progress."""
    print(line, file=sys.stderr, flush=True)


def rss_mb(pid: int) -> float:
    """Resident memory."""
    line = next(one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Street:
    """The processes with the customers in them."""

    def __init__(self, stack: Stack, connections: int, processes: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._opened: dict[Connection, int] = {}
        self._processes = []
        self._wanted = connections
        for number in range(processes):
            count = connections // processes + (number < connections % processes)
            crowd = Crowd(stack.gateway_url, stack.env["KEFU_WEBSITE_TOKEN"], count, f"127.0.1.{number + 1}")
            ours, theirs = context.Pipe()
            process = context.Process(target=hold, args=(crowd, theirs), daemon=True)
            process.start()
            theirs.close()
            self._processes.append(process)
            self._opened[ours] = 0

    def wait_open(self, seconds: float) -> None:
        """Until all are connected. Raises TimeoutError or, when a process has ended, EOFError."""
        end, told = time.monotonic() + seconds, 0.0
        while sum(self._opened.values()) < self._wanted:
            if time.monotonic() > end:
                raise TimeoutError(f"{sum(self._opened.values())} of {self._wanted} are connected")
            for line in [one for one in self._opened if one.poll()]:
                _, self._opened[line] = line.recv()
            time.sleep(0.05)
            if time.monotonic() - told > 5:
                told = time.monotonic()
                say(f"{sum(self._opened.values())} connected")

    def counts(self) -> dict[str, int]:
        """`open`, `lost`, `pings` and `pongs` of all."""
        total: dict[str, int] = {}
        for line in self._opened:
            line.send(True)
            while (told := line.recv())[0] != "counts":
                pass
            for name, count in told[1].items():
                total[name] = total.get(name, 0) + count
        return total

    def close(self) -> None:
        """All go home."""
        for line in self._opened:
            line.close()
        for process in self._processes:
            process.join(10)
            if process.is_alive():
                process.kill()


def measure(stack: Stack, given: argparse.Namespace) -> dict[str, Any]:
    """Let them come, then watch the gateway."""
    pid = stack.pids()["gateway"]
    say(f"nobody is there: {rss_mb(pid):.0f} MB")
    street = Street(stack, given.connections, given.processes)
    try:
        street.wait_open(60 + given.connections * 0.1)
        time.sleep(min(SETTLE_SECONDS, given.minutes * 60))
        first, cpu, begin = rss_mb(pid), cpu_seconds(pid), time.monotonic()
        say(f"all are there: {first:.0f} MB")
        while (left := given.minutes * 60 - (time.monotonic() - begin)) > 0:
            time.sleep(min(REPORT_SECONDS, left))
            took = time.monotonic() - begin
            say(f"{took:.0f} s: {rss_mb(pid):.0f} MB, {100 * (cpu_seconds(pid) - cpu) / took:.1f} % of a core")
        last, took = rss_mb(pid), time.monotonic() - begin
        counts = street.counts()
        return {
            "connections": counts["open"],
            "rss_mb": round(last),
            "rss_growth_mb": round(last - first, 1),
            "cpu_percent": round(100 * (cpu_seconds(pid) - cpu) / took, 1),
            "lost": counts["lost"],
            # A ping of this very moment may still be on its way.
            "pongs_missing": max(0, counts["pings"] - counts["pongs"] - round(given.connections / PING_SECONDS)),
        }
    finally:
        street.close()


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="Idle customers on one gateway.")
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--processes", type=int, default=2, help="that hold the customers (default 2)")
    given = parser.parse_args()
    room_for_files(given.connections)  # the gateway inherits it
    with own_stack(rasa=0, without={"faq", "shop"}) as stack:
        result = measure(stack, given)
    last_line(result)
    if result["lost"] or result["connections"] != given.connections:
        sys.exit("connections were lost")


if __name__ == "__main__":
    main()
