"""Which conversations a desk lists, and in which order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal, or_, select, tuple_

from handoff.domain.cases import CaseKind, CaseStatus
from handoff.domain.conversation import OwnerType, Status
from handoff.domain.people import Agent
from handoff.stores.schema import cases, customers, handoffs
from handoff.stores.schema import conversations as c

# What people wait in: the most important first, then whose first answer is due first, then who came first.
QUEUE_ORDER = (c.c.priority_rank.desc(), c.c.queue_due_at, c.c.waiting_since, c.c.id)


def desk_list(
    agent: Agent, owner: str, status: str | None, q: str | None, before: tuple[datetime, str] | None
) -> Select[Any]:
    """See ports.Conversations.search."""
    query = select(c)
    if not agent.oversees:
        query = query.where(_visible_to(agent))
    if owner == "me":
        query = query.where(c.c.owner_type == OwnerType.AGENT.value, c.c.owner_id == agent.id)
    elif owner != "any":
        query = query.where(c.c.owner_type == owner)
    if status:
        query = query.where(c.c.status == status)
    if q:
        pattern = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = query.join(customers, customers.c.id == c.c.customer_id).where(
            or_(
                customers.c.name.ilike(pattern, escape="\\"),
                customers.c.identifier.ilike(pattern, escape="\\"),
                c.c.id == q,
            )
        )
    if before:
        query = query.where(
            tuple_(c.c.updated_at, c.c.id) < tuple_(literal(before[0], c.c.updated_at.type), literal(before[1]))
        )
    if owner == "queue":
        query = query.order_by(*QUEUE_ORDER)
    else:
        query = query.order_by(c.c.updated_at.desc(), c.c.id.desc())
    return query


def _visible_to(agent: Agent) -> ColumnElement[bool]:
    """An agent sees his own, his teams' queue and their call-backs, and what he resolved."""
    mine = and_(c.c.owner_type == OwnerType.AGENT.value, c.c.owner_id == agent.id)
    queue = and_(c.c.owner_type == OwnerType.QUEUE.value, c.c.team_id.in_(sorted(agent.team_ids)))
    resolved = and_(
        c.c.status == Status.RESOLVED.value,
        select(handoffs.c.id).where(handoffs.c.conversation_id == c.c.id, handoffs.c.accepted_by == agent.id).exists(),
    )
    called = (
        select(cases.c.id)
        .where(
            cases.c.conversation_id == c.c.id,
            cases.c.kind == CaseKind.CALLBACK.value,
            cases.c.status.in_([CaseStatus.OPEN.value, CaseStatus.IN_PROGRESS.value]),
            cases.c.team_id.in_(sorted(agent.team_ids)),
        )
        .exists()
    )
    return or_(mine, queue, resolved, called)
