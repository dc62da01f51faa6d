"""What the launcher decides and prints."""

from __future__ import annotations

import io
import json
import os
import socket
from pathlib import Path

import pytest
from honcho.printer import Printer

from ops import ports, run, train
from ops.console import OpsError, run_or_exit
from ops.follow import Follower
from ops.paths import only_one
from ops.redis import SOCKET_PATH_LIMIT, socket_path


def test_that_a_taken_port_is_replaced_by_the_next_free_one() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        taken = server.getsockname()[1]
        assert not ports.is_free(taken)
        chosen = ports.next_free(taken)
        assert chosen > taken
        assert ports.next_free(taken, {chosen}) > chosen


def test_that_any_free_port_avoids_those_already_given_out() -> None:
    given: set[int] = set()
    for _ in range(50):
        port = ports.any_free(given)
        assert port not in given
        given.add(port)


def test_that_no_free_port_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "is_free", lambda port: False)
    with pytest.raises(OpsError, match="no free port from 8080 to 8179"):
        ports.next_free(8080)


def test_that_the_box_is_straight_with_chinese_names() -> None:
    lines = run.boxed(["客服 小王", "agent"]).splitlines()
    assert {run.width(line) for line in lines} == {run.width(lines[0])}


def test_that_the_environment_wins_over_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("# a remark\nKEFU_TEST_ONE=file\nKEFU_TEST_TWO='two words'\n")
    monkeypatch.setenv("KEFU_TEST_ONE", "environment")
    monkeypatch.delenv("KEFU_TEST_TWO", raising=False)
    run.read_dotenv(tmp_path / ".env")
    assert (os.environ["KEFU_TEST_ONE"], os.environ["KEFU_TEST_TWO"]) == ("environment", "two words")


def test_that_an_ops_error_is_one_line_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise OpsError("rasa stopped: see var/log/rasa.log.")

    with pytest.raises(SystemExit) as caught:
        run_or_exit(fail)
    assert caught.value.code == 1
    assert capsys.readouterr().err == "kefu: rasa stopped: see var/log/rasa.log.\n"


def test_that_a_second_launcher_in_the_same_folder_is_refused(var: Path) -> None:
    with only_one(var / "run.lock", "runs already", wait=False):
        with pytest.raises(OpsError, match="runs already"), only_one(var / "run.lock", "runs already", wait=False):
            pass


def test_that_the_follower_shows_new_logs_only_and_all_of_them(tmp_path: Path) -> None:
    log, out = tmp_path / "gateway.log", io.StringIO()
    log.write_text("of the run before\n")
    with Follower([log], Printer(output=out, width=7)):
        log.replace(tmp_path / "gateway.log.1")
        log.write_text("first\nlast\n")
    shown = out.getvalue().splitlines()
    assert [line.split(" ", 1)[1] for line in shown] == ["gateway | first", "gateway | last"]


def test_that_the_redis_socket_leaves_a_var_whose_path_is_too_long(tmp_path: Path) -> None:
    assert socket_path(Path("/v")) == Path("/v/redis.sock")
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    path = socket_path(deep)
    assert len(os.fsencode(path)) <= SOCKET_PATH_LIMIT
    assert path.parent.stat().st_mode & 0o777 == 0o700
    path.parent.rmdir()


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny bot whose training is made up: the paths of ops.train point below tmp_path."""
    (tmp_path / "config.yml").write_text("pipeline: []\n")
    monkeypatch.setattr(train, "ROOT", tmp_path)
    monkeypatch.setattr(train, "VAR", tmp_path / "var")
    monkeypatch.setattr(train, "SOURCES", [tmp_path / "config.yml"])
    monkeypatch.setattr(train, "LOG", tmp_path / "var" / "train.log")
    for name, value in {"MODELS": "", "MODEL": "kefu.tar.gz", "STAMP": "kefu.json"}.items():
        monkeypatch.setattr(train, name, tmp_path / "models" / value)
    return tmp_path


def test_that_training_happens_once_for_the_same_sources(bot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []

    def rasa(out: Path, show: object) -> int:
        runs.append(out)
        (out / "kefu.tar.gz").write_text("model")
        return 0

    monkeypatch.setattr(train, "_run_rasa", rasa)
    train.ensure_model()
    train.ensure_model()
    assert len(runs) == 1
    assert json.loads(train.STAMP.read_text())["sources"] == train.sources_fingerprint()
    (bot / "config.yml").write_text("pipeline: [x]\n")
    train.ensure_model()
    train.ensure_model(force=True)
    assert len(runs) == 3


@pytest.mark.parametrize("code", [0, 1])
def test_that_a_training_without_a_model_fails_and_keeps_the_old_one(
    bot: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    train.MODELS.mkdir()
    train.MODEL.write_text("old")
    monkeypatch.setattr(train, "_run_rasa", lambda out, show: code)
    with pytest.raises(OpsError, match=r"could not be trained .* see var/train\.log"):
        train.ensure_model()
    assert train.MODEL.read_text() == "old"
    assert not train.model_is_current()
