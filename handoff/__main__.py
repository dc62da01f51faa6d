"""`python -m handoff` runs a gateway, `… migrate` brings the database up to date, `… add-agent` makes an account."""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import sys
from typing import IO

import uvloop
from sanic import Sanic

from handoff.app import create_app
from handoff.bootstrap import add_agent, build, migrate
from handoff.domain.people import Role
from handoff.settings import Settings, SettingsError


def _only_one(settings: Settings) -> IO[str] | None:
    """SQLite has one writer, so it has one gateway. Raises SettingsError when another runs."""
    if not settings.database_url.startswith("sqlite"):
        return None
    settings.var.mkdir(parents=True, exist_ok=True)
    lock = (settings.var / "gateway.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise SettingsError(
            "another gateway runs on this SQLite database; to run several, set DATABASE_URL to a PostgreSQL database"
        ) from None
    return lock


def _add_agent(settings: Settings, arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m handoff add-agent", description="Make an account for the desk.")
    parser.add_argument("email")
    parser.add_argument("name")
    parser.add_argument("--role", choices=[role.value for role in Role], default=Role.AGENT.value)
    parser.add_argument("--team", action="append", default=[], help="id of a team; may be given several times")
    parser.add_argument("--capacity", type=int, default=5)
    given = parser.parse_args(arguments)
    password = add_agent(settings, given.email, given.name, Role(given.role), given.team, given.capacity)
    print(f"{given.email} may log in with the password {password}")
    return 0


def main() -> int:
    """Returns the exit code."""
    try:
        # The database, the logs and the secrets are for this account only.
        os.umask(0o077)
        settings = Settings.from_env()
        logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
        if sys.argv[1:] == ["migrate"]:
            migrate(settings)
            return 0
        if sys.argv[1:2] == ["add-agent"]:
            return _add_agent(settings, sys.argv[2:])
        if sys.argv[1:]:
            raise SettingsError(f"unknown command {' '.join(sys.argv[1:])!r}; use none, migrate or add-agent")
        lock = _only_one(settings)
        uvloop.install()
        app = create_app(build(settings), alone=True)
        Sanic.START_METHOD_SET = True
        app.run(host=settings.host, port=settings.port, single_process=True, motd=False, access_log=False)
        del lock
    except SettingsError as error:
        print(f"kefu: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
