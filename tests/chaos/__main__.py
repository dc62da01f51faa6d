"""`make chaos`: nothing lost, never two voices, whatever is killed. Three runs, and one line over all of them at the end.

    .venv/handoff/bin/python -m tests.chaos [--seconds 180] [--customers 200] [--agents 20] [--seed 1] [--only postgres|sqlite|fake]

1. Two gateways on PostgreSQL and two Rasa processes; 2. one gateway on SQLite and two Rasa processes: every 3 to 5 seconds
the gateway, the action server, faq or Redis is killed, and a Rasa process once it has been ready for 10 s. 3. As the first, but with
`tests/fakes/skilled_rasa.py`, which starts at once and is killed as often as the others. Fails when anything was lost, doubled,
reordered, said by the bot over a human or done twice, and when too little happened for that to mean something.
"""

from __future__ import annotations

import argparse
import json
import sys

from tests.chaos.run import Outcome, run
from tests.chaos.town import Plan
from tests.chaos.verdict import FAULTS

# Fewer of these, and the zeros mean nothing.
LEAST = {"bot_turns": 300, "accepts": 50, "returns": 30, "kills_in_turn": 15}
LEAST_RASA_KILLS = 3
COUNTS = ("kills", "kills_in_turn", "sent", "acked", "bot_turns", "accepts", "returns")
RUNS = ("postgres", "sqlite", "fake")


def last_line(outcomes: list[Outcome]) -> dict[str, float]:
    """The counts, the faults and the worst recovery over all runs; Rasa's own start is not in it."""
    line: dict[str, float] = {name: sum(o.numbers[name] for o in outcomes) for name in COUNTS}
    line |= {fault: sum(o.verdict.counts[fault] for o in outcomes) for fault in FAULTS}
    return line | {"worst_recovery_s": round(max(o.worst_recovery for o in outcomes), 1)}


def problems(line: dict[str, float], outcomes: list[Outcome], plans: list[Plan]) -> list[str]:
    """Why the runs fail; empty when they do not."""
    found = [f"{fault} is {line[fault]}" for fault in FAULTS if line[fault]]
    if len(plans) == 3:
        found += [f"{name} is {line[name]}, below {least}" for name, least in LEAST.items() if line[name] < least]
    for plan, outcome in zip(plans, outcomes, strict=True):
        kills = outcome.numbers["rasa_kills_in_turn"]
        if plan.real_rasa and plan.seconds >= Plan.seconds and kills < LEAST_RASA_KILLS:
            found.append(f"{plan.name}: Rasa was killed {kills} times in a turn, below {LEAST_RASA_KILLS}")
    return found


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="Kill everything, lose nothing.")
    parser.add_argument("--seconds", type=float, default=Plan.seconds, help="length of each run")
    parser.add_argument("--customers", type=int, default=Plan.customers)
    parser.add_argument("--agents", type=int, default=Plan.agents)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--only", choices=RUNS, help="one of the three runs; its size is not judged")
    given = parser.parse_args()
    plans = [
        Plan(
            name,
            postgres=name != "sqlite",
            real_rasa=name != "fake",
            seconds=given.seconds,
            customers=given.customers,
            agents=given.agents,
            seed=given.seed,
        )
        for name in RUNS
        if given.only in (None, name)
    ]
    outcomes = [run(plan) for plan in plans]
    line = last_line(outcomes)
    found = problems(line, outcomes, plans)
    print(json.dumps(line))
    if found:
        sys.exit("; ".join(found))


if __name__ == "__main__":
    main()
