"""The shop's pages: escaped, protected, and embedding the widget."""

import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fixtures.running_shop import running_shop

HTML = {"accept": "text/html", "accept-language": "zh-CN,zh;q=0.9"}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with running_shop(tmp_path) as client:
        client.headers.update(HTML)
        yield client


def widget_config(page: str) -> Any:
    found = re.search(r'<script src="/static/widget.js" data-config="([^"]*)"', page)
    assert found, page[-500:]
    return json.loads(unescape(found[1]))


async def become(shop: httpx.AsyncClient, customer: str) -> httpx.Response:
    return await shop.post("/session", data={"customer": customer}, headers={"referer": f"{shop.base_url}/orders"})


async def test_that_it_is_healthy_without_a_token(shop: httpx.AsyncClient) -> None:
    answer = await shop.get("/healthz", headers={"authorization": ""})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/", "/?category=shoes", "/?q=耳机", "/products/AP-1001", "/orders", "/nowhere"])
async def test_that_every_page_is_protected_and_names_no_other_host(shop: httpx.AsyncClient, path: str) -> None:
    answer = await shop.get(path)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self' http://127.0.0.1:9;" in policy
    assert "connect-src 'self' http://127.0.0.1:9 ws://127.0.0.1:9;" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert set(re.findall(r"(?:src|href|action)=\"(?:https?:)?//([^/\"]+)", answer.text)) == set()
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", answer.text)
    widget_config(answer.text)


async def test_that_an_anonymous_visitor_is_not_named_to_the_widget(shop: httpx.AsyncClient) -> None:
    page = (await shop.get("/")).text
    assert widget_config(page) == {"baseUrl": "http://127.0.0.1:9", "websiteToken": "website-1", "locale": "zh-Hans"}
    assert "未登录" in page


async def test_that_a_signed_in_customer_is_named_with_his_hash_and_the_secret_stays(shop: httpx.AsyncClient) -> None:
    answer = await become(shop, "c001")
    assert (answer.status_code, answer.headers["location"]) == (302, "/orders")
    page = (await shop.get("/orders")).text
    assert widget_config(page)["user"] == {
        "id": "c001",
        "name": "林小雨",
        "email": "xiaoyu.lin@example.com",
        "identifier_hash": hmac.new(b"website-secret", b"c001", hashlib.sha256).hexdigest(),
    }
    assert "website-secret" not in page
    await become(shop, "")
    assert "user" not in widget_config((await shop.get("/orders")).text)


@pytest.mark.parametrize("customer", ["c042", "c001 ", "../c001", "<script>", "c" * 5000])
async def test_that_only_demo_customers_can_be_taken_on(shop: httpx.AsyncClient, customer: str) -> None:
    await become(shop, customer)
    shop.cookies.set("shop_customer", "c042")
    assert "user" not in widget_config((await shop.get("/")).text)


async def test_that_another_site_cannot_switch_the_customer_nor_be_gone_to(shop: httpx.AsyncClient) -> None:
    refused = await shop.post("/session", data={"customer": "c001"}, headers={"sec-fetch-site": "cross-site"})
    assert refused.status_code == 403
    for referer in ("https://evil.example/", "//evil.example/orders", "http://[", "https://x//evil.example"):
        answer = await shop.post("/language", headers={"referer": referer})
        assert answer.headers["location"] in ("/", "/orders")


async def test_that_my_orders_show_numbers_the_phones_end_and_the_parcels_road(shop: httpx.AsyncClient) -> None:
    await become(shop, "c001")
    page = (await shop.get("/orders")).text
    orders = (await shop.get("/api/customers/c001/orders")).json()["orders"]
    assert len(orders) == 6
    for order in orders:
        assert order["number"] in page
        assert f"<b>{order['phone_last4']}</b>" in page
    assert "清关中：请补充收件人身份证信息" in page
    others = (await shop.get("/api/customers/c002/orders")).json()["orders"]
    assert not any(order["number"] in page for order in others)


async def test_that_orders_need_somebody(shop: httpx.AsyncClient) -> None:
    page = (await shop.get("/orders")).text
    assert "选择一位演示顾客" in page
    assert "KF2026" not in page


async def test_that_the_language_switches_and_is_remembered(shop: httpx.AsyncClient) -> None:
    assert "法式收腰黑色连衣裙" in (await shop.get("/products/AP-1001")).text
    answer = await shop.post("/language", headers={"referer": f"{shop.base_url}/products/AP-1001?q=%0d%0a"})
    assert answer.headers["location"].startswith("/products/AP-1001")
    page = (await shop.get("/products/AP-1001")).text
    assert "French Waisted Black Dress" in page
    assert widget_config(page)["locale"] == "en"


async def test_that_the_browser_chooses_the_first_language(shop: httpx.AsyncClient) -> None:
    page = (await shop.get("/", headers={"accept-language": "fr, en-GB;q=0.8, zh;q=0.5"})).text
    assert '<html lang="en">' in page


@pytest.mark.parametrize("attack", ["<script>alert(1)</script>", '"><img src=x onerror=a()>', "{{ 7*7 }}", "'; --"])
async def test_that_what_people_wrote_is_escaped(shop: httpx.AsyncClient, attack: str) -> None:
    page = (await shop.get("/", params={"q": attack})).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "49" not in page or "{{ 7*7 }}" in page
    paid = next(order for order in (await shop.get("/api/customers/c001/orders")).json()["orders"]
                if order["status"] == "paid")  # fmt: skip
    body = {"text": attack, "name": attack[:60]}
    headers = {"idempotency-key": "k"}
    assert (await shop.put(f"/api/orders/{paid['number']}/address", json=body, headers=headers)).status_code == 200
    await become(shop, "c001")
    page = (await shop.get("/orders")).text
    assert attack in unescape(page)
    assert "<script>alert" not in page
    assert "<img src=x" not in page


async def test_that_what_is_not_there_is_a_page_for_people(shop: httpx.AsyncClient) -> None:
    for path in ("/products/XX-1", "/products/%00", "/products/%3Cscript%3E", "/pictures/AP-1001.png", "/nowhere"):
        answer = await shop.get(path)
        assert answer.status_code == 404
        assert "页面走丢了" in answer.text


async def test_that_pictures_are_drawings_without_script(shop: httpx.AsyncClient) -> None:
    answer = await shop.get("/pictures/AP-1001.svg")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.text.startswith("<svg")
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_that_without_a_website_token_there_is_no_widget(tmp_path: Path) -> None:
    async with running_shop(tmp_path, website_token="") as shop:
        answer = await shop.get("/", headers=HTML)
        assert "widget.js" not in answer.text
        assert "script-src 'self';" in answer.headers["content-security-policy"]
