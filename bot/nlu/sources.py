"""What a component's cached results depend on. Rasa fingerprints the component's own class and nothing behind it."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """A hash over nlp/ and bot/nlu/: code and data."""
    digest = hashlib.sha256()
    for folder in (ROOT / "nlp", ROOT / "bot" / "nlu"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
