"""The real bot, killed in the middle of a return: when its case is there, its effect is not, and nobody has been answered."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

import httpx
import pytest

from handoff.services.sessions import identifier_hash
from ops.stack import Stack
from tests.chaos.customer import Customer, Visitor
from tests.chaos.lives import Life, Return, until
from tests.chaos.truth import Database, ShopDatabase
from tests.chaos.wire import Doors
from tests.fakes.holding_shop import HoldingShop

pytestmark = pytest.mark.slow
# A Rasa that was killed takes five seconds to start on an idle machine, many times that on a busy one.
PATIENCE_SECONDS = 240.0


@pytest.fixture(scope="module")
def door() -> Iterator[HoldingShop]:
    with HoldingShop() as holding:
        yield holding


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, door: HoldingShop) -> Iterator[Stack]:
    var = tmp_path_factory.mktemp("cut")
    with Stack(var, without={"faq"}, env={"KEFU_SHOP_URL": door.url, "KEFU_LIMITS": "off"}) as running:
        door.target = running.shop_url
        yield running


@pytest.fixture(scope="module")
def wanted(stack: Stack) -> list[tuple[str, Return]]:
    """Customers of the shop, each with an item to return, of which he bought two."""
    shop = ShopDatabase(stack.var)
    returns = shop.buy_twice()
    shop.close()
    return [(customer, items[0]) for customer, items in sorted(returns.items())]


async def insist(life: Life, item: Return) -> None:
    """Try again, as often as it takes, while Rasa starts."""
    while not life.customer.diary.promised:
        await life.give_back(item)


@pytest.mark.parametrize("name", ["actions", "rasa"])
async def test_that_a_return_that_is_cut_happens_once(
    name: str, stack: Stack, door: HoldingShop, wanted: list[tuple[str, Return]]
) -> None:
    identifier, item = wanted.pop()
    database, shop = Database(stack.env["DATABASE_URL"]), ShopDatabase(stack.var)
    proof = identifier_hash(stack.env["KEFU_WEBSITE_SECRET"], identifier)
    visitor = Visitor(stack.env["KEFU_WEBSITE_TOKEN"], identifier, proof)
    async with httpx.AsyncClient(timeout=10) as http:
        customer = Customer(http, Doors([stack.gateway_url], 0), visitor, random.Random(1))
        life = Life(customer, [], think=1.0, rng=random.Random(1))
        door.hold()
        connection, returning = asyncio.create_task(customer.run()), asyncio.create_task(insist(life, item))
        try:
            assert await until(door.held.is_set, PATIENCE_SECONDS), "the return never came to the shop"
            [turn] = database.running().items()
            stack.kill(name)
            assert dict([turn]).items() <= database.running().items(), "it was in the middle of this turn"
            door.release()
            stack.start_again(name, wait=False)
            assert await until(lambda: bool(customer.diary.promised), PATIENCE_SECONDS), "he was never told"
            await until(database.is_quiet, PATIENCE_SECONDS)
            assert database.claims()[turn[0]] != turn[1], "the turn was run again"
        finally:
            returning.cancel()
            connection.cancel()
            await asyncio.gather(returning, connection, return_exceptions=True)
    [case] = [case for case in database.truth().cases if (case.order_number, case.sku) == item[:2]]
    assert customer.diary.promised == {case.number: item[:2]}
    assert shop.count_returns(item[0], item[1]) == 1
    shop.close()
    database.close()
