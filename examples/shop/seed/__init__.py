"""Fills a new shop: the same every time, with times relative to the day it is filled."""

import random
import sqlite3
from datetime import datetime

from examples.shop.seed.catalogue import read_catalogue, seed_products
from examples.shop.seed.orders import seed_orders
from examples.shop.seed.people import load_people
from examples.shop.seed.plans import ORDERS, demo_plans, drawn_plans
from examples.shop.times import iso

SEED = 20260101


def fill(connection: sqlite3.Connection, now: datetime) -> None:
    rng = random.Random(SEED)  # noqa: S311 - believable, not secret
    seed_products(connection)
    people = load_people(rng, now)
    for person in people:
        connection.execute(
            "INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (person.id, person.name, person.email, person.phone, person.level, person.city.zh, person.address,
             iso(person.joined)),
        )  # fmt: skip
    catalogue = list(read_catalogue())
    plans = list(demo_plans())
    told = {plan.customer for plan in plans}
    # The demonstration's customers have their own orders only.
    others = [person.id for person in people if person.id not in told]
    plans += drawn_plans(rng, ORDERS - len(plans), others, catalogue)
    seed_orders(connection, rng, now, people, plans, {product["sku"]: product for product in catalogue})
