"""Every setting of the system in one table; all come from the environment, secrets are made at first start.

`Settings.from_env` is the only reader of the environment. Secrets that are not set come from ``var/secrets.json`` (mode 0600),
which is made at first start in demo mode; outside demo mode a missing secret is an error.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any


class SettingsError(Exception):
    """A setting has a value that we cannot run with; the text says which and what to do."""


@dataclass(frozen=True)
class Setting:
    """One line of the table."""

    env: str
    default: str
    help: str
    secret: bool = False


SETTINGS: dict[str, Setting] = {
    s.env: s
    for s in [
        Setting("KEFU_ENV", "demo", "`demo` (127.0.0.1 only, secrets made for you) or `production`."),
        Setting("KEFU_VAR", "var", "Folder for the database, secrets and logs."),
        Setting("KEFU_CACHE", "", "Folder for what can be made again (sentence vectors); empty: cache in KEFU_VAR."),
        Setting("KEFU_HOST", "127.0.0.1", "Address the gateway listens on; demo mode allows 127.0.0.1 only."),
        Setting("KEFU_PORT", "8080", "Port of the gateway."),
        Setting("KEFU_PROXIES", "0", "How many proxies of yours stand before the gateway and add X-Forwarded-For."),
        Setting("KEFU_BASE_URL", "", "Public address of the gateway; empty: http://HOST:PORT."),
        Setting("DATABASE_URL", "", "SQLAlchemy address; empty: SQLite in KEFU_VAR. PostgreSQL: postgresql://…"),
        Setting("REDIS_URL", "", "Redis address; empty: the bundled server on a unix socket in KEFU_VAR."),
        Setting("RASA_URLS", "http://127.0.0.1:5005", "Rasa processes, comma-separated, one worker each."),
        Setting("KEFU_ACTIONS_URL", "http://127.0.0.1:5055/webhook", "Rasa's action server, read by Rasa."),
        Setting("KEFU_TRACKER_DB", "", "File of Rasa's own tracker store; the launcher sets one for each process."),
        Setting(
            "KEFU_GATEWAY_URL",
            "",
            "Address of the gateway for the bot, or several by comma; empty: http://127.0.0.1:PORT.",
        ),
        Setting("KEFU_FAQ_URL", "http://127.0.0.1:8091", "Address of the FAQ search process."),
        Setting("KEFU_FAQ_PORT", "8091", "Port the FAQ search process listens on."),
        Setting("KEFU_SHOP_URL", "http://127.0.0.1:8090", "Address of the shop's API."),
        Setting("KEFU_SHOP_PORT", "8090", "Port the demo shop listens on."),
        Setting("KEFU_WEBSITE_ORIGINS", "http://127.0.0.1:8090", "Origins that may embed the widget, comma-separated."),
        Setting("KEFU_WEBSITE_TOKEN", "", "Public token of the first website.", secret=True),
        Setting("KEFU_WEBSITE_SECRET", "", "Key of identifier_hash of the first website.", secret=True),
        Setting("KEFU_RASA_SECRET", "", "Shared secret, gateway to Rasa.", secret=True),
        Setting("KEFU_INTERNAL_SECRET", "", "Shared secret, bot to gateway and gateway to FAQ search.", secret=True),
        Setting("KEFU_SHOP_TOKEN", "", "Token of the shop's API.", secret=True),
        Setting("KEFU_BOT_TIMEOUT", "10", "Seconds to wait for one bot turn before it is tried again."),
        Setting("KEFU_BOT_ATTEMPTS", "3", "How often a bot turn is tried before the customer is told it failed."),
        Setting("KEFU_BOT_CONCURRENCY", "8", "Bot turns at once, per gateway."),
        Setting("KEFU_OFFER_SECONDS", "30", "How long an offer rings at one agent."),
        Setting("KEFU_ANGER_THRESHOLD", "0.845", "Anger of one message (0 to 1) that escalates at once."),
        Setting("KEFU_MISSES", "2", "Turns in a row not understood that escalate."),
        Setting(
            "KEFU_PRESENCE_GRACE_SECONDS",
            "60",
            "How long a silent desk keeps its conversations once it counts as gone.",
        ),
        Setting("KEFU_SHORT_ON_WAITING", "3", "Waiting customers per agent online from which hands are short."),
        Setting("KEFU_SHORT_OFF_WAITING", "1", "Waiting customers per agent online at which they no longer are."),
        Setting("KEFU_SHORT_ON_WAIT_SECONDS", "600", "Expected wait from which hands are short."),
        Setting("KEFU_SHORT_OFF_WAIT_SECONDS", "180", "Expected wait at which they no longer are."),
        Setting("KEFU_SHORT_AFTER_SECONDS", "60", "How long either must last before the short-handed mode changes."),
        Setting("KEFU_SHORT_ANGER_THRESHOLD", "0.9", "KEFU_ANGER_THRESHOLD while hands are short."),
        Setting("KEFU_SHORT_MISSES", "3", "KEFU_MISSES while hands are short."),
        Setting(
            "KEFU_BUSINESS_HOURS",
            "00:00-24:00",
            "When humans answer, local time, until an admin sets other hours; by day: mon-fri 09:00-12:00,13:30-18:00; sat 10:00-16:00.",
        ),
        Setting("KEFU_TIMEZONE", "Asia/Shanghai", "Time zone of the business hours."),
        Setting("KEFU_SOCKETS_PER_ADDRESS", "200", "WebSockets at once from one address, per gateway."),
        Setting("KEFU_PUBLISH", "on", "`off`: gateways do not wake each other and find all by asking SQL; for tests."),
        Setting(
            "KEFU_INTERNAL_FROM",
            "127.0.0.1/32,::1/128",
            "Networks from which the bot may call the gateway, comma-separated; never through a proxy.",
        ),
        Setting("KEFU_LIMITS", "on", "`off` lifts the rate limits for benchmarks; refused outside demo mode."),
        Setting("KEFU_LOG_LEVEL", "INFO", "Python log level."),
    ]
}

SECRET_NAMES = [s.env for s in SETTINGS.values() if s.secret]


def load_or_make_secrets(var: Path) -> dict[str, str]:
    """The secrets of ``var/secrets.json``, made when missing. The file is readable by its owner only."""
    var.mkdir(parents=True, exist_ok=True)
    path = var / "secrets.json"
    found: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = [name for name in SECRET_NAMES if not found.get(name)]
    if missing:
        found.update({name: secrets.token_urlsafe(24) for name in missing})
        write_private(path, json.dumps(found, indent=2))
    return found


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


@dataclass(frozen=True)
class Settings:
    """The settings as values. Secrets do not show in its repr."""

    env: str
    var: Path
    host: str
    port: int
    proxies: int
    base_url: str
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    rasa_urls: tuple[str, ...]
    faq_url: str
    shop_url: str
    website_origins: tuple[str, ...]
    website_token: str = field(repr=False)
    website_secret: str = field(repr=False)
    rasa_secret: str = field(repr=False)
    internal_secret: str = field(repr=False)
    shop_token: str = field(repr=False)
    bot_timeout: float
    bot_attempts: int
    bot_concurrency: int
    offer_seconds: float
    anger_threshold: float
    misses: int
    presence_grace_seconds: float
    short_on_waiting: float
    short_off_waiting: float
    short_on_wait_seconds: float
    short_off_wait_seconds: float
    short_after_seconds: float
    short_anger_threshold: float
    short_misses: int
    business_hours: str
    timezone: str
    sockets_per_address: int
    publish: bool
    internal_from: tuple[str, ...]
    limits: bool
    log_level: str

    @property
    def demo(self) -> bool:
        """Whether this is the one-machine demonstration."""
        return self.env == "demo"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read and check all settings. Raises SettingsError."""
        given = {k: v for k, v in (os.environ if environ is None else environ).items() if k in SETTINGS and v != ""}
        env = given.get("KEFU_ENV", SETTINGS["KEFU_ENV"].default)
        if env not in ("demo", "production"):
            raise SettingsError(f"KEFU_ENV is {env!r}; it must be demo or production")
        var = Path(given.get("KEFU_VAR", SETTINGS["KEFU_VAR"].default))
        missing = [name for name in SECRET_NAMES if name not in given]
        if missing and env == "production":
            raise SettingsError(f"outside demo mode these must be set: {', '.join(missing)}")
        made = load_or_make_secrets(var) if missing else {}
        values = {s.env: given.get(s.env, made.get(s.env, s.default)) for s in SETTINGS.values()}
        settings = cls(**_parse(values, var))
        _check(settings)
        return settings


def _parse(values: Mapping[str, str], var: Path) -> dict[str, Any]:
    def number(name: str) -> float:
        try:
            return float(values[name])
        except ValueError:
            raise SettingsError(f"{name} is {values[name]!r}; it must be a number") from None

    host, port = values["KEFU_HOST"], int(number("KEFU_PORT"))
    parsed: dict[str, Any] = {
        "env": values["KEFU_ENV"],
        "var": var,
        "host": host,
        "port": port,
        "proxies": int(number("KEFU_PROXIES")),
        "base_url": (values["KEFU_BASE_URL"] or f"http://{host}:{port}").rstrip("/"),
        "database_url": values["DATABASE_URL"] or f"sqlite:///{(var / 'kefu.db').absolute()}",
        "redis_url": values["REDIS_URL"] or f"unix://{(var / 'redis.sock').absolute()}",
        "rasa_urls": tuple(url.strip().rstrip("/") for url in values["RASA_URLS"].split(",") if url.strip()),
        "faq_url": values["KEFU_FAQ_URL"].rstrip("/"),
        "shop_url": values["KEFU_SHOP_URL"].rstrip("/"),
        "website_origins": tuple(o.strip().rstrip("/") for o in values["KEFU_WEBSITE_ORIGINS"].split(",") if o.strip()),
        "bot_timeout": number("KEFU_BOT_TIMEOUT"),
        "bot_attempts": int(number("KEFU_BOT_ATTEMPTS")),
        "bot_concurrency": int(number("KEFU_BOT_CONCURRENCY")),
        "offer_seconds": number("KEFU_OFFER_SECONDS"),
        "anger_threshold": number("KEFU_ANGER_THRESHOLD"),
        "misses": int(number("KEFU_MISSES")),
        "presence_grace_seconds": number("KEFU_PRESENCE_GRACE_SECONDS"),
        "short_on_waiting": number("KEFU_SHORT_ON_WAITING"),
        "short_off_waiting": number("KEFU_SHORT_OFF_WAITING"),
        "short_on_wait_seconds": number("KEFU_SHORT_ON_WAIT_SECONDS"),
        "short_off_wait_seconds": number("KEFU_SHORT_OFF_WAIT_SECONDS"),
        "short_after_seconds": number("KEFU_SHORT_AFTER_SECONDS"),
        "short_anger_threshold": number("KEFU_SHORT_ANGER_THRESHOLD"),
        "short_misses": int(number("KEFU_SHORT_MISSES")),
        "business_hours": values["KEFU_BUSINESS_HOURS"],
        "timezone": values["KEFU_TIMEZONE"],
        "sockets_per_address": int(number("KEFU_SOCKETS_PER_ADDRESS")),
        "publish": values["KEFU_PUBLISH"] != "off",
        "internal_from": tuple(n.strip() for n in values["KEFU_INTERNAL_FROM"].split(",") if n.strip()),
        "limits": values["KEFU_LIMITS"] != "off",
        "log_level": values["KEFU_LOG_LEVEL"].upper(),
    }
    names = {f.name for f in fields(Settings)}
    for name in SECRET_NAMES:
        key = name.removeprefix("KEFU_").lower()
        if key in names:
            parsed[key] = values[name]
    return parsed


def _check(settings: Settings) -> None:
    if settings.demo and settings.host not in ("127.0.0.1", "localhost", "::1"):
        raise SettingsError("demo mode listens on 127.0.0.1 only; set KEFU_ENV=production to listen elsewhere")
    if not settings.demo and not settings.limits:
        raise SettingsError("KEFU_LIMITS=off is for benchmarks in demo mode; it is refused outside it")
    for network in settings.internal_from:
        try:
            ip_network(network)
        except ValueError as error:
            raise SettingsError(f"KEFU_INTERNAL_FROM: {error}") from None
    if not settings.rasa_urls:
        raise SettingsError("RASA_URLS names no Rasa process")
    if settings.short_off_waiting >= settings.short_on_waiting:
        raise SettingsError("KEFU_SHORT_OFF_WAITING must be below KEFU_SHORT_ON_WAITING")
    if settings.short_off_wait_seconds >= settings.short_on_wait_seconds:
        raise SettingsError("KEFU_SHORT_OFF_WAIT_SECONDS must be below KEFU_SHORT_ON_WAIT_SECONDS")
    short = [
        n for n in ("website_secret", "rasa_secret", "internal_secret", "shop_token") if len(getattr(settings, n)) < 16
    ]
    if short and not settings.demo:
        raise SettingsError(f"these secrets are shorter than 16 characters: {', '.join(short)}")
