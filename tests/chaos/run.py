"""One chaos run: an installation, its people, the siege, the quiet after it, and the comparison."""

from __future__ import annotations

import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from ops.paths import ROOT
from ops.stack import Stack
from tests.chaos.lives import stop_all, until
from tests.chaos.probes import PATIENCE_SECONDS, recovery
from tests.chaos.siege import Siege
from tests.chaos.town import Plan, Town, hire
from tests.chaos.truth import Database, ShopDatabase
from tests.chaos.verdict import Verdict, judge
from tests.chaos.wire import REQUEST_SECONDS
from tests.fixtures.postgres import running_postgres

RASAS = 2
# Everything is up again and nobody begins anything new: how long until all that was begun is at its end.
SETTLE_SECONDS = 240.0
FAKE_RASA = Path(__file__).with_name("procfile-fake-rasa")


@dataclass
class Outcome:
    """What came of one run."""

    numbers: Counter[str] = field(default_factory=Counter)
    worst_recovery: float = 0.0
    verdict: Verdict = field(default_factory=Verdict)


def say(line: str) -> None:
    """Progress, beside the results."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def besieged(plan: Plan) -> Iterator[Stack]:
    """The installation of a plan: two gateways on PostgreSQL, or one on SQLite; two Rasa processes, real or fake."""
    with ExitStack() as opened:
        var = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="kefu-chaos-"))) / "var"
        env = {"KEFU_LIMITS": "off", "KEFU_LOG_LEVEL": "WARNING"}
        if plan.postgres:
            env["DATABASE_URL"] = opened.enter_context(running_postgres())
            if plan.real_rasa:  # shared, as processes of one installation do; on SQLite each has a file of its own
                env["KEFU_TRACKER_DB"] = env["DATABASE_URL"]
        options: dict[str, Any] = {} if plan.real_rasa else {"procfile": FAKE_RASA, "without": {"actions"}}
        gateways = 2 if plan.postgres else 1
        opened.callback(_keep_logs, var, plan.name)
        stack = Stack(var, rasa=RASAS, gateways=gateways, env=env, report=partial(say), **options)
        yield opened.enter_context(stack)


def _keep_logs(var: Path, name: str) -> None:
    """The logs outlive the installation, in `var/chaos` of the project."""
    kept = ROOT / "var" / "chaos" / name
    shutil.rmtree(kept, ignore_errors=True)
    if (var / "log").exists():
        shutil.copytree(var / "log", kept)


def run(plan: Plan) -> Outcome:
    """Start everything, play, and compare. Raises when a part of it does not come to its end."""
    say(f"── {plan.name} ──")
    with besieged(plan) as stack:
        logins = hire(stack, plan.agents, len(stack.gateway_urls))
        outcome = asyncio.run(_play(plan, stack, logins))
    say(f"{plan.name}: {dict(outcome.numbers)}, worst recovery {outcome.worst_recovery:.1f} s")
    for finding in outcome.verdict.findings[:50]:
        say(f"  {finding}")
    return outcome


async def _play(plan: Plan, stack: Stack, logins: list[dict[str, str]]) -> Outcome:
    shop, database = ShopDatabase(stack.var), Database(stack.env["DATABASE_URL"])
    # Of every idle connection httpx asks with every request whether it has ended: with a hundred the witnesses were the slowest part.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=16)
    async with httpx.AsyncClient(timeout=REQUEST_SECONDS, limits=limits) as http:
        town = Town(plan, stack, http, logins, shop.buy_twice())
        kinds = ("gateway", "faq", "redis", "actions" if plan.real_rasa else "rasa")
        siege = Siege(stack, database, random.Random(plan.seed), kinds, rasa_apart=plan.real_rasa)
        tasks = _tasks([client.run() for client in (*town.customers, *town.desks)])
        try:
            await asyncio.gather(*(probe.meet() for probe in town.probes))
            works = _tasks([worker.live() for worker in town.lives] + [shift.work() for shift in town.shifts])
            talks = _tasks([probe.talk() for probe in town.probes])
            tasks += works + talks
            await _while_well(siege.lay(plan.seconds), tasks)
            await _settle(town, stack, database, works, talks, tasks)
            _check_contract(stack)
            return await _compare(town, siege, database, shop)
        finally:
            await stop_all(tasks)
            database.close()
            shop.close()


def _tasks(works: Iterable[Coroutine[Any, Any, None]]) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(work) for work in works]


async def _while_well(work: Coroutine[Any, Any, object], others: Iterable[asyncio.Task[None]]) -> None:
    """Do it; what fails meanwhile is raised at once."""
    doing = asyncio.create_task(work)
    waiting = {doing, *others}
    while not doing.done():
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()


async def _settle(
    town: Town,
    stack: Stack,
    database: Database,
    works: list[asyncio.Task[None]],
    talks: list[asyncio.Task[None]],
    tasks: list[asyncio.Task[None]],
) -> None:
    """Let everybody finish, then let every reader resume once more with his cursor."""
    for part in (*town.lives, *town.shifts):
        part.stopping = True
    await _while_well(asyncio.to_thread(stack.wait_healthy), tasks)
    say("all is up again")
    ended = time.monotonic()
    await _while_well(until(lambda: all(p.has_talked_since(ended) for p in town.probes), PATIENCE_SECONDS), tasks)
    for probe in town.probes:
        probe.stopping = True
    await _while_well(_all(works + talks), tasks)
    began = time.monotonic()
    while not await asyncio.to_thread(database.is_quiet):
        if time.monotonic() - began > SETTLE_SECONDS:
            raise TimeoutError(
                f"the bot owes answers, or cases wait for the shop, {SETTLE_SECONDS:.0f} s after the end"
            )
        await asyncio.sleep(0.5)
    for customer in town.customers:
        customer.come_back()
        await customer.resume()
    if not await until(lambda: all(c.is_settled for c in town.customers), SETTLE_SECONDS):
        unsettled = [c.state() for c in town.customers if not c.is_settled]
        raise TimeoutError(f"these customers do not come to their ends: {unsettled}")
    if not await until(lambda: all(d.is_up for d in town.desks), SETTLE_SECONDS):
        raise TimeoutError("a desk does not come online")
    for desk in town.desks:
        await desk.read_lists()


async def _all(tasks: list[asyncio.Task[None]]) -> None:
    await asyncio.gather(*tasks)


def _check_contract(stack: Stack) -> None:
    """The fake Rasa says so when it is sent what breaks the contract."""
    lines = (line for log in stack.logs if log.exists() for line in log.read_text().splitlines())
    if broken := [line for line in lines if line.startswith("violation: ")]:
        raise AssertionError(f"the gateway broke Rasa's contract: {broken[:5]}")


async def _compare(town: Town, siege: Siege, database: Database, shop: ShopDatabase) -> Outcome:
    truth = await asyncio.to_thread(database.truth)
    truth.returns = shop.returns()
    for customer in town.customers:
        truth.api[customer.diary.conversation_id] = await customer.whole_log()
    for desk in town.desks:
        desk.diary.holds = set(desk.mine)
    verdict = judge([c.diary for c in town.customers], [d.diary for d in town.desks], truth)
    said = [m for c in town.customers for m in c.diary.said]
    said += [m for d in town.desks for one in d.diary.said.values() for m in one]
    kills = [kill for kill in siege.kills if kill.name.partition(".")[0] != "rasa" or not siege.rasa_apart]
    recoveries = sorted(((round(recovery(kill, town.probes), 1), kill.name) for kill in kills), reverse=True)
    numbers = Counter(
        kills=len(siege.kills),
        kills_in_turn=siege.cut(),
        rasa_kills_in_turn=siege.cut("rasa"),
        sent=len(said),
        acked=sum(m.seq is not None for m in said),
        bot_turns=sum(t.state == "answered" for turns in truth.turns.values() for t in turns),
        accepts=sum(len(d.diary.accepts) for d in town.desks),
        returns=sum(len(c.diary.promised) for c in town.customers),
    )
    refused = Counter(code for client in (*town.customers, *town.desks) for code in client.refusals)
    say(f"refused: {dict(refused)}; killed: {dict(Counter(kill.name for kill in siege.kills))}")
    say(f"longest recoveries: {recoveries[:8]}")
    begin = siege.kills[0].at if siege.kills else 0.0
    for kill in siege.kills:
        back = f"back after {kill.back - kill.at:.1f} s" if kill.back else "killed again before it was back"
        say(
            f"  {kill.at - begin:6.1f} s: {kill.name} is killed, {back}; messages flow after {recovery(kill, town.probes):.1f} s"
        )
    for probe in town.probes:
        for direction, flights in zip(("to the agent", "to the customer"), probe.flights, strict=True):
            long = [f"{began - begin:.1f}+{landed - began:.1f}" for began, landed in flights if landed - began > 3.0]
            say(f"  {probe.name}: {len(flights)} messages {direction}, over 3 s: {long}")
    return Outcome(numbers, recoveries[0][0] if recoveries else 0.0, verdict)
