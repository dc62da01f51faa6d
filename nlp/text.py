"""One normal form of a customer's text for understanding. People always see the raw text."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opencc import OpenCC

# The cost of the sentence encoders grows with the text (about 1.3 ms a character), and what a customer
# wants stands in the first lines: 200 characters bound one message to a quarter of a second.
MAX_CHARS = 200
# Only this much of the raw text is looked at, so that 100 kB cost no more than a page. Wider than
# MAX_CHARS because repeats, spaces and control characters shrink.
_RAW_CHARS = 20 * MAX_CHARS

_INVISIBLE = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\uffff\ue000-\uf8ff\U000e0000-\U0010ffff]+"
)
_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\u3164\uffa0]+")
# Three and more of one sign say no more than three, of one 汉字 or letter no more than two ("哈哈哈哈", "soooo"); but XXXL is a size.
_SIGN_REPEAT = re.compile(r"([^\w\s])\1{3,}")
_LETTER_REPEAT = re.compile(r"([\u3400-\u9fff])\1{2,}|([a-vyzA-VYZ])\2{3,}")

# Masked data of exported dialogues, "[数字x]" and "[ORDERID_10311]", and entities of web pages: each becomes the
# plain word a customer would have typed there.
_PLACEHOLDER_WORDS = {
    "数字": "1",
    "number": "1",
    "订单": "订单号",
    "orderid": "订单号",
    "userid": "账号",
    "金额": "100元",
    "日期": "1号",
    "时间": "1点",
    "姓名": "小王",
    "地址": "地址",
    "链接": "链接",
    "url": "链接",
    "站点": "站点",
    "组织机构": "公司",
    "电话": "电话号码",
    "身份证号": "身份证",
    "邮箱": "邮箱",
}
_PLACEHOLDER = re.compile(
    r"\[(?:订单编号:\[?)?(?P<kind>" + "|".join(_PLACEHOLDER_WORDS) + r")(?:x|号x?|_\[?\w*)?\]{1,3}", re.IGNORECASE
)
_MARKUP = re.compile(r"&(?:nbsp|amp|lt|gt|quot);|#E-[a-z]{0,2}\d*", re.IGNORECASE)

_ORDER_NUMBER = re.compile(r"(?:订单号?[:是 ]*)?(?<![A-Za-z0-9])kf[ -]?(?:\d[ -]?){11}\d(?!\d)", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{0,4}\d{5,}(?![A-Za-z0-9]|\.\d|\s?[元块])")
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s\u4e00-\u9fff]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)


def clean(text: str) -> str:
    """The text without lone surrogates, control, private and invisible characters; spaces collapsed. Keeps the rest."""
    text = text.encode("utf-8", "ignore").decode("utf-8")
    return _SPACE.sub(" ", _INVISIBLE.sub("", text)).strip()


def normalise(text: str, limit: int = MAX_CHARS) -> str:
    """The form all understanding works on: cleaned, NFKC, simplified, repeats collapsed, at most `limit` characters.

    Offsets of entities refer to this form. Case is kept: capitals tell a mood. Idempotent but for the cut.
    """
    text = clean(unicodedata.normalize("NFKC", clean(text[:_RAW_CHARS])))
    text = _MARKUP.sub(" ", _PLACEHOLDER.sub(_placeholder_word, text))
    text = _LETTER_REPEAT.sub(_twice, _SIGN_REPEAT.sub(r"\1\1\1", text))
    return _SPACE.sub(" ", to_simplified(text))[:limit].strip()


def mask(text: str) -> str:
    """A normalised text for the encoders: numbers and addresses that only name a thing become the thing's word.

    `KF202611220001` and `SF1234567890` are noise to a sentence vector; that there is one is not.
    """
    text = _ORDER_NUMBER.sub("订单号", _ADDRESS.sub("链接", text))
    return _LONG_NUMBER.sub("编号", text)


def to_simplified(text: str) -> str:
    """Simplified characters and mainland words, if the text holds a character that only traditional writing has."""
    if not traditional_only(text):
        return text
    with _OPENCC_LOCK:
        return str(_opencc("tw2sp").convert(text))


def to_hant(text: str) -> str:
    """Traditional characters with Taiwan's words, for output. `text` may already be traditional, English or mixed."""
    with _OPENCC_LOCK:
        converted = str(_opencc("s2twp").convert(text))
    # OpenCC's vocabulary comes from software, where 支持 is 支援; a shop does 支持退货.
    return converted.replace("支援", "支持") if "支持" in text else converted


def traditional_only(text: str) -> int:
    """How many characters of `text` exist only in traditional writing (in Big5, not in GB 2312)."""
    return sum(1 for char in text if _script(char) == "hant")


def simplified_only(text: str) -> int:
    """How many characters of `text` exist only in simplified writing (in GB 2312, not in Big5)."""
    return sum(1 for char in text if _script(char) == "hans")


def is_han(char: str) -> bool:
    """Whether `char` is a Chinese character."""
    return "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf" or char == "〇"


_OPENCC_LOCK = threading.Lock()


@lru_cache(maxsize=4)
def _opencc(config: str) -> OpenCC:
    from opencc import OpenCC

    return OpenCC(config)


@lru_cache(maxsize=8192)
def _script(char: str) -> str:
    if not is_han(char):
        return ""
    if char == "於":  # in GB 2312 as a surname; in a message it is traditional writing
        return "hant"
    big5, gb2312 = _encodable(char, "big5"), _encodable(char, "gb2312")
    if big5 == gb2312:
        return ""
    return "hant" if big5 else "hans"


def _encodable(char: str, encoding: str) -> bool:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _twice(match: re.Match[str]) -> str:
    return match[0][0] * 2


def _placeholder_word(match: re.Match[str]) -> str:
    return _PLACEHOLDER_WORDS[match["kind"].lower()]
