"""`make setup`: both Python environments from their locks, Node, and the built front end. The second time a no-op.

Runs with the system's python3 (3.11 or newer) and the standard library only. What exists is kept; stamps say what it
was made from, so a changed lock or source file is enough to renew it. The environments always carry the development
tools: one kind of environment is one thing to understand, and they add little to the size of Rasa's.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from ops.console import OpsError, run_or_exit, say, step
from ops.paths import FRONTEND, ROOT, STAMPS, STATIC, VAR, Stamp, fingerprint, only_one, private_folder
from ops.toolchain import find_node, find_python310, find_uv, output_of, run_logged

BOT = ROOT / ".venv" / "bot"
HANDOFF = ROOT / ".venv" / "handoff"


class Tools:
    """uv, looked for only when something has to be made."""

    def __init__(self, uv: str | None = None) -> None:
        self._uv = uv

    @property
    def uv(self) -> str:
        if self._uv is None:
            self._uv = find_uv()
        return self._uv


def environment_is_current(folder: Path, key: str) -> bool:
    """Whether the environment has a Python and was made from the lock with this fingerprint."""
    # os.path.exists follows the link: a Python that was uninstalled below the environment is noticed.
    return (folder / "bin" / "python").exists() and Stamp(folder / "kefu-lock").matches(key)


def make_environment(tools: Tools, folder: Path, lock: Path, python: str) -> None:
    """Create or renew one environment so that it holds exactly what its lock names, checked against its hashes."""
    Stamp(folder / "kefu-lock").clear()
    uv, name = tools.uv, folder.name
    count = sum(1 for line in lock.read_text().splitlines() if "==" in line)
    with step(f"Environment .venv/{name}: {count} packages"):
        here = folder / "bin" / "python"
        if output_of([str(here), "--version"]) is None and not run_logged(
            [uv, "venv", "--quiet", "--clear", "--no-project", "--python", python, str(folder)], "setup.log"
        ):
            raise OpsError(f"the environment .venv/{name} could not be created: see var/log/setup.log.")
        # Compiled here once and by all cores: importing Rasa with TensorFlow takes 5 s then, not 14.
        sync = [uv, "pip", "sync", "--require-hashes", "--compile-bytecode", "--python", str(here), str(lock)]
        if not run_logged(sync, "setup.log"):
            raise OpsError(
                f"the packages of .venv/{name} could not be installed (see var/log/setup.log): "
                "is a package registry reachable? Run this again when it is."
            )
    Stamp(folder / "kefu-lock").write(fingerprint([lock]))


def make_environments(tools: Tools) -> None:
    for folder, lock_name in ((HANDOFF, "handoff-dev.txt"), (BOT, "bot-dev.txt")):
        lock = ROOT / "requirements" / lock_name
        if environment_is_current(folder, fingerprint([lock])):
            continue
        python = find_python310(tools.uv) if folder == BOT else sys.executable
        make_environment(tools, folder, lock, python)


def node_environment(tools: Tools) -> dict[str, str]:
    """The environment in which `node` and `npm` are new enough."""
    folder = find_node(tools.uv, str(HANDOFF / "bin" / "python"))
    env = dict(os.environ)
    if folder:
        env["PATH"] = f"{folder}{os.pathsep}{env.get('PATH', '')}"
    return env


def make_frontend(tools: Tools) -> None:
    """Install the front end's packages and build it into handoff/static, each only when its inputs changed."""
    if not (FRONTEND / "package-lock.json").exists():
        return
    packages = fingerprint([FRONTEND / "package.json", FRONTEND / "package-lock.json"])
    sources = fingerprint([FRONTEND])
    packages_stamp, build_stamp = Stamp(STAMPS / "frontend-packages"), Stamp(STAMPS / "frontend-build")
    # npm writes this file last: a folder without it is half there.
    installed = (FRONTEND / "node_modules" / ".package-lock.json").is_file() and packages_stamp.matches(packages)
    built = STATIC.is_dir() and any(STATIC.iterdir()) and build_stamp.matches(sources)
    if installed and built:
        return
    env = node_environment(tools)
    if not installed:
        packages_stamp.clear()
        with step("Packages of the front end"):
            if not run_logged(["npm", "ci", "--no-audit", "--no-fund"], "setup.log", cwd=FRONTEND, env=env):
                raise OpsError(
                    "the front end's packages could not be installed (see var/log/setup.log): "
                    "is a package registry reachable? Run this again when it is."
                )
        packages_stamp.write(packages)
    if not built:
        build_stamp.clear()
        with step("Building the widget and the desk"):
            if not run_logged(["npm", "run", "build"], "setup.log", cwd=FRONTEND, env=env):
                raise OpsError("the front end could not be built: see the end of var/log/setup.log.")
        build_stamp.write(sources)


def main() -> None:
    if sys.version_info < (3, 11):
        raise OpsError(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}.")
    started = time.monotonic()
    private_folder(VAR)
    with only_one(VAR / "setup.lock", "Another set-up is at work in this folder; waiting for it."):
        tools = Tools()
        make_environments(tools)
        make_frontend(tools)
    if time.monotonic() - started > 2:
        say(f"Set-up is done ({time.monotonic() - started:.0f} s).")


if __name__ == "__main__":
    run_or_exit(main)
