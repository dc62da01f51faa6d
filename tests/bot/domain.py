"""The bot's domain, loaded once."""

from __future__ import annotations

import warnings
from functools import lru_cache
from pathlib import Path

from rasa.shared.core.domain import Domain

ROOT = Path(__file__).resolve().parent.parent.parent


@lru_cache(maxsize=1)
def domain() -> Domain:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pykwalify, below Rasa, loads its plugins as nobody does any more
        return Domain.load(str(ROOT / "domain.yml"))
