"""Where a request comes from, and what of that may be believed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from sanic import Request

from handoff.settings import Settings


def is_internal(request: Request, networks: Iterable[str]) -> bool:
    """Whether the caller is one of our own processes, and not somebody behind a proxy among them."""
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        return False
    if not request.ip:  # a unix socket
        return True
    address = ip_address(request.ip)
    return any(address in ip_network(network) for network in networks)


def client_address(request: Request) -> str:
    """Whose connection it is: what our own proxies (KEFU_PROXIES) saw, else the peer. What anybody else claims is ignored."""
    return request.remote_addr or request.ip


def address_hash(request: Request, settings: Settings) -> str:
    """64 hex digits for `client_address`, keyed so that nobody who reads the database finds the address by trying them all.

    Of an IPv6 address the first 64 bits count: one household has them in common and can change the rest at will.
    """
    said = client_address(request)
    try:
        address = ip_address(said)
        if address.version == 6:
            said = str(ip_network(f"{said.partition('%')[0]}/64", strict=False))
    except ValueError:  # a unix socket has none
        pass
    return hmac.new(settings.internal_secret.encode(), said.encode(), hashlib.sha256).hexdigest()
