"""Words of a text."""

from pathlib import Path

import pytest

from nlp.cache import cache_dir
from nlp.tokens import segment, tokens


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("退货运费谁出", {"退货", "运费", "谁", "出"}),
        ("七天无理由退货", {"七天无理由"}),
        ("转人工", {"转人工"}),
        ("How do I return these shipping boxes", {"return", "ship", "box"}),
        ("iPhone15有货吗", {"iphone15"}),
    ],
)
def test_that_a_text_has_the_words_of_a_shop(text: str, words: set[str]) -> None:
    assert words <= set(tokens(text))


def test_that_forms_of_an_english_word_meet() -> None:
    assert tokens("shipping") == tokens("shipped") == tokens("ship s")[:1]
    assert tokens("returns") == tokens("returned") == tokens("return")
    assert tokens("exchange") == tokens("exchanged")


def test_that_stop_words_go_unless_nothing_else_is_there() -> None:
    assert "的" not in tokens("我的订单")
    assert tokens("你好") == ["你好"]
    assert "的" in tokens("我的订单", stop_words=True)


@pytest.mark.parametrize("text", ["", " ", "！！！", "😀😀", "\x00"])
def test_that_signs_are_no_words(text: str) -> None:
    assert tokens(text) == []


@pytest.mark.parametrize("text", ["", "怎么 退货!", "a  b\n退货", "😀退"])
def test_that_segments_join_to_the_text(text: str) -> None:
    assert "".join(segment(text)) == text


def test_that_caches_are_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_VAR", str(tmp_path / "var"))
    folder = cache_dir("jieba")
    assert folder.is_relative_to(tmp_path)
    assert folder.stat().st_mode & 0o777 == 0o700
