"""The pure parts: who may own, when humans answer, whom an offer rings at, what a message may hold."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.domain.cases import DUE_WITHIN, LETTER, Case, CaseKind, CaseStatus
from handoff.domain.conversation import REOPEN_WITHIN, Conversation, Owner, OwnerType, Priority, Status
from handoff.domain.errors import Conflict, Invalid, KefuError, StaleEpoch, TooLarge, Unavailable
from handoff.domain.hours import BusinessHours
from handoff.domain.ids import AgentId, CaseId, ConversationId, CustomerId, InboxId
from handoff.domain.message import MAX_TEXT, check_client_id, check_text
from handoff.domain.routing import Candidate, choose

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # in Shanghai


def a_conversation(owner: OwnerType = OwnerType.BOT) -> Conversation:
    return Conversation(
        id=ConversationId("c"), customer_id=CustomerId("p"), inbox_id=InboxId("i"), status=Status.OPEN,
        owner=Owner(owner, None, None, 4), last_seq=3, last_public_seq=3, last_customer_seq=3, bot_seq=2, known_seq=2,
        turn_no=1, locale="zh-Hans", priority=Priority.NORMAL, team_id=None, handoff_id=None, waiting_since=None,
    )  # fmt: skip


@pytest.mark.parametrize("before", OwnerType)
@pytest.mark.parametrize("after", OwnerType)
def test_that_any_change_of_owner_adds_one_to_the_epoch(before: OwnerType, after: OwnerType) -> None:
    given_away = a_conversation(before).give_to(after, "x", "X")
    assert given_away.owner == Owner(after, "x", "X", 5)
    assert replace(given_away, owner=a_conversation(before).owner) == a_conversation(before)


def test_that_only_an_open_conversation_of_the_bot_waits_for_its_answer() -> None:
    assert a_conversation().unanswered
    assert not a_conversation(OwnerType.AGENT).unanswered
    assert not a_conversation(OwnerType.QUEUE).unanswered
    assert not replace(a_conversation(), status=Status.RESOLVED).unanswered
    assert not replace(a_conversation(), bot_seq=3).unanswered


def test_that_an_ended_conversation_reopens_for_72_hours_and_not_a_second_longer() -> None:
    ended = replace(a_conversation(), status=Status.RESOLVED, resolved_at=NOON)
    assert ended.may_reopen(NOON + REOPEN_WITHIN)
    assert not ended.may_reopen(NOON + REOPEN_WITHIN + timedelta(seconds=1))
    assert not a_conversation().may_reopen(NOON)


def test_that_priorities_are_ranked_as_they_read() -> None:
    assert sorted(Priority, key=lambda p: p.rank) == [Priority.NORMAL, Priority.HIGH, Priority.URGENT]


@pytest.mark.parametrize(
    ("spans", "at", "is_open", "opening"),
    [
        ("09:00-12:00,13:30-22:00", "2026-11-20T01:00", True, "2026-11-20T05:30"),
        ("09:00-12:00,13:30-22:00", "2026-11-20T04:00", False, "2026-11-20T05:30"),  # noon: half-open
        ("09:00-12:00,13:30-22:00", "2026-11-20T14:00", False, "2026-11-21T01:00"),
        ("00:00-24:00", "2026-11-20T15:59", True, "2026-11-20T16:00"),
        ("22:00-24:00", "2026-11-20T15:59", True, "2026-11-21T14:00"),
        ("", "2026-11-20T04:00", False, None),
    ],
)
def test_that_business_hours_are_local_spans(spans: str, at: str, is_open: bool, opening: str | None) -> None:
    hours = BusinessHours.parse(spans, "Asia/Shanghai")
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert hours.open_at(moment) is is_open
    found = hours.next_opening(moment)
    assert (found.astimezone(UTC).isoformat()[:16] if found else None) == opening


@pytest.mark.parametrize("text", ["9", "18:00-09:00", "09:00-25:00", "x-y", "09:00-09:00"])
def test_that_wrong_hours_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        BusinessHours.parse(text, "Asia/Shanghai")


def a_candidate(id: str, load: int = 0, capacity: int = 5, idle: int = 0, languages: tuple[str, ...] = ()) -> Candidate:
    return Candidate(AgentId(id), load, capacity, NOON - timedelta(minutes=idle), languages)


def ids(*names: str) -> list[AgentId]:
    return [AgentId(name) for name in names]


def test_that_an_offer_goes_to_the_least_loaded_then_the_longest_idle() -> None:
    agents = [
        a_candidate("busy", 3),
        a_candidate("short", 1, idle=1),
        a_candidate("long", 1, idle=9),
        a_candidate("full", 5),
    ]
    assert choose(agents) == "long"
    assert choose(agents, asked=ids("long")) == "short"
    assert choose(agents, last_agent=AgentId("busy")) == "busy"
    assert choose(agents, last_agent=AgentId("full")) == "long"
    assert choose(agents, asked=ids("long", "short", "busy")) is None
    assert choose([]) is None


def test_that_who_speaks_the_language_comes_first() -> None:
    agents = [a_candidate("zh", 0, languages=("zh",)), a_candidate("en", 4, languages=("en",)), a_candidate("any", 3)]
    assert choose(agents, language="en") == "any"
    assert choose(agents, language="zh-Hant") == "zh"
    assert choose(agents[:1], language="en") == "zh"


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 99)), max_size=8),
    st.sets(st.integers(0, 7), max_size=8),
)
def test_that_nobody_full_or_asked_before_is_chosen(rows: list[tuple[int, int, int]], asked: set[int]) -> None:
    agents = [a_candidate(f"{n}", load, capacity, idle) for n, (load, capacity, idle) in enumerate(rows)]
    chosen = choose(agents, asked=[AgentId(f"{n}") for n in asked])
    free = {a.id for a in agents if a.load < a.capacity} - {f"{n}" for n in asked}
    assert (chosen in free) if free else chosen is None


@given(st.text())
def test_that_checked_text_can_be_stored_and_keeps_its_words(text: str) -> None:
    try:
        clean = check_text(text)
    except Invalid:
        assert not "".join(c for c in text if c.isprintable()).strip()
    else:
        assert clean.encode()
        assert "\x00" not in clean
        assert [c for c in text if c.isprintable()] == [c for c in clean if c.isprintable()]


@pytest.mark.parametrize("bad", ["", "  \n", "\x00\x1b", "\ud800", None, 7, ["x"]])
def test_that_text_without_words_is_refused(bad: object) -> None:
    with pytest.raises(Invalid):
        check_text(bad)


def test_that_text_has_a_length() -> None:
    assert len(check_text("长" * MAX_TEXT)) == MAX_TEXT
    with pytest.raises(TooLarge):
        check_text("长" * (MAX_TEXT + 1))


@pytest.mark.parametrize("bad", ["", "x" * 65, "a:0", "a\nb", "\x00", "\ud800", None, 7])
def test_that_strange_client_ids_are_refused(bad: object) -> None:
    with pytest.raises(Invalid):
        check_client_id(bad)


def a_case(status: CaseStatus) -> Case:
    return Case(CaseId("k"), "R1", CaseKind.RETURN, status, CustomerId("p"), None, None, "")


def test_that_a_case_moves_only_as_it_may() -> None:
    illegal = {(a, b) for a in CaseStatus for b in CaseStatus if not moves(a, b)}
    assert illegal == {
        (CaseStatus.DONE, CaseStatus.OPEN), (CaseStatus.DONE, CaseStatus.REJECTED), (CaseStatus.DONE, CaseStatus.CANCELLED),
        (CaseStatus.REJECTED, CaseStatus.OPEN), (CaseStatus.REJECTED, CaseStatus.DONE),
        (CaseStatus.REJECTED, CaseStatus.CANCELLED), (CaseStatus.CANCELLED, CaseStatus.IN_PROGRESS),
        (CaseStatus.CANCELLED, CaseStatus.DONE), (CaseStatus.CANCELLED, CaseStatus.REJECTED),
    }  # fmt: skip


def moves(before: CaseStatus, after: CaseStatus) -> bool:
    with suppress(Conflict):
        a_case(before).check_move(after)
        return True
    return False


def test_that_every_kind_of_case_has_a_letter_of_its_own_and_a_due_time() -> None:
    assert set(LETTER) == set(DUE_WITHIN) == set(CaseKind)
    assert len(set(LETTER.values())) == len(LETTER)


def test_that_errors_know_their_answer() -> None:
    assert (StaleEpoch().status, StaleEpoch().code, str(StaleEpoch())) == (409, "stale_epoch", "stale epoch")
    assert (Unavailable("shop_unavailable").status, Unavailable("x").retry_after) == (503, 2)
    found = {cls.status for cls in every_error(KefuError)}
    assert found <= {400, 401, 403, 404, 409, 413, 422, 429, 503}


def every_error(cls: type[KefuError]) -> set[type[KefuError]]:
    return {cls}.union(*(every_error(sub) for sub in cls.__subclasses__()))
