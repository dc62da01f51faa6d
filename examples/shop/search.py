"""Finds products for a customer's words, Chinese or English, without a list of what people may ask.

Chinese has no spaces, so both sides are cut into pairs of neighbouring characters; a whole tag inside the question
counts more. A term weighs what it is rare (idf), times the best field it is found in: name over tag over description.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

import opencc

from examples.shop.store.products import Card

MAX_QUERY_CHARACTERS = 200
NAME, TAG, DESCRIPTION = 3.0, 2.0, 0.8
# A tag that the question names as a whole says what is wanted; its pairs alone could be chance.
WHOLE_TAG = 2.5
# Products far behind the best one are noise.
KEEP_FROM_BEST = 0.3
# A third of the question in a name or tag is about the product; of a description it takes most, and two words at least.
NAMED_COVER = 0.34
DESCRIPTION_COVER = 0.6

CATEGORY_WORDS = {
    "apparel": "服装 衣服 服饰 clothes clothing apparel",
    "shoes": "鞋 鞋子 鞋类 shoe",
    "electronics": "数码 电子 电子产品 electronics gadget",
    "home": "家居 家居用品 生活用品 home household",
    "beauty": "美妆 护肤 化妆品 beauty cosmetics skincare",
    "food": "零食 食品 吃的 food snack",
    "global": "海外 进口 跨境 海外直邮 全球购 import cross-border overseas",
}
# Words of asking, not of things.
STOP_WORDS = frozenset(
    "a an and any are at be best buy can could cost costs do does for from get got have how i in is it like me much my "
    "of on or please price prices recommend sell show some stock that the there this to want what which with you your "
    "need looking good find long size sizes available hi hello cheap new not am was".split()
)
STOP_PHRASES = re.compile(
    "有没有|有什么|什么|怎么|多少钱|多少|价格|价钱|推荐|一下|请问|你们|我们|我想要|我想|想要|想买|要买|购买|可以|还有|哪些|哪个|哪款|"
    "几天|多久|现在|这个|那个|一个|一件|一条|一双|一款|吗|呢|吧|啊|的|了|我|你|买|给|卖|适合|款式|有货|库存|尺码|便宜|好看|帮"
)
HAN_RUN = re.compile(r"[\u3400-\u9fff]+")
WORD = re.compile(r"[a-z0-9][a-z0-9+%\-']*")


@cache
def _simplifier() -> Callable[[str], str]:
    convert: Callable[[str], str] = opencc.OpenCC("t2s").convert
    return convert


def normalise(text: str) -> str:
    return _simplifier()(unicodedata.normalize("NFKC", text[:MAX_QUERY_CHARACTERS])).lower()


def terms(text: str) -> set[str]:
    """English words in the singular and pairs of Chinese characters (a lone character stands for itself)."""
    words = {_singular(word) for word in WORD.findall(text)}
    pairs = {run[n : n + 2] for run in HAN_RUN.findall(text) for n in range(max(len(run) - 1, 1))}
    return words | pairs


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


class _Entry:
    def __init__(self, card: Card) -> None:
        product = card.product
        names = normalise(f"{product['name']['zh']} {product['name']['en']}")
        self.tags = {normalise(tag) for tag in (*card.tags["zh"], *card.tags["en"])}
        category = f"{product['category']} {CATEGORY_WORDS.get(product['category'], '')}"
        self.tags |= set(category.split())
        self.sku, self.sold = product["sku"], card.sold
        self.weights: dict[str, float] = {}
        descriptions = normalise(f"{product['description']['zh']} {product['description']['en']}")
        for text, weight in ((descriptions, DESCRIPTION), (" ".join(self.tags), TAG), (names, NAME)):
            for term in terms(text):
                self.weights[term] = weight


class ProductIndex:
    """Names, tags and descriptions do not change while the shop runs, so they are indexed once."""

    def __init__(self, cards: Sequence[Card]) -> None:
        self._entries = [_Entry(card) for card in cards]
        self._count = len(self._entries)
        self._seen = Counter(term for entry in self._entries for term in entry.weights)
        self._tagged = Counter(tag for entry in self._entries for tag in entry.tags)

    def find(self, query: str) -> list[str]:
        """SKUs, best first; nothing when nothing fits. An empty query gives the best-sellers."""
        text = normalise(query)
        if not text.strip():
            return [entry.sku for entry in sorted(self._entries, key=lambda entry: (-entry.sold, entry.sku))]
        named = [entry.sku for entry in self._entries if entry.sku.lower() in text]
        if named:
            return named
        spaced = STOP_PHRASES.sub(" ", text)
        wanted = {term for term in terms(spaced) if term not in STOP_WORDS}
        if not wanted:
            return []
        cover_all = sum(self._idf(term) for term in wanted)
        scored = [(self._score(entry, wanted, spaced, cover_all), entry) for entry in self._entries]
        best = max(score for score, _ in scored)
        kept = [(score, entry) for score, entry in scored if score > 0 and score >= best * KEEP_FROM_BEST]
        return [entry.sku for score, entry in sorted(kept, key=lambda pair: (-pair[0], -pair[1].sold, pair[1].sku))]

    def _idf(self, term: str) -> float:
        return math.log(1 + self._count / (1 + self._seen[term]))

    def _score(self, entry: _Entry, wanted: set[str], text: str, cover_all: float) -> float:
        found = {term: entry.weights[term] for term in wanted if term in entry.weights}
        # A lone character ("鞋") or a tag in the middle of a longer run of words.
        whole = [tag for tag in entry.tags if _names(tag, text, wanted)]
        strong = sum(self._idf(term) for term, weight in found.items() if weight > DESCRIPTION)
        cover = sum(self._idf(term) for term in found)
        described = len(found) > 1 and cover >= cover_all * DESCRIPTION_COVER
        if not whole and strong < cover_all * NAMED_COVER and not described:
            return 0.0
        score = sum(self._idf(term) * weight for term, weight in found.items())
        return score + sum(WHOLE_TAG * math.log(1 + self._count / (1 + self._tagged[tag])) for tag in whole)


def _names(tag: str, text: str, wanted: set[str]) -> bool:
    if HAN_RUN.search(tag):
        return tag in text if len(tag) > 1 else tag in wanted
    return terms(tag) <= wanted
