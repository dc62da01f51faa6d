"""Entities by spaCy rulers, in the environment where spaCy is."""

from datetime import date

import pytest

from nlp.entities import EntityExtractor

EXTRACTOR = EntityExtractor()


@pytest.mark.parametrize(
    ("text", "locale", "entities"),
    [
        ("要换货不要退款", "zh-Hans", [("resolution", "exchange")]),
        ("我想退货,尺码不合适", "zh-Hans", [("resolution", "refund"), ("return_reason", "size")]),
        ("上门取件吧", "zh-Hans", [("pickup", "door")]),
        ("我自己寄回", "zh-Hans", [("pickup", "drop_off")]),
        ("别上门", "zh-Hans", []),
        ("发中通还是圆通", "zh-Hans", [("courier", "zto"), ("courier", "yto")]),
        ("请集中通知我", "zh-Hans", []),
        ("和图片不一样", "zh-Hant", [("return_reason", "not_as_described")]),
        ("发错了", "zh-Hans", [("return_reason", "wrong_item")]),
        ("I want a refund, it is broken", "en", [("resolution", "refund"), ("return_reason", "quality")]),
        ("don't want an exchange", "en", []),
        ("pick it up at my door", "en", [("pickup", "door")]),
        ("sfoo is not a courier", "en", []),
        ("顺丰SF1234567890123", "zh-Hans", [("courier", "sf"), ("tracking_number", "SF1234567890123")]),
        ("订单KF202611220001要退款", "zh-Hans", [("order_number", "KF202611220001"), ("resolution", "refund")]),
        ("", "zh-Hans", []),
        ("   ", "en", []),
        ("😀", "zh-Hans", []),
    ],
)
def test_that_words_of_choice_are_found(text: str, locale: str, entities: list[tuple[str, str]]) -> None:
    assert [(found.entity, found.value) for found in EXTRACTOR.extract(text, locale)] == entities


def test_that_offsets_point_into_the_text() -> None:
    text = "昨天买的2件太小了,换货,上门取件"
    found = EXTRACTOR.extract(text, "zh-Hans", date(2026, 11, 22))
    assert [text[entity.start : entity.end] for entity in found] == ["昨天", "2", "太小", "换货", "上门取件"]
    assert found[0].as_dict() == {"entity": "date", "value": "2026-11-21", "start": 0, "end": 2}
