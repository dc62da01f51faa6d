"""The queue on a running gateway: what customers and desks are told, over their sockets."""

from __future__ import annotations

from typing import Any

from tests.fixtures.gateway import House

HOUR = 3600
LEVEL = {"first_response": 30, "next_response": 180, "resolution": 24 * HOUR}


def levels(**first: int) -> dict[str, Any]:
    return {"policy": {p: LEVEL | first for p in ("normal", "high", "urgent")}}


async def test_that_a_customer_and_the_desks_hear_of_a_late_first_answer(gateway: House) -> None:
    async with gateway.desk("wang") as wang, gateway.desk("zhou") as zhou, gateway.page() as page:
        admin = await gateway.token_of("admin")
        async with gateway.http(admin) as client:
            assert (await client.put("/api/v1/settings/sla", json=levels(first_response=1))).status_code == 200
            try:
                await page.waits_for("after_sales")
                place = await page.until(type="queue")
                assert place["position"] >= 1
                for desk in (wang, zhou):
                    late = await desk.until(type="sla.breach", conversation_id=page.id)
                    assert late["sla"]["kind"] == "first_response"
                    assert late["sla"]["state"] == "breached"
                    assert late["conversation"]["sla"]["state"] == "breached"
                events = (await client.get("/api/v1/sla/events?hours=1")).json()["items"]
                assert "breach" in [e["level"] for e in events if e["conversation_id"] == page.id]
            finally:
                assert (await client.put("/api/v1/settings/sla", json=levels())).status_code == 200
        epoch = await wang.take(page.id)
        assert (await wang.do(page.id, "resolve", epoch=epoch)).status_code == 200


async def test_that_who_goes_offline_hands_on_and_everybody_is_told(gateway: House) -> None:
    async with gateway.desk("wang") as wang, gateway.desk("liam") as liam, gateway.page() as page:
        await page.waits_for("after_sales")
        await wang.take(page.id)
        await page.until(lambda f: f["type"] == "owner" and f["owner"]["type"] == "agent")
        assert (await wang.http.put("/api/v1/me/status", json={"status": "offline"})).json()["load"] == 0
        await page.until(
            lambda f: f["type"] == "message" and "王芳" in f["content"]["text"] and "离开" in f["content"]["text"]
        )
        await page.until(lambda f: f["type"] == "owner" and f["owner"]["type"] == "queue")
        await liam.until(type="presence.changed", agent_id=wang.agent["id"], status="offline")
        await liam.until(type="conversation.updated", conversation_id=page.id)
        epoch = await liam.take(page.id)
        assert (await liam.do(page.id, "resolve", epoch=epoch)).status_code == 200


async def test_that_desks_hear_of_the_short_handed_mode(gateway: House) -> None:
    async with gateway.desk("liam") as liam, gateway.desk("zhou") as zhou:
        assert (await liam.http.put("/api/v1/short_handed", json={"control": "on"})).status_code == 403
        for control, on in (("on", True), ("off", False)):
            mode = (await zhou.http.put("/api/v1/short_handed", json={"control": control})).json()
            assert (mode["on"], mode["by"]) == (on, zhou.agent["id"])
            told = await liam.until(type="short_handed.changed")
            assert told["short_handed"]["on"] is on
        assert (await zhou.http.put("/api/v1/short_handed", json={"control": "auto"})).json()["on"] is False
        assert set((await liam.http.get("/api/v1/short_handed")).json()["load"]) == {
            "waiting",
            "agents",
            "wait_seconds",
        }


async def test_that_wrong_rules_are_refused_with_what_is_wrong(gateway: House) -> None:
    async with gateway.http(await gateway.token_of("admin")) as client:
        for path, body, field in (
            ("settings/hours", {"hours": {"zone": "Nowhere", "week": {}}}, "hours"),
            ("settings/hours", {"hours": None}, "hours"),
            ("settings/sla", {"policy": {}}, "policy"),
            ("short_handed", {"control": "perhaps"}, "control"),
            ("teams/pre_sales/hours", {"hours": {"zone": "UTC", "week": {"mon": "late"}}}, "hours"),
        ):
            answer = await client.put(f"/api/v1/{path}", json=body)
            assert answer.status_code == 422, path
            assert [e["field"] for e in answer.json()["errors"]] == [field]
        read = (await client.get("/api/v1/settings/hours")).json()
        assert read["open"] is True
