"""The evaluation commands on a handful of rows of our own, with a light encoder."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bench import emotion, escalation, faq, intents, peer
from bench.rows import FileError, Rows
from bench.shipped import Shipped, load, newest_model
from handoff.domain.escalation import Thresholds, TurnView
from nlp.classifier import TextClassifier
from nlp.mood import Mood
from tests.fakes.encoder import HashingEncoder

ROOT = Path(__file__).resolve().parents[2]
SAID = {
    "track": ["where is my parcel", "track my parcel", "parcel status please", "my parcel is late", "parcel not here"],
    "price": ["how much is it", "what is the price", "price of this shirt", "how much for two", "is the price final"],
    "return": ["return this shirt", "i want to return it", "how do i return", "return label", "can i return shoes"],
    "invoice": ["send an invoice", "invoice please", "i need the invoice", "company invoice", "invoice by mail"],
}


def rows(name: str, *, away: bool = False) -> Rows:
    pairs = [(text, label) for label, texts in SAID.items() for text in (texts[3:] if away else texts)]
    pairs += [("tell me a joke", "oos"), ("qwxz vvv", "oos")] if away else []
    random.Random(3).shuffle(pairs)
    return Rows(name, tuple(text for text, _ in pairs), tuple(label for _, label in pairs))


def test_that_intents_are_trained_and_scored() -> None:
    test = rows("test", away=True)
    result = intents.score(test.labels, intents.measure(rows("train"), test, HashingEncoder()))
    assert list(result) == [
        "in_scope_accuracy",
        "threshold",
        "accepted_accuracy",
        "oos_recall",
        "accuracy",
        "mcc",
        "best_mcc",
        "train_seconds",
        "cpu_ms_per_message",
    ]
    assert result["in_scope_accuracy"] == 1.0
    assert result["best_mcc"] >= result["mcc"]  # type: ignore[operator]


def test_that_refusals_count_as_their_own_class() -> None:
    guesses = [intents.Guess("a", 0.9), intents.Guess("b", 0.2), intents.Guess("a", 0.1), intents.Guess("a", 0.8)]
    result = intents.score(["a", "b", "oos", "NO_NODES_DETECTED"], intents.Measured(guesses, 0.5, 1.0, 1.0))
    assert result["in_scope_accuracy"] == 1.0
    assert result["accepted_accuracy"] == 0.5
    assert result["oos_recall"] == 0.5
    assert result["accuracy"] == 0.5


def test_that_without_out_of_scope_rows_their_recall_is_nothing() -> None:
    result = intents.score(["a"], intents.Measured([intents.Guess("a", 0.9)], 0.5, 1.0, 1.0))
    assert result["oos_recall"] is None


def test_that_stored_questions_of_one_label_are_one_entry() -> None:
    questions = Rows("q", ("怎么退货", "如何退货", "how to pay"), ("r", "r", "p"))
    entries = {entry.id: entry for entry in faq.entries_of(questions)}
    assert entries["r"].phrasings == {"zh": ("怎么退货", "如何退货")}
    assert entries["p"].phrasings == {"en": ("how to pay",)}


def test_that_a_stored_question_without_text_is_refused() -> None:
    with pytest.raises(FileError, match="q, row 2: the text is empty"):
        faq.entries_of(Rows("q", (" ",), ("r",)))


def test_that_a_query_finds_its_entry() -> None:
    result = faq.measure(rows("q"), rows("t", away=True), HashingEncoder())
    assert set(result) == {"recall_at_1", "recall_at_3", "mrr", "ms_per_query", "index_seconds"}
    assert result["recall_at_1"] == 1.0


def test_that_of_the_shipped_detector_only_the_threshold_makes_anger() -> None:
    feelings = [{"label": "angry", "anger": 0.9}, {"label": "angry", "anger": 0.6}, {"label": "sad", "anger": 0.1}]
    assert emotion.labels_at(feelings, 0.8) == ["angry", "neutral", "sad"]  # type: ignore[arg-type]
    assert emotion.labels_at(feelings, None) == ["angry", "angry", "sad"]  # type: ignore[arg-type]


def test_that_a_detector_without_anger_to_learn_is_refused() -> None:
    with pytest.raises(FileError, match="nothing to learn anger from"):
        emotion.check_angry(rows("train"))


def test_that_a_dialogue_row_that_is_broken_is_named(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    good = json.dumps({"turns": [{"user": "转人工", "act": "联系客服", "sat": None, "system": ""}]})
    path.write_text(f"{good}\n{{}}\n", encoding="utf-8")
    with pytest.raises(FileError, match="d.jsonl, row 2"):
        escalation.read_dialogues(path)
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(FileError, match="no dialogue"):
        escalation.read_dialogues(path)


@pytest.mark.parametrize(
    ("turn", "said"),
    [
        ({"act": "x", "sat": 1}, "row 1, turn 1: user is missing"),
        ({"user": "a", "act": None}, "row 1, turn 1: sat is missing"),
        ({"user": None, "act": "x", "sat": 1}, "row 1, turn 1: user is not a text"),
        ({"user": "a", "act": {"b": 1}, "sat": 1}, "row 1, turn 1: act is neither"),
        ({"user": "a", "act": [1], "sat": 1}, "row 1, turn 1: act is neither"),
        ({"user": "a", "act": "x", "sat": "0"}, "row 1, turn 1: sat is neither"),
        ({"user": "a", "act": "x", "sat": [0]}, "row 1, turn 1: sat is neither"),
        ("a", "row 1, turn 1: not an object"),
    ],
)
def test_that_a_turn_of_another_shape_is_not_miscounted(turn: object, said: str, tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps({"turns": [turn]}), encoding="utf-8")
    with pytest.raises(FileError, match=said):
        escalation.read_dialogues(path)


def test_that_a_turn_may_have_several_acts_or_none(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    acts = (["询问", "联系客服"], ["投诉"], [], None, "询问")
    turns = [{"user": "a", "act": act, "sat": None} for act in acts] + [{"user": "a", "act": None, "sat": 0.0}]
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"turns": turns}).encode() + b"\r\n")
    (found,) = escalation.read_dialogues(path)
    assert found.contact == (True, False, False, False, False, False)
    assert found.positive == (True, True, False, False, False, True)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"turns": [', "d.jsonl, row 1: not JSON"),
        (b"[" * 100_000, "d.jsonl, row 1: not JSON"),
        (b'{"turns": "abc"}', "d.jsonl, row 1: expected"),
        (b"[1]", "d.jsonl, row 1: expected"),
        (b"\n\xff\n", "d.jsonl, row 2: not UTF-8"),
    ],
    ids=["broken", "deep", "text", "list", "bytes"],
)
def test_that_what_is_no_dialogue_is_named_by_its_row(raw: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_bytes(raw)
    with pytest.raises(FileError, match=said):
        escalation.read_dialogues(path)


def test_that_another_name_for_anger_is_noticed() -> None:
    known = ["angry", "happy", "neutral", "sad"]
    emotion.check_moods(Rows("t", ("a", "b"), ("angry", "fear")), known)
    emotion.check_moods(Rows("t", ("a",), ("neutral",)), known)
    with pytest.raises(FileError, match="t, row 3: the detector knows no label 'anger'.*it knows angry, happy"):
        emotion.check_moods(Rows("t", ("a", "b"), ("neutral", "anger")), known)
    with pytest.raises(FileError, match="labels: anger, neutral"):
        emotion.check_angry(Rows("t", ("a", "b"), ("neutral", "anger")))


def test_that_a_hand_over_before_the_request_counts_as_caught() -> None:
    asked = escalation.Dialogue(("转人工", "人工客服"), (False, True), (False, True))
    missed = escalation.Dialogue(("你好", "没事"), (False, False), (False, False))
    turns = [[TurnView(place + 1, text) for place, text in enumerate(own.texts)] for own in (asked, missed)]
    result = escalation.measure([asked, missed], turns, Thresholds())
    assert result["contact_recall"] == 1.0
    assert result["handed_off_share"] == 0.5


def test_that_the_curve_goes_from_patient_to_eager() -> None:
    asked = escalation.Dialogue(
        ("怎么还没有到货呢", "怎么还没有到货呢", "算了"), (False, False, True), (False, True, True)
    )
    turns = [[TurnView(place + 1, text, anger=0.6) for place, text in enumerate(asked.texts)]]
    points = escalation.curve([asked], turns, Thresholds())
    assert [point["handed_off_share"] for point in points] == [0, 0, 0, 1, 1, 1, 1, 1]
    assert [point["contact_recall"] for point in points] == [0, 0, 0, 1, 1, 1, 1, 1]


def test_that_the_models_parts_are_found_in_a_model_file(tmp_path: Path) -> None:
    import tarfile

    texts, labels = zip(*((text, label) for label, own in SAID.items() for text in own), strict=True)
    TextClassifier.fit(texts, labels, HashingEncoder()).save(tmp_path / "train_bot.nlu.classifier.IntentClassifier1")
    moods = ["angry" if label == "track" else "neutral" for label in labels]
    Mood.fit(texts, moods, HashingEncoder()).save(tmp_path / "train_bot.nlu.mood.MoodMeter3")
    with tarfile.open(tmp_path / "kefu.tar.gz", "w:gz") as archive:
        for folder in tmp_path.iterdir():
            if folder.is_dir():
                archive.add(folder, arcname=f"components/{folder.name}")
    shipped = load(newest_model(tmp_path), HashingEncoder())
    assert isinstance(shipped, Shipped)
    assert shipped.classifier.labels == sorted(SAID)


def test_that_without_a_model_one_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="make train"):
        newest_model(tmp_path)


@pytest.mark.parametrize("command", ["intents", "emotion", "faq"])
def test_that_a_broken_file_ends_in_one_line(command: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.tsv"
    broken.write_text("text\tlabel\nno tab here\n", encoding="utf-8")
    names = ("--questions", "--queries") if command == "faq" else ("--train", "--test")
    arguments = [part for name in names for part in (name, str(broken))]
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{command}", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.strip() == "error: broken.tsv, row 2: expected a text, one tab and a label, found 0 tabs"


def test_that_the_peer_reads_brackets_as_plain_text_and_each_text_once() -> None:
    train = Rows("t", ("pay [EMI](x)", "pay [EMI](x)", "- dash"), ("A/b", "A/b", "c"))
    file = yaml.safe_load(peer.nlu_file(train, {"A/b": "label_0", "c": "label_1"}))
    assert file["nlu"][0] == {"intent": "label_0", "examples": "- pay (EMI)(x)\n"}
    assert [part["name"] for part in peer.pipeline("zh")["pipeline"]][0] == "JiebaTokenizer"
