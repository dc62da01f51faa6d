"""Phrases that name something a form asks for: entity → value → phrases, in simplified Chinese and English, lower case."""

from __future__ import annotations

COURIER: dict[str, tuple[str, ...]] = {
    "sf": ("顺丰", "顺风快递", "sf", "sf express"),
    "yto": ("圆通", "yto"),
    "zto": ("中通", "zto"),
    "sto": ("申通", "sto express"),
    "yunda": ("韵达", "yunda"),
    "jt": ("极兔", "j&t"),
    "jd": ("京东物流", "京东快递", "jd logistics"),
    "ems": ("ems", "邮政", "中国邮政", "china post"),
    "deppon": ("德邦",),
    "dhl": ("dhl",),
    "fedex": ("fedex", "联邦快递"),
    "ups": ("ups",),
}
RESOLUTION: dict[str, tuple[str, ...]] = {
    "refund": ("退款", "退钱", "退货", "退货退款", "把钱退", "退我钱", "refund", "money back", "return it"),
    "exchange": ("换货", "换一件", "换个", "换一个", "换件", "换大", "换小", "换成", "换码", "换新的", "调换", "exchange", "swap",
                 "replacement", "replace it", "different size"),
}
PICKUP: dict[str, tuple[str, ...]] = {
    "door": ("上门", "来取", "来拿", "取件", "上门取件", "上门取", "pick it up", "pick up at my door", "collect it", "come and get",
             "at my door", "home pickup", "door pickup"),
    "drop_off": ("自己寄", "自寄", "我寄", "寄回", "寄回去", "寄过去", "驿站", "快递点", "网点", "菜鸟驿站", "drop off", "drop it off",
                 "drop-off", "post office", "send it back myself", "mail it"),
}
RETURN_REASON: dict[str, tuple[str, ...]] = {
    "size": ("尺码不合适", "尺码不对", "尺寸不对", "太大", "太小", "偏大", "偏小", "大了", "小了", "太紧", "太松", "太长", "太短", "不合身",
             "穿不下", "穿不上", "不合脚", "too big", "too small", "too large", "too tight", "too loose", "too long", "too short",
             "doesn't fit", "does not fit", "didn't fit", "wrong size"),
    "quality": ("质量问题", "质量太差", "质量不好", "质量差", "坏了", "坏的", "破了", "破损", "裂了", "碎了", "脱线", "开线", "开胶", "掉色",
                "褪色", "瑕疵", "有洞", "污渍", "起球", "不能用", "用不了", "漏水", "充不进电", "faulty", "broken", "damaged", "defective",
                "cracked", "torn", "ripped", "stopped working", "poor quality", "stained"),
    "not_as_described": ("与描述不符", "描述不符", "货不对板", "跟图片不一样", "和图片不一样", "色差", "颜色不一样", "不是正品", "假货",
                         "not as described", "looks different", "different from the picture", "fake"),
    "wrong_item": ("发错", "寄错", "送错", "少发", "漏发", "少了一件", "少一件", "wrong item", "missing item", "sent the wrong",
                   "sent me the wrong"),
    "changed_mind": ("不想要", "不要了", "不喜欢", "买错", "拍错", "多买", "买多了", "用不上", "不需要了", "七天无理由", "7天无理由", "无理由",
                     "changed my mind", "don't want it", "don't like it", "don't need it", "no longer need", "bought by mistake"),
}
PHRASES: dict[str, dict[str, tuple[str, ...]]] = {
    "courier": COURIER, "resolution": RESOLUTION, "pickup": PICKUP, "return_reason": RETURN_REASON,
}
