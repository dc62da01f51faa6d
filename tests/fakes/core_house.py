"""A customer-service house for tests: the real use cases over a real store, with the outside made of fakes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from handoff.domain.conversation import Conversation
from handoff.domain.hours import BusinessHours
from handoff.domain.ids import AgentId, ConversationId, CustomerId, InboxId, TeamId
from handoff.domain.message import Draft, Message, Sender, text_content
from handoff.domain.people import Agent, Inbox, Presence, Role, Team
from handoff.domain.turns import Handoff, TurnRecord
from handoff.services import accept as accepting
from handoff.services import pass_on
from handoff.services.bot_turn import run_turn
from handoff.services.context import Policy, Services
from handoff.services.hub import Hub
from handoff.services.ports import Store, Transaction
from handoff.services.receive import Received, check_incoming, receive
from handoff.services.reply import reply
from handoff.services.sessions import Opened, identifier_hash, open_session
from tests.fakes.core_bot import ScriptedBot
from tests.fakes.core_outside import AbsentFaq, LosingBus, MemoryLimits, StandingClock
from tests.fakes.core_shop import MemoryShop

WEBSITE = Inbox(InboxId("web-1"), "web", "Shop", "website-token", "website-secret-of-the-tests", ("https://shop.test",))
OWN_ORIGIN = "https://kefu.test"
TEAMS = (
    Team(TeamId("after_sales"), {"zh": "售后", "en": "After-sales"}),
    Team(TeamId("complaints"), {"zh": "投诉", "en": "Complaints"}),
    Team(TeamId("pre_sales"), {"zh": "售前", "en": "Pre-sales"}),
)

TEAM_IDS = tuple(team.id for team in TEAMS)
HOURS = BusinessHours.parse("09:00-22:00", "Asia/Shanghai")


@dataclass(frozen=True)
class Visitor:
    """A customer's open session."""

    opened: Opened

    @property
    def customer_id(self) -> CustomerId:
        return self.opened.session.customer_id

    @property
    def id(self) -> ConversationId:
        return self.opened.conversation.id

    @property
    def token(self) -> str:
        return self.opened.token


class House:
    """Verbs of customers and agents in one line each, and what a test looks at."""

    def __init__(self, store: Store, **policy: Any) -> None:
        self.store = store
        self.clock = StandingClock()
        self.bot = ScriptedBot()
        self.shop = MemoryShop()
        self.faq = AbsentFaq()
        self.bus = LosingBus()
        rules: dict[str, Any] = {"hours": HOURS, "slow_after": 60.0} | policy
        self.services = Services(
            store,
            Hub(self.bus, "test"),
            self.bot,
            self.faq,
            self.shop,
            MemoryLimits(self.clock),
            Policy(**rules),
            self.clock,
        )
        self._numbers = count(1)

    async def open(self) -> None:
        """The website and the teams."""

        def work(tx: Transaction) -> None:
            tx.customers.save_inbox(WEBSITE)
            for team in TEAMS:
                tx.agents.add_team(team)

        await self.store.write(work)

    def with_policy(self, **changes: Any) -> Services:
        """The same house under other rules."""
        self.services = replace(self.services, policy=replace(self.services.policy, **changes))
        return self.services

    def number(self) -> int:
        return next(self._numbers)

    async def agent(
        self,
        name: str = "",
        role: Role = Role.AGENT,
        *,
        teams: tuple[str, ...] = TEAM_IDS,
        capacity: int = 5,
        presence: Presence = Presence.ONLINE,
        languages: tuple[str, ...] = ("zh", "en"),
    ) -> Agent:
        """A colleague, at his desk unless told otherwise."""
        id = AgentId(f"agent-{self.number()}")
        agent = Agent(
            id, name or id, f"{id}@kefu.test", role, presence, capacity, 0, "zh-Hans",
            tuple(t for t in TEAMS if t.id in teams), languages,
        )  # fmt: skip

        def work(tx: Transaction) -> None:
            tx.agents.add(agent, "no-password")
            tx.agents.set_presence(id, presence, self.clock())
            tx.agents.beat(id, self.clock())

        await self.store.write(work)
        return agent

    async def beat(self, *agents: Agent) -> None:
        """The desks are still there."""

        def work(tx: Transaction) -> None:
            for agent in agents:
                tx.agents.beat(agent.id, self.clock())

        await self.store.write(work)

    async def visitor(self, identifier: Any = None, **given: Any) -> Visitor:
        """Somebody opens the shop's page."""
        if isinstance(identifier, str):
            given = {"given_hash": identifier_hash(str(WEBSITE.secret), identifier)} | given
        return Visitor(
            await open_session(
                self.services,
                **{"website_token": WEBSITE.website_token, "origin": "https://shop.test", "own_origin": OWN_ORIGIN,
                   "identifier": identifier, "locale": "zh-CN", **given},
            )
        )  # fmt: skip

    async def says(
        self, visitor: Visitor, text: str | None = None, *, client_id: str = "", option_id: str | None = None
    ) -> Received:
        """The customer writes or presses."""
        incoming = check_incoming(client_id or f"c{self.number()}", text, option_id)
        return await receive(self.services, visitor.customer_id, WEBSITE.id, visitor.opened.session.locale, incoming)

    async def bot_turns(self, id: ConversationId) -> int:
        """Run what the bot owes until it owes nothing now; how many turns were answered."""
        done = 0
        while await run_turn(self.services, id):
            done += 1
        return done

    async def asks(self, visitor: Visitor, text: str) -> None:
        """The customer writes and the bot answers."""
        await self.says(visitor, text)
        await self.bot_turns(visitor.id)

    async def accept(self, agent: Agent, id: ConversationId, *, force: bool = False) -> Conversation:
        return await accepting.accept(self.services, agent, id, force=force)

    async def replies(
        self, agent: Agent, id: ConversationId, text: str, epoch: int | None = None, client_id: str = ""
    ) -> Message:
        seen = (await self.conversation(id)).owner.epoch if epoch is None else epoch
        return await reply(self.services, agent, id, text, seen, client_id or f"a{self.number()}")

    async def hands_back(self, agent: Agent, id: ConversationId, note: str | None = None) -> Conversation:
        seen = (await self.conversation(id)).owner.epoch
        return await pass_on.hand_back(self.services, agent, id, seen, note)

    async def resolves(self, agent: Agent, id: ConversationId) -> Conversation:
        seen = (await self.conversation(id)).owner.epoch
        return await pass_on.resolve(self.services, agent, id, seen, None)

    async def conversation(self, id: ConversationId) -> Conversation:
        found = await self.store.read(lambda tx: tx.conversations.get(id))
        assert found is not None
        return found

    async def log(self, id: ConversationId, *, private: bool = True) -> list[Message]:
        return await self.store.read(lambda tx: tx.messages.after(id, 0, 10_000, private=private))

    async def texts(self, id: ConversationId, sender: Sender, *, private: bool = False) -> list[str]:
        """What this sender said that the customer may see (or, with `private`, all of it)."""
        return [m.text for m in await self.log(id) if m.sender is sender and (private or not m.private)]

    async def handoff(self, id: ConversationId) -> Handoff:
        """The newest passage."""
        return (await self.store.read(lambda tx: tx.handoffs.of(id)))[-1]

    async def turns(self, id: ConversationId) -> list[TurnRecord]:
        return await self.store.read(lambda tx: tx.turns.records(id))

    async def waiting_visitor(self, text: str = "转人工") -> Visitor:
        """A customer in the queue."""
        visitor = await self.visitor()
        await self.says(visitor, text)
        return visitor


def customer_draft(id: ConversationId, text: str, client_id: str | None = None) -> Draft:
    """A customer's message, ready to append."""
    return Draft(id, Sender.CUSTOMER, text_content(text), client_id=client_id)


async def gathered(*work: Any) -> list[Any]:
    """Results and exceptions of what runs at the same time."""
    return list(await asyncio.gather(*work, return_exceptions=True))
