"""`python -m examples.shop`: the only place that reads the environment."""

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from examples.shop.app import create_app
from examples.shop.settings import Settings


def settings_from(environment: Mapping[str, str]) -> tuple[Settings, str, int]:
    """Settings, host and port. Raises ValueError in words for the person who starts it."""
    token = environment.get("KEFU_SHOP_TOKEN", "")
    if not token:
        raise ValueError("KEFU_SHOP_TOKEN is not set; the launcher (make run) sets it")
    host = "127.0.0.1"  # a demonstration is for this machine only
    port = environment.get("KEFU_SHOP_PORT") or "8090"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"KEFU_SHOP_PORT is not a port: {port}")
    settings = Settings(
        database=Path(environment.get("KEFU_VAR") or "var") / "shop.db",
        shop_token=token,
        shop_url=(environment.get("KEFU_SHOP_URL") or f"http://{host}:{port}").rstrip("/"),
        base_url=(environment.get("KEFU_BASE_URL") or "http://127.0.0.1:8080").rstrip("/"),
        website_token=environment.get("KEFU_WEBSITE_TOKEN", ""),
        website_secret=environment.get("KEFU_WEBSITE_SECRET", ""),
    )
    return settings, host, int(port)


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        settings, host, port = settings_from(os.environ)
    except ValueError as error:
        print(f"shop: {error}", file=sys.stderr)
        return 2
    create_app(settings).run(host=host, port=port, single_process=True, motd=False, access_log=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
