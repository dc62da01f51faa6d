"""What each seeded order is: the demonstration's own from YAML, the rest drawn with a fixed seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DEMO_FILE = Path(__file__).with_name("demo_orders.yml")
ORDERS = 200

# How the drawn orders are spread over the scenes: scene, weight, days since placed (low, high), days on the road.
SCENES: tuple[tuple[str, int, int, int], ...] = (
    ("unpaid", 10, 0, 0),
    ("paid", 12, 0, 1),
    ("packed", 9, 1, 2),
    ("picked_up", 6, 1, 2),
    ("in_transit", 20, 2, 4),
    ("out_for_delivery", 8, 3, 5),
    ("two_parcels", 8, 3, 5),
    ("delivered", 32, 5, 16),
    ("completed", 40, 25, 240),
    ("cancelled", 10, 2, 90),
    ("delayed", 6, 6, 9),
    ("customs", 4, 9, 12),
    ("cross_border", 6, 6, 10),
    ("return_approved", 5, 7, 9),
    ("exchange_approved", 4, 7, 12),
    ("refunding", 6, 8, 12),
    ("refunded", 8, 20, 120),
)
DOMESTIC = ("sf", "yto", "zto", "jd")
ORIGIN_OF = {"GL-7001": "japan", "GL-7002": "france", "GL-7003": "germany", "GL-7004": "australia", "GL-7005": "italy",
             "GL-7006": "usa"}  # fmt: skip
DELIVERED_SCENES = frozenset(
    {"delivered", "completed", "return_approved", "exchange_approved", "refunding", "refunded"}
)


@dataclass(frozen=True)
class Plan:
    customer: str
    scene: str
    placed: int
    """Days before the day of seeding."""
    items: list[tuple[str, str, int]]
    """sku, size, quantity"""
    delivered: int | None = None
    carrier: str = "sf"
    second_carrier: str = "zto"
    origin: str = ""
    invoice: bool = False


def demo_plans() -> Iterator[Plan]:
    for customer, orders in yaml.safe_load(DEMO_FILE.read_text(encoding="utf-8")).items():
        for order in orders:
            yield Plan(customer, **{**order, "items": [tuple(item) for item in order["items"]]})


def drawn_plans(
    rng: random.Random, count: int, customers: list[str], catalogue: list[dict[str, Any]]
) -> Iterator[Plan]:
    """`count` orders over the customers and scenes; every scene comes at least once in a full round."""
    weighted = [scene for scene in SCENES for _ in range(scene[1])]
    rng.shuffle(weighted)
    # Everybody buys once before somebody buys again.
    buyers = customers + rng.choices(customers, k=max(count - len(customers), 0))
    for scene, customer in zip((weighted * (count // len(weighted) + 1))[:count], buyers, strict=False):
        name, _, low, high = scene
        abroad = name in ("customs", "cross_border")
        items = _items(rng, [p for p in catalogue if p["cross_border"] == abroad], abroad, name)
        placed = rng.randint(low, high)
        yield Plan(
            customer=customer,
            scene=name,
            placed=placed,
            items=items,
            delivered=max(placed - rng.randint(3, 5), 0) if name in DELIVERED_SCENES else None,
            carrier=rng.choice(("dhl", "ems")) if abroad else rng.choice(DOMESTIC),
            second_carrier=rng.choice(DOMESTIC),
            origin=ORIGIN_OF[items[0][0]] if abroad else "",
            invoice=name in ("delivered", "completed") and rng.random() < 0.3,
        )


def _items(rng: random.Random, products: list[dict[str, Any]], abroad: bool, scene: str) -> list[tuple[str, str, int]]:
    count = 1 if abroad else rng.choices((1, 2, 3, 4), weights=(45, 30, 18, 7))[0]
    if scene == "two_parcels":
        count = max(count, 2)
    first_returnable = [p for p in products if p["returnable"]]
    chosen = [rng.choice(first_returnable)]
    rest = [p for p in products if p is not chosen[0]]
    chosen += rng.sample(rest, count - 1)
    return [(p["sku"], _size(rng, p), 2 if p["price"] < 10000 and rng.random() < 0.3 else 1) for p in chosen]


def _size(rng: random.Random, product: dict[str, Any]) -> str:
    return rng.choice(list(product["sizes"])) if "sizes" in product else ""
