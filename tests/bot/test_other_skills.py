"""The skills beside returns: orders, parcels, addresses, invoices, goods, questions, complaints."""

from __future__ import annotations

import pytest

from bot.actions.cancel_order import CancelOrderForm
from bot.actions.cases import ActionCheckCaseStatus
from bot.actions.change_address import ChangeAddressForm
from bot.actions.complain import ComplaintForm
from bot.actions.fallback import ActionDefaultFallback
from bot.actions.faq import ActionFaq
from bot.actions.products import ActionCompareProducts, ActionPrice, ActionStock
from bot.actions.request_invoice import InvoiceForm
from bot.actions.start_return import ReturnForm
from bot.actions.talk_to_human import ActionRequestHuman
from bot.actions.track_order import TrackOrderForm
from bot.actions.track_parcel import ActionTrackParcel
from bot.actions.turn import SkillAction
from tests.bot.dialogue import Start
from tests.fakes.gateway import DELIVERED, FOREIGN, PAID, SHIPPED, FakeGateway


async def test_that_a_verified_customer_chooses_among_his_orders(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    said = await dialogue.say(TrackOrderForm, "我的订单呢", "track_order")
    assert [option["title"][:14] for option in said.options] == [PAID, SHIPPED, DELIVERED]
    said = await dialogue.say(TrackOrderForm, "第二个")
    assert said.responses == ["utter_order_status", "utter_parcel_eta"]
    card = said.contents[0]["order"]
    assert card["number"] == SHIPPED
    assert not {"customer_id", "phone_last4"} & set(card)


async def test_that_a_foreign_order_looks_like_a_missing_one(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    foreign = (await dialogue.say(TrackOrderForm, f"查订单{FOREIGN}", "track_order")).responses
    dialogue = start(gateway)
    missing = (await dialogue.say(TrackOrderForm, "查订单KF209912310001", "track_order")).responses
    assert foreign == missing
    assert foreign[0] == "utter_order_not_found"


async def test_that_a_stranger_asking_for_a_parcel_is_taken_through_the_order(
    start: Start, strangers_gateway: FakeGateway
) -> None:
    dialogue = start(strangers_gateway)
    said = await dialogue.say(ActionTrackParcel, f"{SHIPPED}的快递到哪了", "track_parcel")
    assert said.followup == "track_order_form"


async def test_that_a_stranger_without_a_number_is_asked_by_the_form(
    start: Start, strangers_gateway: FakeGateway
) -> None:
    said = await start(strangers_gateway).say(ActionTrackParcel, "快递到哪了", "track_parcel")
    assert said.followup == "track_order_form", "an answer needs somebody who waits for it"


async def test_that_a_bare_number_is_a_question_about_that_order(start: Start, gateway: FakeGateway) -> None:
    said = await start(gateway).say(ActionDefaultFallback, SHIPPED, "inform")
    assert said.followup == "track_order_form"


async def test_that_a_parcel_is_told_with_its_newest_event(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    said = await dialogue.say(ActionTrackParcel, f"{SHIPPED}到哪了", "track_parcel")
    assert said.responses == ["utter_parcel_eta"]
    assert "已到达转运中心" in said.values["latest"]


async def test_that_an_address_is_changed_after_a_yes(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await dialogue.say(ChangeAddressForm, "地址填错了", "change_address")
    assert dialogue.last.responses == ["utter_ask_new_address"], "only one order can still change"
    said = await dialogue.say(ChangeAddressForm, "上海市浦东新区世纪大道100号3楼")
    assert said.responses == ["utter_confirm_address"]
    await dialogue.say(ChangeAddressForm, "对的", "affirm")
    assert gateway.orders[PAID]["address"]["text"] == "上海市浦东新区世纪大道100号3楼"


async def test_that_an_address_is_corrected_by_sending_another(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await dialogue.say(ChangeAddressForm, "地址填错了", "change_address")
    await dialogue.say(ChangeAddressForm, "12 Baker Street, London")
    await dialogue.say(ChangeAddressForm, "no", "deny")
    assert dialogue.last.responses == ["utter_what_to_change"]
    await dialogue.say(ChangeAddressForm, "14 Oak Avenue, Leeds")
    assert dialogue.last.responses == ["utter_confirm_address"]
    assert dialogue.slots["new_address"] == "14 Oak Avenue, Leeds"


async def test_that_a_shipped_orders_address_is_locked(start: Start, gateway: FakeGateway) -> None:
    said = await start(gateway).say(ChangeAddressForm, f"改地址 {SHIPPED}", "change_address")
    assert said.responses == ["utter_address_locked"]


@pytest.mark.parametrize("words", ["取消", "确认取消", "是的", "cancel it"])
async def test_that_cancel_means_the_order_inside_its_form(start: Start, gateway: FakeGateway, words: str) -> None:
    dialogue = start(gateway)
    await dialogue.say(CancelOrderForm, "取消订单", "cancel_order")
    assert dialogue.last.responses == ["utter_confirm_cancel"]
    said = await dialogue.say(CancelOrderForm, words, "stop" if words == "取消" else "affirm")
    assert said.responses == ["utter_order_cancelled"]
    assert gateway.orders[PAID]["status"] == "cancelled"


async def test_that_never_mind_keeps_the_order(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await dialogue.say(CancelOrderForm, "取消订单", "cancel_order")
    said = await dialogue.say(CancelOrderForm, "算了，不取消了", "stop")
    assert said.responses == ["utter_stopped"]
    assert gateway.orders[PAID]["status"] == "paid"


async def test_that_a_company_is_asked_for_its_tax_number_and_a_person_is_not(
    start: Start, gateway: FakeGateway
) -> None:
    dialogue = start(gateway)
    await dialogue.say(InvoiceForm, f"开发票 {DELIVERED}", "request_invoice")
    said = await dialogue.say(InvoiceForm, "杭州云海科技有限公司")
    assert said.responses == ["utter_ask_tax_number"]
    said = await dialogue.say(InvoiceForm, "91330100MA27XYZ12A")
    assert said.responses == ["utter_ask_email"]
    await dialogue.say(InvoiceForm, "wang@example.com")
    await dialogue.say(InvoiceForm, "确认", "affirm")
    (body,) = gateway.written("orders/invoice")
    assert (body["title"], body["tax_number"], body["email"]) == (
        "杭州云海科技有限公司",
        "91330100MA27XYZ12A",
        "wang@example.com",
    )
    person = start(gateway)
    await person.say(InvoiceForm, f"开发票 {DELIVERED}", "request_invoice")
    said = await person.press(InvoiceForm, "个人")
    assert said.responses == ["utter_ask_email"]


async def test_that_a_price_comes_from_the_shop(start: Start, gateway: FakeGateway) -> None:
    said = await start(gateway).say(ActionPrice, "羊毛针织开衫多少钱", "ask_price")
    assert said.responses == ["utter_price_reduced"]
    assert (said.values["price"], said.values["list_price"]) == ("¥129.00", "¥199.00")


async def test_that_a_size_in_stock_is_asked_of_the_product_before(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    await dialogue.say(ActionPrice, "羊毛针织开衫多少钱", "ask_price")
    said = await dialogue.say(ActionStock, "M码有货吗", "ask_stock")
    assert said.responses == ["utter_size_sold_out"]
    assert said.values["sizes"] == "S、L"


async def test_that_two_products_are_compared(start: Start, gateway: FakeGateway) -> None:
    said = await start(gateway).say(ActionCompareProducts, "轻便帆布鞋和保温杯哪个好", "compare_products")
    assert [product["sku"] for product in said.contents[0]["products"]] == ["SH-02", "MG-03"]


@pytest.mark.parametrize(
    ("decision", "response"),
    [("answer", "utter_faq_answer"), ("choices", "utter_faq_choices"), ("unknown", "utter_faq_unknown")],
)
async def test_that_the_knowledge_base_decides_how_to_answer(
    start: Start, gateway: FakeGateway, decision: str, response: str
) -> None:
    gateway.faq_decision = decision
    said = await start(gateway).say(ActionFaq, "多久发货", "ask_faq")
    assert said.responses == [response]
    assert said.signals == (["fallback"] if decision == "unknown" else [])


async def test_that_a_pressed_question_is_answered_exactly(start: Start, gateway: FakeGateway) -> None:
    gateway.faq_decision = "choices"
    dialogue = start(gateway)
    await dialogue.say(ActionFaq, "发货", "ask_faq")
    said = await dialogue.press(ActionFaq, "多久发货")
    assert said.contents == [{"type": "faq", "entry_id": "ship-when"}]


async def test_that_the_second_miss_offers_a_person(start: Start, gateway: FakeGateway) -> None:
    gateway.faq_decision = "unknown"
    dialogue = start(gateway)
    first = await dialogue.say(ActionDefaultFallback, "呜啦呜啦", "nlu_fallback")
    second = await dialogue.say(ActionDefaultFallback, "呜啦呜啦", "nlu_fallback")
    assert (first.responses, second.responses) == (["utter_fallback"], ["utter_fallback_again"])
    assert first.signals == second.signals == ["fallback"]


async def test_that_anger_opens_a_complaint_and_calls_a_person_at_once(start: Start, gateway: FakeGateway) -> None:
    said = await start(gateway).say(ComplaintForm, "你们太过分了，骗子！！！", "complain", anger=0.95)
    assert said.responses == ["utter_complaint_urgent"]
    assert said.handoffs == [{"reason": "complaint", "team": "complaints", "priority": "high"}]
    assert gateway.cases[0]["kind"] == "complaint"


async def test_that_a_word_of_the_law_is_urgent(start: Start, gateway: FakeGateway) -> None:
    said = await start(gateway).say(ComplaintForm, "再不处理我就打12315", "complain")
    assert said.handoffs[0]["reason"] == "legal"


async def test_that_a_calm_complaint_is_taken_down_in_the_customers_words(start: Start, gateway: FakeGateway) -> None:
    dialogue = start(gateway)
    said = await dialogue.say(ComplaintForm, "我要投诉", "complain")
    assert said.responses == ["utter_ask_complaint"]
    said = await dialogue.say(ComplaintForm, "快递员把包裹扔在门口淋湿了", "inform")
    assert said.responses == ["utter_complaint_created"]
    assert gateway.cases[0]["data"]["text"] == "快递员把包裹扔在门口淋湿了"
    assert said.handoffs == []


async def test_that_a_return_is_known_after_it_was_opened(start: Start, gateway: FakeGateway) -> None:
    gateway.cases.append({
        "id": "1", "number": "R1", "kind": "return", "status": "in_progress", "order_number": DELIVERED, "summary": "", "data": {},
        "due_at": "2026-11-24T20:00:00Z", "created_at": "2026-11-22T10:00:00Z",
    })  # fmt: skip
    dialogue = start(gateway)
    dialogue.slots["handoff_summary"] = "客服小王已同意退款"
    said = await dialogue.say(ActionCheckCaseStatus, "我的退货怎么样了", "check_case_status")
    assert said.responses == ["utter_cases", "utter_human_noted"]
    assert "处理中" in said.values["lines"]
    assert "11月25日" in said.values["lines"], "Beijing's day, not Greenwich's"


@pytest.mark.parametrize(("known", "response"), [("answer", "utter_faq_answer"), ("choices", "utter_no_cases")])
async def test_that_who_has_no_case_is_answered_by_the_knowledge_base(
    start: Start, strangers_gateway: FakeGateway, known: str, response: str
) -> None:
    strangers_gateway.faq_decision = known
    said = await start(strangers_gateway).say(ActionCheckCaseStatus, "退款几天能到账", "check_case_status")
    assert said.responses == [response]


@pytest.mark.parametrize(("known", "response"), [("answer", "utter_faq_answer"), ("choices", "utter_which_product")])
async def test_that_a_price_of_no_product_is_looked_up_in_the_knowledge_base(
    start: Start, gateway: FakeGateway, known: str, response: str
) -> None:
    gateway.faq_decision = known
    said = await start(gateway).say(ActionPrice, "运费多少", "ask_price")
    assert said.responses == [response]


@pytest.mark.parametrize(
    "action", [ActionFaq, ActionPrice, TrackOrderForm, ReturnForm, ActionTrackParcel, ActionCheckCaseStatus]
)
async def test_that_every_skill_says_so_when_the_gateway_is_down(start: Start, action: type[SkillAction]) -> None:
    with FakeGateway() as gone:
        dialogue = start(gone)
    said = await dialogue.say(action, "羊毛开衫的事", "inform")
    assert (said.responses, said.signals) == (["utter_unavailable"], ["bot_error"])
    assert said.options[0]["parse_data"]["intent"]["name"] == "request_human"


async def test_that_a_person_is_called_in_one_step_without_the_gateway(start: Start) -> None:
    with FakeGateway() as gone:
        dialogue = start(gone)
    said = await dialogue.say(ActionRequestHuman, "转人工", "request_human")
    assert said.handoffs == [{"reason": "asked_for_human"}]
