"""Questions that nobody asked before: a sentence vector that is still in memory would flatter whoever is asked second."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

CITIES = (
    "杭州",
    "成都",
    "西安",
    "厦门",
    "沈阳",
    "昆明",
    "南宁",
    "兰州",
    "济南",
    "合肥",
    "长沙",
    "贵阳",
    "太原",
    "海口",
    "大连",
)
HELLOS = ("请问", "您好，", "你好，", "麻烦问一下，", "在吗，", "想问下，", "亲，", "打扰了，", "掌柜的，", "哈喽，")
PEOPLE = ("妈妈", "爸爸", "同事", "女朋友", "老公", "姐姐", "外甥", "室友", "老师", "邻居")
GOODS = ("碎花雪纺连衣裙", "亚麻宽松衬衫", "圆领羊绒毛衣", "经典双排扣风衣", "百褶半身裙", "便携蓝牙音箱", "智能运动手表", "静音无线鼠标",
         "麦饭石不粘炒锅", "乳胶护颈枕", "复古篮球鞋", "软底乐福鞋")  # fmt: skip
GENERAL = ("怎么注册账户", "忘记密码怎么办", "优惠券在哪里领", "优惠券怎么使用", "怎么注销账号", "会员有什么好处")
THANKS = ("谢谢你", "多谢了", "非常感谢", "谢谢啦", "感谢感谢", "太谢谢了", "辛苦了谢谢")
ENDINGS = ("，你真好", "，很有帮助", "，解决了我的问题", "，明白了", "，这下放心了", "，说得很清楚")

# What is behind the answer: an action that asks the shop, one that asks the knowledge base, or no action at all.
SHOP, FAQ, WORDS = "shop", "faq", "words"
# The same kind comes every third time: first, fourth, … and as the hundredth.
KINDS = (SHOP, FAQ, WORDS)


def fresh(seed: int) -> dict[str, Iterator[str]]:
    """For each kind its texts in random order, each once: 18,000 for the shop, 9,000 and 6,300 for the others."""
    chance = random.Random(seed)
    texts = {
        SHOP: [f"{h}我在{c}，给{p}买的{g}多少钱" for h, c, p, g in product(HELLOS, CITIES, PEOPLE, GOODS)],
        FAQ: [f"{h}{q}，我在{c}，帮{p}问的" for h, q, c, p in product(HELLOS, GENERAL, CITIES, PEOPLE)],
        WORDS: [f"{t}{e}，我替{c}的{p}谢谢你" for t, e, c, p in product(THANKS, ENDINGS, CITIES, PEOPLE)],
    }
    for own in texts.values():
        chance.shuffle(own)
    return {kind: iter(own) for kind, own in texts.items()}
