"""Fills products and stock from catalogue/*.yml."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CATALOGUE = Path(__file__).parent.parent / "catalogue"


def read_catalogue() -> Iterator[dict[str, Any]]:
    """Every product with the defaults of its file filled in."""
    for file in sorted(CATALOGUE.glob("*.yml")):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        defaults = {key: value for key, value in content.items() if key != "products"}
        for product in content["products"]:
            yield {"cross_border": False, **defaults, **product}


def seed_products(connection: sqlite3.Connection) -> None:
    for product in read_catalogue():
        low, high = product["delivery_days"]
        connection.execute(
            "INSERT INTO products VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'CNY', ?, ?, ?, ?, ?, ?, ?)",
            (
                product["sku"], product["category"], product["name"]["zh"], product["name"]["en"],
                product["description"]["zh"], product["description"]["en"],
                json.dumps(product["tags"]["zh"], ensure_ascii=False), json.dumps(product["tags"]["en"]),
                product["price"], product["list_price"], low, high, int(product["returnable"]),
                int(product["cross_border"]), product["picture"], product["colour"], product["sold"],
            ),
        )  # fmt: skip
        shelves = product.get("sizes") or {"": product["stock"]}
        for position, (size, quantity) in enumerate(shelves.items()):
            connection.execute("INSERT INTO stock VALUES (?, ?, ?, ?)", (product["sku"], size, position, quantity))
