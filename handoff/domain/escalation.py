"""When a conversation goes to a human: a pure function from the turns so far to a decision with its reasons.

Pure, so that a decision can be replayed from the stored turns and explained to whoever asks. Each rule names itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from handoff.domain.conversation import Priority
from handoff.domain.human_request import AROUND, asks_for_human, plain, wants_no_human


@dataclass(frozen=True)
class TurnView:
    """What one bot turn tells. `anger` is 0 to 1; `signals` as the bot sent them."""

    seq: int
    text: str
    intent: str | None = None
    confidence: float = 0.0
    anger: float = 0.0
    signals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Thresholds:
    """Settings of the rules."""

    anger: float = 0.845
    anger_rising: float = 0.6
    misses: int = 2
    similarity: float = 0.8
    repeat_within: int = 1  # of how many turns before the same question counts as asked again


@dataclass(frozen=True)
class Reason:
    """One rule that fired, in its own words, at message `seq`."""

    rule: str
    detail: str
    seq: int

    def to_json(self) -> dict[str, object]:
        """As the desk shows it."""
        return {"rule": self.rule, "detail": self.detail, "seq": self.seq}


@dataclass(frozen=True)
class Decision:
    """Hand over, why, to whom and how urgently."""

    reasons: tuple[Reason, ...]
    team: str
    priority: Priority
    signals: tuple[str, ...] = field(default=())

    @property
    def reason(self) -> str:
        """The rule that weighs most."""
        return self.reasons[0].rule


# Somebody who looks for people, or for a telephone, when the bot has already spoken. "客服电话" as a first question is a
# question like others.
_SEEKS = re.compile(
    r"^(人呢|有人(吗|嘛|么|没|在吗)?|没人(吗|嘛|么)?|人(去)?哪(去|儿|里)了|在线吗|客服|客服(呢|在吗|人呢|在不在)|(有|是)?人工(吗|呢|么|嘛)?|换人了?吗?"
    r"|(is )?any(one|body) there)$"
    r"|没有?人(理|回|管|接|应)|不回(复|话|我)|怎么(都)?没人|(不|别)(想|要)?(再)?(跟|和)机器人|是机器人(吗|么|吧)|nobody (answers|replies)",
    re.IGNORECASE,
)
_TELEPHONE = re.compile(
    r"(给|帮)(我|你们?)(们)?(打|回)(个)?电话|打(个)?电话给(我|你)|(有|是)(客服|联系)?(电话|联系方式|热线)(吗|么|嘛|没)"
    r"|(客服|售后|联系|你们|人工)的?(电话|热线|号码)|电话(是)?多少"
    r"|(怎么|怎样|如何|哪里)(能|才能|可以)?(联系|找)(到)?(你们|客服|人)|联系(一下)?(你们)?客服|找(你们)?(客服|经理|主管|领导)"
    r"|(让|叫|请)(你们)?(经理|主管|领导|老板|售后|客服)"
    r"|call me\b|phone number|your number|supervisor|manager",
    re.IGNORECASE,
)
_BARE_SERVICE = re.compile(r"(客服|人工)(呢|人呢)?$|人呢$")
# Order numbers and links, real or masked: the same words about another order are another question.
_THINGS = re.compile(r"https?://\S+|\[[^\]]{0,60}\]+|[a-z_]*[0-9][a-z0-9_]{5,}")
# What a repeated message may hold without being a question.
_NO_QUESTION = re.compile(_THINGS.pattern + r"|订单编?号|订单金额|下单时间|咨询|商品(id|编号)|您好|你好|在吗")
_LEGAL = re.compile(
    r"起诉|起訴|律师|律師|法院|12315|消协|消協|消费者协会|消保|工商局"
    r"|市场监管|报警|報警|曝光|媒体|lawyer|\bsue\b|\bsuing\b|legal action|police",
    re.IGNORECASE,
)
_SAFETY = re.compile(
    r"受伤|受傷|起火|着火|冒烟|冒煙|爆炸|漏电|漏電|触电|觸電|过敏|過敏|中毒|住院|injur|caught fire|on fire|explod|electric shock|allergic reaction",
    re.IGNORECASE,
)
_PAYMENT = re.compile(
    r"盗刷|盜刷|重复扣款|重複扣款|扣了(两|兩|2|二)次|多扣了?钱|多扣了?錢|诈骗|詐騙|被骗"
    r"|charged (me )?twice|double charg|fraud|unauthori[sz]ed charge|scam",
    re.IGNORECASE,
)
_WORDS = (
    ("legal", _LEGAL, Priority.URGENT),
    ("safety", _SAFETY, Priority.URGENT),
    ("payment", _PAYMENT, Priority.HIGH),
)
_COMPLAINTS = {"anger_now", "anger_rising", "complaint", "legal", "safety"}
_AFTER_SALES = {
    "start_return",
    "check_case_status",
    "track_order",
    "track_parcel",
    "cancel_order",
    "change_address",
    "request_invoice",
}
_PRE_SALES = {"search_product", "ask_price", "ask_stock", "ask_size", "ask_delivery_time", "compare_products"}
# What weighs most stands first in the card.
_WEIGHT = [
    "safety",
    "legal",
    "payment",
    "asked_for_human",
    "looks_for_people",
    "complaint",
    "anger_now",
    "anger_rising",
    "verification_failed",
]


def similarity(a: str, b: str) -> float:
    """Jaccard overlap of character pairs, 0 to 1."""

    def pairs(text: str) -> set[str]:
        bare = re.sub(r"\W+", "", plain(text))
        return {bare[i : i + 2] for i in range(len(bare) - 1)} or {bare}

    x, y = pairs(a), pairs(b)
    return len(x & y) / len(x | y) if x | y else 0.0


def team_for(intents: Sequence[str | None], rule: str) -> str:
    """The department: complaints by rule, else by what the customer talked about last."""
    if rule in _COMPLAINTS:
        return "complaints"
    for intent in reversed(intents):
        if intent in _AFTER_SALES:
            return "after_sales"
        if intent in _PRE_SALES:
            return "pre_sales"
    return "after_sales"


def decide(turns: Sequence[TurnView], thresholds: Thresholds | None = None, *, vip: bool = False) -> Decision | None:
    """Whether to hand over after the last of `turns` (oldest first, since the bot last took over), and why."""
    limits = thresholds or Thresholds()
    if not turns:
        return None
    reasons = _reasons(turns, limits, vip)
    if not reasons:
        return None
    reasons.sort(key=lambda r: _WEIGHT.index(r.rule) if r.rule in _WEIGHT else len(_WEIGHT))
    first = reasons[0].rule
    urgent = first in ("safety", "legal")
    high = vip or first in ("payment", "anger_now", "anger_rising", "complaint")
    return Decision(
        reasons=tuple(reasons),
        team=team_for([t.intent for t in turns], first),
        priority=Priority.URGENT if urgent else Priority.HIGH if high else Priority.NORMAL,
        signals=tuple(dict.fromkeys(s for t in turns for s in t.signals)),
    )


def _same_question(earlier: str, later: str, limits: Thresholds) -> bool:
    before, now = plain(earlier), plain(later)
    asked = _NO_QUESTION.sub("", now)
    # Short answers inside a form ("1", "好的") repeat without meaning anything.
    if len(asked) < 6 or set(_THINGS.findall(before)) != set(_THINGS.findall(now)):
        return False
    return similarity(_NO_QUESTION.sub("", before), asked) >= limits.similarity


def _reasons(turns: Sequence[TurnView], limits: Thresholds, vip: bool) -> list[Reason]:
    last = turns[-1]
    found: list[Reason] = []
    understood = last.intent == "request_human" and last.confidence >= 0.7 and not wants_no_human(last.text)
    if asks_for_human(last.text) or understood:
        found.append(Reason("asked_for_human", last.text[:80], last.seq))
    else:
        said = plain(last.text).strip(AROUND)
        # "有人吗" opens many a conversation: as a first message it is a greeting.
        begun = len(turns) > 1
        if len(said) <= 40 and (
            begun and (_SEEKS.search(said) or _TELEPHONE.search(said)) or _BARE_SERVICE.match(said)
        ):
            found.append(Reason("looks_for_people", last.text[:80], last.seq))
    for rule, words, _ in _WORDS:
        if match := words.search(plain(last.text)):
            found.append(Reason(rule, match.group(0), last.seq))
    if last.anger >= limits.anger:
        found.append(Reason("anger_now", f"{last.anger:.2f}", last.seq))
    elif (
        len(turns) >= 2
        and turns[-2].anger < last.anger
        and min(turns[-2].anger + 0.2, last.anger) >= limits.anger_rising
    ):
        found.append(Reason("anger_rising", f"{turns[-2].anger:.2f} → {last.anger:.2f}", last.seq))
    misses = 0
    for turn in reversed(turns):
        if "fallback" not in turn.signals:
            break
        misses += 1
    if misses >= (1 if vip and limits.misses > 1 else limits.misses):
        found.append(Reason("not_understood", f"{misses}", last.seq))
    if any(_same_question(earlier.text, last.text, limits) for earlier in turns[-1 - limits.repeat_within : -1]):
        found.append(Reason("repeated_question", last.text[:80], last.seq))
    # Old displeasure is no new reason.
    if "negative_feedback" in last.signals and sum("negative_feedback" in t.signals for t in turns) >= (
        1 if misses or vip else 2
    ):
        found.append(Reason("negative_feedback", last.text[:80], last.seq))
    found.extend(Reason(s, last.text[:80], last.seq) for s in ("form_failed", "bot_error") if s in last.signals)
    if vip and found and all(r.rule != "vip" for r in found):
        found.append(Reason("vip", "", last.seq))
    return found
