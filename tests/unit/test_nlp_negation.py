"""What is wanted, of "not that, but this"."""

import pytest

from nlp.negation import without_denied


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("不是取消,我是想改地址", "我是想改地址"),
        ("我不是要退货,我想问什么时候发货", "我想问什么时候发货"),
        ("不要了 退款", "退款"),
        ("I don't want to cancel, just change the address", "just change the address"),
        ("not a refund, I want an exchange", "I want an exchange"),
    ],
)
def test_that_what_is_denied_first_is_left_out(text: str, wanted: str) -> None:
    assert without_denied(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "不要",
        "不是今天发货吗,怎么还没发",
        "退货,不是换货",
        "我不要这件衣服了想退掉它行不行,谢谢",
        "nothing works",
        "note this, please",
        "不用,谢",
    ],
)
def test_that_other_texts_stay_whole(text: str) -> None:
    assert without_denied(text) == text
