"""Who buys here, and where they live."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import yaml

PEOPLE_FILE = Path(__file__).with_name("people.yml")


@dataclass(frozen=True)
class City:
    zh: str
    en: str
    hub_zh: str
    hub_en: str
    street: str


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    email: str
    phone: str
    level: str
    city: City
    address: str
    joined: datetime


def load_people(rng: random.Random, now: datetime) -> list[Person]:
    content = yaml.safe_load(PEOPLE_FILE.read_text(encoding="utf-8"))
    cities = {zh: City(zh, *parts) for zh, parts in content["cities"].items()}
    people = []
    for n, (name, mailbox, level, city_name) in enumerate(content["customers"], start=1):
        city = cities[city_name]
        door = f"{rng.randint(1, 18)}幢{rng.randint(1, 28)}0{rng.randint(1, 4)}室"
        address = f"{city.street}{rng.randint(2, 688)}号{door}"
        # 1380000xxxx is what printed samples use; nobody is called by a demonstration.
        phone = f"1380000{rng.randrange(1000, 10000)}"
        joined = now - timedelta(days=rng.randint(120, 1500), minutes=rng.randrange(1440))
        people.append(Person(f"c{n:03d}", name, f"{mailbox}@example.com", phone, level, city, address, joined))
    return people
