"""How fast and how much one gateway relays between customers and agents, durably.

    .venv/handoff/bin/python -m bench.relay [--rate 100] [--conversations 50] [--seconds 20] [--burst 100]

Half of the messages go from customers to a supervisor's desk, half from the supervisor to customers; a time is from just before
sending to the arrival at the other side. Then the highest rate: `--burst` conversations in which every customer keeps a window
of messages under way until all are stored, acknowledged and have arrived at the desk; a message that is not is lost and fails the run.
Last line: `{"p50_ms", "p95_ms", "sent", "lost", "max_per_second", "burst_sent"}`. The gateway runs on SQLite with full sync.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import time
from typing import Any

import httpx
import uvloop

from bench.loopback import PATIENCE_SECONDS, Agent, Customer, last_line, own_stack, quantile, until
from ops.stack import Stack

# Messages that one customer has under way in the burst.
WINDOW = 8


async def hand_over(agent: Agent, customer: Customer, http: httpx.AsyncClient) -> None:
    """The customer comes and asks for a person, and the agent accepts."""
    await customer.open(http)
    await customer.say("转人工")
    await until(lambda: len(customer.messages) >= 2, "the queue")
    await agent.accept(customer.conversation_id)


async def meet(stack: Stack, count: int) -> tuple[Agent, list[Customer]]:
    """A supervisor who owns a conversation with each of `count` customers."""
    supervisor = next(login for login in stack.demo_logins if login["role"] == "supervisor")
    agent = Agent(stack, supervisor)
    await agent.open()
    customers = [Customer(stack) for _ in range(count)]
    async with httpx.AsyncClient(timeout=30) as http:
        for customer in customers:
            await hand_over(agent, customer, http)
    return agent, customers


async def measure_latency(agent: Agent, customers: list[Customer], rate: float, seconds: float) -> dict[str, Any]:
    """Send at a fixed rate, each side in turn; milliseconds from one side to the other."""
    started: dict[str, float] = {}
    times: list[float] = []

    def arrived(client_id: str | None, at: float) -> None:
        if client_id in started:
            times.append((at - started.pop(client_id)) * 1000)

    agent.on_message = lambda id, m, at: arrived(m["content"]["text"] if m["sender"] == "customer" else None, at)
    for customer in customers:
        customer.on_message = lambda m, at: arrived(m["content"]["text"] if m["sender"] == "agent" else None, at)

    async def send(number: int) -> None:
        text = f"message {number}"
        customer = customers[number % len(customers)]
        started[text] = time.perf_counter()
        if number // len(customers) % 2:
            await agent.reply(customer.conversation_id, text)
        else:
            await customer.say(text)

    total, begin, tasks = int(rate * seconds), time.perf_counter(), []
    for number in range(total):
        await asyncio.sleep(max(0.0, begin + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(send(number)))
    await asyncio.gather(*tasks)
    await until(lambda: not started, f"{len(started)} messages that are on their way")
    return {
        "p50_ms": round(quantile(times, 0.5), 1),
        "p95_ms": round(quantile(times, 0.95), 1),
        "sent": total,
        "lost": len(started),
    }


async def measure_rate(agent: Agent, customers: list[Customer], seconds: float) -> dict[str, Any]:
    """As many as go through: each customer keeps WINDOW messages under way. Lost is what was not acknowledged or not delivered."""
    arrived: set[str] = set()
    sent: dict[str, tuple[Customer, str]] = {}
    # A window is as many seats: a message takes one, its arrival at the desk gives it back.
    seats = [asyncio.Semaphore(WINDOW) for _ in customers]

    def on_message(_id: str, message: dict[str, Any], _at: float) -> None:
        text = message["content"]["text"]
        if text not in arrived:
            arrived.add(text)
            seats[int(text.partition("-")[0])].release()

    agent.on_message = on_message
    begin = time.perf_counter()
    end = begin + seconds

    async def keep_busy(customer: Customer, number: int) -> None:
        for count in itertools.count():
            await seats[number].acquire()
            if time.perf_counter() > end:
                seats[number].release()
                break
            text = f"{number}-{count}"
            sent[text] = customer, await customer.say(text)
        for _ in range(WINDOW):
            await seats[number].acquire()

    def lost() -> int:
        return sum(text not in arrived or id not in customer.acked for text, (customer, id) in sent.items())

    try:
        everybody = asyncio.gather(*(keep_busy(c, n) for n, c in enumerate(customers)))
        await asyncio.wait_for(everybody, seconds + PATIENCE_SECONDS)
        took = time.perf_counter() - begin
        await until(lambda: not lost(), "the last acknowledgements")
    except (TimeoutError, asyncio.TimeoutError):  # two classes before Python 3.11
        took = time.perf_counter() - begin
    return {"max_per_second": round(len(arrived) / took), "burst_sent": len(sent), "burst_lost": lost()}


async def run(stack: Stack, given: argparse.Namespace) -> dict[str, Any]:
    """Both measurements."""
    agent, customers = await meet(stack, given.conversations)
    result = await measure_latency(agent, customers, given.rate, given.seconds)
    more = given.burst - given.conversations
    if more > 0:
        async with httpx.AsyncClient(timeout=30) as http:
            for _ in range(more):
                customer = Customer(stack)
                await hand_over(agent, customer, http)
                customers.append(customer)
    if given.burst:
        result |= await measure_rate(agent, customers[: given.burst], given.seconds)
    for customer in customers:
        await customer.close()
    await agent.close()
    return result


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="Relay latency and rate.")
    parser.add_argument("--rate", type=float, default=100.0, help="messages a second (default 100)")
    parser.add_argument("--conversations", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument(
        "--burst", type=int, default=100, help="conversations for the highest rate (default 100; 0: skip)"
    )
    given = parser.parse_args()
    with own_stack(rasa=0, without={"faq"}) as stack:
        # The generator shares the processors with what it measures: it should take little of them.
        result = uvloop.run(run(stack, given))
    last_line(result)
    if result["lost"] or result.get("burst_lost"):
        sys.exit("messages were lost")


if __name__ == "__main__":
    main()
