"""Which agent an offer rings at: pure, over what is known of the agents now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from handoff.domain.ids import AgentId

# What an agent needs to know to help. A merchant may give agents other skills too; only these are asked for.
SKILL_OF_REASON = {
    "safety": "safety",
    "legal": "legal",
    "payment": "payments",
    "complaint": "complaints",
    "anger_now": "complaints",
    "anger_rising": "complaints",
}
SKILL_OF_INTENT = {
    "start_return": "returns",
    "check_case_status": "returns",
    "track_order": "orders",
    "track_parcel": "orders",
    "cancel_order": "orders",
    "change_address": "orders",
    "request_invoice": "invoices",
    "complain": "complaints",
    "search_product": "products",
    "ask_price": "products",
    "ask_stock": "products",
    "ask_size": "products",
    "ask_delivery_time": "products",
    "compare_products": "products",
}
SKILLS = tuple(sorted({*SKILL_OF_REASON.values(), *SKILL_OF_INTENT.values()}))


def needs_of(reasons: Iterable[str], intents: Sequence[str | None]) -> tuple[str, ...]:
    """The skills that would help: one by why a human is asked, one by what was talked about last."""
    by_reason = next((SKILL_OF_REASON[r] for r in reasons if r in SKILL_OF_REASON), None)
    by_intent = next((SKILL_OF_INTENT[i] for i in reversed(intents) if i in SKILL_OF_INTENT), None)
    return tuple(dict.fromkeys(skill for skill in (by_reason, by_intent) if skill))


@dataclass(frozen=True)
class Candidate:
    """An agent who is present, with how much he has to do."""

    id: AgentId
    load: int
    capacity: int
    idle_since: datetime
    """When he last got a conversation; the longest idle comes first among equals."""
    languages: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    """What he takes; none named: everything."""


def choose(
    candidates: Iterable[Candidate],
    *,
    language: str | None = None,
    needs: Collection[str] = (),
    last_agent: AgentId | None = None,
    asked: Collection[AgentId] = (),
) -> AgentId | None:
    """The agent to ask next: the customer's last one, else the least loaded, ties to the longest idle.

    Full agents and those `asked` before are left out. Who has a needed skill comes before who takes everything; who has only other
    skills is asked when nobody of the candidates, busy or not, could take it. Who does not speak `language` comes last.
    """
    present = list(candidates)
    takers = [c for c in present if _fits(c, needs) is not None] or present
    free = [c for c in takers if c.load < c.capacity and c.id not in asked]
    if any(c.id == last_agent and c.load < c.capacity and c.id not in asked for c in present):
        return last_agent

    def order(c: Candidate) -> tuple[bool, int, float, datetime, str]:
        foreign = bool(language and c.languages and language.split("-")[0] not in c.languages)
        return foreign, _fits(c, needs) or 0, c.load / c.capacity, c.idle_since, c.id

    return min(free, key=order).id if free else None


def _fits(candidate: Candidate, needs: Collection[str]) -> int | None:
    """0 when he has a needed skill (or none is needed), 1 when he takes everything, None when it is not his."""
    if not needs or any(need in candidate.skills for need in needs):
        return 0
    return None if candidate.skills else 1
