"""A real Rasa process and a real action server on a trained model, before a fake gateway."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from tests.bot.domain import ROOT
from tests.fakes.gateway import SECRET, FakeGateway

RASA_SECRET = "rasa-secret"
START_SECONDS = 240.0
_THREADS = {
    name: "1" for name in ("OMP_NUM_THREADS", "TF_INTRA_OP_PARALLELISM_THREADS", "TF_INTER_OP_PARALLELISM_THREADS")
}
_QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "RASA_TELEMETRY_ENABLED": "false",
    "LOG_LEVEL": "WARNING",
    "PYTHONPATH": str(ROOT),
}


def model(folder: Path) -> Path:
    """The folder of a model: KEFU_TEST_MODELS, or the project's own if it is newer than its sources, or one trained now."""
    if given := os.environ.get("KEFU_TEST_MODELS"):
        return Path(given)
    sources = [ROOT / "config.yml", ROOT / "domain.yml"]
    sources += [
        p
        for part in ("bot/data", "bot/nlu", "nlp")
        for p in (ROOT / part).rglob("*")
        if p.suffix in (".py", ".yml", ".tsv", ".npz")
    ]
    newest = max(path.stat().st_mtime for path in sources)
    for ready in (ROOT / "bot" / "models" / "kefu.tar.gz", folder / "kefu.tar.gz"):
        if ready.exists() and ready.stat().st_mtime > newest:
            return ready.parent
    command = [
        sys.executable,
        "-m",
        "bot",
        "train",
        "--data",
        "bot/data",
        "--out",
        str(folder),
        "--fixed-model-name",
        "kefu",
    ]
    env = {**os.environ, **_THREADS, **_QUIET, "RASA_CACHE_DIRECTORY": str(folder / "cache")}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@dataclass
class Answer:
    status: int
    body: dict[str, Any]

    @property
    def text(self) -> str:
        return "\n".join(message["text"] for message in self.body["messages"])

    @property
    def options(self) -> list[dict[str, Any]]:
        return [option for message in self.body["messages"] for option in message.get("options", [])]


class BotStack:
    """`with BotStack(gateway, models) as stack:`; `stack.restart_rasa()`, `stack.stop_actions()`."""

    def __init__(self, gateway: FakeGateway, models: Path) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="kefu-bot-"))
        self._models = models
        self._ports = _free_port(), _free_port()
        self._env = {
            **os.environ, **_THREADS, **_QUIET, "SANIC_HOST": "127.0.0.1", "KEFU_GATEWAY_URL": gateway.url,
            "KEFU_INTERNAL_SECRET": SECRET, "KEFU_RASA_SECRET": RASA_SECRET, "KEFU_VAR": str(self._folder),
            "KEFU_ACTIONS_URL": f"http://127.0.0.1:{self._ports[1]}/webhook", "KEFU_TRACKER_DB": str(self._folder / "tracker.db"),
        }  # fmt: skip
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{self._ports[0]}/webhooks/kefu", timeout=30, trust_env=False
        )
        self._rasa: subprocess.Popen[bytes] | None = None
        self._actions: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> BotStack:
        self.start_actions()
        self._start_rasa()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()
        for process in (self._rasa, self._actions):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait(30)

    def start_actions(self) -> None:
        self._actions = self._spawn("rasa_sdk", "--actions", "bot.actions", "-p", str(self._ports[1]))
        self._until(lambda: httpx.get(f"http://127.0.0.1:{self._ports[1]}/health", trust_env=False), self._actions)

    def stop_actions(self) -> None:
        assert self._actions is not None
        self._actions.terminate()
        self._actions.wait(30)

    def restart_rasa(self) -> None:
        """Kill it as a crash would, and start it again."""
        assert self._rasa is not None
        self._rasa.kill()
        self._rasa.wait(30)
        self._start_rasa()

    def post(self, **body: Any) -> Answer:
        response = self._http.post("/webhook", json=body, headers={"Authorization": f"Bearer {RASA_SECRET}"})
        return Answer(response.status_code, response.json())

    def _start_rasa(self) -> None:
        files = ("--credentials", "credentials.yml", "--endpoints", "endpoints.yml")
        self._rasa = self._spawn(
            "bot", "run", "-i", "127.0.0.1", "-p", str(self._ports[0]), "--model", str(self._models), *files
        )
        self._until(lambda: self._http.get("/health"), self._rasa)

    def _spawn(self, *command: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{command[0]}.log").open("ab") as log:
            return subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=self._env, stdout=log, stderr=log)

    def _until(self, check: Any, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert process.poll() is None, f"the process ended; see {self._folder}"
            try:
                if check().status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        raise AssertionError(f"not healthy in time; see {self._folder}")


class Talk:
    """One customer's conversation with a stack."""

    def __init__(self, stack: BotStack, sender: str, *, verified: bool = True) -> None:
        self._stack = stack
        self.sender = sender
        self._verified = verified
        self.turn = self.seq = 0
        self.last = Answer(0, {})

    def say(self, text: str, **more: Any) -> Answer:
        self.turn += 1
        self.seq += 1
        return self.again(text, **more)

    def again(self, text: str, **more: Any) -> Answer:
        """Send the turn with the same message_id."""
        metadata = {
            "message_id": f"{self.sender}:{self.turn}", "seq": self.seq, "locale": "zh-Hans", "channel": "web", "verified": self._verified,
        }  # fmt: skip
        self.last = self._stack.post(sender=self.sender, message=text, metadata=metadata, **more)
        return self.last

    def press(self, title: str) -> Answer:
        pressed = next(option for option in self.last.options if option["title"].startswith(title))
        return self.say(pressed["title"], parse_data=pressed["parse_data"])


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
