"""The judge of `make chaos`: it finds what it is there for, and nothing where nothing is."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import pytest

from handoff.services.texts import text
from tests.chaos.__main__ import LEAST, last_line, problems
from tests.chaos.ledger import Case, DeskDiary, Diary, Row, Said, Shown, Truth, Turn
from tests.chaos.run import Outcome
from tests.chaos.town import Plan
from tests.chaos.verdict import ACCEPTED, ENDED, FAULTS, Verdict, judge

ITEM = ("KF202611010001", "SHIRT-1")
LOG = [
    Row(1, "customer", False, "c-1", "我要退货"),
    Row(2, "bot", False, "1:1:0", "退货申请已提交，单号 R2611220001。"),
    Row(3, "customer", False, "c-2", "转人工"),
    Row(4, "system", False, None, "正在为您转接人工客服，您前面还有 0 位。"),
    Row(5, "system", False, None, "人工客服 王芳 为您服务。"),
    Row(6, "bot", True, "1:2:0", "一个迟到的回答"),
    Row(7, "agent", False, "a-1", "您好"),
    Row(8, "customer", False, "c-3", "谢谢"),
    Row(9, "system", False, None, "人工服务已结束，接下来由智能客服继续为您服务。"),
    Row(10, "customer", False, "c-4", "满多少包邮"),
    Row(11, "bot", False, "1:3:0", "满 99 元包邮"),
]


class World:
    """One conversation in which all went well, for the tests to break."""

    def __init__(self) -> None:
        self.log = list(LOG)
        public = [
            Shown(r.seq, r.sender, r.text, r.client_id if r.sender == "customer" else None)
            for r in LOG
            if not r.private
        ]
        said = [Said(r.client_id or "", r.text, r.seq) for r in LOG if r.sender == "customer"]
        self.customer = Diary("1", said, list(public), {ITEM}, {"R2611220001": ITEM})
        everything = [Shown(r.seq, r.sender, r.text, r.client_id) for r in LOG[:9]]
        self.desk = DeskDiary({"1": [Said("a-1", "您好", 7)]}, {"1": everything}, [("1", 2, 5)], [("1", 9)])
        self.truth = Truth(
            api={"1": list(public)},
            turns={"1": [Turn(1, 1, 1, "answered"), Turn(2, 10, 10, "answered")]},
            cases=[Case("R2611220001", *ITEM, True)],
            returns=[ITEM],
        )

    def change(self, seq: int, **values: object) -> None:
        """Another row in the log."""
        self.log = [replace(row, **values) if row.seq == seq else row for row in self.log]  # type: ignore[arg-type]

    def verdict(self) -> Verdict:
        """What the judge finds."""
        return judge([self.customer], [self.desk], replace(self.truth, log={"1": self.log}))


def test_that_nothing_is_found_where_all_went_well() -> None:
    assert World().verdict() == Verdict()


def _lose_a_message(world: World) -> None:
    world.log = [replace(row, seq=row.seq - (row.seq > 8)) for row in world.log if row.seq != 8]


def _lose_an_agents_words(world: World) -> None:
    world.change(7, text="别的话")


def _never_show(world: World) -> None:
    del world.customer.shown[-1]


def _never_show_the_agent(world: World) -> None:
    del world.desk.shown["1"][5]


def _hide_from_the_api(world: World) -> None:
    del world.truth.api["1"][3]


def _show_what_is_not_there(world: World) -> None:
    world.customer.shown.append(Shown(12, "bot", "没有说过的话"))


def _forget_an_accept(world: World) -> None:
    world.change(5, text="正在为您转接")


def _forget_a_hand_back(world: World) -> None:
    world.desk.ends.append(("1", 8))


def _forget_a_promise(world: World) -> None:
    world.truth.returns = []


def _store_twice(world: World) -> None:
    world.log.append(Row(12, "customer", False, "c-4", "满多少包邮"))


def _show_twice(world: World) -> None:
    world.customer.shown.insert(3, world.customer.shown[2])


def _show_twice_at_the_desk(world: World) -> None:
    world.desk.shown["1"].append(world.desk.shown["1"][-1])


def _answer_twice(world: World) -> None:
    world.truth.turns["1"].append(Turn(3, 10, 10, "answered"))


def _leave_a_gap(world: World) -> None:
    world.log = [replace(row, seq=row.seq + (row.seq > 8)) for row in world.log]


def _swap(world: World) -> None:
    first, second = world.customer.said[2:4]
    world.customer.said[2:4] = [second, first]


def _swap_on_the_screen(world: World) -> None:
    shown = world.customer.shown
    shown[4], shown[5] = shown[5], shown[4]


def _talk_over_a_human(world: World) -> None:
    world.change(6, private=False)


def _return_twice_in_the_shop(world: World) -> None:
    world.truth.returns.append(ITEM)


def _open_two_cases(world: World) -> None:
    world.truth.cases.append(Case("R2611220002", *ITEM, False))


def _return_what_nobody_wanted(world: World) -> None:
    world.truth.returns.append(("KF202611010001", "CUP-1"))


@pytest.mark.parametrize(
    ("fault", "damage"),
    [
        ("lost", _lose_a_message),
        ("lost", _lose_an_agents_words),
        ("lost", _never_show),
        ("lost", _never_show_the_agent),
        ("lost", _hide_from_the_api),
        ("lost", _show_what_is_not_there),
        ("lost", _forget_an_accept),
        ("lost", _forget_a_hand_back),
        ("lost", _forget_a_promise),
        ("duplicated", _store_twice),
        ("duplicated", _show_twice),
        ("duplicated", _show_twice_at_the_desk),
        ("duplicated", _answer_twice),
        ("reordered", _leave_a_gap),
        ("reordered", _swap),
        ("reordered", _swap_on_the_screen),
        ("bot_after_accept", _talk_over_a_human),
        ("double_effects", _return_twice_in_the_shop),
        ("double_effects", _open_two_cases),
        ("double_effects", _return_what_nobody_wanted),
    ],
)
def test_that_each_fault_is_found(fault: str, damage: Callable[[World], None]) -> None:
    world = World()
    damage(world)
    verdict = world.verdict()
    assert verdict.counts[fault] >= 1, verdict.findings
    assert len(verdict.findings) >= 1


def test_that_a_message_that_was_never_acknowledged_may_be_missing() -> None:
    world = World()
    world.customer.said.append(Said("c-5", "没有发出去的话"))
    assert world.verdict() == Verdict()


def test_that_the_judge_knows_the_systems_words() -> None:
    assert ACCEPTED.match(text("accepted", "zh-Hans", name="王芳"))
    for key in ("handed_back", "resolved", "callback_left"):
        assert ENDED.search(text(key, "zh-Hans", number="B1", due="今天"))
    for key in ("queued", "requeued", "transferred", "bot_slow", "still_queued"):
        words = text(key, "zh-Hans", ahead=1, name="王芳", team="售后组")
        assert not ENDED.search(words)
        assert not ACCEPTED.match(words)


def enough() -> list[Outcome]:
    """Three runs in which everything happened often enough."""
    outcome = Outcome()
    outcome.numbers.update(dict.fromkeys(LEAST, 300) | {"rasa_kills_in_turn": 3})
    return [copy.deepcopy(outcome) for _ in range(3)]


PLANS = [Plan("postgres", True, True), Plan("sqlite", False, True), Plan("fake", True, False)]


def test_that_enough_without_a_fault_passes() -> None:
    outcomes = enough()
    assert problems(last_line(outcomes), outcomes, PLANS) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_that_one_fault_in_one_run_fails_all(fault: str) -> None:
    outcomes = enough()
    outcomes[1].verdict.find(fault, "somewhere")
    assert problems(last_line(outcomes), outcomes, PLANS) == [f"{fault} is 1"]


@pytest.mark.parametrize("name", LEAST)
def test_that_too_little_fails(name: str) -> None:
    outcomes = enough()
    for outcome in outcomes:
        outcome.numbers[name] = LEAST[name] // 3 - 1
    assert len(problems(last_line(outcomes), outcomes, PLANS)) == 1


def test_that_a_rasa_that_was_hardly_killed_fails() -> None:
    outcomes = enough()
    outcomes[1].numbers["rasa_kills_in_turn"] = 2
    [problem] = problems(last_line(outcomes), outcomes, PLANS)
    assert problem.startswith("sqlite: Rasa")
