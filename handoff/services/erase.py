"""A customer asks to be forgotten."""

from __future__ import annotations

from contextlib import suppress

from handoff.domain.errors import NotFound, Unavailable
from handoff.domain.ids import ConversationId, CustomerId
from handoff.domain.people import Agent
from handoff.services.context import Services
from handoff.services.ports import BotUnavailable, Transaction


async def erase(services: Services, actor: Agent, id: CustomerId) -> dict[str, int]:
    """Delete everything about a customer, the bot's memory too; the deleted rows by table.

    The bot goes first: while it does not answer nothing is deleted, because afterwards nobody would know what to ask it to
    forget. Raises NotFound, Unavailable("bot_unavailable"). What each table holds of a customer: handoff/stores/schema.py.
    """

    def conversations(tx: Transaction) -> list[ConversationId]:
        if tx.customers.get(id) is None:
            raise NotFound("no such customer")
        return [c.id for c in tx.conversations.of_customer(id)]

    known = await services.store.read(conversations)
    try:
        await services.bot.erase(known)
    except BotUnavailable as error:
        raise Unavailable("bot_unavailable", "the bot does not answer; nothing was erased") from error

    def work(tx: Transaction) -> dict[str, int]:
        counts = tx.customers.erase(id)
        tx.records.audit(services.now(), actor.id, "erase", "customer", {"rows": sum(counts.values())})
        return counts

    counts = await services.store.write(work)
    # A turn that ran meanwhile may have been saved after it was forgotten.
    with suppress(BotUnavailable):
        await services.bot.erase(known)
    return counts
