"""The benchmarks of the running system, each with a handful of everything: they start, measure something and end with their line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from handoff.settings import Settings, SettingsError

ROOT = Path(__file__).resolve().parents[2]


def run(name: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.mark.slow
def test_that_idle_customers_are_held_and_counted() -> None:
    result = run("sockets", "--connections", "30", "--minutes", "0.02")
    assert (result["connections"], result["lost"], result["pongs_missing"]) == (30, 0, 0)
    assert result["rss_mb"] > 20


@pytest.mark.slow
def test_that_gateways_with_different_histories_are_compared() -> None:
    sizes = ("--sizes", "100,21000", "--rounds", "1", "--conversations", "2", "--seconds", "0.5", "--rate", "20")
    result = run("growth", *sizes)
    assert set(result["p50_ms"]) == set(result["list_ms"]) == {"100", "21000"}
    assert result["p50_ratio"] > 0
    assert result["lost"] == 0


@pytest.mark.slow
@pytest.mark.skipif(not any((ROOT / "bot" / "models").glob("*.tar.gz")), reason="no trained model: make train")
def test_that_the_bot_is_measured_beside_plain_rasa() -> None:
    result = run("bot", "--first", "3", "--long", "1", "--turns", "4", "--at-once", "2")
    assert set(result["overhead_ms_by_kind"]) == {"shop", "faq", "words"}
    assert result["overhead_ms"] == max(result["overhead_ms_by_kind"].values())
    assert result["turn100_ratio"] > 0
    assert result["plain_per_second"] > 0


def test_that_limits_are_not_lifted_outside_the_demo() -> None:
    secrets = {name: "x" * 32 for name in ("KEFU_WEBSITE_TOKEN", "KEFU_WEBSITE_SECRET", "KEFU_RASA_SECRET")}
    env = secrets | {"KEFU_INTERNAL_SECRET": "x" * 32, "KEFU_SHOP_TOKEN": "x" * 32, "KEFU_LIMITS": "off"}
    assert not Settings.from_env(env | {"KEFU_ENV": "demo"}).limits
    with pytest.raises(SettingsError, match="KEFU_LIMITS"):
        Settings.from_env(env | {"KEFU_ENV": "production"})
