"""`make run`: trains the bot if need be, starts everything, says where it is, and stops everything on Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType

from honcho.environ import parse

from ops.console import run_or_exit, say
from ops.follow import Follower
from ops.paths import ROOT, only_one
from ops.stack import Stack
from ops.train import ensure_model

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CHECK_SECONDS = 0.5


class Asked(BaseException):
    """Somebody asked us to stop; not an Exception, so that nothing on the way takes it for a failure."""


def _ask(number: int, frame: FrameType | None) -> None:
    for one in SIGNALS:  # from here on only stopping counts, however often it is asked for
        signal.signal(one, signal.SIG_IGN)
    raise Asked


@contextmanager
def stoppable() -> Iterator[None]:
    """Turns Ctrl-C, SIGTERM and a closed terminal into a quiet end of the block."""
    for number in SIGNALS:
        signal.signal(number, _ask)
    try:
        yield
    except Asked:
        say("Everything is stopped.")


def read_dotenv(path: Path) -> None:
    """Put the settings of a .env file into the environment; what is there already wins."""
    if path.exists():
        for name, value in parse(path.read_text()).items():
            if value != "":  # an empty value is no value, for the service too
                os.environ.setdefault(name, value)


def width(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def boxed(lines: list[str]) -> str:
    """`lines` in a frame."""
    inner = max(map(width, lines))
    middle = [f"│ {line}{' ' * (inner - width(line))} │" for line in lines]
    return "\n".join([f"┌{'─' * (inner + 2)}┐", *middle, f"└{'─' * (inner + 2)}┘"])


def welcome(stack: Stack) -> str:
    """Addresses and demo log-ins."""
    lines = [
        "Kefu is running.",
        "",
        f"Shop with the widget   {stack.shop_url}/",
        f"Agent desk             {stack.gateway_url}/desk/",
        f"API docs               {stack.gateway_url}/docs",
    ]
    logins = stack.demo_logins
    if logins:
        lines += ["", "Log in at the desk as"]
        mail = max(len(str(login["email"])) for login in logins)
        lines += [
            f"  {login['email']:<{mail}}  {login['password']}  ({login['role']}, {login['name']})" for login in logins
        ]
    return boxed([*lines, "", "Ctrl-C stops everything. Logs: var/log/"])


def serve(stack: Stack) -> None:
    """Start everything, say where it is, and go on until something dies (OpsError) or somebody asks to stop."""
    with stack:
        say(welcome(stack))
        while True:
            stack.check()
            time.sleep(CHECK_SECONDS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="show what every process says")
    parser.add_argument("--rasa", type=int, default=1, metavar="N", help="how many Rasa processes (default 1)")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    read_dotenv(ROOT / ".env")
    var = Path(os.environ.get("KEFU_VAR", "var"))
    running = f"Kefu runs already with the data in {var}: stop that one, or choose another folder with KEFU_VAR."
    with stoppable(), only_one(var / "run.lock", running, wait=False):
        ensure_model()
        stack = Stack(var, ports="default", rasa=arguments.rasa, inherit=True, report=lambda line: say(f"  ✓ {line}"))
        say("Starting Kefu; the bot needs ten seconds or more.")
        with Follower(stack.logs) if arguments.verbose else nullcontext():
            serve(stack)


if __name__ == "__main__":
    run_or_exit(main)
