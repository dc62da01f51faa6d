"""Which of our three locales a customer writes in."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from nlp.text import clean, is_han, simplified_only, to_hant, traditional_only

Locale = Literal["zh-Hans", "zh-Hant", "en"]
LOCALES: tuple[Locale, ...] = ("zh-Hans", "zh-Hant", "en")

__all__ = ["LOCALES", "Locale", "detect", "language", "to_hant"]

# What is looked at: a language shows in its first sentences.
_CHARS = 400
_NOT_WORDS = re.compile(r"\[[^\]]{0,40}\]|https?://\S+|\S+@\S+|[A-Za-z0-9_-]*\d[A-Za-z0-9_-]*")
_WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?")
# A short Latin text may be a brand, a size, pinyin or a courier's name, so it needs a word that only English has.
_ENGLISH = frozenset(
    """
a about account address agent and any are be broken cancel card can change check could coupon customs damaged day days
deliver delivered delivery did discount do does exchange for from get give good goodbye have hello help hey hi how i invoice
is it item late lost me missing money my need no not of on order orders package parcel pay payment person please
price receive received refund return returns service ship shipped shipping size somebody someone sorry stock support
talk thank thanks that the there this to track tracking wait want warranty was what when where which who why with wrong yes
you your
""".split()
)


def detect(text: str, default: str = "zh-Hans") -> Locale:
    """The locale of `text`, or `default` (the conversation's so far) if the text does not tell.

    Order numbers, addresses, emoji and single Latin words such as "XL" tell nothing. Traditional and
    simplified are told apart by characters that only one of them has; without any, Chinese keeps a Chinese default.
    """
    kept: Locale = next((locale for locale in LOCALES if locale == default), "zh-Hans")
    text = _NOT_WORDS.sub(" ", unicodedata.normalize("NFKC", clean(text[:_CHARS])))
    han = sum(1 for char in text if is_han(char))
    words = [word.lower() for word in _WORD.findall(text)]
    known = sum(1 for word in words if word in _ENGLISH)
    if _is_english(han, len(words), known):
        return "en"
    if han == 0:
        return kept
    hant, hans = traditional_only(text), simplified_only(text)
    if hant != hans:
        return "zh-Hant" if hant > hans else "zh-Hans"
    return kept if kept != "en" else "zh-Hans"


def language(locale: str) -> Literal["zh", "en"]:
    """The language of a locale: the key under which answers and names are kept."""
    return "en" if locale.lower().startswith("en") else "zh"


def _is_english(han: int, words: int, known: int) -> bool:
    if han:
        # "I bought the 旗袍 last week" is English, "我要return这个" is not.
        return known >= 3 and words > han
    return known >= 1 and (words <= 2 or known * 4 >= words) or known >= 3
