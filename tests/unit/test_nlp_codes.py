"""Codes in a text, by pattern."""

from datetime import date

import pytest

from nlp.codes import find_codes

TODAY = date(2026, 11, 22)  # a Sunday


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("订单KF202611220001到哪了", [("order_number", "KF202611220001")]),
        ("kf 2026 1122 0001", [("order_number", "KF202611220001")]),
        ("单号202611220001,谢谢", [("order_number", "KF202611220001")]),
        ("KF2026112200019", []),
        ("顺丰SF1234567890123没动", [("tracking_number", "SF1234567890123")]),
        ("ea123456789cn", [("tracking_number", "EA123456789CN")]),
        ("DHL1234567890", [("tracking_number", "DHL1234567890")]),
        ("单号7712345678901", [("tracking_number", "7712345678901")]),
        ("电话138 0013 8000", [("phone", "13800138000")]),
        ("+86 13800138000", [("phone", "13800138000")]),
        ("手机尾号8000", [("phone_last4", "8000")]),
        ("last four digits are 0417", [("phone_last4", "0417")]),
        ("8000", [("phone_last4", "8000")]),
        ("发到Li.Wei@Example.com吧", [("email", "li.wei@example.com")]),
        ("退我¥99.9", [("amount", "99.90 CNY")]),
        ("1,299元", [("amount", "1299.00 CNY")]),
        ("20 dollars", [("amount", "20.00 USD")]),
        ("2026年11月3日买的", [("date", "2026-11-03")]),
        ("11月3号", [("date", "2026-11-03")]),
        ("3月1号买的", [("date", "2026-03-01")]),
        ("2026-13-45", []),
        ("昨天下的单", [("date", "2026-11-21")]),
        ("大前天", [("date", "2026-11-19")]),
        ("三天前", [("date", "2026-11-19")]),
        ("2 weeks ago", [("date", "2026-11-08")]),
        ("上周五下的单", [("date", "2026-11-13")]),
        ("买了两双", [("quantity", "2")]),
        ("十二件都要", [("quantity", "12")]),
        ("二十三个", [("quantity", "23")]),
        ("等了3个月", []),
        ("XL码偏大", [("size", "XL")]),
        ("换2xl", [("size", "2XL")]),
        ("42码", [("size", "42")]),
        ("size 8", [("size", "8")]),
        ("it's mine", []),
        ("", []),
        ("😀\ud83d", []),
        ("1" * 500, []),
    ],
)
def test_that_codes_are_found_beside_chinese_characters(text: str, codes: list[tuple[str, str]]) -> None:
    assert [(code.kind, code.value) for code in find_codes(text, TODAY)] == codes


def test_that_codes_point_at_their_text_and_do_not_overlap() -> None:
    text = "上周五下单KF202611220001,2件XL共199元,手机13800138000,后天前退"
    codes = find_codes(text, TODAY)
    assert len(codes) >= 6
    for before, after in zip(codes, codes[1:], strict=False):
        assert before.end <= after.start
    assert {code.kind: text[code.start : code.end] for code in codes}["amount"] == "199元"


def test_that_relative_dates_stay_words_without_a_today() -> None:
    assert [code.value for code in find_codes("昨天")] == ["昨天"]


def test_that_a_december_date_named_in_january_was_last_year() -> None:
    assert [code.value for code in find_codes("12月30日买的", date(2027, 1, 5))] == ["2026-12-30"]
