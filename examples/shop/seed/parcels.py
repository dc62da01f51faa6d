"""Parcels with the history that their carrier would tell."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from examples.shop.seed.people import City
from examples.shop.shapes import Both

CARRIERS: dict[str, Both] = {
    "sf": {"zh": "顺丰速运", "en": "SF Express"},
    "yto": {"zh": "圆通速递", "en": "YTO Express"},
    "zto": {"zh": "中通快递", "en": "ZTO Express"},
    "jd": {"zh": "京东物流", "en": "JD Logistics"},
    "ems": {"zh": "EMS", "en": "EMS"},
    "dhl": {"zh": "DHL国际快递", "en": "DHL Express"},
}
# What numbers of each carrier look like: letters before and after, and how many digits.
NUMBERS = {
    "sf": ("SF", 13, ""),
    "yto": ("YT", 13, ""),
    "zto": ("ZT", 12, ""),
    "jd": ("JD", 13, ""),
    "ems": ("EA", 9, "CN"),
    "dhl": ("DHL", 10, ""),
}

WAREHOUSE: Both = {"zh": "嘉兴 云杉仓", "en": "Spruce warehouse, Jiaxing"}
FIRST_HUB: Both = {"zh": "嘉兴南湖转运中心", "en": "Jiaxing Nanhu hub"}
ORIGINS: dict[str, Both] = {
    "japan": {"zh": "日本 东京", "en": "Tokyo, Japan"},
    "france": {"zh": "法国 巴黎", "en": "Paris, France"},
    "germany": {"zh": "德国 法兰克福", "en": "Frankfurt, Germany"},
    "australia": {"zh": "澳大利亚 悉尼", "en": "Sydney, Australia"},
    "italy": {"zh": "意大利 米兰", "en": "Milan, Italy"},
    "usa": {"zh": "美国 洛杉矶", "en": "Los Angeles, USA"},
}
CUSTOMS: Both = {"zh": "上海浦东国际机场 海关", "en": "Customs, Shanghai Pudong Airport"}
HELD: Both = {"zh": "清关中：请补充收件人身份证信息", "en": "Held by customs: the recipient's ID is needed"}
LATE: Both = {"zh": "受天气影响，中转延误，预计晚到1至2天", "en": "Delayed by weather, 1 to 2 days late"}

# How far the parcel has come: the number of steps of its road that have happened, from the end if negative.
REACHED = {"label": 1, "picked_up": 2, "in_transit": -3, "out_for_delivery": -1}


@dataclass(frozen=True)
class Event:
    at: datetime
    place: Both
    text: Both


@dataclass(frozen=True)
class SeedParcel:
    tracking_number: str
    carrier: Both
    status: str
    eta: datetime | None
    events: list[Event]


def make_parcel(
    rng: random.Random, carrier: str, city: City, shipped: datetime, end: datetime, status: str, origin: str = ""
) -> SeedParcel:
    """A parcel that left at `shipped`; its last event is at `end`.

    `status` is one of the API's, or `customs` and `delayed`, which are exceptions. `origin` names a country of ORIGINS.
    """
    road = _road(rng, city, origin)
    if status == "customs":
        here = _until(road, CUSTOMS)
        told = [*here, (CUSTOMS, HELD)]
    elif status == "delayed":
        told = [*road[:4], (road[3][0], LATE)]
    elif status == "delivered":
        told = road
    else:
        told = road[: REACHED[status]]
    times = _times(rng, shipped, end, len(told), last_day=status == "delivered")
    events = [Event(at, place, text) for at, (place, text) in zip(times, told, strict=True)]
    shown = "exception" if status in ("customs", "delayed") else status
    eta = None if status in ("delivered", "customs") else end + timedelta(days=_days_left(status, bool(origin)))
    before, digits, after = NUMBERS[carrier]
    number = f"{before}{rng.randrange(10 ** (digits - 1), 10**digits)}{after}"
    return SeedParcel(number, CARRIERS[carrier], shown, eta, events)


def _times(rng: random.Random, shipped: datetime, end: datetime, count: int, *, last_day: bool) -> list[datetime]:
    """When each step happened: evenly over the road, but station, courier and door within the last hours."""
    tail = [end - timedelta(hours=5), end - timedelta(hours=2, minutes=rng.randint(0, 50)), end] if last_day else [end]
    road = count - len(tail)
    step = (tail[0] - shipped) / max(road, 1)
    return [shipped + step * n + step * 0.2 * rng.random() for n in range(road)] + tail


def _days_left(status: str, cross_border: bool) -> int:
    if status == "out_for_delivery":
        return 0
    return 6 if cross_border else {"label": 4, "picked_up": 3, "delayed": 3}.get(status, 1)


def _both(zh: str, en: str) -> Both:
    return {"zh": zh, "en": en}


def _until(road: list[tuple[Both, Both]], place: Both) -> list[tuple[Both, Both]]:
    last = max(n for n, (where, _) in enumerate(road) if where == place and "完成" not in road[n][1]["zh"])
    return road[: last + 1]


def _road(rng: random.Random, city: City, origin: str) -> list[tuple[Both, Both]]:
    """Every step from the label to the door."""
    here: Both = {"zh": city.zh, "en": city.en}
    hub: Both = {"zh": city.hub_zh, "en": city.hub_en}
    courier = rng.choice(["王师傅", "李师傅", "陈师傅", "刘师傅", "赵师傅"])
    signed = rng.choice(
        [_both("已签收，签收人：本人", "Delivered, signed by the recipient"),
         _both("已签收，包裹放在小区快递柜", "Delivered to the parcel locker"),
         _both("已签收，签收人：家人", "Delivered, signed by family")]
    )  # fmt: skip
    if origin:
        start = ORIGINS[origin]
        first = [
            (start, _both("海外仓已打单", "Label made at the overseas warehouse")),
            (start, _both("已揽收", "Picked up")),
            (start, _both("离开始发国，航班已起飞", "Departed the country of origin by air")),
            (CUSTOMS, _both("到达口岸，等待清关", "Arrived at the port of entry, waiting for customs")),
            (CUSTOMS, _both("清关完成，已放行", "Cleared customs")),
        ]
    else:
        first = [
            (WAREHOUSE, _both("已打单，等待快递揽收", "Label made, waiting for the courier")),
            (WAREHOUSE, _both("已揽收", "Picked up")),
            (FIRST_HUB, _both("到达转运中心，已分拣", "Arrived at the hub and sorted")),
            (FIRST_HUB, _both(f"离开转运中心，发往{city.zh}", f"Departed for {city.en}")),
        ]
    return [
        *first,
        (hub, _both("到达目的地转运中心", "Arrived at the destination hub")),
        (here, _both("到达派送网点", "Arrived at the delivery station")),
        (here, _both(f"派送中，快递员{courier}", "Out for delivery")),
        (here, signed),
    ]
