"""`make train`: trains the bot if bot/models holds no model of the current sources.

A stamp beside the model says what it was trained from. The training's whole log is var/log/train.log.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from ops.console import OpsError, run_or_exit, say, step
from ops.paths import LOGS, ROOT, VAR, fingerprint, only_one, private_folder

MODELS = ROOT / "bot" / "models"
NAME = "kefu"
MODEL = MODELS / f"{NAME}.tar.gz"
STAMP = MODELS / f"{NAME}.json"
LOG = LOGS / "train.log"
CODE = [ROOT / "bot" / "nlu", ROOT / "nlp", ROOT / "requirements" / "bot.txt"]
SOURCES = [ROOT / "config.yml", ROOT / "domain.yml", ROOT / "bot" / "data", *CODE]
STARTING = re.compile(r"Starting to train component '(\w+)'")
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    # What takes long is spread over the cores by nlp itself; threads of numpy's own below would only wait for each other.
    "OPENBLAS_NUM_THREADS": "1",
    "TF_INTRA_OP_PARALLELISM_THREADS": "1",
    "TF_INTER_OP_PARALLELISM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "RASA_TELEMETRY_ENABLED": "false",
    "PYTHONUNBUFFERED": "1",
    "PYTHONPATH": str(ROOT),
    "NO_COLOR": "1",
}


def sources_fingerprint() -> str:
    """What a model of now would be trained from."""
    return fingerprint(SOURCES)


def model_is_current() -> bool:
    """Whether bot/models holds a model that was trained from what is here now."""
    try:
        return MODEL.exists() and json.loads(STAMP.read_text()).get("sources") == sources_fingerprint()
    except (FileNotFoundError, ValueError):
        return False


def _rasa_cache() -> Path:
    """Rasa's cache for this code. Rasa itself does not notice that nlp changed, so other code means another cache."""
    caches = private_folder(VAR / "rasa-cache")
    own = caches / fingerprint(CODE)[:16]
    for other in caches.iterdir():
        if other != own:
            shutil.rmtree(other, ignore_errors=True)
    return private_folder(own)


def _run_rasa(out: Path, show: Callable[[str], None]) -> int:
    """Train a model into `out`, naming to `show` the component that is being trained; Rasa's exit code."""
    command = [str(ROOT / ".venv/bot/bin/python"), "-m", "bot", "train", "--config", "config.yml"]
    command += ["--domain", "domain.yml", "--data", "bot/data", "--out", str(out), "--fixed-model-name", NAME]
    # What it would find, the tests find: of a few seconds each time only warnings were left.
    command.append("--skip-validation")
    temporary = private_folder(VAR / "tmp" / "bot")
    env = {**os.environ, **ENVIRONMENT, "TMPDIR": str(temporary), "RASA_CACHE_DIRECTORY": str(_rasa_cache())}
    private_folder(LOGS)
    with (
        LOG.open("w") as log,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as rasa,
    ):
        try:
            for line in rasa.stdout or ():
                log.write(line)
                found = STARTING.search(line)
                if found:
                    show(found[1])
        except BaseException:
            rasa.kill()
            raise
    return rasa.returncode


def train() -> None:
    """Train and put model and stamp in place, the stamp last. Raises OpsError, naming the log."""
    sources = sources_fingerprint()
    started = time.monotonic()
    MODELS.mkdir(parents=True, exist_ok=True)
    with step("Training the bot") as show, tempfile.TemporaryDirectory(dir=private_folder(VAR / "tmp")) as folder:
        code = _run_rasa(Path(folder), show)
        trained = Path(folder, MODEL.name)
        if code != 0 or not trained.exists():
            raise OpsError(f"the bot could not be trained (rasa train: exit code {code}): see {LOG.relative_to(ROOT)}.")
        STAMP.unlink(missing_ok=True)
        shutil.move(trained, MODEL)
    seconds = round(time.monotonic() - started, 1)
    stamp = {"sources": sources, "trained_at": datetime.now(UTC).isoformat(timespec="seconds"), "seconds": seconds}
    STAMP.write_text(json.dumps(stamp, indent=2) + "\n")


def ensure_model(force: bool = False) -> None:
    """Train unless the model is current."""
    with only_one(VAR / "train.lock", "Another training is at work in this folder; waiting for it."):
        if force or not model_is_current():
            train()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--force", action="store_true", help="train even if the model is current")
    force = parser.parse_args().force
    ensure_model(force)
    if os.environ.get("VERBOSE"):
        say(f"The model is {MODEL.relative_to(ROOT)}.")


if __name__ == "__main__":
    run_or_exit(main)
