"""Starts processes, waits until they are healthy, notices when one dies, and stops them without leaving any behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ops.console import OpsError
from ops.paths import ROOT, private_folder

POLL_SECONDS = 0.1
# A turn of the bot may take some seconds; after this long a process that was asked to stop is stopped.
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Program:
    """How one process is started and known to be healthy."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    is_healthy: Callable[[], bool]
    start_seconds: float
    stops_last: bool = False
    """The others still need it while they finish their work."""
    niceness: int = 0
    """How far it lets the others go first where the processors are busy: 0 to 19."""


class Supervisor:
    """Processes by name. Each is its own session, logs to `logs`/NAME.log and dies with this process."""

    def __init__(self, logs: Path, report: Callable[[str], None] = lambda line: None) -> None:
        self.logs = logs
        self._report = report
        self._programs: dict[str, Program] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._started: dict[str, float] = {}
        # The kernel ties a child to the *thread* that started it; so one starts them all that lives as long as we do.
        self._spawner = ThreadPoolExecutor(1, thread_name_prefix="spawner")

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def log_name(self, name: str) -> str:
        """The log's path as a person in the project's folder would type it."""
        path = self.log_of(name)
        return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)

    def start(self, program: Program) -> None:
        """Start `program`; its former log is kept as NAME.log.1."""
        private_folder(self.logs)
        log = self.log_of(program.name)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        self._programs[program.name] = program
        self._spawn(program)

    def start_again(self, name: str) -> None:
        """Start a process that was started before and has ended; it goes on in its log."""
        if self.is_running(name):
            raise ValueError(f"{name} is still running")
        self._spawn(self._programs[name])

    def restart(self, name: str) -> None:
        """Stop one process and start it again; returns when it is healthy."""
        self._terminate([name])
        self.start_again(name)
        self.wait_healthy([name])

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to one process and everything below it; SIGKILL also waits for its end."""
        process = self._processes[name]
        _signal_group(process, number)
        if number == signal.SIGKILL:
            process.wait()

    def _spawn(self, program: Program) -> None:
        self._started[program.name] = time.monotonic()
        script = str(Path(__file__).with_name("tether.py"))
        tether = [sys.executable, "-I", "-S", script, str(os.getpid()), str(program.niceness)]

        def popen() -> subprocess.Popen[bytes]:
            with self.log_of(program.name).open("ab") as log:
                return subprocess.Popen(
                    [*tether, *program.command],
                    cwd=ROOT,
                    env=dict(program.env),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    umask=0o077,  # databases and logs are for this account only
                )

        self._processes[program.name] = self._spawner.submit(popen).result()

    def is_running(self, name: str) -> bool:
        return self._processes[name].poll() is None

    def is_healthy(self, name: str) -> bool:
        """Whether it runs and is healthy now."""
        return self.is_running(name) and self._programs[name].is_healthy()

    def pids(self) -> dict[str, int]:
        """The process ids of those that run."""
        return {name: process.pid for name, process in self._processes.items() if process.poll() is None}

    def check(self) -> None:
        """Raise OpsError, naming the log, if a process has ended."""
        for name, process in self._processes.items():
            code = process.poll()
            if code is not None:
                how = f"was ended by signal {-code}" if code < 0 else f"stopped with exit code {code}"
                raise OpsError(f"{name} {how}: see {self.log_name(name)}.")

    def wait_healthy(self, names: Collection[str] | None = None) -> None:
        """Wait until these (or all) are healthy. Raises OpsError if one ends or takes longer than it may."""
        waiting = list(names if names is not None else self._programs)
        while waiting:
            self.check()
            for name in list(waiting):
                program, seconds = self._programs[name], time.monotonic() - self._started[name]
                if program.is_healthy():
                    waiting.remove(name)
                    self._report(f"{name} is ready ({seconds:.1f} s)")
                elif seconds > program.start_seconds:
                    limit = f"{program.start_seconds:.0f} s"
                    raise OpsError(f"{name} was not ready within {limit}: see {self.log_name(name)}.")
            if waiting:
                time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Stop all: first a request, after STOP_SECONDS by force; those marked `stops_last` after the others."""
        try:
            last = [name for name, program in self._programs.items() if program.stops_last]
            self._terminate([name for name in self._processes if name not in last])
            self._terminate([name for name in last if name in self._processes])
        finally:
            for process in self._processes.values():
                _signal_group(process, signal.SIGKILL)  # also what a process left behind in its session
            self._spawner.shutdown()

    def _terminate(self, names: Collection[str]) -> None:
        processes = [self._processes[name] for name in names]
        for process in processes:
            if process.poll() is None:
                _signal_group(process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in processes:
            try:
                process.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)
                process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    # The group's id is the leader's pid, and stays reserved as long as any member lives.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
