"""What the desk asks over HTTP."""

from __future__ import annotations

from typing import Any

from handoff.domain.conversation import Conversation
from handoff.domain.errors import NotFound
from handoff.domain.ids import ConversationId, CustomerId
from handoff.services import accept as taking
from handoff.services import desk, login, pass_on, presence
from handoff.services import reply as saying
from handoff.services.access import may_see
from handoff.services.erase import erase
from handoff.services.ports import Transaction
from handoff.services.views import message_for_agent, moment
from handoff.web.addresses import client_address
from handoff.web.routing import Access, Body, Call, Routes

routes = Routes()
BASE = "/api/v1"


class Credentials(Body):
    """E-mail and password."""

    email: str
    password: str


class Status(Body):
    """`online`, `away` or `offline`."""

    status: str


class Accept(Body):
    """`force`: a supervisor takes it over his capacity."""

    force: bool = False


class Reply(Body):
    """The epoch is the one the agent saw."""

    epoch: int
    text: str
    client_id: str


class Note(Body):
    """A private note."""

    text: str
    client_id: str


class Transfer(Body):
    """To a team or to an agent."""

    epoch: int
    team_id: str | None = None
    agent_id: str | None = None
    note: str | None = None


class HandBack(Body):
    """A private note for colleagues; the bot learns what was said, not this."""

    epoch: int
    note: str | None = None


class Resolve(Body):
    """How it ended."""

    epoch: int
    outcome: str | None = None


class Read(Body):
    """Read up to here."""

    seq: int


class Query(Body):
    """Words to search answers for."""

    query: str
    locale: str = "zh-Hans"


async def _again(call: Call, id: str) -> dict[str, Any]:
    """The summary as it is now, for a repeat of what was done; the words only for who may still read them."""

    def read(tx: Transaction) -> tuple[Conversation, bool]:
        conversation = tx.conversations.get(ConversationId(id))
        if conversation is None:
            raise NotFound("no such conversation")
        return conversation, may_see(tx, call.agent, conversation)

    conversation, readable = await call.services.store.read(read)
    row = await _row(call, conversation)
    return row if readable else row | {"last_message": None}


async def _row(call: Call, conversation: Conversation) -> dict[str, Any]:
    rows = await call.services.store.read(lambda tx: desk.summarise_all(tx, [conversation], call.services))
    return rows[0]


@routes.add("POST", f"{BASE}/auth/login", Access.PUBLIC, "Log an agent in", body=Credentials)
async def log_in(call: Call) -> dict[str, Any]:
    """`{token, expires_at, agent}`."""
    body: Credentials = call.body
    token, expires_at, agent = await login.log_in(
        call.services, body.email, body.password, client_address(call.request)
    )
    return {"token": token, "expires_at": moment(expires_at), "agent": agent.to_json()}


@routes.add("POST", f"{BASE}/auth/logout", Access.AGENT, "Log out")
async def log_out(call: Call) -> dict[str, Any]:
    """The token is worth nothing afterwards."""
    await login.log_out(call.services, call.token)
    return {"logged_out": True}


@routes.add("GET", f"{BASE}/me", Access.AGENT, "Who am I")
async def me(call: Call) -> dict[str, Any]:
    """The agent."""
    return call.agent.to_json()


@routes.add("PUT", f"{BASE}/me/status", Access.AGENT, "Say whether you take conversations", body=Status)
async def set_status(call: Call) -> dict[str, Any]:
    """The agent as he is now."""
    agent = await presence.set_presence(call.services, call.agent, call.body.status)
    return agent.to_json()


@routes.add("GET", f"{BASE}/agents", Access.AGENT, "List the agents")
async def agents(call: Call) -> dict[str, Any]:
    """`{items}`; e-mail addresses only for those who oversee."""
    found = await call.services.store.read(lambda tx: tx.agents.all(call.services.now()))
    hidden = {} if call.agent.oversees else {"email": None}
    return {"items": [a.to_json() | (hidden if a.id != call.agent.id else {}) for a in found]}


@routes.add("GET", f"{BASE}/teams", Access.AGENT, "List the teams with who waits and who is there")
async def teams(call: Call) -> dict[str, Any]:
    """`{items: [{id, name, waiting, online}]}`."""
    return {"items": await desk.list_teams(call.services)}


@routes.add("GET", f"{BASE}/conversations", Access.AGENT, "List conversations that you may see")
async def conversations(call: Call) -> dict[str, Any]:
    """`{items, next_cursor}`; query: owner, status, q, limit, cursor."""
    return await desk.list_conversations(
        call.services,
        call.agent,
        owner=call.query("owner") or "me",
        status=call.query("status"),
        q=call.query("q"),
        cursor=call.query("cursor"),
        limit=call.number("limit", 50, 1, 100),
    )


@routes.add("GET", f"{BASE}/conversations/<id:str>", Access.AGENT, "Read one conversation with everything known")
async def conversation(call: Call, id: str) -> dict[str, Any]:
    """The summary and handoff, turns, slots, cases, orders, previous ones."""
    return await desk.read_conversation(call.services, call.agent, ConversationId(id))


@routes.add("GET", f"{BASE}/conversations/<id:str>/messages", Access.AGENT, "Read the log after (or before) a seq")
async def messages(call: Call, id: str) -> dict[str, Any]:
    """`{items, last_seq}`."""
    after = call.number("after", 0, 0, 2**31 - 1)
    before = call.number("before", 0, 0, 2**31 - 1) or None
    limit = call.number("limit", 200, 1, 500)
    return await desk.read_messages(call.services, call.agent, ConversationId(id), after, before, limit)


@routes.add(
    "POST",
    f"{BASE}/conversations/<id:str>/accept",
    Access.AGENT,
    "Take a waiting conversation",
    body=Accept,
    once=True,
    again=_again,
)
async def accept(call: Call, id: str) -> dict[str, Any]:
    """The fresh summary; 409 when somebody else has it."""
    return await _row(call, await taking.accept(call.services, call.agent, ConversationId(id), force=call.body.force))


@routes.add(
    "POST", f"{BASE}/conversations/<id:str>/decline", Access.AGENT, "Let an offer pass", once=True, again=_again
)
async def decline(call: Call, id: str) -> dict[str, Any]:
    """The fresh summary."""
    return await _row(call, await taking.decline(call.services, call.agent, ConversationId(id)))


@routes.add("POST", f"{BASE}/conversations/<id:str>/reply", Access.AGENT, "Answer the customer", body=Reply, once=True)
async def reply(call: Call, id: str) -> dict[str, Any]:
    """`{message}`; 409 when the owner has changed."""
    body: Reply = call.body
    message = await saying.reply(call.services, call.agent, ConversationId(id), body.text, body.epoch, body.client_id)
    return {"message": message_for_agent(message)}


@routes.add("POST", f"{BASE}/conversations/<id:str>/note", Access.AGENT, "Leave a private note", body=Note, once=True)
async def note(call: Call, id: str) -> dict[str, Any]:
    """`{message}`."""
    message = await saying.note(call.services, call.agent, ConversationId(id), call.body.text, call.body.client_id)
    return {"message": message_for_agent(message)}


@routes.add("POST", f"{BASE}/conversations/<id:str>/read", Access.AGENT, "Say how far you have read", body=Read)
async def read(call: Call, id: str) -> dict[str, Any]:
    """The fresh summary."""
    return await _row(call, await saying.mark_read(call.services, call.agent, ConversationId(id), call.body.seq))


@routes.add(
    "POST",
    f"{BASE}/conversations/<id:str>/transfer",
    Access.AGENT,
    "Pass it on",
    body=Transfer,
    once=True,
    again=_again,
)
async def transfer(call: Call, id: str) -> dict[str, Any]:
    """The fresh summary."""
    b: Transfer = call.body
    passed = await pass_on.transfer(
        call.services, call.agent, ConversationId(id), b.epoch, b.team_id, b.agent_id, b.note
    )
    return await _row(call, passed)


@routes.add(
    "POST",
    f"{BASE}/conversations/<id:str>/hand_back",
    Access.AGENT,
    "Give it back to the bot",
    body=HandBack,
    once=True,
    again=_again,
)
async def hand_back(call: Call, id: str) -> dict[str, Any]:
    """The fresh summary."""
    b: HandBack = call.body
    return await _row(call, await pass_on.hand_back(call.services, call.agent, ConversationId(id), b.epoch, b.note))


@routes.add(
    "POST", f"{BASE}/conversations/<id:str>/resolve", Access.AGENT, "End it", body=Resolve, once=True, again=_again
)
async def resolve(call: Call, id: str) -> dict[str, Any]:
    """The fresh summary."""
    b: Resolve = call.body
    return await _row(call, await pass_on.resolve(call.services, call.agent, ConversationId(id), b.epoch, b.outcome))


@routes.add(
    "POST", f"{BASE}/conversations/<id:str>/reopen", Access.AGENT, "Take an ended one up again", once=True, again=_again
)
async def reopen(call: Call, id: str) -> dict[str, Any]:
    """The fresh summary."""
    return await _row(call, await pass_on.reopen(call.services, call.agent, ConversationId(id)))


@routes.add("POST", f"{BASE}/faq/suggest", Access.AGENT, "Find answers to use", body=Query)
async def suggest(call: Call) -> dict[str, Any]:
    """`{results}`; 503 when FAQ search does not answer."""
    query = call.body.query.strip()[:500]
    return await call.services.faq.suggest(query, call.body.locale, 5) if query else {"results": []}


@routes.add("POST", f"{BASE}/customers/<id:str>/erase", Access.ADMIN, "Forget a customer")
async def erase_customer(call: Call, id: str) -> dict[str, Any]:
    """`{erased: {table: rows}}`."""
    return {"erased": await erase(call.services, call.agent, CustomerId(id))}
