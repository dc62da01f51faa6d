"""Rasa's commands as this bot needs them: without TensorFlow where no component uses it, and training with a head start.

    .venv/bot/bin/python -m bot run | train … (what `rasa run` and `rasa train` take)

`python -m rasa` does the same, more slowly.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import yaml

from bot import without_tensorflow
from bot.train import encode_ahead

CONFIG = Path(__file__).resolve().parent.parent / "config.yml"
_PATIENCE = 1e-4  # seconds


def main() -> None:
    # A configuration that cannot be read is left to Rasa, which says what is wrong with it.
    try:
        is_needed = without_tensorflow.is_needed(yaml.safe_load(CONFIG.read_text(encoding="utf-8")))
    except (OSError, ValueError, yaml.YAMLError, AttributeError, LookupError, TypeError):
        is_needed = True
    if sys.argv[1:2] == ["train"]:
        # numpy lets Python go on for a millisecond at a time and must then ask for it back: each time for up to 5 ms, unless told
        # otherwise, while Rasa's imports keep it busy. Measured so: 48 ms for a text instead of 24.
        sys.setswitchinterval(_PATIENCE)
        threading.Thread(target=encode_ahead, daemon=True).start()
    if not is_needed:
        without_tensorflow.leave_out()
    from rasa.__main__ import main as rasa

    sys.argv[0] = "rasa"
    rasa()


if __name__ == "__main__":
    main()
