"""A customer asks to be forgotten."""

from __future__ import annotations

from handoff.domain.errors import NotFound
from handoff.domain.ids import CustomerId
from handoff.domain.people import Agent
from handoff.services.context import Services
from handoff.services.ports import Transaction


async def erase(services: Services, actor: Agent, id: CustomerId) -> dict[str, int]:
    """Delete everything about a customer. Raises NotFound. See handoff/stores/schema.py for what each table keeps of him."""

    def work(tx: Transaction) -> dict[str, int]:
        customer = tx.customers.get(id)
        if customer is None:
            raise NotFound("no such customer")
        counts = tx.customers.erase(customer.id)
        tx.records.audit(services.now(), actor.id, "erase", "customer", {"rows": sum(counts.values())})
        return counts

    return await services.store.write(work)
