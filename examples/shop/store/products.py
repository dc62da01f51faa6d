"""Products and their stock."""

import json
import sqlite3
from dataclasses import dataclass

from examples.shop.errors import NotFound
from examples.shop.shapes import Product


@dataclass(frozen=True)
class Card:
    """A product with what only the shop itself shows or searches."""

    product: Product
    tags: dict[str, list[str]]
    colour: str
    picture: str
    cross_border: bool
    sold: int


def list_cards(connection: sqlite3.Connection, shop_url: str) -> list[Card]:
    """Every product, best-sellers first."""
    rows = connection.execute("SELECT * FROM products ORDER BY sold DESC, sku").fetchall()
    return _cards(connection, rows, shop_url)


def get_card(connection: sqlite3.Connection, sku: str, shop_url: str) -> Card:
    """Raises NotFound."""
    rows = connection.execute("SELECT * FROM products WHERE sku = ?", (sku.upper(),)).fetchall()
    if not rows:
        raise NotFound("There is no such product.")
    return _cards(connection, rows, shop_url)[0]


def take_stock(connection: sqlite3.Connection, sku: str, size: str, quantity: int) -> bool:
    """Take so many off the shelf; False when there are not enough."""
    changed = connection.execute(
        "UPDATE stock SET quantity = quantity - ? WHERE sku = ? AND size = ? AND quantity >= ?",
        (quantity, sku, size, quantity),
    )
    return changed.rowcount == 1


def put_back(connection: sqlite3.Connection, sku: str, size: str, quantity: int) -> None:
    connection.execute("UPDATE stock SET quantity = quantity + ? WHERE sku = ? AND size = ?", (quantity, sku, size))


def _cards(connection: sqlite3.Connection, rows: list[sqlite3.Row], shop_url: str) -> list[Card]:
    stock: dict[str, list[tuple[str, int]]] = {}
    for row in connection.execute("SELECT sku, size, quantity FROM stock ORDER BY sku, position"):
        stock.setdefault(row["sku"], []).append((row["size"], row["quantity"]))
    return [_card(row, stock[row["sku"]], shop_url) for row in rows]


def _card(row: sqlite3.Row, stock: list[tuple[str, int]], shop_url: str) -> Card:
    sku = row["sku"]
    product: Product = {
        "sku": sku,
        "name": {"zh": row["name_zh"], "en": row["name_en"]},
        "category": row["category"],
        "description": {"zh": row["description_zh"], "en": row["description_en"]},
        "price": row["price"],
        "currency": row["currency"],
        "list_price": row["list_price"],
        "sizes": [{"size": size, "stock": quantity} for size, quantity in stock if size],
        "stock": sum(quantity for _, quantity in stock),
        "delivery_days": [row["days_min"], row["days_max"]],
        "returnable": bool(row["returnable"]),
        "url": f"{shop_url}/products/{sku}",
        "image": f"{shop_url}/pictures/{sku}.svg",
    }
    tags = {"zh": json.loads(row["tags_zh"]), "en": json.loads(row["tags_en"])}
    return Card(product, tags, row["colour"], row["picture"], bool(row["cross_border"]), row["sold"])
