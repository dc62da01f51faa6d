"""From bot to human and back over HTTP and sockets, with two agents who want the same conversation."""

from __future__ import annotations

import asyncio
import uuid

from tests.fixtures.gateway import House


async def test_that_of_two_agents_the_first_wins_and_the_other_learns_who(gateway: House) -> None:
    async with gateway.desk("wang") as wang, gateway.desk("liam") as liam, gateway.page() as page:
        await page.waits_for("after_sales")
        answers = await asyncio.gather(wang.do(page.id, "accept"), liam.do(page.id, "accept"))
        assert sorted(a.status_code for a in answers) == [200, 409]
        won = next(a for a in answers if a.status_code == 200).json()
        lost = next(a for a in answers if a.status_code == 409).json()
        assert lost["code"] == "conversation_taken"
        assert lost["owner"] == won["owner"]
        owner, other = (wang, liam) if won["owner"]["id"] == wang.agent["id"] else (liam, wang)
        epoch = won["owner"]["epoch"]
        assert (await page.until(lambda f: f["type"] == "owner" and f["owner"]["type"] == "agent"))["owner"] == {
            "type": "agent",
            "name": owner.agent["name"],
        }
        for verb, body in (
            ("reply", {"text": "x", "client_id": "no"}),
            ("hand_back", {}),
            ("resolve", {}),
            ("transfer", {"team_id": "pre_sales"}),
        ):
            refused = await other.do(page.id, verb, epoch=epoch, **body)
            assert refused.status_code in (404, 409), verb
            stale = await owner.do(page.id, verb, epoch=epoch - 1, **body)
            assert (stale.status_code, stale.json()["code"], stale.json()["owner"]) == (
                409,
                "stale_epoch",
                won["owner"],
            ), verb
        assert (await owner.do(page.id, "reply", epoch=epoch, text="我来处理", client_id="r1")).status_code == 200
        assert (await page.hears("agent"))["content"]["text"] == "我来处理"
        assert (await owner.do(page.id, "hand_back", epoch=epoch)).status_code == 200
        gone = await owner.do(page.id, "reply", epoch=epoch, text="太晚了", client_id="r2")
        assert (gone.status_code, gone.json()["code"], gone.json()["owner"]["type"]) == (
            409,
            "conversation_taken",
            "bot",
        )
        await page.say("机器人知道刚才说了什么吗")
        await page.hears("bot")
        history = [h["text"] for h in gateway.rasa.said_to(page.id)[-1]["history"]]
        assert "我来处理" in history
        assert "太晚了" not in history


async def test_that_a_repeat_under_the_same_key_answers_the_same_and_does_nothing(gateway: House) -> None:
    async with gateway.desk("wang") as wang, gateway.page() as page:
        await page.waits_for("after_sales")
        key = uuid.uuid4().hex
        first, again = [await wang.do(page.id, "accept", key) for _ in range(2)]
        assert (first.status_code, first.content) == (again.status_code, again.content)
        epoch = first.json()["owner"]["epoch"]
        reused = await wang.do(page.id, "accept", key, force=True)
        assert (reused.status_code, reused.json()["code"]) == (422, "key_reused")
        elsewhere = await wang.do(page.id, "decline", key)
        assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "key_reused")
        notes = [await wang.do(page.id, "note", "note-" + key, text="给同事看的话", client_id="n") for _ in range(2)]
        assert notes[0].content == notes[1].content
        ends = [await wang.do(page.id, "hand_back", "back-" + key, epoch=epoch) for _ in range(3)]
        assert {(a.status_code, a.content) for a in ends} == {(200, ends[0].content)}
        refused = [await wang.do(page.id, "resolve", "end-" + key, epoch=epoch) for _ in range(2)]
        assert {a.status_code for a in refused} == {409}


async def test_that_two_equal_requests_at_once_are_one(gateway: House) -> None:
    async with gateway.desk("wang") as wang, gateway.page() as page:
        await page.waits_for("after_sales")
        epoch = await wang.take(page.id)
        key = uuid.uuid4().hex
        answers = await asyncio.gather(*(wang.do(page.id, "hand_back", key, epoch=epoch) for _ in range(5)))
        assert {(a.status_code, a.content) for a in answers} == {(200, answers[0].content)}


async def test_that_a_forgotten_customer_leaves_no_kept_answer(gateway: House) -> None:
    async with (
        gateway.desk("wang") as wang,
        gateway.page() as page,
        gateway.http(await gateway.token_of("admin")) as admin,
    ):
        await page.waits_for("after_sales")
        epoch = await wang.take(page.id)
        words = "这句话要和顾客一起忘掉"
        assert (
            await wang.do(page.id, "reply", uuid.uuid4().hex, epoch=epoch, text=words, client_id="f")
        ).status_code == 200
        assert (await admin.post(f"/api/v1/customers/{page.session['customer_id']}/erase")).status_code == 200
        assert gateway.sql("SELECT count(*) FROM answers WHERE answer LIKE ?", f"%{words}%") == [(0,)]
        assert (await wang.do(page.id, "reply", epoch=epoch, text="x", client_id="g")).status_code == 404


async def test_that_customers_never_see_what_is_private(gateway: House) -> None:
    async with gateway.desk("wang") as wang, gateway.page() as page:
        await page.waits_for("after_sales")
        epoch = await wang.take(page.id)
        await wang.do(page.id, "note", text="顾客看不到的话", client_id="n1")
        await wang.do(page.id, "reply", epoch=epoch, text="顾客看得到的话", client_id="r1")
        shown = await page.hears("agent")
        assert shown["content"]["text"] == "顾客看得到的话"
        async with gateway.http(page.token) as client:
            log = (await client.get("/api/v1/widget/messages")).json()["items"]
        assert [m["prev"] for m in log] == [0, *(m["seq"] for m in log[:-1])]
        assert "顾客看不到的话" not in str(log) + str(page.frames)
        assert not {"sender_id", "kind", "private", "epoch"} & set().union(*(m.keys() for m in log))
        assert (await wang.do(page.id, "resolve", epoch=epoch)).status_code == 200


async def test_that_a_desk_hears_nothing_of_conversations_that_are_not_its_teams(gateway: House) -> None:
    async with gateway.desk("wang") as wang, gateway.desk("liam") as liam, gateway.page() as page:
        await page.waits_for("complaints")
        await page.say("只有投诉组听得到")
        await wang.until(
            lambda f: f["type"] == "message.created" and f["message"]["content"]["text"] == "只有投诉组听得到"
        )
        assert await liam.still_open()
        assert page.id not in str(liam.frames)
        epoch = await wang.take(page.id)
        assert (await wang.do(page.id, "resolve", epoch=epoch)).status_code == 200


async def test_that_a_repeat_is_answered_when_the_first_gateway_died_before_it_could_answer(gateway: House) -> None:
    """What such a gateway leaves is the deed and its note, without the answer."""
    async with gateway.desk("wang") as wang, gateway.page() as page:
        await page.waits_for("after_sales")
        key = uuid.uuid4().hex
        accepted = await wang.do(page.id, "accept", key)
        epoch = accepted.json()["owner"]["epoch"]
        deeds = {
            "reply": {"epoch": epoch, "text": "我来处理", "client_id": "r"},
            "hand_back": {"epoch": epoch, "note": "都说好了"},
        }
        for verb, body in deeds.items():
            assert (await wang.do(page.id, verb, verb + key, **body)).status_code == 200
        log = gateway.sql("SELECT seq, content FROM messages WHERE conversation_id = ? ORDER BY seq", page.id)
        gateway.sql("UPDATE answers SET answer = '{}' WHERE key LIKE ?", f"%{key}")
        again = [await wang.do(page.id, verb, verb + key, **body) for verb, body in deeds.items()]
        again.append(await wang.do(page.id, "accept", key))
        assert [answer.status_code for answer in again] == [200, 200, 200]
        assert again[0].json()["message"]["client_id"] == "r"
        assert [answer.json()["owner"]["type"] for answer in again[1:]] == ["bot", "bot"], "as it is now"
        assert again[1].json()["last_message"] is None, "which is no longer his to read"
        assert gateway.sql("SELECT seq, content FROM messages WHERE conversation_id = ? ORDER BY seq", page.id) == log
        other = await wang.do(page.id, "hand_back", "hand_back" + key, epoch=epoch)
        assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_that_a_refused_deed_leaves_no_note(gateway: House) -> None:
    async with gateway.desk("wang") as wang, gateway.page() as page:
        await page.waits_for("after_sales")
        key = uuid.uuid4().hex
        epoch = await wang.take(page.id)
        refused = await wang.do(page.id, "hand_back", key, epoch=epoch + 1)
        assert (refused.status_code, refused.json()["code"]) == (409, "stale_epoch")
        assert gateway.sql("SELECT count(*) FROM answers WHERE key = ?", key) == [(0,)]
        assert (await wang.do(page.id, "hand_back", key + "2", epoch=epoch)).status_code == 200
