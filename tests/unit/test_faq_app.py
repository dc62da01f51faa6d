"""The search process over HTTP, with a light encoder and a real SQLite file."""

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, create_engine, delete, insert, update

from faq import app as faq_app
from faq.app import MAX_BODY_BYTES, create_app
from faq.search import FaqSearch
from faq.store import SqlEntryStore, default_url
from handoff.domain.faq import Entry
from handoff.stores.schema import faq_entries
from tests.fakes.encoder import HashingEncoder

SECRET = "a secret for the tests"
ENTRIES = [
    Entry(
        "return-steps",
        "returns",
        {"zh": ("怎么退货", "退货流程"), "en": ("How do I return an item?",)},
        {"zh": "这样退。", "en": "Like this."},
    ),
    Entry("ship-when", "shipping", {"zh": ("什么时候发货", "几天发货")}, {"zh": "两天。"}),
]


@pytest.fixture
def engine(var: Path) -> Engine:
    engine = create_engine(default_url(var))
    faq_entries.create(engine)
    SqlEntryStore(engine).seed(ENTRIES)
    return engine


@pytest.fixture
async def client(var: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr(faq_app, "POLL_SECONDS", 0.02)
    app = create_app(
        FaqSearch(HashingEncoder()), SqlEntryStore.connect(default_url(var)), SECRET, name=f"faq{uuid.uuid4().hex}"
    )
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = await app.create_server(sock=listener, return_asyncio_server=True, access_log=False)
    assert server is not None
    await server.startup()
    await server.before_start()
    await server.after_start()
    headers = {"Authorization": f"Bearer {SECRET}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as client:
        await until(client, "/healthz")
        yield client
    await server.before_stop()
    server.close()
    await server.wait_closed()
    await server.after_stop()


async def until(client: httpx.AsyncClient, path: str) -> None:
    async with asyncio.timeout(10):
        while True:
            if (await client.get(path)).status_code == 200:
                return
            await asyncio.sleep(0.01)


async def first(client: httpx.AsyncClient, query: str, expected: str) -> dict[str, object]:
    """The first result, once it is the expected entry."""
    async with asyncio.timeout(10):
        while True:
            results = (await client.post("/search", json={"query": query})).json()["results"]
            if results and results[0]["entry_id"] == expected:
                return dict(results[0])
            await asyncio.sleep(0.01)


async def test_that_a_question_is_answered_in_the_shape_of_the_interface(client: httpx.AsyncClient) -> None:
    answer = await client.post("/search", json={"query": "怎么退货", "locale": "zh-Hans", "limit": 1})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["decision"], body["asked"]) == ("answer", "怎么退货")
    (result,) = body["results"]
    assert 0 <= result.pop("score") <= 1
    assert result == {"entry_id": "return-steps", "category": "returns", "question": "怎么退货", "answer": "这样退。"}


async def test_that_english_gets_english_and_traditional_gets_chinese(client: httpx.AsyncClient) -> None:
    english = await client.post("/search", json={"query": "return an item", "locale": "en"})
    assert english.json()["results"][0]["answer"] == "Like this."
    traditional = await client.post("/search", json={"query": "什麼時候發貨", "locale": "zh-Hant"})
    assert traditional.json()["results"][0]["answer"] == "两天。"


async def test_that_suggestions_have_no_decision(client: httpx.AsyncClient) -> None:
    body = (await client.post("/suggest", json={"query": "发货", "locale": "zh-Hans"})).json()
    assert list(body) == ["results"]
    assert len(body["results"]) == 2


async def test_that_health_counts_the_entries_and_needs_no_secret(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz", headers={"Authorization": ""})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "entries": 2})


@pytest.mark.parametrize("path", ["/search", "/suggest"])
@pytest.mark.parametrize("header", ["", "Bearer", f"Bearer {SECRET}x", SECRET, f"Basic {SECRET}"])
async def test_that_without_the_secret_nothing_is_said(client: httpx.AsyncClient, path: str, header: str) -> None:
    answer = await client.post(path, json={"query": "怎么退货"}, headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("path", ["/search", "/suggest"])
@pytest.mark.parametrize(
    ("content", "status", "code", "fields"),
    [
        (b"", 400, "bad_request", []),
        (b"{", 400, "bad_request", []),
        (b"[" * 15_000, 400, "bad_request", []),
        (b"\xff\xfe", 400, "bad_request", []),
        (b"[]", 400, "bad_request", []),
        (b"{}", 422, "invalid", ["query"]),
        (b'{"query": 1}', 422, "invalid", ["query"]),
        (b'{"query": ""}', 422, "invalid", ["query"]),
        (b'{"query": "' + b"a" * 501 + b'"}', 422, "invalid", ["query"]),
        (b'{"query": "a", "limit": 0}', 422, "invalid", ["limit"]),
        (b'{"query": "a", "limit": 11}', 422, "invalid", ["limit"]),
        (b'{"query": "a", "limit": true}', 422, "invalid", ["limit"]),
        (b'{"query": "a", "limit": "3"}', 422, "invalid", ["limit"]),
        (b'{"query": "a", "locale": "fr"}', 422, "invalid", ["locale"]),
        (b'{"query": "a", "locale": []}', 422, "invalid", ["locale"]),
        (b'{"query": "' + b"a" * MAX_BODY_BYTES + b'"}', 413, "payload_too_large", []),
    ],
)
async def test_that_a_bad_request_is_refused_with_the_field(
    client: httpx.AsyncClient, path: str, content: bytes, status: int, code: str, fields: list[str]
) -> None:
    answer = await client.post(path, content=content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [error["field"] for error in answer.json()["errors"]] == fields


@pytest.mark.parametrize(
    "query", ["\\ud83d", "\\u0000", "😀", " ", "'; DROP TABLE faq_entries; --", "<script>", "a" * 500]
)
async def test_that_odd_text_is_answered(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.post("/search", content=f'{{"query": "{query}"}}'.encode())
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/search", 405), ("GET", "/nothing", 404), ("POST", "/healthz", 405)]
)
async def test_that_a_wrong_address_is_an_error_of_the_project(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()) == {"code", "message", "errors"}


async def test_that_changes_are_found_while_it_runs(client: httpx.AsyncClient, engine: Engine) -> None:
    now = datetime.now(UTC)
    with engine.begin() as connection:
        row = {
            "id": "gift",
            "category": "x",
            "status": "published",
            "updated_by": "x",
            "phrasings": {"zh": ["可以礼品包装吗"]},
            "answer": {"zh": "可以。"},
        }
        connection.execute(insert(faq_entries).values(**row, revision=10, updated_at=now))
    assert (await first(client, "可以礼品包装吗", "gift"))["answer"] == "可以。"
    with engine.begin() as connection:
        values = {"phrasings": {"zh": ["能送贺卡吗"]}, "revision": 11}
        connection.execute(update(faq_entries).where(faq_entries.c.id == "gift").values(**values))
    await first(client, "能送贺卡吗", "gift")
    with engine.begin() as connection:
        connection.execute(delete(faq_entries).where(faq_entries.c.id == "gift"))
    async with asyncio.timeout(10):
        while True:
            if (await client.get("/healthz")).json()["entries"] == 2:
                return
            await asyncio.sleep(0.01)


async def test_that_a_lost_database_leaves_the_old_index_answering(client: httpx.AsyncClient, engine: Engine) -> None:
    faq_entries.drop(engine)
    answers = [await client.post("/search", json={"query": "怎么退货"}) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    faq_entries.create(engine)
    SqlEntryStore(engine).seed([Entry("back", "x", {"zh": ("回来了没有",)}, {"zh": "回来了。"})])
    await first(client, "回来了没有", "back")


async def test_that_many_searches_at_once_are_all_answered(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(client.post("/search", json={"query": f"怎么退货{n}"}) for n in range(40)))
    assert {answer.status_code for answer in answers} == {200}


def test_that_an_empty_secret_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="secret is empty"):
        create_app(FaqSearch(HashingEncoder()), SqlEntryStore(engine), "", name="faq-without-secret")
