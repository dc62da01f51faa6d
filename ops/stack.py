"""All processes of one installation, started together: for `make run`, for tests and for benchmarks.

    with Stack(var, rasa=False) as stack:
        httpx.get(f"{stack.gateway_url}/healthz")

Runs in the handoff environment, in the project's folder.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import string
import subprocess
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from honcho.environ import expand_processes, parse_procfile

from ops import ports, redis
from ops.console import OpsError
from ops.health import answers_ok
from ops.paths import ROOT, private_folder
from ops.supervisor import Program, Supervisor

DEFAULT_PORTS = {"gateway": 8080, "shop": 8090, "faq": 8091, "rasa": 5005, "actions": 5055}
PORT_SETTINGS = {"gateway": "KEFU_PORT", "shop": "KEFU_SHOP_PORT", "faq": "KEFU_FAQ_PORT"}
HEALTH = {
    "gateway": "/healthz",
    "shop": "/healthz",
    "faq": "/healthz",
    "actions": "/health",
    "rasa": "/webhooks/kefu/health",
}
# Rasa loads the model and plays a warm-up turn: five seconds on two idle cores, a minute and more on busy ones.
START_SECONDS = {"rasa": 300.0, "faq": 120.0}
DEFAULT_START_SECONDS = 60.0
# A Rasa or a knowledge base that loads its models keeps a processor busy for many seconds. Words between people go first.
NICENESS = {"rasa": 5, "faq": 5, "actions": 5}
PREPARATIONS = {"migrate": ["-m", "handoff", "migrate"], "seed": ["-m", "faq", "seed"]}
# A stack for a test must not see the settings of the person who runs it.
OWN_SETTINGS = ("KEFU_", "DATABASE_URL", "REDIS_URL", "RASA_URLS", "TELEGRAM_")
QUIET_AND_SMALL = {
    "PYTHONUNBUFFERED": "1",
    "OMP_NUM_THREADS": "1",
    "TF_INTRA_OP_PARALLELISM_THREADS": "1",
    "TF_INTER_OP_PARALLELISM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "LOG_LEVEL": "WARNING",
    "RASA_TELEMETRY_ENABLED": "false",
}
# The action server listens everywhere unless told otherwise and asks nobody who he is. The frozen stack below Rasa warns
# about itself with every start.
BOT_ONLY = {"SANIC_HOST": "127.0.0.1", "SANIC_WORKERS": "1", "PYTHONWARNINGS": "ignore"}


def _check_model(command: Sequence[str]) -> None:
    """Refuse to start Rasa without a model: it would come up, and never be ready."""
    if "--model" in command:
        folder = ROOT / command[command.index("--model") + 1]
        if not any(folder.glob("*.tar.gz")):
            raise OpsError(f"there is no trained model in {folder.relative_to(ROOT)}: run make train.")


def ignore(line: str) -> None:
    """Report to nobody."""


class Stack:
    """One installation. `with` starts it and waits until all is healthy; leaving the block stops it.

    var: its folder (data, secrets, logs). ports: "free" takes what the system has free, "default" the well-known ones
    or the next free above. rasa: how many Rasa processes; 0 or False: neither Rasa nor actions. without: processes that
    are not started. gateways: how many; several need a DATABASE_URL.
    env: settings on top of everything. inherit: whether KEFU_* and the like of our own environment
    count. report: gets a line for each step. Raises OpsError when something does not start.
    """

    def __init__(
        self,
        var: Path,
        *,
        ports: Literal["default", "free"] = "free",
        rasa: int = 1,
        gateways: int = 1,
        without: Collection[str] = (),
        env: Mapping[str, str] | None = None,
        inherit: bool = False,
        report: Callable[[str], None] = ignore,
        procfile: Path = ROOT / "Procfile",
        preparations: Mapping[str, list[str]] | None = None,
    ) -> None:
        self.var = var.resolve()
        self._rasa = int(rasa)
        self._gateways = gateways
        self._without = {*without} | ({"rasa", "actions"} if not rasa else set())
        self._extra = dict(env or {})
        self._inherited = {k: v for k, v in os.environ.items() if inherit or not k.startswith(OWN_SETTINGS)}
        self._report = report
        self._procfile = procfile
        self._preparations = PREPARATIONS if preparations is None else preparations
        self._supervisor = Supervisor(self.var / "log", report)
        self.ports = self._choose_ports(ports)
        self.env: dict[str, str] = {}

    def _choose_ports(self, mode: str) -> dict[str, int]:
        chosen: dict[str, int] = {}
        settings = {**self._inherited, **self._extra}
        for name in self._names():
            kind, _, number = name.partition(".")
            if kind not in DEFAULT_PORTS:
                continue
            taken = chosen.values()
            wanted = int(settings.get(PORT_SETTINGS.get(kind, ""), DEFAULT_PORTS[kind])) + int(number or 1) - 1
            chosen[name] = ports.next_free(wanted, taken) if mode == "default" else ports.any_free(taken)
        return chosen

    def _names(self) -> list[str]:
        return [name for name, _ in self._commands()]

    def _commands(self) -> list[tuple[str, str]]:
        """(name, command line) of each process of the Procfile; further ones of a kind are called NAME.2, NAME.3, …"""
        processes = parse_procfile(self._procfile.read_text()).processes
        expanded = expand_processes(processes, concurrency={"rasa": max(1, self._rasa), "gateway": self._gateways})
        return [(str(p.name).removesuffix(".1"), str(p.cmd)) for p in expanded]

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    @property
    def gateway_url(self) -> str:
        return self.url("gateway")

    @property
    def gateway_urls(self) -> list[str]:
        """All of them; `gateway_url` is the first."""
        return [self.url(name) for name in self.ports if name.partition(".")[0] == "gateway"]

    @property
    def shop_url(self) -> str:
        return self.url("shop")

    @property
    def demo_logins(self) -> list[dict[str, Any]]:
        """The demo agents as the gateway's migration wrote them: email, password, role, name."""
        path = self.var / "demo-logins.json"
        logins: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
        return logins

    def _make_env(self) -> dict[str, str]:
        from handoff.settings import load_or_make_secrets

        rasas = [self.url(name) for name in self.ports if name.partition(".")[0] == "rasa"]
        shop_port = self.ports["shop"]
        made = {
            **QUIET_AND_SMALL,
            "PYTHONPATH": str(ROOT),
            "KEFU_ENV": "demo",
            "KEFU_VAR": str(self.var),
            # Sentence vectors depend on nothing but the words: every installation on this machine shares them.
            "KEFU_CACHE": str(ROOT / "var" / "cache"),
            "KEFU_HOST": "127.0.0.1",
            "DATABASE_URL": f"sqlite:///{self.var}/kefu.db",
            "REDIS_URL": redis.redis_url(self.var),
            "KEFU_SHOP_URL": self.shop_url,
            "KEFU_WEBSITE_ORIGINS": f"http://127.0.0.1:{shop_port},http://localhost:{shop_port}",
            "KEFU_BASE_URL": self.gateway_url,
            **self._inherited,
        }
        if made["KEFU_ENV"] == "demo":  # elsewhere the processes insist on secrets that somebody chose
            made = {**load_or_make_secrets(self.var), **made}
        # A wanted port may have been replaced by a free one, so these follow from our choice.
        chosen_ports = {setting: str(self.ports[name]) for name, setting in PORT_SETTINGS.items()}
        addresses = {
            "KEFU_GATEWAY_URL": ",".join(self.gateway_urls),
            "KEFU_FAQ_URL": self.url("faq"),
            "KEFU_ACTIONS_URL": f"{self.url('actions')}/webhook",
            "RASA_URLS": ",".join(rasas),
        }
        return {**made, **addresses, **self._extra, **chosen_ports}

    def _program(self, name: str, line: str) -> Program:
        kind, _, number = name.partition(".")
        # jieba keeps a cache in the temporary folder; a shared one could be planted by another user.
        is_bot = kind in ("rasa", "actions")
        temporary = private_folder(self.var / "tmp" / ("bot" if is_bot else "handoff"))
        env = {
            **self.env,
            **(BOT_ONLY if is_bot else {}),
            "PORT": str(self.ports.get(name, "")),
            "TMPDIR": str(temporary),
            "KEFU_TRACKER_DB": self.env.get("KEFU_TRACKER_DB") or str(self.var / f"tracker-{int(number or 1) - 1}.db"),
        }
        if kind in PORT_SETTINGS:
            env[PORT_SETTINGS[kind]] = str(self.ports[name])
        command = [string.Template(part).substitute(env) for part in shlex.split(line)]
        if kind == "redis":
            is_healthy = partial(redis.answers, self.var)
        else:
            is_healthy = partial(answers_ok, f"{self.url(name)}{HEALTH[kind]}")
        seconds = START_SECONDS.get(kind, DEFAULT_START_SECONDS)
        return Program(
            name, command, env, is_healthy, seconds, stops_last=kind == "redis", niceness=NICENESS.get(kind, 0)
        )

    def start(self) -> None:
        """Start everything; returns when all is healthy. On failure everything is stopped again."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        private_folder(self.var)
        self.env = self._make_env()
        if self._gateways > 1 and self.env["DATABASE_URL"].startswith("sqlite"):
            raise OpsError("several gateways need PostgreSQL: set DATABASE_URL.")
        own_redis = self.env["REDIS_URL"] == redis.redis_url(self.var)
        programs = [
            self._program(name, line)
            for name, line in self._commands()
            if name.partition(".")[0] not in self._without and (own_redis or name != "redis")
        ]
        for program in programs:
            _check_model(program.command)
        # The bot loads for long and needs no database: it starts while that is being prepared.
        after = {"faq", "gateway"}
        for program in programs:
            if program.name not in after:
                self._supervisor.start(program)
        for name, arguments in self._preparations.items():
            self._prepare(name, arguments)
        for program in programs:
            if program.name in after:
                self._supervisor.start(program)
        self._supervisor.wait_healthy()

    def _prepare(self, name: str, arguments: list[str]) -> None:
        log = self._supervisor.log_of(name)
        command = [str(ROOT / ".venv" / "handoff" / "bin" / "python"), *arguments]
        private_folder(log.parent)
        log.unlink(missing_ok=True)
        with log.open("wb") as out:
            done = subprocess.run(command, cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        if done.returncode != 0:
            raise OpsError(f"`python {' '.join(arguments)}` failed: see {self._supervisor.log_name(name)}.")
        self._report(f"{name} is done")

    def stop(self) -> None:
        """Stop everything; nothing is left."""
        self._supervisor.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def check(self) -> None:
        """Raise OpsError, naming the log, if a process has ended."""
        self._supervisor.check()

    def pids(self) -> dict[str, int]:
        """The process ids of those that run, by name."""
        return self._supervisor.pids()

    def log_of(self, name: str) -> Path:
        return self._supervisor.log_of(name)

    @property
    def logs(self) -> list[Path]:
        """The log of each preparation and process, whether or not it exists yet."""
        return [self.log_of(name) for name in (*self._preparations, *self._names())]

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to one process; SIGKILL also waits for its end."""
        self._supervisor.kill(name, number)

    def start_again(self, name: str, *, wait: bool = True) -> None:
        """Start a process that has ended; returns when it is healthy, or at once."""
        self._supervisor.start_again(name)
        if wait:
            self._supervisor.wait_healthy([name])

    def restart(self, name: str) -> None:
        """Stop one process as its operator would and start it again; returns when it is healthy."""
        self._supervisor.restart(name)

    def is_healthy(self, name: str) -> bool:
        """Whether a process runs and answers its health check now."""
        return self._supervisor.is_healthy(name)

    def wait_healthy(self, *names: str) -> None:
        """Wait until these (or all) are healthy."""
        self._supervisor.wait_healthy(names or None)
