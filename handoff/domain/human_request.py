"""Does a customer ask for a human, by the words alone? Known to the gateway itself, so that it works when no bot answers."""

from __future__ import annotations

import re
import unicodedata

# What stands around words and means nothing.
AROUND = "".join(" ,.!?;:~。、…'\"")
_LONGEST = 200
# 转 人 工, 转-人工, and what an input method or a phone makes of it.
_SPACED = re.compile(r"(转|轉|転|zhuan)[ :_-]*(人|ren)[ _-]*([工功公]|gong)|人 +工")
_PEOPLE = r"(人工(?!智能|智慧|费|費|成本|[皮草钻鑽制製缝縫棉革湖造])|真人|活人|客服人员|客服人員|在线客服|在線客服|專員|专员|真正的客服)"
# "人工智能" and "人工费" are no people; "不要转来转去，直接转人工" is a request behind a refusal.
_REFUSAL = re.compile(
    r"(不用|不要|不想|不需要|不必|无需|無需|别|別|先不|暂时不|暫時不|没说要|沒說要)(再|先|想|要|急着|给我|給我|帮我|幫我|跟|和)*"
    rf"(转|轉|找|接|换|換|联系|聯繫)*(接|到|成)?(一?[个個])?{_PEOPLE}(客服|服务|服務)?"
    r"|\b(?:don'?t|do not|not|no|without|never)(?: (?:want|need|to|an?|any|for|talk(?:ing)?|speak(?:ing)?|transfer|connect|chat|me|with"
    r"|real|live|human))* (?:human|person|people|agent|representative|rep|operator|someone|anyone|anybody)s?\b",
    re.IGNORECASE,
)
# When people are there, and what they cost, is a question like others.
_ABOUT_PEOPLE = re.compile(
    r"人工(客服|服务|服務)?(的|是|都)?(上班|工作|服务|服務|在线|在線|营业|營業)?(时间|時間|几点|幾點|什么时候|什麼時候|周末|要钱|要錢|收费|收費)"
    r"|(转|轉)?人工(客服|服务|服務)?(要|还要|還要|得|需要)?(等|排)(多久|多长|多長|队|隊)"
)
_REQUEST = re.compile(
    r"(转|轉|换|換|找|叫|接|要|求|喊|呼叫|联系|聯繫|聯絡|连接|連接|请|請|让|讓|有没有|有沒有|给我|給我)(一?[个個位名下])?(你们|妳們|你們|的|到|成|接)*"
    rf"{_PEOPLE}"
    r"|人工(客服|服务|服務|坐席|座席|在线|在線|在吗|在嗎|在不在|呢|fuwu|kefu)|客服人工"
    r"|(跟|和|与|與)(真人|人工|活人)(客服)?(聊|说|說|讲|講|谈|談|沟通|溝通|对话|對話)|(?<![别別])(跟|和)人[说說讲講]"
    r"|(找|叫|换|換|派|让|讓)(一?[个個])?人(来|來|跟|和)(跟|和|接|处理|處理|回)?[我说說理]?"
    r"|(转|轉|转接|轉接|接|给我|給我)(一下|下|个|個|在线|在線|到)?客服$"
    r"|(不要|不想|别|別)(再)?(要|用|跟|和|让|讓|给我|給我)?(机器人|機器人)(?![吸扫掃拖玩清])"
    r"|zhuan\s*ren\s*gong|rengong\s*kefu|^ren\s*gong$|转人g|转ren工|转rg|zrg"
    r"|\b(talk|speak|chat|connect|transfer|switch|put)\b.{0,25}\b(human|person|agent|representative|rep|someone|operator|staff)\b"
    r"|\b(real|live|actual)\s+(human|person|agent|people)\b|\bhuman\s+(agent|please|support|being|now|help)\b"
    r"|\b(want|need|get)\b.{0,12}\b(human|representative|operator|live agent|an agent)\b(?! (discount|hair|size))"
    r"|\b(give|get) me (an?|some) (person|human|agent|rep)\b|\b(person|human)\b,? not a (bot|robot|machine)\b"
    r"|\bcustomer (service|support|care) (rep|representative|agent|person)\b"
    r"|\b(connect|transfer|put) me (through )?(to|with) (customer )?(support|service|care|sales)\b|^(please )?(transfer|connect) me( please| now)?$",
)
_BARE = re.compile(
    r"^((人工+)+|人[功公]|真人(客服)?|(真人|活人)(在吗|在嗎|呢)|转+|(请|請)?(转|轉)人工|人工客服|人工服务|人工服務|客服人员|客服人員|活人"
    r"|human|agent|representative|operator|real person|live agent)$"
)


def plain(text: str) -> str:
    """NFKC, lower case, without white space around: what the rules look at."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def asks_for_human(text: str) -> bool:
    """Whether the customer plainly asks for a human, so that no bot is needed to understand it."""
    said = _said(text)
    asked = _REFUSAL.sub(" ", _ABOUT_PEOPLE.sub(" ", said)).strip(AROUND)
    return bool(_BARE.match(asked) or _REQUEST.search(asked))


def wants_no_human(text: str) -> bool:
    """Whether the customer plainly says that no human is needed, or only asks about them."""
    said = _said(text)
    return bool(_REFUSAL.search(said) or _ABOUT_PEOPLE.search(said)) and not asks_for_human(text)


def without_refusal(text: str) -> str:
    """What a customer says beside that no human is needed: the text itself, if he says nothing else."""
    return _REFUSAL.sub(" ", text).strip(AROUND + "，。！？；：") or text


def _said(text: str) -> str:
    """What the rules look at, "" for what is too long to be a request."""
    said = plain(text).strip(AROUND)
    return "" if len(said) > _LONGEST else _SPACED.sub(_joined, said)


def _joined(match: re.Match[str]) -> str:
    return "转人工" if match[1] else "人工"
