"""Ask for a human: into the queue with everything known, or, when nobody is there, a call-back with a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from handoff.domain.cases import Case, CaseKind, CaseStatus
from handoff.domain.conversation import Conversation, OwnerType, Priority
from handoff.domain.escalation import Decision, Reason
from handoff.domain.ids import AgentId, HandoffId, TeamId, new_id
from handoff.domain.message import Draft, Sender, text_content
from handoff.domain.people import Agent, Presence
from handoff.domain.routing import Candidate, choose, estimate_wait
from handoff.domain.turns import Handoff, TurnRecord
from handoff.services.cases import do_open_case
from handoff.services.context import Policy
from handoff.services.hub import Change
from handoff.services.ports import Transaction
from handoff.services.texts import duration, intent_name, text

# The wait is told from this many recent conversations: enough for a p90, few enough to follow the day.
RECENT_HANDOFFS = 50


@dataclass(frozen=True)
class Place:
    """Where a waiting conversation stands. `wait` in seconds."""

    position: int
    wait: dict[str, int] | None


def system(conversation: Conversation, key: str, *, client_id: str | None = None, **values: Any) -> Draft:
    """A message of the system in the customer's language."""
    words = text(key, conversation.locale, **values)
    return Draft(conversation.id, Sender.SYSTEM, text_content(words), client_id=client_id)


def do_request(
    tx: Transaction, conversation: Conversation, decision: Decision, policy: Policy, now: datetime
) -> Change:
    """Hand `conversation` (locked) over. What the customer wrote so far is the human's to answer.

    With nobody present or out of hours it stays with the bot, a call-back case is opened, and the customer is told when.
    Waiting or taken conversations stay as they are; the customer is told where he stands.
    """
    if conversation.owner.type is OwnerType.AGENT:
        return Change(conversation)
    if conversation.owner.type is OwnerType.QUEUE:
        place = place_of(tx, conversation, now)
        told = tx.messages.append(system(conversation, "still_queued", ahead=place.position - 1), as_owner=None)
        return Change(tx.conversations.lock(conversation.id), (told,))
    present = [a for a in tx.agents.all(now) if a.presence is not Presence.OFFLINE]
    if not present or not policy.hours.open_at(now):
        return _call_back(tx, conversation, decision, policy, now)
    team = _team(tx, decision.team)
    turns = tx.turns.records(conversation.id)
    handoff = Handoff(
        id=HandoffId(new_id()),
        conversation_id=conversation.id,
        customer_id=conversation.customer_id,
        reason=decision.reason,
        reasons=[reason.to_json() for reason in decision.reasons],
        signals=list(decision.signals),
        summary=summarise(conversation, turns, decision),
        slots=conversation.slots,
        team_id=team,
        priority=decision.priority.value,
        requested_at=now,
    )
    tx.turns.close_running(conversation.id)
    waiting = replace(
        conversation.give_to(OwnerType.QUEUE),
        bot_seq=conversation.last_customer_seq,
        team_id=team,
        priority=max(conversation.priority, decision.priority, key=lambda p: p.rank),
        handoff_id=handoff.id,
        waiting_since=now,
    )
    tx.handoffs.add(handoff)
    tx.conversations.change_owner(conversation, waiting)
    place = place_of(tx, waiting, now)
    told = tx.messages.append(_queued(waiting, place), as_owner=None)
    ring = do_ring(tx, handoff, waiting, policy, now)
    return Change(tx.conversations.lock(conversation.id), (told,), owner_changed=True, queue_changed=True, ring=ring)


def _queued(conversation: Conversation, place: Place) -> Draft:
    ahead = place.position - 1
    if place.wait is None:
        return system(conversation, "queued", ahead=ahead)
    p50, p90 = (duration(place.wait[q], conversation.locale) for q in ("p50", "p90"))
    return system(conversation, "queued_wait", ahead=ahead, p50=p50, p90=p90)


def _team(tx: Transaction, wanted: str) -> TeamId:
    teams = [t.id for t in tx.agents.teams()]
    return TeamId(wanted) if wanted in teams else teams[0]


def place_of(tx: Transaction, conversation: Conversation, now: datetime) -> Place:
    """Where it stands in its team's queue, and the honest wait."""
    ids = [c.id for c in tx.conversations.waiting([conversation.team_id or ""])]
    position = ids.index(conversation.id) + 1 if conversation.id in ids else len(ids) + 1
    agents = sum(a.presence is Presence.ONLINE and conversation.team_id in a.team_ids for a in tx.agents.all(now))
    return Place(position, estimate_wait(position, agents, tx.handoffs.handling_seconds(RECENT_HANDOFFS)))


def do_ring(
    tx: Transaction, handoff: Handoff, conversation: Conversation, policy: Policy, now: datetime
) -> AgentId | None:
    """Ring at the next agent of the team; None when nobody is free. Who was asked before comes again once all were."""
    agents = tx.agents.all(now)
    ringing = {h.ringing for h, _ in tx.handoffs.open() if h.ring_until and h.ring_until > now and h.id != handoff.id}
    candidates = [_candidate(a, a.id in ringing) for a in agents if _takes(a, handoff.team_id)]
    language = conversation.locale
    last = tx.handoffs.last_agent(conversation.customer_id)
    chosen = choose(candidates, language=language, last_agent=last, asked=set(map(AgentId, handoff.asked)))
    asked = [*handoff.asked, chosen] if chosen else []
    if chosen is None and handoff.asked:  # everybody was asked: go around again
        chosen = choose(candidates, language=language, asked={AgentId(a) for a in handoff.asked[-1:]}) or choose(
            candidates, language=language
        )
        asked = [chosen] if chosen else []
    until = now + timedelta(seconds=policy.offer_seconds) if chosen else None
    tx.handoffs.save(replace(handoff, asked=list(filter(None, asked)), ringing=chosen, ring_until=until))
    return chosen


def _takes(agent: Agent, team_id: str) -> bool:
    return agent.presence is Presence.ONLINE and team_id in agent.team_ids


def _candidate(agent: Agent, rings: bool) -> Candidate:
    never = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
    # One that already rings counts as one he will have.
    return Candidate(agent.id, agent.load + rings, agent.capacity, agent.idle_since or never, agent.languages)


def _call_back(
    tx: Transaction, conversation: Conversation, decision: Decision, policy: Policy, now: datetime
) -> Change:
    """Nobody is there: promise a time instead of a wait."""
    known = next(
        (c for c in tx.cases.search(customer_id=conversation.customer_id, kind="callback") if c.status in _PENDING),
        None,
    )
    if known is not None:
        told = tx.messages.append(_promise(conversation, "callback_known", known, policy), as_owner=None)
        return Change(_answered(tx, conversation, decision), (told,))
    opening = now if policy.hours.open_at(now) else policy.hours.next_opening(now)
    turns = tx.turns.records(conversation.id)
    case = do_open_case(
        tx,
        kind=CaseKind.CALLBACK,
        conversation=conversation,
        order_number=conversation.slots.get("order_number"),
        summary=summarise(conversation, turns, decision),
        data={"reasons": [r.to_json() for r in decision.reasons]},
        team_id=_team(tx, decision.team),
        key=f"{conversation.id}:callback:{conversation.last_seq}",
        now=now,
        due_from=opening or now,
    )
    told = tx.messages.append(_promise(conversation, "callback", case, policy), as_owner=None)
    return Change(_answered(tx, conversation, decision), (told,))


def _answered(tx: Transaction, conversation: Conversation, decision: Decision) -> Conversation:
    """The conversation with the request answered; what came after it is still the bot's to answer."""
    fresh = tx.conversations.lock(conversation.id)
    answered = replace(fresh, bot_seq=max(fresh.bot_seq, decision.reasons[0].seq))
    tx.conversations.save(answered)
    return answered


_PENDING = (CaseStatus.OPEN, CaseStatus.IN_PROGRESS)


def _promise(conversation: Conversation, key: str, case: Case, policy: Policy) -> Draft:
    due = case.due_at.astimezone(policy.hours.zone).strftime("%Y-%m-%d %H:%M") if case.due_at else ""
    return system(conversation, key, number=case.number, due=due)


def summarise(conversation: Conversation, turns: Sequence[TurnRecord], decision: Decision) -> str:
    """One line: what the customer wanted, about which order, in what mood, and his last words."""
    english = conversation.locale == "en"
    wanted = list(dict.fromkeys(
        intent_name(t.intent, conversation.locale) for t in turns
        if t.intent and t.intent not in ("request_human", "nlu_fallback", "inform", "affirm", "deny", "greet", "out_of_scope")
    ))  # fmt: skip
    parts = [(", " if english else "、").join(wanted[-4:])]
    if order := conversation.slots.get("order_number"):
        parts.append(f"order {order}" if english else f"订单 {order}")
    anger = max((t.view().anger for t in turns[-3:]), default=0.0)
    if anger >= 0.6:
        parts.append("angry" if english else "情绪激动")
    last = next((t.text for t in reversed(turns) if t.text), "") or str(decision.reasons[0].detail)
    quote = last.replace("\n", " ")[:60]
    if quote:
        parts.append(f"“{quote}”")
    return ("; " if english else "；").join(filter(None, parts))


def decision_for(
    rule: str, detail: str, seq: int, team: str = "after_sales", priority: Priority = Priority.NORMAL
) -> Decision:
    """A decision made by somebody else: the customer's plain request, the bot, an agent."""
    return Decision((Reason(rule, detail[:80], seq),), team, priority)
