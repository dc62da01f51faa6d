"""Questions about goods: price, stock, sizes, delivery time, comparison. The facts come from the shop alone."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any

from bot.actions import faq
from bot.actions.turn import Event, SkillAction, Turn, option, slot_set
from bot.actions.wording import money, named

Product = dict[str, Any]
Skill = Callable[[Turn], Awaitable[list[Event]]]

# Words of the question itself: what is left names the product.
_ASKING = re.compile(
    r"请问|你好|您好|亲|麻烦|帮我|想问一?下?|问一?下|我想|想要|想买|我要|看一?看|看一?下|有没有|有吗|有货吗?|还有货?|没有?货|现货|库存|补货|缺货"
    r"|多少钱?|价格|价钱|报价|贵不贵|几块|怎么卖|优惠|打折|便宜|尺码表?|什么码|哪些码|多大|大小|几个码|码数|推荐|介绍|给我"
    r"|多久|几天|什么时候|能到|送到|到货|发货|配送|时间|哪个好|哪款好|区别|对比|比较|相比|比起来|不一样|有什么|你们|店里|卖不卖|卖"
    r"|这个|那个|这款|那款|这件|那件|这双|那双|一下|的|吗|呢|吧|啊|呀|了|是|么|\b(?:how|much|does|do|is|are|the|a|an|cost|price|of"
    r"|for|you|have|got|any|in|stock|available|what|which|sizes?|comes?|long|will|it|take|to|deliver(?:y|ed)?|time|compare|difference"
    r"|between|better|i|want|looking|show|me|please|can|buy|there|this|that|one|sell|some|need)\b|[?？!！,，。.]",
    re.IGNORECASE,
)
_PARTS = re.compile(r"和|跟|与|还是|或者?|\bvs\.?\b|\band\b|\bor\b|\bwith\b|、|/", re.IGNORECASE)
_THIS = re.compile(r"这个|那个|这款|那款|这件|那件|这双|它|\b(?:it|this|that)\b", re.IGNORECASE)


class ProductAction(SkillAction):
    """One question about goods."""

    @property
    @abstractmethod
    def skill(self) -> Skill: ...

    async def act(self, turn: Turn) -> list[Event]:
        return await self.skill(turn)


def _query(text: str) -> str:
    return " ".join(_ASKING.sub(" ", text).split())[:60]


def _without_size(turn: Turn) -> str:
    sizes = [e for e in turn.entities if e.get("entity") == "size" and "start" in e]
    return turn.text[: sizes[0]["start"]] + " " + turn.text[sizes[0]["end"] :] if sizes else turn.text


async def _named_products(turn: Turn, limit: int = 3) -> list[Product]:
    """The goods the customer means: the pressed one, the one just named, or the one talked about before."""
    pressed = turn.entity("product")
    if pressed:
        return await turn.client.products_search(str(pressed), turn.locale, 1)
    query = _query(_without_size(turn))
    previous = turn.slot("product")
    if query and not (_THIS.search(turn.text) and len(query) < 2):
        found = await turn.client.products_search(query, turn.locale, limit)
        if found or not previous:
            return found
    if previous:
        return await turn.client.products_search(str(previous), turn.locale, 1)
    return []


async def _one_product(turn: Turn, intent: str) -> Product | None:
    """The product in question. None: the customer was asked which, or told that there is none."""
    found = await _named_products(turn)
    if not found:
        # "运费多少": a price, but not that of a product.
        if await faq.answer_if_sure(turn):
            return None
        best = await turn.client.products_search("", turn.locale, 3)
        turn.ask("utter_which_product", _choices(turn, best, intent))
        return None
    if len(found) > 1 and not _is_clear(turn, found):
        turn.ask("utter_which_of_these", _choices(turn, found, intent))
        return None
    return found[0]


def _is_clear(turn: Turn, found: list[Product]) -> bool:
    """True when the first one's name is in the text and the second's is not."""
    text = turn.text.lower()
    hits = [any(str(name).lower() in text for name in product["name"].values() if name) for product in found[:2]]
    return hits == [True, False]


def _choices(turn: Turn, found: list[Product], intent: str) -> list[dict[str, Any]]:
    return [option(named(product["name"], turn.lang), intent, product=product["sku"]) for product in found]


def _tell(turn: Turn, response: str, product: Product, **values: Any) -> list[Event]:
    turn.say(response, {"type": "product", "products": [product]}, name=named(product["name"], turn.lang), **values)
    return [slot_set("product", product["sku"])]


async def search(turn: Turn) -> list[Event]:
    found = await turn.client.products_search(_query(turn.text), turn.locale, 3)
    response = "utter_products_found"
    if not found:
        found = await turn.client.products_search("", turn.locale, 3)
        response = "utter_products_best_sellers"
    if not found:
        turn.say("utter_no_products")
        return []
    lines = "\n".join(f"· {named(p['name'], turn.lang)} {money(p['price'], p['currency'])}" for p in found)
    turn.say(response, {"type": "product", "products": found}, lines=lines)
    return [slot_set("product", found[0]["sku"] if len(found) == 1 else None)]


async def price(turn: Turn) -> list[Event]:
    product = await _one_product(turn, "ask_price")
    if product is None:
        return []
    now, was = money(product["price"], product["currency"]), money(product.get("list_price"), product["currency"])
    if (product.get("list_price") or 0) > product["price"]:
        return _tell(turn, "utter_price_reduced", product, price=now, list_price=was)
    return _tell(turn, "utter_price", product, price=now)


async def stock(turn: Turn) -> list[Event]:
    product = await _one_product(turn, "ask_stock")
    if product is None:
        return []
    wanted = str(turn.entity("size") or "").upper()
    sizes = product.get("sizes") or []
    if wanted:
        size = next((s for s in sizes if str(s["size"]).upper() == wanted), None)
        if size is None:
            return _tell(turn, "utter_no_such_size", product, size=wanted, sizes=_sizes(turn, sizes))
        response = "utter_size_in_stock" if size["stock"] > 0 else "utter_size_sold_out"
        return _tell(turn, response, product, size=size["size"], sizes=_sizes(turn, sizes, in_stock=True))
    if product["stock"] <= 0:
        return _tell(turn, "utter_sold_out", product)
    if len(sizes) > 1:
        return _tell(turn, "utter_in_stock_sizes", product, sizes=_sizes(turn, sizes, in_stock=True))
    return _tell(turn, "utter_in_stock", product)


async def size(turn: Turn) -> list[Event]:
    product = await _one_product(turn, "ask_size")
    if product is None:
        return []
    sizes = product.get("sizes") or []
    if len(sizes) < 2:
        return _tell(turn, "utter_one_size", product)
    return _tell(
        turn,
        "utter_sizes",
        product,
        sizes=_sizes(turn, sizes),
        in_stock=_sizes(turn, sizes, in_stock=True),
        description=named(product.get("description"), turn.lang),
    )


async def delivery_time(turn: Turn) -> list[Event]:
    found = await _named_products(turn, 1)
    if not found:
        # No product named: the shop's general terms are in the knowledge base.
        return await faq.answer(turn)
    least, most = found[0]["delivery_days"]
    return _tell(turn, "utter_delivery_time", found[0], least=least, most=most)


async def compare(turn: Turn) -> list[Event]:
    """Two products side by side: price, sizes, delivery, returns."""
    pair: list[Product] = []
    for part in (_query(part) for part in _PARTS.split(turn.text)):
        if part and len(pair) < 2:
            found = await turn.client.products_search(part, turn.locale, 2)
            pair += [product for product in found if product["sku"] not in {p["sku"] for p in pair}][:1]
    if len(pair) == 1 and turn.slot("product") not in (None, pair[0]["sku"]):
        pair = [*await turn.client.products_search(str(turn.slot("product")), turn.locale, 1), *pair]
    if len(pair) < 2:
        turn.say("utter_compare_what")
        return []
    lines = "\n".join(_compared(turn, product) for product in pair)
    turn.say("utter_compared", {"type": "product", "products": pair}, lines=lines)
    return []


def _compared(turn: Turn, product: Product) -> str:
    least, most = product["delivery_days"]
    sizes = _sizes(turn, product.get("sizes") or [], in_stock=True)
    name, cost = named(product["name"], turn.lang), money(product["price"], product["currency"])
    if turn.lang == "en":
        back = "returnable within 7 days" if product["returnable"] else "not returnable"
        return f"· {name}: {cost}; in stock: {sizes}; delivery {least}-{most} days; {back}"
    back = "支持7天无理由退货" if product["returnable"] else "不支持无理由退货"
    return f"· {name}：{cost}；有货：{sizes}；{least}-{most}天送达；{back}"


def _sizes(turn: Turn, sizes: list[dict[str, Any]], in_stock: bool = False) -> str:
    kept = [str(s["size"]) for s in sizes if not in_stock or s["stock"] > 0]
    if not kept:
        return "none" if turn.lang == "en" else "暂无"
    return (", " if turn.lang == "en" else "、").join(kept)


class ActionSearchProduct(ProductAction):
    @property
    def skill(self) -> Skill:
        return search

    def name(self) -> str:
        return "action_search_product"


class ActionPrice(ProductAction):
    @property
    def skill(self) -> Skill:
        return price

    def name(self) -> str:
        return "action_ask_price"


class ActionStock(ProductAction):
    @property
    def skill(self) -> Skill:
        return stock

    def name(self) -> str:
        return "action_ask_stock"


class ActionSize(ProductAction):
    @property
    def skill(self) -> Skill:
        return size

    def name(self) -> str:
        return "action_ask_size"


class ActionDeliveryTime(ProductAction):
    @property
    def skill(self) -> Skill:
        return delivery_time

    def name(self) -> str:
        return "action_ask_delivery_time"


class ActionCompareProducts(ProductAction):
    @property
    def skill(self) -> Skill:
        return compare

    def name(self) -> str:
        return "action_compare_products"
