"""Whatever is posted to whatever route: a 4xx in the project's error shape, never a 5xx, and nothing stored by halves."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from handoff.app import TABLE
from handoff.web.routing import Access, Route
from tests.fixtures.gateway import House, JsonObject

WITH_BODY = [route for route in TABLE if route.body is not None]
SQL = "'; DROP TABLE messages; --"
HTML = "<script>alert(1)</script>"
# Whole bodies that no route can use.
NO_BODIES: dict[str, bytes] = {
    "no JSON": b"{",
    "not UTF-8": b'{"text": "\xff\xfe"}',
    "an array": b"[1, 2]",
    "a string": b'"text"',
    "null": b"null",
    "NaN": b'{"x": NaN}',
    "infinity": b'{"x": 1e999}',
    "a number of a thousand digits": b'{"x": ' + b"9" * 1000 + b"}",
    "a number of ten thousand digits": b'{"x": ' + b"9" * 10_000 + b"}",
    "500 levels": b'{"x": ' + b"[" * 500 + b"]" * 500 + b"}",
    "990 levels of objects": b'{"a":' * 990 + b"1" + b"}" * 990,
    "30,000 levels": b"[" * 30_000,
    "100 kB": b'{"x": "' + b"x" * 100_000 + b'"}',
    "2 MB": b'{"x": "' + b"x" * 2_000_000 + b'"}',
}
# One value put into each field in turn.
VALUES: list[Any] = [
    None, True, -1, 2**62, 1.5, [], {}, [[]], {"a": {"b": []}}, "", " ", "\x00", "\ud800", "x" * 50_000, SQL, HTML, "\u202e\x1b[31m",
]  # fmt: skip
# Values that may be right for a field, so that the answer need not be a refusal.
FINE = (200, 202)


def good(route: Route, id: str) -> JsonObject:
    """A body that this route would take, but for things that do not exist."""
    fields: dict[str, Any] = {
        "website_token": "none", "client_id": "bad-input", "text": "x", "email": "a@b.example", "password": "p", "status": "online",
        "epoch": 0, "seq": 1, "query": "退货", "locale": "zh-Hans", "conversation_id": id, "order_number": "KF1", "title": "t",
        "address": {"text": "x"}, "kind": "complaint", "data": {"text": "x"}, "limit": 3, "team_id": "after_sales", "force": False,
    }  # fmt: skip
    assert route.body is not None
    return {name: fields[name] for name in route.body.model_fields if name in fields}


def key_for(house: House, route: Route, tokens: dict[Access, str]) -> dict[str, str]:
    headers = {"Idempotency-Key": "bad:1:x:y"} if route.access is Access.INTERNAL else {}
    return headers | ({"Authorization": f"Bearer {tokens[route.access]}"} if route.access in tokens else {})


@pytest.fixture
async def tokens(gateway: House) -> dict[Access, str]:
    agents = dict.fromkeys((Access.AGENT, Access.SUPERVISOR), await gateway.token_of("zhou"))
    agents[Access.ADMIN] = await gateway.token_of("admin")
    secret = gateway.stack.env["KEFU_INTERNAL_SECRET"]
    return agents | {Access.INTERNAL: secret, Access.CUSTOMER: (await gateway.session())["token"]}


@pytest.fixture
async def client(gateway: House) -> AsyncIterator[httpx.AsyncClient]:
    async with gateway.http(address=None) as made:
        yield made


def assert_refused(answer: httpx.Response, what: str) -> None:
    assert 400 <= answer.status_code < 500, f"{what}: {answer.status_code} {answer.text[:300]}"
    body = answer.json()
    assert set(body) >= {"code", "message", "errors"}, what
    assert answer.headers["content-type"] == "application/json", what
    assert "Traceback" not in answer.text, what


def rows(path: Path) -> dict[str, int]:
    """How many rows each table has."""
    with closing(sqlite3.connect(path, timeout=10)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        counted = {t: connection.execute(f'SELECT count(*) FROM "{t}"').fetchone()[0] for t in tables}  # noqa: S608
    return counted


@pytest.mark.parametrize("what", NO_BODIES)
async def test_that_a_body_that_is_none_is_refused_everywhere(
    gateway: House, client: httpx.AsyncClient, tokens: dict[Access, str], what: str
) -> None:
    before = rows(gateway.database)
    for route in WITH_BODY:
        path = route.path.replace("<id:str>", "0" * 32)
        headers = key_for(gateway, route, tokens) | {"Content-Type": "application/json"}
        try:
            answer = await client.request(route.method, path, content=NO_BODIES[what], headers=headers)
        except httpx.TransportError:
            assert what == "2 MB"  # it hangs up while we still send, and its answer may be lost with it
            continue
        assert_refused(answer, f"{route.method} {path}")
        if what.endswith("B") and route.access is not Access.PUBLIC:
            assert answer.status_code == 413
            assert answer.json()["code"] == "too_large"
    assert rows(gateway.database) == before


def variants(model: type[BaseModel], body: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    for name in model.model_fields:
        for value in VALUES:
            yield f"{name}={str(value)[:20]!r}", {**body, name: value}
        if name in body:
            yield f"without {name}", {k: v for k, v in body.items() if k != name}


@pytest.mark.slow
async def test_that_no_value_of_any_field_breaks_a_route(
    gateway: House, client: httpx.AsyncClient, tokens: dict[Access, str]
) -> None:
    # Sessions and log-ins are counted by address, so each of them comes from one of its own.
    missing = "0" * 32
    for route in WITH_BODY:
        assert route.body is not None
        for what, body in variants(route.body, good(route, missing)):
            headers = key_for(gateway, route, tokens) | {"Content-Type": "application/json"}
            content = json.dumps(body)
            path = route.path.replace("<id:str>", missing)
            if route.access is Access.PUBLIC:
                async with gateway.http(address=gateway.address()) as fresh:
                    answer = await fresh.request(route.method, path, content=content, headers=headers)
            else:
                answer = await client.request(route.method, path, content=content, headers=headers)
            if answer.status_code not in FINE:
                assert_refused(answer, f"{route.method} {route.path} {what}")


async def test_that_no_value_breaks_what_is_asked_of_a_real_conversation(
    gateway: House, client: httpx.AsyncClient
) -> None:
    async with gateway.desk("wang") as desk, gateway.page("c030") as page:
        await page.waits_for("after_sales")
        epoch = await desk.take(page.id)
        headers = {"Authorization": desk.http.headers["Authorization"], "Content-Type": "application/json"}
        for route in WITH_BODY:
            verb = route.path.rpartition("/")[2]
            if "/conversations/<id:str>" not in route.path or verb in ("hand_back", "resolve", "transfer"):
                continue
            assert route.body is not None
            for what, body in variants(
                route.body, good(route, page.id) | ({"epoch": epoch} if verb == "reply" else {})
            ):
                answer = await client.post(
                    route.path.replace("<id:str>", page.id), content=json.dumps(body), headers=headers
                )
                if answer.status_code not in FINE:
                    assert_refused(answer, f"{verb} {what}")
        assert (await desk.do(page.id, "resolve", epoch=epoch)).status_code == 200
    secret = gateway.stack.env["KEFU_INTERNAL_SECRET"]
    for number, route in enumerate(r for r in WITH_BODY if r.access is Access.INTERNAL):
        assert route.body is not None
        for what, body in variants(route.body, good(route, page.id)):
            key = {"Authorization": f"Bearer {secret}", "Idempotency-Key": f"bad:{number}:{hash(what)}:z"}
            answer = await client.post(
                route.path, content=json.dumps(body), headers=key | {"Content-Type": "application/json"}
            )
            if answer.status_code not in FINE:
                assert_refused(answer, f"{route.path} {what}")


@pytest.mark.parametrize("data", [{"text": "\ud800\x00好"}, {"text": SQL + HTML}, {"text": "x", "deep": [[[[1]]]]}])
async def test_that_what_a_case_says_is_kept_as_text(gateway: House, data: JsonObject) -> None:
    session = await gateway.session()
    async with gateway.internal() as bot:
        body = json.dumps({"conversation_id": session["conversation_id"], "kind": "complaint", "data": data})
        key = {"Idempotency-Key": f"{session['conversation_id']}:1:complain:x"}
        case = (await bot.post("/internal/v1/cases", content=body, headers=key)).json()["case"]
    assert case["data"]["text"] == data["text"].replace("\ud800", "").replace("\x00", "")
    async with gateway.http(await gateway.token_of("zhou")) as client:
        assert (await client.get(f"/api/v1/cases/{case['id']}")).json()["data"] == case["data"]


@pytest.mark.parametrize("key", ["x" * 201, "a\tb", "\xff\xfe", "🔑"])
async def test_that_a_key_that_is_none_is_refused(gateway: House, key: str) -> None:
    async with gateway.http(await gateway.token_of("zhou")) as client:
        headers = [(b"Idempotency-Key", key.encode("utf-8"))]
        answer = await client.post(f"/api/v1/conversations/{'0' * 32}/decline", headers=headers)
        assert answer.status_code < 500
        headers.append((b"Authorization", f"Bearer {gateway.stack.env['KEFU_INTERNAL_SECRET']}".encode()))
        body = {"conversation_id": "0" * 32, "kind": "complaint", "data": {"text": "x"}}
    async with gateway.http() as bot:
        assert_refused(await bot.post("/internal/v1/cases", json=body, headers=headers), key)


BAD_QUERIES = [
    "owner=everybody", "owner=%00", "status=x", "cursor=x", "cursor=%ff", "cursor=W10=", "cursor=WzEsMiwzXQ==", "limit=x", "limit=-1",
    "limit=99999999999999999999", "q=%00", "q=%ff%fe", "q=%25_%5C", "q='%20OR%201=1%20--", "q=%ed%a0%80", "cursor=" + "W" * 4000,
    # ["x", "2026-01-01T00:00:00", "y"]: a moment without a zone
    "cursor=WyJ4IiwgIjIwMjYtMDEtMDFUMDA6MDA6MDAiLCAieSJd",
]  # fmt: skip


@pytest.mark.parametrize("query", BAD_QUERIES)
async def test_that_no_query_breaks_a_list(gateway: House, query: str) -> None:
    async with gateway.http(await gateway.token_of("zhou")) as client:
        for path in ("conversations", "cases", "cases.csv", f"conversations/{'0' * 32}/messages"):
            answer = await client.get(f"/api/v1/{path}?{query}")
            assert answer.status_code < 500, f"{path}?{query}: {answer.text}"


async def test_that_a_search_with_wildcards_finds_only_what_has_them(gateway: House) -> None:
    await gateway.session("c029", name="百分之百 100%_")
    async with gateway.http(await gateway.token_of("zhou")) as client:
        for query, found in (("100%", 1), ("%_", 1), ("_0", 0), ("' OR 1=1 --", 0), ("1%%", 0)):
            answer = await client.get("/api/v1/conversations", params={"owner": "any", "q": query})
            assert len(answer.json()["items"]) == found, query


STRANGE_PATHS = [
    "/nothing", "/desk/%00.js", "/desk/" + "x" * 300 + ".js", "/desk/../../settings.py", "/desk/%2e%2e/%2e%2e/settings.py",
    "/desk//etc/hosts.txt", "/docs/..%2f..%2fsettings.py", "/docs/%00", "/api/v1/%ff", "/%c0%ae%c0%ae/", "/api/v1/conversations//messages",
]  # fmt: skip


@pytest.mark.parametrize("path", STRANGE_PATHS)
async def test_that_a_strange_path_is_not_there(gateway: House, path: str) -> None:
    async with gateway.http(await gateway.token_of("zhou")) as client:
        answer = await client.get(path)
    assert answer.status_code in (301, 400, 404), answer.text
    assert "SETTINGS" not in answer.text


async def test_that_another_method_is_405_in_our_shape(gateway: House) -> None:
    async with gateway.http(await gateway.token_of("zhou")) as client:
        for route in TABLE:
            path = route.path.replace("<id:str>", "0" * 32)
            answer = await client.request("DELETE", path)
            assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed"), path
