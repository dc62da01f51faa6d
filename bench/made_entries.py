"""Made-up FAQ entries by the thousand, believable and all different: for measuring size, not quality.

An entry is one question about one product: a product, a matter, and what is asked of it. Its phrasings draw on different words
for each of the three, on different sentences, and on how people begin and end a message. No two texts are the same.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import product

from handoff.domain.faq import Entry

# Different words for each product, zh and en.
_PRODUCTS = """
真丝连衣裙 丝绸裙子|silk dress|羊绒围巾 羊毛围脖|cashmere scarf|蓝牙耳机 无线耳机|bluetooth earbuds|充电宝 移动电源|power bank
扫地机器人 扫地机|robot vacuum|空气炸锅 炸锅|air fryer|电动牙刷 牙刷|electric toothbrush|保温杯 水杯|thermos flask|行李箱 拉杆箱|suitcase
登山鞋 徒步鞋|hiking boots
羽绒服 羽绒外套|down jacket|婴儿推车 宝宝车|baby stroller|儿童书包 书包|school bag|床垫 乳胶垫|mattress|四件套 床品|bedding set
咖啡机 意式机|coffee machine|电饭煲 电饭锅|rice cooker|吹风机 电吹风|hair dryer|加湿器 空气加湿器|humidifier|智能手表 手表|smart watch
机械键盘 键盘|mechanical keyboard|显示器 屏幕|monitor|路由器 无线路由|wifi router|平板电脑 平板|tablet|手机壳 保护套|phone case
面膜 补水面膜|face mask|口红 唇膏|lipstick|防晒霜 防晒乳|sunscreen|洗发水 洗发露|shampoo|精华液 精华|serum
猫粮 猫主粮|cat food|狗窝 宠物床|dog bed|鱼缸 水族箱|fish tank|茶叶 龙井|green tea|坚果礼盒 坚果|nut gift box
大闸蟹 螃蟹|hairy crab|有机大米 大米|organic rice|红酒 葡萄酒|red wine|蜂蜜 土蜂蜜|honey|月饼 中秋礼盒|mooncake
瑜伽垫 健身垫|yoga mat|跑步机 走步机|treadmill|自行车 山地车|mountain bike|帐篷 露营帐篷|tent|钓鱼竿 鱼竿|fishing rod
办公椅 人体工学椅|office chair|书桌 电脑桌|desk|台灯 护眼灯|desk lamp|窗帘 遮光帘|curtain|净水器 滤水器|water purifier
"""
# What it is about, different words for each, zh and en.
_MATTERS = """
退货 退掉 寄回去|return|换货 换一个 调换|exchange|保修 质保 售后保障|warranty|维修 修理 返修|repair|发货 寄出 出库|dispatch
配送 送货 送上门|delivery|运费 邮费 快递费|shipping fee|发票 开票 票据|invoice|降价补差 保价 价格保护|price match|优惠券 代金券 抵扣券|coupon
尺码 大小 尺寸|size|颜色 色号 配色|colour|清洗 洗涤 保养清洁|cleaning|安装 组装 上门安装|installation|配件 零件 替换件|spare parts
说明书 使用手册 教程|manual|预售 预订 提前订|pre-order|赠品 礼物 随单礼|free gift|礼品包装 包装成礼物 礼盒装|gift wrapping|破损 坏了 磕碰|damage
漏发 少发 缺件|missing item|错发 发错 寄错|wrong item|取消订单 不要了 撤单|cancellation
分期付款 分期 花呗分期|instalments|以旧换新 旧的折价 回收换新|trade-in
"""
# What is asked of it, and sentences for it: {p} the product, {m} the matter.
_ASPECTS = [
    (
        [
            "{p}怎么{m}", "{m}{p}要走什么流程", "{p}想{m},该点哪里", "请教下{p}的{m}步骤", "我要给{p}办{m}怎么操作", "{p}{m}在哪里申请",
            "不会弄{p}的{m}", "告诉我{m}{p}的方法",
        ],
        [
            "how do I arrange {m} for the {p}", "what are the steps for {p} {m}", "where can I request {m} on a {p}",
            "walk me through {m} of my {p}", "{p}: way to get {m} done", "I need help with {p} {m}",
        ],
    ),
    (
        [
            "{p}的{m}要多少钱", "{p}{m}收费吗", "{m}{p}得花几块", "给{p}{m}贵不贵", "{p}{m}的费用谁出", "免费给{p}{m}吗",
            "{p}{m}什么价", "{m}一台{p}要付钱不",
        ],
        [
            "how much does {m} cost for the {p}", "is {p} {m} free", "who pays for {m} of a {p}", "price of {m} for my {p}",
            "do you charge anything for {p} {m}", "{p} {m} fee",
        ],
    ),
    (
        [
            "{p}{m}要几天", "{p}的{m}多久能好", "{m}{p}需要等多长时间", "什么时候能完成{p}的{m}", "{p}{m}最快哪天", "都一周了{p}{m}还没好",
            "{p}的{m}啥时候有结果", "{m}{p}得等到几号",
        ],
        [
            "how long does {p} {m} take", "when will {m} of my {p} be finished", "days needed for {m} of a {p}",
            "still waiting for {p} {m}, when", "what is the time frame for {m} on the {p}", "how soon can {m} for the {p} happen",
        ],
    ),
    (
        [
            "{p}可以{m}吗", "你们家{p}支持{m}不", "买了{p}还能{m}吗", "{p}有没有{m}", "{p}是不是不给{m}", "拆封的{p}能不能{m}",
            "用过的{p}还给{m}吗", "{m}{p}有什么条件",
        ],
        [
            "can I get {m} for the {p}", "do you offer {p} {m}", "is {m} possible with an opened {p}",
            "am I allowed {m} on the {p}", "does the {p} come with {m}", "what are the conditions for {p} {m}",
        ],
    ),
]  # fmt: skip
_BEGINNINGS = {
    "zh": ("", "", "", "你好,", "请问", "那个", "老板", "在吗,"),
    "en": ("", "", "", "hi, ", "hello ", "excuse me, "),
}
_ENDINGS = {"zh": ("", "", "", "?", "呢", "啊", "谢谢"), "en": ("", "", "?", "?", " please", " thanks")}
_ANSWERS = {
    "zh": "{p}的{m}：请在“我的订单”里选中商品，点“{m}”，按提示填写；编号 {n} 的条款写明了时间和费用，一般两个工作日内有人联系您。",
    "en": 'For {m} of the {p}, choose the item under "My orders", press "{m}" and follow the steps; '
    "terms {n} name times and costs. We reply in two working days.",
}


@dataclass(frozen=True)
class Made:
    """Entries, and for each one more way to ask for it that none of them has."""

    entries: list[Entry]
    questions: list[str]


def make_entries(count: int, phrasings: int, seed: int = 11) -> Made:
    """`count` entries (at most 5,000) of `phrasings` texts each (at most 6), every third in English; always the same."""
    products, matters = _words(_PRODUCTS), _words(_MATTERS)
    subjects = list(product(range(len(products)), range(len(matters)), range(len(_ASPECTS))))
    if not 1 <= count <= len(subjects) or not 1 <= phrasings <= 6:
        raise ValueError(f"1 to {len(subjects)} entries of 1 to 6 phrasings")
    chance = random.Random(seed)
    chance.shuffle(subjects)
    used: set[str] = set()
    entries, questions = [], []
    for number, (thing, matter, aspect) in enumerate(subjects[:count]):
        language = "en" if number % 3 == 2 else "zh"
        place = int(language == "en")
        texts: list[str] = []
        while len(texts) <= phrasings:
            sentence = chance.choice(_ASPECTS[aspect][place])
            words = {"p": chance.choice(products[thing][place]), "m": chance.choice(matters[matter][place])}
            text = chance.choice(_BEGINNINGS[language]) + sentence.format(**words) + chance.choice(_ENDINGS[language])
            if text not in used:
                used.add(text)
                texts.append(text)
        named = {"p": products[thing][place][0], "m": matters[matter][place][0], "n": number}
        answer = {language: _ANSWERS[language].format(**named)}
        entries.append(Entry(f"made-{number}", f"made-{matter}", {language: tuple(texts[:-1])}, answer))
        questions.append(texts[-1])
    return Made(entries, questions)


def _words(lines: str) -> list[tuple[list[str], list[str]]]:
    parts = lines.strip().replace("\n", "|").split("|")
    return [(zh.split(), [en]) for zh, en in zip(parts[::2], parts[1::2], strict=True)]
