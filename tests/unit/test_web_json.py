"""JSON as it goes out and as it is stored: what the fast encoder refuses is written all the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handoff.stores.engines import ENCODING
from handoff.web.routing import dump


def test_that_what_goes_out_is_compact_and_readable() -> None:
    assert dump({"text": "退货", "n": [1, None, True]}) == '{"text":"退货","n":[1,null,true]}'.encode()


def test_that_half_a_character_goes_out_as_a_question_mark() -> None:
    assert dump({"text": "a\ud800b"}) == b'{"text":"a?b"}'


@pytest.mark.parametrize("value", [{"text": "退货"}, {"half": "\ud800"}, {"big": 2**70}, [], None, "text", 1.5])
def test_that_what_is_stored_is_read_as_it_was(value: Any) -> None:
    stored = ENCODING["json_serializer"](value)
    assert isinstance(stored, str)
    assert ENCODING["json_deserializer"](stored) == value


def test_that_what_an_older_version_stored_is_still_read() -> None:
    old = json.dumps({"text": "退\ud800", "n": float("inf")})
    assert ENCODING["json_deserializer"](old) == {"text": "退\ud800", "n": float("inf")}
