"""What the launchers say: steps with their elapsed time, and failures as one clear line."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Without a terminal nobody sees a ticking clock; a line now and then shows that work goes on.
QUIET_TICK_SECONDS = 20.0
TICK_SECONDS = 1.0


class OpsError(Exception):
    """Something the person at the keyboard has to know; its text is one line that says what to do."""


def say(text: str) -> None:
    print(text, flush=True)


@contextmanager
def step(title: str) -> Iterator[Callable[[str], None]]:
    """Show `title` with a running clock until the block ends. Yields a function that changes the detail behind it."""
    started = time.monotonic()
    on_terminal = sys.stdout.isatty()
    done = threading.Event()
    detail = ""

    def set_detail(text: str) -> None:
        nonlocal detail
        detail = f": {text}" if text else ""

    def tick() -> None:
        while not done.wait(TICK_SECONDS if on_terminal else QUIET_TICK_SECONDS):
            seconds = time.monotonic() - started
            if on_terminal:
                print(f"\r\033[K  … {title}{detail} ({seconds:.0f} s)"[:160], end="", flush=True)
            else:
                say(f"  … {title}{detail} ({seconds:.0f} s)")

    ticker = threading.Thread(target=tick, daemon=True)
    if on_terminal:
        print(f"  … {title}", end="", flush=True)
    else:
        say(f"  … {title}")
    ticker.start()
    mark = "✗"
    try:
        yield set_detail
        mark = "✓"
    finally:
        done.set()
        ticker.join()
        say(f"{chr(13) + chr(27) + '[K' if on_terminal else ''}  {mark} {title} ({time.monotonic() - started:.1f} s)")


def run_or_exit(main: Callable[[], None]) -> None:
    """Run a launcher: its OpsError becomes one line on stderr and exit code 1, Ctrl-C exit code 130."""
    try:
        main()
    except OpsError as error:
        print(f"kefu: {error}", file=sys.stderr, flush=True)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("\nkefu: stopped.", file=sys.stderr, flush=True)
        raise SystemExit(130) from None
