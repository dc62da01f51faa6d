"""Which locale a customer writes in."""

import pytest

from nlp.locale import LOCALES, detect, language


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("怎么退货啊", "zh-Hans"),
        ("我的订单什么时候发货", "zh-Hans"),
        ("請問什麼時候會到貨", "zh-Hant"),
        ("謝謝", "zh-Hant"),
        ("係呀 幾時送到", "zh-Hant"),
        ("於昨日下單", "zh-Hant"),
        ("where is my order", "en"),
        ("refund", "en"),
        ("can i get a refund for KF202611220001", "en"),
        ("I bought the 旗袍 last week and it is broken", "en"),
        ("我要return这个", "zh-Hans"),
        ("iPhone的保护壳还有吗", "zh-Hans"),
    ],
)
@pytest.mark.parametrize("default", LOCALES)
def test_that_a_text_that_tells_decides_whatever_was_before(text: str, locale: str, default: str) -> None:
    assert detect(text, default) == locale


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "KF202611220001",
        "SF1234567890123",
        "1234",
        "XL",
        "ok",
        "😀",
        "nike air max",
        "tui huo",
        "a.b@example.com",
        "https://example.com/is/the/order",
        "???",
        "\ud83d",
        "[ORDERID_1]",
    ],
)
@pytest.mark.parametrize("default", LOCALES)
def test_that_what_tells_nothing_keeps_the_default(text: str, default: str) -> None:
    assert detect(text, default) == default


def test_that_chinese_without_a_telling_character_keeps_a_chinese_default() -> None:
    assert [detect("你好", default) for default in LOCALES] == ["zh-Hans", "zh-Hant", "zh-Hans"]


def test_that_an_unknown_default_becomes_simplified_chinese() -> None:
    assert detect("1234", "fr") == "zh-Hans"


def test_that_a_locale_has_a_language() -> None:
    assert [language(locale) for locale in LOCALES] == ["zh", "zh", "en"]


def test_that_a_hundred_kilobytes_are_no_trouble() -> None:
    assert detect("where is my order " * 6000, "zh-Hans") == "en"
