"""`make test` and `make test-all`: the service's tests, the bot's and the front end's, each where it runs.

All three are run even if an earlier one fails; the exit code is non-zero if any failed or ran no test.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import time

from ops.console import OpsError, run_or_exit, say
from ops.paths import FRONTEND, ROOT, TOOLS


def suites(everything: bool) -> list[tuple[str, list[str], str]]:
    """(name, command, working folder) of each suite."""
    chosen = [] if everything else ["-m", "not slow"]
    pytest = ["-m", "pytest", "-q", "--durations=10", *chosen]
    found = [
        ("service", [str(ROOT / ".venv/handoff/bin/python"), *pytest, "tests"], str(ROOT)),
        ("bot", [str(ROOT / ".venv/bot/bin/python"), *pytest, "tests/bot"], str(ROOT)),
    ]
    if (FRONTEND / "package-lock.json").exists():
        found.append(("front end", ["npm", "test"], str(FRONTEND)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="slow tests too")
    everything = parser.parse_args().all
    own_node = TOOLS / "node" / "bin"
    env = {**os.environ, "PATH": f"{own_node}{os.pathsep}{os.environ.get('PATH', '')}", "OMP_NUM_THREADS": "1"}
    failed = []
    for name, command, folder in suites(everything):
        started = time.monotonic()
        say(f"── {name} ──")
        # pytest exits with 5 when it ran no test, so that is a failure here too.
        code = subprocess.run(command, cwd=folder, env=env, stdin=subprocess.DEVNULL).returncode
        say(f"── {name}: {'passed' if code == 0 else f'FAILED (exit {code})'} in {time.monotonic() - started:.0f} s ──")
        if code != 0:
            failed.append(name)
    if failed:
        raise OpsError(f"tests failed: {', '.join(failed)}.")


if __name__ == "__main__":
    run_or_exit(main)
