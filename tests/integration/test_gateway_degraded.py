"""Parts go away: the customer is told, reaches a human, and nothing is lost."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from handoff.remotes.answers import read_answer
from tests.fixtures.gateway import PATIENCE, House, Page, running_house

SLOW = "收到，正在为您处理"
FAILED = "智能客服暂时无法回答"


async def shows(gateway: House, *degraded: str) -> None:
    """Wait until readyz names exactly these parts: its answer may be a second old."""
    async with asyncio.timeout(PATIENCE), gateway.http() as client:
        while True:
            answer = await client.get("/readyz")
            assert answer.status_code == 200
            if answer.json()["degraded"] == list(degraded):
                return
            await asyncio.sleep(0.1)


async def test_that_the_parts_are_asked_once_a_second_however_many_want_to_know(gateway: House) -> None:
    await shows(gateway)
    before = gateway.rasa.health_checks
    async with gateway.http() as client:
        started = time.monotonic()
        answers = await asyncio.gather(*(client.get("/readyz") for _ in range(100)))
        seconds = time.monotonic() - started
    assert {a.status_code for a in answers} == {200}
    assert gateway.rasa.health_checks - before <= 2 * seconds + 2


async def is_told_and_gets_a_human(page: Page, within: float = PATIENCE) -> None:
    failed = await page.hears("system", lambda m: m["content"]["type"] == "choices", within)
    assert FAILED in failed["content"]["text"]
    option = failed["content"]["options"][0]
    assert option.keys() == {"id", "title"}
    assert option["title"] == "转人工"
    await page.send(type="choice", client_id="button", option_id=option["id"])
    await page.until(lambda f: f["type"] == "owner" and f["owner"]["type"] == "queue")


@pytest.mark.parametrize("status", [503, 500, 0], ids=["refuses", "breaks", "hangs up"])
async def test_that_a_customer_is_told_when_the_bot_is_down_and_reaches_a_human(gateway: House, status: int) -> None:
    async with gateway.desk("wang") as wang, gateway.page() as page:
        with gateway.rasa.failing(status):
            await shows(gateway, "bot")
            await page.say("机器人在不在啊")
            await is_told_and_gets_a_human(page)
        epoch = await wang.take(page.id)
        assert (await wang.do(page.id, "resolve", epoch=epoch)).status_code == 200
    await shows(gateway)


async def test_that_a_customer_whose_answer_takes_long_is_told_within_three_seconds(gateway: House) -> None:
    async with gateway.page() as page:
        with gateway.rasa.holding():
            started = time.monotonic()
            await page.say("机器人想得很久")
            slow = await page.hears("system")
            assert time.monotonic() - started < 3.5
            assert SLOW in slow["content"]["text"]
        assert "机器人想得很久" in (await page.hears("bot"))["content"]["text"]
        assert [f["sender"] for f in page.frames if f["type"] == "message"] == ["customer", "system", "bot"]


NONSENSE = [
    "[]", '"x"', "{}", '{"messages": null}', '{"messages": [{"type": "text"}]}', '{"messages": [{"type": "text", "text": 7}]}',
    '{"messages": []}', '{"messages": [{"type": "text", "text": " "}]}', '{"messages": [{"type": "text", "text": "x"}], "slots": NaN}',
    '{"messages": [{"type": "choices", "text": "x", "options": [{"title": "x"}]}]}',
]  # fmt: skip


@pytest.mark.parametrize("raw", NONSENSE)
def test_that_an_answer_of_another_shape_is_none(raw: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        read_answer(raw.encode(), 1)


async def test_that_a_bot_that_says_nonsense_is_one_that_failed(gateway: House) -> None:
    gateway.rasa.when("说点胡话", {"raw": "no json"})
    async with gateway.desk("wang") as wang, gateway.page() as page:
        await page.say("说点胡话吧机器人")
        await is_told_and_gets_a_human(page)
        epoch = await wang.take(page.id)
        assert (await wang.do(page.id, "resolve", epoch=epoch)).status_code == 200


@pytest.mark.slow
async def test_that_a_bot_that_never_answers_is_given_up_in_the_end(gateway: House) -> None:
    async with gateway.desk("wang") as wang, gateway.page() as page:
        with gateway.rasa.holding():
            await page.say("机器人再也不答了")
            assert SLOW in (await page.hears("system"))["content"]["text"]
            await is_told_and_gets_a_human(page, within=60)
        epoch = await wang.take(page.id)
        assert (await wang.do(page.id, "resolve", epoch=epoch)).status_code == 200


async def test_that_without_faq_search_the_bot_is_told_so(gateway: House) -> None:
    async with gateway.internal() as bot, gateway.http(await gateway.token_of("wang")) as desk:
        for raw in ("", "no json", "[]"):
            with gateway.faq.failing(raw):
                searched = await bot.post("/internal/v1/faq/search", json={"query": "退货"})
                suggested = await desk.post("/api/v1/faq/suggest", json={"query": "退货"})
                for answer in (searched, suggested):
                    assert (answer.status_code, answer.json()["code"]) == (503, "faq_unavailable")
                    assert int(answer.headers["retry-after"]) >= 1
                await shows(gateway, "faq")
        assert (await bot.post("/internal/v1/faq/search", json={"query": "退货"})).json()["decision"] == "answer"


@asynccontextmanager
async def without(gateway: House, name: str) -> AsyncIterator[None]:
    gateway.stack.kill(name)
    try:
        yield
    finally:
        await asyncio.to_thread(gateway.stack.start_again, name)


async def test_that_without_the_shop_the_desk_still_shows_everything_else(gateway: House) -> None:
    async with gateway.desk("wang") as wang, gateway.page("c028") as page:
        await page.waits_for("after_sales")
        epoch = await wang.take(page.id)
        async with without(gateway, "shop"):
            answer = await wang.http.get(f"/api/v1/conversations/{page.id}")
            assert answer.status_code == 200
            assert (answer.json()["shop_available"], answer.json()["orders"]) == (False, [])
            assert answer.json()["handoff"]["summary"]
            await shows(gateway, "shop")
            async with gateway.internal() as bot:
                for call, body in (
                    ("orders/list", {}),
                    ("orders/lookup", {"order_number": "KF202611100001"}),
                    ("products/search", {}),
                ):
                    refused = await bot.post(f"/internal/v1/{call}", json={"conversation_id": page.id, **body})
                    assert (refused.status_code, refused.json()["code"]) == (503, "shop_unavailable")
            assert (await gateway.session("c027"))["verified"]
        assert (await wang.http.get(f"/api/v1/conversations/{page.id}")).json()["shop_available"]
        assert (await wang.do(page.id, "resolve", epoch=epoch)).status_code == 200


async def test_that_without_redis_messages_still_flow(gateway: House) -> None:
    async with gateway.desk("wang") as wang, gateway.page() as page:
        async with without(gateway, "redis"):
            await shows(gateway, "redis")
            await page.say("没有 Redis 也要能说话")
            assert (await page.hears("bot"))["seq"] == 2
            await gateway.session()
            await page.waits_for("after_sales")
            epoch = await wang.take(page.id)
            assert (await wang.do(page.id, "reply", epoch=epoch, text="听得到", client_id="r")).status_code == 200
            await page.hears("agent")
        await shows(gateway)
        assert (await wang.do(page.id, "resolve", epoch=epoch)).status_code == 200


async def test_that_a_redis_that_hangs_is_as_good_as_away(gateway: House) -> None:
    async with gateway.page() as page:
        gateway.stack.kill("redis", signal.SIGSTOP)
        try:
            started = time.monotonic()
            await page.say("Redis 卡住了也要能说")
            await page.hears("bot")
            assert (await gateway.session())["token"]
            assert time.monotonic() - started < 5
        finally:
            gateway.stack.kill("redis", signal.SIGCONT)


@pytest.mark.slow
def test_that_a_gateway_starts_and_serves_without_a_redis(tmp_path: Path) -> None:
    async def talk(house: House) -> None:
        await shows(house, "redis")
        async with house.desk("wang") as wang, house.page() as page:
            await page.say("从一开始就没有 Redis")
            await page.hears("bot")
            await page.waits_for("after_sales")
            epoch = await wang.take(page.id)
            assert (await wang.do(page.id, "reply", epoch=epoch, text="也能答复", client_id="r")).status_code == 200
            await page.hears("agent")

    with running_house(REDIS_URL=f"unix://{tmp_path}/nobody.sock") as house:
        asyncio.run(talk(house))
