"""The store's bot turns."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from handoff.domain.escalation import TurnView
from handoff.domain.ids import ConversationId
from handoff.domain.turns import BotAnswer, BotTurn, TurnRecord, TurnState


class Turns(Protocol):
    """Bot turns as rows: a claim is a conditional update with an expiry."""

    def claim(self, id: ConversationId, claim: str, now: datetime, lease_seconds: float) -> BotTurn | None:
        """The turn to run now, claimed: the running one whose claim has expired, or a new one over what is unanswered.

        None when nothing is owed or somebody else holds a live claim.
        """

    def renew(self, turn: BotTurn, until: datetime) -> bool:
        """Keep the claim; False when it was lost."""

    def release(self, turn: BotTurn, retry_at: datetime, *, counts: bool = True) -> None:
        """Give the claim up; the turn is tried again from `retry_at` on. `counts`: whether this attempt was one that failed."""

    def finish(self, turn: BotTurn, state: TurnState, answer: BotAnswer, now: datetime) -> bool:
        """Write what came of it, if the claim is still ours; False when it was lost."""

    def close_running(self, id: ConversationId) -> None:
        """A human takes over: whatever runs is late."""

    def records(self, id: ConversationId, since_epoch: int = 0) -> list[TurnRecord]: ...

    def views(self, id: ConversationId, since_epoch: int, limit: int) -> list[TurnView]:
        """The last `limit` turns since then that were answered or failed, oldest first: what escalation looks at."""

    def last_process(self, id: ConversationId) -> str | None:
        """Which of the bot's processes gave the latest answer, None when none did."""

    def overdue(self, before: datetime, told_as: str, limit: int) -> list[tuple[ConversationId, int]]:
        """`(conversation, turn_no)` of the bot's answers that customers have waited for since `before`; the turn need not have begun.

        Without those of whom a message under the client id `{conversation}:{turn_no}:{told_as}` tells.
        """
