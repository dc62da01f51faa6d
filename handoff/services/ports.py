"""What the use cases need of the outside: one transaction over the store, a bus, and the other processes.

A unit of work is a plain function of a `Transaction`: it cannot await, so no transaction ever spans a network call.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from handoff.domain.cases import Case, CaseStatus
from handoff.domain.conversation import Conversation, Head, Owner
from handoff.domain.escalation import TurnView
from handoff.domain.faq import Entry, StoredEntry
from handoff.domain.ids import AgentId, CaseId, ConversationId, CustomerId, HandoffId, IdentityId, InboxId
from handoff.domain.message import Draft, Message
from handoff.domain.outbox import Outgoing, OutgoingState
from handoff.domain.people import Agent, Customer, Inbox, Presence, Session, Team
from handoff.domain.turns import BotAnswer, BotTurn, Handoff, Ring, TurnRecord, TurnState

T = TypeVar("T")


class Conversations(Protocol):
    """The conversations and who owns them."""

    def get(self, id: ConversationId) -> Conversation | None: ...

    def lock(self, id: ConversationId) -> Conversation:
        """The conversation, with its row held until the transaction ends. Raises NotFound."""

    def current(self, customer_id: CustomerId) -> Conversation | None:
        """The customer's one conversation that is not resolved, its row held until the transaction ends."""

    def lock_current(self, customer_id: CustomerId) -> ConversationId | None:
        """As `current`, for who needs no more than to hold it."""

    def latest(self, customer_id: CustomerId) -> Conversation | None: ...

    def ended_with(self, customer_id: CustomerId, client_id: str) -> ConversationId | None:
        """The customer's resolved conversation that holds a message with this client id."""

    def create(
        self, customer_id: CustomerId, inbox_id: InboxId, locale: str, previous: ConversationId | None
    ) -> Conversation: ...

    def save(self, conversation: Conversation) -> None:
        """Store everything of it but the log's counters, which only `append` moves."""

    def change_owner(self, before: Conversation, after: Conversation) -> None:
        """Store a `give_to`: a conditional update on the owner and epoch of `before`. Raises StaleEpoch with the fresh owner."""

    def search(
        self,
        *,
        agent: Agent,
        owner: str,
        status: str | None,
        q: str | None,
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> list[Conversation]:
        """What `agent` may see of them, newest change first (a queue: in queue order)."""

    def of_customer(self, customer_id: CustomerId) -> list[Conversation]: ...

    def waiting(self, team_ids: Sequence[str] | None = None) -> list[Conversation]:
        """Those in the queue, in the order of priority, due first answer and arrival."""

    def line(self) -> list[tuple[ConversationId, str]]:
        """The ids and teams of `waiting`, in its order."""

    def with_humans(self) -> list[Conversation]:
        """Those that go on and wait for a human or have one."""

    def unanswered(self, now: datetime, limit: int) -> list[ConversationId]:
        """Bot-owned ones with unanswered messages and no live claim."""

    def owned_by(self, agent_id: AgentId) -> list[Conversation]: ...

    def heads(self, ids: Sequence[ConversationId]) -> dict[ConversationId, Head]:
        """The head of each: what the sweep compares."""

    def changed_since(self, at: datetime) -> dict[ConversationId, Head]:
        """The heads of those that changed at or after `at`, the newest 5,000: what the readers of this gateway may have missed."""


class Messages(Protocol):
    """The log."""

    def append(self, draft: Draft, *, as_owner: Owner | None, at: datetime | None = None) -> Message:
        """Append and return the message. `as_owner` None: customers, system and private messages. `at`: when it was said.

        Moves the clocks of who waits for a human: a customer's words start one, an agent's public words stop it.
        Raises StaleEpoch if the owner has changed, DuplicateMessage (with the first one's seq) on a repeated client id,
        ClientIdReused when its content differs, NotFound.
        """

    def append_and_read(
        self, draft: Draft, *, as_owner: Owner | None, at: datetime | None = None
    ) -> tuple[Message, Conversation]:
        """As `append`, with the conversation as it is then, its row held until the transaction ends."""

    def after(self, id: ConversationId, seq: int, limit: int, *, private: bool) -> list[Message]: ...

    def before(self, id: ConversationId, seq: int, limit: int) -> list[Message]:
        """The `limit` messages before `seq`, oldest first, private ones too."""

    def between(self, id: ConversationId, first: int, last: int) -> list[Message]: ...

    def by_client_id(self, id: ConversationId, client_id: str) -> Message | None: ...


class Turns(Protocol):
    """Bot turns as rows: a claim is a conditional update with an expiry."""

    def claim(self, id: ConversationId, claim: str, now: datetime, lease_seconds: float) -> BotTurn | None:
        """The turn to run now, claimed: the running one whose claim has expired, or a new one over what is unanswered.

        None when nothing is owed or somebody else holds a live claim.
        """

    def renew(self, turn: BotTurn, until: datetime) -> bool:
        """Keep the claim; False when it was lost."""

    def release(self, turn: BotTurn, retry_at: datetime, *, counts: bool = True) -> None:
        """Give the claim up; the turn is tried again from `retry_at` on. `counts`: whether this attempt was one that failed."""

    def finish(self, turn: BotTurn, state: TurnState, answer: BotAnswer, now: datetime) -> bool:
        """Write what came of it, if the claim is still ours; False when it was lost."""

    def close_running(self, id: ConversationId) -> None:
        """A human takes over: whatever runs is late."""

    def records(self, id: ConversationId, since_epoch: int = 0) -> list[TurnRecord]: ...

    def views(self, id: ConversationId, since_epoch: int, limit: int) -> list[TurnView]:
        """The last `limit` turns since then that were answered or failed, oldest first: what escalation looks at."""

    def last_process(self, id: ConversationId) -> str | None:
        """Which of the bot's processes gave the latest answer, None when none did."""

    def overdue(self, before: datetime, limit: int) -> list[tuple[ConversationId, int]]:
        """`(conversation, turn_no)` of the bot's answers that customers have waited for since `before`; the turn need not have begun."""


class Handoffs(Protocol):
    """Passages from bot to human."""

    def add(self, handoff: Handoff) -> None: ...

    def save(self, handoff: Handoff) -> None: ...

    def get(self, id: HandoffId) -> Handoff | None: ...

    def by_ids(self, ids: Collection[HandoffId]) -> dict[HandoffId, Handoff]: ...

    def of(self, id: ConversationId) -> list[Handoff]: ...

    def open(self) -> list[tuple[Handoff, Conversation]]:
        """Those still waiting, in queue order."""

    def rings(self) -> list[Ring]:
        """Where `open` ones ring, in its order."""

    def busy_since(self) -> dict[AgentId, list[datetime]]:
        """When each agent accepted what he has now."""

    def recent(self, limit: int) -> list[tuple[float, float | None]]:
        """Of the latest that were accepted and have ended: seconds from accept to end, and from ring to accept."""

    def told(self, since: datetime, limit: int) -> list[Handoff]:
        """The latest accepted since then whose customer was told a wait."""

    def last_agent(self, customer_id: CustomerId) -> AgentId | None: ...


class Agents(Protocol):
    """The people who answer."""

    def get(self, id: AgentId, now: datetime) -> Agent | None: ...

    def lock(self, id: AgentId, now: datetime) -> Agent:
        """The agent, with his row held, so that his load cannot grow meanwhile. Raises NotFound."""

    def all(self, now: datetime) -> list[Agent]: ...

    def credentials(self, email: str) -> tuple[AgentId, str] | None:
        """The agent's id and password hash."""

    def teams(self) -> list[Team]: ...

    def add(self, agent: Agent, password_hash: str) -> None: ...

    def add_team(self, team: Team) -> None: ...

    def update(self, agent: Agent) -> None:
        """Store his capacity, skills, languages and teams."""

    def set_presence(self, id: AgentId, presence: Presence, now: datetime, *, seen: bool = True) -> None:
        """What he chose. `seen` False: without being there yet; only his desk's heartbeat makes him present."""

    def beat(self, id: AgentId, now: datetime) -> None: ...

    def assigned(self, id: AgentId, now: datetime) -> None: ...

    def open_session(self, token_hash: str, id: AgentId, expires_at: datetime) -> None: ...

    def session(self, token_hash: str, now: datetime) -> AgentId | None: ...

    def close_session(self, token_hash: str) -> None: ...


class Customers(Protocol):
    """Customers, their identities, inboxes and sessions."""

    def inbox(self, id: InboxId) -> Inbox | None: ...

    def inbox_by_token(self, website_token: str) -> Inbox | None: ...

    def inboxes(self) -> list[Inbox]: ...

    def save_inbox(self, inbox: Inbox) -> None: ...

    def get(self, id: CustomerId) -> Customer | None: ...

    def by_ids(self, ids: Collection[CustomerId]) -> dict[CustomerId, Customer]: ...

    def create(self, customer: Customer) -> None: ...

    def update(self, customer: Customer) -> None: ...

    def by_identifier(self, identifier: str) -> Customer | None: ...

    def identity(self, inbox_id: InboxId, external_id: str) -> tuple[IdentityId, CustomerId] | None: ...

    def external_id(self, inbox_id: InboxId, customer_id: CustomerId) -> str | None:
        """The customer's own id in this inbox; a verified one when he has several."""

    def add_identity(
        self, id: IdentityId, customer_id: CustomerId, inbox_id: InboxId, external_id: str, verified: bool
    ) -> None: ...

    def move(self, from_id: CustomerId, to_id: CustomerId) -> None:
        """Give everything of one customer to another (an anonymous visitor was identified)."""

    def open_session(self, token_hash: str, session: Session) -> None: ...

    def session(self, token_hash: str, now: datetime) -> Session | None: ...

    def renew_session(self, token_hash: str, session: Session) -> None:
        """Keep its new expiry, locale and address."""

    def last_address(self, id: CustomerId) -> str | None:
        """The `Session.address` of the customer's latest session."""

    def known_tokens(self, token_hashes: Sequence[str]) -> set[str]:
        """Those of them that are still somebody's, a customer's or an agent's."""

    def close_sessions(self, *, token_hash: str | None = None, customer_id: CustomerId | None = None) -> None: ...

    def erase(self, id: CustomerId) -> dict[str, int]:
        """Delete every row that is about this customer; the counts by table."""


class Cases(Protocol):
    """Cases and what happened to them."""

    def add(self, case: Case, key: str, request_hash: str) -> None: ...

    def by_key(self, key: str) -> tuple[Case, str] | None:
        """The case made under this idempotency key, with the hash of that request."""

    def get(self, id: CaseId) -> Case | None: ...

    def lock(self, id: CaseId) -> Case:
        """The case, with its row held until the transaction ends. Raises NotFound."""

    def live(self, subject: str) -> Case | None:
        """The case about this subject that is being dealt with; there is one at the most."""

    def save(self, case: Case) -> None: ...

    def next_number(self, letter: str, now: datetime) -> str: ...

    def search(
        self,
        *,
        status: CaseStatus | None = None,
        kind: str | None = None,
        customer_id: CustomerId | None = None,
        team_ids: Sequence[str] | None = None,
        limit: int = 200,
    ) -> list[Case]: ...

    def without_effect(self, now: datetime, limit: int) -> list[Case]:
        """After-sales cases that the shop has not heard of yet."""

    def record(self, case_id: CaseId, at: datetime, actor: str, kind: str, data: dict[str, Any]) -> None: ...

    def events(self, case_id: CaseId) -> list[dict[str, Any]]: ...


class Records(Protocol):
    """Small durable facts: idempotent answers, opened orders, the audit trail."""

    def answer(self, scope: str, key: str) -> tuple[str, dict[str, Any]] | None:
        """The request's hash and the answer given under this key before."""

    def keep_answer(
        self,
        scope: str,
        key: str,
        request_hash: str,
        answer: dict[str, Any],
        customer_id: CustomerId | None,
        now: datetime,
    ) -> None: ...

    def complete_answer(self, scope: str, key: str, answer: dict[str, Any]) -> None:
        """Replace the answer that is kept under this key; nothing when none is."""

    def forget_old(self, now: datetime) -> dict[str, int]:
        """Delete what has outlived its table's retention; rows by table."""

    def grant_order(
        self, conversation_id: ConversationId, customer_id: CustomerId, order_number: str, now: datetime
    ) -> None: ...

    def granted_orders(self, conversation_id: ConversationId) -> list[str]: ...

    def audit(self, at: datetime, actor: str, action: str, subject: str, data: dict[str, Any]) -> None: ...


class Outbox(Protocol):
    """Public messages on their way to networks."""

    def add(
        self,
        conversation_id: ConversationId,
        seq: int,
        customer_id: CustomerId,
        inbox_id: InboxId,
        channel: str,
        now: datetime,
    ) -> None:
        """A message has become public. Called by `append`, in its transaction."""

    def due(self, now: datetime, channels: Collection[str], limit: int) -> list[Outgoing]:
        """What may be sent now: of each conversation only the first that is pending."""

    def claim(self, id: str, claim: str, now: datetime, lease_seconds: float) -> Outgoing | None:
        """Take it for so long and count the attempt; None when somebody else has it, or it is not due."""

    def settle(
        self,
        item: Outgoing,
        state: OutgoingState,
        now: datetime,
        *,
        due_at: datetime | None = None,
        error: str | None = None,
        network_id: str | None = None,
    ) -> bool:
        """Write what came of it, if the claim is still ours; `due_at`: when a pending one is tried again."""

    def get(self, id: str) -> Outgoing | None: ...

    def search(self, state: OutgoingState, limit: int) -> list[Outgoing]:
        """The newest in this state."""

    def revive(self, id: str, now: datetime) -> bool:
        """Make a dead one pending, with all its attempts; False when it is not dead."""

    def forget(self, sent_before: datetime, dead_before: datetime) -> int: ...


class HouseRules(Protocol):
    """Rules that people set while the system runs, by name, as JSON."""

    def all(self) -> dict[str, Any]: ...

    def lock(self, name: str) -> Any:
        """The rule, with its row held until the transaction ends; None when it was never set."""

    def save(self, name: str, value: Any, now: datetime, by: str) -> None: ...

    def forget(self, name: str) -> None: ...


@dataclass(frozen=True)
class SlaEvent:
    """A promise that is about to be broken (`warning`) or was (`breach`); the clock is named by kind and start."""

    conversation_id: ConversationId
    kind: str
    since: datetime
    level: str
    due_at: datetime
    at: datetime
    team_id: str | None
    agent_id: str | None


class SlaEvents(Protocol):
    """What happened to promises."""

    def add(self, event: SlaEvent) -> bool:
        """Store it; False when somebody stored it before."""

    def known(self, ids: list[str]) -> set[tuple[str, str, datetime, str]]:
        """`(conversation_id, kind, since, level)` of all events of these conversations."""

    def since(self, at: datetime, limit: int) -> list[SlaEvent]:
        """The latest at or after `at`, newest first."""


class FaqEntries(Protocol):
    """The entries of the knowledge base."""

    def get(self, id: str) -> StoredEntry | None: ...

    def all(self) -> list[StoredEntry]:
        """By id."""

    def ids(self) -> set[str]: ...

    def categories(self) -> set[str]: ...

    def add(self, entries: Sequence[Entry], now: datetime, by: str) -> None:
        """Store new ones; the caller has looked that their ids are free."""

    def change(self, changes: Sequence[tuple[Entry, int]], now: datetime, by: str) -> list[str]:
        """Store each over the version named beside it; the ids of those that have another one by now, which stay as they are."""


@dataclass(frozen=True)
class FaqSearch:
    """One search as it is logged: masked, of an hour, of nobody."""

    hour: datetime
    text: str
    text_hash: str
    outcome: str
    entry_id: str | None
    score: float | None
    locale: str


@dataclass(frozen=True)
class Unanswered:
    """A question that found nothing, and how often it was asked."""

    text: str
    text_hash: str
    count: int
    first_at: datetime
    last_at: datetime


class FaqSearches(Protocol):
    """What the knowledge base was asked."""

    def add(self, search: FaqSearch) -> None: ...

    def outcomes(self, since: datetime, until: datetime) -> dict[tuple[datetime, str], int]:
        """How many searches of each hour came to each outcome."""

    def found(self, since: datetime, until: datetime, limit: int) -> list[tuple[str, int]]:
        """The entries that were given as the answer most often."""

    def unanswered(self, since: datetime, until: datetime, limit: int) -> list[Unanswered]:
        """The questions that found nothing, those asked most first; without those that a draft was made of."""

    def take_up(self, text_hashes: Sequence[str], draft_id: str) -> None:
        """A draft was made of these questions."""


class Transaction(Protocol):
    """One transaction over everything. What it raises rolls it back."""

    @property
    def conversations(self) -> Conversations: ...
    @property
    def messages(self) -> Messages: ...
    @property
    def turns(self) -> Turns: ...
    @property
    def handoffs(self) -> Handoffs: ...
    @property
    def agents(self) -> Agents: ...
    @property
    def customers(self) -> Customers: ...
    @property
    def cases(self) -> Cases: ...
    @property
    def records(self) -> Records: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def rules(self) -> HouseRules: ...
    @property
    def sla_events(self) -> SlaEvents: ...
    @property
    def faq_entries(self) -> FaqEntries: ...
    @property
    def faq_searches(self) -> FaqSearches: ...


class Store(Protocol):
    """Runs units of work."""

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one durable transaction. Raises what it raises, or Unavailable("database_unavailable")."""

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on a snapshot that it must not change."""


class Bus(Protocol):
    """Wakes the other gateways. It may lose anything at any time; SQL is the truth."""

    async def publish(self, channel: str, payload: dict[str, Any]) -> None: ...


class Limits(Protocol):
    """Counters with an expiry."""

    async def hit(self, key: str, limit: int, seconds: int) -> int | None:
        """Count one; None while at most `limit` in `seconds`, else the seconds until the next is free."""

    async def peek(self, key: str, limit: int) -> int | None:
        """As `hit` would answer for one more, without counting."""

    async def take_back(self, key: str) -> None:
        """One `hit` that does not count after all."""


class Bot(Protocol):
    """Rasa behind its channel."""

    def process_for(self, conversation_id: ConversationId) -> str:
        """Which of its processes answers this conversation now. Raises BotUnavailable when none can."""

    async def answer(self, turn: BotTurn, request: dict[str, Any], process: str) -> BotAnswer:
        """Ask that process. Raises BotUnavailable (nothing ran or nothing was saved) or BotBusy (it is being worked on)."""

    async def erase(self, conversation_ids: Sequence[str]) -> None:
        """Forget what was said in these conversations. Raises BotUnavailable."""

    async def healthy(self) -> bool: ...


class Faq(Protocol):
    """The FAQ search process."""

    async def search(self, query: str, locale: str, limit: int) -> dict[str, Any]:
        """`{decision, results, asked}`, `asked` being the masked question. Raises Unavailable("faq_unavailable")."""

    async def suggest(self, query: str, locale: str, limit: int) -> dict[str, Any]: ...

    async def cluster(self, texts: Sequence[str]) -> list[list[int]]:
        """Places of texts that mean the same, the first of each the most typical. Raises Unavailable("faq_unavailable")."""


class BotUnavailable(Exception):
    """The bot did not answer. Nothing was saved, or the same turn may be asked again and is answered the same."""


class BotBusy(BotUnavailable):
    """The bot still works on this very turn: alive, but slow."""
