"""Who may see and do what with a conversation: fetched with permission, or not there at all."""

from __future__ import annotations

from handoff.domain.conversation import Conversation, OwnerType, Status
from handoff.domain.errors import ConversationTaken, Forbidden, Invalid, NotFound, StaleEpoch
from handoff.domain.ids import ConversationId
from handoff.domain.people import Agent
from handoff.services.ports import Transaction
from handoff.services.views import owner_json


def may_see(tx: Transaction, agent: Agent, conversation: Conversation) -> bool:
    """An agent his own, his teams' queue, their call-backs, and what he resolved; those who oversee, all."""
    if agent.oversees:
        return True
    owner = conversation.owner
    if owner.type is OwnerType.AGENT and owner.id == agent.id:
        return True
    if owner.type is OwnerType.QUEUE and conversation.team_id in agent.team_ids:
        return True
    if has_callback(tx, agent, conversation):
        return True
    ended = conversation.status is Status.RESOLVED
    return ended and any(h.accepted_by == agent.id for h in tx.handoffs.of(conversation.id))


def has_callback(tx: Transaction, agent: Agent, conversation: Conversation) -> bool:
    """Whether a call-back to this customer waits for one of the agent's teams."""
    cases = tx.cases.search(customer_id=conversation.customer_id, kind="callback")
    return any(
        c.conversation_id == conversation.id
        and c.status.value in ("open", "in_progress")
        and c.team_id in agent.team_ids
        for c in cases
    )


def access_conversation(tx: Transaction, agent: Agent, id: ConversationId, *, lock: bool = True) -> Conversation:
    """The conversation, if this agent may see it. Raises NotFound: what is not yours is not there."""
    conversation = tx.conversations.lock(id) if lock else tx.conversations.get(id)
    if conversation is None or not may_see(tx, agent, conversation):
        raise NotFound("no such conversation")
    return conversation


def own_conversation(tx: Transaction, agent: Agent, id: ConversationId, epoch: int) -> Conversation:
    """The conversation that this agent owns at `epoch`. Raises ConversationTaken or StaleEpoch with the fresh owner, NotFound."""
    conversation = tx.conversations.lock(id)
    owner = conversation.owner
    if owner.type is OwnerType.AGENT and owner.id == agent.id:
        if owner.epoch != epoch:
            raise StaleEpoch("the owner of this conversation has changed", owner=owner_json(owner))
        return conversation
    # He may have had it a moment ago: then he is told who has it now; others learn nothing.
    had_it = any(h.accepted_by == agent.id for h in tx.handoffs.of(id))
    if not (had_it or may_see(tx, agent, conversation)):
        raise NotFound("no such conversation")
    raise ConversationTaken("somebody else has this conversation", owner=owner_json(owner))


def check_epoch(epoch: object) -> int:
    """The epoch that the actor saw. Raises Invalid."""
    if not isinstance(epoch, int) or isinstance(epoch, bool):
        raise Invalid("epoch", "required")
    if abs(epoch) >= 2**31:
        raise Invalid("epoch", "out_of_range")
    return epoch


def check_oversees(agent: Agent) -> None:
    """Raises Forbidden for plain agents."""
    if not agent.oversees:
        raise Forbidden("this needs a supervisor")
