"""The shop's page and the widget in a real browser, with a small server in the gateway's place."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, async_playwright
from sanic import Request, Sanic
from sanic.response import HTTPResponse, text

from tests.fixtures.running_shop import running_shop, serving_app

# Writes down what the page asks of the widget; the page's own storage survives its reloads.
SDK = """
window.calls = JSON.parse(sessionStorage.calls || "[]");
const note = (...call) => { calls.push(call); sessionStorage.calls = JSON.stringify(calls); };
window.kefuSDK = { run(options) {
  note("run", options);
  window.$kefu = {
    toggle: (state) => note("toggle", state), setUser: (id, user) => note("setUser", id, user),
    setLocale: (locale) => note("setLocale", locale), reset: async () => note("reset"),
  };
  document.dispatchEvent(new CustomEvent("kefu:ready", { bubbles: true }));
} };
"""

pytestmark = pytest.mark.browser


@pytest.fixture
async def page(chromium_path: str) -> AsyncIterator[Page]:
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path, args=arguments)
        yield await browser.new_page(locale="zh-CN")
        await browser.close()


@pytest.fixture
async def gateway() -> AsyncIterator[httpx.AsyncClient]:
    app = Sanic(f"gateway-{uuid.uuid4().hex}", configure_logging=False)
    app.config.TOUCHUP = False

    async def sdk(_: Request) -> HTTPResponse:
        return text(SDK, content_type="text/javascript")

    app.add_route(sdk, "/sdk.js")
    async with serving_app(app) as client:
        yield client


async def calls(page: Page) -> list[list[object]]:
    await page.wait_for_function("window.calls && calls.some(call => call[0] === 'setLocale')")
    found: list[list[object]] = await page.evaluate("calls")
    await page.evaluate("calls.length = 0; delete sessionStorage.calls")
    return found


async def become(page: Page, customer: str) -> None:
    await page.locator(".who summary").click()
    async with page.expect_navigation(timeout=8000):
        await page.locator(f".who-menu button[value='{customer}']").click()


async def test_that_the_widget_learns_who_comes_goes_and_asks(
    tmp_path: Path, page: Page, gateway: httpx.AsyncClient
) -> None:
    base = str(gateway.base_url).rstrip("/")
    async with running_shop(tmp_path, base_url=base) as shop:
        await page.goto(f"{shop.base_url}/products/AP-1001")
        run = ["run", {"websiteToken": "website-1", "baseUrl": base}]
        assert await calls(page) == [run, ["setLocale", "zh-Hans"]]
        await become(page, "c001")
        told = await calls(page)
        assert ([call[0] for call in told], told[-1][1]) == (["run", "setLocale", "setUser"], "c001")
        await become(page, "c002")
        told = await calls(page)
        assert ([call[0] for call in told], told[-1][1]) == (["reset", "run", "setLocale", "setUser"], "c002")
        await become(page, "")
        assert [call[0] for call in await calls(page)] == ["reset", "run", "setLocale"]
        await page.locator("[data-ask]").click()
        assert (await page.evaluate("calls.at(-1)")) == ["toggle", "open"]


async def test_that_the_page_works_without_the_gateway(tmp_path: Path, page: Page) -> None:
    async with running_shop(tmp_path) as shop:
        await page.goto(f"{shop.base_url}/products/AP-1001")
        await become(page, "c001")
        assert await page.locator(".who-name").inner_text() == "当前顾客 林小雨"
        assert await page.locator("[data-ask]").is_hidden()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(f"{shop.base_url}/orders")
        assert await page.locator("article.order").count() == 6
        assert errors == []
