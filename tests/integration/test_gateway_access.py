"""Every route × who calls × whose it is. A new route fails here until somebody says who may call it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from handoff.app import TABLE, create_app
from handoff.bootstrap import build
from handoff.settings import Settings
from tests.fixtures.gateway import Desk, House, JsonObject, Page

MISSING = "0" * 32
PEOPLE = ("nobody", "wrong token", "expired customer", "expired agent", "customer", "other customer", "internal")
AGENTS = (
    "wang",
    "liam",
    "zhou",
    "admin",
)  # an agent of all teams, one who is not in complaints, a supervisor, an admin
ROLES = (*PEOPLE, *AGENTS)


def public(status: int) -> dict[str, int]:
    return dict.fromkeys(ROLES, status)


def only(*allowed: str, status: int = 200, forbidden: tuple[str, ...] = ()) -> dict[str, int]:
    """`allowed` get `status`, `forbidden` are known but may not (403), everybody else is nobody (401)."""
    return dict.fromkeys(ROLES, 401) | dict.fromkeys(forbidden, 403) | dict.fromkeys(allowed, status)


CUSTOMERS = only("customer", "other customer")
ANY_AGENT = only(*AGENTS)
OVERSEERS = only("zhou", "admin", forbidden=("wang", "liam"))


def internal(status: int) -> dict[str, int]:
    return only("internal", status=status)


def by_object(**rows: tuple[int, int, int, int]) -> dict[str, dict[str, int]]:
    """For each object what wang, liam, zhou and admin get; nobody else is an agent."""
    return {name: dict.fromkeys(ROLES, 401) | dict(zip(AGENTS, row, strict=True)) for name, row in rows.items()}


# Whose conversation: wang's own (after_sales), one in the queue of complaints (wang's team, not liam's), liam's own
# (after_sales, also a team of wang's), one that the bot has, one that does not exist.
LOOK = by_object(wangs=(200, 404, 200, 200), queued=(200, 404, 200, 200), liams=(404, 200, 200, 200),
                 bots=(404, 404, 200, 200), missing=(404, 404, 404, 404))  # fmt: skip
# Said with an epoch that never was: whoever may see it learns that it is not his now, nobody else learns that it is there.
SPEAK = by_object(wangs=(409, 404, 409, 409), queued=(409, 404, 409, 409), liams=(404, 409, 409, 409),
                  bots=(404, 404, 409, 409), missing=(404, 404, 404, 404))  # fmt: skip
TAKE = by_object(wangs=(200, 409, 200, 200), queued=(200, 404, 200, 200), liams=(409, 200, 200, 200),
                 bots=(404, 404, 200, 200), missing=(404, 404, 404, 404))  # fmt: skip
DECLINE = by_object(wangs=(409, 404, 409, 409), queued=(200, 404, 200, 200), liams=(404, 409, 409, 409),
                    bots=(404, 404, 409, 409), missing=(404, 404, 404, 404))  # fmt: skip
# A complaint's case is the complaints team's.
CASE = by_object(complaint=(200, 404, 200, 200), missing=(404, 404, 404, 404))
ERASE = {
    "stranger": only("admin", forbidden=("wang", "liam", "zhou")),
    "missing": only("admin", status=404, forbidden=("wang", "liam", "zhou")),
}
# A supervisor sets what his people take, an admin the house's hours.
STAFF = {
    "colleague": OVERSEERS,
    "missing": only("zhou", "admin", status=404, forbidden=("wang", "liam")),
}
RESEND = {"missing": only("zhou", "admin", status=404, forbidden=("wang", "liam"))}
# Every agent reads the knowledge base, those who oversee edit it.
READ_ENTRY = {"entry": ANY_AGENT, "missing": only(*AGENTS, status=404)}
EDIT_ENTRY = {"entry": OVERSEERS, "missing": only("zhou", "admin", status=404, forbidden=("wang", "liam"))}
ENTRY_CONFLICT = EDIT_ENTRY | {"entry": only("zhou", "admin", status=409, forbidden=("wang", "liam"))}
TEAM_HOURS = {
    "team": only("admin", forbidden=("wang", "liam", "zhou")),
    "missing": only("admin", status=404, forbidden=("wang", "liam", "zhou")),
}
ADMINS = only("admin", forbidden=("wang", "liam", "zhou"))
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = {"hours": {"zone": "Asia/Shanghai", "week": dict.fromkeys(DAYS, "00:00-24:00")}}
LEVEL = {"first_response": 30, "next_response": 180, "resolution": 86400}
LEVELS = {"policy": {"normal": LEVEL, "high": LEVEL, "urgent": LEVEL | {"resolution": 3600}}}
OLD = {"epoch": 0}
SESSION = "/api/v1/widget/sessions"
V1, IN = "/api/v1", "/internal/v1"


@dataclass(frozen=True)
class Line:
    """What one route is sent, and the status that each caller gets; `by_object` when its path names a thing."""

    statuses: dict[str, int] | None = None
    body: Any = None
    by_object: dict[str, dict[str, int]] = field(default_factory=dict)


def conversation(rows: dict[str, dict[str, int]], body: Any = None) -> Line:
    return Line(None, body, rows)


EXPECTED: dict[str, Line] = {
    f"POST {SESSION}": Line(public(404), {"website_token": "no such website"}),
    f"POST {SESSION}/reset": Line(CUSTOMERS),
    f"POST {V1}/widget/messages": Line(only("customer", "other customer", status=422), {"client_id": "c", "text": ""}),
    f"GET {V1}/widget/messages": Line(CUSTOMERS),
    f"POST {V1}/auth/login": Line(public(422), {"email": "", "password": ""}),
    f"POST {V1}/auth/logout": Line(ANY_AGENT),
    f"GET {V1}/me": Line(ANY_AGENT),
    f"PUT {V1}/me/status": Line(ANY_AGENT, {"status": "online"}),
    f"GET {V1}/agents": Line(ANY_AGENT),
    f"GET {V1}/teams": Line(ANY_AGENT),
    f"GET {V1}/conversations": Line(ANY_AGENT),
    f"GET {V1}/conversations/<id:str>": conversation(LOOK),
    f"GET {V1}/conversations/<id:str>/messages": conversation(LOOK),
    f"POST {V1}/conversations/<id:str>/accept": conversation(TAKE, {}),
    f"POST {V1}/conversations/<id:str>/decline": conversation(DECLINE),
    f"POST {V1}/conversations/<id:str>/reply": conversation(SPEAK, {**OLD, "text": "x", "client_id": "matrix"}),
    f"POST {V1}/conversations/<id:str>/note": conversation(LOOK, {"text": "x", "client_id": "matrix-note"}),
    f"POST {V1}/conversations/<id:str>/read": conversation(LOOK, {"seq": 1}),
    f"POST {V1}/conversations/<id:str>/transfer": conversation(SPEAK, {**OLD, "team_id": "after_sales"}),
    f"POST {V1}/conversations/<id:str>/hand_back": conversation(SPEAK, OLD),
    f"POST {V1}/conversations/<id:str>/resolve": conversation(SPEAK, OLD),
    f"POST {V1}/conversations/<id:str>/reopen": conversation(
        by_object(wangs=(409, 404, 409, 409), queued=(409, 404, 409, 409), liams=(404, 409, 409, 409),
                  bots=(404, 404, 409, 409), missing=(404, 404, 404, 404))),
    f"POST {V1}/faq/suggest": Line(ANY_AGENT, {"query": "退货"}),
    f"GET {V1}/faq/entries": Line(ANY_AGENT),
    f"GET {V1}/faq/categories": Line(ANY_AGENT),
    f"GET {V1}/faq/entries/<id:str>": conversation(READ_ENTRY),
    f"POST {V1}/faq/entries": Line(only("zhou", "admin", status=422, forbidden=("wang", "liam")), {}),
    f"PATCH {V1}/faq/entries/<id:str>": conversation(EDIT_ENTRY, {"version": 1}),
    f"POST {V1}/faq/entries/<id:str>/publish": conversation(EDIT_ENTRY, {"version": 1}),
    f"POST {V1}/faq/entries/<id:str>/archive": conversation(ENTRY_CONFLICT, {"version": 0}),
    f"POST {V1}/faq/entries/<id:str>/restore": conversation(ENTRY_CONFLICT, {"version": 1}),
    f"GET {V1}/faq/entries.csv": Line(OVERSEERS),
    f"GET {V1}/faq/entries.xlsx": Line(OVERSEERS),
    f"POST {V1}/faq/import": Line(only("zhou", "admin", status=422, forbidden=("wang", "liam"))),
    f"GET {V1}/faq/searches": Line(OVERSEERS),
    f"GET {V1}/faq/unanswered": Line(OVERSEERS),
    f"POST {V1}/faq/unanswered/<id:str>/draft": conversation(RESEND, {}),
    f"POST {V1}/customers/<id:str>/erase": conversation(ERASE),
    f"GET {V1}/settings/hours": Line(OVERSEERS),
    f"PUT {V1}/settings/hours": Line(ADMINS, ALWAYS),
    f"PUT {V1}/teams/<id:str>/hours": conversation(TEAM_HOURS, ALWAYS),
    f"GET {V1}/settings/sla": Line(OVERSEERS),
    f"PUT {V1}/settings/sla": Line(ADMINS, LEVELS),
    f"GET {V1}/sla/events": Line(OVERSEERS),
    f"GET {V1}/skills": Line(OVERSEERS),
    f"PATCH {V1}/agents/<id:str>": conversation(STAFF, {"capacity": 5}),
    f"GET {V1}/short_handed": Line(ANY_AGENT),
    f"PUT {V1}/short_handed": Line(OVERSEERS, {"control": "auto"}),
    f"GET {V1}/queue/estimates": Line(OVERSEERS),
    f"GET {V1}/outbox": Line(OVERSEERS),
    f"POST {V1}/outbox/<id:str>/resend": conversation(RESEND),
    f"GET {V1}/cases": Line(ANY_AGENT),
    f"GET {V1}/cases.csv": Line(OVERSEERS),
    f"GET {V1}/cases/<id:str>": conversation(CASE),
    f"POST {V1}/cases/<id:str>/status": conversation(CASE, {"status": "open"}),
    f"POST {IN}/faq/search": Line(internal(200), {"query": "退货"}),
    f"POST {IN}/products/search": Line(internal(200), {"query": ""}),
    f"POST {IN}/orders/list": Line(internal(404), {"conversation_id": MISSING}),
    f"POST {IN}/orders/lookup": Line(internal(404), {"conversation_id": MISSING, "order_number": "KF1"}),
    f"POST {IN}/orders/parcel": Line(internal(404), {"conversation_id": MISSING, "order_number": "KF1"}),
    f"POST {IN}/orders/cancel": Line(internal(404), {"conversation_id": MISSING, "order_number": "KF1"}),
    f"POST {IN}/orders/address": Line(
        internal(404), {"conversation_id": MISSING, "order_number": "KF1", "address": {"text": "x"}}),
    f"POST {IN}/orders/invoice": Line(
        internal(404), {"conversation_id": MISSING, "order_number": "KF1", "title": "x", "email": "a@b.example"}),
    f"POST {IN}/cases": Line(internal(404), {"conversation_id": MISSING, "kind": "complaint", "data": {"text": "x"}}),
    f"POST {IN}/cases/list": Line(internal(404), {"conversation_id": MISSING}),
    "GET /healthz": Line(public(200)),
    "GET /readyz": Line(public(200)),
    "GET /metrics": Line(internal(200)),
}  # fmt: skip

# Whoever may see a route may call these; they carry nothing of anybody.
PAGES = {
    "GET /", "GET /sdk.js", "GET /desk", "GET /desk/<path:path>", "GET /docs", "GET /docs/start.js",
    "GET /docs/<name:str>", "GET /openapi.json", "OPTIONS /api/v1/widget/sessions", "OPTIONS /api/v1/widget/messages",
    "OPTIONS /api/v1/widget/sessions/reset",
}  # fmt: skip
SOCKETS = {"GET /ws/customer", "GET /ws/agent"}


def test_that_every_route_says_who_may_call_it() -> None:
    assert {f"{route.method} {route.path}" for route in TABLE} == set(EXPECTED)
    assert len(TABLE) == len(EXPECTED)


def test_that_nothing_is_served_beside_the_table_but_known_pages_and_sockets(tmp_path: Path) -> None:
    made = build(Settings.from_env({"KEFU_VAR": str(tmp_path), "KEFU_ENV": "demo"}))
    try:
        app = create_app(made)
        app.router.finalize()
        served = {
            f"{method} /{route.path}" for route in app.router.routes for method in route.methods if method != "HEAD"
        }
    finally:
        made.store.close()
    assert served - {f"{route.method} {route.path}" for route in TABLE} == PAGES | SOCKETS


def test_that_each_line_of_the_table_asks_for_a_key_in_the_documents(gateway: House) -> None:
    document = httpx.get(f"{gateway.url}/openapi.json").json()
    documented = {
        f"{method.upper()} {path}": operation["security"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    for name, line in EXPECTED.items():
        statuses = line.statuses or next(iter(line.by_object.values()))
        asks = documented.pop(name.replace("<id:str>", "{id}"))
        assert bool(asks) == (statuses["nobody"] == 401), name
    assert documented == {}


class Scene:
    """The people and the things they own. A thing that was changed is made anew."""

    def __init__(self, house: House, stack: AsyncExitStack) -> None:
        self.house, self._stack = house, stack
        self.desks: dict[str, Desk] = {}
        self.made: dict[str, str] = {}

    async def open(self) -> None:
        for name in ("wang", "liam", "zhou"):
            self.desks[name] = await self._stack.enter_async_context(self.house.desk(name))

    async def page(self) -> Page:
        return await self._stack.enter_async_context(self.house.page())

    async def object(self, name: str) -> str:
        """The id of a thing in the state that its name says."""
        if name not in self.made:
            self.made[name] = await getattr(self, f"_{name}")()
        return self.made[name]

    async def spend(self, name: str) -> None:
        """It has changed: end it, so that nobody is full."""
        id = self.made.pop(name)
        zhou = self.desks["zhou"]
        row = (await zhou.http.get(f"/api/v1/conversations/{id}")).json()
        if row["status"] != "resolved":
            assert (await zhou.do(id, "resolve", epoch=row["owner"]["epoch"])).status_code == 200

    async def _missing(self) -> str:
        return MISSING

    async def _queued(self) -> str:
        page = await self.page()
        await page.waits_for("complaints")
        return page.id

    async def _taken(self, name: str) -> str:
        page = await self.page()
        await page.waits_for("after_sales")
        await self.desks[name].take(page.id)
        return page.id

    async def _wangs(self) -> str:
        return await self._taken("wang")

    async def _liams(self) -> str:
        return await self._taken("liam")

    async def _bots(self) -> str:
        page = await self.page()
        await page.say("你好")
        await page.hears("bot")
        return page.id

    async def _colleague(self) -> str:
        return str(self.desks["wang"].agent["id"])

    async def _entry(self) -> str:
        """The only one: it has the first version for good, because nobody here changes anything of it."""
        self.house.sql("DELETE FROM faq_entries")
        columns = "id, category, status, phrasings, answer, revision, updated_at, updated_by"
        texts = '\'{"zh": ["问"]}\', \'{"zh": "答"}\''
        values = f"'matrix', 'x', 'published', {texts}, 1, '2026-01-01 00:00:00.000000', 'seed'"
        self.house.sql(f"INSERT INTO faq_entries ({columns}) VALUES ({values})")  # noqa: S608 (all our own)
        return "matrix"

    async def _team(self) -> str:
        return "pre_sales"

    async def _complaint(self) -> str:
        id = await self._bots()
        async with self.house.internal() as bot:
            body = {"conversation_id": id, "kind": "complaint", "data": {"text": "不满意"}}
            answer = await bot.post("/internal/v1/cases", json=body, headers={"Idempotency-Key": f"{id}:1:complain:x"})
        return str(answer.json()["case"]["id"])

    async def _stranger(self) -> str:
        return str((await self.house.session())["customer_id"])


@pytest.fixture
async def scene(gateway: House) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        made = Scene(gateway, stack)
        await made.open()
        yield made
        for name in [n for n in made.made if n in ("wangs", "liams", "queued", "bots")]:
            await made.spend(name)


async def keys_of_everybody(house: House) -> dict[str, str | None]:
    """A token of its own for each role, so that logging out harms nobody else."""
    expired_customer, expired_agent = await house.session(), await house.log_in("wang")
    house.expire("customer_sessions", expired_customer["token"])
    house.expire("agent_sessions", expired_agent)
    return {
        "nobody": None,
        "wrong token": "no-token-of-anybody",
        "expired customer": expired_customer["token"],
        "expired agent": expired_agent,
        "customer": (await house.session("c001"))["token"],
        "other customer": (await house.session())["token"],
        "internal": house.stack.env["KEFU_INTERNAL_SECRET"],
    } | {name: await house.log_in(name) for name in AGENTS}


async def call(
    house: House, client: httpx.AsyncClient, name: str, token: str | None, body: Any, id: str = ""
) -> httpx.Response:
    method, path = name.replace("<id:str>", id).split(" ")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if path.startswith(IN):
        headers["Idempotency-Key"] = "matrix:1:x:y"
    return await client.request(method, path, json=body, headers=headers)


def check(answer: httpx.Response, expected: int, what: str) -> None:
    assert answer.status_code == expected, f"{what}: {answer.status_code} {answer.text[:200]}"
    if answer.status_code >= 400:
        assert_error(answer)


def assert_error(answer: httpx.Response) -> JsonObject:
    """An error in the project's shape, which nobody caches."""
    body: JsonObject = answer.json()
    assert body["code"] == body["code"].lower()
    assert isinstance(body["message"], str)
    assert all({"field", "code"} <= set(one) for one in body["errors"])
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert ("retry-after" in answer.headers) == (answer.status_code in (429, 503))
    return body


async def test_that_every_route_answers_every_role_as_it_should(gateway: House) -> None:
    keys = await keys_of_everybody(gateway)
    last = ("POST /api/v1/widget/sessions/reset", "POST /api/v1/auth/logout")  # they end the sessions
    lines = [(n, line) for n, line in EXPECTED.items() if line.statuses and n not in last] + [
        (n, EXPECTED[n]) for n in last
    ]
    async with gateway.http() as client:
        for name, line in lines:
            assert line.statuses is not None
            for role in ROLES:
                check(await call(gateway, client, name, keys[role], line.body), line.statuses[role], f"{role}: {name}")
        for role, path in (("customer", "widget/messages"), ("wang", "me")):
            ended = await client.get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {keys[role]}"})
            assert ended.status_code == 401


async def test_that_every_object_is_only_there_for_those_who_may_see_it(scene: Scene) -> None:
    keys = await keys_of_everybody(scene.house)
    async with scene.house.http() as client:
        for name, line in EXPECTED.items():
            for thing, statuses in line.by_object.items():
                for role in ROLES:
                    id = await scene.object(thing)
                    check(
                        await call(scene.house, client, name, keys[role], line.body, id),
                        statuses[role],
                        f"{role}, {thing}: {name}",
                    )
                    if name.endswith("/accept") and statuses[role] == 200:
                        await scene.spend(thing)


async def test_that_a_foreign_object_and_a_missing_one_answer_alike(scene: Scene) -> None:
    keys = await keys_of_everybody(scene.house)
    async with scene.house.http() as client:
        for name, line in EXPECTED.items():
            if "queued" not in line.by_object:
                continue
            foreign = await call(scene.house, client, name, keys["liam"], line.body, await scene.object("queued"))
            missing = await call(scene.house, client, name, keys["liam"], line.body, MISSING)
            assert foreign.content == missing.content, name


async def test_that_the_internal_api_is_for_this_machine_only(gateway: House) -> None:
    async with gateway.http(gateway.stack.env["KEFU_INTERNAL_SECRET"], address=gateway.address()) as client:
        for name, line in EXPECTED.items():
            if IN in name:
                check(
                    await call(gateway, client, name, gateway.stack.env["KEFU_INTERNAL_SECRET"], line.body), 403, name
                )


async def test_that_a_token_in_the_address_is_no_token(gateway: House) -> None:
    token = await gateway.token_of("wang")
    async with gateway.http() as client:
        for name in ("token", "access_token", "authorization"):
            assert (await client.get("/api/v1/me", params={name: token})).status_code == 401
        for scheme in ("Basic", "Token", "Bearer,"):
            assert (await client.get("/api/v1/me", headers={"Authorization": f"{scheme} {token}"})).status_code == 401


@pytest.mark.parametrize(
    "id", ["..", "%2e%2e", "a b", "'; DROP TABLE conversations; --", "x" * 65, "客服", "%00", "%ff", "<b>"]
)
async def test_that_an_id_that_is_no_id_is_not_there(gateway: House, id: str) -> None:
    async with gateway.http(await gateway.token_of("admin")) as client:
        answer = await client.get(f"/api/v1/conversations/{id}/messages")
    assert answer.status_code in (400, 404)
    assert_error(answer)
