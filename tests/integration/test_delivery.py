"""Two gateways on one PostgreSQL and one Redis, with wake-ups and without: nothing lost, doubled or out of order.

With publishing off a gateway learns of the other's doings by asking SQL once a second, so everything here holds then, too; only
that somebody writes just now is told by wake-ups alone.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import websockets
from sqlalchemy import create_engine, make_url, text

from tests.fixtures.gateway import PATIENCE, Desk, House, Page, running_house

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture(scope="module", params=["on", "off"])
def pair(request: pytest.FixtureRequest, postgres_url: str) -> Iterator[House]:
    """Two gateways; the house speaks with the first."""
    name = f"kefu_{request.param}"
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    url = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    with running_house(2, DATABASE_URL=url, KEFU_PUBLISH=request.param, KEFU_SOCKETS_PER_ADDRESS="50") as house:
        yield house
        assert house.rasa.violations == []
        assert house.leaks() == []


@pytest.fixture
def one(pair: House) -> House:
    return pair


@pytest.fixture
def two(pair: House) -> House:
    return pair.other()


def publishes(house: House) -> bool:
    return house.stack.env["KEFU_PUBLISH"] == "on"


def log_of(page: Page) -> list[tuple[int, int, str, str]]:
    """(prev, seq, sender, text) as this page was shown it."""
    return [(f["prev"], f["seq"], f["sender"], f["content"]["text"]) for f in page.frames if f["type"] == "message"]


def check(log: list[tuple[int, int, str, str]], after: int = 0) -> None:
    """Each message once, in order, without a gap that the reader could see."""
    seqs = [seq for _, seq, _, _ in log]
    assert seqs == sorted(set(seqs))
    assert [prev for prev, _, _, _ in log] == [after, *seqs][:-1]


@asynccontextmanager
async def again(house: House, page: Page, after: int) -> AsyncIterator[Page]:
    """The same customer connects with his cursor."""
    async with house.socket("/ws/customer", origin=house.origin) as ws:
        returned = Page(house, ws, page.session)
        await returned.send(type="auth", token=page.token, after=after)
        await returned.until(type="hello")
        yield returned


async def reply(desk: Desk, page: Page, epoch: int, words: str) -> int:
    """The seq."""
    answer = await desk.do(page.id, "reply", epoch=epoch, text=words, client_id=uuid.uuid4().hex)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["message"]["seq"])


async def free(desk: Desk, page: Page, epoch: int) -> None:
    assert (await desk.do(page.id, "resolve", epoch=epoch)).status_code == 200


async def test_that_a_customer_at_one_and_an_agent_at_the_other_talk_as_at_one(one: House, two: House) -> None:
    async with two.desk("wang") as wang, one.page() as page:
        await page.waits_for("complaints")
        offer = await wang.until(type="handoff.offered", conversation_id=page.id)
        assert offer["conversation"]["owner"]["type"] == "queue"
        epoch = await wang.take(page.id)
        await page.until(lambda f: f["type"] == "owner" and f["owner"]["type"] == "agent")
        for n in range(3):
            await page.say(f"第 {n} 句话")
            await wang.until(
                lambda f, n=n: f["type"] == "message.created" and f["message"]["content"]["text"] == f"第 {n} 句话"
            )
            await reply(wang, page, epoch, f"第 {n} 句答复")
            await page.hears("agent", lambda m, n=n: m["content"]["text"] == f"第 {n} 句答复")
        handed = await wang.do(page.id, "hand_back", epoch=epoch)
        assert handed.status_code == 200
        await page.until(lambda f: f["type"] == "owner" and f["owner"]["type"] == "bot")
        await page.say("谢谢，机器人还在吗")
        await page.hears("bot", lambda m: "机器人还在吗" in m["content"]["text"])
        check(log_of(page))
        stale = await wang.do(page.id, "reply", epoch=epoch, text="太晚了", client_id="late")
        assert stale.status_code == 409


async def test_that_what_an_agent_has_read_is_told_to_the_customer_and_the_other_way_round(
    one: House, two: House
) -> None:
    async with two.desk("wang") as wang, one.page() as page:
        await page.waits_for("complaints")
        epoch = await wang.take(page.id)
        said = (await page.say("您看到了吗"))["seq"]
        assert (await wang.http.post(f"/api/v1/conversations/{page.id}/read", json={"seq": said})).status_code == 200
        assert (await page.until(lambda f: f["type"] == "read" and f["seq"] >= said))["seq"] == said
        answered = await reply(wang, page, epoch, "看到了")
        await page.hears("agent")
        await page.send(type="read", seq=answered)
        seen = await wang.until(lambda f: f["type"] == "read" and f["seq"] >= answered)
        assert seen == {"type": "read", "conversation_id": page.id, "seq": answered}
        note = await wang.do(page.id, "note", text="客户不知道有这一条", client_id="n")
        hidden = note.json()["message"]["seq"]
        await wang.http.post(f"/api/v1/conversations/{page.id}/read", json={"seq": hidden})
        async with again(two, page, answered) as elsewhere:
            hello = next(f for f in elsewhere.frames if f["type"] == "hello")
            assert (hello["agent_read_seq"], hello["read_seq"]) == (answered, answered)
        row = (await wang.http.get(f"/api/v1/conversations/{page.id}")).json()
        assert (row["read_seq"], row["customer_read_seq"]) == (hidden, answered)
        await free(wang, page, epoch)
    assert all(f["seq"] <= answered for f in page.frames if f["type"] == "read"), "nor learns that there is a note"


async def test_that_somebody_who_writes_is_seen_at_the_other_gateway(one: House, two: House) -> None:
    if not publishes(one):
        pytest.skip("typing is told by wake-ups alone")
    async with two.desk("wang") as wang, one.page() as page:
        await page.waits_for("complaints")
        epoch = await wang.take(page.id)
        await page.until(lambda f: f["type"] == "owner" and f["owner"]["type"] == "agent")
        await page.send(type="typing")
        assert (await wang.until(type="typing"))["conversation_id"] == page.id
        await wang.send(type="typing", conversation_id=page.id)
        assert (await page.until(type="typing"))["sender"] == "agent"
        await free(wang, page, epoch)


async def test_that_two_tabs_at_two_gateways_show_the_same_log(one: House, two: House) -> None:
    async with one.page() as here:
        async with again(two, here, 0) as there:
            for n in range(4):
                await (here if n % 2 else there).say(f"标签页 {n} 说的话")
                await here.hears("bot", lambda m, n=n: f"标签页 {n} 说的话" in m["content"]["text"])
                await there.hears("bot", lambda m, n=n: f"标签页 {n} 说的话" in m["content"]["text"])
            assert log_of(here) == log_of(there)
            check(log_of(here))


@pytest.mark.parametrize("after", [0, 1, 2, 3, 1000])
async def test_that_a_cursor_brings_what_is_missing_from_either_gateway(one: House, two: House, after: int) -> None:
    async with one.page() as page:
        for n in range(2):
            await page.say(f"游标之前 {n} 句")
            await page.hears("bot", lambda m, n=n: f"{n} 句" in m["content"]["text"])
    async with again(two, page, after) as returned:
        await returned.say("游标之后的话")
        await returned.hears("bot", lambda m: "游标之后" in m["content"]["text"])
        log = log_of(returned)
        check(log, min(after, 4))
        assert [seq for _, seq, _, _ in log] == list(range(min(after, 4) + 1, 7))


async def test_that_more_than_a_page_written_elsewhere_arrives_whole(one: House, two: House) -> None:
    """More than the sweep takes up and a reader may have waiting, while he is away for a moment only."""
    async with two.desk("wang") as wang, one.page() as page:
        await page.waits_for("complaints")
        epoch = await wang.take(page.id)
        await page.until(lambda f: f["type"] == "owner" and f["owner"]["type"] == "agent")
        for start in range(0, 450, 50):
            await asyncio.gather(*(reply(wang, page, epoch, f"{n}") for n in range(start, start + 50)))
        last = (await wang.http.get(f"/api/v1/conversations/{page.id}")).json()["last_seq"]
        await page.message(last)
        log = log_of(page)
        check(log)
        assert sorted(int(t) for _, _, sender, t in log if sender == "agent") == list(range(450))
        await free(wang, page, epoch)


async def test_that_a_message_sent_again_to_the_other_gateway_is_the_same(one: House, two: House) -> None:
    async with one.page() as page:
        first = await page.say("只说了一遍的话", "the-same")
        async with again(two, page, 0) as there:
            answers = await asyncio.gather(*(tab.say("只说了一遍的话", "the-same") for tab in (page, there)))
            assert {a["seq"] for a in answers} == {first["seq"]}
            await there.send(type="message", client_id="the-same", text="换了话")
            assert await there.refused() == "client_id_reused"
            # The bot's answer may have come before the refusal or comes after it.
            assert (await there.message(2))["sender"] == "bot"
        await page.message(1)
        assert [m for m in log_of(page) if m[2] == "customer"] == [(0, 1, "customer", "只说了一遍的话")]


async def test_that_a_session_reset_at_one_ends_at_the_other(one: House, two: House) -> None:
    async with one.page() as page, two.http(page.token) as client:
        assert (await client.post("/api/v1/widget/sessions/reset")).status_code == 200
        assert (await page.closed())[0] == 4409


async def test_that_two_agents_at_two_gateways_cannot_both_have_it(one: House, two: House) -> None:
    async with one.desk("wang") as wang, two.desk("liam") as liam, one.page() as page:
        await page.waits_for("after_sales")
        answers = await asyncio.gather(*(desk.do(page.id, "accept") for desk in (wang, liam) * 3))
        assert sorted(a.status_code for a in answers) == [200] * 3 + [409] * 3, "one of them, however often he asks"
        owners = {a.json()["owner"]["id"] for a in answers}
        assert len(owners) == 1
        winner = wang if owners == {wang.agent["id"]} else liam
        epoch = answers[0].json()["owner"]["epoch"]
        loser = liam if winner is wang else wang
        refused = await loser.do(page.id, "reply", epoch=epoch, text="我也来说", client_id="x")
        assert refused.status_code in (404, 409)
        await free(winner, page, epoch)


async def test_that_talk_goes_on_while_redis_is_away_and_wake_ups_return_with_it(one: House, two: House) -> None:
    async with two.desk("wang") as wang, one.page() as page:
        await page.waits_for("complaints")
        epoch = await wang.take(page.id)
        await page.until(lambda f: f["type"] == "owner" and f["owner"]["type"] == "agent")
        one.stack.kill("redis")
        try:
            await page.say("没有 Redis 的时候")
            await wang.until(
                lambda f: f["type"] == "message.created" and "没有 Redis" in f["message"]["content"]["text"]
            )
            await reply(wang, page, epoch, "也能答复")
            await page.hears("agent", lambda m: m["content"]["text"] == "也能答复")
        finally:
            await asyncio.to_thread(one.stack.start_again, "redis")
        if publishes(one):  # nothing but a wake-up tells of typing: it comes through once both listen again
            heard = asyncio.create_task(wang.until(type="typing"))
            while not heard.done():
                await page.send(type="typing")
                await asyncio.wait([heard], timeout=0.2)
            await heard
        await page.say("Redis 回来了")
        await wang.until(lambda f: f["type"] == "message.created" and "回来了" in f["message"]["content"]["text"])
        check(log_of(page))
        await free(wang, page, epoch)


def lazy_socket(house: House) -> socket.socket:
    """A connection that takes little from the network before somebody reads."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", int(house.url.rsplit(":", 1)[1])))
    return connection


async def test_that_who_never_reads_is_let_go_and_nobody_else_notices(one: House, two: House) -> None:
    async with two.desk("wang") as wang, one.page() as page:
        await page.waits_for("complaints")
        epoch = await wang.take(page.id)
        await page.until(lambda f: f["type"] == "owner" and f["owner"]["type"] == "agent")
        address = one.url.replace("http", "ws") + "/ws/customer"
        async with websockets.connect(
            address,
            sock=lazy_socket(one),
            origin=one.origin,
            max_size=None,
            max_queue=1,
            ping_interval=None,  # type: ignore[arg-type]
        ) as asleep:
            await asleep.send(json.dumps({"type": "auth", "token": page.token, "after": 0}))
            await asleep.recv()
            asleep.transport.pause_reading()
            slowest = 0.0
            for start in range(0, 900, 20):  # 14 MB: more than the kernel keeps for a reader
                started = time.monotonic()
                texts = [f"{n:04}" + "长" * 4990 for n in range(start, start + 20)]
                await asyncio.gather(*(reply(wang, page, epoch, words) for words in texts))
                slowest = max(slowest, time.monotonic() - started)
            last = (await wang.http.get(f"/api/v1/conversations/{page.id}")).json()["last_seq"]
            await page.message(last)
            assert slowest < 5
            check(log_of(page))
            await asyncio.to_thread(wait_for_line, one, "a reader takes nothing")
            asleep.transport.resume_reading()
            async with asyncio.timeout(30):
                try:
                    while True:
                        await asleep.recv()
                except websockets.ConnectionClosed:
                    pass
            assert asleep.close_code == 4008
        await free(wang, page, epoch)


async def test_that_an_address_has_so_many_connections_and_others_are_not_hurt(one: House) -> None:
    address = one.url.replace("http", "ws") + "/ws/customer"

    async def knock() -> tuple[Any, int | None]:
        ws = await websockets.connect(address, local_addr=("127.9.9.9", 0), open_timeout=PATIENCE)
        try:
            async with asyncio.timeout(1.5):
                await ws.recv()
        except TimeoutError:
            return ws, None
        except websockets.ConnectionClosed:
            pass
        return ws, ws.close_code

    knocked = await asyncio.gather(*(knock() for _ in range(80)))
    assert sorted(str(code) for _, code in knocked) == ["4429"] * 30 + ["None"] * 50
    async with one.page() as page:
        assert await page.still_open()
    for ws, _ in knocked:
        await ws.close()
    ws, code = await knock()
    assert code is None, "who left makes room"
    await ws.close()


async def test_that_a_gateway_that_is_killed_costs_nothing(one: House, two: House) -> None:
    """The story across both: the customer's gateway dies in the middle of a turn and he goes on at the other."""
    async with two.desk("wang") as wang:
        async with one.page() as page:
            await page.say("我想问一下退货")
            await page.hears("bot")
            with one.rasa.holding():
                await page.say("这句话问到一半")
                await asyncio.to_thread(wait_for_turn, one, page.id, "这句话问到一半")
                await page.send(type="message", client_id="in-flight", text="还有这一句")
                one.stack.kill("gateway")
        try:
            cursor = max((seq for _, seq, _, _ in log_of(page)), default=0)
            async with again(two, page, cursor) as moved:
                await moved.say("还有这一句", "in-flight")
                await moved.hears("bot", lambda m: "这句话问到一半" in m["content"]["text"])
                await moved.hears("bot", lambda m: "还有这一句" in m["content"]["text"])
                await moved.waits_for("complaints")
                epoch = await wang.take(page.id)
                await reply(wang, page, epoch, "我来帮您")
                await moved.hears("agent")
                assert (await wang.do(page.id, "hand_back", epoch=epoch)).status_code == 200
                await moved.say("谢谢你们大家")
                await moved.hears("bot", lambda m: "谢谢你们大家" in m["content"]["text"])
        finally:
            await asyncio.to_thread(one.stack.start_again, "gateway")
        check(log_of(page))
        check(log_of(moved), cursor)
        async with again(one, page, 0) as back:
            await back.message(log_of(moved)[-1][1])
            whole = log_of(back)
        check(whole)
        assert whole == log_of(page) + log_of(moved)
        said = [t for _, _, sender, t in whole if sender == "customer"]
        assert said == ["我想问一下退货", "这句话问到一半", "还有这一句", "我要投诉到投诉组", "谢谢你们大家"]
        answered = [t for _, _, sender, t in whole if sender == "bot" and t.startswith("机器人收到")]
        assert answered == [f"机器人收到：{t}" for t in said if "投诉" not in t]


def wait_for_line(house: House, words: str) -> None:
    deadline = time.monotonic() + 40
    while words not in house.stack.log_of("gateway").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def wait_for_turn(house: House, id: str, words: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not any(words in turn["message"] for turn in house.rasa.said_to(id)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
