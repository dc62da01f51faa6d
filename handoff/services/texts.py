"""What the system itself says to customers, in their language, and how it names things to people."""

from __future__ import annotations

import math
from typing import Any

_TEXTS: dict[str, dict[str, str]] = {
    "queued": {
        "zh-Hans": "正在为您转接人工客服，您前面还有 {ahead} 位。",
        "zh-Hant": "正在為您轉接真人客服，您前面還有 {ahead} 位。",
        "en": "Connecting you to one of our team. People ahead of you: {ahead}.",
    },
    "queued_wait": {
        "zh-Hans": "正在为您转接人工客服，您前面还有 {ahead} 位，预计等待{wait}。",
        "zh-Hant": "正在為您轉接真人客服，您前面還有 {ahead} 位，預計等待{wait}。",
        "en": "Connecting you to one of our team. People ahead of you: {ahead}; expected wait{wait}.",
    },
    "queued_busy": {
        "zh-Hans": "正在为您转接人工客服。现在咨询的人很多，您前面还有 {ahead} 位，可能要等久一些，请您见谅。",
        "zh-Hant": "正在為您轉接真人客服。現在諮詢的人很多，您前面還有 {ahead} 位，可能要等久一些，請您見諒。",
        "en": "Connecting you to one of our team. We are very busy now and it may take longer. People ahead of you: {ahead}.",
    },
    "queued_busy_wait": {
        "zh-Hans": "正在为您转接人工客服。现在咨询的人很多，您前面还有 {ahead} 位，预计等待{wait}，请您见谅。",
        "zh-Hant": "正在為您轉接真人客服。現在諮詢的人很多，您前面還有 {ahead} 位，預計等待{wait}，請您見諒。",
        "en": "Connecting you to one of our team. We are very busy now. People ahead of you: {ahead}; expected wait{wait}.",
    },
    "requeued": {
        "zh-Hans": "很抱歉，客服 {name} 离开了。已把您排回队伍前面，您前面还有 {ahead} 位，其他客服会继续为您服务。",
        "zh-Hant": "很抱歉，客服 {name} 離開了。已把您排回隊伍前面，您前面還有 {ahead} 位，其他客服會繼續為您服務。",
        "en": "Sorry, {name} had to leave. You are back at the front of the queue (people ahead of you: {ahead}); a colleague will go on.",
    },
    "callback_offer": {
        "zh-Hans": "现在人工客服很忙，排队会比较久。可以为您登记，客服会在 {due} 前联系您；也可以继续排队，或者接着问我。",
        "zh-Hant": "現在真人客服很忙，排隊會比較久。可以為您登記，客服會在 {due} 前聯絡您；也可以繼續排隊，或者接著問我。",
        "en": "Our team is very busy and the queue is long. We can get back to you by {due}; you may also queue, or go on with me.",
    },
    "callback_offer_wait": {
        "zh-Hans": "现在人工客服很忙，排队可能要等 {p90}。可以为您登记，客服会在 {due} 前联系您；也可以继续排队，或者接着问我。",
        "zh-Hant": "現在真人客服很忙，排隊可能要等 {p90}。可以為您登記，客服會在 {due} 前聯絡您；也可以繼續排隊，或者接著問我。",
        "en": "Our team is very busy; the queue may take {p90}. We can get back to you by {due}; you may also queue, or go on with me.",
    },
    "leave_callback": {"zh-Hans": "请客服联系我", "zh-Hant": "請客服聯絡我", "en": "Get back to me"},
    "wait_for_human": {"zh-Hans": "继续排队", "zh-Hant": "繼續排隊", "en": "Queue for a person"},
    "still_queued": {
        "zh-Hans": "您已在排队中，前面还有 {ahead} 位，客服马上就来。您说的话都会留给客服看。",
        "zh-Hant": "您已在排隊中，前面還有 {ahead} 位，客服馬上就來。您說的話都會留給客服看。",
        "en": "You are in the queue; people ahead of you: {ahead}. Whatever you write is kept for them.",
    },
    "accepted": {
        "zh-Hans": "人工客服 {name} 为您服务。",
        "zh-Hant": "真人客服 {name} 為您服務。",
        "en": "You are now talking to {name}.",
    },
    "handed_back": {
        "zh-Hans": "人工服务已结束，接下来由智能客服继续为您服务。需要人工时请说“转人工”。",
        "zh-Hant": "真人服務已結束，接下來由智慧客服繼續為您服務。需要真人時請說「轉人工」。",
        "en": "Our assistant takes over again. Say “human please” whenever you want a person.",
    },
    "transferred": {
        "zh-Hans": "正在为您转接到{team}。",
        "zh-Hant": "正在為您轉接到{team}。",
        "en": "Passing you on to {team}.",
    },
    "resolved": {
        "zh-Hans": "本次服务已结束，感谢您的咨询。72 小时内再发消息可继续本次对话。",
        "zh-Hant": "本次服務已結束，感謝您的諮詢。72 小時內再發訊息可繼續本次對話。",
        "en": "This conversation has ended. Write again within 72 hours to go on with it.",
    },
    "bot_slow": {
        "zh-Hans": "收到，正在为您处理，请稍等一下。",
        "zh-Hant": "收到，正在為您處理，請稍等一下。",
        "en": "Got it, one moment please.",
    },
    "bot_failed": {
        "zh-Hans": "抱歉，智能客服暂时无法回答，您的消息已保存。可以稍后再试，或转人工客服。",
        "zh-Hant": "抱歉，智慧客服暫時無法回答，您的訊息已保存。可以稍後再試，或轉真人客服。",
        "en": "Sorry, our assistant cannot answer right now. Your message is saved. Try again soon, or talk to a person.",
    },
    "talk_to_human": {"zh-Hans": "转人工", "zh-Hant": "轉人工", "en": "Talk to a person"},
    "callback": {
        "zh-Hans": "现在没有人工客服在线。已为您登记（{number}），客服会在 {due} 前联系您。您也可以继续问我。",
        "zh-Hant": "現在沒有真人客服在線。已為您登記（{number}），客服會在 {due} 前聯絡您。您也可以繼續問我。",
        "en": "Nobody of our team is online now. We noted your request ({number}) and will get back to you by {due}.",
    },
    "callback_closed": {
        "zh-Hans": "现在不是人工服务时间，{opens} 开始服务。已为您登记（{number}），客服会在 {due} 前联系您。您也可以继续问我。",
        "zh-Hant": "現在不是真人服務時間，{opens} 開始服務。已為您登記（{number}），客服會在 {due} 前聯絡您。您也可以繼續問我。",
        "en": "Our team is back at {opens}. We noted your request ({number}) and will get back to you by {due}. You may go on with me.",
    },
    "callback_asked": {
        "zh-Hans": "好的，已为您登记（{number}），客服会在 {due} 前联系您。您也可以继续问我。",
        "zh-Hant": "好的，已為您登記（{number}），客服會在 {due} 前聯絡您。您也可以繼續問我。",
        "en": "Done: we noted your request ({number}) and will get back to you by {due}. You may go on with me.",
    },
    "callback_left": {
        "zh-Hans": "很抱歉，人工客服都已离开，排队不会有人接待。已为您登记（{number}），客服会在 {due} 前联系您。您也可以继续问我。",
        "zh-Hant": "很抱歉，真人客服都已離開，排隊不會有人接待。已為您登記（{number}），客服會在 {due} 前聯絡您。您也可以繼續問我。",
        "en": "Sorry, nobody of our team is there any more. We noted your request ({number}) and will get back to you by {due}.",
    },
    "callback_known": {
        "zh-Hans": "您的请求已登记（{number}），客服会在 {due} 前联系您。",
        "zh-Hant": "您的請求已登記（{number}），客服會在 {due} 前聯絡您。",
        "en": "Your request is noted ({number}); we will get back to you by {due}.",
    },
    "bot_name": {"zh-Hans": "智能客服", "zh-Hant": "智慧客服", "en": "Assistant"},
    "title": {"zh-Hans": "在线客服", "zh-Hant": "線上客服", "en": "Customer service"},
    "greeting": {
        "zh-Hans": "您好！我是智能客服，可以帮您查订单、查物流、办退换货。需要人工请说“转人工”。",
        "zh-Hant": "您好！我是智慧客服，可以幫您查訂單、查物流、辦退換貨。需要真人請說「轉人工」。",
        "en": "Hello! I can find your order, track a parcel or start a return. Say “human please” for a person.",
    },
}

INTENTS: dict[str, tuple[str, str]] = {
    "ask_faq": ("咨询常见问题", "general question"),
    "search_product": ("找商品", "looking for a product"),
    "ask_price": ("问价格", "price"),
    "ask_stock": ("问库存", "stock"),
    "ask_size": ("问尺码", "size"),
    "ask_delivery_time": ("问送达时间", "delivery time"),
    "compare_products": ("比较商品", "comparing products"),
    "track_order": ("查订单", "order status"),
    "track_parcel": ("查物流", "parcel"),
    "start_return": ("退换货", "return or exchange"),
    "check_case_status": ("查售后进度", "after-sales progress"),
    "change_address": ("改地址", "change of address"),
    "cancel_order": ("取消订单", "cancelling an order"),
    "request_invoice": ("要发票", "invoice"),
    "complain": ("投诉", "complaint"),
    "request_human": ("要求人工", "asked for a person"),
    "negative_feedback": ("对回答不满", "unhappy with the answer"),
}


def text(key: str, locale: str, **values: Any) -> str:
    """The text of `key` in `locale`; unknown locales read simplified Chinese."""
    versions = _TEXTS[key]
    return versions.get(locale, versions["zh-Hans"]).format(**values)


def both(key: str) -> dict[str, str]:
    """`{"zh", "en", "zh-Hant"}` of a text without values, for those who choose themselves."""
    return {"zh": _TEXTS[key]["zh-Hans"], "zh-Hant": _TEXTS[key]["zh-Hant"], "en": _TEXTS[key]["en"]}


def duration(seconds: int, locale: str) -> str:
    """A time span in whole minutes, rounded up: nobody minds that it was shorter."""
    minutes = max(1, math.ceil(seconds / 60))
    if locale == "en":
        return f"{minutes} min"
    return f"{minutes} 分鐘" if locale == "zh-Hant" else f"{minutes} 分钟"


def wait_span(p50: int, p90: int, locale: str) -> str:
    """A wait in words: from what half of the people wait to what nearly all do."""
    low, high = max(1, round(p50 / 60)), max(1, math.ceil(p90 / 60))
    if high <= low:
        about = {"en": " about", "zh-Hant": "約"}.get(locale, "约")
        return f"{about} {duration(p90, locale)}"
    to = " to" if locale == "en" else " 到"
    return f" {low}{to} {duration(p90, locale)}"


def intent_name(intent: str, locale: str) -> str:
    """An intent in words."""
    zh, en = INTENTS.get(intent, (intent, intent))
    return en if locale == "en" else zh
