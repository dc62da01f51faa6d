"""Whom an offer rings at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.domain.ids import AgentId
from handoff.domain.routing import SKILLS, Candidate, choose, needs_of

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def agent(id: str, load: int = 0, capacity: int = 5, idle: int = 0, **more: Any) -> Candidate:
    """`idle`: for how many minutes."""
    return Candidate(AgentId(id), load, capacity, NOON - timedelta(minutes=idle), **more)


def test_that_the_least_loaded_comes_first_by_share_of_his_capacity() -> None:
    assert choose([agent("a", 2, 4), agent("b", 2, 10), agent("c", 1, 2)]) == "b"


def test_that_among_equals_the_longest_idle_comes_first() -> None:
    assert choose([agent("a", idle=1), agent("b", idle=9), agent("c", idle=3)]) == "b"


def test_that_the_last_agent_comes_first_unless_he_is_full_or_was_asked() -> None:
    agents = [agent("a"), agent("b", 3), agent("full", 5)]
    assert choose(agents, last_agent=AgentId("b")) == "b"
    assert choose(agents, last_agent=AgentId("full")) == "a"
    assert choose(agents, last_agent=AgentId("b"), asked=[AgentId("b")]) == "a"


def test_that_who_has_the_skill_comes_before_who_takes_everything_and_others_are_not_asked() -> None:
    expert, generalist = agent("expert", 4, skills=("returns",)), agent("generalist")
    other = agent("other", skills=("invoices",))
    assert choose([other, generalist, expert], needs=["returns"]) == "expert"
    assert choose([other, generalist], needs=["returns"]) == "generalist"
    full = agent("full", 5, skills=("returns",))
    assert choose([other, full], needs=["returns"]) is None, "it waits for who can help"
    assert choose([other], needs=["returns"]) == "other", "better than for nobody"
    assert choose([other], needs=[]) == "other"


def test_that_who_speaks_the_language_comes_before_the_skilled_who_does_not() -> None:
    english, chinese = agent("en", 4, languages=("en",)), agent("zh", skills=("returns",), languages=("zh",))
    assert choose([english, chinese], language="en", needs=["returns"]) == "en"
    assert choose([english, chinese], language="zh-Hans", needs=["returns"]) == "zh"
    both = agent("both", 4, languages=("zh", "en"))
    assert choose([both, agent("zh", languages=("zh",))], language="en") == "both"
    assert choose([both, agent("zh", languages=("zh",))], language="zh-Hant") == "zh"


def test_that_needs_come_from_the_reason_and_the_last_thing_talked_about() -> None:
    assert needs_of(["asked_for_human"], ["track_order", "start_return", "greet", None]) == ("returns",)
    assert needs_of(["vip", "anger_now"], ["request_invoice"]) == ("complaints", "invoices")
    assert needs_of(["complaint"], ["complain"]) == ("complaints",)
    assert needs_of([], []) == ()
    assert {"returns", "orders", "invoices", "products", "complaints", "safety", "legal", "payments"} == set(SKILLS)


candidates = st.lists(
    st.builds(
        Candidate, st.uuids().map(lambda u: AgentId(str(u))), st.integers(0, 4), st.integers(0, 4),
        st.integers(0, 99).map(lambda m: NOON - timedelta(minutes=m)), st.sampled_from([(), ("zh",), ("en",)]),
        st.sampled_from([(), ("returns",), ("orders",), ("returns", "orders")]),
    ),
    max_size=6, unique_by=lambda c: c.id,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(candidates, st.sampled_from([(), ("returns",), ("legal",)]), st.data())
def test_that_nobody_full_or_asked_is_chosen_and_order_does_not_matter(
    found: list[Candidate], needs: tuple[str, ...], data: st.DataObject
) -> None:
    asked = data.draw(st.sets(st.sampled_from([c.id for c in found]))) if found else set()
    chosen = choose(found, needs=needs, language="zh-Hans", asked=asked)
    assert chosen == choose(list(reversed(found)), needs=needs, language="zh-Hans", asked=asked)
    by_id = {c.id: c for c in found}
    if chosen is not None:
        assert by_id[chosen].load < by_id[chosen].capacity
        assert chosen not in asked
