"""What the merchant allows: pure functions over an order's facts."""

from datetime import datetime, timedelta

BEFORE_SHIPPING = frozenset({"unpaid", "paid", "packed"})
PAID = frozenset({"paid", "packed", "shipped", "delivered", "completed", "refunding"})

RETURN_DAYS = 7  # the law's seven days without a reason
EXCHANGE_DAYS = 15  # the merchant's own promise
WARRANTY_DAYS = 365

DAYS_FOR = {"return": RETURN_DAYS, "refund_only": RETURN_DAYS, "exchange": EXCHANGE_DAYS, "repair": WARRANTY_DAYS}
KINDS = tuple(DAYS_FOR)
# An exchange and a repair give the goods back, so no money.
REFUNDING_KINDS = frozenset({"return", "refund_only"})


def may_change(status: str) -> bool:
    """Whether the order may still be cancelled or sent elsewhere."""
    return status in BEFORE_SHIPPING


def return_deadline(delivered_at: datetime, kind: str = "return") -> datetime:
    return delivered_at + timedelta(days=DAYS_FOR[kind])


def why_not_returnable(
    kind: str, delivered_at: datetime | None, now: datetime, product_returnable: bool, left: int
) -> str | None:
    """`not_delivered`, `non_returnable`, `already_returned`, `too_late`, or None when it may come back.

    `left` is how many of the item were bought and not yet returned.
    """
    if delivered_at is None:
        return "not_delivered"
    if not product_returnable:
        return "non_returnable"
    if left < 1:
        return "already_returned"
    return "too_late" if now > return_deadline(delivered_at, kind) else None
