"""The stack as a whole, with small processes in the places of the real ones."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ops.console import OpsError
from ops.health import answers_ok
from ops.paths import ROOT
from ops.redis import answers, running_redis
from ops.stack import DEFAULT_PORTS, HEALTH, OWN_SETTINGS, Stack

# Answers 200 on every path of its port and writes its environment where a test can read it.
SMALL = """
import http.server, json, os, sys
name, port = sys.argv[1], int(sys.argv[2])
with open(os.path.join(os.environ["KEFU_VAR"], name + ".env.json"), "w") as file: json.dump(dict(os.environ), file)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(200); self.end_headers()
    def log_message(self, *args): pass
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""
NAMES = ("rasa", "actions", "shop", "faq", "gateway")


@pytest.fixture
def procfile(tmp_path: Path) -> Path:
    """Redis as it is, small processes for the rest."""
    script = tmp_path / "small.py"
    script.write_text(SMALL)
    lines = [f"{name}: {sys.executable} {script} {name} $PORT" for name in NAMES]
    path = tmp_path / "Procfile"
    path.write_text("\n".join([f"redis: {sys.executable} -m ops.redis", *lines]))
    return path


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(OWN_SETTINGS)]:
        monkeypatch.delenv(name)


def env_of(stack: Stack, name: str) -> dict[str, str]:
    env: dict[str, str] = json.loads((stack.var / f"{name}.env.json").read_text())
    return env


def test_that_everything_is_healthy_inside_the_block_and_gone_after_it(var: Path, procfile: Path) -> None:
    said: list[str] = []
    with Stack(var, procfile=procfile, preparations={}, report=said.append) as stack:
        pids = stack.pids()
        assert set(pids) == {"redis", *NAMES}
        assert answers_ok(f"{stack.gateway_url}/healthz")
        assert answers(var)
        assert {line.split(" ")[0] for line in said} == set(pids)
        stack.check()
    assert not any(psutil.pid_exists(pid) for pid in pids.values())
    assert not answers(var)


def test_that_the_processes_are_told_where_the_others_are(var: Path, procfile: Path) -> None:
    with Stack(var, procfile=procfile, preparations={}, rasa=2) as stack:
        env = env_of(stack, "gateway")
        assert env["KEFU_PORT"] == str(stack.ports["gateway"])
        assert env["RASA_URLS"] == f"{stack.url('rasa')},{stack.url('rasa.2')}"
        assert env["KEFU_SHOP_URL"] == stack.shop_url
        assert env["KEFU_WEBSITE_ORIGINS"].split(",")[0] == stack.shop_url
        assert env["KEFU_BASE_URL"] == stack.gateway_url
        assert len(env["KEFU_INTERNAL_SECRET"]) >= 16
        bot = env_of(stack, "actions")
        assert bot["KEFU_GATEWAY_URL"] == stack.gateway_url
        assert Path(bot["TMPDIR"]).stat().st_mode & 0o777 == 0o700
        assert (bot["OMP_NUM_THREADS"], bot["RASA_TELEMETRY_ENABLED"], bot["SANIC_HOST"]) == ("1", "false", "127.0.0.1")
        assert env_of(stack, "rasa")["KEFU_TRACKER_DB"] in {str(var / "tracker-0.db"), str(var / "tracker-1.db")}


def test_that_a_tracker_store_that_is_given_is_every_rasas(var: Path, procfile: Path) -> None:
    given = {"KEFU_TRACKER_DB": "postgresql://nowhere/tracker"}
    with Stack(var, procfile=procfile, preparations={}, rasa=1, env=given) as stack:
        assert env_of(stack, "rasa")["KEFU_TRACKER_DB"] == given["KEFU_TRACKER_DB"]


def test_that_a_stack_for_tests_does_not_see_our_own_settings(
    var: Path, procfile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nowhere/none")
    monkeypatch.setenv("KEFU_ENV", "production")
    with Stack(var, procfile=procfile, preparations={}, rasa=False, env={"KEFU_LIMITS": "off"}) as stack:
        env = env_of(stack, "gateway")
        assert env["DATABASE_URL"] == f"sqlite:///{var}/kefu.db"
        assert (env["KEFU_ENV"], env["KEFU_LIMITS"]) == ("demo", "off")
        assert set(stack.pids()) == {"redis", "shop", "faq", "gateway"}


def test_that_a_redis_of_our_own_choice_is_used_instead_of_the_bundled_one(
    var: Path, procfile: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    with Stack(var, procfile=procfile, preparations={}, rasa=False, inherit=True) as stack:
        assert "redis" not in stack.pids()
        assert env_of(stack, "gateway")["REDIS_URL"] == redis_url


def test_that_a_port_in_use_takes_the_next_free_one(var: Path, procfile: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        settings = {"KEFU_PORT": str(taken)}
        with Stack(var, ports="default", procfile=procfile, preparations={}, rasa=False, env=settings) as stack:
            assert stack.ports["gateway"] > taken
            assert env_of(stack, "gateway")["KEFU_PORT"] == str(stack.ports["gateway"])
            assert answers_ok(f"{stack.gateway_url}/healthz")


def test_that_a_failed_preparation_stops_what_was_started(var: Path, procfile: Path) -> None:
    stack = Stack(var, procfile=procfile, rasa=False, preparations={"migrate": ["-c", "raise SystemExit('no')"]})
    with pytest.raises(OpsError, match=r"failed: see .*migrate\.log"):
        stack.start()
    assert stack.pids() == {}
    assert stack.log_of("migrate").read_text() == "no\n"


def test_that_rasa_is_not_started_without_a_model(var: Path, procfile: Path) -> None:
    procfile.write_text(procfile.read_text().replace("rasa $PORT", "rasa $PORT --model tests/fixtures"))
    with pytest.raises(OpsError, match="no trained model in tests/fixtures: run make train"):
        Stack(var, procfile=procfile, preparations={}).start()


def test_that_every_process_of_the_real_procfile_has_a_port_and_a_health(var: Path) -> None:
    stack = Stack(var, rasa=3)
    kinds = {path.stem.partition(".")[0] for path in stack.logs} - {"migrate", "seed", "redis"}
    assert kinds == set(HEALTH) == set(DEFAULT_PORTS)
    assert {"rasa", "rasa.2", "rasa.3"} < set(stack.ports)
    assert len(set(stack.ports.values())) == len(stack.ports)


def test_that_one_process_can_be_killed_and_started_again_while_the_others_go_on(var: Path, procfile: Path) -> None:
    with Stack(var, procfile=procfile, preparations={}, rasa=False) as stack:
        before = stack.pids()
        stack.kill("gateway")
        assert not answers_ok(f"{stack.gateway_url}/healthz")
        assert (stack.is_healthy("gateway"), stack.is_healthy("faq")) == (False, True)
        stack.start_again("gateway")
        assert stack.is_healthy("gateway")
        stack.restart("faq")
        after = stack.pids()
        assert answers_ok(f"{stack.gateway_url}/healthz")
        assert {name for name in before if before[name] != after[name]} == {"gateway", "faq"}


@pytest.fixture
def launcher(var: Path, procfile: Path) -> Iterator[subprocess.Popen[str]]:
    """`make run` without training and with small processes; it prints its children's pids before the box."""
    code = f"""
        from pathlib import Path
        from ops import run
        from ops.console import run_or_exit
        from ops.stack import Stack
        stack = Stack(Path({str(var)!r}), procfile=Path({str(procfile)!r}), preparations={{}})
        welcome = run.welcome
        run.welcome = lambda stack: f"pids {{' '.join(map(str, stack.pids().values()))}}\\n{{welcome(stack)}}"
        def main():
            with run.stoppable():
                run.serve(stack)
        run_or_exit(main)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True, **pipes) as process:  # type: ignore[call-overload]
        yield process
        process.kill()


def pids_of(launcher: subprocess.Popen[str]) -> list[int]:
    assert launcher.stdout is not None
    shown = []
    while not shown or not shown[-1].startswith("└"):
        line = launcher.stdout.readline()
        assert line, shown
        shown.append(line)
    assert any("Agent desk" in line for line in shown)
    return [int(pid) for line in shown if line.startswith("pids ") for pid in line.split()[1:]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_that_a_request_to_stop_stops_everything_quietly(launcher: subprocess.Popen[str], number: int) -> None:
    pids = pids_of(launcher)
    assert len(pids) == 6
    launcher.send_signal(number)
    output, _ = launcher.communicate(timeout=20)
    assert output == "Everything is stopped.\n"
    assert launcher.returncode == 0
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_that_a_dead_child_ends_the_launcher_with_one_clear_line(launcher: subprocess.Popen[str], var: Path) -> None:
    pids = pids_of(launcher)
    os.kill(pids[-1], signal.SIGKILL)
    output, _ = launcher.communicate(timeout=20)
    assert output == f"kefu: gateway was ended by signal 9: see {var}/log/gateway.log.\n"
    assert launcher.returncode == 1
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_that_nothing_is_left_when_the_launcher_is_killed(launcher: subprocess.Popen[str]) -> None:
    pids = pids_of(launcher)
    launcher.send_signal(signal.SIGKILL)
    launcher.wait()
    deadline = time.monotonic() + 20
    while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_that_the_bundled_redis_lives_as_long_as_its_block(tmp_path: Path) -> None:
    assert not answers(tmp_path)
    with running_redis(tmp_path) as url:
        assert url.startswith("unix:///")
        assert answers(tmp_path)
    assert not answers(tmp_path)
