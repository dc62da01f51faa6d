"""What every answer carries: who may frame, sniff, cache or read it from another page."""

from __future__ import annotations

import stat

import pytest

from handoff.app import TABLE
from tests.fixtures.gateway import House

PAGES = [
    "/desk/",
    "/desk/conversations/x",
    "/desk/assets/nothing.js",
    "/docs",
    "/docs/start.js",
    "/docs/swagger-ui.css",
]
WIDGET = "/api/v1/widget/"


@pytest.mark.parametrize("path", PAGES)
async def test_that_a_page_says_what_it_may_load_and_that_nobody_frames_it(gateway: House, path: str) -> None:
    async with gateway.http() as client:
        answer = await client.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    if answer.status_code != 200:  # the front end is not built here; then it is an error in our shape
        assert answer.json()["code"] == "not_found"
        return
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy["frame-ancestors"] == "'none'"
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert not [
        source
        for sources in policy.values()
        for source in sources.split()
        if source in ("*", "'unsafe-eval'", "http:", "https:")
    ]
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "http://" not in answer.text.replace(gateway.url, "") or path.endswith((".js", ".css"))


async def test_that_no_answer_of_the_api_is_cached_sniffed_or_readable_from_other_pages(gateway: House) -> None:
    async with gateway.http(await gateway.token_of("zhou"), origin=gateway.origin) as client:
        for route in TABLE:
            if route.path.endswith("/logout"):
                continue
            path = route.path.replace("<id:str>", "0" * 32)
            answer = await client.request(route.method, path, json={} if route.method != "GET" else None)
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert answer.headers["cache-control"] == "no-store", path
            allowed = answer.headers.get("access-control-allow-origin")
            assert allowed == (gateway.origin if path.startswith(WIDGET) else None), path
            assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "*", "http://127.0.0.1", "file://"])
async def test_that_pages_of_nobodys_website_may_not_read(gateway: House, origin: str) -> None:
    async with gateway.http(origin=origin) as client:
        for path in ("sessions", "messages", "sessions/reset"):
            asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
            preflight = await client.options(WIDGET + path, headers=asked)
            assert "access-control-allow-origin" not in preflight.headers
            assert "Origin" in preflight.headers["vary"]
        body = {"website_token": gateway.stack.env["KEFU_WEBSITE_TOKEN"]}
        answer = await client.post(WIDGET + "sessions", json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed")
        assert "access-control-allow-origin" not in answer.headers


async def test_that_the_websites_own_pages_may_ask_first_and_then_call(gateway: House) -> None:
    async with gateway.http(origin=gateway.origin) as client:
        asked = {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type",
        }
        preflight = await client.options(WIDGET + "messages", headers=asked)
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == gateway.origin
        assert "Authorization" in preflight.headers["access-control-allow-headers"]


async def test_that_the_data_of_the_stack_is_for_its_owner_only(gateway: House) -> None:
    var = gateway.stack.var
    assert stat.S_IMODE(var.stat().st_mode) == 0o700
    for name in ("secrets.json", "demo-logins.json", "kefu.db", "kefu.db-wal", "gateway.lock"):
        path = var / name
        if name == "secrets.json" or path.exists():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, name
    assert stat.S_IMODE((var / "log").stat().st_mode) == 0o700


async def test_that_tokens_and_passwords_are_stored_as_hashes_only(gateway: House) -> None:
    session, agent = await gateway.session(), await gateway.log_in("liam")
    stored = b"".join(p.read_bytes() for p in gateway.stack.var.glob("kefu.db*"))
    for secret in (session["token"], agent, *(login["password"] for login in gateway.stack.demo_logins)):
        assert secret.encode() not in stored


async def test_that_logs_hold_no_key_token_password_or_word_of_anybody(gateway: House) -> None:
    async with gateway.page() as page:
        await page.say("这句话绝不能出现在日志里")
        await page.hears("bot")
        with gateway.rasa.failing():
            await page.say("机器人坏了时说的话也不能")
            await page.hears("system")
        await page.ws.send('{"type":"message","client_id":"坏的消息也不能","text":{}}')
        await page.refused()
        gateway.secrets.add("坏的消息也不能")
        async with gateway.http(page.token) as client:
            await client.post("/api/v1/widget/messages", content='{"text": "半句话也不能出现')
            gateway.secrets.add("半句话也不能出现")
    assert gateway.leaks() == []
