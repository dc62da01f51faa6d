"""Guessing is slow: log-ins, sessions, order numbers and digits. Every answer to a guess looks alike."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import websockets

from handoff.services import login
from handoff.settings import SETTINGS
from handoff.web.spreadsheets import guarded
from tests.fixtures.gateway import House, JsonObject

WRONG = "a-wrong-password"


async def try_to_log_in(house: House, address: str, email: str, password: str = WRONG) -> httpx.Response:
    async with house.http(address=address) as client:
        return await client.post("/api/v1/auth/login", json={"email": email, "password": password})


async def test_that_an_account_is_closed_after_five_failures_from_wherever_they_come(gateway: House) -> None:
    email = "someone@demo.kefu"
    answers = [
        await try_to_log_in(gateway, gateway.address(), spelled) for spelled in [email, email.upper(), f" {email} "] * 2
    ]
    assert [a.status_code for a in answers] == [401] * 5 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 15 * 60
    assert (await try_to_log_in(gateway, gateway.address(), "other@demo.kefu")).status_code == 401


async def test_that_an_address_is_closed_after_five_failures_even_for_the_right_password(gateway: House) -> None:
    address = gateway.address()
    answers = [await try_to_log_in(gateway, address, f"guess-{n}@demo.kefu") for n in range(6)]
    assert [a.status_code for a in answers] == [401] * 5 + [429]
    wang = next(one for one in gateway.stack.demo_logins if one["email"] == "wang@demo.kefu")
    assert (await try_to_log_in(gateway, address, wang["email"], wang["password"])).status_code == 429
    assert (await try_to_log_in(gateway, gateway.address(), wang["email"], wang["password"])).status_code == 200


async def test_that_an_unknown_account_and_a_wrong_password_answer_alike(gateway: House) -> None:
    unknown = await try_to_log_in(gateway, gateway.address(), "unknown@demo.kefu")
    wrong = await try_to_log_in(gateway, gateway.address(), "liam@demo.kefu")
    assert unknown.status_code == wrong.status_code == 401
    assert unknown.content == wrong.content
    assert unknown.headers.keys() == wrong.headers.keys()


def test_that_an_unknown_account_costs_the_same_work_as_a_known_one() -> None:
    assert not login._hasher.check_needs_rehash(login._NOBODY)
    assert not login._verify(login._NOBODY, "anything")


@pytest.mark.slow
async def test_that_a_thousand_connections_from_one_address_hurt_nobody_else(gateway: House) -> None:
    token, most = (await gateway.session())["token"], int(SETTINGS["KEFU_SOCKETS_PER_ADDRESS"].default)
    url = gateway.url.replace("http", "ws") + "/ws/customer"

    async def knock() -> websockets.ClientConnection:
        return await websockets.connect(url, local_addr=("127.8.8.8", 0), open_timeout=60, ping_interval=None)

    async def turned_away() -> bool:
        ws = await knock()
        await ws.wait_closed()
        return ws.close_code == 4429

    async with AsyncExitStack() as inside:
        for ws in await asyncio.gather(*(knock() for _ in range(most))):
            await inside.enter_async_context(ws)
            await ws.send(json.dumps({"type": "auth", "token": token, "after": 0}))
            assert json.loads(await ws.recv())["type"] == "hello"
        async with gateway.page() as page:
            for count, refused in enumerate(asyncio.as_completed([turned_away() for _ in range(1000 - most)])):
                assert await refused
                if count % 50 == 0:  # not after each: that is more than a page may say
                    assert await page.still_open()
            await page.say("我这里一切正常")
            await page.hears("bot")


async def test_that_many_guesses_at_once_are_no_more_than_five(gateway: House) -> None:
    addresses = [gateway.address() for _ in range(20)]
    answers = await asyncio.gather(*(try_to_log_in(gateway, a, "hurried@demo.kefu") for a in addresses))
    assert sorted(a.status_code for a in answers) == [401] * 5 + [429] * 15


async def test_that_an_address_opens_sixty_sessions_a_minute(gateway: House) -> None:
    body = {"website_token": "none"}
    async with gateway.http(address=gateway.address()) as client:
        answers = [await client.post("/api/v1/widget/sessions", json=body) for _ in range(61)]
    assert [a.status_code for a in answers] == [404] * 60 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"identifier": "c001"}, 401, "bad_identifier_hash"),
        ({"identifier": "c001", "identifier_hash": ""}, 401, "bad_identifier_hash"),
        ({"identifier": "c001", "identifier_hash": "0" * 64}, 401, "bad_identifier_hash"),
        ({"identifier": "c001", "identifier_hash": "客服"}, 401, "bad_identifier_hash"),
        ({"identifier": ""}, 422, "invalid"),
        ({"identifier": "x" * 191}, 422, "invalid"),
        ({"identifier": "a\nb"}, 422, "invalid"),
        ({"identifier": 7}, 422, "invalid"),
    ],
)
async def test_that_an_identifier_without_its_hash_is_never_somebody(
    gateway: House, more: JsonObject, status: int, code: str
) -> None:
    before = gateway.sql("SELECT count(*) FROM customers")
    async with gateway.http(address=gateway.address()) as client:
        body = {"website_token": gateway.stack.env["KEFU_WEBSITE_TOKEN"], "name": "somebody", **more}
        answer = await client.post("/api/v1/widget/sessions", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert gateway.sql("SELECT count(*) FROM customers") == before


class Bot:
    """The bot's side of the internal API for one conversation."""

    def __init__(self, client: httpx.AsyncClient, conversation_id: str) -> None:
        self._client, self._id = client, conversation_id

    async def ask(self, call: str, **body: Any) -> httpx.Response:
        headers = {"Idempotency-Key": f"{self._id}:1:{call}:x"}
        body = {"conversation_id": self._id, **body}
        return await self._client.post(f"/internal/v1/{call}", json=body, headers=headers)


async def shop_orders(gateway: House, customer: str) -> list[JsonObject]:
    headers = {"Authorization": f"Bearer {gateway.stack.env['KEFU_SHOP_TOKEN']}"}
    async with httpx.AsyncClient(base_url=gateway.stack.shop_url, headers=headers) as shop:
        return list((await shop.get(f"/api/customers/{customer}/orders", params={"limit": 50})).json()["orders"])


def other_digits(digits: str) -> str:
    return f"{(int(digits) + 1) % 10_000:04d}"


async def test_that_a_verified_customer_opens_his_own_orders_and_a_foreign_one_is_like_none(gateway: House) -> None:
    mine, theirs = (await shop_orders(gateway, "c021"))[0], (await shop_orders(gateway, "c022"))[0]
    async with gateway.internal() as client:
        bot = Bot(client, (await gateway.session("c021"))["conversation_id"])
        own = (await bot.ask("orders/lookup", order_number=mine["number"])).json()["order"]
        assert own["number"] == mine["number"]
        assert not {"customer_id", "phone_last4"} & own.keys()
        assert {o["number"] for o in (await bot.ask("orders/list")).json()["orders"]} <= {
            o["number"] for o in await shop_orders(gateway, "c021")
        }
        wrong = {"phone_last4": other_digits(theirs["phone_last4"])}
        numbers = (theirs["number"], "KF209912319999")
        for call, more in (
            ("orders/lookup", {}),
            ("orders/parcel", {}),
            ("orders/cancel", {}),
            ("orders/address", {"address": {"text": "x"}}),
            ("orders/invoice", {"title": "x", "email": "a@b.example"}),
        ):
            foreign, none = [await bot.ask(call, order_number=number, **more) for number in numbers]
            assert (foreign.status_code, foreign.json()["code"]) == (403, "verification_required"), call
            assert foreign.content == none.content
        foreign, none = [await bot.ask("orders/lookup", order_number=number, **wrong) for number in numbers]
        assert (foreign.status_code, foreign.json()["code"]) == (404, "order_not_found")
        assert foreign.content == none.content


async def test_that_five_wrong_tries_close_it_and_a_grant_is_for_one_conversation_only(gateway: House) -> None:
    order = (await shop_orders(gateway, "c023"))[0]
    right = {"order_number": order["number"], "phone_last4": order["phone_last4"]}
    wrong = right | {"phone_last4": other_digits(order["phone_last4"])}
    async with gateway.internal() as client:
        lucky, other, unlucky = [Bot(client, (await gateway.session())["conversation_id"]) for _ in range(3)]
        assert (await lucky.ask("orders/lookup", **right)).status_code == 200
        assert (await lucky.ask("orders/lookup", order_number=order["number"])).status_code == 200
        assert [o["number"] for o in (await lucky.ask("orders/list")).json()["orders"]] == [order["number"]]
        assert (await other.ask("orders/lookup", order_number=order["number"])).status_code == 403
        assert (await other.ask("orders/list")).json() == {"verified": False, "orders": []}
        answers = [await unlucky.ask("orders/lookup", **wrong) for _ in range(5)]
        assert {(a.status_code, a.json()["code"]) for a in answers} == {(404, "order_not_found")}
        for body in (right, wrong, {"order_number": order["number"]}):
            closed = await unlucky.ask("orders/lookup", **body)
            assert (closed.status_code, closed.json()["code"]) == (429, "too_many_tries")
            assert int(closed.headers["retry-after"]) > 60


async def test_that_new_conversations_do_not_make_guessing_an_orders_digits_cheap(gateway: House) -> None:
    order = (await shop_orders(gateway, "c024"))[0]
    wrong = {"order_number": order["number"], "phone_last4": other_digits(order["phone_last4"])}
    codes = []
    async with gateway.internal() as client:
        for _ in range(6):
            bot = Bot(client, (await gateway.session())["conversation_id"])
            codes += [(await bot.ask("orders/lookup", **wrong)).json()["code"] for _ in range(5)]
        assert codes == ["order_not_found"] * 20 + ["too_many_tries"] * 10
        owner = Bot(client, (await gateway.session("c024"))["conversation_id"])
        assert (await owner.ask("orders/lookup", order_number=order["number"])).status_code == 200


async def test_that_one_address_guesses_five_times_in_however_many_conversations(gateway: House) -> None:
    orders, address = await shop_orders(gateway, "c026"), gateway.address()
    body = {"website_token": gateway.stack.env["KEFU_WEBSITE_TOKEN"]}
    codes = []
    async with gateway.http(address=address) as visitor, gateway.internal() as client:
        for n in range(7):
            opened = (await visitor.post("/api/v1/widget/sessions", json=body)).json()
            order = orders[n % len(orders)]
            wrong = {"order_number": order["number"], "phone_last4": other_digits(order["phone_last4"])}
            codes.append((await Bot(client, opened["conversation_id"]).ask("orders/lookup", **wrong)).json()["code"])
    assert codes == ["order_not_found"] * 5 + ["too_many_tries"] * 2
    assert address not in str(gateway.sql("SELECT address_hash FROM customer_sessions"))


async def test_that_digits_typed_on_a_chinese_keyboard_count(gateway: House) -> None:
    order = (await shop_orders(gateway, "c025"))[0]
    full_width = "".join(chr(ord(digit) + 0xFEE0) for digit in order["phone_last4"])
    async with gateway.internal() as client:
        bot = Bot(client, (await gateway.session())["conversation_id"])
        assert (await bot.ask("orders/lookup", order_number=order["number"], phone_last4=full_width)).status_code == 200


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", "\n=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_that_no_cell_is_a_formula(text: str) -> None:
    assert guarded(text) == "'" + text


async def test_that_the_export_is_for_supervisors_and_holds_no_formula(gateway: House) -> None:
    session = await gateway.session()
    async with gateway.internal() as client:
        for n, text in enumerate(FORMULAS):
            body = {
                "conversation_id": session["conversation_id"],
                "kind": "complaint",
                "subject": text,
                "data": {"text": "x"},
            }
            headers = {"Idempotency-Key": f"{session['conversation_id']}:{n}:complain:x"}
            assert (await client.post("/internal/v1/cases", json=body, headers=headers)).status_code == 200
    async with gateway.http(await gateway.token_of("zhou")) as client:
        answer = await client.get("/api/v1/cases.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    cells = [cell for row in csv.reader(io.StringIO(answer.text)) for cell in row]
    assert sum(cell.startswith("'") for cell in cells) >= len(FORMULAS)
    assert not [cell for cell in cells if cell.strip().startswith(("=", "+", "-", "@", "＝"))]
    async with gateway.http(await gateway.token_of("wang")) as client:
        assert (await client.get("/api/v1/cases.csv")).status_code == 403
