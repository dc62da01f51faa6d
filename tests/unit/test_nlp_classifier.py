"""The text classifier, with a light encoder."""

from pathlib import Path

import numpy as np
import pytest

from nlp import training
from nlp.classifier import TextClassifier
from nlp.training import DOUBTFUL, FEW, MANY, Recipe, learn
from tests.fakes.encoder import HashingEncoder

EXAMPLES = {
    "start_return": [
        "我要退货",
        "怎么退货",
        "想退掉这件",
        "退货怎么弄",
        "申请退货",
        "这个能退吗",
        "帮我办退货",
        "退货流程",
    ],
    "track_order": [
        "订单到哪了",
        "我的快递呢",
        "物流怎么不动",
        "什么时候到货",
        "查一下物流",
        "快递到哪了",
        "查订单",
        "包裹在哪",
    ],
    "request_invoice": [
        "开发票",
        "发票怎么开",
        "我要发票",
        "能开票吗",
        "电子发票在哪下",
        "补开发票",
        "发票抬头",
        "要增值税发票",
    ],
    "greet": ["你好", "您好", "在吗", "有人吗", "hello", "hi", "早上好", "嗨"],
    "out_of_scope": [
        "今天天气好吗",
        "讲个笑话",
        "唱首歌",
        "北京有多远",
        "你几岁了",
        "股票涨了吗",
        "明天下雨吗",
        "写首诗",
    ],
}


@pytest.fixture(scope="module")
def classifier() -> TextClassifier:
    texts, labels = _rows()
    return TextClassifier.fit(texts, labels, HashingEncoder())


def _rows() -> tuple[list[str], list[str]]:
    pairs = [(text, label) for label, texts in EXAMPLES.items() for text in texts]
    return [text for text, _ in pairs], [label for _, label in pairs]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("我想退货", "start_return"),
        ("快递到哪里了", "track_order"),
        ("请帮我开一张发票", "request_invoice"),
        ("請幫我開發票", "request_invoice"),
        ("你好啊", "greet"),
    ],
)
def test_that_a_new_wording_finds_its_label(classifier: TextClassifier, text: str, label: str) -> None:
    assert classifier.predict(text).label == label


def test_that_probabilities_are_plain_numbers_that_sum_to_one(classifier: TextClassifier) -> None:
    prediction = classifier.predict("我要退货")
    assert sum(probability for _, probability in prediction.ranking) == pytest.approx(1, abs=1e-5)
    assert {type(probability) for _, probability in prediction.ranking} == {float}
    assert prediction.probability(prediction.label) == prediction.confidence
    assert prediction.probability("never heard of") == 0
    assert [p for _, p in prediction.ranking] == sorted((p for _, p in prediction.ranking), reverse=True)


def test_that_a_label_for_what_is_out_of_scope_is_never_accepted(classifier: TextClassifier) -> None:
    prediction = classifier.predict("给我讲个笑话")
    assert prediction.label == "out_of_scope"
    assert not prediction.known


@pytest.mark.parametrize(
    "text",
    ["", "   ", "😀", "\ud83d", "\x00\x01", "！！！", "a" * 100_000, "🈚" * 5000, "/restart", "退貨return返品возврат"],
)
def test_that_odd_input_gets_a_ranking(classifier: TextClassifier, text: str) -> None:
    assert len(classifier.predict(text).ranking) == len(EXAMPLES)


def test_that_a_saved_classifier_says_the_same(classifier: TextClassifier, tmp_path: Path) -> None:
    classifier.save(tmp_path / "model")
    loaded = TextClassifier.load(tmp_path / "model", HashingEncoder())
    for text in ["我想退货", "发票", "随便", ""]:
        first, second = classifier.predict(text), loaded.predict(text)
        assert first.label == second.label
        assert first.confidence == pytest.approx(second.confidence, abs=2e-3)
        assert first.known == second.known
    assert not [path for path in (tmp_path / "model").iterdir() if path.suffix not in (".json", ".npz")]


def test_that_capitals_change_nothing(classifier: TextClassifier) -> None:
    assert classifier.predict("HELLO") == classifier.predict("hello")


def test_that_a_bent_classifier_is_saved_whole(tmp_path: Path) -> None:
    texts, labels = _rows()
    bent = TextClassifier.fit(texts, labels, HashingEncoder(), recipes=[MANY])
    bent.save(tmp_path)
    loaded = TextClassifier.load(tmp_path, HashingEncoder())
    for text in ["我想退货", "快递到哪里了"]:
        assert loaded.predict(text).label == bent.predict(text).label
        assert loaded.predict(text).confidence == pytest.approx(bent.predict(text).confidence, abs=2e-3)


def test_that_of_very_many_rows_some_of_each_label_stand_for_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    texts, labels = _rows()
    texts, labels = [*(f"{text}{sign}" for sign in "吗呢吧" for text in texts), "换大一码"], [*labels * 3, "exchange"]
    monkeypatch.setattr(training, "_MOST_NEAR", 40 * (len(texts) + len(set(labels))))
    monkeypatch.setattr(training, "_FEWEST_EXAMPLES", 1)
    few = TextClassifier.fit(texts, labels, HashingEncoder(), recipes=[MANY])
    few.save(tmp_path)
    with np.load(tmp_path / "classifier.npz") as saved:
        assert len(saved["examples"]) == 40
    assert sum(few.predict(text).label == label for text, label in zip(texts, labels, strict=True)) > 0.95 * len(texts)
    assert few.predict("换大一码").label == "exchange"
    loaded = TextClassifier.load(tmp_path, HashingEncoder())
    assert loaded.predict("我想退货").label == few.predict("我想退货").label == "start_return"


def test_that_many_texts_are_told_as_one_by_one(classifier: TextClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nlp.classifier._AT_ONCE", 3)
    texts, _ = _rows()
    for text, many in zip(texts, classifier.predict_many(texts), strict=True):
        one = classifier.predict(text)
        assert (many.label, many.known) == (one.label, one.known)
        assert many.confidence == pytest.approx(one.confidence, abs=1e-5)


def test_that_of_several_recipes_the_one_is_taken_that_held_out_rows_speak_for() -> None:
    texts, labels = _rows()
    weak = Recipe(strength=1e-6)

    def likelihood(*recipes: Recipe) -> float:
        learned = learn(texts, labels, HashingEncoder(), seed=7, balance=0.0, reject=False, recipes=recipes)
        own = [row[learned.labels.index(label)] for row, label in zip(learned.held_out, labels, strict=True)]
        return float(np.log(np.array(own) + 1e-6).mean())

    alone = {recipe: likelihood(recipe) for recipe in (weak, FEW, DOUBTFUL)}
    assert alone[weak] < min(alone[FEW], alone[DOUBTFUL])
    assert likelihood(weak, FEW, DOUBTFUL) == max(alone.values())


def test_that_balance_gives_rare_labels_their_share() -> None:
    texts = [*EXAMPLES["greet"] * 4, "我要退货", "想退掉这件"]
    labels = ["greet"] * 32 + ["start_return"] * 2
    shares = [
        TextClassifier.fit(texts, labels, HashingEncoder(), balance=balance, reject=False)
        .predict("这件在吗")
        .probability("start_return")
        for balance in (0.0, 1.0)
    ]
    assert shares[0] < shares[1]


def test_that_another_encoder_is_refused(classifier: TextClassifier, tmp_path: Path) -> None:
    classifier.save(tmp_path)
    other = HashingEncoder()
    other.name = "hashing-2"
    with pytest.raises(ValueError, match="trained with hashing-1"):
        TextClassifier.load(tmp_path, other)


def test_that_training_again_gives_the_same(classifier: TextClassifier) -> None:
    texts, labels = _rows()
    again = TextClassifier.fit(texts, labels, HashingEncoder())
    assert again.predict("我想退货") == classifier.predict("我想退货")


def test_that_held_out_probabilities_are_those_of_the_rows(classifier: TextClassifier) -> None:
    texts, labels = _rows()
    assert classifier.held_out is not None
    assert classifier.held_out.shape == (len(texts), len(EXAMPLES))
    guesses = [classifier.labels[row.argmax()] for row in classifier.held_out]
    assert sum(guess == label for guess, label in zip(guesses, labels, strict=True)) > len(labels) / 3


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [([], [], "two labels"), (["a", "b"], ["x", "x"], "two labels"), (["a"], ["x", "y"], "1 texts but 2 labels")],
)
def test_that_too_little_to_learn_from_is_a_clear_error(texts: list[str], labels: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TextClassifier.fit(texts, labels, HashingEncoder())


def test_that_one_example_of_each_of_two_labels_is_enough() -> None:
    tiny = TextClassifier.fit(["怎么退货", "你好"], ["start_return", "greet"], HashingEncoder())
    assert tiny.predict("退货").label == "start_return"
