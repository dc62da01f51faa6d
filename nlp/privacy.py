"""A text without what tells who wrote it: for logs that outlive the conversation.

Numbers, addresses, names and accounts become a word for their kind. Rules, no model: what they miss is what no pattern
shows (a name that stands alone), and in doubt they take away too much.
"""

from __future__ import annotations

import re

from nlp.text import mask

# The surnames of nine in ten people in China; a name is told from a word by beginning with one where a name is expected.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶"
    "黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤欧阳"
)
_HAN = "\u4e00-\u9fff"
_NAME = rf"[{_SURNAMES}][{_HAN}]{{1,2}}"
_NUMBER = r"(?:编号|\d{1,5}|[一二三四五六七八九十百]{1,4})"
_HOUSE = r"(?:号楼|号|弄|栋|幢|座|单元|楼|层|室)"
_EXPECTED = r"(?:我叫|名叫|姓名|名字|收件人|收货人|联系人|抬头)(?:改成|改为|换成|写成|[是为叫:： ])?[ ]?"
_ACCOUNT = r"(?:微信|qq|vx|wechat|weixin|支付宝|旺旺|账号|用户名)(?:号码?|账号|名|id)?[是为叫:： ]{0,3}"
_INTRODUCED = r"(?:my name is|my name's|name is|name:|i am called|recipient:?|attn:?) ?"
_ROAD = r"(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd)"
_RULES: list[tuple[re.Pattern[str], str]] = [
    (re.compile(pattern, re.IGNORECASE), word)
    for pattern, word in [
        # Phone and card numbers with gaps, dates, codes: whatever has four digits and more.
        (r"(?<!\d)\+?\d(?:[ \-._/]{0,2}\d){3,}", "编号"),
        (r"[零〇一二三四五六七八九幺两]{6,}", "编号"),
        (r"(?<![A-Za-z0-9])(?=(?:[A-Za-z]*\d){3})[A-Za-z0-9]{8,}(?![A-Za-z0-9])", "编号"),
        (rf"({_ACCOUNT})(?=[\w-]*[\d_])[A-Za-z][\w-]{{4,}}", r"\1账号"),
        # Addresses down to the street or the house, with what leads to them and the doors behind.
        (rf"[{_HAN}]{{2,20}}?(?:路|街|大道|胡同|巷|弄|村) ?{_NUMBER} ?{_HOUSE}(?: ?-?{_NUMBER} ?{_HOUSE}?)*", "地址"),
        (rf"{_NUMBER}(?:栋|幢|号楼|单元)(?: ?-?{_NUMBER} ?{_HOUSE}?)*", "地址"),
        (rf"\b\d{{1,5}}[A-Za-z]? (?:[A-Za-z']+ ){{1,4}}{_ROAD}\b\.?", "address"),
        # Names where one is expected.
        (rf"({_EXPECTED}){_NAME}", r"\1某某"),
        (rf"(我是){_NAME}(?=[,。!?;、\s]|$)", r"\1某某"),
        (rf"[{_SURNAMES}][{_HAN}]{{0,2}}(先生|女士|小姐|太太|阿姨|老师)", r"某\1"),
        (rf"(我姓)[{_SURNAMES}]", r"\1某"),
        (rf"\b({_INTRODUCED})[A-Za-z][\w'-]+(?: (?-i:[A-Z])[\w'-]+)*", r"\1someone"),
        (r"\b(mr|mrs|ms|miss|dr)\.? (?-i:[A-Z])[\w'-]+", r"\1 someone"),
    ]
]


def anonymous(text: str) -> str:
    """A normalised text (`nlp.text.normalise`) without numbers, addresses, names and accounts. Idempotent."""
    text = mask(text)
    for pattern, word in _RULES:
        text = pattern.sub(word, text)
    return text
