"""Words of a text: jieba with the words of a shop, lower-cased, without stop words."""

from __future__ import annotations

import logging
import re
import threading
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

from nlp.cache import cache_dir

DICTIONARY_DIR = Path(__file__).parent / "dictionary"  # every file in it is read as a jieba user dictionary

# Words that stand in any question. Few on purpose: 怎么 and 多久 tell questions about the same thing apart.
STOP_WORDS = frozenset(
    """
的 了 呢 吗 啊 呀 吧 哦 嗯 哈 么 嘛 啦 哎 唉 喔 呐 是 我 你 您 我们 你们 就 都 也 在 有 和 与 及 这 那 这个 那个 一下 一个 请 请问 麻烦 您好 你好
a an the is are was be am i you my your me it its this that of to in on at for and or do does did can could would will please hi hello
""".split()
)
_KEPT = re.compile(r"[\w\u4e00-\u9fff]")
_ENGLISH_ENDING = re.compile(r"(?<=[a-z]{3})(?:ing|ies|es|ed|s)$")
_LOCK = threading.Lock()


def tokens(text: str, *, stop_words: bool = False) -> list[str]:
    """The words of a normalised text in order, lower-cased; `stop_words` True keeps them.

    Chinese words that jieba's search mode splits further (退货运费 → 退货, 运费, 退货运费) come with their parts, English
    ones without their ending, so that "returns" finds "return". A text of stop words alone keeps them: "你好" has words.
    """
    words = [_stem(word) for word in _tokenizer().cut_for_search(text.lower()) if _KEPT.search(word)]
    if stop_words:
        return words
    return [word for word in words if word not in STOP_WORDS] or words


def segment(text: str) -> list[str]:
    """Cut `text` into words that join to it again, spaces and signs among them."""
    return list(_tokenizer().cut(text))


def warm_up() -> None:
    """Load the dictionaries (about a second without jieba's cache)."""
    _tokenizer()


def _stem(word: str) -> str:
    if not (word.isascii() and word.isalpha() and len(word) > 4):
        return word
    stem = _ENGLISH_ENDING.sub("", word)
    return stem[:-1] if stem != word and stem[-1] == stem[-2] and stem[-1] not in "sl" else stem.rstrip("e")


def _tokenizer() -> Any:
    with _LOCK:
        return _load()


@lru_cache(maxsize=1)
def _load() -> Any:
    with warnings.catch_warnings():
        # jieba 0.42.1 has invalid escapes in its source and asks pkg_resources.
        warnings.simplefilter("ignore")
        import jieba

    jieba.setLogLevel(logging.WARNING)
    # A tokenizer of our own: jieba's module-level one is shared with whoever else loads words into it.
    tokenizer = jieba.Tokenizer()
    tokenizer.tmp_dir = str(cache_dir("jieba"))
    tokenizer.initialize()
    for path in sorted(DICTIONARY_DIR.glob("*.txt")):
        with path.open("rb") as file:
            tokenizer.load_userdict(file)
    return tokenizer
