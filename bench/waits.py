"""How true the told waits are: simulated days of a queue, with the last line as JSON.

    .venv/handoff/bin/python -m bench.waits [--agents N] [--capacity N] [--busy SHARE] [--minutes M] [--sigma S] [--customers N] [--seed N]

Customers come at random (Poisson), conversations last lognormally, and everybody who must wait is told what a customer would be told. A running
house is measured by `GET /api/v1/queue/estimates`.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import random

from handoff.domain.wait import Desk, Wait, accuracy, estimate

TEAM = "after_sales"
# As many as the service looks at.
RECENT = 150
# Before that nobody knows how long things take.
WARM_UP = 50
PICKUPS = (3.0, 6.0, 12.0)


def simulated_day(
    seed: int, agents: int, capacity: int, busy: float, median: float, sigma: float, customers: int
) -> list[tuple[Wait, float]]:
    """Told and real waits, in seconds, of those who had to wait. `busy`: the share of all places that arrivals fill (1: all)."""
    chance = random.Random(seed)
    places = agents * capacity
    rate = places * busy / (median * math.exp(sigma**2 / 2))
    ends: list[tuple[float, float]] = []
    queue: list[tuple[float, Wait | None]] = []
    history: list[float] = []
    told: list[tuple[Wait, float]] = []

    def begin(at: float) -> None:
        heapq.heappush(ends, (at + chance.lognormvariate(math.log(median), sigma), at))

    following = chance.expovariate(rate)
    while customers or queue:
        if ends and (not customers or ends[0][0] <= following):
            now, began = heapq.heappop(ends)
            history.append(now - began)
            if queue:
                asked, wait = queue.pop(0)
                picked = now + chance.choice(PICKUPS)
                if wait is not None and len(history) > WARM_UP:
                    told.append((wait, picked - asked))
                begin(picked)
            continue
        now, customers = following, customers - 1
        following = now + chance.expovariate(rate)
        if len(ends) < places:
            begin(now)
            continue
        elapsed = [now - began for _, began in ends]
        desks = [Desk(frozenset({TEAM}), 0, tuple(elapsed[i::agents])) for i in range(agents)]
        queue.append((now, estimate([TEAM] * (len(queue) + 1), desks, history[-RECENT:], PICKUPS)[-1]))
    return told


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, default in (("agents", 5), ("capacity", 4), ("customers", 1000), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, share in (("busy", 1.0), ("minutes", 5.0), ("sigma", 0.8)):
        parser.add_argument(f"--{name}", type=float, default=share)
    given = parser.parse_args()
    median = given.minutes * 60
    told = simulated_day(given.seed, given.agents, given.capacity, given.busy, median, given.sigma, given.customers)
    found = accuracy(told)
    print(json.dumps({"told": found.told, "median_abs_error_s": found.median_error, "within_p90": found.within_p90}))


if __name__ == "__main__":
    main()
