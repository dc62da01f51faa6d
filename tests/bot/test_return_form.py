"""A return from the first word to the case, with everything that customers do in between."""

from __future__ import annotations

import pytest

from bot.actions.start_return import ReturnForm
from tests.bot.dialogue import Dialogue, Start
from tests.fakes.gateway import DELIVERED, FOREIGN, PAID, SHIPPED, FakeGateway


async def to_the_summary(dialogue: Dialogue) -> None:
    await dialogue.say(ReturnForm, "我要退货", "start_return")
    await dialogue.press(ReturnForm, "羊毛针织开衫")
    await dialogue.press(ReturnForm, "尺码不合适")
    await dialogue.press(ReturnForm, "退货退款")
    await dialogue.press(ReturnForm, "上门取件")
    assert dialogue.last.responses == ["utter_confirm_return"]


async def test_that_buttons_lead_to_a_return_case_with_all_answers(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await to_the_summary(dialogue)
    said = await dialogue.press(ReturnForm, "确认提交")
    assert said.responses == ["utter_return_created", "utter_return_by_door"]
    assert dialogue.loop is None
    (case,) = gateway.written("cases")
    assert case["kind"] == "return"
    assert case["order_number"] == DELIVERED
    assert case["data"] == {"sku": "KN-01", "quantity": 1, "reason": "尺码不合适", "pickup": "door"}


async def test_that_everything_said_at_once_needs_only_a_yes(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await dialogue.say(ReturnForm, f"订单{DELIVERED}的针织开衫太小了，想退款，上门取件吧", "start_return")
    assert dialogue.last.responses == ["utter_confirm_return"]
    said = await dialogue.say(ReturnForm, "好的", "affirm")
    assert said.responses[0] == "utter_return_created"


async def test_that_a_correction_at_the_summary_asks_only_for_what_is_missing(
    start: Start, gateway: FakeGateway
) -> None:
    dialogue = start(gateway)
    await to_the_summary(dialogue)
    said = await dialogue.say(ReturnForm, "不对,我要换货", "correct")
    assert said.responses == ["utter_ask_exchange_size"]
    assert [option["title"] for option in said.options] == ["S", "L"], "sold-out sizes are not offered"
    said = await dialogue.say(ReturnForm, "L码")
    assert said.responses == ["utter_confirm_return"]
    await dialogue.say(ReturnForm, "确认", "affirm")
    (case,) = gateway.written("cases")
    assert (case["kind"], case["data"]["exchange_size"]) == ("exchange", "L")


async def test_that_a_bare_no_at_the_summary_asks_what_should_change(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await to_the_summary(dialogue)
    said = await dialogue.say(ReturnForm, "不对", "deny")
    assert said.responses == ["utter_what_to_change"]
    said = await dialogue.press(ReturnForm, "换件商品")
    assert said.responses == ["utter_ask_item"]
    said = await dialogue.say(ReturnForm, "第二个")
    assert dialogue.slots["item"] == "SH-02"
    assert said.responses == ["utter_confirm_return"]


async def test_that_one_word_of_an_items_name_is_enough_when_asked(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await dialogue.say(ReturnForm, "我要退货", "start_return")
    assert dialogue.last.responses == ["utter_ask_item"], "the only delivered order is taken without a question"
    await dialogue.say(ReturnForm, "开衫")
    assert dialogue.slots["item"] == "KN-01"


@pytest.mark.parametrize("text", ["我想退掉那件开衫", "I want to return the cardigan", "退货，开衫太小"])
async def test_that_an_item_named_before_its_order_is_known_is_not_asked_for(
    start: Start, gateway: FakeGateway, text: str
) -> None:
    dialogue = start(gateway)
    said = await dialogue.say(ReturnForm, text, "start_return")
    assert dialogue.slots["item"] == "KN-01"
    assert "utter_ask_item" not in said.responses


async def test_that_of_several_orders_the_one_with_the_named_item_is_taken(start: Start, gateway: FakeGateway) -> None:
    gateway.orders[SHIPPED]["status"] = "delivered"
    dialogue = start(gateway)
    await dialogue.say(ReturnForm, "我要退货", "start_return")
    assert dialogue.last.responses == ["utter_which_order"]
    dialogue = start(gateway)
    await dialogue.say(ReturnForm, "那件开衫我要退", "start_return")
    assert (dialogue.slots["order_number"], dialogue.slots["item"]) == (DELIVERED, "KN-01")
    dialogue = start(gateway)
    await dialogue.say(ReturnForm, "鞋子我要退", "start_return")
    assert dialogue.last.responses == ["utter_which_order"], "shoes are in both"


async def test_that_another_item_is_asked_for_though_one_was_named_at_first(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await dialogue.say(ReturnForm, f"订单{DELIVERED}的针织开衫太小了，想退款，上门取件吧", "start_return")
    await dialogue.say(ReturnForm, "不对", "deny")
    said = await dialogue.press(ReturnForm, "换件商品")
    assert said.responses == ["utter_ask_item"]


async def test_that_a_question_that_was_not_understood_is_looked_up(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await dialogue.say(ReturnForm, "我要退货", "start_return")
    said = await dialogue.say(ReturnForm, "这个要多久呀？", "nlu_fallback")
    assert said.responses == ["utter_faq_answer", "utter_ask_item"]
    gateway.faq_decision = "unknown"
    said = await dialogue.say(ReturnForm, "那个怎么弄呀？", "nlu_fallback")
    assert said.responses == ["utter_form_not_understood", "utter_ask_item"]


async def test_that_another_order_may_be_chosen_at_any_step(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await to_the_summary(dialogue)
    said = await dialogue.say(ReturnForm, "换成另一单", "correct")
    assert said.responses == ["utter_which_order"]
    assert dialogue.slots["item"] is None, "an item belongs to its order"


async def test_that_a_question_in_between_is_answered_and_the_form_goes_on(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await dialogue.say(ReturnForm, "我要退货", "start_return")
    await dialogue.press(ReturnForm, "羊毛针织开衫")
    said = await dialogue.say(ReturnForm, "退货运费谁出？", "ask_faq")
    assert said.responses == ["utter_faq_answer", "utter_ask_return_reason"]
    said = await dialogue.say(ReturnForm, "穿着有点扎人", "complain")
    assert dialogue.slots["return_reason"] == "穿着有点扎人", "a reason that sounds like a complaint is a reason"
    assert said.responses == ["utter_ask_resolution"]


@pytest.mark.parametrize("words", ["算了", "不退了", "算了吧 不用了", "never mind"])
async def test_that_the_customer_can_stop_at_any_time(start: Start, gateway: FakeGateway, words: str) -> None:
    dialogue = start(gateway)
    await dialogue.say(ReturnForm, "我要退货", "start_return")
    said = await dialogue.say(ReturnForm, words, "deny")
    assert said.responses == ["utter_stopped"]
    assert dialogue.loop is None
    assert gateway.written("cases") == []


async def test_that_asking_for_a_person_ends_the_form_and_keeps_what_was_said(
    start: Start, gateway: FakeGateway
) -> None:
    dialogue = start(gateway)
    await dialogue.say(ReturnForm, "我要退货", "start_return")
    await dialogue.press(ReturnForm, "羊毛针织开衫")
    said = await dialogue.say(ReturnForm, "转人工", "request_human")
    assert said.handoffs == [{"reason": "asked_for_human"}]
    assert dialogue.loop is None
    assert (dialogue.slots["order_number"], dialogue.slots["item"]) == (DELIVERED, "KN-01")


async def test_that_another_wish_ends_this_form_and_begins_the_other(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await dialogue.say(ReturnForm, "我要退货", "start_return")
    said = await dialogue.say(ReturnForm, "我还是改一下收货地址吧", "change_address")
    assert said.followup == "change_address_form"


async def test_that_an_angry_word_inside_a_form_becomes_a_complaint(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await dialogue.say(ReturnForm, "我要退货", "start_return")
    said = await dialogue.say(ReturnForm, "你们太过分了我要投诉！！！", "complain", anger=0.9)
    assert said.followup == "complaint_form"
    assert dialogue.loop is None


async def test_that_three_useless_answers_bring_a_person(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await dialogue.say(ReturnForm, "我要退货", "start_return")
    for _ in range(2):
        said = await dialogue.say(ReturnForm, "嘻嘻嘻", "nlu_fallback")
        assert said.responses[0] == "utter_form_not_understood"
    said = await dialogue.say(ReturnForm, "嘻嘻嘻", "nlu_fallback")
    assert said.signals == ["form_failed"]
    assert said.handoffs[0]["reason"] == "form_failed"
    assert dialogue.loop is None


async def test_that_an_order_that_has_not_arrived_is_refused_at_once(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    said = await dialogue.say(ReturnForm, f"退货 {PAID}", "start_return")
    assert said.responses == ["utter_not_returnable"]
    assert dialogue.loop is None


async def test_that_the_shops_refusal_is_told_and_a_person_offered(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await to_the_summary(dialogue)
    gateway.refuse["/internal/v1/cases"] = (409, "not_returnable")
    said = await dialogue.say(ReturnForm, "好", "affirm")
    assert said.responses == ["utter_not_returnable"]
    assert said.options[0]["parse_data"]["intent"] == {"name": "request_human"}


async def test_that_a_return_that_is_open_is_told_by_its_number_and_not_opened_again(
    start: Start, gateway: FakeGateway
) -> None:
    dialogue = start(gateway)
    await to_the_summary(dialogue)
    await dialogue.press(ReturnForm, "确认提交")
    (case,) = gateway.cases
    await to_the_summary(dialogue)  # his first yes was answered into an outage, so he says it all again
    said = await dialogue.press(ReturnForm, "确认提交")
    assert said.responses == ["utter_not_returnable"]
    assert case["number"] in said.values["why"]
    assert gateway.cases == [case]


async def test_that_an_outage_at_the_end_keeps_the_form_for_another_yes(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await to_the_summary(dialogue)
    gateway.refuse["/internal/v1/cases"] = (503, "shop_unavailable")
    said = await dialogue.say(ReturnForm, "好", "affirm")
    assert (said.responses, said.signals) == (["utter_unavailable"], ["bot_error"])
    assert dialogue.loop == "return_form"
    gateway.refuse.clear()
    said = await dialogue.say(ReturnForm, "确认", "affirm")
    assert said.responses[0] == "utter_return_created"


@pytest.mark.parametrize(("number", "digits"), [("KF209901010001", "1234"), (FOREIGN, "0000"), ("KF12345", "9876")])
async def test_that_wrong_numbers_and_wrong_digits_get_one_answer(
    start: Start, strangers_gateway: FakeGateway, number: str, digits: str
) -> None:
    dialogue = start(strangers_gateway)
    await dialogue.say(ReturnForm, "我要退货", "start_return")
    assert dialogue.last.responses == ["utter_ask_order_number"]
    await dialogue.say(ReturnForm, number)
    assert dialogue.last.responses == ["utter_ask_phone_last4"]
    said = await dialogue.say(ReturnForm, digits)
    assert said.responses == ["utter_order_not_found", "utter_ask_order_number"]


async def test_that_a_stranger_with_number_and_digits_gets_the_order(
    start: Start, strangers_gateway: FakeGateway
) -> None:
    dialogue = start(strangers_gateway)
    await dialogue.say(ReturnForm, f"我要退货 订单{DELIVERED}", "start_return")
    said = await dialogue.say(ReturnForm, "尾号1234")
    assert said.responses == ["utter_ask_item"]


async def test_that_too_many_tries_bring_a_person(start: Start, strangers_gateway: FakeGateway) -> None:
    strangers_gateway.refuse["/internal/v1/orders/lookup"] = (429, "too_many_tries")
    dialogue = start(strangers_gateway)
    said = await dialogue.say(ReturnForm, f"我要退货 订单{DELIVERED}", "start_return")
    assert said.handoffs == [{"reason": "verification_failed", "team": "after_sales"}]
    assert dialogue.loop is None


async def test_that_the_same_turn_again_opens_one_case(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await to_the_summary(dialogue)
    slots, loop, turn = dict(dialogue.slots), dialogue.loop, dialogue.turn
    await dialogue.say(ReturnForm, "好", "affirm")
    dialogue.slots, dialogue.loop, dialogue.turn = slots, loop, turn
    await dialogue.say(ReturnForm, "好", "affirm")
    assert len(gateway.cases) == 1
