"""Cases: opened once by key, told to the shop until it has heard, moved by people."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from handoff.domain.cases import DUE_WITHIN, LETTER, TEAM, Case, CaseKind, CaseStatus, subject_of
from handoff.domain.conversation import Conversation
from handoff.domain.errors import Conflict, Invalid, KeyReused, NotFound, Unavailable
from handoff.domain.ids import CaseId, ConversationId, new_id
from handoff.domain.people import Agent
from handoff.services.context import Services
from handoff.services.idempotency import request_hash
from handoff.services.orders import access_order
from handoff.services.ports import Transaction
from handoff.services.shop import JsonObject, ShopRefusal

MAX_DATA = 4000


def do_open_case(
    tx: Transaction,
    *,
    kind: CaseKind,
    conversation: Conversation,
    order_number: str | None,
    summary: str,
    data: dict[str, Any],
    key: str,
    now: datetime,
    team_id: str | None = None,
    due_at: datetime | None = None,
    digest: str = "",
) -> Case:
    """Store a new case with its number and due time; the case made under `key` before, if there is one.

    Raises KeyReused when the key stands for another request, Conflict("already_open") when its subject has a live case.
    """
    before = tx.cases.by_key(key)
    if before is not None:
        if digest and before[1] != digest:
            raise KeyReused(f"Idempotency-Key {key} was used before for another request")
        return before[0]
    subject = subject_of(kind, order_number, data)
    check_no_other(tx, subject)
    case = Case(
        id=CaseId(new_id()),
        number=tx.cases.next_number(LETTER[kind], now),
        kind=kind,
        status=CaseStatus.OPEN,
        customer_id=conversation.customer_id,
        conversation_id=conversation.id,
        order_number=order_number,
        summary=summary[:500],
        data=data,
        team_id=team_id or TEAM.get(kind, "after_sales"),
        due_at=due_at or now + DUE_WITHIN[kind],
        created_at=now,
        updated_at=now,
        subject=subject,
    )
    tx.cases.add(case, key, digest)
    tx.cases.record(case.id, now, "system", "opened", {"kind": kind.value})
    return case


def check_no_other(tx: Transaction, subject: str | None) -> None:
    """One live case about one thing: a key only recognises the same turn, this also the customer who says it all again.

    Raises Conflict("already_open") with the other `case`: `{number, kind, status}`.
    """
    other = tx.cases.live(subject) if subject else None
    if other is not None:
        shown = {"number": other.number, "kind": other.kind.value, "status": other.status.value}
        raise Conflict("there is an open case about this", code="already_open", case=shown)


def check_case(kind: object, order_number: object, data: object) -> tuple[CaseKind, str | None, dict[str, Any]]:
    """A well-formed request for a case. Raises Invalid naming the field."""
    try:
        wanted = CaseKind(kind)
    except ValueError:
        raise Invalid("kind", "unknown") from None
    if not isinstance(data, dict) or len(str(data)) > MAX_DATA:
        raise Invalid("data", "not_an_object_of_reasonable_size")
    if wanted.after_sales:
        if not isinstance(order_number, str) or not order_number:
            raise Invalid("order_number", "required")
        for field in ("sku", "reason"):
            if not isinstance(data.get(field), str) or not data[field].strip():
                raise Invalid(f"data.{field}", "required")
        if wanted in (CaseKind.RETURN, CaseKind.EXCHANGE) and data.get("pickup") not in ("door", "drop_off"):
            raise Invalid("data.pickup", "door_or_drop_off")
        quantity = data.setdefault("quantity", 1)
        if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
            raise Invalid("data.quantity", "not_a_positive_number")
    return wanted, order_number if isinstance(order_number, str) else None, data


async def open_case(
    services: Services,
    conversation_id: ConversationId,
    *,
    kind: object,
    order_number: object,
    subject: object,
    data: object,
    key: str,
) -> Case:
    """Open a case for the customer of a conversation. A return is checked with the shop, which then is told of it.

    The case is the truth: it is stored first, one at a time for one item of an order (Conflict "already_open"). A shop that
    refuses closes it again as rejected and its reason is raised (ShopRefusal); a shop that is away is told later by the sweep.
    """
    wanted, number, details = check_case(kind, order_number, data)
    digest = request_hash([wanted.value, number, details])
    if wanted.after_sales and number is not None:
        order = await access_order(services, conversation_id, number)
        item = next((i for i in order["items"] if i["sku"] == details["sku"]), None)
        if item is None:
            raise Invalid("data.sku", "not_in_this_order")
        number = str(order["number"])  # as the shop writes it
        details = details | {"item": item["name"], "size": item.get("size")}

    def work(tx: Transaction) -> Case:
        conversation = tx.conversations.lock(conversation_id)
        return do_open_case(
            tx,
            kind=wanted,
            conversation=conversation,
            order_number=number,
            summary=str(subject or _summary(wanted, details))[:500],
            data=details,
            key=key,
            now=services.now(),
            digest=digest,
        )

    case = await services.store.write(work)
    if case.kind.after_sales and case.effect is None and case.status is CaseStatus.OPEN:
        case = await tell_shop(services, case)
    if case.status is CaseStatus.REJECTED and case.effect and "refused" in case.effect:
        raise ShopRefusal(code=case.effect["refused"], reason=case.effect.get("reason"))
    return case


def _summary(kind: CaseKind, data: dict[str, Any]) -> str:
    item = data.get("item") or {}
    name = item.get("zh") or data.get("sku") or ""
    words = data.get("reason") or data.get("text") or ""
    return f"{name} {words}".strip() or kind.value


async def tell_shop(services: Services, case: Case) -> Case:
    """Give the case its effect in the shop, once: the shop knows the case's id as key. A shop that is away: later."""
    data = case.data
    request: JsonObject = {
        "case_id": case.id,
        "kind": case.kind.value,
        "sku": data["sku"],
        "quantity": data.get("quantity", 1),
        "reason": data["reason"],
        "pickup": data.get("pickup"),
        "exchange_size": data.get("exchange_size"),
    }
    refused = False
    try:
        effect = await services.shop.open_return(case.order_number or "", request, key=case.id)
    except Unavailable:
        return case
    except ShopRefusal as refusal:
        refused, effect = True, {"refused": refusal.code, "reason": refusal.extra.get("reason")}

    def work(tx: Transaction) -> Case:
        now = services.now()
        # Read again: an agent may have moved it, or somebody else told the shop, while the shop thought.
        fresh = tx.cases.lock(case.id)
        if fresh.effect is not None:
            return fresh
        status = CaseStatus.REJECTED if refused else fresh.status
        done = replace(fresh, effect=effect, status=status, updated_at=now)
        tx.cases.save(done)
        tx.cases.record(case.id, now, "shop", "refused" if refused else "accepted", {})
        return done

    return await services.store.write(work)


async def list_cases_of(services: Services, conversation_id: ConversationId) -> list[Case]:
    """All cases of the customer of a conversation, newest first."""

    def work(tx: Transaction) -> list[Case]:
        conversation = tx.conversations.get(conversation_id)
        if conversation is None:
            raise NotFound("no such conversation")
        return tx.cases.search(customer_id=conversation.customer_id, limit=20)

    return await services.store.read(work)


def access_case(tx: Transaction, agent: Agent, id: CaseId) -> Case:
    """The case, if this agent may see it. Raises NotFound for both."""
    case = tx.cases.get(id)
    if case is None or not (agent.oversees or case.team_id is None or case.team_id in agent.team_ids):
        raise NotFound("no such case")
    return case


async def search_cases(
    services: Services, agent: Agent, status: str | None, kind: str | None, limit: int
) -> list[Case]:
    """The cases an agent may see: his teams', or all for those who oversee."""
    if status is not None and status not in {s.value for s in CaseStatus}:
        raise Invalid("status", "unknown")
    if kind is not None and kind not in {k.value for k in CaseKind}:
        raise Invalid("kind", "unknown")
    teams = None if agent.oversees else sorted(agent.team_ids)
    wanted = CaseStatus(status) if status else None
    return await services.store.read(lambda tx: tx.cases.search(status=wanted, kind=kind, team_ids=teams, limit=limit))


async def read_case(services: Services, agent: Agent, id: CaseId) -> tuple[Case, list[dict[str, Any]]]:
    """A case and what happened to it."""

    def work(tx: Transaction) -> tuple[Case, list[dict[str, Any]]]:
        return access_case(tx, agent, id), tx.cases.events(id)

    return await services.store.read(work)


async def move_case(services: Services, agent: Agent, id: CaseId, status: object, note: str | None) -> Case:
    """An agent moves a case on. Raises Conflict("illegal_status" or "already_open")."""
    try:
        wanted = CaseStatus(status)
    except ValueError:
        raise Invalid("status", "unknown") from None

    def work(tx: Transaction) -> Case:
        access_case(tx, agent, id)
        case = tx.cases.lock(id)
        case.check_move(wanted)
        if wanted.live and not case.status.live:
            check_no_other(tx, case.subject)
        now = services.now()
        moved = replace(case, status=wanted, agent_id=case.agent_id or agent.id, updated_at=now)
        tx.cases.save(moved)
        data = {"from": case.status.value, "to": wanted.value} | ({"note": note[:1000]} if note else {})
        tx.cases.record(id, now, agent.id, "status", data)
        return moved

    return await services.store.write(work)
