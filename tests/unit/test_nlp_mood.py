"""How a customer feels, with a light encoder."""

from pathlib import Path

import pytest

from nlp.mood import LABELS, Mood, read_examples, signs, with_calm
from tests.fakes.encoder import HashingEncoder


@pytest.fixture(scope="module")
def mood() -> Mood:
    texts, labels = read_examples()
    chosen = range(0, len(texts), 3)
    return Mood.fit([texts[i] for i in chosen], [labels[i] for i in chosen], HashingEncoder())


@pytest.mark.parametrize(
    "text", ["你们这群骗子！！！再不退钱我就投诉到12315", "what a scam, worst service ever!!!", "垃圾店 气死我了"]
)
def test_that_rage_is_angry(mood: Mood, text: str) -> None:
    feeling = mood.score(text)
    assert feeling["label"] == "angry"
    assert feeling["anger"] > 0.7


@pytest.mark.parametrize(
    "text", ["请问这件有M码吗", "你好，帮我查一下订单", "how long does shipping take", "KF202611220001"]
)
def test_that_a_question_is_calm(mood: Mood, text: str) -> None:
    assert mood.score(text)["anger"] < 0.5


@pytest.mark.parametrize("text", ["", "  ", "\ud800", "\x00", "😀", "🤬", "!" * 100_000])
def test_that_odd_input_gets_a_mood(mood: Mood, text: str) -> None:
    feeling = mood.score(text)
    assert feeling["label"] in LABELS
    assert 0 <= feeling["anger"] <= 1


def test_that_nothing_said_is_neutral(mood: Mood) -> None:
    assert mood.score(" \u200b ") == {"label": "neutral", "anger": 0.0}


def test_that_an_angry_face_weighs(mood: Mood) -> None:
    assert mood.score("还没到🤬")["anger"] > mood.score("还没到")["anger"]


def test_that_a_saved_mood_says_the_same(mood: Mood, tmp_path: Path) -> None:
    mood.save(tmp_path)
    loaded = Mood.load(tmp_path, HashingEncoder())
    assert loaded.score("你们太差了！！")["anger"] == pytest.approx(mood.score("你们太差了！！")["anger"], abs=0.01)


@pytest.mark.parametrize(
    ("text", "place"),
    [("你们是骗子吧", 0), ("我要投诉", 1), ("到底发不发货", 2), ("快点！！", 3), ("WHERE is it", 4), ("😡", 5)],
)
def test_that_each_sign_is_seen(text: str, place: int) -> None:
    assert signs([text])[0, place] == 1
    assert signs(["请问怎么退货"])[0].sum() == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [("text,label\n", "line 1"), ("text\tlabel\nhello\n", "line 2"), ("text\tlabel\nok\tneutral\n\tangry\n", "line 3")],
)
def test_that_a_broken_file_is_named_by_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "mood.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_examples(path)


def test_that_an_unknown_mood_is_named_by_line(tmp_path: Path) -> None:
    path = tmp_path / "mood.tsv"
    path.write_text("text\tlabel\na\tangry\nb\tfurious\n", encoding="utf-8")
    with pytest.raises(ValueError, match="mood.tsv, line 3: unknown mood 'furious'"):
        read_examples(path)


def test_that_anger_cannot_be_learned_without_any() -> None:
    with pytest.raises(ValueError, match="no row is angry"):
        Mood.fit(["a", "b"], ["happy", "neutral"], HashingEncoder())


def test_that_calm_talk_stands_beside_the_examples_once() -> None:
    texts, labels = with_calm(["骗子", "在吗"], ["angry", "neutral"], ["查订单", "骗子", " ", "查订单", "退货"])
    assert texts == ["骗子", "在吗", "查订单", "退货"]
    assert labels == ["angry", "neutral", "neutral", "neutral"]
