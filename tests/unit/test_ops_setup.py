"""Finding tools: a candidate counts only when it runs; what is missing is said in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ops import setup, toolchain
from ops.console import OpsError
from ops.paths import ROOT, Stamp, fingerprint

PYTHON_310 = str(ROOT / ".venv" / "bot" / "bin" / "python")
Script = Callable[[str, str], Path]


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Write an executable shell script below a folder that is first on PATH."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setattr(toolchain, "LOGS", tmp_path / "log")
    monkeypatch.setattr(toolchain, "TOOLS", tmp_path / "tools")

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    return write


def test_that_a_python310_that_cannot_be_run_is_passed_over(script: Script) -> None:
    script("python3.10", "echo 'pyenv: python3.10: command not found' >&2; exit 127")
    script("pyenv/versions/3.10.7/bin/python", "exit 1")
    script("pyenv/versions/3.10.13/bin/python", f'exec {PYTHON_310} "$@"')
    assert toolchain.find_python310("no-uv") == PYTHON_310


def test_that_a_python_of_another_version_does_not_count_as_310(script: Script) -> None:
    script("python3.10", f'exec {sys.executable} "$@"')
    uv = script("uv", f'[ "$2" = find ] && echo {PYTHON_310} || exit 9')
    assert toolchain.find_python310(str(uv)) == PYTHON_310


def test_that_a_python_download_that_hangs_is_given_up_with_one_clear_line(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    script("python3.10", "exit 127")
    uv = script("uv", '[ "$2" = find ] && exit 2 || exec sleep 60')
    monkeypatch.setattr(toolchain, "PYTHON_DOWNLOAD_SECONDS", 0.2)
    with pytest.raises(OpsError, match=r"Python 3\.10 is needed") as caught:
        toolchain.find_python310(str(uv))
    assert "\n" not in str(caught.value)


def test_that_a_python_download_that_fails_is_said_in_the_same_line(script: Script) -> None:
    script("python3.10", "exit 127")
    uv = script("uv", "exit 2")
    with pytest.raises(OpsError, match="pyenv install"):
        toolchain.find_python310(str(uv))


def test_that_a_uv_on_path_is_used_only_if_it_runs(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    uv = script("uv", "echo uv 0.13")
    assert toolchain.find_uv() == str(uv)
    script("uv", "exit 1")
    own = script("tools/uv/bin/uv", "echo uv 0.13")
    assert toolchain.find_uv() == str(own)


def test_that_without_venv_and_without_root_the_missing_package_is_named(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    script("uv", "exit 1")
    broken = script("python-without-venv", "exit 1")
    monkeypatch.setattr(sys, "executable", str(broken))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(OpsError, match="apt-get install python3-venv"):
        toolchain.find_uv()


def test_that_as_root_debians_venv_is_installed(
    script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script("uv", "exit 1")
    script("apt-get", f'echo "$@" >> {tmp_path}/apt; touch {tmp_path}/installed')
    own = tmp_path / "tools" / "uv" / "bin"
    # Stands for the system's Python (makes a venv once Debian's package is there) and for the venv's (installs uv).
    python = script(
        "python-after-apt",
        f"""[ -e {tmp_path}/installed ] || exit 1
        mkdir -p {own}; [ "$2" = pip ] || cp $0 {own}/python
        printf '#!/bin/sh\necho uv 0.13' > {own}/uv; chmod +x {own}/uv""",
    )
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert toolchain.find_uv() == str(own / "uv")
    assert (tmp_path / "apt").read_text() == "install -y -q --no-install-recommends python3-venv\n"


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v20.19.0", True),
        ("v20.18.3", False),
        ("v18.20.4", False),
        ("v22.1.0", True),
        ("", False),
        (None, False),
        ("20", False),
    ],
)
def test_that_node_counts_from_20_19(version: str | None, enough: bool) -> None:
    assert toolchain.node_is_new_enough(version) is enough


def test_that_a_good_node_on_path_is_left_alone(script: Script) -> None:
    script("node", "echo v20.19.0")
    script("npm", "echo 10.8.2")
    assert toolchain.find_node("no-uv", sys.executable) is None


def test_that_an_environment_is_current_only_with_its_python_and_its_lock(tmp_path: Path) -> None:
    folder, lock = tmp_path / "env", tmp_path / "lock.txt"
    lock.write_text("a==1\n")
    key = fingerprint([lock])
    assert not setup.environment_is_current(folder, key)
    Stamp(folder / "kefu-lock").write(key)
    assert not setup.environment_is_current(folder, key)
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(sys.executable)
    assert setup.environment_is_current(folder, key)
    lock.write_text("a==2\n")
    assert not setup.environment_is_current(folder, fingerprint([lock]))


def test_that_an_environment_that_cannot_be_filled_stays_stale_and_says_why(script: Script, tmp_path: Path) -> None:
    uv = script("uv", '[ "$1" = venv ] || exit 2')
    lock = tmp_path / "lock.txt"
    lock.write_text("a==1 \\\n    --hash=sha256:0\n")

    with pytest.raises(OpsError, match="package registry"):
        setup.make_environment(setup.Tools(str(uv)), tmp_path / "env", lock, sys.executable)
    assert not setup.environment_is_current(tmp_path / "env", fingerprint([lock]))


def test_that_a_fingerprint_sees_names_and_contents_but_not_what_is_built(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "a.ts").write_text("1")
    seen = {fingerprint([source])}
    (source / "node_modules").mkdir()
    (source / "node_modules" / "x").write_text("x")
    assert fingerprint([source]) in seen
    (source / "deep" / "a.ts").write_text("2")
    assert fingerprint([source]) not in seen
    seen.add(fingerprint([source]))
    (source / "deep" / "a.ts").rename(source / "deep" / "b.ts")
    assert fingerprint([source]) not in seen


@pytest.mark.parametrize("name", ["bot", "bot-dev", "handoff", "handoff-dev", "node"])
def test_that_locks_are_hashed_and_name_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert "://" not in text
    assert "--index-url" not in text
    packages = [block for block in text.replace("\\\n", " ").splitlines() if block.strip()]
    assert packages
    assert all("==" in block and "--hash=sha256:" in block for block in packages)
