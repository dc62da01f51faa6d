"""The one place that wires: it knows which database we run and where everybody is."""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from handoff.domain.escalation import Thresholds
from handoff.domain.hours import BusinessHours
from handoff.domain.ids import AgentId, InboxId, TeamId, new_id
from handoff.domain.people import Agent, Inbox, Presence, Role, Team
from handoff.domain.short_handed import Rule
from handoff.remotes.faq import HttpFaq
from handoff.remotes.rasa import HttpBot
from handoff.remotes.shop import HttpShop
from handoff.services.context import Policy, Services
from handoff.services.hub import Hub
from handoff.services.kept import Kept
from handoff.services.login import hash_password
from handoff.services.ports import Transaction
from handoff.services.runner import Runner
from handoff.settings import Settings, SettingsError, write_private
from handoff.stores.database import PostgresStore, SqliteStore, open_store
from handoff.stores.redis import RedisBus, RedisLimits

# Monitors ask every few seconds; what they hear may be this old.
READY_KEPT_SECONDS = 1.0
WEBSITE = InboxId("website")
TEAMS = [
    Team(TeamId("after_sales"), {"zh": "售后组", "en": "After-sales"}),
    Team(TeamId("complaints"), {"zh": "投诉组", "en": "Complaints"}),
    Team(TeamId("pre_sales"), {"zh": "售前组", "en": "Pre-sales"}),
]
# name, e-mail, role, teams, languages, capacity
DEMO_AGENTS = [
    ("王芳", "wang@demo.kefu", Role.AGENT, ("after_sales", "pre_sales", "complaints"), ("zh", "en"), 5),
    ("Liam Chen", "liam@demo.kefu", Role.AGENT, ("after_sales", "pre_sales"), ("en", "zh"), 5),
    ("周主管", "zhou@demo.kefu", Role.SUPERVISOR, ("complaints", "after_sales", "pre_sales"), ("zh", "en"), 5),
    ("Admin", "admin@demo.kefu", Role.ADMIN, (), ("zh", "en"), 5),
]


@dataclass
class Gateway:
    """Everything one gateway process holds."""

    settings: Settings
    services: Services
    runner: Runner
    bus: RedisBus
    redis: Redis
    store: SqliteStore | PostgresStore
    bot: HttpBot
    faq: HttpFaq
    shop: HttpShop
    _tasks: list[asyncio.Task[None]] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self._parts = Kept(self._ask_parts, READY_KEPT_SECONDS)

    def start(self) -> None:
        """Begin to work in the background. Must run in the event loop."""
        self.runner.start()
        for work in (self.bus.listen(self.runner.on_wake), self.bot.watch()):
            self._tasks.append(asyncio.create_task(work))

    async def stop(self) -> None:
        """Stop working and let go of everything."""
        await self.runner.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for remote in (self.bot, self.faq, self.shop):
            await remote.close()
        await self.redis.aclose()
        self.store.close()

    async def parts(self) -> dict[str, bool]:
        """Which parts answer; asked anew at most once a second, so that whoever may look cannot make us ask without end."""
        return await self._parts.now()

    async def _ask_parts(self) -> dict[str, bool]:
        async def redis() -> bool:
            try:
                return bool(await asyncio.wait_for(self.redis.ping(), 2.0))
            except (RedisError, OSError, TimeoutError):
                return False

        async def database() -> bool:
            try:
                return bool(await asyncio.wait_for(self.store.read(lambda tx: tx.customers.inboxes()), 5.0))
            except Exception:  # whatever it is, it does not answer
                return False

        names = ("database", "redis", "bot", "faq", "shop")
        answers = await asyncio.gather(database(), redis(), self.bot.healthy(), self.faq.healthy(), self.shop.healthy())
        return dict(zip(names, answers, strict=True))


def build(settings: Settings) -> Gateway:
    """Make everything; nothing connects before it is used."""
    try:
        hours = BusinessHours.parse(settings.business_hours, settings.timezone)
    except (ValueError, KeyError) as error:
        raise SettingsError(f"KEFU_BUSINESS_HOURS or KEFU_TIMEZONE: {error}") from error
    store = open_store(settings.database_url)
    redis = Redis.from_url(settings.redis_url, socket_timeout=None, socket_connect_timeout=2)
    # On SQLite there is one gateway: nobody else to wake.
    bus = RedisBus(redis, publishing=settings.publish and not isinstance(store, SqliteStore))
    bot = HttpBot(settings.rasa_urls, settings.rasa_secret, settings.bot_timeout)
    faq = HttpFaq(settings.faq_url, settings.internal_secret)
    shop = HttpShop(settings.shop_url, settings.shop_token)
    services = Services(
        store=store,
        hub=Hub(bus, secrets.token_hex(8)),
        bot=bot,
        faq=faq,
        shop=shop,
        limits=RedisLimits(redis, enabled=settings.limits),
        bot_places=asyncio.Semaphore(settings.bot_concurrency),
        policy=Policy(
            hours=hours,
            thresholds=Thresholds(anger=settings.anger_threshold, misses=settings.misses),
            short_thresholds=Thresholds(anger=settings.short_anger_threshold, misses=settings.short_misses),
            short_handed=Rule(
                on_per_agent=settings.short_on_waiting,
                off_per_agent=settings.short_off_waiting,
                on_wait=settings.short_on_wait_seconds,
                off_wait=settings.short_off_wait_seconds,
                after_seconds=settings.short_after_seconds,
            ),
            grace_seconds=settings.presence_grace_seconds,
            offer_seconds=settings.offer_seconds,
            bot_attempts=settings.bot_attempts,
            bot_timeout=settings.bot_timeout,
            bot_busy_seconds=settings.bot_timeout * settings.bot_attempts,
        ),
    )
    runner = Runner(services)
    return Gateway(settings, services, runner, bus, redis, store, bot, faq, shop)


def migrate(settings: Settings) -> None:
    """The newest tables, the first website, and in demo mode people to log in as."""
    # A gateway that starts after a crash does not wait for Alembic, nor keep its 10 MB.
    from handoff.stores.migrate import upgrade

    settings.var.mkdir(parents=True, exist_ok=True)
    upgrade(settings.database_url)
    store = open_store(settings.database_url)
    try:
        logins = asyncio.run(store.write(lambda tx: _seed(tx, settings)))
    finally:
        store.close()
    if logins:
        write_private(settings.var / "demo-logins.json", json.dumps(logins, indent=2, ensure_ascii=False))


def add_agent(settings: Settings, email: str, name: str, role: Role, teams: list[str], capacity: int) -> str:
    """Make an account; returns its password, which is shown this once. Raises SettingsError in words for the command line."""
    address = email.strip().lower()
    if "@" not in address or not name.strip() or capacity < 1:
        raise SettingsError("an account needs an e-mail address, a name and a capacity of at least 1")
    password = secrets.token_urlsafe(12)

    def work(tx: Transaction) -> None:
        known = {team.id: team for team in tx.agents.teams()}
        if unknown := [team for team in teams if team not in known]:
            raise SettingsError(f"no team {', '.join(unknown)}; there are {', '.join(known)}")
        if tx.agents.credentials(address):
            raise SettingsError(f"{address} has an account already")
        agent = Agent(
            id=AgentId(new_id()),
            name=name.strip(),
            email=address,
            role=role,
            presence=Presence.OFFLINE,
            capacity=capacity,
            load=0,
            locale="zh-Hans",
            teams=tuple(known[TeamId(team)] for team in teams),
            languages=("zh", "en"),
        )
        tx.agents.add(agent, hash_password(password))

    store = open_store(settings.database_url)
    try:
        asyncio.run(store.write(work))
    finally:
        store.close()
    return password


def _seed(tx: Transaction, settings: Settings) -> list[dict[str, Any]]:
    inbox = Inbox(WEBSITE, "web", "Website", settings.website_token, settings.website_secret, settings.website_origins)
    tx.customers.save_inbox(inbox)
    if not tx.agents.teams():
        for team in TEAMS:
            tx.agents.add_team(team)
    if not settings.demo or tx.agents.credentials(DEMO_AGENTS[0][1]):
        return []
    logins = []
    for name, email, role, teams, languages, capacity in DEMO_AGENTS:
        password = secrets.token_urlsafe(9)
        agent = Agent(
            id=AgentId(new_id()),
            name=name,
            email=email,
            role=role,
            presence=Presence.OFFLINE,
            capacity=capacity,
            load=0,
            locale="en" if languages[0] == "en" else "zh-Hans",
            teams=tuple(t for t in TEAMS if t.id in teams),
            languages=languages,
        )
        tx.agents.add(agent, hash_password(password))
        logins.append({"name": name, "email": email, "password": password, "role": role.value})
    return logins
