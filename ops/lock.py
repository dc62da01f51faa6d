"""`make lock`: turn the groups of pyproject.toml into hashed locks without addresses under requirements/."""

from __future__ import annotations

import argparse
import subprocess

from ops.console import OpsError, run_or_exit, step
from ops.paths import ROOT
from ops.toolchain import find_uv

# The handoff service runs on whatever Python from 3.11 on a machine has, so its locks hold for all of them.
ANY_FROM_311 = ("--universal", "--python-version", "3.11")
ONLY_310 = ("--python-version", "3.10", "--python-platform", "x86_64-manylinux_2_28")
LOCKS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "bot": (ONLY_310, ("bot",)),
    "bot-dev": (ONLY_310, ("bot", "dev-bot")),
    "handoff": (ANY_FROM_311, ("handoff",)),
    "handoff-dev": (ANY_FROM_311, ("handoff", "dev")),
    "node": (ANY_FROM_311, ("node",)),
}
WITHOUT_ADDRESSES = ("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions instead of keeping pins")
    upgrade = ["--upgrade"] if parser.parse_args().upgrade else []
    uv = find_uv()
    for name, (target, groups) in LOCKS.items():
        out = f"requirements/{name}.txt"
        chosen = [part for group in groups for part in ("--group", group)]
        # The plain lock constrains the one with development tools: what is tested is what runs.
        base = ROOT / "requirements" / f"{name.removesuffix('-dev')}.txt"
        constraint = ["--constraint", str(base)] if name.endswith("-dev") else []
        command = [uv, "pip", "compile", "-q", "--generate-hashes", *WITHOUT_ADDRESSES, *target, *upgrade, *constraint]
        with step(out):
            done = subprocess.run([*command, "-o", out, *chosen], cwd=ROOT, stdout=subprocess.DEVNULL)
        if done.returncode != 0:
            raise OpsError(f"{out} could not be made: see above.")


if __name__ == "__main__":
    run_or_exit(main)
