"""Where this process may keep files that it can make again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir(name: str) -> Path:
    """`$KEFU_CACHE/NAME` (else `$KEFU_VAR/cache/NAME`), made with mode 0700: jieba loads its cache with marshal, so nobody else may write there."""
    root = os.environ.get("KEFU_CACHE") or Path(os.environ.get("KEFU_VAR") or "var") / "cache"
    path = Path(root) / name
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)
    return path
