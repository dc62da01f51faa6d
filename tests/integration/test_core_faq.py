"""The knowledge base on a real database: versions, tables taken over whole or not at all, and the log of searches."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from handoff.domain.errors import Conflict, Invalid, KefuError, NotFound, Unavailable
from handoff.domain.people import Agent, Role
from handoff.services import faq_entries, faq_import, faq_log
from handoff.stores import schema
from tests.fakes.core_house import House

FIELDS: dict[str, Any] = {
    "id": "gift-wrap",
    "category": "shipping",
    "phrasings": {"zh": ["可以礼品包装吗"], "en": ["Can you wrap it?"]},
    "answer": {"zh": "可以。"},
}
HEADER = ["id", "category", "phrasings.zh", "answer.zh"]


async def create(house: House, actor: Agent, **changes: Any) -> dict[str, Any]:
    return await faq_entries.create_entry(house.services, actor, {**FIELDS, **changes}, new_category=True)


async def rows_of(house: House, table: Any) -> list[Any]:
    return await house.store.read(lambda tx: tx._connection.execute(select(table)).all())  # type: ignore[attr-defined]


async def take(house: House, actor: Agent, *rows: list[str], dry_run: bool = False) -> dict[str, Any]:
    table = list(enumerate([HEADER, *rows], start=1))
    return await faq_import.import_entries(house.services, actor, table, dry_run=dry_run, new_categories=False)


@pytest.fixture
async def boss(house: House) -> Agent:
    return await house.agent(role=Role.SUPERVISOR)


async def test_that_an_entry_is_made_changed_archived_and_restored_and_all_is_audited(
    house: House, boss: Agent
) -> None:
    made = await create(house, boss)
    assert (made["version"], made["status"], made["updated_by"]) == (1, "published", boss.id)
    changed = await faq_entries.change_entry(house.services, boss, "gift-wrap", 1, {"answer": {"en": "Yes."}})
    assert (changed["version"], changed["answer"], changed["phrasings"]) == (2, {"en": "Yes."}, FIELDS["phrasings"])
    gone = await faq_entries.archive_entry(house.services, boss, "gift-wrap", 2)
    assert gone["status"] == "archived"
    back = await faq_entries.restore_entry(house.services, boss, "gift-wrap", gone["version"])
    assert (back["status"], back["version"]) == ("published", 4)
    assert back == await faq_entries.read_entry(house.services, "gift-wrap")
    audit = [(row.actor, row.action, row.subject) for row in await rows_of(house, schema.audit)]
    assert audit == [(boss.id, "faq_create", "gift-wrap"), *[(boss.id, "faq_change", "gift-wrap")] * 3]


async def test_that_a_stale_edit_is_refused_with_the_fresh_entry(house: House, boss: Agent) -> None:
    await create(house, boss)
    await create(house, boss, id="other")
    fresh = await faq_entries.change_entry(house.services, boss, "gift-wrap", 1, {"answer": {"zh": "不行。"}})
    with pytest.raises(faq_entries.StaleVersion) as refused:
        await faq_entries.change_entry(house.services, boss, "gift-wrap", 1, {"answer": {"zh": "也许。"}})
    assert refused.value.extra["entry"] == fresh
    with pytest.raises(faq_entries.StaleVersion):
        await faq_entries.archive_entry(house.services, boss, "gift-wrap", 1)
    assert await faq_entries.read_entry(house.services, "gift-wrap") == fresh


async def test_that_a_change_of_nothing_is_no_new_version(house: House, boss: Agent) -> None:
    made = await create(house, boss)
    same = {"phrasings": FIELDS["phrasings"], "answer": {"zh": " 可以。 "}, "status": "published"}
    assert await faq_entries.change_entry(house.services, boss, "gift-wrap", 1, same) == made


async def test_that_what_cannot_be_used_is_refused_and_nothing_stored(house: House, boss: Agent) -> None:
    await create(house, boss)
    with pytest.raises(faq_entries.EntryExists):
        await create(house, boss)
    with pytest.raises(faq_entries.EntryRefused) as refused:
        await create(house, boss, id="x", answer={}, phrasings={"fr": ["a"], "zh": [" "]})
    fields = [(one["field"], one["code"]) for one in refused.value.extra["errors"]]
    assert fields == [("phrasings.fr", "unknown_language"), ("phrasings.zh.0", "empty"), ("answer", "required")]
    with pytest.raises(Invalid) as unknown:
        await faq_entries.create_entry(
            house.services, boss, {**FIELDS, "id": "y", "category": "shiping"}, new_category=False
        )
    assert unknown.value.extra["errors"] == [{"field": "category", "code": "unknown"}]
    with pytest.raises(faq_entries.EntryRefused):
        await faq_entries.change_entry(house.services, boss, "gift-wrap", 1, {"answer": {"zh": ""}})
    with pytest.raises(NotFound):
        await faq_entries.archive_entry(house.services, boss, "missing", 1)
    assert [row.id for row in await rows_of(house, schema.faq_entries)] == ["gift-wrap"]


async def test_that_a_draft_is_published_once_it_has_an_answer(house: House, boss: Agent) -> None:
    await create(house, boss, answer={}, status="draft")
    with pytest.raises(faq_entries.EntryRefused):
        await faq_entries.publish_entry(house.services, boss, "gift-wrap", 1)
    with pytest.raises(Conflict) as refused:
        await faq_entries.restore_entry(house.services, boss, "gift-wrap", 1)
    assert refused.value.code == "not_archived"
    await faq_entries.change_entry(house.services, boss, "gift-wrap", 1, {"answer": {"zh": "可以。"}})
    assert (await faq_entries.publish_entry(house.services, boss, "gift-wrap", 2))["status"] == "published"


async def test_that_entries_are_listed_by_their_words_and_page_by_page(house: House, boss: Agent) -> None:
    for number in range(5):
        await create(
            house,
            boss,
            id=f"e{number}",
            answer={"zh": f"第{number}个答案 ＡＢＣ"},
            status="archived" if number else "published",
        )
    found = await faq_entries.list_entries(house.services, "abc 第3个", None, None, None, 10)
    assert ([one["id"] for one in found["items"]], found["total"], found["next_cursor"]) == (["e3"], 1, None)
    first = await faq_entries.list_entries(house.services, None, "shipping", "archived", None, 3)
    assert ([one["id"] for one in first["items"]], first["total"]) == (["e1", "e2", "e3"], 4)
    rest = await faq_entries.list_entries(house.services, None, "shipping", "archived", first["next_cursor"], 3)
    assert ([one["id"] for one in rest["items"]], rest["next_cursor"]) == (["e4"], None)
    with pytest.raises(Invalid):
        await faq_entries.list_entries(house.services, None, None, "gone", None, 3)
    assert await faq_entries.list_categories(house.services) == [
        {"category": "shipping", "published": 1, "draft": 0, "archived": 4}
    ]


async def test_that_a_table_is_taken_over_whole(house: House, boss: Agent) -> None:
    await create(house, boss)
    good = [["new", "shipping", "新问题", "新答案"], ["gift-wrap", "shipping", "包装\n礼盒", "可以。"]]
    tried = await take(house, boss, *good, dry_run=True)
    assert tried == {"dry_run": True, "rows": 2, "created": 1, "changed": 1, "unchanged": 0}
    assert len(await rows_of(house, schema.faq_entries)) == 1
    assert await take(house, boss, *good) == tried | {"dry_run": False}
    wrapped = await faq_entries.read_entry(house.services, "gift-wrap")
    assert wrapped["phrasings"] == {"zh": ["包装", "礼盒"], "en": ["Can you wrap it?"]}
    assert (await take(house, boss, *good))["unchanged"] == 2


async def test_that_one_bad_row_keeps_all_the_others_out(house: House, boss: Agent) -> None:
    await create(house, boss)
    before = await rows_of(house, schema.faq_entries)
    with pytest.raises(faq_import.ImportRefused) as refused:
        await take(
            house, boss, ["a", "shipping", "问", "答"], ["b", "shipping", "问", ""], ["a", "shipping", "问", "答"]
        )
    errors = [(one["row"], one["column"], one["code"]) for one in refused.value.extra["errors"]]
    assert errors == [(3, "answer.zh", "required"), (4, "id", "repeated")]
    assert await rows_of(house, schema.faq_entries) == before


async def test_that_an_edit_between_reading_and_writing_refuses_the_table(
    house: House, boss: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create(house, boss)
    planned = faq_import.make_plan

    def and_meanwhile(*args: Any) -> Any:
        plan = planned(*args)
        changed = schema.faq_entries.update().values(revision=7)

        async def edit() -> None:
            await house.store.write(lambda tx: tx._connection.execute(changed))  # type: ignore[attr-defined]

        import asyncio

        asyncio.run_coroutine_threadsafe(edit(), loop).result()
        return plan

    import asyncio

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(faq_import, "make_plan", and_meanwhile)
    with pytest.raises(faq_import.ImportRefused) as refused:
        await take(house, boss, ["new", "shipping", "问", "答"], ["gift-wrap", "shipping", "包装", "可以。"])
    assert [(one["row"], one["code"]) for one in refused.value.extra["errors"]] == [(3, "stale")]
    assert [row.id for row in await rows_of(house, schema.faq_entries)] == ["gift-wrap"]


async def test_that_an_export_read_again_changes_nothing(house: House, boss: Agent) -> None:
    await create(house, boss, answer={"zh": "=1+1\n'x"}, phrasings={"zh": ["-5 折吗", "=好"]})
    await create(house, boss, id="draft-1", answer={}, status="draft")
    await create(house, boss, id="old", status="archived")
    table = await faq_import.export_entries(house.services)
    rows = list(enumerate(table, start=1))
    before = await rows_of(house, schema.faq_entries)
    told = await faq_import.import_entries(house.services, boss, rows, dry_run=False, new_categories=False)
    assert (told["unchanged"], told["created"], told["changed"]) == (3, 0, 0)
    assert await rows_of(house, schema.faq_entries) == before


async def search(house: House, text: str, decision: str, times: int = 1) -> None:
    results = [{"entry_id": "gift-wrap", "score": 0.4}] if decision != "unknown" else []
    house.faq.finds = {"decision": decision, "results": results}
    for _ in range(times):
        found = await faq_log.search_faq(house.services, text, "zh-Hans", 3)
        assert set(found) == {"decision", "results"}


async def test_that_searches_are_counted_and_forgotten(house: House) -> None:
    await search(house, "礼品包装", "answer", 3)
    await search(house, "包一下", "choices")
    house.clock.forward(hours=30)
    await search(house, "有没有月亮", "unknown")
    told = await faq_log.measure(house.services, 7)
    assert {key: told[key] for key in ("searches", "answer", "choices", "unknown", "hit_rate")} == {
        "searches": 5, "answer": 3, "choices": 1, "unknown": 1, "hit_rate": 0.8
    }  # fmt: skip
    assert [(day["searches"], day["hit_rate"]) for day in told["days"]] == [(4, 1.0), (1, 0.0)]
    assert told["found"] == [{"entry_id": "gift-wrap", "count": 3}]
    assert (await faq_log.measure(house.services, 1))["searches"] == 1
    (row, *_) = await rows_of(house, schema.faq_searches)
    assert (row.hour.minute, row.hour.second, row.hour.microsecond) == (0, 0, 0)
    house.clock.forward(days=91)
    await house.store.write(lambda tx: tx.records.forget_old(house.clock()))
    assert (await faq_log.measure(house.services, 90))["hit_rate"] is None


async def test_that_a_search_is_answered_when_its_log_cannot_be_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(work: Any) -> Any:
        raise Unavailable("database_unavailable")

    with monkeypatch.context() as patched:
        patched.setattr(house.store, "write", full)
        await search(house, "礼品包装", "answer")
    assert await rows_of(house, schema.faq_searches) == []


async def test_that_unanswered_questions_become_a_draft(house: House, boss: Agent) -> None:
    await create(house, boss)
    await search(house, "月亮上能送吗", "unknown", 2)
    await search(house, "送不送月球", "unknown")
    await search(house, "ship to the moon", "unknown")
    await search(house, "有烤箱吗", "unknown", 3)
    await search(house, "礼品包装", "answer", 3)
    texts = [one.text for one in await unanswered_rows(house)]
    house.faq.clusters = [
        [texts.index(text) for text in ("月亮上能送吗", "送不送月球", "ship to the moon")],
        [texts.index("有烤箱吗")],
    ]
    told = await faq_log.unanswered(house.services, 30, 10)
    assert (told["searches"], told["unknown"], told["share"]) == (10, 7, 0.7)
    moon, oven = told["clusters"]
    assert (moon["question"], moon["count"], moon["share"]) == ("月亮上能送吗", 4, 0.4)
    assert [one["count"] for one in moon["questions"]] == [2, 1, 1]
    assert oven["count"] == 3
    draft = await faq_log.make_draft(house.services, boss, moon["id"], 30, "shipping", new_category=False)
    assert (draft["status"], draft["answer"]) == ("draft", {})
    assert draft["phrasings"] == {"zh": ["月亮上能送吗", "送不送月球"], "en": ["ship to the moon"]}
    await search(house, "月亮上能送吗", "unknown")
    house.faq.clusters = [[0]]
    (left,) = (await faq_log.unanswered(house.services, 30, 10))["clusters"]
    assert left["id"] == oven["id"]
    with pytest.raises(NotFound):
        await faq_log.make_draft(house.services, boss, moon["id"], 30, None, new_category=False)


async def unanswered_rows(house: House) -> list[Any]:
    since, until = faq_log._period(house.services, 30)
    return await house.store.read(lambda tx: tx.faq_searches.unanswered(since, until, 10))


async def test_that_without_the_search_process_nothing_is_clustered_and_without_questions_it_is_not_asked(
    house: House, boss: Agent
) -> None:
    assert (await faq_log.unanswered(house.services, 30, 10))["clusters"] == []
    await search(house, "有烤箱吗", "unknown")
    with pytest.raises(KefuError) as refused:
        await faq_log.unanswered(house.services, 30, 10)
    assert refused.value.code == "faq_unavailable"
