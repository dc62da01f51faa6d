"""What the bot's tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.bot.dialogue import Dialogue, Start
from tests.fakes.gateway import FakeGateway


@pytest.fixture
def gateway() -> Iterator[FakeGateway]:
    with FakeGateway() as running:
        yield running


@pytest.fixture
def strangers_gateway() -> Iterator[FakeGateway]:
    """A gateway whose customer is not verified."""
    with FakeGateway(customer=None) as running:
        yield running


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Begins a dialogue with a gateway; its connections are closed at the end."""
    begun: list[Dialogue] = []

    def begin(gateway: FakeGateway) -> Dialogue:
        begun.append(Dialogue(gateway))
        return begun[-1]

    yield begin
    for dialogue in begun:
        await dialogue.client.close()
