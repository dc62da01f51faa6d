"""Finds a Chromium for the browser tests, or installs Debian's as root; else says once, loudly, what is skipped."""

from __future__ import annotations

import os
import shutil

from ops.console import OpsError, run_or_exit, say, step
from ops.toolchain import apt_install

# Chromium's names on Debian, Fedora and a developer's machine.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Without Chinese letters the screenshots show boxes.
PACKAGES = ("chromium", "fonts-noto-cjk")
HOW = "set KEFU_CHROMIUM, or apt-get install --no-install-recommends chromium fonts-noto-cjk"


def find() -> str | None:
    """Chromium's path from KEFU_CHROMIUM or PATH, or None."""
    named = os.environ.get("KEFU_CHROMIUM")
    if named:
        return named if os.access(named, os.X_OK) else None
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def main() -> None:
    if find():
        return
    if os.environ.get("KEFU_CHROMIUM"):
        raise OpsError(f"KEFU_CHROMIUM={os.environ['KEFU_CHROMIUM']} cannot be run.")
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with step("Installing Chromium for the browser tests"):
            installed = apt_install(*PACKAGES) and find() is not None
        if installed:
            return
    if os.environ.get("CI") == "true":
        raise OpsError(f"no Chromium for the browser tests: {HOW}.")
    say(f"!!! NO CHROMIUM: THE BROWSER TESTS WILL BE SKIPPED ({HOW}).")


if __name__ == "__main__":
    run_or_exit(main)
