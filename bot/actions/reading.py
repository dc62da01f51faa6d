"""What a short answer means: numbers, yes and no, the second one, words of choice. Rules, because forms need certainty."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bot.actions.turn import Turn

# Chinese has no word borders: \b never matches between 汉字 and a digit, hence the look-arounds.
_KF_LIKE = re.compile(r"(?<![A-Za-z0-9])(KF[ -]?\d{4,20})(?![0-9])", re.IGNORECASE)
_FOUR = re.compile(r"(?<![A-Za-z0-9])(\d{4})(?![0-9])")
_TAX = re.compile(r"(?<![A-Za-z0-9])([0-9A-HJ-NP-Z]{15,20})(?![A-Za-z0-9])", re.IGNORECASE)

_STOP = re.compile(
    r"^(?:那?(?:还是)?(?:算了|算啦|不用了|不弄了|不办了|不退了|不换了|不改了|不开了|不取消了|先不|取消|退出|停|不要了|别弄了|没事了)"
    r"(?:吧|啊|了|哦|谢谢)*[。!,. ]*)+$"
    r"|^(?:never ?mind|forget it|stop|cancel|quit|leave it|no thanks?,? (?:stop|cancel)|cancel (?:that|this|it))[.! ]*$",
    re.IGNORECASE,
)
_YES = re.compile(
    r"^(?:是的?|对的?|好的?|嗯+|可以|行|没问题|确认(?:提交)?|确定|没错|提交|ok(?:ay)?|yes|yep|yeah|sure|correct|confirm|right)"
    r"[啊呀吧哦的了。!,. ]*$",
    re.IGNORECASE,
)
_NO = re.compile(
    r"^(?:不|不是|不对|不行|不可以|错了|否|有误|no|nope|not (?:right|correct)|wrong)[的啊呀吧哦了。!,. ]*$",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"[?？]|吗|呢|怎么|如何|多久|多少|几天|什么|哪|能不能|可不可以|是否|谁|为啥"
    r"|^(?:how|what|when|where|who|why|which|can|could|do|does|is|are|will|would)\b",
    re.IGNORECASE,
)
_ORDINALS = {
    "1": 0,
    "一": 0,
    "first": 0,
    "2": 1,
    "二": 1,
    "second": 1,
    "3": 2,
    "三": 2,
    "third": 2,
    "4": 3,
    "四": 3,
    "fourth": 3,
    "5": 4,
    "五": 4,
    "fifth": 4,
}
_ORDINAL = re.compile(
    r"^(?:就|要|选|退|换|我要|the )*(?:第|no\.? ?|number |#)?(?P<n>[1-5一二三四五]|first|second|third|fourth|fifth)"
    r"(?: ?(?:个|件|单|条|项|号|款|one|item|order))?(?:吧|的|[.。!)、 ])*$",
    re.IGNORECASE,
)
_LAST = re.compile(r"^(?:就|要|选|我要|the )*(?:最后|最下面|last)(?:一?(?:个|件|单)| one)?[吧的。! ]*$", re.IGNORECASE)
_LATEST = re.compile(r"最近(?:的|那|一)|最新|刚(?:刚)?(?:买|下)的?|latest|most recent|last order", re.IGNORECASE)


def order_number(turn: Turn) -> str | None:
    """An order number in its written form `KF…`; one of the wrong length comes back too, to be looked up and missed."""
    found = turn.entity("order_number")
    if isinstance(found, str) and found:
        return re.sub(r"[^A-Z0-9]", "", found.upper())[:24] or None
    match = _KF_LIKE.search(turn.text)
    return re.sub(r"[^A-Z0-9]", "", match[1].upper()) if match else None


def phone_last4(turn: Turn) -> str | None:
    """The last four digits of a phone: from a whole number, or four digits standing alone."""
    found = str(turn.entity("phone_last4") or turn.entity("phone") or "")
    if found:
        return found[-4:]
    four = _FOUR.search(turn.text)
    return four[1] if four else None


def email(turn: Turn) -> str | None:
    found = turn.entity("email")
    return str(found) if found else None


def tax_number(turn: Turn) -> str | None:
    """A Chinese unified social credit code (18) or an older taxpayer number (15 to 20)."""
    match = _TAX.search(turn.text.upper())
    return match[1].upper() if match and any(char.isdigit() for char in match[1]) else None


def says_stop(turn: Turn) -> bool:
    return turn.intent == "stop" or (not turn.pressed and bool(_STOP.match(turn.text.strip())))


def yes_or_no(turn: Turn) -> bool | None:
    """True, False, or None when it is neither."""
    text = turn.text.strip()
    if _YES.match(text):
        return True
    if _NO.match(text):
        return False
    if len(text) <= 12 and turn.intent in ("affirm", "deny"):
        return turn.intent == "affirm"
    return None


def is_question(turn: Turn) -> bool:
    return bool(_QUESTION.search(turn.text.strip()))


def chosen(turn: Turn, offered: Sequence[Any]) -> Any | None:
    """The one that "2", "第二个" or "the last one" points to among what was offered last."""
    text = turn.text.strip()
    if not offered or len(text) > 24:
        return None
    if _LAST.match(text):
        return offered[-1]
    match = _ORDINAL.match(text)
    if not match:
        return None
    index = _ORDINALS[match["n"].lower()]
    return offered[index] if index < len(offered) else None


def wants_latest(turn: Turn) -> bool:
    """`我最近那单`, `my latest order`."""
    return bool(_LATEST.search(turn.text))


# Words of three letters and more that names share with any sentence.
_FILLERS = frozenset(("and", "for", "the", "with"))


def overlap(text: str, name: str) -> float:
    """How much of a name a text repeats, 0 to 1: two-character pieces for Chinese, words for English."""
    wanted = _pieces(name)
    return len(wanted & _pieces(text)) / len(wanted) if wanted else 0.0


def _pieces(text: str) -> set[str]:
    han = re.findall(r"[\u4e00-\u9fff]+", text)
    pairs = {run[i : i + 2] for run in han for i in range(max(1, len(run) - 1))}
    return pairs | {word for word in re.findall(r"[a-z]{3,}", text.lower()) if word not in _FILLERS}
