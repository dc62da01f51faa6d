"""Compares what the clients wrote down with what the system holds. Pure; what it finds, it names.

lost: acknowledged and not in the log as it was said; in the log and not in the API's answer, or not on its reader's screen
after the last resume; on a screen and not in the log; an accept, a hand-back or a promised return of which there is no trace.
duplicated: a client id twice in the log; a message twice on one screen; a customer's message answered by two turns.
reordered: a gap in `seq`; one sender's messages in another order than sent; a screen in another order than the log.
bot_after_accept: a public message of the bot between an accept and the hand-back or end that followed.
double_effects: more than one return in the shop, or more than one case, for one intended return; or one that nobody wanted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.chaos.ledger import DeskDiary, Diary, Row, Said, Shown, Truth

# What the system says in the log when the owner changes (tests/unit/test_chaos_verdict.py holds it to the texts).
ACCEPTED = re.compile(r"人工客服 .+ 为您服务。")
ENDED = re.compile(r"人工服务已结束|本次服务已结束|人工客服都已离开")
FAULTS = ("lost", "duplicated", "reordered", "bot_after_accept", "double_effects")


@dataclass
class Verdict:
    """How often each promise was broken, and where."""

    counts: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def find(self, fault: str, what: str, times: int = 1) -> None:
        """Note a fault."""
        self.counts[fault] += times
        self.findings.append(f"{fault}: {what}")


def judge(customers: Iterable[Diary], desks: Iterable[DeskDiary], truth: Truth) -> Verdict:
    """Everything that is wrong; `counts` is empty when nothing is."""
    verdict = Verdict()
    customers, desks = list(customers), list(desks)
    for id, rows in truth.log.items():
        _check_log(verdict, id, rows)
        _check_turns(verdict, id, truth)
        _check_silence(verdict, id, rows)
    for diary in customers:
        rows = truth.log.get(diary.conversation_id, [])
        _check_said(verdict, diary.conversation_id, diary.said, rows)
        _check_customer_screen(verdict, diary, rows, truth)
    for desk in desks:
        _check_desk(verdict, desk, truth)
    _check_effects(verdict, customers, truth)
    return verdict


def _check_log(verdict: Verdict, id: str, rows: Sequence[Row]) -> None:
    if (seqs := [row.seq for row in rows]) != list(range(1, len(rows) + 1)):
        verdict.find("reordered", f"{id} has the seqs {seqs}")
    for client_id, times in Counter(row.client_id for row in rows if row.client_id).items():
        if times > 1:
            verdict.find("duplicated", f"{client_id} is {times} times in {id}", times - 1)


def _check_turns(verdict: Verdict, id: str, truth: Truth) -> None:
    """A customer's message belongs to one turn."""
    last = 0
    for turn in sorted(truth.turns.get(id, []), key=lambda t: t.turn_no):
        if turn.first_seq <= last:
            verdict.find("duplicated", f"{id}: the message {turn.first_seq} is answered twice")
        last = max(last, turn.last_seq)


def _check_silence(verdict: Verdict, id: str, rows: Sequence[Row]) -> None:
    human = False
    for row in rows:
        if row.sender == "system" and not row.private:
            human = bool(ACCEPTED.match(row.text)) or (human and not ENDED.search(row.text))
        elif row.sender == "bot" and not row.private and human:
            verdict.find("bot_after_accept", f"{id}: {row.seq} is the bot's, with a human there")


def _check_said(verdict: Verdict, id: str, said: Sequence[Said], rows: Sequence[Row]) -> None:
    by_client_id = {row.client_id: row for row in rows if row.client_id}
    before = 0
    for message in said:
        row = by_client_id.get(message.client_id)
        if row is None:
            if message.seq is not None:
                verdict.find("lost", f"{id}: {message.client_id} was acknowledged as {message.seq} and is not there")
            continue
        if message.seq is not None and (row.seq, row.text) != (message.seq, message.text):
            verdict.find(
                "lost", f"{id}: {message.client_id} was acknowledged as {message.seq} and is another at {row.seq}"
            )
        if row.seq < before:
            verdict.find(
                "reordered", f"{id}: {message.client_id} is at {row.seq}, after {before} that was sent before it"
            )
        before = max(before, row.seq)


def _check_customer_screen(verdict: Verdict, diary: Diary, rows: Sequence[Row], truth: Truth) -> None:
    id = diary.conversation_id
    public = [
        Shown(row.seq, row.sender, row.text, row.client_id if row.sender == "customer" else None)
        for row in rows
        if not row.private
    ]
    _check_screen(verdict, f"{id} (the customer's screen)", diary.shown, public)
    for message in set(public).symmetric_difference(truth.api.get(id, [])):
        verdict.find("lost", f"{id}: {message.seq} differs between the database and the API")


def _check_screen(verdict: Verdict, name: str, shown: Sequence[Shown], log: Sequence[Shown]) -> None:
    for message, times in Counter(shown).items():
        if times > 1:
            verdict.find("duplicated", f"{name}: {message.seq} is {times} times there", times - 1)
    own = Counter(message.client_id for message in set(shown) if message.client_id)
    for client_id, times in own.items():
        if times > 1:
            verdict.find("duplicated", f"{name}: {client_id} is there under {times} seqs", times - 1)
    seqs = [message.seq for message in shown]
    for first, second in zip(seqs, seqs[1:], strict=False):
        if second < first:
            verdict.find("reordered", f"{name}: {second} comes after {first}")
    for message in set(log) - set(shown):
        verdict.find("lost", f"{name}: {message.seq} is in the log and was never shown")
    for message in set(shown) - set(log):
        verdict.find("lost", f"{name}: {message.seq} was shown and is not in the log")


def _check_desk(verdict: Verdict, desk: DeskDiary, truth: Truth) -> None:
    for id, said in desk.said.items():
        _check_said(verdict, id, said, truth.log.get(id, []))
    for id, shown in desk.shown.items():
        rows = [Shown(row.seq, row.sender, row.text, row.client_id) for row in truth.log.get(id, [])]
        # He reads from where he took it to where he gave it away; what he still has, to its end.
        first, last = (shown[0].seq, shown[-1].seq) if shown else (1, 0)
        _check_screen(
            verdict,
            f"{id} (a desk)",
            shown,
            [row for row in rows if first <= row.seq and (row.seq <= last or id in desk.holds)],
        )
    for id, _, seq in desk.accepts:
        if not any(row.seq <= seq and ACCEPTED.match(row.text) for row in truth.log.get(id, [])):
            verdict.find("lost", f"{id}: an accept was answered and is not in the log")
    for id, seq in desk.ends:
        if not any(row.seq <= seq and ENDED.search(row.text) for row in truth.log.get(id, [])):
            verdict.find("lost", f"{id}: a hand-back was answered and is not in the log")


def _check_effects(verdict: Verdict, customers: Sequence[Diary], truth: Truth) -> None:
    intended = {one for diary in customers for one in diary.intended}
    booked = Counter(truth.returns)
    opened = Counter((case.order_number, case.sku) for case in truth.cases)
    for name, found in (("the shop", booked), ("the cases", opened)):
        for one, times in found.items():
            allowed = 1 if one in intended else 0
            if times > allowed:
                verdict.find("double_effects", f"{name} have {one} {times} times, wanted {allowed}", times - allowed)
    numbers = {case.number: case for case in truth.cases}
    for diary in customers:
        for number, one in diary.promised.items():
            case = numbers.get(number)
            if case is None or (case.order_number, case.sku) != one or one not in booked:
                verdict.find("lost", f"{number} was promised for {one} and is not there")
