"""What the bot's answer costs through everything, beside plain Rasa's REST channel in the same run.

    .venv/handoff/bin/python -m bench.bot [--first 60] [--long 6] [--turns 100] [--at-once 20] [--store ours|rasa] [--seed N]

Ours: a customer's frame → gateway → SQL → Rasa → actions → gateway → shop or knowledge base, and back to his socket. Plain: a POST to
`/webhooks/rest/webhook` of a Rasa with the same model, the same action server and a tracker store of its own. The two take turns, with texts
that neither has seen. `--first`: conversations of one turn; `--long`: conversations of `--turns` turns; `--at-once`: customers who ask
again and again. Last line:
`overhead_ms` ours minus plain at turn 1, the worst of the kinds of questions; `turn100_ratio` the last turns against the first of the
same conversations (`worst_turn_ratio`: the slowest turn of all that followed the first), `per_second` at once, each with `plain_…` beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from bench.loopback import PATIENCE_SECONDS, Customer, last_line, own_stack, quantile
from bench.plain_rasa import STORES, PlainRasa, plain_rasa
from bench.questions import KINDS, fresh
from ops.stack import Stack

# Rounds in which the crowd asks: ours, plain, ours, plain.
ROUNDS = 2
WARM_UP = 6
# Of the turns of one kind so many count as the hundredth: one alone is noise.
LAST = 3


def say(line: str) -> None:
    """Progress."""
    print(line, file=sys.stderr, flush=True)


class Ours:
    """A customer who asks and waits for the bot."""

    def __init__(self, stack: Stack) -> None:
        self.customer = Customer(stack)
        self._answer: asyncio.Future[float] | None = None

    async def open(self, http: httpx.AsyncClient) -> None:
        """Connect."""
        await self.customer.open(http)
        self.customer.on_message = self._heard

    def _heard(self, message: dict[str, Any], at: float) -> None:
        if self._answer is None or self._answer.done():
            return
        if message["sender"] == "bot":
            self._answer.set_result(at)
        elif message["content"]["type"] == "choices":  # the bot has failed; that it takes a moment is only said
            self._answer.set_exception(RuntimeError(f"no answer: {message['content']['text']}"))

    async def ask(self, text: str) -> float:
        """Milliseconds to the answer. Raises RuntimeError when the bot has failed, TimeoutError when nobody answers."""
        self._answer = asyncio.get_running_loop().create_future()
        begin = time.perf_counter()
        await self.customer.say(text)
        return (await asyncio.wait_for(self._answer, PATIENCE_SECONDS) - begin) * 1000


class Plain:
    """The same person at plain Rasa: a conversation that the gateway knows, so that the actions do the same work."""

    def __init__(self, rasa: PlainRasa, threads: ThreadPoolExecutor) -> None:
        self._rasa, self._threads = rasa, threads
        self._sender = ""

    async def open(self, stack: Stack, http: httpx.AsyncClient) -> None:
        """Let the gateway open a conversation that nobody uses but the actions."""
        body = {"website_token": stack.env["KEFU_WEBSITE_TOKEN"], "locale": "zh-CN"}
        answer = await http.post(f"{stack.gateway_url}/api/v1/widget/sessions", json=body)
        answer.raise_for_status()
        self._sender = answer.json()["conversation_id"]

    async def ask(self, text: str) -> float:
        """Milliseconds to the answer."""

        def timed() -> float:
            begin = time.perf_counter()
            self._rasa.ask(self._sender, text)
            return (time.perf_counter() - begin) * 1000

        return await asyncio.get_running_loop().run_in_executor(self._threads, timed)


class Bench:
    """Both sides and the questions."""

    def __init__(self, stack: Stack, rasa: PlainRasa, http: httpx.AsyncClient, given: argparse.Namespace) -> None:
        self._stack, self._rasa, self._http, self._given = stack, rasa, http, given
        self._threads = ThreadPoolExecutor(max(1, given.at_once))
        self._texts: dict[str, Iterator[str]] = fresh(given.seed)

    async def pair(self) -> tuple[Ours, Plain]:
        """A new conversation at each side."""
        ours, plain = Ours(self._stack), Plain(self._rasa, self._threads)
        await ours.open(self._http)
        await plain.open(self._stack, self._http)
        return ours, plain

    def text(self, kind: str) -> str:
        """A new question."""
        return next(self._texts[kind])

    async def both(self, ours: Ours, plain: Plain, kind: str, ours_first: bool) -> tuple[float, float]:
        """Ask both, one after the other; milliseconds of each."""
        if ours_first:
            mine = await ours.ask(self.text(kind))
            return mine, await plain.ask(self.text(kind))
        theirs = await plain.ask(self.text(kind))
        return await ours.ask(self.text(kind)), theirs

    async def first_turns(self) -> dict[str, Any]:
        """Turn 1 of many conversations."""
        times: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for number in range(-WARM_UP, self._given.first):
            ours, plain = await self.pair()
            kind = KINDS[number % len(KINDS)]
            measured = await self.both(ours, plain, kind, bool(number // len(KINDS) % 2))
            if number >= 0:  # before that dictionaries, connections and caches of code are filled
                times[kind].append(measured)
            await ours.customer.close()
        mine = {kind: quantile([a for a, _ in own], 0.5) for kind, own in times.items()}
        theirs = {kind: quantile([b for _, b in own], 0.5) for kind, own in times.items()}
        over = {kind: round(mine[kind] - theirs[kind], 1) for kind in times}
        say(f"turn 1, ours / plain: {', '.join(f'{k} {mine[k]:.1f} / {theirs[k]:.1f} ms' for k in times)}")
        return {
            "overhead_ms": max(over.values()),
            "overhead_ms_by_kind": over,
            "turn1_ms": {kind: round(value, 1) for kind, value in mine.items()},
            "plain_turn1_ms": {kind: round(value, 1) for kind, value in theirs.items()},
        }

    async def long_talks(self) -> dict[str, Any]:
        """Conversations that go on and on; of their turns those of the first one's kind are compared."""
        pairs = [await self.pair() for _ in range(self._given.long)]
        mine: list[list[float]] = []
        theirs: list[list[float]] = []
        for turn in range(self._given.turns):
            kind = KINDS[turn % len(KINDS)]
            measured = [await self.both(*pair, kind, bool(turn % 2)) for pair in pairs]
            if kind == KINDS[0]:
                mine.append([a for a, _ in measured])
                theirs.append([b for _, b in measured])
                say(f"turn {turn + 1}: {quantile(mine[-1], 0.5):.1f} / {quantile(theirs[-1], 0.5):.1f} ms")
        for ours, _ in pairs:
            await ours.customer.close()
        return {
            "turn100_ratio": _ratio(mine[-LAST:], mine[0]),
            "plain_turn100_ratio": _ratio(theirs[-LAST:], theirs[0]),
            "worst_turn_ratio": max(_ratio([own], mine[0]) for own in mine[1:] or mine),
            "turns": self._given.turns,
        }

    async def crowd(self) -> dict[str, Any]:
        """So many who ask at the same time, each as soon as he has his answer."""
        people = self._given.at_once
        took = {"ours": 0.0, "plain": 0.0}
        for _ in range(ROUNDS):
            pairs = [await self.pair() for _ in range(people)]
            for side, those in (("ours", [o for o, _ in pairs]), ("plain", [p for _, p in pairs])):
                begin = time.perf_counter()
                await asyncio.gather(*(self._ask_often(one) for one in those))
                took[side] += time.perf_counter() - begin
            for ours, _ in pairs:
                await ours.customer.close()
        answers = ROUNDS * people * len(KINDS)
        rates = {side: round(answers / seconds, 1) for side, seconds in took.items()}
        say(f"{people} at once: {rates['ours']} / {rates['plain']} answers a second")
        return {"per_second": rates["ours"], "plain_per_second": rates["plain"], "at_once": people}

    async def _ask_often(self, person: Ours | Plain) -> None:
        for kind in KINDS:
            await person.ask(self.text(kind))


def _ratio(later: list[list[float]], first: list[float]) -> float:
    return round(quantile([value for own in later for value in own], 0.5) / quantile(first, 0.5), 2)


async def run(stack: Stack, rasa: PlainRasa, given: argparse.Namespace) -> dict[str, Any]:
    """All measurements."""
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as http:
        bench = Bench(stack, rasa, http, given)
        result = await bench.first_turns()
        if given.long:
            result |= await bench.long_talks()
        if given.at_once:
            result |= await bench.crowd()
        return result | {"plain_store": given.store}


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="The bot's answer beside plain Rasa's.")
    parser.add_argument("--first", type=int, default=60, help="conversations of one turn (default 60)")
    parser.add_argument("--long", type=int, default=6, help="long conversations (default 6; 0: skip)")
    parser.add_argument("--turns", type=int, default=100, help="turns of a long conversation (default 100)")
    parser.add_argument("--at-once", type=int, default=20, help="people who ask at once (default 20; 0: skip)")
    parser.add_argument("--store", choices=list(STORES), default="ours", help="plain Rasa's tracker store")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with own_stack() as stack, plain_rasa(stack, given.store) as rasa:
        result = asyncio.run(run(stack, rasa, given))
    last_line(result)


if __name__ == "__main__":
    main()
