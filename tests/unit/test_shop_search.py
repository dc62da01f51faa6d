"""What the shop finds for a customer's words."""

import sqlite3

import pytest

from examples.shop.search import ProductIndex
from examples.shop.seed.catalogue import seed_products
from examples.shop.store.products import list_cards
from examples.shop.store.schema import STATEMENTS


@pytest.fixture(scope="module")
def index() -> ProductIndex:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    for statement in STATEMENTS:
        connection.execute(statement)
    seed_products(connection)
    cards = list_cards(connection, "")
    connection.close()
    return ProductIndex(cards)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("有没有黑色的连衣裙", "AP-1001"),
        ("連衣裙有黑色的嗎", "AP-1001"),
        ("碎花裙子", "AP-1002"),
        ("白色T恤有L码吗", "AP-1003"),
        ("white t-shirt", "AP-1003"),
        ("跑步鞋 42码有货吗", "SH-2001"),
        ("running shoes size 42", "SH-2001"),
        ("拖鞋", "SH-2008"),
        ("wireless earbuds price", "EL-3001"),
        ("蓝牙耳机多少钱", "EL-3001"),
        ("over-ear headphones", "EL-3002"),
        ("充电宝可以带上飞机吗", "EL-3004"),
        ("power bank", "EL-3004"),
        ("wireless charger", "EL-3006"),
        ("保温杯", "HM-4003"),
        ("枕头", "HM-4002"),
        ("锅", "HM-4005"),
        ("包", "GL-7005"),
        ("red lipstick", "BT-5003"),
        ("电动牙刷保修多久", "BT-5008"),
        ("do you have coffee?", "FD-6002"),
        ("牛肉干辣吗", "FD-6008"),
        ("儿童书包", "GL-7003"),
        ("el-3007 还有吗", "EL-3007"),
        ("ＡＰ－１００８", "AP-1008"),
    ],
)
def test_that_a_customers_words_find_the_right_product_first(index: ProductIndex, query: str, first: str) -> None:
    assert index.find(query)[:1] == [first]


@pytest.mark.parametrize(
    "query",
    ["asdfgh", "今天天气怎么样", "量子力学", "火箭发动机", "转人工", "你好", "hello", "我要退货", "退货", "快递到哪了", "🎉🎉",
     "手机壳", "my order is late", "'; DROP TABLE products; --", "的的的的", "?!?!"],
)  # fmt: skip
def test_that_what_is_no_product_finds_nothing(index: ProductIndex, query: str) -> None:
    assert index.find(query) == []


def test_that_a_name_counts_more_than_a_tag_and_a_tag_more_than_a_description(index: ProductIndex) -> None:
    found = index.find("咖啡")
    assert found == ["FD-6002", "HM-4004"]  # named coffee; tagged as a coffee mug


def test_that_an_empty_question_gives_the_best_sellers(index: ProductIndex) -> None:
    assert index.find("  ")[:3] == ["SH-2008", "HM-4003", "AP-1003"]


def test_that_a_very_long_question_is_cut_not_refused(index: ProductIndex) -> None:
    assert index.find("保温杯" + "啊" * 100_000)[:1] == ["HM-4003"]
