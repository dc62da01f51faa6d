"""The two WebSockets: who comes in, what a frame may be, and that nothing is lost, doubled or learnt by the wrong one."""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import suppress
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from tests.fixtures.gateway import PATIENCE, House, Page

ODD_COMMANDS = [
    "/restart",
    "／restart",
    " \u3000/restart",
    '/track_order{"order_number":"x"}',
    '\u200b\u00a0 \t/track_order{"order_number":"x"}',
    '\ufeff／track_order{"order_number":"KF202611100001"}',
    "EXTERNAL: session_started",
]
STRANGE_WORDS = [
    "😀👍🏽🇨🇳",
    "'; DROP TABLE messages; --",
    '" OR 1=1 --',
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{{7*7}} ${7*7} %s %(x)s {0}",
    "退\u0301货\u202e反\u200d着",
    "𠮷野家的𩸽",
]


async def first(gateway: House, path: str, said: str | bytes, origin: str | None = None) -> tuple[int, str]:
    """How a socket ends whose first frame is this."""
    async with gateway.socket(path, origin=origin) as ws:
        try:
            await ws.send(said)
            while True:
                await ws.recv()
        except websockets.ConnectionClosed:
            return ws.close_code or 0, ws.close_reason or ""


async def end_of(ws: ClientConnection) -> int:
    """The code with which the other side ends it."""
    async with asyncio.timeout(PATIENCE):
        try:
            while True:
                await ws.recv()
        except websockets.ConnectionClosed:
            return ws.close_code or 0


def auth(token: Any, **more: Any) -> str:
    return json.dumps({"type": "auth", "token": token} | more)


@pytest.mark.parametrize("path", ["/ws/customer", "/ws/agent"])
@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("no json", 4400),
        ("[]", 4400),
        ("null", 4400),
        ('{"type":"auth","token":NaN}', 4400),
        ("[" * 20_000, 4400),
        (b"\xff\xfe\x00", 4400),
        ('{"type":"ping"}', 4401),
        ("{}", 4401),
        (auth("wrong"), 4401),
        (auth(""), 4401),
        (auth(None), 4401),
        (auth(["x"]), 4401),
        (auth("\ud800"), 4401),
        (auth("x" * 10_000), 4401),
        (auth("' OR 1=1 --"), 4401),
        (auth("x" * 100_000), 4413),
        ("x" * 1_000_000, 4413),
    ],
    ids=lambda value: str(value)[:30].encode("ascii", "replace").decode(),
)
async def test_that_only_a_good_token_in_the_first_frame_opens(
    gateway: House, path: str, said: str | bytes, code: int
) -> None:
    assert (await first(gateway, path, said))[0] == code


async def test_that_each_kind_of_person_has_a_socket_of_their_own(gateway: House) -> None:
    customer, agent = (await gateway.session())["token"], await gateway.token_of("wang")
    assert (await first(gateway, "/ws/agent", auth(customer)))[0] == 4401
    assert (await first(gateway, "/ws/customer", auth(agent)))[0] == 4401


async def test_that_an_expired_token_ends_with_4401(gateway: House) -> None:
    customer, agent = (await gateway.session())["token"], await gateway.log_in("liam")
    gateway.expire("customer_sessions", customer)
    gateway.expire("agent_sessions", agent)
    assert (await first(gateway, "/ws/customer", auth(customer)))[0] == 4401
    assert (await first(gateway, "/ws/agent", auth(agent)))[0] == 4401


async def test_that_a_token_in_the_address_opens_nothing(gateway: House) -> None:
    token = (await gateway.session())["token"]
    agent = await gateway.token_of("wang")
    assert (await first(gateway, f"/ws/customer?token={token}", auth("")))[0] == 4401
    assert (await first(gateway, f"/ws/agent?token={agent}", '{"type":"ping"}'))[0] == 4401


async def test_that_a_customers_socket_opens_only_from_the_websites_pages(gateway: House) -> None:
    token = (await gateway.session())["token"]
    for origin in (
        "https://evil.example",
        "null",
        gateway.origin + ".evil.example",
        gateway.origin.replace("http", "https"),
    ):
        assert (await first(gateway, "/ws/customer", auth(token), origin))[0] == 4403, origin
    for good in (gateway.origin, gateway.url, None):
        async with gateway.socket("/ws/customer", origin=good) as ws:
            await ws.send(auth(token))
            assert json.loads(await ws.recv())["type"] == "hello"


async def test_that_a_desk_opens_only_from_our_own_page(gateway: House) -> None:
    token = await gateway.token_of("wang")
    for origin in ("https://evil.example", "null", gateway.origin):
        assert (await first(gateway, "/ws/agent", auth(token), origin))[0] == 4403, origin
    async with gateway.socket("/ws/agent", origin=gateway.url) as ws:
        await ws.send(auth(token))
        assert json.loads(await ws.recv())["type"] == "hello"


async def test_that_resetting_a_session_ends_its_sockets(gateway: House) -> None:
    async with gateway.page() as page, gateway.http(page.token) as client:
        assert (await client.post("/api/v1/widget/sessions/reset")).status_code == 200
        assert (await page.closed())[0] == 4409
        assert (await first(gateway, "/ws/customer", auth(page.token)))[0] == 4401


async def test_that_signing_in_ends_the_sockets_of_the_anonymous_token(gateway: House) -> None:
    async with gateway.page() as page:
        session = await gateway.session("c031", token=page.token)
        assert session["token"] != page.token
        assert (await page.closed())[0] == 4409


async def test_that_logging_out_ends_this_desk_only(gateway: House) -> None:
    one, other = await gateway.log_in("liam"), await gateway.log_in("liam")
    async with gateway.socket("/ws/agent") as first_desk, gateway.socket("/ws/agent") as second_desk:
        for ws, token in ((first_desk, one), (second_desk, other)):
            await ws.send(auth(token))
            assert json.loads(await ws.recv())["type"] == "hello"
        async with gateway.http(one) as client:
            assert (await client.post("/api/v1/auth/logout")).status_code == 200
        assert await end_of(first_desk) == 4409
        await second_desk.send('{"type":"ping"}')
        while json.loads(await second_desk.recv())["type"] != "pong":
            pass


async def test_that_a_desk_whose_log_in_has_expired_ends_with_its_next_beat(gateway: House) -> None:
    token = await gateway.log_in("liam")
    async with gateway.socket("/ws/agent") as ws:
        await ws.send(auth(token))
        assert json.loads(await ws.recv())["type"] == "hello"
        gateway.expire("agent_sessions", token)
        await ws.send('{"type":"ping"}')
        assert await end_of(ws) == 4401


@pytest.mark.parametrize("after", [-1, 1.5, "1", True, None, [], 2**62, 2**70])
async def test_that_a_cursor_is_a_whole_number_or_refused(gateway: House, after: Any) -> None:
    token = (await gateway.session())["token"]
    if after == 2**62:
        async with gateway.socket("/ws/customer") as ws:
            await ws.send(auth(token, after=after))
            assert json.loads(await ws.recv())["type"] == "hello"
    else:
        assert (await first(gateway, "/ws/customer", auth(token, after=after)))[0] == 4400


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("no json", "bad_request"),
        ("[1]", "bad_request"),
        ('"text"', "bad_request"),
        (b"\x80\x81", "bad_request"),
        ('{"type":"message","client_id":"n","text":"x","more":NaN}', "bad_request"),
        ('{"type":"message","client_id":"d","text":"x","more":' + "[" * 500 + "]" * 500 + "}", "bad_request"),
        ("{}", "invalid"),
        ('{"type":"restart"}', "invalid"),
        ('{"type":["message"]}', "invalid"),
        (auth("again"), "invalid"),
        ('{"type":"message","text":"hello"}', "invalid"),
        ('{"type":"message","client_id":"","text":"hello"}', "invalid"),
        ('{"type":"message","client_id":7,"text":"hello"}', "invalid"),
        ('{"type":"message","client_id":"a:b","text":"hello"}', "invalid"),
        (json.dumps({"type": "message", "client_id": "x" * 65, "text": "hello"}), "invalid"),
        (json.dumps({"type": "message", "client_id": "\ud800", "text": "hello"}), "invalid"),
        (json.dumps({"type": "message", "client_id": "\x00\x07", "text": "hello"}), "invalid"),
        ('{"type":"message","client_id":"t1","text":""}', "invalid"),
        ('{"type":"message","client_id":"t2","text":" \\n\\u3000\\t"}', "invalid"),
        ('{"type":"message","client_id":"t3","text":"\\u0000\\u0001\\u001b"}', "invalid"),
        (json.dumps({"type": "message", "client_id": "t4", "text": "\udfff\ud800"}), "invalid"),
        ('{"type":"message","client_id":"t5","text":{"a":1}}', "invalid"),
        ('{"type":"message","client_id":"t6"}', "invalid"),
        (json.dumps({"type": "message", "client_id": "t7", "text": "长" * 5001}), "too_large"),
        ('{"type":"choice","client_id":"c1"}', "invalid"),
        ('{"type":"choice","client_id":"c2","option_id":"1-0-0"}', "invalid"),
        ('{"type":"choice","client_id":"c3","option_id":"\\ud800-0-0"}', "invalid"),
        ('{"type":"choice","client_id":"c4","option_id":"%-%-%"}', "invalid"),
        ('{"type":"choice","client_id":"c5","option_id":{"x":1}}', "invalid"),
        ('{"type":"read","seq":"1"}', "invalid"),
        ('{"type":"read","seq":-1}', "invalid"),
        ('{"type":"read"}', "invalid"),
    ],
    ids=lambda value: str(value)[:50].encode("ascii", "replace").decode(),
)
async def test_that_a_bad_frame_is_answered_and_stores_nothing(gateway: House, said: str | bytes, code: str) -> None:
    async with gateway.page() as page:
        await page.ws.send(said)
        assert await page.refused() == code
        assert await page.still_open()
    assert gateway.sql("SELECT count(*) FROM messages WHERE conversation_id = ?", page.id) == [(0,)]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("no json", "bad_request"),
        ("[]", "bad_request"),
        ("{}", "invalid"),
        ('{"type":"message","client_id":"x","text":"y"}', "invalid"),
        ('{"type":"typing"}', "invalid"),
        ('{"type":"typing","conversation_id":{}}', "invalid"),
        (b"\x80", "bad_request"),
    ],
)
async def test_that_a_desks_bad_frame_is_answered(gateway: House, said: str | bytes, code: str) -> None:
    async with gateway.desk("wang") as desk:
        await desk.ws.send(said)
        assert (await desk.until(type="error"))["code"] == code
        await desk.send(type="typing", conversation_id="\ud800\x00' OR 1=1")
        await desk.send(type="typing", conversation_id="0" * 32)
        assert await desk.still_open()


@pytest.mark.parametrize(
    ("size", "code", "limit"),
    # One that is never read to its end is refused by its length: the code for that is the protocol's own.
    [(100_000, 4413, "65536"), (1_000_000, 4413, "65536"), (1_100_000, 1009, "1048576"), (20_000_000, 1009, "1048576")],
)
@pytest.mark.parametrize("who", ["customer", "agent"])
async def test_that_a_huge_frame_ends_with_a_code_and_the_limit(
    gateway: House, who: str, size: int, code: int, limit: str
) -> None:
    frame = json.dumps({"type": "message", "client_id": "huge", "text": "x" * size})
    async with gateway.page() if who == "customer" else gateway.desk("wang") as socket:
        with suppress(websockets.ConnectionClosed):  # which may come before all of it is sent
            await socket.ws.send(frame)
        ended, reason = await socket.closed()
    assert ended == code
    assert limit in reason


async def test_that_a_message_in_pieces_is_one_and_many_at_once_keep_their_order(gateway: House) -> None:
    whole = json.dumps({"type": "message", "client_id": "pieces", "text": "分成几块寄来的话"}, ensure_ascii=False)
    async with gateway.page() as page:
        await page.ws.send([whole[:20], "", whole[20:45], whole[45:]])
        assert (await page.hears("customer"))["content"]["text"] == "分成几块寄来的话"
        for n in range(8):
            await page.send(type="message", client_id=f"n{n}", text=f"第 {n} 句")
        heard = [(await page.hears("customer"))["content"]["text"] for _ in range(8)]
        assert heard == [f"第 {n} 句" for n in range(8)]


async def test_that_nobody_has_read_more_than_there_is(gateway: House) -> None:
    async with gateway.page() as page:
        await page.say("只有这一句和它的答复")
        await page.hears("bot")
        await page.send(type="read", seq=2**40)
        await page.send(type="read", seq=1)
        assert await page.still_open()
    assert gateway.sql("SELECT customer_read_seq FROM conversations WHERE id = ?", page.id) == [(2,)]


async def test_that_endless_bad_frames_end_with_4400(gateway: House) -> None:
    async with gateway.page() as page:
        for _ in range(10):
            await page.ws.send("no json")
        assert (await page.closed())[0] == 4400


@pytest.mark.parametrize("who", ["customer", "agent"])
async def test_that_a_flood_of_frames_ends_with_4429(gateway: House, who: str) -> None:
    frame = '{"type":"read","seq":0}' if who == "customer" else '{"type":"ping"}'
    async with gateway.page() if who == "customer" else gateway.desk("wang") as socket:
        # A desk's ping is a write: a gateway that is busy takes them slowly, and then few are no flood.
        with suppress(websockets.ConnectionClosed):
            for _ in range(260 if who == "customer" else 400):
                await socket.ws.send(frame)
        assert (await socket.closed())[0] == 4429


@pytest.mark.parametrize(
    "words", [*STRANGE_WORDS, *ODD_COMMANDS], ids=lambda words: words.encode("unicode_escape").decode()[:40]
)
async def test_that_words_come_back_and_reach_the_bot_as_they_were_written(gateway: House, words: str) -> None:
    async with gateway.page() as page:
        heard = await page.message((await page.say(words))["seq"])
        assert heard["content"] == {"type": "text", "text": words}
        answer = await page.hears("bot")
        assert answer["content"]["text"].endswith(words)
    turn = gateway.rasa.said_to(page.id)[-1]
    assert turn["message"] == words
    assert "parse_data" not in turn


async def test_that_control_characters_and_lone_surrogates_are_dropped_and_the_rest_kept(gateway: House) -> None:
    async with gateway.page() as page:
        await page.ws.send(
            json.dumps({"type": "message", "client_id": "c", "text": "第一\x00行\x1b[31m\n第\ud800二行\t\x7f！"})
        )
        heard = await page.hears("customer")
        assert heard["content"]["text"] == "第一行[31m\n第二行\t！"
        await page.hears("bot")


async def test_that_naming_somebody_elses_conversation_has_no_effect(gateway: House) -> None:
    async with gateway.page() as victim, gateway.page() as page:
        await victim.say("我的订单到哪了")
        await victim.hears("bot")
        for field in ("conversation_id", "id", "sender", "inbox_id", "customer_id", "owner"):
            frame = {"type": "message", "client_id": uuid.uuid4().hex, "text": f"别人的 {field}", field: victim.id}
            await page.send(**frame)
            assert (await page.hears("customer"))["content"]["text"] == f"别人的 {field}"
        for frame in ({"type": "read", "seq": 1}, {"type": "typing"}):
            await page.send(conversation_id=victim.id, **frame)
        assert await page.still_open()
    assert gateway.sql("SELECT count(*) FROM messages WHERE conversation_id = ?", victim.id) == [(2,)]
    assert gateway.sql("SELECT customer_read_seq FROM conversations WHERE id = ?", victim.id) == [(0,)]


async def test_that_somebody_elses_button_means_nothing(gateway: House) -> None:
    with gateway.rasa.failing():
        async with gateway.page() as victim:
            await victim.say("机器人坏了吗")
            failed = await victim.hears("system", lambda m: m["content"]["type"] == "choices")
    option = failed["content"]["options"][0]["id"]
    async with gateway.page() as page:
        await page.send(type="choice", client_id="stolen", option_id=option)
        assert await page.refused() == "invalid"


async def test_that_the_same_client_id_is_stored_once_and_with_other_words_refused(gateway: House) -> None:
    async with gateway.page() as page:
        seqs = {(await page.say("同一句话说两遍", "same"))["seq"] for _ in range(3)}
        await page.hears("bot")
        assert seqs == {1}
        await page.send(type="message", client_id="same", text="换了一句话说")
        error = await page.until(type="error")
        assert (error["code"], error["client_id"]) == ("client_id_reused", "same")
        again = await page.say("同一句话说两遍", "same")
        assert again["seq"] == 1
    assert gateway.sql("SELECT count(*) FROM messages WHERE conversation_id = ?", page.id) == [(2,)]


async def test_that_two_tabs_see_the_same_log_and_a_cursor_brings_only_what_is_missing(gateway: House) -> None:
    async with gateway.page() as one, gateway.page(session=one.session) as two:
        await one.say("两个标签页都看得到")
        last = (await one.hears("bot"))["seq"]
        await two.hears("bot")
        logs = [[f for f in tab.frames if f["type"] == "message"] for tab in (one, two)]
        assert logs[0] == logs[1]
        assert [(m["seq"], m["prev"]) for m in logs[0]] == [(1, 0), (2, 1)]
    for after, expected in ((0, [1, 2]), (1, [2]), (last, []), (last + 1000, [])):
        assert await seqs_after(gateway, one, after) == expected


async def seqs_after(gateway: House, page: Page, after: int) -> list[int]:
    async with gateway.socket("/ws/customer", origin=gateway.origin) as ws:
        again = Page(gateway, ws, page.session)
        await again.send(type="auth", token=page.token, after=after)
        hello = await again.until(type="hello")
        seqs: list[int] = []
        while hello["last_seq"] > max([after, *seqs]):
            seqs.append((await again.until(type="message"))["seq"])
        assert await again.still_open()
        return seqs


async def test_that_a_cursor_beyond_the_end_still_brings_what_comes_next(gateway: House) -> None:
    async with gateway.page() as page:
        await page.say("先说一句话再说")
        await page.hears("bot")
        async with gateway.socket("/ws/customer", origin=gateway.origin) as ws:
            late = Page(gateway, ws, page.session)
            await late.send(type="auth", token=page.token, after=999)
            await late.until(type="hello")
            await page.say("再说第二句话")
            assert (await late.hears("customer"))["seq"] == 3


async def test_that_who_writes_too_fast_is_told_when_to_go_on(gateway: House) -> None:
    async with gateway.page() as page, gateway.page() as other:
        for n in range(15):
            await page.send(type="message", client_id=f"fast-{n}", text=f"第 {n} 句")
        error = await page.until(type="error")
        assert error["code"] == "rate_limited"
        assert error["client_id"].startswith("fast-")
        assert 1 <= error["retry_after"] <= 5
        assert (await other.say("别人不受影响的话"))["seq"] == 1
        async with gateway.http(page.token) as client:
            answers = [
                await client.post("/api/v1/widget/messages", json={"client_id": f"h-{n}", "text": "x"})
                for n in range(8)
            ]
        refused = next(a for a in answers if a.status_code == 429)
        assert refused.json()["code"] == "rate_limited"
        assert int(refused.headers["retry-after"]) >= 1


async def test_that_a_page_without_sockets_sees_the_same_log(gateway: House) -> None:
    async with gateway.page() as page, gateway.http(page.token, origin=gateway.origin) as client:
        sent = await client.post("/api/v1/widget/messages", json={"client_id": "http-1", "text": "没有长连接也能说"})
        assert (sent.status_code, sent.json()["seq"]) == (202, 1)
        answer = await page.hears("bot")
        read = await client.get("/api/v1/widget/messages", params={"after": 1, "wait": 10})
        assert read.json()["items"] == [{k: v for k, v in answer.items() if k != "type"}]
        for after, status in (("-1", 422), ("x", 400), ("1e9", 400), ("9" * 5000, 400), ("99999999999", 200)):
            assert (await client.get("/api/v1/widget/messages", params={"after": after})).status_code == status
