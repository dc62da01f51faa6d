"""One bot turn: claimed in SQL, answered by Rasa, and stored with its understanding and any change of owner in one transaction."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from handoff.domain.conversation import Conversation, Owner, Priority
from handoff.domain.errors import DuplicateMessage, NotFound, StaleEpoch, Unavailable
from handoff.domain.escalation import Decision, decide, team_for
from handoff.domain.ids import ConversationId
from handoff.domain.message import Content, Draft, Message, PrivateKind, Sender
from handoff.domain.turns import BotAnswer, BotTurn, ClaimedTurn, TurnState
from handoff.services.context import Services
from handoff.services.facts import Change
from handoff.services.ports import BotBusy, BotUnavailable, Transaction
from handoff.services.request import decision_for, do_request
from handoff.services.rules import thresholds_now
from handoff.services.system import system
from handoff.services.texts import text
from handoff.services.turn_request import do_claim

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 0.5
# So many turns decide whether a human is needed. What went wrong before is long ago, and a talk must not grow slower for it.
LOOKED_AT = 40
# Words of patience at once; the next look brings the next.
OVERDUE_LIMIT = 200
# The last part of the client id under which they are said: once for each turn.
SLOW = "slow"


async def run_turn(services: Services, id: ConversationId, claimed: ClaimedTurn | None = None) -> Conversation | None:
    """Run what the bot owes this conversation, claimed already or now. The conversation as its answer left it; None when
    nothing was answered: it owes nothing now, somebody else runs it, or it has failed."""
    claimed = claimed or await services.store.write(lambda tx: do_claim(tx, services, id))
    if claimed is None:
        return None
    turn = claimed.turn
    keeper = asyncio.create_task(_keep_claim(services, turn))
    word = asyncio.create_task(_say_slow(services, turn))
    try:
        if claimed.process is None:
            raise BotUnavailable("no Rasa process is up")
        answer = await services.bot.answer(turn, claimed.request, claimed.process)
    except BotUnavailable as error:
        await _failed(services, turn, error)
        return None
    finally:
        for task in (keeper, word):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    try:
        change = await services.store.write(lambda tx: do_finish(tx, services, turn, answer, services.now()))
    except (Unavailable, NotFound):
        raise  # the database is away, and the bot will say the same again; or the customer was erased
    except Exception as error:  # an answer that cannot be stored now never can: it must not be tried for ever
        log.exception("storing the answer of %s", turn.id)
        await _failed(services, turn, BotUnavailable(f"an answer that cannot be stored ({type(error).__name__})"))
        return None
    if change is None:
        return None
    await services.hub.announce(change)
    return change.conversation


async def _keep_claim(services: Services, turn: BotTurn) -> None:
    """Renew the claim while Rasa works, so that nobody else runs the same turn."""
    lease = services.policy.claim_seconds
    while True:
        await asyncio.sleep(lease / 3)
        # Of the moment in which it is written, however long it waited for its turn.
        if not await services.store.write(lambda tx: tx.turns.renew(turn, services.now() + timedelta(seconds=lease))):
            return


async def _say_slow(services: Services, turn: BotTurn) -> None:
    """Tell the customer once that his answer takes a moment."""
    since = turn.created_at or services.now()
    elapsed = (services.now() - since).total_seconds()
    await asyncio.sleep(max(0.0, services.policy.slow_after - elapsed))
    change = await services.store.write(lambda tx: _do_say_slow(tx, turn.conversation_id, turn.turn_no))
    if change is not None:
        await services.hub.announce(change)


async def say_overdue(services: Services) -> None:
    """The same word where nobody runs the turn: all places are taken, or the gateway that had it was killed."""
    before = services.now() - timedelta(seconds=services.policy.slow_after)
    for id, turn_no in await services.store.read(lambda tx: tx.turns.overdue(before, SLOW, OVERDUE_LIMIT)):
        change = await services.store.write(partial(_do_say_slow, id=id, turn_no=turn_no))
        if change is not None:
            await services.hub.announce(change)


def _do_say_slow(tx: Transaction, id: ConversationId, turn_no: int) -> Change | None:
    conversation = tx.conversations.lock(id)
    if not conversation.unanswered or turn_no < conversation.turn_no:
        return None
    if turn_no == conversation.turn_no and not _is_running(tx, conversation):  # answered meanwhile: nothing to wait for
        return None
    client_id = f"{id}:{turn_no}:{SLOW}"
    if tx.messages.by_client_id(id, client_id) is not None:
        return None
    said = tx.messages.append(system(conversation, "bot_slow", client_id=client_id), as_owner=None)
    return Change(tx.conversations.lock(id), (said,))


def _is_running(tx: Transaction, conversation: Conversation) -> bool:
    """Whether its newest turn runs, and as the owner of now."""
    records = tx.turns.records(conversation.id, conversation.owner.epoch)
    return any(r.turn_no == conversation.turn_no and r.state is TurnState.RUNNING for r in records)


async def _failed(services: Services, turn: BotTurn, error: BotUnavailable) -> None:
    """Try again soon; after the last attempt tell the customer and offer a human."""
    busy = isinstance(error, BotBusy)
    log.warning("bot turn %s attempt %d: %s", turn.id, turn.attempt, error)
    policy = services.policy
    # Slow is not down: it is asked again, but not for ever.
    asked_for = (services.now() - turn.created_at).total_seconds() if turn.created_at else 0.0
    again = asked_for < policy.bot_busy_seconds if busy else turn.attempt < policy.bot_attempts
    if again:
        wait = FIRST_RETRY_SECONDS * (1 if busy else 2 ** (turn.attempt - 1))
        retry_at = services.now() + timedelta(seconds=wait)
        await services.store.write(lambda tx: tx.turns.release(turn, retry_at, counts=not busy))
        return
    change = await services.store.write(lambda tx: _do_give_up(tx, turn, services.now()))
    if change is not None:
        await services.hub.announce(change)


def _do_give_up(tx: Transaction, turn: BotTurn, now: datetime) -> Change | None:
    conversation = tx.conversations.lock(turn.conversation_id)
    answer = BotAnswer([], {}, conversation.slots, ["bot_error"], None, None)
    if not tx.turns.finish(turn, TurnState.FAILED, answer, now):
        return None
    if conversation.owner.epoch != turn.epoch:
        return None
    option = {
        "id": f"{turn.turn_no}-failed-0",
        "title": text("talk_to_human", conversation.locale),
        "parse_data": {"intent": {"name": "request_human"}, "entities": []},
    }
    content: Content = {"type": "choices", "text": text("bot_failed", conversation.locale), "options": [option]}
    draft = Draft(turn.conversation_id, Sender.SYSTEM, content, client_id=f"{turn.id}:failed")
    said = tx.messages.append(draft, as_owner=None)
    answered = replace(tx.conversations.lock(turn.conversation_id), bot_seq=max(conversation.bot_seq, turn.last_seq))
    tx.conversations.save(answered)
    return Change(answered, (said,))


def do_finish(tx: Transaction, services: Services, turn: BotTurn, answer: BotAnswer, now: datetime) -> Change | None:
    """Store the answer as the actor that was claimed: first the messages, then the owner. None when the claim was lost."""
    conversation = tx.conversations.lock(turn.conversation_id)
    late = conversation.owner != Owner.bot(turn.epoch)
    if not tx.turns.finish(turn, TurnState.LATE if late else TurnState.ANSWERED, answer, now):
        # A human's take-over closes a running turn: its answer still is worth a draft. Anything else is somebody else's.
        if not late or _state_of(tx, turn) is not TurnState.LATE:
            return None
    said = tuple(_append_all(tx, turn, answer, conversation))
    fresh = tx.conversations.lock(turn.conversation_id)
    if late:
        return Change(fresh, said)
    answered = replace(
        fresh,
        bot_seq=max(fresh.bot_seq, turn.last_seq),
        known_seq=turn.last_seq,  # not its answer's: the customer may have written before that
        slots=answer.slots,
        locale=answer.locale or fresh.locale,
    )
    tx.conversations.save(answered)
    decision = _decision(tx, services, answered, turn, answer)
    if decision is None:
        return Change(answered, said)
    change = do_request(tx, answered, decision, services.policy, now)
    return replace(change, messages=(*said, *change.messages))


def _state_of(tx: Transaction, turn: BotTurn) -> TurnState | None:
    records = tx.turns.records(turn.conversation_id, turn.epoch)
    return next((r.state for r in records if r.turn_no == turn.turn_no), None)


def _append_all(tx: Transaction, turn: BotTurn, answer: BotAnswer, conversation: Conversation) -> list[Message]:
    said = []
    for number, content in enumerate(answer.messages):
        draft = Draft(
            turn.conversation_id,
            Sender.BOT,
            _with_option_ids(content, f"{turn.turn_no}-{number}"),
            name=text("bot_name", answer.locale or conversation.locale),
            client_id=f"{turn.id}:{number}",
        )
        try:
            said.append(tx.messages.append(draft, as_owner=Owner.bot(turn.epoch)))
        except StaleEpoch:
            with suppress(DuplicateMessage):
                said.append(tx.messages.append(replace(draft, kind=PrivateKind.LATE_DRAFT), as_owner=None))
        except DuplicateMessage:
            continue
    return said


def _with_option_ids(content: Content, name: str) -> Content:
    """Buttons get opaque ids; what they mean stays in the log, on our side."""
    if "options" not in content:
        return content
    options = [
        {"id": f"{name}-{n}", "title": o["title"], "parse_data": o["parse_data"]}
        for n, o in enumerate(content["options"])
    ]
    return content | {"options": options}


def _decision(
    tx: Transaction, services: Services, conversation: Conversation, turn: BotTurn, answer: BotAnswer
) -> Decision | None:
    """What the bot asked for, or what the turns since it last took over tell."""
    customer = tx.customers.get(conversation.customer_id)
    views = tx.turns.views(conversation.id, turn.epoch, LOOKED_AT)
    decision = decide(views, thresholds_now(tx, services.policy), vip=bool(customer and customer.vip))
    wish = answer.handoff
    if wish is None:
        return decision
    rule = str(wish.get("reason", "asked_for_human"))
    asked = decision_for(
        rule,
        turn.text,
        turn.last_seq,
        wish.get("team") or team_for([v.intent for v in views], rule),
        Priority(wish.get("priority") or "normal"),
    )
    if decision is None:
        return asked
    others = tuple(r for r in decision.reasons if r.rule != rule)
    return Decision(
        asked.reasons + others,
        asked.team,
        max(asked.priority, decision.priority, key=lambda p: p.rank),
        decision.signals,
    )
