"""Whole conversations with the trained bot: real Rasa, real actions, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.bot.stack import BotStack, Talk, model
from tests.fakes.gateway import DELIVERED, PAID, FakeGateway

pytestmark = pytest.mark.slow
StartTalk = Callable[..., Talk]


@pytest.fixture(scope="module")
def running() -> Iterator[FakeGateway]:
    with FakeGateway() as gateway:
        yield gateway


@pytest.fixture(scope="module")
def stack(running: FakeGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BotStack]:
    with BotStack(running, model(tmp_path_factory.mktemp("model"))) as stack:
        yield stack


@pytest.fixture
def talk(stack: BotStack, request: pytest.FixtureRequest) -> Talk:
    return Talk(stack, f"t{abs(hash(request.node.name))}")


def test_that_a_chinese_customer_returns_an_item_with_a_correction_and_a_question(
    talk: Talk, running: FakeGateway
) -> None:
    before = len(running.cases)
    talk.say("你好，我要退货")
    talk.press("羊毛针织开衫")
    assert talk.say("穿着太小了").body["slots"]["return_reason"] == "穿着太小了"
    assert talk.say("多久发货？").body["messages"][0]["type"] == "faq"
    talk.say("退款")
    answer = talk.say("上门取件")
    assert answer.body["slots"]["active_form"] == "return_form"
    talk.say("不对，我要换货")
    answer = talk.say("L")
    assert "换货 → L" in answer.text
    answer = talk.say("好的")
    assert running.cases[0]["number"] in answer.text
    assert len(running.cases) == before + 1
    assert "active_form" not in answer.body["slots"]


def test_that_an_english_customer_returns_an_item(talk: Talk, running: FakeGateway) -> None:
    assert talk.say("hi, I want to return something I bought").body["locale"] == "en"
    talk.press("Light canvas shoes")
    talk.say("they are too small")
    talk.say("I'd like a refund please")
    assert talk.say("I'll drop it off").text.startswith("Please check")
    answer = talk.say("yes")
    assert running.cases[0]["number"] in answer.text


def test_that_a_customer_can_stop_in_the_middle(talk: Talk, running: FakeGateway) -> None:
    before = len(running.cases)
    talk.say("我要退货")
    assert "active_form" not in talk.say("算了不退了").body["slots"]
    assert talk.say("谢谢").body["nlu"]["intent"] == "thank"
    assert len(running.cases) == before


@pytest.mark.parametrize("prefix", ["", "\u3000", "\t ", "\x85", "\u200b"])
@pytest.mark.parametrize("command", ["/restart", "\uff0frestart", '/track_order{"order_number":"KF202611120009"}'])
def test_that_commands_are_only_text(stack: BotStack, prefix: str, command: str) -> None:
    talk = Talk(stack, f"slash{abs(hash(prefix + command))}")
    talk.say("我要退货")
    answer = talk.say(prefix + command)
    assert answer.status == 200
    assert answer.body["nlu"]["intent"] not in ("restart", "track_order") or answer.body["nlu"]["confidence"] < 1.0
    assert answer.body["slots"].get("active_form") == "return_form", "the conversation was not reset"


@pytest.mark.parametrize(
    "text", ["😀😀😀", "\x00\x01", "a\x00b", "？？？", "<script>alert(1)</script>", "'; DROP TABLE events;--", "\ud83d"]
)
def test_that_odd_texts_get_an_answer(stack: BotStack, text: str) -> None:
    body = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    answer = Talk(stack, f"odd{abs(hash(text))}").say(body)
    assert answer.status == 200
    assert answer.text


def test_that_a_hundred_kilobytes_are_refused(stack: BotStack) -> None:
    assert Talk(stack, "big").say("长" * 100_000).status in (413, 422)


def test_that_the_bot_comes_back_informed(talk: Talk, running: FakeGateway) -> None:
    talk.say("我要退货")
    talk.press("羊毛针织开衫")
    talk.say("转人工")
    running.cases.insert(0, {
        "id": "h", "number": "R777", "kind": "return", "status": "in_progress", "order_number": DELIVERED, "summary": "", "data": {},
        "due_at": None, "created_at": "2026-11-22T10:00:00Z",
    })  # fmt: skip
    talk.seq += 4
    history = [
        {"seq": talk.seq - 2, "sender": "agent", "text": "您好，已经帮您登记退货了", "at": "2026-11-22T10:00:00Z"},
        {"seq": talk.seq - 1, "sender": "customer", "text": "好的谢谢", "at": "2026-11-22T10:01:00Z"},
    ]
    cases = [{"number": "R777", "kind": "return", "status": "in_progress", "order_number": DELIVERED, "summary": ""}]
    slots = {"open_cases": cases, "handoff_summary": "已登记退货，等待取件"}
    answer = talk.say("我的退货怎么样了", history=history, slots=slots)
    assert "R777" in answer.text
    assert "已登记退货" in answer.text


def test_that_a_turn_sent_again_is_answered_again_and_done_once_even_after_a_crash(
    talk: Talk, stack: BotStack, running: FakeGateway
) -> None:
    talk.say(f"取消订单 {PAID}")
    first = talk.say("确认取消")
    assert first.status == 200
    calls = len(running.calls)
    assert talk.again("确认取消").body == first.body
    stack.restart_rasa()
    assert talk.again("确认取消").body == first.body
    assert len(running.calls) == calls


def test_that_a_turn_without_the_action_server_fails_and_succeeds_later(talk: Talk, stack: BotStack) -> None:
    talk.say("你好")
    stack.stop_actions()
    try:
        answer = talk.say("我要退货")
        assert (answer.status, answer.body["code"]) == (503, "turn_failed")
    finally:
        stack.start_actions()
    answer = talk.again("我要退货")
    assert answer.status == 200
    assert answer.body["slots"]["active_form"] == "return_form"


def test_that_anger_is_seen_and_brings_a_person(talk: Talk) -> None:
    answer = talk.say("你们这什么破服务！！！骗子！我要投诉你们！")
    assert answer.body["nlu"]["mood"]["anger"] > 0.6
    assert answer.body["handoff"]["reason"] == "complaint"


def test_that_traditional_writing_is_answered_in_kind(talk: Talk) -> None:
    answer = talk.say("我想查詢訂單")
    assert answer.body["locale"] == "zh-Hant"
    assert "輕便帆布鞋" in answer.options[0]["title"]
