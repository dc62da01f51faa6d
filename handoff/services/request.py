"""Ask for a human: into the queue with everything known, or, when nobody is there, a call-back with a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from handoff.domain.conversation import Conversation, OwnerType, Priority
from handoff.domain.escalation import Decision, Reason
from handoff.domain.ids import HandoffId, TeamId, new_id
from handoff.domain.message import Draft
from handoff.domain.people import Agent, Presence
from handoff.domain.routing import needs_of
from handoff.domain.sla import queue_due
from handoff.domain.turns import Handoff, TurnRecord
from handoff.services.call_back import do_call_back, do_offer_call_back
from handoff.services.context import Policy
from handoff.services.facts import Change, Place
from handoff.services.offers import do_ring
from handoff.services.places import place_of, told
from handoff.services.ports import Transaction
from handoff.services.rules import Rules, rules_of
from handoff.services.system import system
from handoff.services.texts import intent_name, wait_span

# Who says it himself is heard also when hands are short; so is a colleague.
_ASKED = ("asked_for_human", "taken_over")

Words = Callable[[Conversation, Place], Draft]


def do_request(
    tx: Transaction, conversation: Conversation, decision: Decision, policy: Policy, now: datetime
) -> Change:
    """Hand `conversation` (locked) over. What the customer wrote so far is the human's to answer.

    With nobody present or out of hours it stays with the bot, a call-back case is opened, and the customer is told when.
    While hands are short an ordinary request that he did not make himself is offered a call-back instead.
    Waiting or taken conversations stay as they are; the customer is told where he stands.
    """
    if conversation.owner.type is OwnerType.AGENT:
        return Change(conversation)
    if conversation.owner.type is OwnerType.QUEUE:
        place = place_of(tx, conversation, now)
        said = tx.messages.append(system(conversation, "still_queued", ahead=place.position - 1), as_owner=None)
        return Change(tx.conversations.lock(conversation.id), (said,))
    rules = rules_of(tx, policy)
    turns = tx.turns.records(conversation.id)
    summary = summarise(conversation, turns, decision)
    wanted = known_team(tx, decision.team)
    team, closed = _staffed(tx.agents.all(now), tx, wanted, rules, now)
    if team is None:
        return do_call_back(
            tx, conversation, decision, wanted, rules, now, summary, "callback_closed" if closed else "callback"
        )
    if rules.mode.on and decision.priority is Priority.NORMAL and not _asked(decision):
        return do_offer_call_back(tx, conversation, decision, team, rules, now)
    handoff = Handoff(
        id=HandoffId(new_id()),
        conversation_id=conversation.id,
        customer_id=conversation.customer_id,
        reason=decision.reason,
        reasons=[reason.to_json() for reason in decision.reasons],
        signals=list(decision.signals),
        summary=summary,
        slots=conversation.slots,
        team_id=team,
        priority=decision.priority.value,
        requested_at=now,
        needs=list(needs_of([r.rule for r in decision.reasons], [t.intent for t in turns])),
    )
    tx.turns.close_running(conversation.id)
    asking = replace(
        conversation,
        bot_seq=conversation.last_customer_seq,
        priority=max(conversation.priority, decision.priority, key=lambda p: p.rank),
    )
    busy = rules.mode.on

    def words(waiting: Conversation, place: Place) -> Draft:
        return _queued(waiting, place, busy=busy)

    return do_enqueue(tx, asking, handoff, rules, policy, now, asked_at=now, words=words)


def do_enqueue(
    tx: Transaction,
    before: Conversation,
    handoff: Handoff,
    rules: Rules,
    policy: Policy,
    now: datetime,
    *,
    asked_at: datetime,
    words: Words,
) -> Change:
    """Put `before` (locked) into the queue of `handoff`'s team, in the place of somebody who asked at `asked_at`, and ring."""
    waiting = replace(
        before.give_to(OwnerType.QUEUE),
        team_id=handoff.team_id,
        handoff_id=handoff.id,
        waiting_since=now,
        human_since=before.human_since or now,
        awaiting_since=before.awaiting_since or now,
        queue_due_at=queue_due(before.priority, asked_at, rules.sla, rules.hours_of(handoff.team_id)),
    )
    tx.conversations.change_owner(before, waiting)
    place = place_of(tx, waiting, now)
    handoff = replace(handoff, told=told(place))
    tx.handoffs.add(handoff)
    said = tx.messages.append(words(waiting, place), as_owner=None)
    ring = do_ring(tx, handoff, waiting, policy, now)
    return Change(tx.conversations.lock(before.id), (said,), owner_changed=True, queue_changed=True, ring=ring)


def _queued(conversation: Conversation, place: Place, *, busy: bool) -> Draft:
    ahead, key = place.position - 1, "queued_busy" if busy else "queued"
    if place.wait is None:
        return system(conversation, key, ahead=ahead)
    wait = wait_span(place.wait.p50, place.wait.p90, conversation.locale)
    return system(conversation, f"{key}_wait", ahead=ahead, wait=wait)


def _asked(decision: Decision) -> bool:
    return any(reason.rule in _ASKED for reason in decision.reasons)


def known_team(tx: Transaction, wanted: str) -> TeamId:
    """The team of that id, else the first."""
    teams = [t.id for t in tx.agents.teams()]
    return TeamId(wanted) if wanted in teams else teams[0]


def _staffed(
    agents: Sequence[Agent], tx: Transaction, wanted: TeamId, rules: Rules, now: datetime
) -> tuple[TeamId | None, bool]:
    """The team that answers now: the wanted one, else another whose people are there; and whether it is out of hours."""
    present = [a for a in agents if a.presence is not Presence.OFFLINE]
    open_teams = [t.id for t in tx.agents.teams() if rules.hours_of(t.id).open_at(now)]
    staffed = [id for id in open_teams if any(id in a.team_ids for a in present)]
    if wanted in staffed:
        return wanted, False
    return (staffed[0] if staffed else None), wanted not in open_teams


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
