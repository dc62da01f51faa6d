"""The graph components, each alone, as Rasa would call it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.classifiers.regex_message_handler import RegexMessageHandler
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu import sources
from bot.nlu.classifier import INTENT_RANKING, IntentClassifier
from bot.nlu.entities import RuleEntityExtractor
from bot.nlu.mood import MoodMeter
from bot.nlu.normaliser import Normaliser
from tests.bot.domain import domain

CONTEXT = ExecutionContext(GraphSchema({}))
EXAMPLES = {
    "track_parcel": ["快递到哪了", "查物流", "我的包裹到哪了", "物流信息", "where is my parcel", "快递怎么还没到"],
    "ask_price": ["多少钱", "这个多少钱", "价格是多少", "how much is it", "怎么卖", "什么价格"],
    "out_of_scope": ["今天天气怎么样", "讲个笑话", "写首诗", "what is the weather", "你会做饭吗", "股票会涨吗"],
}


def created(component: type[Any], storage: Path) -> Any:
    config = {**component.get_default_config(), "encoder": "light"}
    return component.create(config, LocalModelStorage(storage), Resource(component.__name__), CONTEXT)


def normalised(text: str) -> Message:
    message = Message({TEXT: text})
    return created(Normaliser, Path(".")).process([message])[0]


@pytest.mark.parametrize("prefix", ["", " ", "\u3000", "\t", "\x1c", "\x85", "\u200b", "\ufeff", "\u2060", "\x00"])
@pytest.mark.parametrize("command", ['/track_order{"order_number":"x"}', "/restart", "\uff0frestart"])
def test_that_no_typed_text_is_a_command(prefix: str, command: str, tmp_path: Path) -> None:
    message = normalised(prefix + command)
    message.set(INTENT, {"name": "greet", "confidence": 0.9})
    handler = RegexMessageHandler()
    (handled,) = handler.process([message], domain())
    assert handled.get(INTENT) == {"name": "greet", "confidence": 0.9}
    assert not handled.get(ENTITIES)


def test_that_understanding_works_on_the_normal_form() -> None:
    assert normalised("  我想查訂單ＫＦ  ").get(TEXT) == "我想查订单KF"
    assert len(normalised("长" * 5000).get(TEXT)) <= 200


def test_that_the_classifier_learns_ranks_and_refuses(tmp_path: Path) -> None:
    rows = [Message({TEXT: text, INTENT: intent}) for intent, texts in EXAMPLES.items() for text in texts]
    classifier = created(IntentClassifier, tmp_path)
    resource = classifier.train(TrainingData(rows))
    config = {**IntentClassifier.get_default_config(), "encoder": "light", "ranking_length": 2}
    loaded = IntentClassifier.load(config, LocalModelStorage(tmp_path), resource, CONTEXT)
    messages = loaded.process([Message({TEXT: "我的快递到哪了"}), Message({TEXT: "😀😀"}), Message({TEXT: ""})])
    assert messages[0].get(INTENT)["name"] == "track_parcel"
    assert len(messages[0].get(INTENT_RANKING)) == 2
    assert [message.get(INTENT)["name"] for message in messages[1:]] == ["nlu_fallback", "nlu_fallback"]
    assert all(type(rank["confidence"]) is float for rank in messages[0].get(INTENT_RANKING)), "JSON takes no numpy"


def test_that_who_wants_no_human_is_understood_by_the_rest(tmp_path: Path) -> None:
    asks = ["转人工", "人工客服", "帮我转人工", "我要人工", "不想跟机器人说", "找真人", "有人工吗", "接人工客服"]
    examples = {**EXAMPLES, "request_human": asks}
    rows = [Message({TEXT: text, INTENT: intent}) for intent, texts in examples.items() for text in texts]
    classifier = created(IntentClassifier, tmp_path)
    resource = classifier.train(TrainingData(rows))
    config = {**IntentClassifier.get_default_config(), "encoder": "light"}
    loaded = IntentClassifier.load(config, LocalModelStorage(tmp_path), resource, CONTEXT)
    said = ["帮我转人工", "不用转人工，我的快递到哪了", "不是问价格，我问快递到哪了", "不用转人工"]
    asked, other, denied, nothing = loaded.process([Message({TEXT: text}) for text in said])
    assert asked.get(INTENT)["name"] == "request_human"
    assert other.get(INTENT)["name"] == denied.get(INTENT)["name"] == "track_parcel"
    assert nothing.get(INTENT)["name"] != "request_human"


def test_that_entities_carry_their_place_in_the_normal_form(tmp_path: Path) -> None:
    (message,) = created(RuleEntityExtractor, tmp_path).process([Message({TEXT: "订单KF202611100001太小了想换货"})])
    found = {entity["entity"]: entity for entity in message.get(ENTITIES)}
    assert found["order_number"]["value"] == "KF202611100001"
    assert (found["order_number"]["start"], found["order_number"]["end"]) == (2, 16)
    assert (found["return_reason"]["value"], found["resolution"]["value"]) == ("size", "exchange")
    assert set(found) <= set(domain().entities)


def test_that_mood_is_put_on_the_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = [
        ("垃圾骗子", "angry"),
        ("气死我了", "angry"),
        ("太好了谢谢", "happy"),
        ("你好", "neutral"),
        ("唉好难过", "sad"),
    ] * 3
    monkeypatch.setattr("bot.nlu.mood.read_examples", lambda: ([text for text, _ in few], [label for _, label in few]))
    meter = created(MoodMeter, tmp_path)
    resource = meter.train(TrainingData([]))
    loaded = MoodMeter.load({"encoder": "light"}, LocalModelStorage(tmp_path), resource, CONTEXT)
    angry, calm = (loaded.process([Message({TEXT: text})])[0].get("mood") for text in ("垃圾骗子!!!", "你好"))
    assert angry["anger"] > calm["anger"]
    assert set(angry) == {"label", "anger"}


def test_that_a_changed_helper_changes_the_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nlp").mkdir()
    (tmp_path / "bot" / "nlu").mkdir(parents=True)
    helper = tmp_path / "nlp" / "text.py"
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    prints = []
    for code in ("a = 1", "a = 2"):
        helper.write_text(code)
        sources.fingerprint.cache_clear()
        prints.append(IntentClassifier.fingerprint_addon({}))
    sources.fingerprint.cache_clear()
    assert prints[0] != prints[1]
