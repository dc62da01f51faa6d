"""The customer talks about something else in the middle of a form: he is answered, and the form does not nag."""

from __future__ import annotations

import pytest

from bot.actions.start_return import ReturnForm
from bot.actions.track_order import TrackOrderForm
from tests.bot.dialogue import Dialogue, Start
from tests.fakes.gateway import DELIVERED, FakeGateway


async def test_that_a_form_without_answers_is_over_after_two_other_questions(
    start: Start, strangers_gateway: FakeGateway
) -> None:
    dialogue = start(strangers_gateway)
    await dialogue.say(TrackOrderForm, "什么时候发货啊", "track_order")
    said = await dialogue.say(TrackOrderForm, "能用花呗吗", "ask_faq")
    assert said.responses == ["utter_faq_answer", "utter_ask_order_number"]
    said = await dialogue.say(TrackOrderForm, "谢谢", "thank")
    assert said.responses == ["utter_thank"]
    assert dialogue.loop is None


async def begun_return(dialogue: Dialogue) -> None:
    await dialogue.say(ReturnForm, "我要退货", "start_return")
    await dialogue.press(ReturnForm, "羊毛针织开衫")


async def test_that_a_form_with_answers_waits_and_goes_on_when_told(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await begun_return(dialogue)
    said = await dialogue.say(ReturnForm, "退货运费谁出？", "ask_faq")
    assert said.responses == ["utter_faq_answer", "utter_ask_return_reason"]
    said = await dialogue.say(ReturnForm, "谢谢", "thank")
    assert said.responses == ["utter_thank", "utter_form_waits"], "thanks are no reason to return something"
    said = await dialogue.say(ReturnForm, "支持分期吗？", "ask_faq")
    assert said.responses == ["utter_faq_answer"], "it says so once"
    assert dialogue.loop == "return_form"
    said = await dialogue.say(ReturnForm, "继续")
    assert len(said.responses) == 1
    assert said.responses[0].startswith("utter_ask_")
    assert dialogue.slots["asides"] is None


async def test_that_a_waiting_form_takes_a_pressed_button(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await begun_return(dialogue)
    await dialogue.press(ReturnForm, "尺码不合适")
    question = dialogue.last
    for text in ("能用花呗吗", "多久到账呢", "支持分期吗"):
        await dialogue.say(ReturnForm, text, "ask_faq")
    dialogue.last = question
    said = await dialogue.press(ReturnForm, "退货退款")
    assert said.responses == ["utter_ask_pickup"]


@pytest.mark.parametrize("intent", ["track_order", "track_parcel"])
async def test_that_the_same_wish_in_other_words_is_neither_missed_nor_answered_apart(
    start: Start, strangers_gateway: FakeGateway, intent: str
) -> None:
    dialogue = start(strangers_gateway)
    await dialogue.say(TrackOrderForm, "什么时候发货啊", "track_order")
    for _ in range(4):
        said = await dialogue.say(TrackOrderForm, "我昨天买的怎么还没发", intent)
        assert said.responses == ["utter_ask_order_number"]


@pytest.mark.parametrize(
    "text", ["订单号不记得了", "訂單號忘了", "订单号在哪里看", "i don't have it", "where can i find it"]
)
async def test_that_who_does_not_know_the_number_is_told_where_it_stands(
    start: Start, strangers_gateway: FakeGateway, text: str
) -> None:
    dialogue = start(strangers_gateway)
    await dialogue.say(TrackOrderForm, "查订单", "track_order")
    said = await dialogue.say(TrackOrderForm, text, "nlu_fallback")
    assert said.responses == ["utter_order_number_help"]
    assert [option["parse_data"]["intent"]["name"] for option in said.options] == ["request_human"]
    assert dialogue.loop == "track_order_form"


async def test_that_a_good_bye_ends_the_form(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await dialogue.say(TrackOrderForm, "我的订单呢", "track_order")
    said = await dialogue.say(TrackOrderForm, "拜拜", "goodbye")
    assert said.responses == ["utter_goodbye"]
    assert dialogue.loop is None


async def test_that_dropping_off_is_no_wish_to_stop(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    text = f"订单{DELIVERED}的针织开衫太小了，想退款"
    await dialogue.say(ReturnForm, text, "start_return")
    assert dialogue.last.responses == ["utter_ask_pickup"]
    said = await dialogue.say(ReturnForm, "drop off", "stop")
    assert said.responses == ["utter_confirm_return"]


@pytest.mark.parametrize("text", ["换一件大的", "给我换个大一号的", "I'd like another size"])
async def test_that_a_swap_is_an_exchange_when_asked_for(start: Start, gateway: FakeGateway, text: str) -> None:
    dialogue = start(gateway)
    await begun_return(dialogue)
    await dialogue.press(ReturnForm, "尺码不合适")
    said = await dialogue.say(ReturnForm, text, "nlu_fallback")
    assert said.responses == ["utter_ask_exchange_size"]
