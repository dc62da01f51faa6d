"""The normal form of a customer's text."""

import time

import pytest

from nlp.text import MAX_CHARS, clean, mask, normalise, to_hant


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("怎么退货", "怎么退货"),
        ("  怎么 \n\t 退货　", "怎么 退货"),
        ("ＫＦ２０２６１１２２０００１", "KF202611220001"),
        ("請問這件連衣裙什麼時候發貨", "请问这件连衣裙什么时候发货"),
        ("退货！！！！！！！", "退货!!!"),
        ("哈哈哈哈哈哈", "哈哈"),
        ("sooooo slow", "soo slow"),
        ("XXXL有货吗", "XXXL有货吗"),
        ("https://www.example.com/a", "https://www.example.com/a"),
        ("退\u200b货\ufeff", "退货"),
        ("坏\ud83d了", "坏了"),
        ("a\x00b\x1bc", "a b c"),
        ("还有[数字x]天，单号[ORDERID_10311]", "还有1天,单号订单号"),
        ("[订单编号:[订单x]]到哪了", "订单号到哪了"),
        ("好的&nbsp;#E-s", "好的"),
        ("", ""),
        ("\ud800\udfff\x00", ""),
        ("😀", "😀"),
    ],
)
def test_that_a_text_takes_its_normal_form(raw: str, normal: str) -> None:
    assert normalise(raw) == normal


@pytest.mark.parametrize("raw", ["繁體 ＡＢ！！！！ 哈哈哈", "[姓名x]你好", "a\u3000b\x85c", "[[数字x]x]", "Ａ" * 500])
def test_that_normalising_twice_changes_nothing(raw: str) -> None:
    assert normalise(normalise(raw)) == normalise(raw)


def test_that_a_hundred_kilobytes_are_cut_and_cost_no_time() -> None:
    started = time.process_time()
    assert len(normalise("退货运费谁出" * 17_000)) == MAX_CHARS
    assert time.process_time() - started < 1


def test_that_control_characters_before_a_slash_do_not_survive() -> None:
    assert normalise("\u3000\t\x1c\x85／restart") == "/restart"


@pytest.mark.parametrize(
    ("normal", "masked"),
    [
        ("订单KF202611220001到哪了", "订单号到哪了"),
        ("kf 2026 1122 0001 到哪了", "订单号 到哪了"),
        ("SF1234567890123没更新", "编号没更新"),
        ("发到a.b@example.com", "发到链接"),
        ("看 https://example.com/x?y=1 这个", "看 链接 这个"),
        ("买了2件花了10000元", "买了2件花了10000元"),
        ("7天无理由", "7天无理由"),
    ],
)
def test_that_names_of_things_become_words(normal: str, masked: str) -> None:
    assert mask(normal) == masked


def test_that_cleaning_keeps_what_people_wrote() -> None:
    assert clean("這是 ＡＢ！！！！") == "這是 ＡＢ！！！！"


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [("请提供订单号", "請提供訂單號"), ("支持7天无理由退货", "支持7天無理由退貨"), ("Hello", "Hello"), ("", "")],
)
def test_that_output_is_written_in_traditional_characters(simplified: str, traditional: str) -> None:
    assert to_hant(simplified) == traditional
