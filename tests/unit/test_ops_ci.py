""".ci/run passes only when tests ran and passed and every check did."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ops.paths import ROOT


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with .ci/run alone, and a `make` that says and returns what MADE_* in the environment tell it."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    make = tmp_path / "bin" / "make"
    make.parent.mkdir()
    make.write_text(
        "#!/bin/sh\n"
        'case "$*" in *test-all*) echo "$MADE_OUTPUT"; exit $MADE_TESTS;; *check*) exit $MADE_CHECKS;; esac\n'
    )
    make.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("output", "tests", "checks", "code"),
    [
        ("310 passed, 2 skipped in 61.20s (0:01:01)", 0, 0, 0),
        ("310 passed in 61.20s", 0, 2, 1),
        ("1 failed, 309 passed in 61.20s", 2, 0, 1),
        ("no tests ran in 0.01s", 0, 0, 1),
        ("", 0, 0, 1),
    ],
)
def test_that_ci_passes_only_when_tests_ran_and_all_is_well(
    clone: Path, output: str, tests: int, checks: int, code: int
) -> None:
    made = {"MADE_OUTPUT": output, "MADE_TESTS": str(tests), "MADE_CHECKS": str(checks)}
    env = {**os.environ, **made, "PATH": f"{clone}/bin:/usr/bin:/bin"}
    done = subprocess.run(["bash", ".ci/run"], cwd=clone, env=env, capture_output=True, text=True)
    assert done.returncode == code
    closing = done.stdout.split("── closing lines ──\n")[1]
    assert closing == (f"{output}\n" if "passed" in output else "no test ran\n")
