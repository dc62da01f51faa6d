"""Call-backs: a time instead of a wait, when nobody is there, when the customer prefers it, or when those who were there left."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from handoff.domain.cases import DUE_WITHIN, Case, CaseKind, CaseStatus
from handoff.domain.conversation import Conversation, OwnerType, Priority
from handoff.domain.errors import DuplicateMessage
from handoff.domain.escalation import Decision
from handoff.domain.ids import TeamId
from handoff.domain.message import Draft, Message
from handoff.services.cases import do_open_case
from handoff.services.facts import Change
from handoff.services.handoffs import end_handoff
from handoff.services.places import place_of
from handoff.services.ports import Transaction
from handoff.services.rules import Rules
from handoff.services.system import system, system_choices
from handoff.services.texts import duration

REQUEST_CALLBACK = "request_callback"
"""What the button means; the service answers it itself."""
# What we noticed and the customer did not ask for: he was answered by the bot in the same breath.
_UNASKED = frozenset(
    ("anger_now", "anger_rising", "not_understood", "repeated_question", "negative_feedback", "bot_error", "vip")
)
_PENDING = (CaseStatus.OPEN, CaseStatus.IN_PROGRESS)


def callback_due(rules: Rules, team_id: TeamId, now: datetime) -> datetime:
    """By when somebody calls: the limit in the team's business hours, from now or the next opening."""
    limit = DUE_WITHIN[CaseKind.CALLBACK]
    # A house that never opens has no business hours to count in.
    return rules.hours_of(team_id).add(now, limit) or now + limit


def do_call_back(
    tx: Transaction,
    conversation: Conversation,
    decision: Decision,
    team_id: TeamId,
    rules: Rules,
    now: datetime,
    summary: str,
    words: str,
) -> Change:
    """Promise a time, once. Who asks again hears of the case that waits already; who is only cross again, does not.

    Who waited in the queue goes back to the bot.
    """
    hours = rules.hours_of(team_id)
    pending = tx.cases.search(customer_id=conversation.customer_id, kind=CaseKind.CALLBACK.value)
    known = next((c for c in pending if c.status in _PENDING), None)
    case = known or do_open_case(
        tx,
        kind=CaseKind.CALLBACK,
        conversation=conversation,
        order_number=conversation.slots.get("order_number"),
        summary=summary,
        data={"reasons": [r.to_json() for r in decision.reasons]},
        team_id=team_id,
        key=f"{conversation.id}:callback:{conversation.last_seq}",
        now=now,
        due_at=callback_due(rules, team_id, now),
    )
    opens = hours.next_opening(now)
    draft = _promise(conversation, "callback_known" if known else words, case, rules, opens)
    left = conversation.owner.type is OwnerType.QUEUE
    if left:
        _leave_queue(tx, conversation, now)
    promised_here = known is not None and known.conversation_id == conversation.id
    quiet = promised_here and not left and all(reason.rule in _UNASKED for reason in decision.reasons)
    said = () if quiet else (tx.messages.append(draft, as_owner=None),)
    after = _answered(tx, conversation, decision)
    return Change(after, said, owner_changed=left, queue_changed=left)


def _leave_queue(tx: Transaction, waiting: Conversation, now: datetime) -> None:
    end_handoff(tx, waiting, "called_back", now)
    after = replace(
        waiting.give_to(OwnerType.BOT),
        bot_seq=waiting.last_customer_seq,
        priority=Priority.NORMAL,
        team_id=None,
        handoff_id=None,
    )
    tx.conversations.change_owner(waiting, after)


def _answered(tx: Transaction, conversation: Conversation, decision: Decision) -> Conversation:
    """The conversation with the request answered; what came after it is still the bot's to answer."""
    fresh = tx.conversations.lock(conversation.id)
    answered = replace(fresh, bot_seq=max(fresh.bot_seq, decision.reasons[0].seq))
    tx.conversations.save(answered)
    return answered


def _promise(conversation: Conversation, key: str, case: Case, rules: Rules, opens: datetime | None) -> Draft:
    zone = rules.hours_of(case.team_id).zone
    due = case.due_at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if case.due_at else ""
    opening = opens.astimezone(zone).strftime("%Y-%m-%d %H:%M") if opens else due
    return system(conversation, key, number=case.number, due=due, opens=opening)


def do_offer_call_back(
    tx: Transaction, conversation: Conversation, decision: Decision, team_id: TeamId, rules: Rules, now: datetime
) -> Change:
    """Say that it takes long and leave the choice: a call-back, or the queue all the same. The bot keeps the conversation."""
    zone = rules.hours_of(team_id).zone
    due = callback_due(rules, team_id, now).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    wait = place_of(tx, replace(conversation, team_id=team_id), now).wait
    values = {"due": due} | ({"p90": duration(wait.p90, conversation.locale)} if wait else {})
    key = "callback_offer_wait" if wait else "callback_offer"
    options = [("leave_callback", REQUEST_CALLBACK), ("wait_for_human", "request_human")]
    told: tuple[Message, ...] = ()
    draft = system_choices(conversation, key, "short", options, **values)
    with suppress(DuplicateMessage):  # asked in this turn already
        told = (tx.messages.append(draft, as_owner=None),)
    return Change(_answered(tx, conversation, decision), told)
