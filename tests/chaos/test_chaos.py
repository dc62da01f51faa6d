"""A minute of `make chaos`: the third run, small."""

from __future__ import annotations

import pytest

from tests.chaos.run import run
from tests.chaos.town import Plan

pytestmark = [pytest.mark.slow, pytest.mark.postgres]


def test_that_nothing_is_lost_or_done_twice_while_processes_are_killed() -> None:
    plan = Plan("minute", postgres=True, real_rasa=False, seconds=30.0, customers=40, agents=5, think=4.0)
    outcome = run(plan)
    assert outcome.verdict.findings == []
    # Otherwise it proves nothing.
    least = {"kills": 5, "kills_in_turn": 1, "bot_turns": 60, "accepts": 10, "returns": 5}
    assert {name: outcome.numbers[name] for name in least if outcome.numbers[name] < least[name]} == {}
