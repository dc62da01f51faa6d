"""Numbers and codes in a normalised text, by pattern: order and tracking numbers, phones, e-mail, money, dates, counts, sizes.

No pattern uses the word border: between a 汉字 and a digit there is none for `re`, both are word characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_BEFORE, _AFTER = r"(?<![A-Za-z0-9'’])", r"(?![A-Za-z0-9])"
_HAN_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九十")} | {"两": 2, "俩": 2, "半": 0}
_COUNT = r"\d{1,3}|[一二两俩三四五六七八九十]{1,3}"
_WEEKDAYS = {char: value for value, char in enumerate("一二三四五六日")} | {"天": 6}
_RELATIVE = {
    "大前天": -3,
    "前天": -2,
    "昨天": -1,
    "昨晚": -1,
    "昨日": -1,
    "今天": 0,
    "今早": 0,
    "今日": 0,
    "刚才": 0,
    "明天": 1,
    "明日": 1,
    "后天": 2,
    "大后天": 3,
    "day before yesterday": -2,
    "yesterday": -1,
    "last night": -1,
    "today": 0,
    "tomorrow": 1,
    "上周": -7,
    "上个星期": -7,
    "last week": -7,
    "上个月": -30,
    "last month": -30,
}


@dataclass(frozen=True)
class Code:
    """`text[start:end]` is a `kind` that means `value`."""

    kind: str
    value: str
    start: int
    end: int


@dataclass(frozen=True)
class _Pattern:
    kind: str
    regex: re.Pattern[str]
    read: Callable[[re.Match[str], date | None], str | None]


def find_codes(text: str, today: date | None = None) -> list[Code]:
    """All codes of a normalised text in order, none inside another; of two that overlap the first of `_PATTERNS` stays.

    Values: order numbers as `KF` and 12 digits, phones as digits, money as a decimal with its currency ("99.50 CNY"), dates
    in ISO form if `today` is given (else relative ones in the text's words), counts as a number, sizes in capitals.
    """
    found: list[Code] = []
    for code in _candidates(text, today):
        if not any(code.start < other.end and other.start < code.end for other in found):
            found.append(code)
    return sorted(found, key=lambda code: code.start)


def _candidates(text: str, today: date | None) -> Iterator[Code]:
    for pattern in _PATTERNS:
        for match in pattern.regex.finditer(text):
            group = "code" if "code" in pattern.regex.groupindex else 0
            value = pattern.read(match, today)
            if value is not None:
                yield Code(pattern.kind, value, match.start(group), match.end(group))


def _digits(match: re.Match[str]) -> str:
    return re.sub(r"\D", "", match[0])


def _number(text: str) -> int:
    """ "12", "十二", "两" or "二十三" as a number."""
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _HAN_DIGITS[text[-1]]
    return (_HAN_DIGITS[tens[-1]] if tens else 1) * 10 + (_HAN_DIGITS[ones[-1]] if ones else 0)


def _money(match: re.Match[str], today: date | None) -> str:
    sign = (match["sign"] or match["unit"] or "").lower()
    currency = next(
        (name for marks, name in (("$美刀dus", "USD"), ("€e欧", "EUR"), ("£", "GBP")) if sign[:1] in marks), "CNY"
    )
    return f"{float(match['amount'].replace(',', '')):.2f} {currency}"


def _absolute_date(match: re.Match[str], today: date | None) -> str | None:
    year, month, day = match["year"], match["month"], match["day"]
    if not year and today is None:
        return match[0] if int(month) <= 12 and int(day) <= 31 else None
    try:
        found = date(int(year) if year else today.year if today else 0, int(month), int(day))
    except ValueError:
        return None
    if not year and today and (found - today).days > 60:  # "12月30日", said in January, was last year's
        found = found.replace(year=found.year - 1)
    return found.isoformat()


def _relative_date(match: re.Match[str], today: date | None) -> str:
    if today is None:
        return match[0]
    return (today + timedelta(days=_RELATIVE[match[0].lower()])).isoformat()


def _ago(match: re.Match[str], today: date | None) -> str:
    if today is None:
        return match[0]
    amount = _number(match["n"]) if match["n"] else 1
    days = {"周": 7, "星": 7, "w": 7, "月": 30, "个": 30, "m": 30}.get(match["unit"][0].lower(), 1)
    return (today - timedelta(days=amount * days)).isoformat()


def _weekday(match: re.Match[str], today: date | None) -> str:
    if today is None:
        return match[0]
    monday = today - timedelta(days=today.weekday() + (7 if match["last"] else 0))
    return (monday + timedelta(days=_WEEKDAYS[match["day"]])).isoformat()


def _pattern(kind: str, regex: str, read: Callable[[re.Match[str], date | None], str | None]) -> _Pattern:
    return _Pattern(kind, re.compile(regex, re.IGNORECASE), read)


# The order decides between overlaps: what is sure of its shape comes before what is only digits.
_PATTERNS = (
    _pattern(
        "email", r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{2,63}){1,4}", lambda m, _: m[0].lower()
    ),
    _pattern("order_number", _BEFORE + r"k[ ]?f[ -]?\d(?:[ -]?\d){11}(?!\d)", lambda m, _: "KF" + _digits(m)),
    _pattern(
        "tracking_number",
        _BEFORE + r"(?:SF|YT|ZT|STO?|JT|JD[A-Z]{0,2}|YD|DHL|UPS)[ -]?\d{9,15}" + _AFTER,
        lambda m, _: re.sub(r"[ -]", "", m[0]).upper(),
    ),
    _pattern("tracking_number", _BEFORE + r"[A-Z]{2}\d{9}[A-Z]{2}" + _AFTER, lambda m, _: m[0].upper()),
    _pattern(
        "phone", r"(?<![A-Za-z0-9.])(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}" + _AFTER, lambda m, _: _digits(m)[-11:]
    ),
    # Customers leave the KF out; twelve digits alone are an order, thirteen and more a courier's.
    _pattern("order_number", _BEFORE + r"20\d{10}" + _AFTER, lambda m, _: "KF" + m[0]),
    _pattern("tracking_number", _BEFORE + r"\d{13,15}" + _AFTER, lambda m, _: m[0]),
    _pattern(
        "date",
        r"(?<![\d/-])(?:(?P<year>20\d\d)[-/.年])(?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})(?:[日号]|(?![\d/-]))",
        _absolute_date,
    ),
    _pattern("date", r"(?<![\d/-])(?P<year>)(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]?", _absolute_date),
    _pattern("date", r"(?P<last>上)?(?:个)?(?:周|星期|礼拜)(?P<day>[一二三四五六日天])", _weekday),
    _pattern("date", "|".join(sorted((re.escape(w) for w in _RELATIVE), key=len, reverse=True)), _relative_date),
    _pattern("date", rf"(?<!\d)(?P<n>{_COUNT})(?P<unit>天|个月|周|个?星期)(?:以?前)", _ago),
    _pattern("date", _BEFORE + r"(?P<n>\d{1,3}) (?P<unit>days?|weeks?|months?) ago", _ago),
    _pattern(
        "phone_last4",
        r"(?:尾号|后四位|后4位|末四位|last (?:four|4)(?: digits?)?)\D{0,6}(?P<code>\d{4})(?!\d)",
        lambda m, _: m["code"],
    ),
    _pattern("phone_last4", r"^\D{0,2}(?P<code>\d{4})\D{0,2}$", lambda m, _: m["code"]),
    _pattern("amount", r"(?P<sign>[¥$€£]|rmb ?|usd ?)(?P<amount>\d[\d,]{0,9}(?:\.\d{1,2})?)(?P<unit>)", _money),
    _pattern(
        "amount",
        r"(?<![\d.])(?P<sign>)(?P<amount>\d[\d,]{0,9}(?:\.\d{1,2})?) ?(?P<unit>元|块|圆|rmb|美元|美金|刀|欧元|dollars?|usd|euros?)",
        _money,
    ),
    _pattern(
        "size", _BEFORE + r"(?P<code>(?:X{1,4}|[2-5]X)?L|X{0,3}S|M)(?:码|号)?" + _AFTER, lambda m, _: m["code"].upper()
    ),
    _pattern("size", r"(?:size |尺码|码数)(?P<code>\d{1,3}(?:\.5)?|[SML])" + _AFTER, lambda m, _: m["code"].upper()),
    _pattern("size", r"(?<![\d.])(?P<code>\d{2,3}(?:\.5)?)(?:码)", lambda m, _: m["code"]),
    _pattern(
        "quantity",
        rf"(?<![\d第.])(?P<code>{_COUNT}) ?(?:件|个(?!月|星期|小时)|双|条|台|盒|瓶|套|箱|只|本|支|pcs|pieces?|items?|pairs?)",
        lambda m, _: str(_number(m["code"])),
    ),
)
