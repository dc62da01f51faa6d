"""`python tether.py PARENT NICENESS COMMAND…`: become COMMAND, which the kernel kills as soon as the parent's thread ends.

So nothing is left behind even when the launcher itself is killed and can stop nobody. A script without imports of ours,
so that it starts in a few milliseconds; and not a preexec_fn, which is unsafe in a process with threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def _give_way(niceness: int) -> None:
    """Let others go first where the processors are busy, by so much (0 to 19)."""
    os.nice(niceness)
    if niceness:
        # Each process is a session of its own, and where Linux shares the processors among sessions only this counts.
        try:
            with open("/proc/self/autogroup", "w") as group:
                group.write(str(niceness))
        except OSError:  # it does not
            pass


def main() -> None:
    parent, niceness, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before we asked
            raise SystemExit(1)
    _give_way(niceness)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        raise SystemExit(127) from None


if __name__ == "__main__":
    main()
