"""Fills the templates: texts in the visitor's language, money, times and pictures."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from examples.shop import pictures
from examples.shop.requests import ShopRequest, shop_of
from examples.shop.shapes import Customer
from examples.shop.times import china_minutes
from examples.shop.visitor import language_of, widget_config

HERE = Path(__file__).parent
CATEGORIES = ("apparel", "shoes", "electronics", "home", "beauty", "food", "global")
CURRENCY_SIGNS = {"CNY": "¥"}


@cache
def _texts() -> dict[str, dict[str, str]]:
    content = yaml.safe_load((HERE / "texts.yml").read_text(encoding="utf-8"))
    return {key: {"zh": zh, "en": en} for key, (zh, en) in content.items()}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(money=money, minutes=china_minutes)
    environment.globals.update(draw=pictures.draw, categories=CATEGORIES)
    return environment


def money(amount: int, currency: str = "CNY") -> str:
    """Minor units as people write them: 25900 is ¥259, 6990 is ¥69.90."""
    sign = CURRENCY_SIGNS.get(currency, f"{currency} ")
    whole, cents = divmod(amount, 100)
    return f"{sign}{whole:,}" + (f".{cents:02d}" if cents else "")


def render(request: ShopRequest, template: str, visitor: Customer | None, **content: Any) -> str:
    shop, language = shop_of(request), language_of(request)
    texts = _texts()

    def say(key: str, *values: object) -> str:
        return texts[key][language].format(*values)

    return _environment().get_template(template).render(
        t=say,
        lang=language,
        visitor=visitor,
        demo_customers=shop.demo_customers,
        widget=widget_config(shop.settings, visitor, language),
        path=request.path,
        **{"query": "", "category": "", **content},
    )  # fmt: skip
