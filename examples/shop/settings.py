"""What the shop is told at start."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Settings:
    """One shop. Secrets stay out of the repr."""

    database: Path
    """The SQLite file; made and filled at the first start."""
    shop_token: str = field(repr=False)
    """What the gateway presents on every call to /api."""
    shop_url: str = "http://127.0.0.1:8090"
    """The shop's own public address, for the links in products."""
    base_url: str = ""
    """The gateway's public address, for the widget; empty: no widget."""
    website_token: str = field(default="", repr=False)
    website_secret: str = field(default="", repr=False)
    """Signs the identifiers of signed-in customers for the widget."""
    now: Callable[[], datetime] = utc_now

    @property
    def widget_origin(self) -> str | None:
        """`scheme://host:port` of the gateway; None when no widget is configured or the address is not one."""
        parts = urlsplit(self.base_url)
        if not self.website_token or parts.scheme not in ("http", "https") or not parts.netloc:
            return None
        return f"{parts.scheme}://{parts.netloc}"
