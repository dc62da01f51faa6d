"""The whole story in a real browser: a customer in the shop, an agent at the desk."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from ops.stack import Stack

pytestmark = pytest.mark.browser


class Shopper:
    """A customer with the widget open."""

    def __init__(self, page: Page, stack: Stack) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(stack.shop_url)

    def sign_in(self, customer: str) -> None:
        """As one of the demo customers, by the shop's own menu."""
        self.page.locator(f'form[action="/session"] button[value="{customer}"]').evaluate("button => button.click()")
        self.page.wait_for_load_state()

    def open_widget(self) -> None:
        """Open the panel."""
        self.page.get_by_role("button", name="打开客服对话").click()
        expect(self.box).to_be_enabled()

    @property
    def box(self) -> Locator:
        """Where the customer writes."""
        return self.page.get_by_role("textbox", name="消息")

    @property
    def log(self) -> Locator:
        """What was said."""
        return self.page.get_by_role("log")

    def say(self, text: str) -> None:
        """Write and send with Enter, and see it in the log."""
        self.box.fill(text)
        self.box.press("Enter")
        expect(self.log).to_contain_text(text)

    def sees(self, text: str | re.Pattern[str]) -> None:
        """Wait until it is in the log."""
        expect(self.log).to_contain_text(text)

    def press(self, title: str | re.Pattern[str]) -> None:
        """Press the newest button with this title that can still be pressed."""
        self.log.locator("button:not([disabled])").filter(has_text=title).last.click()


class Desk:
    """An agent at the desk."""

    def __init__(self, page: Page, stack: Stack, email: str) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        login = next(one for one in stack.demo_logins if one["email"] == email)
        page.goto(f"{stack.gateway_url}/desk/")
        page.locator("#email").fill(login["email"])
        page.locator("#password").fill(login["password"])
        page.get_by_role("button", name="登录").click()
        expect(page.locator('[data-test="presence"]')).to_be_visible()

    def part(self, name: str) -> Locator:
        """A part of the desk by its test name."""
        return self.page.locator(f'[data-test="{name}"]').first

    def reply(self, text: str) -> None:
        """Answer the customer."""
        box = self.part("composer").locator("textarea").or_(self.page.locator('textarea[data-test="composer"]')).first
        box.fill(text)
        box.press("Enter")
        expect(self.part("transcript")).to_contain_text(text)


def conversation_of(stack: Stack, name: str) -> dict[str, Any]:
    """The newest conversation of a customer, as a supervisor sees it."""
    login = next(one for one in stack.demo_logins if one["role"] == "supervisor")
    with httpx.Client(base_url=f"{stack.gateway_url}/api/v1") as http:
        token = http.post("/auth/login", json={k: login[k] for k in ("email", "password")}).json()["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        found = http.get("/conversations", params={"owner": "any", "q": name}).json()["items"]
        full: dict[str, Any] = http.get(f"/conversations/{found[0]['id']}").json()
        http.post("/auth/logout")
    return full


def test_that_a_customer_gets_answers_returns_an_item_and_reaches_a_human_who_knows_everything(
    stack: Stack, pages: BrowserContext
) -> None:
    desk = Desk(pages.new_page(), stack, "wang@demo.kefu")
    shopper = Shopper(pages.new_page(), stack)
    shopper.sign_in("c001")
    shopper.open_widget()

    # A question from the knowledge base.
    shopper.say("满多少包邮")
    shopper.sees("99")

    # An order of his own.
    shopper.say("我的订单到哪了")
    shopper.press(re.compile("已签收"))
    shopper.sees(re.compile(r"KF\d{12}"))

    # A return to its end.
    shopper.say("我要退货")
    shopper.sees("您要退换哪一件")
    shopper.press("连衣裙")
    shopper.press("尺码不合适")
    shopper.press("退货退款")
    shopper.press("上门取件")
    shopper.press("确认提交")
    shopper.sees(re.compile(r"R\d{10}"))
    case = conversation_of(stack, "林小雨")["cases"][0]
    assert (case["kind"], case["data"]["pickup"]) == ("return", "door")
    assert case["effect"]["id"]

    # Anger goes to a human by itself.
    shopper.say("你们这什么破服务，退个货这么麻烦，气死我了，骗子！")
    shopper.sees("正在为您转接人工客服")

    # Who sees all of it before he says a word.
    desk.part("offer-accept").click()
    shopper.sees("人工客服 王芳 为您服务")
    card = desk.part("info-panel")
    expect(card).to_contain_text("情绪")
    expect(card).to_contain_text(case["order_number"])
    expect(card).to_contain_text(case["number"])
    expect(desk.part("slots")).to_contain_text(case["order_number"])
    transcript = desk.part("transcript")
    expect(transcript).to_contain_text("满多少包邮")
    expect(transcript).to_contain_text("气死我了")

    # They talk, and the bot is silent meanwhile.
    desk.reply("林女士您好，我是小王，退货我来帮您盯着。")
    shopper.sees("退货我来帮您盯着")
    shopper.say("我的快递到哪了")
    expect(transcript).to_contain_text("我的快递到哪了")
    desk.reply("我查一下，稍等。")
    shopper.sees("我查一下，稍等。")
    full = conversation_of(stack, "林小雨")
    accepted = next(t for t in full["turns"][::-1])
    assert full["owner"]["type"] == "agent"
    assert accepted["last_seq"] < full["last_seq"] - 3, "no bot turn after the agent took over"

    # The bot comes back, and knows the return.
    desk.part("hand-back").click()
    desk.part("confirm").click()
    shopper.sees("智能客服继续为您服务")
    before = shopper.log.get_by_text(case["number"]).count()
    shopper.say("我的退货办得怎么样了")
    expect(shopper.log.get_by_text(case["number"])).not_to_have_count(before)
    assert shopper.errors == []
    assert desk.errors == []
