"""The knowledge base over HTTP: files in and out, sizes, and what a search leaves behind."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from handoff.web.faq import MAX_IMPORT
from tests.fixtures.gateway import House

BASE = "/api/v1/faq"
ENTRY = {
    "id": "gift-wrap",
    "category": "shipping",
    "phrasings": {"zh": ["可以礼品包装吗", "=包装"], "en": ["Can you wrap it?"]},
    "answer": {"zh": "可以。\n+免费。", "en": "@once"},
    "new_category": True,
}
OTHER = ENTRY | {"id": "ship-far", "answer": {"zh": "可以，"}, "status": "draft"}


@pytest.fixture
async def boss(gateway: House) -> AsyncIterator[httpx.AsyncClient]:
    gateway.sql("DELETE FROM faq_entries")
    async with gateway.http(await gateway.token_of("zhou")) as client:
        yield client


async def made(boss: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await boss.post(f"{BASE}/entries", json=ENTRY | changes)
    assert answer.status_code == 201, answer.text
    entry: dict[str, Any] = answer.json()
    return entry


async def test_that_an_entry_is_edited_over_http(boss: httpx.AsyncClient) -> None:
    entry = await made(boss)
    assert (await boss.post(f"{BASE}/entries", json=ENTRY)).json()["code"] == "entry_exists"
    assert (await boss.get(f"{BASE}/entries/gift-wrap")).json() == entry
    path = f"{BASE}/entries/gift-wrap"
    assert (await boss.patch(path, json={"answer": {"zh": "好"}})).json()["errors"][0]["field"] == "version"
    changed = await boss.patch(path, json={"version": entry["version"], "answer": {"zh": "好"}})
    assert (changed.status_code, changed.json()["answer"]) == (200, {"zh": "好"})
    late = await boss.patch(path, json={"version": entry["version"], "answer": {"zh": "坏"}})
    assert (late.status_code, late.json()["code"]) == (409, "stale_version")
    assert late.json()["entry"] == changed.json()
    archived = await boss.post(f"{path}/archive", json={"version": changed.json()["version"]})
    assert archived.json()["status"] == "archived"
    listed = (await boss.get(f"{BASE}/entries", params={"q": "礼品", "status": "archived"})).json()
    assert [one["id"] for one in listed["items"]] == ["gift-wrap"]


async def test_that_a_wrong_entry_is_refused_in_the_callers_terms(boss: httpx.AsyncClient) -> None:
    wrong = {"id": "a b", "category": "shipping", "phrasings": {"zh": "x"}, "answer": {}, "new_category": True}
    answer = await boss.post(f"{BASE}/entries", json=wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["errors"] == [
        {"field": "id", "code": "bad_characters"},
        {"field": "phrasings.zh", "code": "not_a_list"},
        {"field": "answer", "code": "required"},
    ]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_that_an_exported_file_read_again_changes_nothing_and_an_edited_one_does(
    boss: httpx.AsyncClient, kind: str
) -> None:
    await made(boss)
    await made(boss, **OTHER)
    before = (await boss.get(f"{BASE}/entries")).json()
    exported = await boss.get(f"{BASE}/entries.{kind}")
    assert f"faq.{kind}" in exported.headers["content-disposition"]
    told = await boss.post(f"{BASE}/import", content=exported.content)
    assert told.json() == {"dry_run": False, "rows": 2, "created": 0, "changed": 0, "unchanged": 2}
    assert (await boss.get(f"{BASE}/entries")).json() == before
    drafts = await boss.get(f"{BASE}/entries.{kind}", params={"status": "draft"})
    assert len(drafts.content) < len(exported.content)


async def test_that_a_table_is_tried_and_then_taken_over(boss: httpx.AsyncClient) -> None:
    await made(boss)
    table = "id,category,phrasings.zh,answer.zh\nnew,gifts,送礼,好的\n".encode("gb18030")
    refused = await boss.post(f"{BASE}/import", content=table)
    assert (refused.status_code, refused.json()["code"]) == (422, "import_refused")
    (problem,) = refused.json()["errors"]
    assert (problem["row"], problem["column"], problem["code"]) == (2, "category", "unknown")
    query = {"new_categories": "1", "dry_run": "1"}
    tried = await boss.post(f"{BASE}/import", params=query, content=table)
    assert (tried.json()["created"], tried.json()["dry_run"]) == (1, True)
    assert (await boss.get(f"{BASE}/entries/new")).status_code == 404
    assert (await boss.post(f"{BASE}/import", params=query | {"dry_run": "0"}, content=table)).json()["created"] == 1
    assert (await boss.get(f"{BASE}/entries/new")).json()["answer"] == {"zh": "好的"}


@pytest.mark.parametrize("body", [b"", b"\n\n", b"PK\x03\x04", b"id\n", b'{"id": "x"}'])
async def test_that_a_file_that_is_none_is_refused(boss: httpx.AsyncClient, body: bytes) -> None:
    answer = await boss.post(f"{BASE}/import", content=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "import_refused")
    assert answer.json()["errors"][0]["row"] == 1


async def test_that_a_file_of_50_mb_is_refused_in_words_and_the_largest_that_fits_is_read(
    boss: httpx.AsyncClient,
) -> None:
    for chunked in (False, True):
        body = b"x" * 50_000_000

        async def chunks(body: bytes = body) -> AsyncIterator[bytes]:
            for start in range(0, len(body), 1_000_000):
                yield body[start : start + 1_000_000]

        answer = await boss.post(f"{BASE}/import", content=chunks() if chunked else body)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert "32 MB" in answer.json()["message"]
    fits = await boss.post(f"{BASE}/import", content=b"id\n" + b"x" * (MAX_IMPORT - 3))
    assert (fits.status_code, fits.json()["errors"][0]["code"]) == (422, "broken")


async def test_that_others_are_served_while_thousands_of_rows_are_taken_over(
    gateway: House, boss: httpx.AsyncClient
) -> None:
    rows = "".join(f'e{n},gifts,"第{n}个问题怎么办\n能问第{n}个吗",第{n}个答案\n' for n in range(5000))
    table = f"id,category,phrasings.zh,answer.zh\n{rows}".encode()
    taking = asyncio.create_task(boss.post(f"{BASE}/import", content=table, params={"new_categories": "1"}))
    slowest = 0.0
    async with gateway.http() as other:
        while not taking.done():
            started = time.monotonic()
            assert (await other.get("/healthz")).status_code == 200
            slowest = max(slowest, time.monotonic() - started)
    assert (await taking).json()["created"] == 5000
    assert slowest < 2.0


async def test_that_a_customers_search_is_logged_without_him(gateway: House, boss: httpx.AsyncClient) -> None:
    gateway.sql("DELETE FROM faq_searches")
    async with gateway.internal() as bot:
        for query in ("退货要几天", "月亮能送吗", "月亮上送不送"):
            body = {"query": query, "locale": "zh-Hans", "conversation_id": "c" * 32}
            found = await bot.post("/internal/v1/faq/search", json=body)
            assert set(found.json()) == {"decision", "results"}
    told = (await boss.get(f"{BASE}/searches")).json()
    assert (told["searches"], told["answer"], told["unknown"]) == (3, 1, 2)
    stored = json.dumps(gateway.sql("SELECT * FROM faq_searches"), ensure_ascii=False)
    assert "c" * 32 not in stored
    listed = (await boss.get(f"{BASE}/unanswered")).json()
    (cluster,) = listed["clusters"]
    assert (cluster["count"], listed["unknown"]) == (2, 2)
    draft = await boss.post(f"{BASE}/unanswered/{cluster['id']}/draft", json={"category": "far", "new_category": True})
    assert (draft.status_code, draft.json()["status"], draft.json()["category"]) == (201, "draft", "far")
    assert sorted(draft.json()["phrasings"]["zh"]) == ["月亮上送不送", "月亮能送吗"]
    assert (await boss.get(f"{BASE}/unanswered")).json()["clusters"] == []
    again = await boss.post(f"{BASE}/unanswered/{cluster['id']}/draft", json={})
    assert again.status_code == 404
