"""The escalation policy, replayed over turns."""

import pytest

from handoff.domain.conversation import Priority
from handoff.domain.escalation import Thresholds, TurnView, decide
from handoff.domain.human_request import asks_for_human


@pytest.mark.parametrize(
    "text",
    (
        "转人工 转人工!! 人工 人工客服 我要转人工客服 轉人工 找真人 麻烦帮我转一下人工 人工服务 有没有人工啊 zhuanrengong 接人工 給我轉人工 转接人工 "
        "转人工，别再让机器人回复了 叫个活人来 联系人工客服"
    ).split()
    + [
        "zhuan rengong",
        "  转人工。",
        "human please",
        "Can I talk to a real person?",
        "agent",
        "I want to speak to someone",
    ]
    + [
        "HUMAN AGENT",
        "i need a human",
        "转 人 工",
        "人工人工人工",
        "人公",
        "zhuan人工",
        "你能不能找个人来跟我说",
        "我要跟人講話",
        "叫人来",
    ]
    + [
        "我想和真人說話",
        "真人客服",
        "真人在嗎",
        "转客服",
        "給我接客服",
        "不要机器人",
        "不要转来转去了，直接转人工",
        "不用机器人了，找個真人",
    ]
    + [
        "人工客服几点上班？现在就给我转人工",
        "Give me a person",
        "I want a person, not a bot",
        "customer service representative",
        "transfer me",
    ]
    + ["connect me with support", "I don't want a bot, get me a human"],
)
def test_that_a_plain_request_for_a_human_is_recognised(text: str) -> None:
    assert asks_for_human(text)


@pytest.mark.parametrize(
    "text",
    [
        "人工智能音箱多少钱",
        "安装人工费怎么算",
        "不用转人工",
        "先别转人工",
        "",
        "😀",
        "退货怎么弄",
        "你是人工智能吗",
        "订单 12315",
    ]
    + [
        "is the agent fee included in shipping",
        "不需要人工",
        "别轉人工",
        "別轉人工，我自己問",
        "先不转人工",
        "无需人工客服",
        "我不想和真人说话",
    ]
    + [
        "人工客服几点上班？",
        "人工服务时间是几点",
        "转人工要等多久",
        "为什么转人工要排队",
        "有没有人工皮的",
        "不要机器人吸尘器",
    ]
    + [
        "I don't want a human, just the return policy",
        "no human please",
        "don't transfer me to an agent",
        "human hair wig",
    ],
)
def test_that_other_talk_is_no_request_for_a_human(text: str) -> None:
    assert not asks_for_human(text)


@pytest.mark.parametrize(("text", "handed"), [("不用转人工", False), ("人工客服几点上班", False), ("有谁能帮我", True)])
def test_that_the_words_of_a_refusal_outweigh_how_it_was_understood(text: str, handed: bool) -> None:
    assert (decide([turn(1, text, intent="request_human", confidence=0.9)]) is not None) is handed


def turn(seq: int, text: str = "问题", **kw: object) -> TurnView:
    return TurnView(seq=seq, text=text, **kw)  # type: ignore[arg-type]


def test_that_a_calm_understood_conversation_stays_with_the_bot() -> None:
    assert decide([turn(1, "你好"), turn(3, "什么时候发货", intent="ask_faq", confidence=0.9, anger=0.05)]) is None


def test_that_anger_now_goes_to_complaints_with_high_priority() -> None:
    decision = decide([turn(1, "你们什么垃圾服务", anger=0.93)])
    assert decision is not None
    assert (decision.reason, decision.team, decision.priority) == ("anger_now", "complaints", Priority.HIGH)
    assert decision.reasons[0].detail == "0.93"


def test_that_rising_anger_escalates_before_it_peaks() -> None:
    assert decide([turn(1, "快点", anger=0.5), turn(3, "到底行不行", anger=0.7)]) is not None
    assert decide([turn(1, "快点", anger=0.1), turn(3, "到底行不行", anger=0.7)]) is None


def test_that_two_turns_not_understood_escalate_and_one_does_not() -> None:
    miss = ("fallback",)
    assert decide([turn(1, "abc", signals=miss)]) is None
    decision = decide([turn(1, "abc", signals=miss), turn(3, "xyz", signals=miss)])
    assert decision is not None
    assert decision.reason == "not_understood"
    assert decide([turn(1, "abc", signals=miss), turn(3, "退货"), turn(5, "xyz", signals=miss)]) is None


def test_that_negative_feedback_escalates_when_it_is_given_and_not_ever_after() -> None:
    bad = ("negative_feedback",)
    turns = [turn(1, "没用", signals=bad), turn(3, "还是没用", signals=bad)]
    decision = decide(turns)
    assert decision is not None
    assert decision.reason == "negative_feedback"
    assert decide([*turns, turn(5, "能用花呗吗")]) is None


def test_that_a_vip_is_handed_over_after_one_miss() -> None:
    decision = decide([turn(1, "abc", signals=("fallback",))], vip=True)
    assert decision is not None
    assert decision.priority is Priority.HIGH


def test_that_the_same_question_again_escalates() -> None:
    decision = decide([turn(1, "我的快递怎么还没到啊"), turn(3, "我的快递怎么还没到啊！")])
    assert decision is not None
    assert decision.reason == "repeated_question"
    assert decide([turn(1, "好的"), turn(3, "好的")]) is None


@pytest.mark.parametrize(
    ("text", "rule", "priority"),
    [
        ("我要打12315", "legal", Priority.URGENT),
        ("充电器起火了", "safety", Priority.URGENT),
        ("为什么扣了两次钱", "payment", Priority.HIGH),
    ],
)
def test_that_legal_safety_and_payment_words_escalate_at_once(text: str, rule: str, priority: Priority) -> None:
    decision = decide([turn(1, text)])
    assert decision is not None
    assert (decision.reason, decision.priority) == (rule, priority)


def test_that_the_team_follows_what_the_customer_talked_about() -> None:
    decision = decide([turn(1, "这件有M码吗", intent="ask_size"), turn(3, "转人工")], Thresholds())
    assert decision is not None
    assert decision.team == "pre_sales"


def test_that_a_failed_form_is_a_reason_of_its_own() -> None:
    decision = decide([turn(1, "我要退货", intent="start_return", signals=("form_failed",))])
    assert decision is not None
    assert (decision.reason, decision.team) == ("form_failed", "after_sales")


@pytest.mark.parametrize("text", ["人呢？", "有人吗", "客服？", "在线吗", "没人理我", "anybody there?"])
def test_that_looking_for_people_is_heard(text: str) -> None:
    decision = decide([turn(1, "退款还没到账"), turn(3, text)])
    assert decision is not None
    assert decision.reason == "looks_for_people"


def test_that_asking_whether_somebody_is_there_is_at_first_a_greeting() -> None:
    assert decide([turn(1, "有人吗")]) is None
    assert decide([turn(1, "在线吗")]) is None


def test_that_a_telephone_is_asked_of_people_once_the_bot_has_spoken() -> None:
    assert decide([turn(1, "客服电话多少")]) is None
    later = decide([turn(1, "退款到账了吗"), turn(3, "客服电话多少")])
    assert later is not None
    assert later.reason == "looks_for_people"


@pytest.mark.parametrize("text", ["订单号KF202611100001", "https://shop.example/item/1234567", "[ORDERID_10001]"])
def test_that_a_number_given_twice_is_no_repeated_question(text: str) -> None:
    assert decide([turn(1, text), turn(3, text)]) is None


def test_that_the_same_words_about_another_order_are_no_repeated_question() -> None:
    first, second = (f"帮我看看KF20261110000{digit}怎么还没有到" for digit in "12")
    assert decide([turn(1, first), turn(3, second)]) is None
    again = decide([turn(1, first), turn(3, first)])
    assert again is not None
    assert again.reason == "repeated_question"
