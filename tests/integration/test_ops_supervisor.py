"""Processes are started, watched and stopped, and none is left behind however the launcher ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from ops import supervisor as supervisor_module
from ops.console import OpsError
from ops.health import answers_ok
from ops.paths import ROOT
from ops.supervisor import Program, Supervisor

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/healthz" else 404); self.end_headers()
    def log_message(self, *args): pass
print("serving", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True); time.sleep(600)
"""


def eventually(fact: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for a fact; fail when it does not come true."""
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not become true"
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def program(
    name: str, code: str, *arguments: str, healthy: Callable[[], bool] = lambda: True, seconds: float = 20
) -> Program:
    return Program(name, [sys.executable, "-c", code, *arguments], dict(os.environ), healthy, seconds)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path / "log")
    yield made
    made.stop()


def test_that_a_process_counts_as_ready_when_it_answers_and_is_gone_after_stop(
    supervisor: Supervisor, free_port: Callable[[], int]
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    assert not answers_ok(f"{url}/healthz")
    supervisor.start(program("shop", SERVER, str(port), healthy=lambda: answers_ok(f"{url}/healthz")))
    supervisor.wait_healthy()
    assert answers_ok(f"{url}/healthz")
    assert not answers_ok(f"{url}/other")
    pid = supervisor.pids()["shop"]
    supervisor.stop()
    assert is_gone(pid)
    assert supervisor.log_of("shop").read_text() == "serving\n"


def test_that_a_process_that_dies_while_starting_is_named_with_its_log(supervisor: Supervisor) -> None:
    supervisor.start(program("faq", "raise SystemExit(3)", healthy=lambda: False))
    with pytest.raises(OpsError, match=r"^faq stopped with exit code 3: see .*faq\.log\.$"):
        supervisor.wait_healthy()


def test_that_a_command_that_does_not_exist_is_named_in_the_log(supervisor: Supervisor) -> None:
    supervisor.start(Program("rasa", ["/nowhere/python"], {}, lambda: False, 20))
    with pytest.raises(OpsError, match="rasa stopped with exit code 127"):
        supervisor.wait_healthy()
    assert "/nowhere/python: No such file" in supervisor.log_of("rasa").read_text()


def test_that_a_process_that_never_gets_ready_is_given_up_after_its_time(supervisor: Supervisor) -> None:
    supervisor.start(program("rasa", "import time; time.sleep(600)", healthy=lambda: False, seconds=0.2))
    with pytest.raises(OpsError, match=r"rasa was not ready within 0 s: see .*rasa\.log"):
        supervisor.wait_healthy()


def test_that_a_process_killed_later_is_noticed_and_can_be_started_again(supervisor: Supervisor) -> None:
    supervisor.start(program("gateway", "import time; print('up', flush=True); time.sleep(600)"))
    first = supervisor.pids()["gateway"]
    supervisor.check()
    supervisor.kill("gateway")
    assert supervisor.pids() == {}
    with pytest.raises(OpsError, match=r"gateway was ended by signal 9: see .*gateway\.log"):
        supervisor.check()
    supervisor.start_again("gateway")
    supervisor.check()
    assert supervisor.pids()["gateway"] != first
    supervisor.restart("gateway")
    supervisor.check()


def test_that_a_process_that_ignores_the_request_is_stopped_by_force(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "STOP_SECONDS", 0.2)
    supervisor.start(program("stubborn", STUBBORN))
    eventually(lambda: supervisor.log_of("stubborn").read_text() == "up\n")
    pid = supervisor.pids()["stubborn"]
    supervisor.stop()
    assert is_gone(pid)


def test_that_what_a_process_started_itself_goes_with_it(supervisor: Supervisor) -> None:
    supervisor.start(program("parent", PARENT))
    eventually(lambda: supervisor.log_of("parent").read_text().endswith("\n"))
    child = int(supervisor.log_of("parent").read_text())
    supervisor.stop()
    eventually(lambda: is_gone(child))


def test_that_a_process_lets_others_go_first_by_as_much_as_it_should(supervisor: Supervisor) -> None:
    code = "import os, time; print(os.nice(0), flush=True); time.sleep(600)"
    supervisor.start(replace(program("polite", code), niceness=7))
    eventually(lambda: supervisor.log_of("polite").read_text() == "7\n")


def test_that_nothing_is_left_when_the_launcher_itself_is_killed(tmp_path: Path) -> None:
    launcher_code = f"""
        import os, sys, threading
        from pathlib import Path
        from ops.supervisor import Program, Supervisor
        supervisor = Supervisor(Path({str(tmp_path)!r}))
        one = Program("one", [sys.executable, "-c", {STUBBORN!r}], dict(os.environ), lambda: True, 5)
        # Started from a thread that ends at once: the child must live on, until the whole launcher ends.
        starter = threading.Thread(target=supervisor.start, args=(one,)); starter.start(); starter.join()
        print(supervisor.pids()["one"], flush=True)
        sys.stdin.read()
    """
    command = [sys.executable, "-c", textwrap.dedent(launcher_code)]
    launcher = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    with launcher.stdout, launcher:
        pid = int(launcher.stdout.readline())
        eventually(lambda: (tmp_path / "one.log").read_text() == "up\n")
        assert not is_gone(pid)
        launcher.send_signal(signal.SIGKILL)
    eventually(lambda: is_gone(pid))
