"""What a log keeps of a question: what was meant, nothing of who asked."""

import pytest

from nlp.privacy import anonymous
from nlp.text import normalise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我叫张三丰，电话138-1234 5678，怎么退货", "我叫某某,电话编号,怎么退货"),
        ("收货人:李四,改一下", "收货人:某某,改一下"),
        ("我是张伟，要退货", "我是某某,要退货"),
        ("王女士的订单KF202611220001到哪了", "某女士的订单号到哪了"),
        ("我姓欧", "我姓某"),
        ("送到上海市浦东新区世纪大道100号5栋302室要几天", "地址要几天"),
        ("住3栋2单元501", "住地址"),
        ("一三八零零一三八零零零打不通", "编号打不通"),
        ("写信到 a.b@example.com 没人回", "写信到 链接 没人回"),
        ("微信号 abc_12345 能加吗", "微信号 账号 能加吗"),
        ("my name is John Smith, how do I return", "my name is someone, how do I return"),
        ("Mrs. Brown ordered it", "Mrs someone ordered it"),
        ("ship to 12 Old Mill Road please", "ship to address please"),
        ("+86 (0)21 6888 0000 无人接听", "+86 (0)编号 无人接听"),
        ("\U0001d7cf\U0001d7d1\U0001d7d6\U0001d7ce\U0001d7ce\U0001d7cf 是我的号码", "编号 是我的号码"),
    ],
)
def test_that_who_asked_is_taken_away(text: str, expected: str) -> None:
    assert anonymous(normalise(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "怎么退货", "收件人写错了怎么办", "我是会员有优惠吗", "我是高级会员", "满300减50怎么用", "发票抬头写错了", "第3件半价吗",
        "iphone 15 有货吗", "7天无理由退货", "how do I return an item", "can I link my WeChat login",
    ],
)  # fmt: skip
def test_that_an_ordinary_question_stays(text: str) -> None:
    assert anonymous(normalise(text)) == text


@pytest.mark.parametrize("text", ["我叫王王王 13812345678", "12 Old Mill Road", "微信 abc12345", "", "\ud83d"])
def test_that_a_second_time_changes_nothing(text: str) -> None:
    once = anonymous(normalise(text))
    assert anonymous(once) == once
