"""What the channel lets through, and what it does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.request import MAX_BODY_BYTES, MAX_TEXT, BadRequest, parse

GOOD: dict[str, Any] = {"sender": "c1", "message": "你好", "metadata": {"message_id": "c1:1", "seq": 1}}


def body(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def test_that_a_good_request_passes() -> None:
    request = parse(body(slots={"last_order": "KF1"}, history=[{"seq": 2, "sender": "agent", "text": "在"}]))
    assert (request.sender, request.text, request.message_id) == ("c1", "你好", "c1:1")
    assert request.history[0].sender == "agent"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sender": "a/b c"}, "sender"),
        ({"sender": "x" * 65}, "sender"),
        ({"sender": None}, "sender"),
        ({"message": ""}, "message"),
        ({"message": 5}, "message"),
        ({"message": "x" * 100_000}, "message"),
        ({"metadata": {}}, "metadata.message_id"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"message_id": "c1:1", "seq": -1}}, "metadata.seq"),
        ({"metadata": {"message_id": "c1:1", "seq": True}}, "metadata.seq"),
        ({"parse_data": {"intent": "greet"}}, "parse_data"),
        (
            {"parse_data": {"intent": {"name": "inform"}, "entities": [{"entity": "item", "value": {"$gt": ""}}]}},
            "parse_data.entities",
        ),
        (
            {"parse_data": {"intent": {"name": "inform"}, "entities": [{"entity": "item", "value": "x" * 501}]}},
            "parse_data.entities",
        ),
        ({"history": [{"seq": 1, "sender": "root", "text": "x"}]}, "history"),
        ({"history": "x"}, "history"),
        ({"slots": [1]}, "slots"),
    ],
)
def test_that_a_bad_field_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse(body(**changes))
    assert (refused.value.status, refused.value.field) == (422, field)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b'{"sender": NaN}', b"[" * 100_000])
def test_that_what_is_no_json_object_is_a_bad_request(raw: bytes) -> None:
    with pytest.raises(BadRequest) as refused:
        parse(raw)
    assert refused.value.status == 400


def test_that_a_huge_body_is_refused_before_it_is_read() -> None:
    with pytest.raises(BadRequest) as refused:
        parse(b"{" * (MAX_BODY_BYTES + 1))
    assert refused.value.status == 413


def test_that_a_long_text_is_kept_to_its_first_part() -> None:
    assert len(parse(body(message="长" * (MAX_TEXT + 500))).text) == MAX_TEXT


@pytest.mark.parametrize("prefix", ["", " ", "\u3000", "\t", "\x1c", "\x85", "\n", "\u2003"])
@pytest.mark.parametrize("slash", ["/", "\uff0f"])
def test_that_no_text_begins_with_a_slash_for_rasa(prefix: str, slash: str) -> None:
    text = parse(body(message=prefix + slash + "restart")).text
    assert not text.strip().startswith("/")
    assert text.endswith("restart")


def test_that_control_characters_and_broken_surrogates_become_harmless() -> None:
    request = parse(b'{"sender": "c1", "message": "a\\u0000b\\ud83dc", "metadata": {"message_id": "m"}}')
    assert "\x00" not in request.text
    request.text.encode("utf-8")
