"""Orders open to their owner or to who knows the digits; a case is made once and its effect follows."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from handoff.domain.cases import CaseStatus
from handoff.domain.errors import (
    Conflict,
    Invalid,
    KefuError,
    KeyReused,
    NotFound,
    OrderNotFound,
    TooManyTries,
    Unavailable,
    VerificationRequired,
)
from handoff.domain.ids import ConversationId
from handoff.domain.people import Role
from handoff.services.cases import list_cases_of, move_case, open_case, read_case, search_cases, tell_shop
from handoff.services.orders import change_order, list_orders, lookup_order, parcels, public_order
from handoff.services.shop import ShopRefusal
from tests.fakes.core_house import House, gathered
from tests.fakes.core_shop import an_order

MINE, THEIRS, UNKNOWN = "KF202611010001", "KF202611010002", "KF202611019999"


@pytest.fixture
def stocked(house: House) -> House:
    """A shop with an order of c001 (digits 1234) and one of c002 (digits 5678)."""
    house.shop.add(an_order(MINE, "c001", "1234"), an_order(THEIRS, "c002", "5678"))
    return house


async def look(house: House, id: ConversationId, number: object, digits: object = None) -> Any:
    return await lookup_order(house.services, id, number, digits)


async def test_that_a_verified_customer_sees_his_own(stocked: House) -> None:
    visitor = await stocked.visitor("c001")
    assert (await look(stocked, visitor.id, MINE))["number"] == MINE
    assert (await look(stocked, visitor.id, f" {MINE.lower()} "))["number"] == MINE
    verified, orders = await list_orders(stocked.services, visitor.id, 10)
    assert (verified, [o["number"] for o in orders]) == (True, [MINE])
    assert not {"customer_id", "phone_last4"} & set(public_order(orders[0]))


async def test_that_wrong_number_wrong_digits_and_somebody_elses_order_are_one_answer(stocked: House) -> None:
    answers = set()
    for identifier in (None, "c001"):
        for number, digits in (
            (UNKNOWN, "1234"),
            (THEIRS, "0000"),
            (THEIRS, "１２３４"),
            (UNKNOWN, "----"),
            ("!", "1"),
            (THEIRS, "٤"),
        ):
            visitor = await stocked.visitor(identifier if identifier is None else "c009")
            with pytest.raises(OrderNotFound) as refused:
                await look(stocked, visitor.id, number, digits)
            answers.add((refused.value.status, refused.value.code, str(refused.value), str(refused.value.extra)))
            stocked.clock.forward(hours=2)
    assert len(answers) == 1


async def test_that_without_digits_nothing_is_told(stocked: House) -> None:
    for identifier in (None, "c001"):
        visitor = await stocked.visitor(identifier)
        told = []
        for number in (THEIRS, UNKNOWN):
            for ask in (look(stocked, visitor.id, number), look(stocked, visitor.id, number, "")):
                with pytest.raises(VerificationRequired) as refused:
                    await ask
                told.append(str(refused.value))
        for tracking in (f"SF{THEIRS[2:]}", "SF000"):
            with pytest.raises(VerificationRequired):
                await parcels(stocked.services, visitor.id, None, tracking)
        assert len(set(told)) == 1


async def test_that_the_right_digits_open_an_order_for_this_conversation(stocked: House) -> None:
    visitor, other = await stocked.visitor(), await stocked.visitor()
    assert (await look(stocked, visitor.id, THEIRS, "5678"))["number"] == THEIRS
    assert (await look(stocked, visitor.id, THEIRS))["number"] == THEIRS
    assert (await list_orders(stocked.services, visitor.id, 10))[0] is False
    assert [o["number"] for o in (await list_orders(stocked.services, visitor.id, 10))[1]] == [THEIRS]
    [parcel] = await parcels(stocked.services, visitor.id, THEIRS, None)
    assert await parcels(stocked.services, visitor.id, None, parcel["tracking_number"]) == [parcel]
    assert (await list_orders(stocked.services, other.id, 10)) == (False, [])
    with pytest.raises(VerificationRequired):
        await look(stocked, other.id, THEIRS)


async def test_that_digits_may_be_typed_full_width(stocked: House) -> None:
    visitor = await stocked.visitor()
    assert (await look(stocked, visitor.id, THEIRS, "５６７８"))["number"] == THEIRS


async def test_that_the_sixth_try_is_one_too_many_even_when_right(stocked: House) -> None:
    visitor = await stocked.visitor()
    for guess in range(5):
        with pytest.raises(OrderNotFound):
            await look(stocked, visitor.id, THEIRS, f"{guess:04d}")
    with pytest.raises(TooManyTries) as refused:
        await look(stocked, visitor.id, THEIRS, "5678")
    assert (refused.value.status, refused.value.code) == (429, "too_many_tries")
    assert refused.value.retry_after
    with pytest.raises(TooManyTries):
        await look(stocked, visitor.id, THEIRS)
    stocked.clock.forward(hours=1, seconds=1)
    assert (await look(stocked, visitor.id, THEIRS, "5678"))["number"] == THEIRS


async def test_that_a_new_conversation_does_not_give_new_tries(stocked: House) -> None:
    agent, visitor = await stocked.agent(role=Role.SUPERVISOR), await stocked.visitor()
    for guess in range(5):
        with pytest.raises(OrderNotFound):
            await look(stocked, visitor.id, THEIRS, f"{guess:04d}")
    await stocked.says(visitor, "好吧")
    await stocked.resolves(agent, visitor.id)
    tries = stocked.services.limits._hits  # type: ignore[attr-defined]
    stocked.clock.forward(hours=73)
    tries.update({k: (n, stocked.clock.at.replace(year=2027)) for k, (n, _) in tries.items()})
    fresh = (await stocked.says(visitor, "再来")).conversation
    assert fresh.id != visitor.id
    with pytest.raises(TooManyTries):
        await look(stocked, fresh.id, THEIRS, "5678")


async def test_that_wrong_guesses_are_counted_by_address_and_right_ones_are_not(stocked: House) -> None:
    home, elsewhere = "a" * 64, "b" * 64
    family = [await stocked.visitor(address=home) for _ in range(8)]
    for visitor in family[:7]:
        assert (await look(stocked, visitor.id, THEIRS, "5678"))["number"] == THEIRS
    guessers = [await stocked.visitor(address=home) for _ in range(5)]
    for guess, visitor in enumerate(guessers):
        with pytest.raises(OrderNotFound):
            await look(stocked, visitor.id, MINE, f"{guess:04d}")
    with pytest.raises(TooManyTries):
        await look(stocked, family[7].id, MINE, "1234")
    assert (await look(stocked, family[0].id, THEIRS))["number"] == THEIRS
    stranger = await stocked.visitor(address=elsewhere)
    assert (await look(stocked, stranger.id, MINE, "1234"))["number"] == MINE


async def test_that_the_address_is_the_one_he_came_from_last(stocked: House) -> None:
    for guess in range(5):
        with pytest.raises(OrderNotFound):
            await look(stocked, (await stocked.visitor(address="a" * 64)).id, THEIRS, f"{guess:04d}")
    visitor = await stocked.visitor(address="a" * 64)
    moved = await stocked.visitor(address="b" * 64, token=visitor.opened.token)
    assert moved.id == visitor.id
    assert (await look(stocked, moved.id, THEIRS, "5678"))["number"] == THEIRS


@pytest.mark.parametrize("bad", [7, None, ["x"], {"a": 1}])
async def test_that_values_of_a_wrong_kind_are_refused(stocked: House, bad: object) -> None:
    visitor = await stocked.visitor("c001")
    with pytest.raises(Invalid):
        await look(stocked, visitor.id, bad)
    if bad is not None:
        with pytest.raises(Invalid):
            await look(stocked, visitor.id, MINE, bad)
    with pytest.raises(Invalid):
        await parcels(stocked.services, visitor.id, None, bad)


async def test_that_an_unknown_conversation_opens_nothing(stocked: House) -> None:
    with pytest.raises(NotFound):
        await look(stocked, ConversationId("nowhere"), MINE, "1234")


async def test_that_a_shop_that_is_away_says_so(stocked: House) -> None:
    visitor = await stocked.visitor("c001")
    stocked.shop.away = True
    for ask in (look(stocked, visitor.id, MINE), list_orders(stocked.services, visitor.id, 3)):
        with pytest.raises(Unavailable) as refused:
            await ask
        assert refused.value.code == "shop_unavailable"


async def cancel(house: House, id: ConversationId, number: str, reason: str, key: str) -> Any:
    return await change_order(
        house.services, id, number, "cancel", {"reason": reason}, key, lambda n: house.shop.cancel(n, reason, key=key)
    )


async def test_that_a_change_happens_once_per_key(stocked: House) -> None:
    visitor = await stocked.visitor("c001")
    done = await asyncio.gather(*(cancel(stocked, visitor.id, MINE, "买错了", "t:1:cancel") for _ in range(6)))
    assert all(answer == done[0] for answer in done)
    assert len(stocked.shop.writes) == 1
    with pytest.raises(KeyReused):
        await cancel(stocked, visitor.id, MINE, "别的原因", "t:1:cancel")
    with pytest.raises(VerificationRequired):
        await cancel(stocked, visitor.id, THEIRS, "x", "t:2:cancel")
    stocked.shop.refuses = ShopRefusal(code="not_cancellable")
    with pytest.raises(ShopRefusal) as refused:
        await cancel(stocked, visitor.id, MINE, "买错了", "t:3:cancel")
    assert (refused.value.status, refused.value.code) == (409, "not_cancellable")


DATA = {"sku": "SHIRT-1", "quantity": 1, "reason": "尺码不合适", "pickup": "door"}


async def returns(house: House, id: ConversationId, key: str = "t:1:return", number: object = MINE, **data: Any) -> Any:
    return await open_case(
        house.services, id, kind="return", order_number=number, subject=None, data=DATA | data, key=key
    )


async def test_that_a_return_is_opened_once_by_its_key(stocked: House) -> None:
    visitor = await stocked.visitor("c001")
    made = await asyncio.gather(*(returns(stocked, visitor.id) for _ in range(6)))
    assert len({case.id for case in made}) == 1
    assert len(stocked.shop.returns) == 1
    case = await returns(stocked, visitor.id)
    assert case.effect == {"id": "RT1", "status": "approved", "refund_amount": 9900}
    assert (case.status, case.order_number, case.team_id) == (CaseStatus.OPEN, MINE, "after_sales")
    assert case.summary == "衬衫 尺码不合适"
    assert case.number.startswith("R2611")
    [request] = stocked.shop.returns.values()
    assert (request["case_id"], request["sku"], request["pickup"]) == (case.id, "SHIRT-1", "door")
    with pytest.raises(KeyReused):
        await returns(stocked, visitor.id, reason="不喜欢")
    assert [c.id for c in await list_cases_of(stocked.services, visitor.id)] == [case.id]


async def test_that_an_item_is_sent_back_once_at_a_time_whatever_the_key(stocked: House) -> None:
    visitor, agent = await stocked.visitor("c001"), await stocked.agent()

    async def say_it(number: int) -> Any:
        return await returns(stocked, visitor.id, key=f"turn-{number}", sku="CUP-1")

    outcomes = await asyncio.gather(*(say_it(number) for number in range(5)), return_exceptions=True)
    [case] = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
    assert [refusal.code for refusal in refusals] == ["already_open"] * 4
    assert refusals[0].extra["case"] == {"number": case.number, "kind": "return", "status": "open"}
    assert len(stocked.shop.returns) == 1, "though he bought two, and the shop would take the other one, too"
    with pytest.raises(Conflict, match="open case"):
        await returns(stocked, visitor.id, key="turn-6", sku="CUP-1", number=MINE.lower())
    assert (await returns(stocked, visitor.id, key="turn-7")).id != case.id, "another item is another thing"
    await move_case(stocked.services, agent, case.id, "done", None)
    second = await say_it(8)
    assert second.id != case.id, "the first one is over"
    with pytest.raises(Conflict) as refused:
        await move_case(stocked.services, agent, case.id, "in_progress", None)
    assert (refused.value.code, refused.value.extra["case"]["number"]) == ("already_open", second.number)
    await move_case(stocked.services, agent, second.id, "cancelled", None)
    assert (await move_case(stocked.services, agent, case.id, "in_progress", None)).status is CaseStatus.IN_PROGRESS


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"sku": ""}, "data.sku"),
        ({"sku": "NOT-MINE"}, "data.sku"),
        ({"reason": "  "}, "data.reason"),
        ({"pickup": "pigeon"}, "data.pickup"),
        ({"quantity": 0}, "data.quantity"),
        ({"quantity": "2"}, "data.quantity"),
        ({"quantity": True}, "data.quantity"),
        ({"number": None}, "order_number"),
        ({"words": "x" * 5000}, "data"),
    ],
)
async def test_that_a_malformed_return_is_refused_naming_the_field(
    stocked: House, wrong: dict[str, Any], field: str
) -> None:
    visitor = await stocked.visitor("c001")
    with pytest.raises(Invalid) as refused:
        await returns(stocked, visitor.id, **wrong)
    assert refused.value.extra["errors"][0]["field"] == field
    assert await list_cases_of(stocked.services, visitor.id) == []


async def test_that_a_return_of_somebody_elses_order_is_refused(stocked: House) -> None:
    visitor = await stocked.visitor("c001")
    for number in (THEIRS, UNKNOWN):
        with pytest.raises(VerificationRequired):
            await returns(stocked, visitor.id, number=number)
    assert stocked.shop.returns == {}


async def test_that_a_shop_that_goes_away_is_told_later_and_once(stocked: House) -> None:
    visitor = await stocked.visitor("c001")
    stocked.shop.away_for_writes = True
    case = await returns(stocked, visitor.id)
    assert (case.status, case.effect) == (CaseStatus.OPEN, None)

    async def waiting() -> list[Any]:
        return await stocked.store.read(lambda tx: tx.cases.without_effect(stocked.clock(), 10))

    assert await waiting() == [], "the request that made it may still be at it"
    stocked.clock.forward(seconds=21)
    assert [c.id for c in await waiting()] == [case.id]
    assert (await tell_shop(stocked.services, case)).effect is None
    stocked.shop.away_for_writes = False
    told = await asyncio.gather(*(tell_shop(stocked.services, case) for _ in range(3)))
    assert {c.effect["id"] for c in told} == {"RT1"}
    assert await waiting() == []
    assert len(stocked.shop.returns) == 1
    agent = await stocked.agent()
    _, events = await read_case(stocked.services, agent, case.id)
    assert [(e["actor"], e["kind"]) for e in events] == [("system", "opened"), ("shop", "accepted")]


async def test_that_a_shop_that_refuses_rejects_the_case_and_says_why(stocked: House) -> None:
    visitor = await stocked.visitor("c001")
    stocked.shop.refuses = ShopRefusal(code="not_returnable", reason="over_7_days")
    for _ in range(2):  # the second is the bot's retry: the same answer
        with pytest.raises(ShopRefusal) as refused:
            await returns(stocked, visitor.id)
        assert (refused.value.code, refused.value.extra["reason"]) == ("not_returnable", "over_7_days")
    [case] = await list_cases_of(stocked.services, visitor.id)
    assert case.status is CaseStatus.REJECTED


async def test_that_an_agents_move_while_the_shop_answers_is_kept(stocked: House) -> None:
    visitor, agent = await stocked.visitor("c001"), await stocked.agent()

    async def move() -> None:
        stocked.shop.during_return = None
        [case] = await list_cases_of(stocked.services, visitor.id)
        await move_case(stocked.services, agent, case.id, "in_progress", "我来处理")

    stocked.shop.during_return = move
    case = await returns(stocked, visitor.id)
    kept, events = await read_case(stocked.services, agent, case.id)
    assert (kept.status, kept.agent_id) == (CaseStatus.IN_PROGRESS, agent.id)
    assert kept.effect is not None
    assert [e["kind"] for e in events] == ["opened", "status", "accepted"]


async def test_that_case_numbers_are_unique_under_concurrency(stocked: House) -> None:
    visitors = [await stocked.visitor() for _ in range(8)]
    kinds = ("complaint", "feedback", "suggestion", "callback")

    async def make(n: int) -> Any:
        return await open_case(
            stocked.services, visitors[n % 8].id, kind=kinds[n % 4], order_number=None, subject=None,
            data={"text": f"第{n}件"}, key=f"key-{n}",
        )  # fmt: skip

    cases = await asyncio.gather(*(make(n) for n in range(40)))
    assert len({c.number for c in cases}) == 40
    assert sorted(int(c.number[7:]) for c in cases) == list(range(1, 41))
    assert {c.number[0] for c in cases} == set("CFSB")
    stocked.clock.forward(days=1)
    assert (await make(40)).number == "C2611210001"


async def test_that_agents_see_and_move_the_cases_of_their_teams_only(stocked: House) -> None:
    visitor = await stocked.visitor("c001")
    case = await returns(stocked, visitor.id)
    mine, outsider = await stocked.agent(teams=("after_sales",)), await stocked.agent(teams=("pre_sales",))
    services = stocked.services
    assert [c.id for c in await search_cases(services, mine, None, None, 10)] == [case.id]
    assert await search_cases(services, outsider, None, None, 10) == []
    for refused in await gathered(
        read_case(services, outsider, case.id), move_case(services, outsider, case.id, "done", None)
    ):
        assert isinstance(refused, NotFound)
    done = await move_case(services, mine, case.id, "done", "已退款")
    assert (done.status, done.agent_id) == (CaseStatus.DONE, mine.id)
    with pytest.raises(Conflict) as illegal:
        await move_case(services, mine, case.id, "rejected", None)
    assert illegal.value.code == "illegal_status"
    for bad in ("finished", None, 7):
        with pytest.raises(KefuError):
            await move_case(services, mine, case.id, bad, None)
    assert (await read_case(services, mine, case.id))[1][-1]["data"] == {"from": "open", "to": "done", "note": "已退款"}


async def test_that_strange_words_in_a_case_are_stored_or_refused(stocked: House) -> None:
    visitor = await stocked.visitor()
    strange = ("'; DROP TABLE cases; --", "<script>alert(1)</script>", "=1+1", "\x00", "\ud800", "😀" * 900)

    async def complain(n: int) -> Any:
        words = strange[n]
        data = {"text": words}
        return await open_case(
            stocked.services, visitor.id, kind="complaint", order_number=None, subject=words, data=data, key=f"k{n}"
        )

    outcomes = await gathered(*(complain(n) for n in range(len(strange))))
    refused = [o for o in outcomes if isinstance(o, BaseException)]
    assert all(isinstance(o, KefuError) and o.status in (400, 422) for o in refused), refused
    made = await list_cases_of(stocked.services, visitor.id)
    assert {c.summary for c in made} >= {*strange[:3], "😀" * 500}
