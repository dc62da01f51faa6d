"""The short words of cards and buttons, by language; sentences live in domain.yml."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

Words = dict[str, dict[str, str]]

# Times come in UTC; the shop and its customers live in China, which has one zone and no summer time.
BEIJING = timezone(timedelta(hours=8))

ORDER_STATUS: Words = {
    "unpaid": {"zh": "待付款", "en": "awaiting payment"},
    "paid": {"zh": "已付款，准备发货", "en": "paid, being prepared"},
    "packed": {"zh": "已打包，等待揽收", "en": "packed, waiting for the courier"},
    "shipped": {"zh": "已发货，运输中", "en": "shipped, on its way"},
    "delivered": {"zh": "已签收", "en": "delivered"},
    "completed": {"zh": "已完成", "en": "completed"},
    "cancelled": {"zh": "已取消", "en": "cancelled"},
    "refunding": {"zh": "退款处理中", "en": "refund in progress"},
    "refunded": {"zh": "已退款", "en": "refunded"},
}
PARCEL_STATUS: Words = {
    "label": {"zh": "已出运单，等待揽收", "en": "label printed, waiting for pick-up"},
    "picked_up": {"zh": "已揽收", "en": "picked up"},
    "in_transit": {"zh": "运输途中", "en": "in transit"},
    "out_for_delivery": {"zh": "正在派送", "en": "out for delivery"},
    "delivered": {"zh": "已签收", "en": "delivered"},
    "exception": {"zh": "配送异常", "en": "delivery problem"},
}
CASE_STATUS: Words = {
    "open": {"zh": "已受理，等待处理", "en": "received, waiting to be handled"},
    "in_progress": {"zh": "处理中", "en": "in progress"},
    "done": {"zh": "已完成", "en": "done"},
    "rejected": {"zh": "未通过", "en": "declined"},
    "cancelled": {"zh": "已撤销", "en": "withdrawn"},
}
CASE_KIND: Words = {
    "return": {"zh": "退货退款", "en": "return"},
    "exchange": {"zh": "换货", "en": "exchange"},
    "refund_only": {"zh": "仅退款", "en": "refund"},
    "repair": {"zh": "维修", "en": "repair"},
    "complaint": {"zh": "投诉", "en": "complaint"},
    "feedback": {"zh": "反馈", "en": "feedback"},
    "suggestion": {"zh": "建议", "en": "suggestion"},
    "callback": {"zh": "回电", "en": "call-back"},
}
RESOLUTION: Words = {"refund": {"zh": "退货退款", "en": "Refund"}, "exchange": {"zh": "换货", "en": "Exchange"}}
PICKUP: Words = {
    "door": {"zh": "上门取件", "en": "Pick-up at my door"},
    "drop_off": {"zh": "自己寄回", "en": "I'll drop it off"},
}
REASON: Words = {
    "size": {"zh": "尺码不合适", "en": "Wrong size"},
    "quality": {"zh": "质量问题", "en": "Faulty or damaged"},
    "not_as_described": {"zh": "与描述不符", "en": "Not as described"},
    "wrong_item": {"zh": "发错或少发", "en": "Wrong or missing item"},
    "changed_mind": {"zh": "不想要了", "en": "Changed my mind"},
}
RETURN_REFUSAL: Words = {
    "not_delivered": {"zh": "订单还没有签收", "en": "the order has not been delivered yet"},
    "already_open": {
        "zh": "这件商品的申请（单号 {case}）正在处理中，不用再提交一次",
        "en": "this item's request {case} is being handled already, so there is no need to submit it again",
    },
    "too_late": {"zh": "已超过可退换的期限", "en": "the return period is over"},
    "already_returned": {"zh": "这件商品已经申请过退换", "en": "this item has already been returned"},
    "non_returnable": {"zh": "这件商品属于不支持退换的类目", "en": "goods of this kind cannot be returned"},
    "not_returnable": {"zh": "这件商品不支持退换", "en": "this item cannot be returned"},
}
YES = {"zh": "确认提交", "en": "Confirm"}
CHANGE = {"zh": "修改一下", "en": "Change something"}
STOP = {"zh": "先不办了", "en": "Never mind"}
PART: Words = {
    "order_number": {"zh": "换个订单", "en": "The order"},
    "item": {"zh": "换件商品", "en": "The item"},
    "return_reason": {"zh": "改原因", "en": "The reason"},
    "resolution": {"zh": "改退款/换货", "en": "Refund or exchange"},
    "exchange_size": {"zh": "改尺码", "en": "The new size"},
    "pickup": {"zh": "改寄回方式", "en": "How it goes back"},
    "new_address": {"zh": "改地址", "en": "The address"},
    "invoice_title": {"zh": "改抬头", "en": "The title"},
    "tax_number": {"zh": "改税号", "en": "The tax number"},
    "email": {"zh": "改邮箱", "en": "The e-mail"},
}
# A form that a person would name so; for "let's first finish ..." and the like.
FORM: Words = {
    "return_form": {"zh": "退换货申请", "en": "your return"},
    "cancel_order_form": {"zh": "取消订单", "en": "cancelling your order"},
    "change_address_form": {"zh": "修改收货地址", "en": "changing your address"},
    "invoice_form": {"zh": "开发票", "en": "your invoice"},
    "track_order_form": {"zh": "查订单", "en": "looking up your order"},
    "complaint_form": {"zh": "投诉登记", "en": "your complaint"},
}


def word(words: Words, key: str | None, lang: str) -> str:
    """The word of `key`, or the key itself: a status that a newer shop invents must not break an answer."""
    return words.get(str(key), {}).get(lang) or str(key or "")


def named(name: Any, lang: str) -> str:
    """A `{zh, en}` name of the shop's data in one language; a plain string passes."""
    if isinstance(name, dict):
        return str(name.get(lang) or name.get("zh") or name.get("en") or "")
    return str(name or "")


def money(amount: int | None, currency: str = "CNY") -> str:
    """Fen as people write a price: `¥129.00`; other currencies by their code."""
    number = f"{(amount or 0) / 100:,.2f}"
    return f"¥{number}" if currency == "CNY" else f"{number} {currency}"


def item_names(order: dict[str, Any], lang: str, limit: int = 2) -> str:
    """`针织开衫 (M)、帆布鞋 等3件`: enough to know the order by."""
    items = order.get("items", [])
    names = [item_name(item, lang) for item in items[:limit]]
    text = ("、" if lang == "zh" else ", ").join(names)
    if len(items) > limit:
        text += f" 等{len(items)}件" if lang == "zh" else f" and {len(items) - limit} more"
    return text


def item_name(item: dict[str, Any], lang: str) -> str:
    size = f" ({item['size']})" if item.get("size") else ""
    return named(item.get("name"), lang) + size


def day(at: str | None, lang: str) -> str:
    """An ISO time as a day in Beijing, the way people say it."""
    try:
        moment = datetime.fromisoformat(str(at).replace("Z", "+00:00")).astimezone(BEIJING)
    except ValueError:
        return str(at or "")
    return f"{moment.month}月{moment.day}日" if lang == "zh" else f"{moment:%b} {moment.day}"
