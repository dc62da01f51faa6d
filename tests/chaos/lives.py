"""What the people of a chaos run do: customers ask, return, get angry, leave and come back; agents accept, answer, give back."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from handoff.services import texts
from tests.chaos.customer import Customer
from tests.chaos.desk import Desk

QUESTIONS = (
    "满多少包邮",
    "多久发货",
    "怎么开发票",
    "会员有什么好处",
    "可以用花呗付款吗",
    "优惠券怎么用",
    "退货运费谁出",
)
ANGRY = "你们这什么破服务，气死我了，骗子！"
ANSWER_SECONDS = 25.0
EAGER_SECONDS = 2.0
# How often he tries a return again that ended without a number, and in how many presses he gets through the form.
TRIES, PRESSES = 6, 12
_PATIENCE = texts.text("bot_slow", "zh-Hans")
_CASE = re.compile(r"[RE]\d{10}")
_CONFIRM, _NO = re.compile("确认提交"), re.compile("人工|先不办|换货|修改|别的")

Return = tuple[str, str, str]
"""Order number, sku, the item's name."""


async def until(fact: Callable[[], bool], seconds: float, every: float = 0.1) -> bool:
    """Whether it came true in time."""
    end = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(every)
    return True


class Life:
    """One customer's. `think` is his mean pause in seconds; `stopping` ends it after what he is at."""

    def __init__(self, customer: Customer, returns: list[Return], think: float, rng: random.Random) -> None:
        self.customer, self._returns, self._think, self._rng = customer, returns, think, rng
        self.stopping = False

    async def live(self) -> None:
        """Until told to stop."""
        await asyncio.sleep(self._rng.random() * (EAGER_SECONDS if self._returns else self._think))
        while not self.stopping:
            if self.customer.owner != "bot":
                await self._talk_to_human()
            elif self._returns and self._rng.random() < 0.9:
                await self.give_back(self._returns.pop())
            else:
                await self._something()
            await self._pause()

    async def _pause(self) -> None:
        # Who has something to send back does not dawdle: returns are what can be done twice.
        think = min(self._think, EAGER_SECONDS) if self._returns else self._think
        await asyncio.sleep(self._rng.uniform(0.5, 1.5) * think)

    async def _something(self) -> None:
        kind = self._rng.random()
        if kind < 0.5:
            await self._ask(self._rng.choice(QUESTIONS))
        elif kind < 0.62:  # two lines in a row, as people write
            self.customer.say("在吗")
            await self._ask(self._rng.choice(QUESTIONS))
        elif kind < 0.74:  # asks, and is gone before the answer
            self.customer.say(self._rng.choice(QUESTIONS))
            await self._go_offline()
        elif kind < 0.92:
            await self._ask("转人工")
        else:
            await self._ask(ANGRY)

    async def _ask(self, text: str) -> bool:
        """Say it and wait for somebody's answer; False when none came in time."""
        return await self._answered(lambda: self.customer.say(text))

    async def _answered(self, act: Callable[[], Any]) -> bool:
        before = self.customer.last.get("seq", 0)
        said = act()

        def is_answered() -> bool:
            last = self.customer.last
            return last.get("seq", 0) > max(before, said.seq or 10**9) and last["content"]["text"] != _PATIENCE

        await until(lambda: is_answered() or self.stopping, ANSWER_SECONDS)
        return is_answered()

    async def _go_offline(self) -> None:
        await asyncio.sleep(self._rng.uniform(0.0, 0.3))
        await self.customer.leave()
        await asyncio.sleep(self._rng.uniform(1.0, 4.0))
        self.customer.come_back()

    async def _talk_to_human(self) -> None:
        self.customer.say(self._rng.choice(("我想问下我的订单", "好的", "还要多久", "谢谢", "那怎么办")))
        if self._rng.random() < 0.1:
            await self._go_offline()

    async def give_back(self, wanted: Return) -> None:
        """A return to its end: until he is told a number, whatever happens on the way."""
        number, sku, name = wanted
        self.customer.diary.intended.add((number, sku))
        for _ in range(TRIES):
            if self.stopping or self.customer.owner != "bot":
                break
            begun = self.customer.cursor
            await self._ask(f"我要退货，订单 {number}")
            for _ in range(PRESSES):
                if case := self._case_since(begun):
                    self.customer.diary.promised[case] = (number, sku)
                    return
                option = self._button(name)
                if self.customer.owner != "bot" or option is None or self.stopping:
                    break
                await self._answered(partial(self.customer.press, option))
            await asyncio.sleep(self._rng.uniform(1.0, 3.0))
        self._returns.insert(0, wanted)  # another time

    def _case_since(self, seq: int) -> str | None:
        found = (_CASE.search(m.text) for m in self.customer.diary.shown if m.seq > seq and m.sender == "bot")
        return next((case[0] for case in found if case), None)

    def _button(self, name: str) -> dict[str, Any] | None:
        """The button he presses: to confirm, else his item, else the first that goes on. None: nothing is asked."""
        asked, said = self.customer.asked, self.customer.diary.said
        if not asked or (said and asked["seq"] < (said[-1].seq or asked["seq"] + 1)):
            return None
        options = [o for o in asked["content"]["options"] if not _NO.search(o["title"])]
        for wanted in (_CONFIRM, re.compile(re.escape(name))):
            for option in options:
                if wanted.search(option["title"]):
                    return dict(option)
        return dict(options[0]) if options else None


class Shift:
    """One agent's work: `places` conversations at once, each for a few words."""

    def __init__(self, desk: Desk, places: int, rng: random.Random) -> None:
        self.desk, self._places, self._rng = desk, places, rng
        self.stopping = False
        self._serving: dict[str, asyncio.Task[None]] = {}

    async def work(self) -> None:
        """Until told to stop; then finish what is begun."""
        last_look = time.monotonic()
        while not self.stopping:
            await asyncio.sleep(self._rng.uniform(0.3, 0.7))
            for id, task in list(self._serving.items()):
                if task.done():
                    del self._serving[id]
                    task.result()
            if not self.desk.is_up:
                continue
            if time.monotonic() - last_look > 5.0:
                last_look = time.monotonic()
                await self.desk.read_lists()
            for id in [*self.desk.mine, *self.desk.offers]:
                if id not in self._serving and len(self._serving) < self._places:
                    self._serving[id] = asyncio.create_task(self._serve(id))
        await asyncio.gather(*self._serving.values())

    async def _serve(self, id: str) -> None:
        await asyncio.sleep(self._rng.uniform(0.1, 1.0))
        if id not in self.desk.mine and not await self.desk.accept(id):
            return
        for number in range(self._rng.randint(1, 3)):
            await asyncio.sleep(self._rng.uniform(0.5, 3.0))
            if id not in self.desk.mine or not await self.desk.reply(id, f"您好，我来处理（{number}）"):
                return
        await asyncio.sleep(self._rng.uniform(0.5, 2.0))
        if id in self.desk.mine:
            await self.desk.give_away(id, self._rng.choice(("hand_back", "hand_back", "resolve")))


async def stop_all(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel and wait; what a task had to report is raised."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
