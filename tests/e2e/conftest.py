"""One running installation with everything, and a browser, for all browser tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from ops.stack import Stack

FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update"]


# Two busy cores answer a turn in a second or two; this is for the moments when everything starts at once.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything, on free ports, in a folder of its own."""
    with Stack(tmp_path_factory.mktemp("everything")) as running:
        yield running


@pytest.fixture
def browser(chromium_path: str) -> Iterator[Browser]:
    """Headless Chromium. Not for longer than a test: while Playwright's own event loop runs, asyncio cannot start one."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def pages(browser: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A Chinese person's browser. What it looked like at the end is kept in KEFU_SCREENSHOTS, when that is set."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(20_000)
    yield context
    if folder := os.environ.get("KEFU_SCREENSHOTS"):
        for number, page in enumerate(context.pages):
            page.screenshot(path=Path(folder) / f"{request.node.name}-{number}.png")
    context.close()
