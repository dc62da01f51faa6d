"""An agent's verb is done once under its Idempotency-Key: the key is noted in the verb's own transaction.

So a gateway that dies between the deed and its answer leaves a note of the deed, and the repeat is answered, not done again. The
answer itself is added when it is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from handoff.domain.errors import KefuError, KeyReused
from handoff.domain.ids import CaseId, ConversationId, CustomerId
from handoff.services.idempotency import request_hash
from handoff.services.ports import Store, Transaction

if TYPE_CHECKING:
    from handoff.web.routing import Call, Route

T = TypeVar("T")
JsonObject = dict[str, Any]

# The note of a deed whose answer is not known yet. No verb answers with an empty object.
UNDER_WAY: JsonObject = {}


async def once(call: Call, route: Route, parameters: dict[str, str], key: str) -> Any:
    """The handler's answer, or what it answered under this key before. Raises KeyReused and what the handler raises."""
    kept, store = KeptAnswer(call, route, parameters.get("id", ""), key), call.services.store
    before = await store.read(kept.find)
    if before is None:
        noting = replace(call, services=replace(call.services, store=NotingStore(store, kept.begin)))
        try:
            answer = await route.handler(noting, **parameters)
        except KefuError:
            before = await store.read(kept.find)
            if before is None:
                raise
            # Another gateway was at it: what refused us is what it did.
        else:
            await store.write(lambda tx: kept.complete(tx, answer))
            return answer
    if before == UNDER_WAY:  # it was done, and its gateway died before it could say so
        return await (route.again or route.handler)(call, **parameters)
    return before


class KeptAnswer:
    """What is kept under one agent's key, about one conversation or case."""

    def __init__(self, call: Call, route: Route, id: str, key: str) -> None:
        self._scope, self._key = f"agent:{call.agent.id}", key
        self._digest = request_hash([call.request.path, call.body.model_dump() if call.body else None])
        self._path, self._id, self._now = route.path, id, call.services.now

    def find(self, tx: Transaction) -> JsonObject | None:
        """The answer of the first time, UNDER_WAY when only the deed is known, None when nothing is. Raises KeyReused."""
        before = tx.records.answer(self._scope, self._key)
        if before is None:
            return None
        if before[0] != self._digest:
            raise KeyReused(f"Idempotency-Key {self._key} was used before for another request")
        return before[1]

    def begin(self, tx: Transaction) -> None:
        """Note the deed, under the customer it is about, so that it is forgotten with him."""
        tx.records.keep_answer(self._scope, self._key, self._digest, UNDER_WAY, self._customer(tx), self._now())

    def complete(self, tx: Transaction, answer: JsonObject) -> None:
        """Keep the answer with the note; not when the customer was erased meanwhile."""
        tx.records.complete_answer(self._scope, self._key, answer)

    def _customer(self, tx: Transaction) -> CustomerId | None:
        thing = (
            tx.cases.get(CaseId(self._id))
            if "/cases/" in self._path
            else tx.conversations.get(ConversationId(self._id))
        )
        return thing.customer_id if thing else None


class NotingStore:
    """A store whose first transaction that changes something also makes a note: see ports.Store."""

    def __init__(self, store: Store, note: Callable[[Transaction], None]) -> None:
        self._store, self._note = store, note
        self._noted = False

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """See ports.Store."""
        if self._noted:
            return await self._store.write(work)

        def noted(tx: Transaction) -> T:
            result = work(tx)
            self._note(tx)
            return result

        result = await self._store.write(noted)
        self._noted = True
        return result

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """See ports.Store."""
        return await self._store.read(work)
