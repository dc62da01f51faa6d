"""The channel over real HTTP, with a conversation that does what the test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from rasa.shared.exceptions import RasaException
from sanic import Sanic

from bot.channel import KefuInput
from bot.processor import TurnFailed
from bot.request import TurnRequest

SECRET = {"Authorization": "Bearer s3cret"}


class ScriptedConversation:
    """Answers after `gate` opens; counts what runs at once."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()
        self.two = asyncio.Event()  # two turns were running at once
        self.played: list[str] = []
        self.at_once = self.most_at_once = 0
        self.error: Exception | None = None

    async def answer(self, request: TurnRequest) -> dict[str, Any]:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.entered.set()
        if self.at_once == 2:
            self.two.set()
        try:
            await self.gate.wait()
            if self.error:
                raise self.error
            self.played.append(request.message_id)
            return {"messages": [{"type": "text", "text": request.text}]}
        finally:
            self.at_once -= 1


@asynccontextmanager
async def serving(conversation: ScriptedConversation | None) -> AsyncIterator[httpx.AsyncClient]:
    channel = KefuInput("s3cret")
    channel._conversation = conversation  # type: ignore[assignment]
    channel._warm = conversation is not None
    Sanic.test_mode = True
    app = Sanic("kefu-channel-test", configure_logging=False)

    async def unused(message: object) -> None:
        raise AssertionError("the channel must not use Rasa's own handler: it hides failures")

    app.blueprint(channel.blueprint(unused), url_prefix="/webhooks/kefu")
    # Serves at once; Sanic's own signals, of which startup() is one, are not needed for that.
    server = await app.create_server(port=0, host="127.0.0.1", return_asyncio_server=True)
    assert server is not None
    await server.startup()
    try:
        port = server.server.sockets[0].getsockname()[1]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/webhooks/kefu", trust_env=False) as client:
            yield client
    finally:
        for connection in list(server.connections):
            connection.close()
        server.server.close()
        await server.server.wait_closed()


def turn(number: int = 1, sender: str = "c1") -> dict[str, Any]:
    return {"sender": sender, "message": "你好", "metadata": {"message_id": f"{sender}:{number}", "seq": number}}


async def test_that_a_turn_is_answered_as_unescaped_json() -> None:
    async with serving(ScriptedConversation()) as client:
        response = await client.post("/webhook", json=turn(), headers=SECRET)
        assert response.status_code == 200
        assert "你好" in response.text


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "s3cret"}])
async def test_that_the_secret_is_needed(headers: dict[str, str]) -> None:
    async with serving(ScriptedConversation()) as client:
        for path in ("/webhook", "/erase"):
            response = await client.post(path, json=turn(), headers=headers)
            assert (response.status_code, response.json()["code"]) == (403, "forbidden")


async def test_that_health_is_true_only_when_warm() -> None:
    async with serving(None) as client:
        response = await client.get("/health")
        assert (response.status_code, response.json()["code"]) == (503, "not_ready")
        response = await client.post("/webhook", json=turn(), headers=SECRET)
        assert (response.status_code, response.json()["code"]) == (503, "not_ready")
    async with serving(ScriptedConversation()) as client:
        assert (await client.get("/health")).status_code == 200


async def test_that_a_failed_turn_is_a_503_that_says_nothing_of_the_customer(caplog: pytest.LogCaptureFixture) -> None:
    conversation = ScriptedConversation()
    async with serving(conversation) as client:
        for conversation.error in (TurnFailed("action_faq: RasaException"), ValueError("我的密码是123")):
            response = await client.post("/webhook", json=turn(), headers=SECRET)
            assert (response.status_code, response.json()["code"]) == (503, "turn_failed")
            assert response.headers["retry-after"] == "1"
    assert "密码" not in caplog.text


async def test_that_bad_requests_get_their_status() -> None:
    async with serving(ScriptedConversation()) as client:
        for content, status in ((b"{", 400), (b'{"sender": "c1"}', 422), (b"x" * 600_000, 413)):
            response = await client.post("/webhook", content=content, headers=SECRET)
            assert response.status_code == status
            assert set(response.json()) == {"code", "message", "errors"}


async def test_that_a_message_id_in_work_is_a_409() -> None:
    conversation = ScriptedConversation()
    conversation.gate.clear()
    async with serving(conversation) as client:
        first = asyncio.ensure_future(client.post("/webhook", json=turn(), headers=SECRET))
        await conversation.entered.wait()
        again = await client.post("/webhook", json=turn(), headers=SECRET)
        assert (again.status_code, again.json()["code"]) == (409, "turn_running")
        conversation.gate.set()
        assert (await first).status_code == 200
        assert (await client.post("/webhook", json=turn(), headers=SECRET)).status_code == 200


async def test_that_a_conversation_has_one_turn_at_a_time_and_others_do_not_wait() -> None:
    conversation = ScriptedConversation()
    async with serving(conversation) as client:
        await asyncio.gather(*(client.post("/webhook", json=turn(n), headers=SECRET) for n in range(1, 6)))
        assert conversation.most_at_once == 1
        assert len(conversation.played) == 5
        conversation.gate.clear()
        conversation.entered.clear()
        waiting = [asyncio.ensure_future(client.post("/webhook", json=turn(9, s), headers=SECRET)) for s in ("a", "b")]
        await conversation.two.wait()
        conversation.gate.set()
        assert [response.status_code for response in await asyncio.gather(*waiting)] == [200, 200]


async def test_that_a_dropped_connection_does_not_cancel_the_turn() -> None:
    conversation = ScriptedConversation()
    conversation.gate.clear()
    async with serving(conversation) as client:
        reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        body = json.dumps(turn()).encode()
        head = f"POST /webhooks/kefu/webhook HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer s3cret\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await conversation.entered.wait()
        writer.transport.abort()
        assert (await client.post("/webhook", json=turn(), headers=SECRET)).status_code == 409, "it runs on"
        conversation.gate.set()
        assert (await client.post("/webhook", json=turn(2), headers=SECRET)).status_code == 200
        assert conversation.played == ["c1:1", "c1:2"]


@pytest.mark.parametrize("credentials", [None, {}, {"secret": ""}, {"secret": "${KEFU_RASA_SECRET}"}])
def test_that_rasa_does_not_start_without_a_secret(credentials: dict[str, Any] | None) -> None:
    with pytest.raises(RasaException, match="KEFU_RASA_SECRET"):
        KefuInput.from_credentials(credentials)
