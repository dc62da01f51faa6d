"""What every test may use. tests/bot runs in the bot's environment, everything else in the handoff service's."""

from __future__ import annotations

import importlib.util
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops import chromium
from ops.redis import running_redis

TESTS = Path(__file__).resolve().parent
IN_BOT_ENVIRONMENT = importlib.util.find_spec("rasa") is not None


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Keep each environment to the tests that can be imported there."""
    parts = collection_path.relative_to(TESTS).parts if collection_path.is_relative_to(TESTS) else ()
    if parts and (parts[0] == "bot") != IN_BOT_ENVIRONMENT:
        return True
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without Chromium the browser tests are skipped, except where a skip must fail (CI=true)."""
    if os.environ.get("CI") == "true" or chromium.find() is not None:
        return
    browser_tests = [item for item in items if item.get_closest_marker("browser")]
    for item in browser_tests:
        item.add_marker(pytest.mark.skip(reason=f"no Chromium: {chromium.HOW}"))
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if browser_tests and reporter is not None:
        line = f"!!! {len(browser_tests)} BROWSER TESTS ARE SKIPPED: no Chromium ({chromium.HOW})."
        reporter.write_line(line, yellow=True, bold=True)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The path of a Chromium; fails where none is found and a skip is not allowed (CI=true)."""
    path = chromium.find()
    if path is None:
        pytest.fail(f"no Chromium: {chromium.HOW}")
    return path


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A function that returns a loopback port nobody listened on a moment ago."""

    def choose() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            return port

    return choose


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """A private, empty `var` folder."""
    path = tmp_path / "var"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a private Redis for the whole session; use keys of your own."""
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url
