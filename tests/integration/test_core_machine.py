"""The core as a state machine: customers, a bot that is slow, late, failing or killed, and humans, in any order they can think of.

After every step the log itself must tell a clean story. The story is read from the log alone, so that no model of ours can
be wrong in the same way as the code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from handoff.domain.conversation import _MAY_BECOME, Conversation, OwnerType, Status
from handoff.domain.errors import ConversationTaken, KefuError, StaleEpoch
from handoff.domain.message import Message, Sender
from handoff.domain.people import Agent, Presence, Role
from handoff.domain.turns import BotAnswer, BotTurn, ClaimedTurn, TurnState
from handoff.services import pass_on
from handoff.services.accept import decline
from handoff.services.bot_turn import run_turn
from handoff.services.ports import BotUnavailable, Store, Transaction
from handoff.services.reply import note
from handoff.stores.database import open_store
from tests.fakes.core_bot import says
from tests.fakes.core_house import House, Visitor, gathered

T = TypeVar("T")

# How the system's own words mark who answers from here on; both are written in the transaction that changes the owner.
TO_HUMAN = ("正在为您转接", "人工客服 ")
TO_BOT = ("人工服务已结束", "本次服务已结束")


@dataclass
class Attempt:
    """A gateway's run of a turn, waiting inside the bot."""

    task: asyncio.Task[Conversation | None]
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    outcome: str = "answers"


def when(fits: Callable[[Any], Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A step that does nothing where it does not fit. Not Hypothesis's precondition: who wins a race differs from run to run,
    and what may be drawn next must not depend on it."""

    def wrap(step: Callable[..., None]) -> Callable[..., None]:
        @wraps(step)
        def perhaps(self: Any, **drawn: Any) -> None:
            if fits(self):
                step(self, **drawn)

        return perhaps

    return wrap


class Core(RuleBasedStateMachine):
    """One customer, two agents and a supervisor; any number of gateways running the bot's turns."""

    runner: asyncio.Runner
    store: Store

    def __init__(self) -> None:
        super().__init__()
        self.attempts: list[Attempt] = []
        self.sent: dict[str, tuple[str, str, int]] = {}
        """client id → conversation, text, seq."""
        self.seen: dict[str, Conversation] = {}
        self.numbers = 0
        self.looked = False

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        self.looked = False
        return self.runner.run(work)

    def tries(self, work: Coroutine[Any, Any, T]) -> T | KefuError:
        """What it gave, or the refusal; anything else that goes wrong fails the test."""
        outcome: Any = self.run(self._one(work))
        return outcome  # type: ignore[no-any-return]

    async def _one(self, work: Coroutine[Any, Any, T]) -> T | KefuError:
        [outcome] = await gathered(work)
        if isinstance(outcome, BaseException) and not (
            isinstance(outcome, KefuError) and outcome.status in (404, 409, 422)
        ):
            raise outcome
        return outcome  # type: ignore[no-any-return]

    @initialize()
    def begin(self) -> None:
        self.run(self._begin())

    async def _begin(self) -> None:
        self.house = House(self.store)
        self.house._numbers = NUMBERS  # agents of earlier runs stay in the database
        if await self.store.read(lambda tx: tx.customers.inboxes()) == []:
            await self.house.open()
        self.agents: list[Agent] = [
            await self.house.agent(teams=("after_sales", "pre_sales")),
            await self.house.agent(),
            await self.house.agent(role=Role.SUPERVISOR),
        ]
        self.visitor: Visitor = await self.house.visitor()
        self.id = self.visitor.id

    def teardown(self) -> None:
        if hasattr(self, "agents"):
            self.run(self._end())

    async def _end(self) -> None:
        for attempt in self.attempts:
            attempt.task.cancel()
        await gathered(*(a.task for a in self.attempts))

        def leave(tx: Transaction) -> None:
            for agent in self.agents:
                tx.agents.set_presence(agent.id, Presence.OFFLINE, self.house.clock())

        await self.store.write(leave)

    # -- the customer

    @rule(words=st.sampled_from(["退货怎么弄", "订单到哪了", "转人工", "好的", "气死我了"]))
    def customer_writes(self, words: str) -> None:
        self.numbers += 1
        self._sends(f"c{self.numbers}", words)

    @rule(which=st.integers(0, 30))
    @when(lambda self: self.sent)
    def customer_sends_again(self, which: int) -> None:
        client_id = sorted(self.sent)[which % len(self.sent)]
        self._sends(client_id, self.sent[client_id][1])

    def _sends(self, client_id: str, words: str) -> ClaimedTurn | None:
        received = self.run(self.house.says(self.visitor, words, client_id=client_id))
        fact = (received.conversation.id, words, received.seq)
        assert self.sent.setdefault(client_id, fact) == fact, "the same message, the same place"
        self.id = received.conversation.id
        return received.change.claimed if received.change else None

    @rule(words=st.sampled_from(["退货怎么弄", "好的", "转人工"]), killed=st.booleans())
    @when(lambda self: len(self.attempts) < 3)
    def customer_writes_to_a_gateway_with_a_free_place(self, words: str, killed: bool) -> None:
        self.numbers += 1
        busy = self.house.services
        self.house.services = replace(busy, bot_places=asyncio.Semaphore(1))
        claimed = self._sends(f"c{self.numbers}", words)
        self.house.services = busy
        if claimed is not None and not killed:
            self.run(self._starts(claimed))

    # -- the bot

    @rule()
    @when(lambda self: len(self.attempts) < 3 and self._unanswered())
    def a_gateway_runs_a_turn(self) -> None:
        self.run(self._starts())

    @rule()
    @when(lambda self: len(self.attempts) < 2 and self._owner() is OwnerType.BOT)
    def the_customer_asks_and_two_gateways_run_for_it(self) -> None:
        self.customer_writes("还有个问题")
        self.run(self._starts())
        self.run(self._starts())

    async def _starts(self, claimed: ClaimedTurn | None = None) -> None:
        attempt = Attempt(task=None)  # type: ignore[arg-type]

        async def step(turn: BotTurn, request: dict[str, Any]) -> BotAnswer:
            attempt.entered.set()
            await attempt.opened.wait()
            if attempt.outcome == "fails":
                raise BotUnavailable("no answer")
            wish = {"reason": "form_failed"} if attempt.outcome == "wants a human" else None
            return says(f"答 {turn.id}", f"又答 {turn.id}", handoff=wish)

        self.house.bot.will(step)
        attempt.task = asyncio.create_task(run_turn(self.house.services, self.id, claimed))
        entered = asyncio.create_task(attempt.entered.wait())
        await asyncio.wait({attempt.task, entered}, return_when=asyncio.FIRST_COMPLETED)
        entered.cancel()
        if attempt.entered.is_set():
            self.attempts.append(attempt)
        else:  # nothing owed, somebody else runs it, or the bot still knew its answer
            self.house.bot.script.clear()
            await attempt.task

    @rule(which=st.integers(0, 2), outcome=st.sampled_from(["answers", "answers", "fails", "wants a human"]))
    @when(lambda self: self.attempts)
    def the_bot_comes_back(self, which: int, outcome: str) -> None:
        self.run(self._finishes(which, outcome))

    async def _finishes(self, which: int, outcome: str) -> None:
        attempt = self.attempts.pop(which % len(self.attempts))
        attempt.outcome = outcome
        attempt.opened.set()
        await attempt.task

    @rule(which=st.integers(0, 2))
    @when(lambda self: self.attempts)
    def a_gateway_is_killed_in_the_turn(self, which: int) -> None:
        attempt = self.attempts.pop(which % len(self.attempts))
        attempt.task.cancel()
        self.run(self._gone(attempt))

    async def _gone(self, attempt: Attempt) -> None:
        await gathered(attempt.task)

    @rule(seconds=st.sampled_from([1, 6, 39]))
    def time_passes(self, seconds: int) -> None:
        self.house.clock.forward(seconds=seconds)
        self.run(self.house.beat(*self.agents))

    @rule()
    @when(lambda self: self._is(Status.RESOLVED))
    def four_days_pass(self) -> None:
        self.house.clock.forward(days=4)
        self.run(self.house.beat(*self.agents))

    # -- the humans

    who = st.integers(0, 2)
    holder = st.sampled_from([None, None, None, 0, 1, 2])
    """Mostly whoever has the conversation."""

    @rule(who=who)
    @when(lambda self: self._owner() is not OwnerType.BOT)
    def an_agent_accepts(self, who: int) -> None:
        self._accepts(who)

    @rule()
    @when(lambda self: self.attempts)
    def a_supervisor_steps_in_while_the_bot_works(self) -> None:
        self._accepts(2)

    def _accepts(self, who: int) -> None:
        got = self.tries(self.house.accept(self.agents[who], self.id))
        if not isinstance(got, KefuError):
            assert got.owner.id == self.agents[who].id

    @rule(who=who, which=st.integers(0, 2), outcome=st.sampled_from(["answers", "wants a human"]))
    @when(lambda self: self.attempts)
    def an_accept_races_the_answer(self, who: int, which: int, outcome: str) -> None:
        self.run(self._race(self.house.accept(self.agents[who], self.id), which, outcome))

    async def _race(self, verb: Coroutine[Any, Any, Any], which: int, outcome: str) -> None:
        await asyncio.gather(self._one(verb), self._finishes(which, outcome))

    @rule()
    @when(lambda self: self.attempts or self._owner() is OwnerType.QUEUE)
    def all_agents_accept_at_once(self) -> None:
        got = self.run(self._all_accept())
        plain = [g for g in got[:2] if not isinstance(g, KefuError)]
        assert len(plain) <= 1, "the first wins"

    async def _all_accept(self) -> list[Any]:
        return await asyncio.gather(*(self._one(self.house.accept(a, self.id)) for a in self.agents))

    @rule(who=who)
    @when(lambda self: self._owner() is OwnerType.QUEUE)
    def an_agent_declines(self, who: int) -> None:
        self.tries(decline(self.house.services, self.agents[who], self.id))

    def _agent(self, who: int | None) -> Agent:
        owner = self._now().owner
        return next((a for a in self.agents if a.id == owner.id), self.agents[0]) if who is None else self.agents[who]

    @rule(who=holder, age=st.sampled_from([0, 0, 0, 1, 2]))
    @when(lambda self: self._owner() is OwnerType.AGENT or self.attempts)
    def an_agent_replies(self, who: int | None, age: int) -> None:
        self.numbers += 1
        owner, agent = self._now().owner, self._agent(who)
        got = self.tries(
            self.house.replies(agent, self.id, f"答复 {self.numbers}", owner.epoch - age, f"a{self.numbers}")
        )
        rightful = owner.id == agent.id and age == 0
        assert isinstance(got, Message) == rightful
        if not rightful:
            assert isinstance(got, StaleEpoch | ConversationTaken) or getattr(got, "status", 0) == 404

    @rule(who=who)
    @when(lambda self: self._owner() is OwnerType.AGENT)
    def an_agent_notes(self, who: int) -> None:
        self.numbers += 1
        self.tries(note(self.house.services, self.agents[who], self.id, "内部", f"n{self.numbers}"))

    @rule(
        who=holder,
        verb=st.sampled_from(["hand_back", "hand_back", "hand_back", "resolve", "to_team", "to_agent"]),
        age=st.sampled_from([0, 0, 0, 1]),
    )
    @when(lambda self: self._owner() is not OwnerType.BOT)
    def an_agent_passes_it_on(self, who: int | None, verb: str, age: int) -> None:
        owner = self._now().owner
        got = self.tries(self._verb(verb, self._agent(who), owner.epoch - age))
        if age:
            assert isinstance(got, KefuError), "an old epoch does nothing"

    @rule(who=who)
    @when(lambda self: self._is(Status.RESOLVED))
    def an_agent_reopens(self, who: int) -> None:
        self.tries(pass_on.reopen(self.house.services, self.agents[who], self.id))

    @rule(
        first=st.sampled_from(["hand_back", "resolve", "to_team"]),
        second=st.sampled_from(["hand_back", "to_agent", "resolve"]),
    )
    @when(lambda self: self._owner() is OwnerType.AGENT)
    def two_verbs_race_with_one_epoch(self, first: str, second: str) -> None:
        got = self.run(self._both(first, second, self._agent(None), self._now().owner.epoch))
        assert sum(not isinstance(g, KefuError) for g in got) == 1

    async def _both(self, first: str, second: str, holder: Agent, epoch: int) -> list[Any]:
        return await asyncio.gather(*(self._one(self._verb(v, holder, epoch)) for v in (first, second)))

    def _verb(self, verb: str, agent: Agent, epoch: int) -> Coroutine[Any, Any, Any]:
        services, other = self.house.services, self.agents[(self.agents.index(agent) + 1) % 3]
        if verb == "hand_back":
            return pass_on.hand_back(services, agent, self.id, epoch, None)
        if verb == "resolve":
            return pass_on.resolve(services, agent, self.id, epoch, None)
        if verb == "to_team":
            return pass_on.transfer(services, agent, self.id, epoch, "pre_sales", None, "请接手")
        return pass_on.transfer(services, agent, self.id, epoch, None, other.id, None)

    # -- what must always hold

    def _now(self) -> Conversation:
        return self.run(self.house.conversation(self.id))

    def _owner(self) -> OwnerType | None:
        """As the last look at it told."""
        last = self.seen.get(self.id) if hasattr(self, "id") else None
        return last.owner.type if last else None

    def _unanswered(self) -> bool:
        last = self.seen.get(self.id) if hasattr(self, "id") else None
        return last is not None and last.unanswered

    def _is(self, status: Status) -> bool:
        last = self.seen.get(self.id) if hasattr(self, "id") else None
        return last is not None and last.status is status

    @invariant()
    def the_log_tells_a_clean_story(self) -> None:
        if self.looked or not hasattr(self, "id"):
            return
        for id in {self.id, *self.seen}:
            conversation = self.run(self.house.conversation(id))  # type: ignore[arg-type]
            # A turn's word about taking a moment comes by itself, also between two looks: hold the log to the first.
            log = self.run(self.house.log(conversation.id))[: conversation.last_seq]
            check_log(log, conversation)
            check_owner(self.seen.get(id), conversation)
            for client_id, (where, text, seq) in self.sent.items():
                if where == id:
                    kept = log[seq - 1]
                    assert (kept.client_id, kept.text, kept.sender) == (client_id, text, Sender.CUSTOMER)
            assert sum(m.sender is Sender.CUSTOMER for m in log) == sum(w == id for w, _, _ in self.sent.values())
            self.run(self._check_turns(conversation))
            self.seen[id] = conversation
        self.looked = True

    async def _check_turns(self, conversation: Conversation) -> None:
        turns = await self.house.turns(conversation.id)
        assert [t.turn_no for t in turns] == list(range(1, len(turns) + 1))
        assert conversation.turn_no == len(turns)
        assert all(a.last_seq < b.first_seq for a, b in zip(turns, turns[1:], strict=False)), (
            "no words are answered twice"
        )
        running = [t for t in turns if t.state is TurnState.RUNNING]
        assert len(running) <= 1
        if running:
            assert conversation.owner.type is OwnerType.BOT
            assert running[0].epoch == conversation.owner.epoch


NUMBERS = House(None)._numbers  # type: ignore[arg-type]


def check_log(log: list[Message], conversation: Conversation) -> None:
    """Dense, each client id once, every `prev` right, and no word of the bot while humans have it."""
    assert [m.seq for m in log] == list(range(1, len(log) + 1))
    assert conversation.last_seq == len(log)
    ids = [m.client_id for m in log if m.client_id]
    assert len(ids) == len(set(ids))
    public, human = 0, False
    for message in log:
        assert message.prev_public == public
        if message.private:
            continue
        public = message.seq
        if message.sender is Sender.SYSTEM and message.text.startswith(TO_HUMAN):
            human = True
        elif message.sender is Sender.SYSTEM and message.text.startswith(TO_BOT):
            human = False
        assert not (human and message.sender is Sender.BOT), f"the bot spoke over a human at {message.seq}"
        assert human or message.sender is not Sender.AGENT, f"an agent spoke without having it at {message.seq}"
    assert conversation.last_public_seq == public
    assert human == (conversation.owner.type is not OwnerType.BOT)


def check_owner(before: Conversation | None, after: Conversation) -> None:
    """Epochs only grow, with every change of owner and only with one; each change is one that the domain allows."""
    if before is None:
        return
    assert after.owner.epoch >= before.owner.epoch
    if after.owner.epoch == before.owner.epoch:
        assert after.owner == before.owner
    if after.owner.epoch == before.owner.epoch + 1:
        assert after.owner.type in _MAY_BECOME[before.owner.type]
    assert after.bot_seq >= before.bot_seq
    assert after.last_seq >= before.last_seq


def play(url: str, examples: int, steps: int, *, derandomize: bool) -> None:
    store = open_store(url)
    with asyncio.Runner() as runner:
        machine = type("Played", (Core,), {"runner": runner, "store": store})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                derandomize=derandomize,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    store.close()


def test_that_the_log_tells_a_clean_story_whatever_happens(database_url: str) -> None:
    play(database_url, 30 if database_url.startswith("sqlite") else 12, 80, derandomize=True)


@pytest.mark.slow
def test_that_the_log_tells_a_clean_story_in_many_more_lives(database_url: str) -> None:
    play(database_url, 150, 120, derandomize=False)
