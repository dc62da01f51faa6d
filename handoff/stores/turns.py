"""Bot turns in SQL: who may answer what, decided by conditional updates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Row,
    Select,
    String,
    and_,
    bindparam,
    cast,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from handoff.domain.conversation import Status
from handoff.domain.escalation import TurnView
from handoff.domain.ids import ConversationId
from handoff.domain.message import Message, Sender
from handoff.domain.turns import BotAnswer, BotTurn, TurnRecord, TurnState
from handoff.stores.conversations import SqlConversations
from handoff.stores.messages import SqlMessages
from handoff.stores.prepared import Prepared
from handoff.stores.schema import UNANSWERED
from handoff.stores.schema import bot_turns as t
from handoff.stores.schema import conversations as c
from handoff.stores.schema import messages as m


def _turn(row: Row[Any]) -> BotTurn:
    return BotTurn(
        conversation_id=row.conversation_id,
        turn_no=row.turn_no,
        first_seq=row.first_seq,
        last_seq=row.last_seq,
        epoch=row.epoch,
        attempt=row.attempt,
        claim=row.claim,
        state=TurnState(row.state),
        text=row.text,
        parse_data=row.parse_data,
        created_at=row.created_at,
    )


# Asked with every turn.
_IS_RUNNING = (t.c.conversation_id == bindparam("the_id"), t.c.state == TurnState.RUNNING.value)
_RUNNING = Prepared(select(t).where(*_IS_RUNNING))
_LAST_PROCESS = Prepared(
    select(t.c.process)
    .where(t.c.conversation_id == bindparam("the_id"), t.c.process.is_not(None))
    .order_by(t.c.turn_no.desc())
    .limit(1)
)
_OF_ANSWER = ("intent", "confidence", "ranking", "entities", "mood", "signals", "took_ms", "process")
_FINISH = Prepared(
    update(t)
    .where(*_IS_RUNNING, t.c.turn_no == bindparam("the_turn_no"), t.c.claim == bindparam("the_claim"))
    .values({name: bindparam(f"its_{name}", type_=t.c[name].type) for name in ("state", "finished_at", *_OF_ANSWER)})
)
# Without what the bot also thought of: most of a row's weight, which no rule looks at.
_VIEWS = Prepared(
    select(t.c.last_seq, t.c.text, t.c.intent, t.c.confidence, t.c.mood, t.c.signals)
    .where(
        t.c.conversation_id == bindparam("the_id"),
        t.c.epoch >= bindparam("since_epoch"),
        or_(t.c.state == TurnState.ANSWERED.value, t.c.state == TurnState.FAILED.value),
    )
    .order_by(t.c.turn_no.desc())
    .limit(bindparam("the_limit"))
)


def _batch(messages: list[Message]) -> list[Message]:
    """The first turn's worth: a pressed button stands alone, because it carries its own meaning."""
    batch: list[Message] = []
    for message in messages:
        if "parse_data" in message.content:
            return batch or [message]
        batch.append(message)
    return batch


def _overdue() -> Select[Any]:
    """Asked four times a second by every gateway. Served by the index of unanswered conversations, which is nearly always
    empty; then by the log's keys."""
    running = select(t.c.turn_no).where(t.c.conversation_id == c.c.id, t.c.state == TurnState.RUNNING.value)
    turn_no = func.coalesce(running.correlate(c).scalar_subquery(), c.c.turn_no + 1)
    asked_before = select(m.c.seq).where(
        m.c.conversation_id == c.c.id,
        m.c.seq > c.c.bot_seq,
        m.c.sender == Sender.CUSTOMER.value,
        m.c.created_at <= bindparam("before", type_=m.c.created_at.type),
    )
    client_id = c.c.id + ":" + cast(turn_no, String) + ":" + bindparam("told_as", type_=String)
    told = select(m.c.seq).where(m.c.conversation_id == c.c.id, m.c.client_id == client_id).correlate(c)
    return (
        select(c.c.id, turn_no.label("turn_no"))
        .where(text(UNANSWERED), asked_before.exists(), ~told.exists())
        .limit(bindparam("the_limit", type_=Integer))
    )


_OVERDUE = _overdue()


class SqlTurns:
    """See ports.Turns."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def _is(self, turn: BotTurn) -> Any:
        return and_(
            t.c.conversation_id == turn.conversation_id,
            t.c.turn_no == turn.turn_no,
            t.c.claim == turn.claim,
            t.c.state == TurnState.RUNNING.value,
        )

    def claim(self, id: ConversationId, claim: str, now: datetime, lease_seconds: float) -> BotTurn | None:
        """See ports.Turns."""
        conversations = SqlConversations(self._db)
        conversation = conversations.lock(id)
        until = now + timedelta(seconds=lease_seconds)
        running = _RUNNING.one(self._db, {"the_id": id})
        if running is not None:
            if running.claimed_until > now:
                return None
            # The text and the epoch stay as first claimed: the retry answers the same words, as the same actor.
            values = {"claim": claim, "claimed_until": until, "attempt": running.attempt + 1}
            self._db.execute(
                update(t).where(t.c.conversation_id == id, t.c.turn_no == running.turn_no).values(**values)
            )
            return _turn(
                self._db.execute(select(t).where(t.c.conversation_id == id, t.c.turn_no == running.turn_no)).one()
            )
        if not conversation.unanswered or conversation.status is not Status.OPEN:
            return None
        log = SqlMessages(self._db).between(id, conversation.bot_seq + 1, conversation.last_customer_seq)
        batch = _batch([m for m in log if m.sender is Sender.CUSTOMER])
        row = {
            "conversation_id": id,
            "turn_no": conversation.turn_no + 1,
            "first_seq": batch[0].seq,
            "last_seq": batch[-1].seq,
            "epoch": conversation.owner.epoch,
            "attempt": 1,
            "claim": claim,
            "claimed_until": until,
            "state": TurnState.RUNNING.value,
            "text": "\n".join(m.text for m in batch),
            "parse_data": batch[0].content.get("parse_data"),
            "created_at": now,
        }
        self._db.execute(insert(t), row)
        conversations.count_turn(id, conversation.turn_no + 1)
        return BotTurn(**{k: v for k, v in row.items() if k not in ("claimed_until", "state")}, state=TurnState.RUNNING)  # type: ignore[arg-type]

    def renew(self, turn: BotTurn, until: datetime) -> bool:
        """See ports.Turns."""
        return self._db.execute(update(t).where(self._is(turn)).values(claimed_until=until)).rowcount == 1

    def release(self, turn: BotTurn, retry_at: datetime, *, counts: bool = True) -> None:
        """See ports.Turns."""
        attempt = t.c.attempt if counts else t.c.attempt - 1
        self._db.execute(update(t).where(self._is(turn)).values(claimed_until=retry_at, attempt=attempt))

    def finish(self, turn: BotTurn, state: TurnState, answer: BotAnswer, now: datetime) -> bool:
        """See ports.Turns."""
        nlu = answer.nlu
        given = {
            "the_id": turn.conversation_id,
            "the_turn_no": turn.turn_no,
            "the_claim": turn.claim,
            "its_state": state.value,
            "its_finished_at": now,
            "its_intent": nlu.get("intent"),
            "its_confidence": nlu.get("confidence"),
            "its_ranking": nlu.get("ranking") or [],
            "its_entities": nlu.get("entities") or [],
            "its_mood": nlu.get("mood"),
            "its_signals": answer.signals,
            "its_took_ms": answer.took_ms,
            "its_process": answer.process,
        }
        return _FINISH.run(self._db, given) == 1

    def close_running(self, id: ConversationId) -> None:
        """See ports.Turns."""
        self._db.execute(
            update(t)
            .where(t.c.conversation_id == id, t.c.state == TurnState.RUNNING.value)
            .values(state=TurnState.LATE.value)
        )

    def last_process(self, id: ConversationId) -> str | None:
        """See ports.Turns."""
        row = _LAST_PROCESS.one(self._db, {"the_id": id})
        return row.process if row else None

    def overdue(self, before: datetime, told_as: str, limit: int) -> list[tuple[ConversationId, int]]:
        """See ports.Turns."""
        rows = self._db.execute(_OVERDUE, {"before": before, "told_as": told_as, "the_limit": limit})
        return [(row.id, row.turn_no) for row in rows]

    def views(self, id: ConversationId, since_epoch: int, limit: int) -> list[TurnView]:
        """See ports.Turns."""
        rows = _VIEWS.all(self._db, {"the_id": id, "since_epoch": since_epoch, "the_limit": limit})
        return [
            TurnView(
                seq=row.last_seq,
                text=row.text,
                intent=row.intent,
                confidence=row.confidence or 0.0,
                anger=float((row.mood or {}).get("anger") or 0.0),
                signals=tuple(row.signals or ()),
            )
            for row in reversed(rows)
        ]

    def records(self, id: ConversationId, since_epoch: int = 0) -> list[TurnRecord]:
        """See ports.Turns."""
        query = select(t).where(t.c.conversation_id == id, t.c.epoch >= since_epoch).order_by(t.c.turn_no)
        return [
            TurnRecord(
                turn_no=row.turn_no,
                first_seq=row.first_seq,
                last_seq=row.last_seq,
                epoch=row.epoch,
                state=TurnState(row.state),
                text=row.text,
                intent=row.intent,
                confidence=row.confidence,
                ranking=row.ranking or [],
                entities=row.entities or [],
                mood=row.mood,
                signals=row.signals or [],
                took_ms=row.took_ms,
            )
            for row in self._db.execute(query)
        ]
