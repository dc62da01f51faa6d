"""What the merchant allows."""

from datetime import UTC, datetime, timedelta

import pytest

from examples.shop.rules import may_change, why_not_returnable

NOW = datetime(2026, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "days", "answer"),
    [
        ("return", 7, None),
        ("return", 8, "too_late"),
        ("refund_only", 8, "too_late"),
        ("exchange", 15, None),
        ("exchange", 16, "too_late"),
        ("repair", 300, None),
        ("repair", 366, "too_late"),
    ],
)
def test_that_each_kind_has_its_days(kind: str, days: int, answer: str | None) -> None:
    assert why_not_returnable(kind, NOW - timedelta(days=days), NOW, True, 1) == answer


def test_that_goods_not_delivered_not_returnable_or_returned_are_refused() -> None:
    assert why_not_returnable("return", None, NOW, True, 1) == "not_delivered"
    assert why_not_returnable("return", NOW, NOW, False, 1) == "non_returnable"
    assert why_not_returnable("return", NOW, NOW, True, 0) == "already_returned"


def test_that_an_order_changes_only_before_it_leaves() -> None:
    statuses = ["unpaid", "paid", "packed", "shipped", "delivered", "completed", "cancelled", "refunding", "refunded"]
    assert [status for status in statuses if may_change(status)] == ["unpaid", "paid", "packed"]
