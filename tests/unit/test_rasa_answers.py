"""Answers of the bot's processes are read with suspicion: what is taken can be stored, shown and routed, whatever was sent."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.domain.conversation import Priority
from handoff.domain.turns import BotAnswer
from handoff.remotes.answers import MAX_BYTES, REASONS, read_answer

HELLO = [{"type": "text", "text": "您好"}]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def read(**body: Any) -> BotAnswer:
    return read_answer(json.dumps({"messages": HELLO} | body).encode(), 7)


def test_that_a_whole_answer_comes_through_as_it_is() -> None:
    meaning = {"intent": {"name": "inform"}, "entities": [{"entity": "item", "value": "S"}]}
    choices = {"type": "choices", "text": "哪一件？", "options": [{"title": "衬衫", "parse_data": meaning}]}
    nlu = {
        "intent": "start_return", "confidence": 0.93, "ranking": [{"name": "a", "confidence": 0.9}],
        "entities": [{"entity": "x", "value": "y", "start": 0, "end": 1}], "mood": {"label": "angry", "anger": 0.7},
    }  # fmt: skip
    handoff = {"reason": "legal", "team": "complaints", "priority": "urgent"}
    answer = read(
        messages=[*HELLO, choices], nlu=nlu, slots={"a": 1}, signals=["fallback"], handoff=handoff, locale="en"
    )
    assert answer == BotAnswer([*HELLO, choices], nlu, {"a": 1}, ["fallback"], handoff, "en", 7)


@pytest.mark.parametrize(
    ("wish", "reason", "team", "priority"),
    [
        ({}, None, None, None),
        ({"reason": "because"}, "asked_for_human", None, None),
        ({"reason": "complaint", "priority": "NOW"}, "complaint", None, None),
        ({"reason": ["complaint"], "priority": {"x": 1}, "team": 7}, "asked_for_human", None, None),
        ({"reason": "legal", "team": "a'; DROP TABLE teams"}, "legal", None, None),
        ("yes", "asked_for_human", None, None),
        (True, "asked_for_human", None, None),
    ],
)
def test_that_a_wish_for_a_human_is_granted_whatever_it_says(
    wish: Any, reason: str | None, team: str | None, priority: str | None
) -> None:
    handoff = read(handoff=wish).handoff
    expected = None if reason is None else {"reason": reason, "team": team, "priority": priority}
    assert handoff == expected


def test_that_a_message_of_an_unknown_kind_keeps_its_words() -> None:
    sent = [{"type": "hologram", "text": "看这里", "beam": {"x": 1}}, {"type": "choices", "text": "没有选项"}]
    assert read(messages=sent).messages == [{"type": "text", "text": "看这里"}, {"type": "text", "text": "没有选项"}]


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"no json", b"[]", b"null", b"{}", b'{"messages": {}}', b'{"messages": [7]}', b'{"messages": [], "handoff": null}',
        b'{"messages": [{"type": "text", "text": "x"}], "nlu": {"confidence": NaN}}', b"[" * 100_000, b" " * (MAX_BYTES + 1),
        b'{"messages": [{"type": "choices", "text": "x", "options": [{"title": "x", "parse_data": {"intent": "x"}}]}]}',
        b"{\"messages\": [{\"type\": \"text\", \"text\": \"\\u0000\"}]}",
    ],
)  # fmt: skip
def test_that_what_has_no_words_is_no_answer(raw: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError, RecursionError)):
        read_answer(raw, 1)


@settings(max_examples=300, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: ANYTHING for name in ("nlu", "slots", "locale", "signals", "handoff")
        },
    )
)  # fmt: skip
def test_that_whatever_describes_an_answer_can_be_stored_and_routed(body: dict[str, Any]) -> None:
    answer = read(**body)
    stored = json.dumps([answer.messages, answer.nlu, answer.slots, answer.signals, answer.handoff], allow_nan=False)
    assert "\\u0000" not in stored
    stored.encode()
    assert not any("\ud800" <= c <= "\udfff" for c in json.dumps(json.loads(stored), ensure_ascii=False))
    assert 0 <= answer.nlu["confidence"] <= 1
    assert 0 <= answer.nlu["mood"]["anger"] <= 1
    assert isinstance(answer.nlu["intent"], str | None)
    assert not math.isnan(answer.nlu["mood"]["anger"])
    if answer.handoff is not None:
        assert answer.handoff["reason"] in REASONS
        Priority(answer.handoff["priority"] or "normal")
