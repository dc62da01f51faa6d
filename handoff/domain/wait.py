"""An honest wait for everybody in the queue, from recent history and the agents present, and how honest it was. Pure.

The queue is played forward many times: each conversation that an agent has now ends after a time drawn from those recent ones that
lasted at least as long as it has already; whoever waits first for one of his teams takes the free place, after the
time that agents recently took to pick up. The told p50 and p90 are those of the played waits.
"""

from __future__ import annotations

import bisect
import heapq
import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

# Below this many recent conversations their spread is guessed: each stands for one half, one and two times itself.
FEW = 10
# How much playing one answer is worth: about 2 ms.
BUDGET = 6_000
MOST_TRIALS, FEWEST_TRIALS = 200, 30
# How long agents take to pick up while nothing is known of them.
PICKUP_SECONDS = (3.0, 8.0, 20.0)


@dataclass(frozen=True)
class Desk:
    """An agent who is present: his teams, his free places, and for how many seconds he has had each conversation."""

    teams: frozenset[str]
    free: int
    busy: tuple[float, ...] = ()


@dataclass(frozen=True)
class Wait:
    """Seconds: half of those in this place wait less than `p50`, nine of ten less than `p90`."""

    p50: int
    p90: int

    def to_json(self) -> dict[str, int]:
        """As the customer's page gets it."""
        return {"p50": self.p50, "p90": self.p90}


def estimate(
    waiting: Sequence[str],
    desks: Sequence[Desk],
    handling: Iterable[float],
    pickups: Iterable[float] = (),
    *,
    budget: int = BUDGET,
) -> list[Wait | None]:
    """The wait of each of `waiting` (their teams, in queue order). None where nobody is there or nothing is known.

    `handling` and `pickups` are recent seconds from accept to end and from ring to accept. Always the same for the same input.
    """
    history, picks = _spread(handling), sorted(pickups) or list(PICKUP_SECONDS)
    size = len(waiting) + sum(d.free + len(d.busy) for d in desks)
    if not waiting or not size:
        return [None] * len(waiting)
    trials = max(FEWEST_TRIALS, min(MOST_TRIALS, budget // size))
    chance = random.Random(20_261_122)  # noqa: S311 (a simulation, not a secret)
    waits: list[list[float]] = [[] for _ in waiting]
    for _ in range(trials):
        # Another handful of the same conversations each time: recent ones only hint at how long the next will take.
        drawn = sorted(chance.choices(history, k=len(history))) if history else history
        _play(waiting, desks, drawn, picks, chance, waits)
    # Who is not served in every course of events (nobody of his team is there) is told no time.
    return [_wait(times) if len(times) == trials else None for times in waits]


def _play(
    waiting: Sequence[str],
    desks: Sequence[Desk],
    history: Sequence[float],
    picks: Sequence[float],
    chance: random.Random,
    waits: list[list[float]],
) -> None:
    """One course of events. Who is never served in it gets no time."""
    draw = chance.random
    places: list[tuple[float, int, int]] = []
    for number, desk in enumerate(desks):
        places += [(0.0, index, number) for index in range(desk.free)]
        places += [(_rest(history, elapsed, chance), -1 - i, number) for i, elapsed in enumerate(desk.busy)]
    heapq.heapify(places)
    left = list(range(len(waiting)))
    while left and places:
        at, tie, number = heapq.heappop(places)
        teams = desks[number].teams
        index = next((i for i in left if waiting[i] in teams), None)
        if index is None or at == math.inf:
            continue
        left.remove(index)
        taken = at + picks[int(draw() * len(picks))]
        waits[index].append(taken)
        lasts = history[int(draw() * len(history))] if history else math.inf
        heapq.heappush(places, (taken + lasts, tie, number))


def _rest(history: Sequence[float], elapsed: float, chance: random.Random) -> float:
    """How much longer something lasts that has lasted `elapsed`. `history` is in order."""
    if not history:
        return math.inf
    longer = bisect.bisect_right(history, elapsed)
    if longer < len(history):
        return history[longer + int(chance.random() * (len(history) - longer))] - elapsed
    # Longer than anything seen: what lasts long goes on for a good while, as with any long tail.
    return chance.expovariate(1.0) * max(1.0, elapsed / 2)


def _spread(handling: Iterable[float]) -> list[float]:
    times = [max(1.0, t) for t in handling]
    if 0 < len(times) < FEW:
        times = [t * factor for t in times for factor in (0.5, 1.0, 2.0)]
    return sorted(times)


def _wait(times: list[float]) -> Wait:
    ordered = sorted(times)
    return Wait(max(1, round(quantile(ordered, 0.5))), max(1, math.ceil(quantile(ordered, 0.9))))


def quantile(ordered: Sequence[float], q: float) -> float:
    """The value that a share `q` of `ordered` does not exceed."""
    return ordered[min(len(ordered) - 1, max(0, math.ceil(q * len(ordered)) - 1))]


def differs(old: Wait | None, new: Wait | None) -> bool:
    """Whether a customer should hear of it: a change that he would notice, not the flicker of an estimate."""
    if old is None or new is None:
        return old is not new

    def far(a: int, b: int) -> bool:
        return abs(a - b) > max(15, 0.2 * max(a, b))

    return far(old.p50, new.p50) or far(old.p90, new.p90)


@dataclass(frozen=True)
class Accuracy:
    """How told waits compare with real ones."""

    told: int
    """How many customers were told a wait and then served."""
    median_error: float | None
    """The median distance, in seconds, between the told p50 and the real wait."""
    within_p90: float | None
    """The share who waited no longer than the told p90; nine of ten would be exact."""


def accuracy(pairs: Iterable[tuple[Wait, float]]) -> Accuracy:
    """Of told waits and the real ones in seconds."""
    known = list(pairs)
    if not known:
        return Accuracy(0, None, None)
    errors = [abs(told.p50 - real) for told, real in known]
    held = sum(real <= told.p90 for told, real in known)
    return Accuracy(len(known), round(median(errors), 1), round(held / len(known), 3))
